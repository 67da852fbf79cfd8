//! Who is let in by what the Authorization header shows, and how often it may be wrong.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scim_gateway::config::{Credential, Limits, Network, Proof};
use scim_gateway::serve::{Handler, RouteEntry};
use sha2::{Digest, Sha256};

use crate::harness::{
    Running, Scripted, callers, care, header, launch_within, limits, ok, plain_route, remote, send,
    status,
};

fn sha(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn one(name: &str, proof: Proof) -> Credential {
    Credential { name: name.into(), proof }
}

/// `/all` takes every form, `/basic` and `/token` one.
fn gateway(upstream: &str, limits: Limits) -> Running {
    let shared = Arc::new(remote(upstream));
    let door = |listed| {
        RouteEntry::new(
            callers(listed),
            Handler::Stream {
                remote: shared.clone(),
                resilience: care(),
                identity: Some(crate::harness::bearer()),
            },
        )
    };
    let key = Proof::AccessKey { project: "P2project".into(), sha256: sha("K2:key") };
    let all = vec![
        one("old", Proof::Bearer(sha("old-token"))),
        one("new", Proof::Bearer(sha("new-token"))),
        one("legacy", Proof::Basic(sha("user:pass:word"))),
        one("program", key),
    ];
    let doors = HashMap::from([
        ("/all".to_owned(), door(all)),
        ("/basic".to_owned(), door(vec![one("legacy", Proof::Basic(sha("user:pass:word")))])),
        ("/token".to_owned(), door(vec![one("new", Proof::Bearer(sha("new-token")))])),
    ]);
    let specs = ["/all", "/basic", "/token"].map(plain_route).into();
    launch_within(specs, doors, None, limits)
}

fn bytes(path: &str, lines: &[Vec<u8>]) -> Vec<u8> {
    let mut all = format!("GET {path}/v2/Users HTTP/1.1\r\nHost: g\r\n").into_bytes();
    for line in lines {
        all.extend_from_slice(b"Authorization: ");
        all.extend_from_slice(line);
        all.extend_from_slice(b"\r\n");
    }
    all.extend_from_slice(b"Connection: close\r\n\r\n");
    all
}

fn basic(pair: &[u8]) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(pair)).into_bytes()
}

async fn ask(gateway: &Running, path: &str, line: &str) -> String {
    send(gateway.address, &bytes(path, &[line.as_bytes().to_vec()])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_form_lets_in_under_its_name() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let gateway = gateway(&service.url, limits());
    let pair = String::from_utf8(basic(b"user:pass:word")).unwrap();
    for (line, name) in [
        ("Bearer old-token", "old"),
        ("Bearer new-token", "new"),
        ("bEaReR new-token", "new"),
        (&pair, "legacy"),
        ("Bearer P2project:K2:key", "program"),
    ] {
        let answer = ask(&gateway, "/all", line).await;
        assert_eq!(status(&answer), 200, "{line}: {answer}");
        let log = gateway.log.lines().pop().unwrap();
        assert!(log.contains(&format!("credential: Some(\"{name}\")")), "{line}: {log}");
    }
    assert!(service.requests().iter().all(|request| !request.contains("new-token")));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_shown_is_refused_in_the_clients_words_and_kept_nowhere() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let gateway = gateway(&service.url, Limits { attempts: 0, ..limits() });
    let of = |text: &str| text.as_bytes().to_vec();
    let cases: Vec<(&str, Vec<Vec<u8>>, u16)> = vec![
        ("nothing", vec![], 401),
        ("twice the right one", vec![of("Bearer new-token"), of("Bearer new-token")], 401),
        ("two schemes", vec![of("Bearer new-token"), basic(b"user:pass:word")], 401),
        ("no scheme", vec![of("new-token")], 401),
        ("no token", vec![of("Bearer ")], 401),
        ("another scheme", vec![of("Digest new-token")], 401),
        ("a token in quotes", vec![of("Bearer \"new-token\"")], 401),
        ("two tokens", vec![of("Bearer old-token, Bearer new-token")], 401),
        ("not ASCII", vec![b"Bearer new-token\xff\xc3\xa9".to_vec()], 401),
        ("a prefix of it", vec![of("Bearer new-toke")], 401),
        ("its hash", vec![of(&format!("Bearer {}", hex::encode(sha("new-token"))))], 401),
        ("no base64", vec![of("Basic s3cr3t-!!!")], 401),
        ("no colon", vec![basic(b"s3cr3t-user")], 401),
        ("a control character", vec![basic(b"user:pass:word\n")], 401),
        ("another password", vec![basic(b"user:s3cr3t")], 401),
        ("user and password as a token", vec![of("Bearer user:pass:word")], 401),
        ("a token as user and password", vec![basic(b"P2project:K2:key")], 401),
        ("another project", vec![of("Bearer P3project:K2:key")], 401),
        ("another key", vec![of("Bearer P2project:s3cr3t")], 401),
        ("the key alone", vec![of("Bearer K2:key")], 401),
        ("almost a signed token", vec![of("Bearer a.b.c")], 401),
        ("huge", vec![of(&format!("Bearer {}", "x".repeat(15_000)))], 401),
        ("beyond the bound", vec![of(&format!("Bearer {}", "x".repeat(20_000)))], 431),
    ];
    for (name, lines, wanted) in cases {
        let answer = send(gateway.address, &bytes("/all", &lines)).await;
        assert_eq!(status(&answer), wanted, "{name}: {answer}");
        assert!(answer.contains("api:messages:2.0:Error"), "{name}: {answer}");
        for hidden in ["s3cr3t", "new-token", "K2:key", "xxxx"] {
            assert!(!answer.contains(hidden), "{name}: {answer}");
        }
    }
    assert!(service.requests().is_empty(), "{:?}", service.requests());
    let log = gateway.log.lines().join("\n");
    for hidden in ["s3cr3t", "new-token", "K2:key", "pass:word", "xxxx"] {
        assert!(!log.contains(hidden), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_has_one_challenge_for_each_scheme_of_the_route() {
    let gateway = gateway("http://127.0.0.1:1", limits());
    let challenges = |answer: &str| -> Vec<String> {
        let is = |line: &&str| line.to_ascii_lowercase().starts_with("www-authenticate:");
        answer.lines().filter(is).map(|line| line[17..].trim().to_owned()).collect()
    };
    let (bearer, basic) = ("Bearer realm=\"scim\"", "Basic realm=\"scim\", charset=\"UTF-8\"");
    let wrong = "Bearer realm=\"scim\", error=\"invalid_token\"";
    for (path, line, wanted) in [
        ("/all", None, vec![bearer, basic]),
        ("/all", Some("Bearer x"), vec![wrong, basic]),
        ("/basic", None, vec![basic]),
        ("/basic", Some("Bearer x"), vec![basic]),
        ("/token", None, vec![bearer]),
        ("/token", Some("Bearer x"), vec![wrong]),
    ] {
        let lines: Vec<_> = line.iter().map(|line| line.as_bytes().to_vec()).collect();
        let answer = send(gateway.address, &bytes(path, &lines)).await;
        assert_eq!(
            (status(&answer), challenges(&answer)),
            (401, wanted.iter().map(|s| (*s).to_owned()).collect()),
            "{path} {line:?}"
        );
    }
    // A header of a scheme that the route does not take is told what it does.
    let answer = ask(&gateway, "/basic", "Bearer x").await;
    assert!(answer.contains("Basic <base64 of user:password>"), "{answer}");
}

/// A right token cannot be guessed; whoever shared an address with a stranger was locked out.
#[tokio::test(flavor = "multi_thread")]
async fn after_too_many_wrong_ones_a_password_is_not_looked_at_and_a_token_is() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let window = Duration::from_secs(600);
    let gateway =
        gateway(&service.url, Limits { attempts: 3, attempts_window: window, ..limits() });
    for _ in 0..5 {
        let answer = send(gateway.address, &bytes("/token", &[])).await;
        assert_eq!(status(&answer), 401, "showing nothing is no attempt: {answer}");
    }
    let pair = String::from_utf8(basic(b"user:pass:word")).unwrap();
    for path in ["/token", "/basic", "/all"] {
        for wrong in ["Bearer x", "Digest x", "Basic eDp5"] {
            assert_eq!(status(&ask(&gateway, path, wrong).await), 401);
        }
    }
    for (path, shown) in [("/basic", &*pair), ("/all", &*pair), ("/token", "Bearer y")] {
        let answer = ask(&gateway, path, shown).await;
        assert_eq!(status(&answer), 429, "{path}: {answer}");
        let wait: u64 = header(&answer, "retry-after").unwrap().parse().unwrap();
        assert!((590..=600).contains(&wait), "{answer}");
        assert!(answer.contains("api:messages:2.0:Error"), "{answer}");
        assert!(header(&answer, "www-authenticate").is_none(), "{answer}");
    }
    assert!(service.requests().is_empty());
    for path in ["/token", "/all"] {
        assert_eq!(status(&ask(&gateway, path, "Bearer new-token").await), 200, "{path}");
    }
    assert_eq!(status(&ask(&gateway, "/all", "Bearer P2project:K2:key").await), 200);
    let log = gateway.log.lines().join("\n");
    assert!(log.contains("refused: Some(Limited)") && log.contains("refused: Some(Missing)"));
}

/// Behind a proxy every client had the proxy's address.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_whom_a_trusted_proxy_names_and_no_other_names_anybody() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let own = || Network::parse("127.0.0.0/8").unwrap();
    for (trusted_proxies, name) in [
        (vec![own()], "X-Forwarded-For"),
        (vec![own()], "Forwarded"),
        (vec![Network::parse("10.0.0.0/8").unwrap()], "X-Forwarded-For"),
    ] {
        let believed = trusted_proxies == [own()];
        let gateway = gateway(&service.url, Limits { attempts: 2, trusted_proxies, ..limits() });
        let asks = |pair: &'static [u8], hops: &str| {
            let value = match name {
                "Forwarded" => {
                    let hops = hops.split(", ").map(|hop| format!("proto=https;for=\"{hop}\""));
                    hops.collect::<Vec<_>>().join(", ")
                }
                _ => hops.to_owned(),
            };
            let mut bytes = bytes("/basic", &[basic(pair)]);
            let end = bytes.len() - 2;
            bytes.splice(end.., format!("{name}: {value}\r\n\r\n").into_bytes());
            let address = gateway.address;
            async move { status(&send(address, &bytes).await) }
        };
        for _ in 0..2 {
            assert_eq!(asks(b"user:wrong", "198.51.100.1").await, 401);
        }
        let right = b"user:pass:word";
        assert_eq!(asks(right, "198.51.100.1").await, 429, "{name}");
        assert_eq!(asks(right, "198.51.100.2, 198.51.100.1").await, 429, "what a client names");
        assert_eq!(asks(right, "198.51.100.1, 127.0.0.9").await, 429, "a chain of ours");
        let wanted = if believed { 200 } else { 429 };
        assert_eq!(asks(right, "198.51.100.2").await, wanted, "{name} {believed}");
        assert_eq!(asks(right, "198.51.100.1, 198.51.100.2").await, wanted, "{name} {believed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_wrong_ones_where_nothing_is_counted() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let gateway = gateway(&service.url, Limits { attempts: 0, ..limits() });
    for _ in 0..50 {
        assert_eq!(status(&ask(&gateway, "/token", "Bearer x").await), 401);
    }
    assert_eq!(status(&ask(&gateway, "/token", "Bearer new-token").await), 200);
}
