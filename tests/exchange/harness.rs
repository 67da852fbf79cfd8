//! A route between two dialects whose upstream is a sandbox in this process.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::{HeaderMap, Method};
use scim_gateway::dialect::{Dialect, Dialects};
use scim_gateway::exchange::{Outcome, Shared, run};
use scim_gateway::gateway::route::Policies;
use scim_gateway::gateway::{Gateway, Route, RouteSpec};
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

pub const ENVIRONMENT: &str = "abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6";
pub const POPULATION: &str = "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a";

pub static DIALECTS: LazyLock<Dialects> =
    LazyLock::new(|| Dialects::embedded().expect("the embedded dialects are right"));

/// One route and its upstream. When it goes, its sandbox must have seen nothing that the vendor does
/// not document, and must still hold every hidden attribute.
pub struct Bench {
    pub route: Arc<Route>,
    pub sandbox: Sandbox,
    pub shared: Shared,
}

impl Bench {
    pub fn new(client: &str, upstream: &str) -> Self {
        Self::with(client, upstream, |_, _| {})
    }

    pub fn with(
        client: &str,
        upstream: &str,
        change: impl FnOnce(&mut RouteSpec, &mut Options),
    ) -> Self {
        let mut spec = spec(client, upstream);
        let vendor = Vendor::named(upstream).expect("a vendor");
        let mut options = Options::of(vendor);
        if vendor == Vendor::PingOne {
            options.hidden["photos"] = json!([{"value": "https://img.example/p.png"}]);
        }
        change(&mut spec, &mut options);
        let gateway = Gateway::new(vec![spec], &DIALECTS);
        Self {
            route: Arc::clone(&gateway.routes()[0]),
            sandbox: Sandbox::new(vendor, options),
            shared: Shared::default(),
        }
    }

    /// Sends to a path below the client dialect's base.
    pub async fn send(&self, method: Method, below: &str, body: Option<&Json>) -> Outcome {
        let body = body.map(Json::to_string).unwrap_or_default();
        self.request(method, format!("{}{below}", self.route.client_base), body).await
    }

    /// Sends to a path below the route's prefix.
    pub async fn send_bytes(&self, method: Method, below: &str, body: &str) -> Outcome {
        self.request(method, format!("{}{below}", self.route.spec.prefix), body.to_owned()).await
    }

    /// Stores a user by the upstream's own create request and tells its id.
    pub fn store(&self, body: &str) -> String {
        let users = users_of(self.sandbox.vendor().name());
        let users = format!("{}/{users}", self.route.upstream_base);
        crate::page::store(&self.sandbox, &users, body, "project:key")
    }

    /// The path of a user for the client.
    pub fn location(&self, id: &str) -> String {
        format!("{}/{}/{id}", self.route.client_base, users_of(&self.route.spec.client.name))
    }

    async fn request(&self, method: Method, below: String, body: String) -> Outcome {
        let (path, query) = match below.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (below, None),
        };
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "request-1".parse().expect("a header"));
        if !body.is_empty() {
            headers.insert("content-type", "application/json".parse().expect("a header"));
        }
        let request = Request { method, path, query, headers, body: body.into() };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        run(&self.route, request, &self.sandbox, &self.shared, deadline).await
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let route = &self.route.spec.name;
        assert_eq!(self.sandbox.foreign(), Vec::<String>::new(), "{route}");
        assert_eq!(self.sandbox.hidden_unchanged(), Ok(()), "{route}");
    }
}

/// A dialect of these files (`schema`, `dialect`, `user`, `group`), read as one of a rules directory.
pub fn dialect(name: &str, files: &[(&str, String)]) -> Arc<Dialect> {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join(name);
    std::fs::create_dir(&folder).unwrap();
    for (file, text) in files {
        std::fs::write(folder.join(format!("{file}.toml")), text).unwrap();
    }
    let dialects = Dialects::with_directory(directory.path());
    let dialects = dialects.unwrap_or_else(|found| panic!("{}", found.text(false)));
    Arc::clone(dialects.named(name).unwrap())
}

/// The path segment of users in a dialect.
pub fn users_of(dialect: &str) -> &'static str {
    if dialect == "omni" { "users" } else { "Users" }
}

pub fn spec(client: &str, upstream: &str) -> RouteSpec {
    let dialect = |name| Arc::clone(DIALECTS.named(name).expect("a dialect"));
    let environment = |name: &str| {
        let known = name == "pingone";
        let pair = ("environment".to_owned(), ENVIRONMENT.to_owned());
        known.then_some(pair).into_iter().collect::<BTreeMap<_, _>>()
    };
    RouteSpec {
        name: format!("/{client}/{upstream}"),
        host: None,
        prefix: format!("/{client}/{upstream}"),
        client: dialect(client),
        client_vars: environment(client),
        client_extends: Vec::new(),
        upstream: dialect(upstream),
        upstream_vars: environment(upstream),
        upstream_name: upstream.to_owned(),
        overlays: Vec::new(),
        group_overlays: Vec::new(),
        public_url: "https://gateway.example".to_owned(),
        rules: String::new(),
        policies: Policies::default(),
    }
}

pub fn body(outcome: &Outcome) -> Json {
    serde_json::from_slice(&outcome.response.body).unwrap_or(Json::Null)
}
