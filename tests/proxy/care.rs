//! The care of an upstream: what is asked again and what never is, who waits, who is refused.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use scim_gateway::config::{Breaker, Care, InFlight, Rate, Retries};
use scim_gateway::exchange::Upstream;
use scim_gateway::fault::{Cause, Fault};
use scim_gateway::observe::{Event, Observer, Reason};
use scim_gateway::outbound::{self, Resilient};
use scim_gateway::scim::http::{Request, Response};
use tokio::time::Instant;

use crate::harness::{Log, Scripted, Setting, header, nodes, request, send, start_as, status};

struct Tended {
    upstream: Arc<Resilient>,
    log: Arc<Log>,
}

fn tended(url: &str, care: &Care) -> Tended {
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = log.clone();
    let remote = Arc::new(nodes(&[url], care, None, &observer).unwrap());
    let care = Arc::new(outbound::Resilience::new("up", care, observer));
    Tended { upstream: Arc::new(Resilient::new(remote, care)), log }
}

impl Tended {
    async fn call(&self, method: Method) -> Result<Response, Fault> {
        self.upstream.call(Request::new(method, "/Users")).await
    }

    fn refused(&self) -> Vec<Reason> {
        let reason = |event| match event {
            Event::Refused { reason, .. } => Some(reason),
            _ => None,
        };
        self.log.events().into_iter().filter_map(reason).collect()
    }
}

fn swift() -> Care {
    let retries = Retries { pause: Duration::from_millis(1), ..Retries::default() };
    Care { retries, ..Care::ordinary() }
}

fn answer(status: &str, more: &str) -> Option<Vec<u8>> {
    Some(format!("HTTP/1.1 {status} So\r\n{more}Content-Length: 0\r\n\r\n").into_bytes())
}

#[tokio::test]
async fn a_read_is_asked_again_and_a_write_that_may_have_been_done_is_not() {
    for failure in [answer("502", ""), answer("503", ""), answer("504", ""), None] {
        for (method, again) in [
            (Method::GET, true),
            (Method::HEAD, true),
            (Method::POST, false),
            (Method::PUT, false),
            (Method::PATCH, false),
            (Method::DELETE, false),
        ] {
            let failure = failure.clone();
            let script = move |number, _: &str| {
                if number == 0 { failure.clone() } else { answer("204", "") }
            };
            let upstream = Scripted::start(script).await;
            let tended = tended(&upstream.url, &swift());
            let good = tended.call(method.clone()).await.is_ok_and(|r| r.status.is_success());
            assert_eq!(
                (good, upstream.requests().len()),
                (again, 1 + usize::from(again)),
                "{method}"
            );
        }
    }
}

#[tokio::test]
async fn retries_end_after_their_number_and_their_budget() {
    let upstream = Scripted::start(|_, _| answer("503", "")).await;
    let never = Care { breaker: None, ..swift() };
    let tended = tended(&upstream.url, &never);
    assert_eq!(tended.call(Method::GET).await.unwrap().status, 503);
    assert_eq!(upstream.requests().len(), 3, "the call and two retries");
    for _ in 0..40 {
        assert_eq!(tended.call(Method::GET).await.unwrap().status, 503);
    }
    // A floor of ten within ten seconds, and a fifth of the calls.
    let sent = upstream.requests().len();
    assert!((41 + 8..=41 + 10 + 8 + 1).contains(&sent), "{sent}");
    assert!(tended.refused().contains(&Reason::Budget));
}

#[tokio::test]
async fn a_short_retry_after_is_waited_out_by_any_method_and_by_others_too() {
    let script = |number, _: &str| match number {
        0 => answer("429", "Retry-After: 1\r\n"),
        _ => answer("204", ""),
    };
    let upstream = Scripted::start(script).await;
    let tended = tended(&upstream.url, &swift());
    let began = Instant::now();
    let first = tended.call(Method::POST);
    let other = async {
        while upstream.requests().is_empty()
            || tended.upstream.call(Request::new(Method::HEAD, "/no")).await.is_err()
        {
            tokio::task::yield_now().await;
        }
        began.elapsed()
    };
    let (first, other) = tokio::join!(first, other);
    assert_eq!(first.unwrap().status, 204);
    let second = Duration::from_secs(1);
    assert!(began.elapsed() >= second && other >= second, "{:?} {other:?}", began.elapsed());
    let posts = upstream.requests().iter().filter(|r| r.starts_with("POST")).count();
    assert_eq!(posts, 2);
}

#[tokio::test]
async fn a_long_retry_after_is_passed_on_and_keeps_others_away() {
    let upstream = Scripted::start(|_, _| answer("429", "Retry-After: 3000\r\n")).await;
    let tended = tended(&upstream.url, &swift());
    let first = tended.call(Method::GET).await.unwrap();
    assert_eq!(
        (first.status.as_u16(), &first.headers["retry-after"]),
        (429, &"3000".parse().unwrap())
    );
    let held = tended.call(Method::GET).await.unwrap_err();
    assert_eq!(held.cause, Cause::UpstreamThrottled);
    let wait = held.retry_after.unwrap().as_secs();
    assert!((50..=60).contains(&wait), "{wait}");
    assert_eq!(upstream.requests().len(), 1, "the second was not sent");
    assert_eq!(tended.refused(), [Reason::Held]);
}

#[tokio::test]
async fn an_upstream_that_fails_is_left_alone_and_tried_again() {
    let breaker = Breaker { failures: 3, pause: Duration::from_millis(50), ..Breaker::default() };
    let retries = Retries { most: 0, ..Retries::default() };
    let care = Care { breaker: Some(breaker), retries, ..Care::default() };
    let script = |number, _: &str| if number < 3 { answer("503", "") } else { answer("204", "") };
    let upstream = Scripted::start(script).await;
    let tended = tended(&upstream.url, &care);
    for _ in 0..3 {
        assert_eq!(tended.call(Method::GET).await.unwrap().status, 503);
    }
    let open = tended.call(Method::GET).await.unwrap_err();
    assert_eq!(open.cause, Cause::UpstreamUnavailable);
    assert!(open.retry_after.is_some());
    assert_eq!(upstream.requests().len(), 3, "nothing is sent while it is open");
    while tended.call(Method::GET).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let changes = tended.log.events().into_iter().filter_map(|event| match event {
        Event::Breaker { open, .. } => Some(open),
        _ => None,
    });
    assert_eq!(changes.collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn calls_beyond_the_limit_and_its_queue_are_refused_at_once() {
    let upstream = Scripted::start(|_, _| Some(Vec::new())).await;
    let limits = InFlight { most: 2, queue: 1, wait: Duration::from_millis(30) };
    let tended = Arc::new(tended(&upstream.url, &Care { limits, ..Care::ordinary() }));
    for _ in 0..2 {
        let tended = Arc::clone(&tended);
        tokio::spawn(async move { tended.call(Method::POST).await });
    }
    while upstream.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    let (one, two) = tokio::join!(tended.call(Method::GET), tended.call(Method::GET));
    for fault in [one.unwrap_err(), two.unwrap_err()] {
        assert_eq!((fault.cause, fault.retry_after), (Cause::Busy, Some(Duration::from_secs(1))));
    }
    assert_eq!(tended.refused(), [Reason::Queue, Reason::Wait]);
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn a_rate_is_kept_and_who_would_wait_too_long_is_told_when_to_come() {
    let upstream = Scripted::start(|_, _| answer("204", "")).await;
    let rate = Some(Rate { calls: 1, per: Duration::from_secs(60), burst: 3 });
    let tended = tended(&upstream.url, &Care { rate, ..Care::ordinary() });
    for _ in 0..3 {
        assert!(tended.call(Method::POST).await.is_ok());
    }
    let fault = tended.call(Method::POST).await.unwrap_err();
    assert_eq!(fault.cause, Cause::UpstreamThrottled);
    assert!(fault.retry_after.unwrap() > Duration::from_secs(50), "{fault:?}");
    assert_eq!(upstream.requests().len(), 3);
    assert_eq!(tended.refused(), [Reason::Rate]);
}

#[tokio::test]
async fn nothing_is_waited_for_beyond_the_deadline() {
    let upstream = Scripted::start(|_, _| answer("503", "Retry-After: 2\r\n")).await;
    let tended = tended(&upstream.url, &swift());
    let began = Instant::now();
    let soon = began + Duration::from_millis(500);
    let get = || Request::new(Method::GET, "/Users");
    assert_eq!(tended.upstream.call_by(&get(), soon).await.unwrap().status, 503);
    let held = tended.upstream.call_by(&get(), soon).await.unwrap_err();
    assert_eq!(held.cause, Cause::UpstreamUnavailable, "not a timeout: nothing was sent");
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_hears_in_its_own_words_when_to_come_again() {
    let upstream = Scripted::start(|_, _| answer("429", "Retry-After: 77\r\n")).await;
    let gateway = start_as(&[&upstream.url], Setting { care: swift(), ..Setting::default() });
    for path in ["/t/scim/v2/Users/1", "/p/v2/Users/1"] {
        for _ in 0..2 {
            let answer = send(gateway.address, &request("GET", path, "")).await;
            assert_eq!(status(&answer), 429, "{answer}");
            let wait: u64 = header(&answer, "retry-after").unwrap().parse().unwrap();
            assert!((50..=77).contains(&wait), "{answer}");
        }
    }
    let answer = send(gateway.address, &request("GET", "/p/v2/Users/1", "")).await;
    assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{answer}");
    assert_eq!(upstream.requests().len(), 1, "held back on all routes of the upstream");
}
