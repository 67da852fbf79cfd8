//! Who the gateway is to its upstreams: each form of it on the wire, secrets that change in their
//! files, and the one more call after a 401.

use std::path::Path;
use std::sync::Arc;

use http::{Method, StatusCode};
use scim_gateway::exchange::Upstream;
use scim_gateway::scim::http::Request;

use crate::harness::{Log, Scripted, header, identity, ok, signed};

pub fn get() -> Request {
    Request::new(Method::GET, "/v2/Users")
}

pub fn post() -> Request {
    let mut request = Request::new(Method::POST, "/v2/Users");
    request.body = "{\"userName\":\"b\"}".into();
    request
}

pub fn unauthorized() -> Option<Vec<u8>> {
    Some(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec())
}

/// Answers 200 to requests that hold this text, and 401 to others.
async fn demanding(text: &'static str) -> Scripted {
    Scripted::start(move |_, seen| if seen.contains(text) { ok("{}") } else { unauthorized() })
        .await
}

#[tokio::test]
async fn each_form_of_authorization_is_on_the_wire_as_its_rfc_says() {
    let cases = [
        ("auth = { bearer = { env = \"t0k\" } }", "authorization", "Bearer t0k"),
        // RFC 7617 section 2.1: in UTF-8.
        (
            "auth = { basic = { user = \"test\", password = { env = \"123£\" } } }",
            "authorization",
            "Basic dGVzdDoxMjPCow==",
        ),
        (
            "auth = { header = { name = \"X-Api-Key\", value = { env = \"k3y\" } } }",
            "x-api-key",
            "k3y",
        ),
        (
            "auth = { header = { name = \"Authorization\", value = { env = \"Token k3y\" } } }",
            "authorization",
            "Token k3y",
        ),
    ];
    for (keys, name, value) in cases {
        let upstream = Scripted::start(|_, _| ok("{}")).await;
        let signed = signed(&upstream.url, identity(&upstream.url, keys, &Arc::default()));
        let mut request = post();
        for stranger in ["authorization", "x-api-key"] {
            request.headers.insert(stranger, "the-clients-own".parse().unwrap());
        }
        signed.call(request).await.unwrap();
        let seen = upstream.requests().join("");
        assert_eq!(header(&seen, name), Some(value), "{seen}");
        assert_eq!(header(&seen, "authorization").is_some(), name == "authorization", "{seen}");
    }
}

#[tokio::test]
async fn a_call_without_an_identity_has_none() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let signed = signed(&upstream.url, identity(&upstream.url, "", &Arc::default()));
    let mut request = get();
    request.headers.insert("authorization", "Bearer the-clients-own".parse().unwrap());
    signed.call(request).await.unwrap();
    assert!(!upstream.requests().join("").contains("the-clients-own"));
}

fn in_file(path: &Path) -> String {
    format!("auth = {{ bearer = {{ file = \"{}\" }} }}", path.display())
}

#[tokio::test]
async fn after_a_401_the_file_is_read_at_once_and_the_call_sent_once_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "0ld\n").unwrap();
    let upstream = demanding("Bearer n3w\r\n").await;
    let log = Arc::new(Log::default());
    let signed = signed(&upstream.url, identity(&upstream.url, &in_file(&path), &log));
    assert_eq!(signed.call(post()).await.unwrap().status, StatusCode::UNAUTHORIZED);
    assert_eq!(upstream.requests().len(), 1, "the same secret is not sent twice");
    std::fs::write(&path, "n3w\n").unwrap();
    assert_eq!(signed.call(post()).await.unwrap().status, StatusCode::OK);
    assert_eq!(upstream.requests().len(), 3, "{:?}", upstream.requests());
    let lines = log.told().join("\n");
    assert!(lines.contains("SecretReload") && lines.contains("changed"), "{lines}");
}

#[tokio::test]
async fn a_file_that_changes_is_followed_and_one_that_is_broken_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "first").unwrap();
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let log = Arc::new(Log::default());
    let signed = signed(&upstream.url, identity(&upstream.url, &in_file(&path), &log));
    let shown = async || {
        signed.call(get()).await.unwrap();
        header(upstream.requests().last().unwrap(), "authorization").unwrap().to_owned()
    };
    assert_eq!(shown().await, "Bearer first");
    // A secret that cannot stand in a header.
    std::fs::write(&path, "two\nlines").unwrap();
    until(|| log.told().iter().any(|line| line.contains("failed"))).await;
    assert_eq!(shown().await, "Bearer first");
    // As a mounted secret changes: another file takes the name.
    std::fs::write(folder.path().join("next"), "second\n").unwrap();
    std::fs::rename(folder.path().join("next"), &path).unwrap();
    until(|| log.told().iter().any(|line| line.contains("changed"))).await;
    assert_eq!(shown().await, "Bearer second");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(shown().await, "Bearer second");
}

/// Waits for what comes by itself.
pub async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await.unwrap();
}
