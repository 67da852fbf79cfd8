//! Calls to upstreams that misbehave: each ends in an answer or in a fault that names what happened.

use http::{Method, StatusCode};
use scim_gateway::exchange::Upstream;
use scim_gateway::fault::Cause;
use scim_gateway::scim::http::Request;

use crate::harness::{Scripted, bearer, header, ok, remote, signed};

fn get() -> Request {
    Request::new(Method::GET, "/v2/Users")
}

fn post() -> Request {
    let mut request = Request::new(Method::POST, "/v2/Users");
    request.body = "{\"userName\":\"b\"}".into();
    request
}

async fn cause(answer: Option<Vec<u8>>, request: Request) -> Cause {
    let upstream = Scripted::start(move |_, _| answer.clone()).await;
    remote(&upstream.url).call(request).await.unwrap_err().cause
}

#[tokio::test]
async fn each_way_to_give_no_whole_answer_has_its_cause() {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let huge = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1 << 30);
    let endless = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n{}\r\n0\r\n\r\n",
        "x".repeat(0x20000)
    );
    let wide = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "x".repeat(70_000));
    let cases = [
        ("silence", Some(Vec::new()), Cause::UpstreamTimeout),
        ("closed at once", None, Cause::UpstreamCutOff),
        ("not HTTP", text("SSH-2.0-OpenSSH_9.0\r\n\r\n"), Cause::UpstreamCutOff),
        (
            "short body",
            text("HTTP/1.1 200 CUT\r\nContent-Length: 50\r\n\r\n{\"a\":"),
            Cause::UpstreamCutOff,
        ),
        (
            "broken chunks",
            text("HTTP/1.1 200 CUT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a"),
            Cause::UpstreamCutOff,
        ),
        ("declared too large", Some(huge.into_bytes()), Cause::UpstreamTooLarge),
        ("too large in chunks", Some(endless.into_bytes()), Cause::UpstreamTooLarge),
        ("header too large", Some(wide.into_bytes()), Cause::UpstreamTooLarge),
    ];
    for (name, answer, wanted) in cases {
        assert_eq!(cause(answer, get()).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn a_refused_connection_and_an_unknown_name_are_unreachable() {
    for url in ["http://127.0.0.1:1/", "http://no-such-host.invalid/"] {
        let fault = remote(url).call(get()).await.unwrap_err();
        assert_eq!(fault.cause, Cause::UpstreamUnreachable, "{url}: {fault:?}");
        assert!(!format!("{fault:?}").contains("no-such-host"), "{fault:?}");
    }
}

#[tokio::test]
async fn any_whole_answer_is_returned_as_it_is() {
    let cases = [
        ("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 302, ""),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
            200,
            "<html>",
        ),
        (
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            200,
            "{}",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        ("HTTP/1.1 503 Unavailable\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}", 503, "{}"),
    ];
    for (answer, status, body) in cases {
        let upstream = Scripted::start(move |_, _| Some(answer.into())).await;
        let got = remote(&upstream.url).call(get()).await.unwrap();
        assert_eq!(got.status, StatusCode::from_u16(status).unwrap(), "{answer}");
        assert_eq!(got.body, body, "{answer}");
        assert_eq!(upstream.requests().len(), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_request_has_its_own_token_host_agent_and_length() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let mut request = post();
    request.query = Some("a=b%20c".into());
    request.headers.insert("authorization", "Bearer the-clients-own".parse().unwrap());
    signed(&upstream.url, bearer()).call(request).await.unwrap();
    let seen = upstream.requests().join("");
    assert!(seen.starts_with("POST /base/v2/Users?a=b%20c HTTP/1.1\r\n"), "{seen}");
    assert_eq!(header(&seen, "authorization"), Some("Bearer upstream-token"), "{seen}");
    assert_eq!(header(&seen, "content-length"), Some("16"), "{seen}");
    assert!(header(&seen, "user-agent").unwrap().starts_with("scim-gateway/"), "{seen}");
    assert!(!seen.contains("the-clients-own"), "{seen}");
}

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let remote = remote(&upstream.url);
    for _ in 0..5 {
        remote.call(get()).await.unwrap();
    }
    assert_eq!((upstream.connections(), upstream.requests().len()), (1, 5));
}

#[tokio::test]
async fn on_a_dead_connection_of_the_pool_a_get_is_sent_again_and_a_post_is_not() {
    // The second request meets a connection that ends without a word.
    let script = |number: usize, _: &str| if number == 1 { None } else { ok("{}") };
    let upstream = Scripted::start(script).await;
    let first = remote(&upstream.url);
    first.call(get()).await.unwrap();
    assert_eq!(first.call(get()).await.unwrap().status, StatusCode::OK);
    assert_eq!(upstream.requests().len(), 3);

    let upstream = Scripted::start(script).await;
    let second = remote(&upstream.url);
    second.call(get()).await.unwrap();
    assert_eq!(second.call(post()).await.unwrap_err().cause, Cause::UpstreamCutOff);
    assert_eq!(upstream.requests().len(), 2, "{:?}", upstream.requests());
}
