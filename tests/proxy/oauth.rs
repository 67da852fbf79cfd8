//! OAuth 2.0 client credentials: expiry, rotation, refusals and a hanging token endpoint, under load.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use scim_gateway::exchange::Upstream;
use scim_gateway::fault::{Cause, Fault};
use scim_gateway::outbound::Authenticated;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::harness::{Log, Scripted, header, identity, ok, read_request, signed};
use crate::identity::{get, post, unauthorized, until};

/// How many exchanges meet at once.
const CROWD: usize = 200;

/// A token endpoint that answers one request for each permit.
struct Endpoint {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// The most requests that were under way at once.
    most: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Endpoint {
    async fn start(answer: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/as/token", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (most, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (kept, highest, opened) = (requests.clone(), most.clone(), gate.clone());
        let (busy, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, highest, opened) = (kept.clone(), highest.clone(), opened.clone());
                let (busy, answer) = (busy.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut buffer = Vec::new();
                    while let Some(request) = read_request(&mut stream, &mut buffer).await {
                        highest
                            .fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let number = {
                            let mut kept = kept.lock().unwrap();
                            kept.push(request);
                            kept.len() - 1
                        };
                        opened.acquire().await.unwrap().forget();
                        let text = answer(number);
                        busy.fetch_sub(1, Ordering::SeqCst);
                        if stream.write_all(text.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, requests, most, gate }
    }

    async fn open(answer: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        let endpoint = Self::start(answer).await;
        endpoint.gate.add_permits(1 << 20);
        endpoint
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// An upstream in whose calls the gateway has this endpoint's tokens.
    fn before(&self, upstream: &str, more: &str, log: &Arc<Log>) -> Arc<Authenticated> {
        let keys = format!(
            "[upstream.up.auth.oauth]\ntoken_url = \"{}\"\nclient_id = \"worker\"\n\
             client_secret = {{ env = \"cl13nt\" }}\n{more}",
            self.url
        );
        Arc::new(signed(upstream, identity(upstream, &keys, log)))
    }
}

fn token(number: usize, seconds: u64) -> String {
    json(&format!(
        "{{\"access_token\":\"t0ken-{number}\",\"token_type\":\"Bearer\",\"expires_in\":{seconds}}}"
    ))
}

fn json(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// All at once: what each came to.
async fn crowd(signed: &Arc<Authenticated>) -> Vec<Result<StatusCode, Fault>> {
    let calls = (0..CROWD).map(|_| {
        let signed = Arc::clone(signed);
        tokio::spawn(async move { signed.call(post()).await.map(|answer| answer.status) })
    });
    let calls: Vec<_> = calls.collect();
    let mut all = Vec::new();
    for call in calls {
        all.push(call.await.unwrap());
    }
    all
}

fn all_ok(answers: &[Result<StatusCode, Fault>]) {
    let wrong: Vec<_> = answers.iter().filter(|a| !matches!(a, Ok(StatusCode::OK))).collect();
    assert!(wrong.is_empty(), "{} of {}: {:?}", wrong.len(), answers.len(), wrong.first());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_exchanges_wait_for_one_token_request() {
    let endpoint = Endpoint::start(|number| token(number, 3600)).await;
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let signed = endpoint.before(&upstream.url, "", &Arc::default());
    let waiting = tokio::spawn({
        let signed = signed.clone();
        async move { crowd(&signed).await }
    });
    until(|| endpoint.count() == 1).await;
    assert_eq!(upstream.requests().len(), 0, "nothing is sent without a token");
    endpoint.gate.add_permits(1 << 20);
    all_ok(&waiting.await.unwrap());
    assert_eq!((endpoint.count(), endpoint.most.load(Ordering::SeqCst)), (1, 1));
    let seen = upstream.requests();
    assert_eq!(seen.len(), CROWD);
    assert!(seen.iter().all(|one| header(one, "authorization") == Some("Bearer t0ken-0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_end_under_load_and_no_exchange_notices() {
    let born = Arc::new(Mutex::new(Vec::new()));
    let issued = born.clone();
    let endpoint = Endpoint::open(move |number| {
        issued.lock().unwrap().push(Instant::now());
        token(number, 2)
    })
    .await;
    let upstream = Scripted::start(move |_, seen| {
        let shown = header(seen, "authorization").unwrap_or_default();
        let number = shown.strip_prefix("Bearer t0ken-").and_then(|n| n.parse::<usize>().ok());
        let born = number.and_then(|number| born.lock().unwrap().get(number).copied());
        let alive = born.is_some_and(|born| born.elapsed() < Duration::from_secs(3));
        if alive { ok("{}") } else { unauthorized() }
    })
    .await;
    let signed = endpoint.before(&upstream.url, "", &Arc::default());
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        all_ok(&crowd(&signed).await);
        // A breath for the tests beside this one.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let seconds = began.elapsed().as_secs() as usize;
    let count = endpoint.count();
    assert!((3..=seconds + 2).contains(&count), "{count} token requests in {seconds} s");
    assert_eq!(endpoint.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_under_load_is_renewed_once_and_each_call_sent_once_more() {
    let endpoint = Endpoint::open(|number| token(number, 3600)).await;
    let revoked = Arc::new(AtomicBool::new(false));
    let known = revoked.clone();
    let upstream = Scripted::start(move |_, seen| {
        let old = seen.contains("t0ken-0");
        if old && known.load(Ordering::SeqCst) { unauthorized() } else { ok("{}") }
    })
    .await;
    let log = Arc::new(Log::default());
    let signed = endpoint.before(&upstream.url, "", &log);
    all_ok(&crowd(&signed).await);
    revoked.store(true, Ordering::SeqCst);
    let before = upstream.requests().len();
    all_ok(&crowd(&signed).await);
    assert_eq!((endpoint.count(), endpoint.most.load(Ordering::SeqCst)), (2, 1));
    let sent = upstream.requests().len() - before;
    assert!(sent > CROWD && sent <= 2 * CROWD, "{sent}");
    assert_eq!(log.told().iter().filter(|line| line.contains("\"ok\"")).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_refuses_every_token_does_not_make_a_request_of_each_call() {
    let endpoint = Endpoint::open(|number| token(number, 3600)).await;
    let upstream = Scripted::start(|_, _| unauthorized()).await;
    let signed = endpoint.before(&upstream.url, "", &Arc::default());
    for _ in 0..3 {
        let answers = crowd(&signed).await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(StatusCode::UNAUTHORIZED))));
    }
    assert_eq!((endpoint.count(), endpoint.most.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_endpoint_hangs_the_old_token_serves_and_then_exchanges_are_refused_at_once() {
    let endpoint = Endpoint::start(|number| token(number, 3)).await;
    endpoint.gate.add_permits(1);
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let signed = endpoint.before(&upstream.url, "timeout = \"400ms\"", &Arc::default());
    let began = Instant::now();
    all_ok(&crowd(&signed).await);
    // It is asked ahead of the token's end, and says nothing.
    until(|| endpoint.count() > 1).await;
    assert!(began.elapsed() < Duration::from_secs(3), "asked only after the end");
    all_ok(&crowd(&signed).await);
    let ended = async { while signed.call(get()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(2_900), "{:?}", began.elapsed());
    let asked = Instant::now();
    let answers = crowd(&signed).await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    for answer in &answers {
        let fault = answer.as_ref().unwrap_err();
        assert_eq!(
            (fault.cause, fault.status()),
            (Cause::NoToken, StatusCode::SERVICE_UNAVAILABLE)
        );
        assert!(fault.retry_after.is_some_and(|wait| wait >= Duration::from_secs(1)), "{fault:?}");
    }
    let (count, seconds) = (endpoint.count(), began.elapsed().as_secs() as usize);
    assert!(count <= seconds + 3, "{count} token requests in {seconds} s");
    // One that was left waiting is cut off on this side, so the endpoint may see a second one begin.
    assert!(endpoint.most.load(Ordering::SeqCst) <= count);
    endpoint.gate.add_permits(1 << 20);
    let back = async { while signed.call(get()).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), back).await.unwrap();
}

#[tokio::test]
async fn the_client_is_shown_as_rfc_6749_says() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let asked = async |more: &str| {
        let endpoint = Endpoint::open(|number| token(number, 3600)).await;
        let keys = format!(
            "[upstream.up.auth.oauth]\ntoken_url = \"{}?x=1\"\nclient_id = \"a:b c\"\n\
             client_secret = {{ env = \"p%s+£\" }}\nscope = \"one two\"\n\
             params = {{ audience = \"https://api.example\" }}\n{more}",
            endpoint.url
        );
        let signed = signed(&upstream.url, identity(&upstream.url, &keys, &Arc::default()));
        signed.call(get()).await.unwrap();
        endpoint.requests.lock().unwrap().join("")
    };
    // Section 2.3.1: both are form-encoded before they are joined: a%3Ab+c:p%25s%2B%C2%A3
    let basic = asked("").await;
    assert!(basic.starts_with("POST /as/token?x=1 HTTP/1.1\r\n"), "{basic}");
    let wanted = "Basic YSUzQWIrYzpwJTI1cyUyQiVDMiVBMw==";
    assert_eq!(header(&basic, "authorization"), Some(wanted), "{basic}");
    assert_eq!(header(&basic, "content-type"), Some("application/x-www-form-urlencoded"));
    let body = basic.split("\r\n\r\n").nth(1).unwrap();
    for part in
        ["grant_type=client_credentials", "scope=one+two", "audience=https%3A%2F%2Fapi.example"]
    {
        assert!(body.split('&').any(|found| found == part), "{body}");
    }
    assert!(!body.contains("client_secret"), "{body}");
    let post = asked("method = \"post\"").await;
    assert_eq!(header(&post, "authorization"), None, "{post}");
    assert!(post.contains("client_id=a%3Ab+c&client_secret=p%25s%2B%C2%A3"), "{post}");
}

#[tokio::test]
async fn an_answer_that_is_no_token_is_named_and_repeated_nowhere() {
    let plain = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let huge =
        format!("{{\"access_token\":\"{}\",\"token_type\":\"Bearer\"}}", "l3aked".repeat(4_000));
    let larger = format!("{{\"access_token\":\"{}\"}}", "l3aked".repeat(40_000));
    let cases = [
        (json("l3aked"), "malformed"),
        (json("{\"access_token\":\"l3aked\"}"), "malformed"),
        (json("{\"access_token\":\"l3aked\",\"token_type\":\"mac\"}"), "malformed"),
        (json("{\"access_token\":\"l3aked\\nx\",\"token_type\":\"Bearer\"}"), "malformed"),
        (json("{\"access_token\":\"\",\"token_type\":\"Bearer\"}"), "malformed"),
        (
            json("{\"access_token\":\"l3aked\",\"token_type\":\"bearer\",\"expires_in\":0}"),
            "malformed",
        ),
        (
            json("{\"access_token\":\"l3aked\",\"token_type\":\"bearer\",\"expires_in\":-1}"),
            "malformed",
        ),
        (json(&huge), "malformed"),
        (json(&larger), "cut_off"),
        (plain("200 OK\r\nContent-Type: text/html", "l3aked"), "malformed"),
        (plain("302 Found\r\nLocation: http://l3aked/", ""), "malformed"),
        (
            plain(
                "401 Unauthorized",
                "{\"error\":\"invalid_client\",\"error_description\":\"l3aked\"}",
            ),
            "invalid_client",
        ),
        (plain("400 Bad", "{\"error\":\"l3aked\"}"), "refused"),
        (plain("500 Oops", "l3aked"), "failed"),
        (plain("429 Slow\r\nRetry-After: 40", "l3aked"), "failed"),
    ];
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    for (answer, outcome) in cases {
        let shown = answer.clone();
        let endpoint = Endpoint::open(move |_| answer.clone()).await;
        let log = Arc::new(Log::default());
        let signed = endpoint.before(&upstream.url, "", &log);
        let fault = signed.call(get()).await.unwrap_err();
        assert_eq!(fault.cause, Cause::NoToken, "{shown}");
        let lines = log.told().join("\n");
        assert!(lines.contains(&format!("outcome: \"{outcome}\"")), "{shown}: {lines}");
        assert!(!format!("{fault:?} {fault} {lines}").contains("l3aked"), "{fault:?} {lines}");
        if outcome == "failed" && shown.contains("Retry-After") {
            assert!(fault.retry_after.unwrap() > Duration::from_secs(30), "{fault:?}");
        }
    }
    assert_eq!(upstream.requests().len(), 0);
}

#[tokio::test]
async fn a_client_secret_that_changes_is_used_from_the_next_token_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "0ld").unwrap();
    let endpoint = Endpoint::open(|number| token(number, 3600)).await;
    let revoked = Arc::new(AtomicBool::new(false));
    let known = revoked.clone();
    let upstream = Scripted::start(move |_, seen| {
        let old = seen.contains("t0ken-0") && known.load(Ordering::SeqCst);
        if old { unauthorized() } else { ok("{}") }
    })
    .await;
    let keys = format!(
        "[upstream.up.auth.oauth]\ntoken_url = \"{}\"\nclient_id = \"worker\"\nmethod = \"post\"\n\
         client_secret = {{ file = \"{}\" }}",
        endpoint.url,
        path.display()
    );
    let log = Arc::new(Log::default());
    let signed = signed(&upstream.url, identity(&upstream.url, &keys, &log));
    signed.call(get()).await.unwrap();
    std::fs::write(&path, "n3w").unwrap();
    until(|| log.told().iter().any(|line| line.contains("changed"))).await;
    signed.call(get()).await.unwrap();
    assert_eq!(endpoint.count(), 1, "a token that lives is not thrown away");
    revoked.store(true, Ordering::SeqCst);
    assert_eq!(signed.call(get()).await.unwrap().status, StatusCode::OK);
    let requests = endpoint.requests.lock().unwrap().clone();
    assert!(requests[0].contains("client_secret=0ld"), "{requests:?}");
    assert!(requests[1].contains("client_secret=n3w"), "{requests:?}");
}
