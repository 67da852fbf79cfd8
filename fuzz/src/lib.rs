//! What the fuzz targets do with their input, and what no input may bring about. The tests run the same
//! over `corpus/` and over inputs made from it (`tests/laws/fuzzed.rs`).

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::{HeaderMap, Method};
use scim_gateway::config::{self, Config, Surroundings};
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialects;
use scim_gateway::exchange::{Shared, run};
use scim_gateway::gateway::{Gateway, Route};
use scim_gateway::rewrite::parse;
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::grammar::{Known, parse_filter};
use scim_gateway::scim::http::Request;
use scim_gateway::scim::query::encode;
use serde_json::json;

/// The targets, by name.
#[expect(clippy::type_complexity, reason = "said once, and just here")]
pub const TARGETS: [(&str, fn(&[u8])); 6] = [
    ("rules", rules),
    ("configuration", configuration),
    ("bodies", bodies),
    ("patches", patches),
    ("filters", filters),
    ("exchanges", exchanges),
];

static DIALECTS: LazyLock<Dialects> =
    LazyLock::new(|| Dialects::embedded().expect("the shipped dialects are right"));

/// Every route of the annotated configuration whose upstream is in this process.
static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    let text = include_str!("../../config.toml");
    let around = Surroundings { directory: "..".as_ref(), env: &|_| Some("value".into()) };
    let config = Config::read(&Source::new("config.toml", text), &around).expect("it is right");
    let specs = config::specs(&config, &DIALECTS).expect("its routes are right");
    Gateway::new(specs, &DIALECTS)
});

/// Text as a rule file and as an overlay, read and checked: mistakes are told, whatever it is.
pub fn rules(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = parse::rules(&Source::new("rules.toml", text));
    for dialect in ["omni", "pingone"] {
        let overlay = format!("dialect = \"{dialect}\"\nresource = \"User\"\n{text}");
        let _ = DIALECTS.overlay(&Source::new("overlay.toml", overlay));
    }
}

/// Text as a configuration, with its routes compiled where it is one.
pub fn configuration(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let around = Surroundings { directory: "/nowhere".as_ref(), env: &|_| Some("value".into()) };
    let Ok(config) = Config::read(&Source::new("config.toml", text), &around) else { return };
    if let Ok(specs) = config::specs(&config, &DIALECTS) {
        Gateway::new(specs, &DIALECTS);
    }
}

/// A route's number, and a body: created, put over what is there, read.
pub fn bodies(input: &[u8]) {
    let Some((route, body)) = input.split_first() else { return };
    let bench = Bench::new(*route);
    bench.send(Method::POST, bench.users(), None, body);
    bench.send(Method::PUT, bench.one(), None, body);
    bench.send(Method::GET, bench.one(), None, b"");
    bench.send(Method::GET, bench.users(), None, b"");
}

/// A route's number, and a PATCH message; or operation, path and value, each on a line.
pub fn patches(input: &[u8]) {
    let Some((route, body)) = input.split_first() else { return };
    let bench = Bench::new(*route);
    bench.send(Method::PATCH, bench.one(), None, body);
    let text = String::from_utf8_lossy(body);
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (op, path, value) = (line(), line(), line());
    let value = serde_json::from_str(value).unwrap_or(json!(value));
    let message = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": op, "path": path, "value": value}],
    });
    bench.send(Method::PATCH, bench.one(), None, message.to_string().as_bytes());
    bench.send(Method::GET, bench.one(), None, b"");
}

/// A route's number, and a filter; on a second line an attribute path. What is printed again means
/// the same.
pub fn filters(input: &[u8]) {
    let Some((route, text)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let (filter, path) = text.split_once('\n').unwrap_or((&text, "userName"));
    let bench = Bench::new(*route);
    let resource = &bench.route.spec.client.resources[0];
    let urns = resource.schema.urns();
    let known = Known { urns: &urns, ..Known::default() };
    if let Ok(read) = parse_filter(filter, &known) {
        let printed = read.to_string();
        let again = parse_filter(&printed, &known).map(|again| again.to_string());
        assert_eq!(again.as_ref(), Ok(&printed), "printed and read again");
    }
    let query = encode(&[("filter", filter), ("sortBy", path), ("attributes", path)]);
    bench.send(Method::GET, bench.users(), Some(query), b"");
}

/// A route's number, and up to four requests, apart by NUL: a byte that says method and place, then
/// path, query and body, each on a line.
pub fn exchanges(input: &[u8]) {
    let Some((route, rest)) = input.split_first() else { return };
    let bench = Bench::new(*route);
    for request in rest.split(|byte| *byte == 0).take(4) {
        let Some((kind, text)) = request.split_first() else { continue };
        let text = String::from_utf8_lossy(text);
        let mut lines = text.splitn(3, '\n');
        let mut line = || lines.next().unwrap_or_default().to_owned();
        let (below, query, body) = (line(), line(), line());
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let method = methods[usize::from(*kind) % methods.len()].clone();
        let base = &bench.route.client_base;
        let path = match usize::from(*kind) / methods.len() % 4 {
            0 => format!("{base}/{}", below.replace(['?', '#', ' '], "")),
            1 => bench.users(),
            2 => format!("{base}/Bulk"),
            _ => bench.one(),
        };
        bench.send(method, path, (!query.is_empty()).then_some(query), body.as_bytes());
    }
}

/// A route of that number, its upstream with one user.
struct Bench {
    route: Arc<Route>,
    sandbox: Sandbox,
    shared: Shared,
}

impl Bench {
    fn new(number: u8) -> Self {
        let routes = GATEWAY.routes();
        let route = Arc::clone(&routes[usize::from(number) % routes.len()]);
        let vendor = Vendor::named(&route.spec.upstream.name).unwrap_or(Vendor::Scim);
        let sandbox = Sandbox::new(vendor, Options::of(vendor));
        let mut user = json!({"userName": "ann@corp.example", "active": true});
        if vendor != Vendor::PingOne {
            user["displayName"] = json!("Ann");
        }
        sandbox.seed(user);
        Self { route, sandbox, shared: Shared::default() }
    }

    /// The path of users for the client.
    fn users(&self) -> String {
        let resources = &self.route.spec.client.resources;
        format!("{}/{}", self.route.client_base, resources[0].path)
    }

    /// The path of the one user.
    fn one(&self) -> String {
        let users = self.sandbox.users();
        let id = users.first().and_then(|user| user["id"].as_str()).unwrap_or("none");
        format!("{}/{id}", self.users())
    }

    /// Sends, and holds the answer to what every answer is.
    fn send(&self, method: Method, path: String, query: Option<String>, body: &[u8]) {
        let mut headers = HeaderMap::new();
        if !body.is_empty() {
            let media = http::HeaderValue::from_static("application/scim+json");
            headers.insert("content-type", media);
        }
        let request = Request { method, path, query, headers, body: body.to_vec().into() };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let asked = run(&self.route, request, &self.sandbox, &self.shared, deadline);
        let outcome = runtime.expect("a runtime").block_on(asked);
        let (status, answer) = (outcome.response.status.as_u16(), &outcome.response.body);
        assert_ne!(status, 500, "an internal error: {:?}", outcome.record.fault);
        assert!(answer.is_empty() || serde_json::from_slice::<serde_json::Value>(answer).is_ok());
        assert_eq!(self.sandbox.foreign(), Vec::<String>::new(), "what the vendor does not know");
    }
}
