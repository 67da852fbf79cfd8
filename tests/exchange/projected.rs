//! `attributes` and `excludedAttributes` (RFC 7644 section 3.9): of every answer with a resource, and sent to
//! an upstream whose dialect honours them (docs/semantics.md 7.7).

use http::Method;
use scim_gateway::scim::query::encode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, spec};
use crate::scripted::Line;
use crate::shelf::Shelf;

fn person() -> Json {
    json!({"userName": "ann@x.example", "displayName": "Ann", "title": "Boss", "active": true,
        "name": {"givenName": "Ann", "familyName": "Lee"}})
}

// The answer to a write has what was asked for, and the write is whole.
#[tokio::test]
async fn the_answer_to_a_write_is_projected() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = Bench::with("scim", upstream, |_, options| options.hidden = json!({}));
        let made = bench.send(Method::POST, "/Users?attributes=userName", Some(&person())).await;
        let made = body(&made);
        let id = made["id"].as_str().expect("an id").to_owned();
        assert_eq!(made["userName"], "ann@x.example", "{upstream}");
        assert_eq!((made.get("name"), made.get("active")), (None, None), "{upstream} {made}");
        let at = format!("/Users/{id}?excludedAttributes=name,meta");
        let put = body(&bench.send(Method::PUT, &at, Some(&person())).await);
        assert_eq!((put.get("name"), put.get("meta")), (None, None), "{upstream} {put}");
        assert_eq!(put["userName"], "ann@x.example", "{upstream}");
        let patch =
            json!({"Operations": [{"op": "replace", "path": "userName", "value": "bo@x.example"}]});
        let at = format!("/Users/{id}?attributes=userName");
        let patched = body(&bench.send(Method::PATCH, &at, Some(&patch)).await);
        assert_eq!((&patched["userName"], patched.get("active")), (&json!("bo@x.example"), None));
        let whole = body(&bench.send(Method::GET, &format!("/Users/{id}"), None).await);
        assert_eq!((&whole["userName"], &whole["active"]), (&json!("bo@x.example"), &json!(true)));
    }
}

// What cannot be read is refused before anything is done.
#[tokio::test]
async fn a_projection_that_cannot_be_read_is_refused_before_the_write() {
    let bench = Bench::new("scim", "scim");
    let both = "attributes=userName&excludedAttributes=name";
    let patch = json!({"Operations": [{"op": "replace", "path": "title", "value": "x"}]});
    for (method, path, body) in [
        (Method::POST, "/Users", person()),
        (Method::PUT, "/Users/1", person()),
        (Method::PATCH, "/Users/1", patch),
    ] {
        let refused = bench.send(method, &format!("{path}?{both}"), Some(&body)).await;
        assert_eq!(refused.response.status, 400);
    }
    assert!(bench.sandbox.requests().is_empty());
}

fn users() -> Vec<Json> {
    vec![
        json!({"id": "1", "userName": "ann", "title": "Boss", "nickName": "A",
            "emails": [{"value": "a@x.example", "type": "work"}]}),
        json!({"id": "2", "userName": "bo", "title": "Boss"}),
    ]
}

fn line(upstream: &str) -> Line {
    Shelf::new(&spec("scim", upstream), "User", users()).line(spec("scim", upstream))
}

fn asked(line: &Line, name: &str) -> Vec<Option<String>> {
    let calls = line.calls();
    let one = |query: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    calls.iter().map(|call| one(call.query.as_deref().unwrap_or_default())).collect()
}

// Of one, of lists, and of searches, with what the filter and the order need.
#[tokio::test]
async fn a_projection_is_sent_where_the_dialect_honours_it() {
    for (query, parameter, names) in [
        ("/Users/1?excludedAttributes=emails", "excludedAttributes", Some("emails")),
        (
            "/Users?excludedAttributes=emails,nickName",
            "excludedAttributes",
            Some("nickName,emails"),
        ),
        ("/Users?excludedAttributes=emails&filter=emails.value%20pr", "excludedAttributes", None),
        ("/Users?excludedAttributes=emails.type", "excludedAttributes", None),
        ("/Users?excludedAttributes=title&sortBy=title", "excludedAttributes", None),
        ("/Users/1?attributes=title", "attributes", Some("title,meta")),
        (
            "/Users?attributes=emails.value&filter=title%20pr",
            "attributes",
            Some("emails,title,meta"),
        ),
        ("/Users?attributes=nosuch", "attributes", None),
    ] {
        let line = line("scim");
        let outcome = line.send("GET", query, &[], b"").await;
        assert_eq!(outcome.response.status, 200, "{query} {}", body(&outcome));
        let sent = asked(&line, parameter);
        let same = |sent: &Option<String>| {
            let set = |text: &str| {
                let mut names: Vec<String> = text.split(',').map(str::to_owned).collect();
                names.sort();
                names
            };
            sent.as_deref().map(set) == names.map(set)
        };
        assert!(sent.iter().all(same), "{query} {sent:?}");
    }
    let line = line("omni");
    line.send("GET", "/Users/1?attributes=userName", &[], b"").await;
    assert!(line.calls()[0].query.is_none(), "not declared");
}

// A read that feeds a write, a version or a filter is whole.
#[tokio::test]
async fn a_read_that_feeds_a_write_or_a_version_is_whole() {
    let line = line("scim");
    let patch = json!({"Operations": [{"op": "remove", "path": "emails[value ew \"example\"]"}]});
    line.send("PATCH", "/Users/1?excludedAttributes=emails", &[], patch.to_string().as_bytes())
        .await;
    line.send("PUT", "/Users/1?attributes=title", &[], br#"{"userName":"ann"}"#).await;
    line.send("GET", "/Users/1?attributes=title", &[("if-none-match", "W/\"1\"")], b"").await;
    for name in ["attributes", "excludedAttributes"] {
        assert!(asked(&line, name).iter().all(Option::is_none), "{name}");
    }
    let mut made = spec("scim", "omni");
    made.policies.etag = scim_gateway::gateway::route::Etag::Make;
    let mut upstream = (*made.upstream).clone();
    upstream.resources.iter_mut().for_each(|resource| resource.projection = true);
    made.upstream = upstream.into();
    let line = Shelf::new(&made, "User", users()).line(made);
    line.send("GET", "/Users/1?attributes=displayName", &[], b"").await;
    assert!(line.calls()[0].query.is_none());
}

// In the upstream's words, through a rule.
#[tokio::test]
async fn a_projection_is_translated() {
    let mut route = spec("scim", "omni");
    let mut upstream = (*route.upstream).clone();
    upstream.resources.iter_mut().for_each(|resource| resource.projection = true);
    route.upstream = upstream.into();
    let line = Shelf::new(&route, "User", users()).line(route);
    let query = encode(&[("attributes", "userName")]);
    line.send("GET", &format!("/Users/1?{query}"), &[], b"").await;
    let sent = asked(&line, "attributes")[0].clone().unwrap_or_default();
    assert!(
        sent.split(',').any(|name| name == "userName") && !sent.contains("displayName"),
        "{sent}"
    );
}
