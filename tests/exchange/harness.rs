//! A route between two dialects whose upstream is a sandbox in this process.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::{HeaderMap, Method};
use scim_gateway::dialect::Dialects;
use scim_gateway::exchange::{Outcome, Shared, run};
use scim_gateway::gateway::route::Policies;
use scim_gateway::gateway::{Gateway, Route, RouteSpec};
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::Value as Json;

pub const ENVIRONMENT: &str = "abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6";

pub static DIALECTS: LazyLock<Dialects> =
    LazyLock::new(|| Dialects::embedded().expect("the embedded dialects are right"));

/// One route and its upstream.
pub struct Bench {
    pub route: Arc<Route>,
    pub sandbox: Sandbox,
    shared: Shared,
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
        change(&mut spec, &mut options);
        let gateway = Gateway::new(vec![spec], DIALECTS.canonical());
        Self {
            route: Arc::clone(&gateway.routes()[0]),
            sandbox: Sandbox::new(vendor, options),
            shared: Shared::default(),
        }
    }

    pub async fn send(&self, method: Method, below: &str, body: Option<&Json>) -> Outcome {
        let (path, query) = match below.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (below, None),
        };
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert("content-type", "application/json".parse().expect("a header"));
        }
        let request = Request {
            method,
            path: format!("{}{path}", self.route.client_base),
            query,
            headers,
            body: body.map(Json::to_string).unwrap_or_default().into(),
        };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        run(&self.route, request, &self.sandbox, &self.shared, deadline).await
    }
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
        public_url: "https://gateway.example".to_owned(),
        policies: Policies::default(),
    }
}

pub fn overlay(text: &str) -> Rules {
    let source = scim_gateway::diagnostic::Source { name: "overlay".into(), text: text.into() };
    let (overlay, mistakes) = scim_gateway::rewrite::parse::overlay(&source);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    overlay.rules
}

pub fn body(outcome: &Outcome) -> Json {
    serde_json::from_slice(&outcome.response.body).unwrap_or(Json::Null)
}
