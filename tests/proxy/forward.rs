//! Whose Authorization goes upstream over a whole gateway: the gateway's own, renewed where it must
//! be, or the client's where the route forwards it.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use scim_gateway::config as settings;
use scim_gateway::config::Auth;
use scim_gateway::dialect::Dialects;
use scim_gateway::exchange::Upstream;
use scim_gateway::inbound::{Callers, KeySets};
use scim_gateway::observe::{Event, Observer, Reason};
use scim_gateway::outbound::{Resilience, Resilient};
use scim_gateway::scim::http::Request;
use scim_gateway::serve::{Handler, RouteEntry};

use crate::harness::{
    Log, Running, Scripted, care, header, identity, launch, ok, remote, route, send, signed, status,
};
use crate::identity::unauthorized;

fn user(name: &str) -> String {
    format!(
        "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"1\",\
         \"userName\":\"{name}\"}}"
    )
}

/// `/t` translates and `/p` streams, both open to all, with these ways behind.
fn gateway(ways: [Handler; 2], auth: &Auth) -> Running {
    let dialects = Dialects::embedded().unwrap();
    let plain = dialects.named("scim").unwrap();
    let specs = ["/t", "/p"].map(|prefix| route(prefix, None, plain)).into();
    let callers = || Arc::new(Callers::new(auth.clone(), &mut KeySets::default()).unwrap());
    let doors = ["/t", "/p"].into_iter().zip(ways);
    let doors = doors.map(|(name, way)| (name.to_owned(), RouteEntry::new(callers(), way)));
    launch(specs, doors.collect::<HashMap<_, _>>(), None)
}

fn forwarding(url: &str) -> Running {
    let remote = Arc::new(remote(url));
    gateway(
        [
            Handler::Forward(remote.clone()),
            Handler::Stream { remote, resilience: care(), identity: None },
        ],
        &Auth::Forward,
    )
}

fn shows(method: &str, path: &str, authorization: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway\r\n{authorization}Content-Length: {}\r\n\
         Content-Type: application/scim+json\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarding_route_hands_on_what_the_client_sent_and_mixes_no_two_clients() {
    let upstream = Scripted::start(|_, seen| {
        let shown = header(seen, "authorization").unwrap_or("nobody").to_owned();
        ok(&user(&shown.replace(' ', "-")))
    })
    .await;
    let gateway = forwarding(&upstream.url);
    for path in ["/t/scim/v2/Users/1", "/p/scim/v2/Users/1"] {
        for shown in ["Bearer ann:1", "Bearer bob", "Basic dTpw"] {
            let line = format!("Authorization: {shown}\r\n");
            let answer = send(gateway.address, &shows("GET", path, &line, "")).await;
            assert_eq!(status(&answer), 200, "{answer}");
            assert!(answer.contains(&shown.replace(' ', "-")), "{answer}");
        }
        let answer = send(gateway.address, &shows("GET", path, "", "")).await;
        assert!(answer.contains("nobody"), "{answer}");
        let before = upstream.requests().len();
        let line = "Authorization: NTLM TlRM\r\n";
        let answer = send(gateway.address, &shows("GET", path, line, "")).await;
        assert_eq!(status(&answer), 401, "{answer}");
        assert_eq!(upstream.requests().len(), before, "a scheme of connections stays here");
    }
    assert!(!gateway.log.lines().join("").contains("ann:1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarding_route_answers_401_and_403_as_the_upstream_means_them() {
    let upstream = Scripted::start(|_, seen| {
        let code = if seen.contains("Bearer weak") { "403 Forbidden" } else { "401 Unauthorized" };
        let answer = format!(
            "HTTP/1.1 {code}\r\nWWW-Authenticate: Bearer realm=\"theirs\"\r\n\
             Content-Length: 2\r\n\r\n{{}}"
        );
        Some(answer.into_bytes())
    })
    .await;
    let gateway = forwarding(&upstream.url);
    for (shown, code) in [("weak", 403), ("strange", 401)] {
        let line = format!("Authorization: Bearer {shown}\r\n");
        for path in ["/t/scim/v2/Users/1", "/p/scim/v2/Users/1"] {
            let answer = send(gateway.address, &shows("GET", path, &line, "")).await;
            assert_eq!(status(&answer), code, "{answer}");
            let challenge = header(&answer, "www-authenticate");
            assert_eq!(challenge, Some("Bearer realm=\"theirs\""), "{answer}");
        }
        let answer = send(gateway.address, &shows("GET", "/t/scim/v2/Users/1", &line, "")).await;
        assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_sent_once_more_after_a_401_with_the_secret_that_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "0ld").unwrap();
    let upstream = Scripted::start(|_, seen| {
        if seen.contains("Bearer n3w\r\n") { ok("{\"a\":1}") } else { unauthorized() }
    })
    .await;
    let keys = format!("auth = {{ bearer = {{ file = \"{}\" }} }}", path.display());
    let who = identity(&upstream.url, &keys, &Arc::default());
    let calls = Arc::new(signed(&upstream.url, who.clone()));
    let stream = Handler::Stream {
        remote: Arc::new(remote(&upstream.url)),
        resilience: care(),
        identity: Some(who),
    };
    let gateway = gateway([Handler::Translate(calls), stream], &Auth::None);
    let line = "Authorization: Bearer the-clients-own\r\n";
    let ask = || shows("POST", "/p/scim/v2/Users", line, "{\"userName\":\"b\"}");
    let answer = send(gateway.address, &ask()).await;
    assert_eq!(status(&answer), 401, "{answer}");
    assert_eq!(upstream.requests().len(), 1, "the same secret is not sent twice");
    std::fs::write(&path, "n3w").unwrap();
    let answer = send(gateway.address, &ask()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let seen = upstream.requests();
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen[2].contains("{\"userName\":\"b\"}"), "{seen:?}");
    assert!(!seen.join("").contains("the-clients-own"), "{seen:?}");
}

/// One throttled caller of a route that forwards held everybody's calls.
#[tokio::test(flavor = "multi_thread")]
async fn what_holds_one_clients_calls_back_holds_no_others() {
    let upstream = Scripted::start(|_, seen| match header(seen, "authorization") {
        Some("Bearer busy") => {
            Some(b"HTTP/1.1 429 Slow\r\nRetry-After: 50\r\nContent-Length: 0\r\n\r\n".to_vec())
        }
        _ => ok(&user("ann")),
    })
    .await;
    let (shared, care) = (Arc::new(remote(&upstream.url)), care());
    let calls = Resilient::new(shared.clone(), care.clone()).of_strangers();
    let ways = [
        Handler::Forward(Arc::new(calls)),
        Handler::Stream { remote: shared, resilience: care, identity: None },
    ];
    let gateway = gateway(ways, &Auth::Forward);
    let ask = |path: &'static str, who: &'static str| {
        let bytes = shows("GET", path, &format!("Authorization: Bearer {who}\r\n"), "");
        let address = gateway.address;
        async move { status(&send(address, &bytes).await) }
    };
    for path in ["/t/scim/v2/Users/1", "/p/scim/v2/Users/1"] {
        assert_eq!(ask(path, "busy").await, 429, "{path}");
        assert_eq!(ask(path, "busy").await, 429, "{path}");
        assert_eq!(ask(path, "other").await, 200, "{path}");
    }
    let sent = upstream.requests();
    let busy = sent.iter().filter(|seen| seen.contains("Bearer busy")).count();
    assert_eq!(busy, 1, "the gateway itself holds it, on both routes");
}

/// A gateway that forwards, in front of this upstream with this care; and the gateway's own calls to it.
fn careful(url: &str, settings: &settings::Care, log: &Arc<Log>) -> (Running, Resilient) {
    let (shared, observer) = (Arc::new(remote(url)), log.clone() as Arc<dyn Observer>);
    let care = Arc::new(Resilience::new("up", settings, observer));
    let own = Resilient::new(shared.clone(), care.clone());
    let calls = Resilient::new(shared.clone(), care.clone()).of_strangers();
    let ways = [
        Handler::Forward(Arc::new(calls)),
        Handler::Stream { remote: shared, resilience: care, identity: None },
    ];
    (gateway(ways, &Auth::Forward), own)
}

/// What the upstream said to one client's credential opened the breaker for all.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_one_clients_credential_costs_no_other_ones_calls() {
    let upstream = Scripted::start(|_, seen| match header(seen, "authorization") {
        Some(who) if who.contains("503") => {
            Some(b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n".to_vec())
        }
        Some(who) if who.contains("cut") => None,
        Some(who) if who.contains("slow") => Some(Vec::new()),
        _ => ok(&user("ann")),
    })
    .await;
    let breaker = settings::Breaker { failures: 3, least: 4, ..settings::Breaker::default() };
    let retries = settings::Retries { most: 0, ..settings::Retries::default() };
    let settings = settings::Care { breaker: Some(breaker), retries, ..settings::Care::ordinary() };
    let log = Arc::<Log>::default();
    let (gateway, own) = careful(&upstream.url, &settings, &log);
    let ask = |path: &'static str, who: String| {
        let bytes = shows("GET", path, &format!("Authorization: Bearer {who}\r\n"), "");
        let address = gateway.address;
        async move { send(address, &bytes).await }
    };
    for (name, path) in [("t", "/t/scim/v2/Users/1"), ("p", "/p/scim/v2/Users/1")] {
        for kind in ["503", "cut", "slow"] {
            let who = format!("{kind}-{name}");
            for _ in 0..8 {
                let answer = ask(path, who.clone()).await;
                assert!([502, 503, 504].contains(&status(&answer)), "{who}: {answer}");
            }
            let seen = upstream.requests();
            let seen = seen.iter().filter(|seen| seen.contains(&who)).count();
            assert!((3..=5).contains(&seen), "{who} is left alone after a while: {seen}");
            let last = ask(path, who.clone()).await;
            assert_eq!(status(&last), 503, "{last}");
            assert!(header(&last, "retry-after").is_some() && last.contains("nothing was sent"));
            assert_eq!(status(&ask(path, "other".to_owned()).await), 200, "{who}");
            let call = own.call(Request::new(Method::GET, "/Users/1")).await;
            assert_eq!(call.unwrap().status, 200, "the gateway's own: {who}");
        }
    }
    let events = log.events();
    let opened = |event: &Event| matches!(event, Event::Breaker { .. });
    assert!(!events.iter().any(opened), "{events:?}");
    let refused = |event: &&Event| matches!(event, Event::Refused { reason: Reason::Stranger, .. });
    assert!(events.iter().filter(refused).count() >= 6, "{events:?}");
}

/// What is nobody's own opens it still.
#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_takes_no_connection_is_left_alone_by_all() {
    let breaker = settings::Breaker { failures: 3, ..settings::Breaker::default() };
    let retries = settings::Retries { most: 0, ..settings::Retries::default() };
    let settings = settings::Care { breaker: Some(breaker), retries, ..settings::Care::ordinary() };
    let (log, nobody) = (Arc::<Log>::default(), crate::harness::free_port());
    let (gateway, _) = careful(&format!("http://{nobody}"), &settings, &log);
    for (number, path) in ["/t/scim/v2/Users/1", "/p/scim/v2/Users/1"].repeat(2).iter().enumerate()
    {
        let line = format!("Authorization: Bearer {number}\r\n");
        send(gateway.address, &shows("GET", path, &line, "")).await;
    }
    let opened = log.events().iter().filter(|e| matches!(e, Event::Breaker { .. })).count();
    assert_eq!(opened, 1, "{:?}", log.events());
}

/// One client's failing calls spent the retries of all.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_client_has_asked_again_is_its_own() {
    let met = std::sync::Mutex::new(std::collections::HashSet::new());
    let upstream = Scripted::start(move |_, seen| match header(seen, "authorization") {
        // Each of these is answered when it comes again.
        Some(who) if who.contains("twice") && !met.lock().unwrap().insert(who.to_owned()) => {
            ok(&user("ann"))
        }
        _ => Some(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n".to_vec()),
    })
    .await;
    let pause = std::time::Duration::from_millis(1);
    let retries = settings::Retries { pause, ..settings::Retries::default() };
    let settings = settings::Care { breaker: None, retries, ..settings::Care::ordinary() };
    let log = Arc::<Log>::default();
    let (gateway, _) = careful(&upstream.url, &settings, &log);
    let ask = |who: String| {
        let line = format!("Authorization: Bearer {who}\r\n");
        let bytes = shows("GET", "/t/scim/v2/Users/1", &line, "");
        let address = gateway.address;
        async move { status(&send(address, &bytes).await) }
    };
    let spent = || {
        let budget = |e: &&Event| matches!(e, Event::Refused { reason: Reason::Budget, .. });
        log.events().iter().filter(budget).count()
    };
    while spent() < 3 {
        assert_eq!(ask("bad".to_owned()).await, 502);
    }
    for number in 0..3 {
        assert_eq!(ask(format!("twice-{number}")).await, 200, "{number}");
    }
}

/// Whoever asked decided that spans are kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_not_decide_what_is_sampled() {
    let upstream = Scripted::start(|_, _| ok(&user("ann"))).await;
    let gateway = forwarding(&upstream.url);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let line = format!("traceparent: 00-{trace}-b7ad6b7169203331-01\r\n");
    for path in ["/t/scim/v2/Users/1", "/p/scim/v2/Users/1"] {
        send(gateway.address, &shows("GET", path, &line, "")).await;
    }
    for seen in upstream.requests() {
        let parent = header(&seen, "traceparent").unwrap();
        assert!(parent.contains(trace) && parent.ends_with("-00"), "{parent}");
    }
    assert_eq!(upstream.requests().len(), 2);
}
