//! `tests/seeds.md` over real sockets: the client's request in its vendor's own words and authorization
//! form, through the proxy, to a sandbox behind a socket that takes only the upstream's own token.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use scim_gateway::config::{Credential, Proof};
use scim_gateway::dialect::Dialects;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::gateway::route::Policies;
use scim_gateway::sandbox::{Sandbox, Vendor, serve};
use scim_gateway::serve::{Handler, RouteEntry};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::harness::{Running, Scripted, callers, identity, launch, ok, send, signed, status};
use crate::page::{Exchange, Outcome, exchanges, options, store};

const ENVIRONMENT: &str = "abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6";
const POPULATION: &str = "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a";

/// A token in the vendor's form, told apart by whose it is.
fn token(dialect: &str, whose: &str) -> String {
    match dialect {
        "omni" => format!("omni_osk_{whose}"),
        "pingone" => format!("eyJhbGciOiJSUzI1NiJ9.{whose}.c2ln"),
        "descope" => format!("P2{whose}:K2{whose}"),
        _ => format!("{whose}-token"),
    }
}

fn spec(dialects: &Dialects, exchange: &Exchange, prefix: &str) -> RouteSpec {
    let variables = |dialect: &str, names: &[(&str, &str)]| -> BTreeMap<String, String> {
        let known = names.iter().filter(|_| dialect == "pingone");
        known.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let environment = ("environment", ENVIRONMENT);
    RouteSpec {
        name: prefix.to_owned(),
        host: None,
        prefix: prefix.to_owned(),
        client: Arc::clone(dialects.named(&exchange.client).unwrap()),
        client_vars: variables(&exchange.client, &[environment]),
        client_extends: Vec::new(),
        upstream: Arc::clone(dialects.named(&exchange.upstream).unwrap()),
        upstream_vars: variables(&exchange.upstream, &[environment, ("population", POPULATION)]),
        upstream_name: prefix.to_owned(),
        overlays: exchange.overlays(),
        group_overlays: Vec::new(),
        public_url: "https://gateway.example".to_owned(),
        rules: String::new(),
        policies: Policies::default(),
    }
}

fn door(exchange: &Exchange, url: &str) -> RouteEntry {
    let credential = Credential {
        name: "client".to_owned(),
        proof: Proof::Bearer(Sha256::digest(token(&exchange.client, "client")).into()),
    };
    let token = token(&exchange.upstream, "upstream");
    let keys = format!("auth = {{ bearer = {{ env = \"{token}\" }} }}");
    let upstream = signed(url, identity(url, &keys, &Arc::default()));
    RouteEntry::new(callers(vec![credential]), Handler::Translate(Arc::new(upstream)))
}

/// One gateway with a route for every exchange; `/e<n>` leads to the n-th url.
fn gateway(exchanges: &[Exchange], urls: &[String]) -> Running {
    let dialects = Dialects::embedded().unwrap();
    let mut specs = Vec::new();
    let mut doors = HashMap::new();
    for (at, (exchange, url)) in exchanges.iter().zip(urls).enumerate() {
        let prefix = format!("/e{at}");
        specs.push(spec(&dialects, exchange, &prefix));
        doors.insert(prefix, door(exchange, url));
    }
    launch(specs, doors, None)
}

/// The client's request as bytes, with its own token.
fn request(exchange: &Exchange, prefix: &str, id: &str, token: &str) -> Vec<u8> {
    let asked = exchange.message("http client-request");
    let (method, path) = asked.head.split_once(' ').unwrap();
    let (path, body) = (path.replace("{id}", id), asked.body.replace("{id}", id));
    let media =
        if exchange.client == "scim" { "application/scim+json" } else { "application/json" };
    format!(
        "{method} {prefix}{path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn every_exchange_is_what_the_page_says_over_sockets() {
    let exchanges = exchanges();
    let (mut sandboxes, mut urls) = (Vec::new(), Vec::new());
    for exchange in &exchanges {
        let vendor = Vendor::named(&exchange.upstream).unwrap();
        let mut options = options(vendor);
        options.token = Some(token(&exchange.upstream, "upstream"));
        let sandbox = Arc::new(Sandbox::new(vendor, options));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        urls.push(format!("http://{}/", listener.local_addr().unwrap()));
        tokio::spawn(serve(Arc::clone(&sandbox), listener));
        sandboxes.push(sandbox);
    }
    let running = gateway(&exchanges, &urls);

    let mut wrong = Vec::new();
    for (at, (exchange, sandbox)) in exchanges.iter().zip(&sandboxes).enumerate() {
        let write = exchange.message("http upstream-request").head;
        let base = match exchange.upstream.as_str() {
            "omni" => "/api/scim/v2/users".to_owned(),
            "pingone" => format!("/environments/{ENVIRONMENT}/v2/Users"),
            _ => "/scim/v2/Users".to_owned(),
        };
        assert!(write == "none" || write.contains(&base), "{write}");
        let own = token(&exchange.upstream, "upstream");
        let id = exchange.block("json stored").map(|stored| store(sandbox, &base, stored, &own));
        let id = id.unwrap_or_default();
        let before = sandbox.requests().len();
        let prefix = format!("/e{at}");
        let mine = token(&exchange.client, "client");

        // Nobody gets in with the upstream's token.
        let answer = send(running.address, &request(exchange, &prefix, &id, &own)).await;
        assert_eq!(status(&answer), 401, "{}", exchange.title);
        assert_eq!(sandbox.requests().len(), before, "{}", exchange.title);

        let answer = send(running.address, &request(exchange, &prefix, &id, &mine)).await;
        let received = sandbox.requests().split_off(before);
        for call in &received {
            let headers = call.headers.values().map(|value| value.as_bytes().to_vec());
            for text in headers.chain([call.body.to_vec(), call.path.clone().into_bytes()]) {
                let text = String::from_utf8(text).unwrap();
                assert!(!text.contains(&mine), "{}: {text}", exchange.title);
            }
        }
        let user = sandbox.users().first().cloned().unwrap_or_default();
        let id = user["id"].as_str().map(str::to_owned).unwrap_or(id);
        let client = exchange.message("http client-request").head;
        let users = client.split_once(' ').unwrap().1.trim_end_matches("/{id}");
        wrong.extend(exchange.differences(&Outcome {
            received,
            status: status(&answer),
            body: answer.split_once("\r\n\r\n").unwrap().1.to_owned(),
            location: format!("https://gateway.example{prefix}{users}/{id}"),
            id,
        }));
        assert_eq!(sandbox.foreign(), Vec::<String>::new(), "{}", exchange.title);
        assert_eq!(sandbox.hidden_unchanged(), Ok(()), "{}", exchange.title);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn the_upstream_is_shown_one_authorization_and_it_is_its_own() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let exchanges = exchanges();
    let urls = vec![upstream.url.clone(); exchanges.len()];
    let running = gateway(&exchanges, &urls);
    for (at, exchange) in exchanges.iter().enumerate() {
        let before = upstream.requests().len();
        let mine = token(&exchange.client, "client");
        send(running.address, &request(exchange, &format!("/e{at}"), "1", &mine)).await;
        for text in upstream.requests().split_off(before) {
            let shown: Vec<String> = text
                .lines()
                .filter(|line| line.to_ascii_lowercase().starts_with("authorization:"))
                .map(|line| line.split_once(':').unwrap().1.trim().to_owned())
                .collect();
            let own = format!("Bearer {}", token(&exchange.upstream, "upstream"));
            assert_eq!(shown, [own], "{}", exchange.title);
            assert!(!text.contains(&mine), "{}: {text}", exchange.title);
        }
    }
    assert!(upstream.requests().len() > 12);
}
