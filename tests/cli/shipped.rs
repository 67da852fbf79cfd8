//! The shipped `config.toml`: it loads, it names every key, and its demo token is what it says.

use std::collections::BTreeSet;
use std::path::Path;

use scim_gateway::config::{self, Auth, Config, Proof, Surroundings};
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialects;
use sha2::{Digest, Sha256};

fn text() -> String {
    std::fs::read_to_string(root().join("config.toml")).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn it_loads_and_every_route_takes_the_demo_token() {
    let around = Surroundings { directory: root(), env: &|_| None };
    let config = Config::read(&Source::new("config.toml", text()), &around)
        .unwrap_or_else(|found| panic!("{}", found.text(false)));
    let dialects = Dialects::embedded().unwrap_or_else(|found| panic!("{}", found.text(false)));
    let specs = config::specs(&config, &dialects).unwrap_or_else(|e| panic!("{}", e.text(false)));
    assert_eq!(specs.len(), config.routes.len());
    let demo: [u8; 32] = Sha256::digest("demo-token").into();
    for route in &config.routes {
        let Auth::Listed(known) = &route.auth else { panic!("{}", route.label()) };
        assert!(known.iter().any(|entry| entry.proof == Proof::Bearer(demo)), "{}", route.label());
    }
    let clients: BTreeSet<_> = specs.iter().map(|spec| spec.client.name.as_str()).collect();
    // A library for servers has no clients of its own.
    let speakers = dialects.names().filter(|name| *name != "scimmy").collect();
    assert_eq!(clients, speakers, "each dialect is a client of some route");
}

/// An unknown key in each table makes the reader say which keys it knows there.
const PROBE: &str = r#"
zzzz = 1
[server]
zzzz = 1
listen = ["127.0.0.1:0"]
tls = { zzzz = 1, also = [{ zzzz = 1 }] }
limits = { zzzz = 1 }
[admin]
zzzz = 1
[log]
zzzz = 1
id_salt = { zzzz = 1 }
[audit]
zzzz = 1
[trace]
zzzz = 1
[upstream.a]
zzzz = 1
dialect = "scim"
url = "https://a.example"
auth = { zzzz = 1, bearer = { zzzz = 1 } }
client_cert = { zzzz = 1 }
timeouts = { zzzz = 1 }
limits = { zzzz = 1 }
rate = { zzzz = 1 }
retries = { zzzz = 1 }
breaker = { zzzz = 1 }
health = { zzzz = 1 }
ejection = { zzzz = 1 }
schema = { zzzz = 1 }
[upstream.b]
dialect = "scim"
url = "https://b.example"
auth = { basic = { zzzz = 1 } }
[upstream.c]
dialect = "scim"
url = "https://c.example"
auth = { header = { zzzz = 1 } }
[upstream.d]
dialect = "scim"
url = "https://d.example"
auth = { oauth = { zzzz = 1 } }
[[route]]
zzzz = 1
auth = [{ zzzz = 1, access_key = { zzzz = 1 }, certificate = { zzzz = 1 }, jwt = { zzzz = 1 } }]
client_extends = { zzzz = 1 }
limits = { zzzz = 1 }
"#;

#[test]
fn it_names_every_key_that_the_reader_knows() {
    let around = Surroundings { directory: root(), env: &|_| None };
    let found = Config::read(&Source::new("config.toml", PROBE), &around).unwrap_err();
    let unknown = found.diagnostics.iter().filter(|d| d.code.id == "T002");
    let hints: Vec<_> = unknown.filter_map(|d| d.hint.as_deref()).collect();
    assert_eq!(hints.len(), PROBE.matches("zzzz").count(), "{hints:#?}");
    let keys: BTreeSet<_> =
        hints.iter().flat_map(|hint| hint.trim_start_matches("known keys: ").split(", ")).collect();
    assert!(keys.len() > 60, "{keys:?}");
    let text = text();
    let words: BTreeSet<_> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let missing: Vec<_> = keys.iter().filter(|key| !words.contains(**key)).collect();
    assert!(missing.is_empty(), "config.toml does not name {missing:?}");
}
