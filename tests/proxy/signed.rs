//! Signed tokens of an issuer: what is taken, what is not, and what becomes of requests when the
//! issuer's keys cannot be read.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use scim_gateway::config::{Credential, Jwt, KeyPlace, KeySource, Proof};
use scim_gateway::serve::{Handler, RouteEntry};
use serde_json::{Value, json};

use crate::harness::{
    Running, Scripted, callers, care, header, launch, ok, plain_route, remote, send, status,
    tls_file,
};

const ISSUER: &str = "https://issuer.example/tenant/";

/// An issuer with a key of each kind.
pub struct Issuer {
    rsa: RsaKeyPair,
    curve: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
}

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let pem = std::fs::read_to_string(tls_file("issuer.pem")).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let curve =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let curve = curve.as_ref();
        let edwards = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Self {
            rsa: RsaKeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap(),
            curve: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, curve, &random)
                .unwrap(),
            edwards: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).unwrap(),
        }
    }

    fn modulus(&self) -> Vec<u8> {
        ring::rsa::PublicKeyComponents::<Vec<u8>>::from(self.rsa.public()).n
    }

    /// The set that it publishes, beside keys that are of no use here.
    pub fn set(&self) -> Value {
        let point = self.curve.public_key().as_ref();
        json!({"keys": [
            {"kty": "new", "kid": "future", "x": 1},
            {"kty": "oct", "kid": "shared", "alg": "HS256", "k": b64("a-secret-for-both")},
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": b64(self.modulus()), "e": "AQAB"},
            {"kty": "RSA", "kid": "locked", "use": "enc", "n": b64(self.modulus()), "e": "AQAB"},
            {"kty": "EC", "kid": "ec", "alg": "ES256", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])},
            {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": b64(self.edwards.public_key().as_ref())},
        ]})
    }

    pub fn token(&self, algorithm: &str, header: Value, claims: &Value) -> String {
        let mut head = json!({"alg": algorithm, "typ": "JWT"});
        for (name, value) in header.as_object().unwrap() {
            head[name] = value.clone();
        }
        let message = format!("{}.{}", b64(head.to_string()), b64(claims.to_string()));
        let random = SystemRandom::new();
        let mut rsa = vec![0; self.rsa.public().modulus_len()];
        let signature = match algorithm {
            "RS256" => {
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut rsa).unwrap();
                rsa
            }
            "PS256" => {
                self.rsa.sign(&RSA_PSS_SHA256, &random, message.as_bytes(), &mut rsa).unwrap();
                rsa
            }
            "ES256" => self.curve.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            "EdDSA" => self.edwards.sign(message.as_bytes()).as_ref().to_vec(),
            "HS256" => {
                // With the public key as if it were a shared secret.
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &self.modulus());
                ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{message}.{}", b64(signature))
    }
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": "scim", "sub": "private-subject", "appid": "client-1", "exp": now() + 300, "nbf": now() - 5})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn gateway(upstream: &str, place: KeyPlace) -> Running {
    let hour = Duration::from_secs(3600);
    let jwt = Jwt {
        issuer: ISSUER.into(),
        audience: vec!["other".into(), "scim".into()],
        keys: KeySource { place, refresh: hour, keep: hour },
        algorithms: ["RS256", "PS256", "ES256", "EdDSA"].map(str::to_owned).into(),
        claims: BTreeMap::from([("appid".into(), vec!["client-0".into(), "client-1".into()])]),
    };
    let listed = callers(vec![Credential { name: "issuer".into(), proof: Proof::Jwt(jwt) }]);
    let way = Handler::Stream {
        remote: Arc::new(remote(upstream)),
        resilience: care(),
        identity: Some(crate::harness::bearer()),
    };
    let door = RouteEntry::new(listed, way);
    launch(vec![plain_route("/j")], HashMap::from([("/j".to_owned(), door)]), None)
}

fn file(directory: &Path, issuer: &Issuer) -> KeyPlace {
    let path = directory.join("keys.json");
    std::fs::write(&path, issuer.set().to_string()).unwrap();
    KeyPlace::File(path)
}

async fn show(gateway: &Running, token: &str) -> String {
    let text = format!(
        "GET /j/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    send(gateway.address, text.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_issuer_lets_in_and_nothing_like_it_does() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, issuer) = (tempfile::tempdir().unwrap(), Issuer::new());
    let gateway = gateway(&service.url, file(directory.path(), &issuer));
    let kid = |name: &str| json!({"kid": name});
    for (algorithm, name) in [("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "ec"), ("EdDSA", "ed")]
    {
        let token = issuer.token(algorithm, kid(name), &claims());
        assert_eq!(status(&show(&gateway, &token).await), 200, "{algorithm}");
    }
    let good = |claims: Value| issuer.token("ES256", kid("ec"), &claims);
    let taken = [
        ("a list of audiences", good(with("aud", json!(["a", "scim"])))),
        ("a clock that is 20 s behind", good(with("exp", json!(now() - 20)))),
        ("the only key that fits", issuer.token("ES256", json!({}), &claims())),
    ];
    for (name, token) in taken {
        assert_eq!(status(&show(&gateway, &token).await), 200, "{name}");
    }
    let (head, tail) =
        good(claims()).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let changed = b64(with("appid", json!("client-0")).to_string());
    let [first, _, last]: [&str; 3] = [head.split('.').next().unwrap(), "", tail.as_str()];
    let stranger = Issuer::new();
    let refused = [
        ("expired", good(with("exp", json!(now() - 120))), 401),
        ("not yet valid", good(with("nbf", json!(now() + 120))), 401),
        ("no end", good(without("exp")), 401),
        ("an end that is no number", good(with("exp", json!("never"))), 401),
        ("another audience", good(with("aud", json!("scim2"))), 401),
        ("no audience", good(without("aud")), 401),
        ("another issuer", good(with("iss", json!("https://issuer.example/tenant"))), 401),
        ("several issuers", good(with("iss", json!([ISSUER, "x"]))), 401),
        ("no issuer", good(without("iss")), 401),
        ("another holder", good(with("appid", json!("client-2"))), 403),
        ("no holder", good(without("appid")), 403),
        ("unsigned", issuer.token("none", json!({}), &claims()), 401),
        ("unsigned, with a key", issuer.token("none", kid("ec"), &claims()), 401),
        ("signed with the public key", issuer.token("HS256", kid("rsa"), &claims()), 401),
        ("signed with a shared key", issuer.token("HS256", kid("shared"), &claims()), 401),
        ("an algorithm that is not allowed", issuer.token("RS512", kid("rsa"), &claims()), 401),
        ("a key of another kind", issuer.token("ES256", kid("rsa"), &claims()), 401),
        ("a key for something else", issuer.token("RS256", kid("locked"), &claims()), 401),
        ("a key that is not there", issuer.token("ES256", kid("gone"), &claims()), 401),
        ("another's key", stranger.token("ES256", kid("ec"), &claims()), 401),
        (
            "its own key",
            stranger.token("ES256", json!({"jwk": stranger.set()["keys"][4]}), &claims()),
            401,
        ),
        (
            "a critical header",
            issuer.token("ES256", json!({"kid": "ec", "crit": ["x"], "x": 1}), &claims()),
            401,
        ),
        ("other claims", format!("{first}.{changed}.{last}"), 401),
        ("no signature", format!("{head}."), 401),
        ("five parts", format!("a.{head}.{tail}.b"), 401),
        ("no base64", format!("{head}.{tail}!"), 401),
        ("claims that are no object", issuer.token("ES256", kid("ec"), &json!([1])), 401),
    ];
    for (name, token, wanted) in refused {
        // Each from a table of its own: what is counted is another test's matter.
        let answer = show(&gateway, &token).await;
        assert_eq!(status(&answer), wanted, "{name}: {answer}");
        assert!(!answer.contains("private-subject") && !answer.contains("client-"), "{answer}");
    }
    let log = gateway.log.lines().join("\n");
    assert!(!log.contains("private-subject") && !log.contains(first), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_once_for_all_requests() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let issuer = Arc::new(Issuer::new());
    let set = issuer.set().to_string();
    let keys = Scripted::start(move |_, _| ok(&set)).await;
    let url = format!("{}/keys?appid=1", keys.url).parse().unwrap();
    let gateway = Arc::new(gateway(&service.url, KeyPlace::Url { url, ca: None }));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (gateway, issuer) = (gateway.clone(), issuer.clone());
        all.spawn(async move {
            let token = issuer.token("EdDSA", json!({"kid": "ed"}), &claims());
            status(&show(&gateway, &token).await)
        });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    // Names of keys that nobody has do not ask the issuer again and again; nor are they guesses, since
    // the issuer may have such a key by now.
    for number in 0..40 {
        let token = issuer.token("EdDSA", json!({"kid": format!("k{number}")}), &claims());
        let answer = show(&gateway, &token).await;
        assert_eq!(status(&answer), 503, "{answer}");
        assert!(header(&answer, "retry-after").is_some(), "{answer}");
    }
    let requests = keys.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(requests[0].starts_with("GET /base/keys?appid=1 HTTP/1.1"), "{requests:?}");
    assert!(!requests[0].to_ascii_lowercase().contains("authorization"), "{requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_the_answer_is_503_within_a_bounded_time() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let issuer = Issuer::new();
    let token = issuer.token("EdDSA", json!({"kid": "ed"}), &claims());
    let set = issuer.set().to_string();
    let moved = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    let huge = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(600 << 10));
    let failed = format!("HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{set}", set.len());
    for (name, answer) in [
        ("silence", Some(Vec::new())),
        ("closed", None),
        ("a redirection", Some(moved.as_bytes().to_vec())),
        ("a failure", Some(failed.into_bytes())),
        ("garbage", ok("<html>")),
        ("no keys", ok("{\"keys\":[]}")),
        ("too large", ok(&huge)),
    ] {
        let keys = Scripted::start(move |_, _| answer.clone()).await;
        let url = keys.url.parse().unwrap();
        let gateway = gateway(&service.url, KeyPlace::Url { url, ca: None });
        for _ in 0..2 {
            let began = Instant::now();
            let answer = show(&gateway, &token).await;
            assert_eq!(status(&answer), 503, "{name}: {answer}");
            assert!(header(&answer, "retry-after").is_some(), "{name}: {answer}");
            assert!(began.elapsed() < Duration::from_millis(3_900), "{name}");
            assert!(!answer.contains("127.0.0.1"), "{name}: {answer}");
        }
        assert_eq!(keys.requests().len(), 1, "{name}: not again at once");
    }
    assert!(service.requests().is_empty());
}
