//! How the gateway shows a token endpoint which client it is without a secret: assertions that it signs
//! (RFC 7523), and its certificate (RFC 8705).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use pingora::tls::load_certs_and_key_files;
use rcgen::{DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use scim_gateway::exchange::Upstream;
use scim_gateway::fault::Cause;
use scim_gateway::outbound::Authenticated;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use x509_parser::der_parser::der::parse_der;

use crate::authority::Authority;
use crate::harness::{Log, Scripted, header, identity, ok, read_request, signed, tls_file};
use crate::identity::{get, post, unauthorized, until};
use crate::signed::now;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An answer of a token endpoint with this token.
fn token(token: &str) -> Option<Vec<u8>> {
    let body =
        format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}");
    json("200 OK", &body)
}

fn json(status: &str, body: &str) -> Option<Vec<u8>> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
    Some(format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes())
}

/// The parameters of a token request (RFC 6749 section 4.4.2), none of which may be there twice.
fn form(request: &str) -> BTreeMap<String, String> {
    let body = request.split("\r\n\r\n").nth(1).unwrap();
    let mut all = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body.as_bytes()).into_owned() {
        assert!(all.insert(name, value).is_none(), "{body}");
    }
    all
}

/// Header and claims of an assertion, and that its signature is good.
fn verified(jwt: &str, by: &'static dyn VerificationAlgorithm, public: &[u8]) -> (Value, Value) {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(by, public);
    assert!(key.verify(message.as_bytes(), &part(signature)).is_ok(), "{jwt}");
    let (head, claims) = message.split_once('.').unwrap();
    let read = |text| serde_json::from_slice(&part(text)).unwrap();
    (read(head), read(claims))
}

fn pem(kind: &str, der: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

/// What a PKCS#8 key wraps (RFC 5958): PKCS#1 of an RSA key, SEC1 of an elliptic curve's.
fn unwrapped(der: &[u8]) -> Vec<u8> {
    let (_, key) = parse_der(der).unwrap();
    key.as_sequence().unwrap()[2].as_slice().unwrap().to_vec()
}

fn rsa() -> (Vec<u8>, Vec<u8>) {
    let pem = std::fs::read_to_string(tls_file("issuer.pem")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_STANDARD.decode(body).unwrap();
    let public = RsaKeyPair::from_pkcs8(&der).unwrap().public().as_ref().to_vec();
    (der, public)
}

fn client(endpoint: &str, key: &Path, terms: &str) -> String {
    format!(
        "[upstream.up.auth.oauth]\ntoken_url = \"{endpoint}\"\nclient_id = \"wor ker\"\n\
         private_key_jwt = {{ key = {{ file = \"{}\" }}{terms} }}\n",
        key.display()
    )
}

fn gateway(upstream: &str, keys: &str, log: &Arc<Log>) -> Authenticated {
    signed(upstream, identity(upstream, keys, log))
}

/// A key, which algorithm is asked of it and which it comes to, and what its signatures are held against.
struct Case {
    pem: String,
    asked: &'static str,
    algorithm: &'static str,
    by: &'static dyn VerificationAlgorithm,
    public: Vec<u8>,
}

// RFC 7523 sections 2.2 and 3; RFC 7518 section 3.1; OpenID Connect Core section 9.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_signs_an_assertion_for_each_token_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let (rsa, rsa_public) = rsa();
    let p256 = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let edwards = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let (pkcs_8, pkcs_1) = (pem("PRIVATE KEY", &rsa), pem("RSA PRIVATE KEY", &unwrapped(&rsa)));
    let sec_1 = |key: &KeyPair| pem("EC PRIVATE KEY", &unwrapped(&key.serialize_der()));
    // As a tool may write it: what the curve is, before the key.
    let parameters = pem("EC PARAMETERS", &[6, 8, 42, 134, 72, 206, 61, 3, 1, 7]);
    let rsa = |pem: &str, asked, algorithm, by| Case {
        pem: pem.to_owned(),
        asked,
        algorithm,
        by,
        public: rsa_public.clone(),
    };
    let curve = |pem: String, asked, algorithm, by, key: &KeyPair| Case {
        pem,
        asked,
        algorithm,
        by,
        public: key.public_key_raw().to_vec(),
    };
    let behind = format!("{parameters}{}", sec_1(&p256));
    let cases = [
        rsa(&pkcs_8, "", "RS256", &RSA_PKCS1_2048_8192_SHA256),
        rsa(&pkcs_8, "PS256", "PS256", &RSA_PSS_2048_8192_SHA256),
        rsa(&pkcs_8, "RS512", "RS512", &RSA_PKCS1_2048_8192_SHA512),
        rsa(&pkcs_1, "RS256", "RS256", &RSA_PKCS1_2048_8192_SHA256),
        curve(p256.serialize_pem(), "", "ES256", &ECDSA_P256_SHA256_FIXED, &p256),
        curve(sec_1(&p256), "ES256", "ES256", &ECDSA_P256_SHA256_FIXED, &p256),
        curve(behind, "", "ES256", &ECDSA_P256_SHA256_FIXED, &p256),
        curve(p384.serialize_pem(), "", "ES384", &ECDSA_P384_SHA384_FIXED, &p384),
        curve(sec_1(&p384), "", "ES384", &ECDSA_P384_SHA384_FIXED, &p384),
        curve(edwards.serialize_pem(), "", "EdDSA", &ED25519, &edwards),
    ];
    let mut seen = BTreeSet::new();
    for Case { pem, asked, algorithm, by, public } in cases {
        std::fs::write(&path, pem).unwrap();
        let endpoint = Scripted::start(|number, _| token(&format!("t-{number}"))).await;
        // The first token is refused, so that there are two requests.
        let upstream =
            Scripted::start(
                |_, request: &str| {
                    if request.contains("Bearer t-1") { ok("{}") } else { unauthorized() }
                },
            )
            .await;
        let asked =
            if asked.is_empty() { String::new() } else { format!(", algorithm = \"{asked}\"") };
        let keys = client(&endpoint.url, &path, &asked);
        let keys = format!("{keys}scope = \"scim\"\nparams = {{ resource = \"urn:r\" }}\n");
        let signed = gateway(&upstream.url, &keys, &Arc::default());
        assert_eq!(signed.call(post()).await.unwrap().status, StatusCode::OK, "{algorithm}");
        let requests = endpoint.requests();
        assert_eq!(requests.len(), 2, "{requests:?}");
        for request in &requests {
            assert_eq!(header(request, "authorization"), None, "{request}");
            let mut form = form(request);
            let assertion = form.remove("client_assertion").unwrap();
            let rest: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
            let wanted = [
                ("client_assertion_type", TYPE),
                ("client_id", "wor ker"),
                ("grant_type", "client_credentials"),
                ("resource", "urn:r"),
                ("scope", "scim"),
            ];
            assert_eq!(rest, wanted);
            let (head, claims) = verified(&assertion, by, &public);
            assert_eq!((&head["alg"], &head["kid"]), (&Value::from(algorithm), &Value::Null));
            let id = Value::from("wor ker");
            assert_eq!((&claims["iss"], &claims["sub"]), (&id, &id));
            assert_eq!(claims["aud"], Value::from(endpoint.url.as_str()));
            let [issued, ends] = ["iat", "exp"].map(|name| claims[name].as_u64().unwrap());
            assert!(issued.abs_diff(now()) < 30 && (1..=60).contains(&(ends - issued)), "{claims}");
            let jti = claims["jti"].as_str().unwrap();
            assert!(jti.len() >= 16 && seen.insert(jti.to_owned()), "{claims}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kid_and_audience_are_what_the_configuration_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    std::fs::write(&path, key.serialize_pem()).unwrap();
    let endpoint = Scripted::start(|_, _| token("t")).await;
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let terms = ", kid = \"2026-11\", audience = \"https://as.example/tenant\"";
    let signed = gateway(&upstream.url, &client(&endpoint.url, &path, terms), &Arc::default());
    signed.call(get()).await.unwrap();
    let assertion = form(&endpoint.requests()[0]).remove("client_assertion").unwrap();
    let (head, claims) = verified(&assertion, &ECDSA_P256_SHA256_FIXED, key.public_key_raw());
    assert_eq!(head["kid"], "2026-11");
    assert_eq!(claims["aud"], "https://as.example/tenant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_signs_the_next_request_and_one_that_cannot_sign_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let [old, new] = [0, 1].map(|_| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
    std::fs::write(&path, old.serialize_pem()).unwrap();
    // One that knows the new key alone.
    let public = new.public_key_raw().to_vec();
    let endpoint = Scripted::start(move |_, request: &str| {
        let assertion = form(request).remove("client_assertion").unwrap();
        let (message, signature) = assertion.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public);
        match key.verify(message.as_bytes(), &signature) {
            Ok(()) => token("t"),
            Err(_) => json("401 Unauthorized", "{\"error\":\"invalid_client\"}"),
        }
    })
    .await;
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let log = Arc::new(Log::default());
    let keys = client(&endpoint.url, &path, ", algorithm = \"ES256\"");
    let signed = gateway(&upstream.url, &keys, &log);
    let told = |word: &str| log.told().iter().filter(|line| line.contains(word)).count();
    assert_eq!(signed.call(post()).await.unwrap_err().cause, Cause::NoToken);
    until(|| told("\"invalid_client\"") >= 4).await;
    // No key, an encrypted one, half of one, one of another kind: none takes its place.
    let half = new.serialize_pem().replace("-----END", "A-----END");
    let edwards = KeyPair::generate_for(&PKCS_ED25519).unwrap().serialize_pem();
    let locked = pem("ENCRYPTED PRIVATE KEY", &new.serialize_der());
    for broken in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        &locked,
        &half,
        &edwards,
    ] {
        std::fs::write(&path, broken).unwrap();
        assert!(signed_identity_refuses(&keys, &upstream.url), "{broken}");
    }
    until(|| told("SecretReload") >= 1 && told("\"failed\"") >= 1).await;
    assert_eq!(told("\"changed\""), 0, "{:?}", log.told());
    let before = endpoint.requests().len();
    std::fs::write(&path, new.serialize_pem()).unwrap();
    until(|| told("\"changed\"") == 1).await;
    let known = Instant::now();
    while signed.call(post()).await.is_err() {
        assert!(known.elapsed() < Duration::from_secs(3), "{:?}", log.told());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(endpoint.requests().len() > before);
    let told = log.told().join("\n");
    assert!(!told.contains("PRIVATE") && !told.contains("eyJ"), "{told}");
}

/// Whether a configuration with this client is refused where it stands.
fn signed_identity_refuses(keys: &str, upstream: &str) -> bool {
    std::panic::catch_unwind(|| crate::harness::configured(upstream, keys)).is_err()
}

/// A service on TLS that takes clients' certificates of one authority: a token endpoint whose tokens are
/// bound to the certificate, and the resource server that holds them to it (RFC 8705 section 3).
struct Bound {
    url: String,
    /// The certificate's hash, and the request.
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Bound {
    async fn start(clients: &Authority) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(clients.store(), provider.clone());
        let [cert, key] = ["cert.pem", "key.pem"].map(|n| tls_file(n).display().to_string());
        let (chain, key) = load_certs_and_key_files(&cert, &key).unwrap().unwrap();
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_client_cert_verifier(verifier.build().unwrap());
        let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), kept.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
                    let hash = hex::encode(Sha256::digest(shown));
                    let mut buffer = Vec::new();
                    while let Some(request) = read_request(&mut stream, &mut buffer).await {
                        let fits =
                            header(&request, "authorization") == Some(&format!("Bearer {hash}"));
                        let answer = match request.starts_with("POST /token ") {
                            true => token(&hash),
                            false if fits => ok("{}"),
                            false => unauthorized(),
                        };
                        kept.lock().unwrap().push((hash.clone(), request));
                        if stream.write_all(&answer.unwrap()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, seen }
    }

    fn seen(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().clone()
    }
}

// RFC 8705 sections 2 and 3.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_alone_shows_the_client_and_a_renewed_one_has_tokens_of_its_own() {
    let clients = Authority::new("clients");
    let folder = tempfile::tempdir().unwrap();
    let renew = || {
        let pair = clients.issue(&[(DnType::CommonName, "gateway")], Vec::new());
        pair.files(folder.path(), "own");
        hex::encode(Sha256::digest(&pair.chain[0]))
    };
    let first = renew();
    let (endpoint, upstream) = (Bound::start(&clients).await, Bound::start(&clients).await);
    let at = folder.path().display();
    let pair = format!("client_cert = {{ cert = \"{at}/own.pem\", key = \"{at}/own-key.pem\" }}\n");
    let keys = format!(
        "{pair}[upstream.up.auth.oauth]\ntoken_url = \"{}/token\"\nclient_id = \"worker\"\n{pair}\
         ca = \"{}\"\n",
        endpoint.url,
        tls_file("ca.pem").display()
    );
    let log = Arc::new(Log::default());
    let signed = gateway(&upstream.url, &keys, &log);
    assert_eq!(signed.call(post()).await.unwrap().status, StatusCode::OK);
    let (shown, request) = endpoint.seen().remove(0);
    assert_eq!(shown, first);
    assert_eq!(header(&request, "authorization"), None);
    let form: Vec<_> = form(&request).into_iter().collect();
    let wanted = [("client_id", "worker"), ("grant_type", "client_credentials")];
    assert_eq!(form, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));

    let second = renew();
    let calm = Instant::now();
    // Not one call fails, whichever side is the first to see the new certificate.
    while upstream.seen().last().is_none_or(|(shown, _)| *shown != second) {
        assert_eq!(signed.call(post()).await.unwrap().status, StatusCode::OK);
        assert!(calm.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(signed.call(get()).await.unwrap().status, StatusCode::OK);
    assert_eq!(endpoint.seen().last().unwrap().0, second);
    // Half a pair is none.
    std::fs::write(folder.path().join("own-key.pem"), "no key").unwrap();
    until(|| log.told().iter().any(|line| line.contains("\"failed\""))).await;
    assert_eq!(signed.call(get()).await.unwrap().status, StatusCode::OK);
    assert_eq!(upstream.seen().last().unwrap().0, second);
}

// RFC 8705 section 3: certificates also beside a secret or an assertion.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_shown_beside_a_secret_and_an_assertion() {
    let clients = Authority::new("clients");
    let folder = tempfile::tempdir().unwrap();
    let pair = clients.issue(&[(DnType::CommonName, "gateway")], Vec::new());
    let files = pair.files(folder.path(), "own");
    let hash = hex::encode(Sha256::digest(&pair.chain[0]));
    let (cert, key) = (files.cert.display(), files.key.display());
    for (shown, param) in [
        ("client_secret = { env = \"s3cr3t\" }\nmethod = \"post\"".to_owned(), "client_secret"),
        (format!("private_key_jwt = {{ key = {{ file = \"{key}\" }} }}"), "client_assertion"),
    ] {
        let endpoint = Bound::start(&clients).await;
        let upstream = Scripted::start(|_, _| ok("{}")).await;
        let keys = format!(
            "[upstream.up.auth.oauth]\ntoken_url = \"{}/token\"\nclient_id = \"worker\"\n{shown}\n\
             client_cert = {{ cert = \"{cert}\", key = \"{key}\" }}\nca = \"{}\"\n",
            endpoint.url,
            tls_file("ca.pem").display()
        );
        let signed = gateway(&upstream.url, &keys, &Arc::default());
        signed.call(get()).await.unwrap();
        let (certificate, request) = endpoint.seen().remove(0);
        assert_eq!(certificate, hash);
        assert!(form(&request).contains_key(param), "{request}");
        let bound = format!("Bearer {hash}");
        assert_eq!(header(&upstream.requests()[0], "authorization"), Some(&*bound));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_wants_a_certificate_and_sees_none_gives_no_token() {
    let clients = Authority::new("clients");
    let endpoint = Bound::start(&clients).await;
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let keys = format!(
        "[upstream.up.auth.oauth]\ntoken_url = \"{}/token\"\nclient_id = \"worker\"\n\
         client_secret = {{ env = \"s3cr3t\" }}\nca = \"{}\"\n",
        endpoint.url,
        tls_file("ca.pem").display()
    );
    let log = Arc::new(Log::default());
    let fault = gateway(&upstream.url, &keys, &log).call(get()).await.unwrap_err();
    assert_eq!((fault.cause, fault.status()), (Cause::NoToken, StatusCode::SERVICE_UNAVAILABLE));
    assert!(endpoint.seen().is_empty() && upstream.requests().is_empty());
    let told = log.told().join("\n");
    assert!(told.contains("cut_off") || told.contains("unreachable"), "{told}");
}
