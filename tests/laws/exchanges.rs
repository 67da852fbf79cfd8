//! `tests/seeds.md` through the whole gateway, byte for byte, against the vendors' sandboxes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method};
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialects;
use scim_gateway::exchange::{Shared, run};
use scim_gateway::gateway::route::{LossPolicy, Policies};
use scim_gateway::gateway::{Gateway, RouteSpec};
use scim_gateway::rewrite::parse::overlay;
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::scim::http::Request;
use serde_json::Value as Json;

use super::seeds::{Exchange, exchanges, id, sandbox, send};

const PREFIX: &str = "/tenant";
const PUBLIC: &str = "https://gateway.example";

fn spec(dialects: &Dialects, exchange: &Exchange) -> RouteSpec {
    let variables = |dialect: &str, names: &[(&str, &str)]| -> BTreeMap<String, String> {
        let known = names.iter().filter(|_| dialect == "pingone");
        known.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let environment = ("environment", "abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6");
    let population = ("population", "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a");
    RouteSpec {
        name: PREFIX.to_owned(),
        host: None,
        prefix: PREFIX.to_owned(),
        client: Arc::clone(dialects.named(&exchange.client).unwrap()),
        client_vars: variables(&exchange.client, &[environment]),
        client_extends: Vec::new(),
        upstream: Arc::clone(dialects.named(&exchange.upstream).unwrap()),
        upstream_vars: variables(&exchange.upstream, &[environment, population]),
        upstream_name: exchange.upstream.clone(),
        overlays: exchange.block("text overlay").map(rules).into_iter().collect(),
        public_url: PUBLIC.to_owned(),
        policies: Policies { loss: LossPolicy::Count, ..Policies::default() },
    }
}

fn rules(file: &str) -> Rules {
    let file = file.trim();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let (overlay, mistakes) = overlay(&Source::new(file, text));
    assert!(mistakes.is_empty(), "{file}: {mistakes:?}");
    overlay.rules
}

/// Compares the text with the page's, where a placeholder in braces stands for one non-empty string.
fn fits(page: &str, text: &str) -> bool {
    let Some(start) = page.find("\"{") else { return page == text };
    let Some(end) = page[start..].find("}\"").map(|end| start + end + 2) else { return false };
    let Some(rest) = text.strip_prefix(&page[..start]).and_then(|rest| rest.strip_prefix('"'))
    else {
        return false;
    };
    let mut escaped = false;
    let close = rest.char_indices().find(|(_, c)| {
        let closes = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    close.is_some_and(|(at, _)| at > 0 && fits(&page[end..], &rest[at + 1..]))
}

/// What differs, if anything does.
async fn outcome(dialects: &Dialects, exchange: &Exchange) -> Result<(), String> {
    let gateway = Gateway::new(vec![spec(dialects, exchange)], dialects.canonical());
    let route = &gateway.routes()[0];
    let sandbox = sandbox(&exchange.upstream);
    let mut known = String::new();
    if let Some(stored) = exchange.block("json stored") {
        let users = format!("{}/{}", route.upstream_base, route.spec.upstream.resources[0].path);
        let (status, answer) = send(&sandbox, "POST", &users, stored);
        assert_eq!(status, 201, "{}: {answer}", exchange.title);
        known = id(&answer);
    }
    let said = exchange.message("http client-request");
    let (method, path) = said.head.split_once(' ').unwrap();
    let fill = |text: &str| text.replace("{id}", &known);
    let mut request = Request::new(
        Method::from_bytes(method.as_bytes()).unwrap(),
        format!("{PREFIX}{}", fill(path)),
    );
    let media = HeaderValue::from_str(&route.spec.client.media_type).unwrap();
    request.headers.insert(http::header::CONTENT_TYPE, media);
    request.headers.insert("x-request-id", HeaderValue::from_static("r-1"));
    request.body = fill(&said.body).into();
    let before = sandbox.requests().len();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let answer = run(route, request, &sandbox, &Shared::default(), deadline).await.response;
    let writes: Vec<String> = sandbox.requests()[before..]
        .iter()
        .filter(|call| call.method != Method::GET)
        .map(|call| {
            format!("{} {}\n{}", call.method, call.path, String::from_utf8_lossy(&call.body))
        })
        .collect();
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    if method == "POST" {
        known = serde_json::from_str::<Json>(&body).map(|answer| id(&answer)).unwrap_or_default();
    }
    let write = exchange.message("http upstream-request");
    let wanted = match write.head.as_str() {
        "none" => Vec::new(),
        head => vec![format!("{head}\n{}", write.body).replace("{id}", &known)],
    };
    let shown = exchange.message("http client-answer");
    let location = format!("{PUBLIC}{PREFIX}{}", path.trim_end_matches("/{id}"));
    let page = shown.body.replace("{location}", &format!("{location}/{known}"));
    let page = page.replace("\"{id}\"", &format!("\"{known}\""));
    if writes != wanted {
        return Err(format!(
            "{}\n upstream got {writes:#?}\n       not {wanted:#?}",
            exchange.title
        ));
    }
    if answer.status.as_str() != shown.head || !fits(&page, &body) {
        let status = answer.status;
        return Err(format!("{}\n client got {status} {body}\n      not {page}", exchange.title));
    }
    Ok(())
}

#[tokio::test]
async fn every_exchange_is_what_the_page_says() {
    let dialects = Dialects::embedded().unwrap();
    let mut wrong = Vec::new();
    for exchange in exchanges() {
        if let Err(difference) = outcome(&dialects, &exchange).await {
            wrong.push(difference);
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn a_placeholder_is_one_string() {
    assert!(fits(r#"{"a":"{x}","b":1}"#, r#"{"a":"q\"r","b":1}"#));
    assert!(!fits(r#"{"a":"{x}","b":1}"#, r#"{"a":"","b":1}"#));
    assert!(!fits(r#"{"a":"{x}","b":1}"#, r#"{"a":"q","c":2,"b":1}"#));
    assert!(!fits(r#"{"a":"{x}"}"#, r#"{"a":1}"#));
}
