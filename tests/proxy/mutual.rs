//! Mutual TLS toward an upstream: the certificate that it sees, and a new one after its files changed.

use std::path::Path;
use std::sync::{Arc, Mutex};

use http::Method;
use pingora::tls::{
    RootCertStore, ServerConfig, TlsAcceptor, WebPkiClientVerifier,
    install_default_crypto_provider, load_ca_file_into_store, load_certs_and_key_files,
};
use scim_gateway::config::CertificatePair;
use scim_gateway::exchange::Upstream;
use scim_gateway::outbound::Certificate;
use scim_gateway::scim::http::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::harness::{Log, identity, read_request, signed, tls_file};
use crate::identity::until;

/// An HTTP/1.1 service that demands a client certificate, and keeps the one of each request.
struct Strict {
    url: String,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Strict {
    async fn start() -> Self {
        install_default_crypto_provider();
        let mut roots = RootCertStore::empty();
        load_ca_file_into_store(tls_file("client-ca.pem"), &mut roots).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let [cert, key] = ["cert.pem", "key.pem"].map(|n| tls_file(n).display().to_string());
        let (chain, key) = load_certs_and_key_files(&cert, &key).unwrap().unwrap();
        let config = ServerConfig::builder().with_client_cert_verifier(verifier);
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
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
                    let mut buffer = Vec::new();
                    while read_request(&mut stream, &mut buffer).await.is_some() {
                        kept.lock().unwrap().push(shown.clone());
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        Self { url, seen }
    }
}

fn der(name: &str) -> Vec<u8> {
    let [cert, key] = ["pem", "key"].map(|end| tls_file(&format!("{name}.{end}")));
    let (cert, key) = (cert.display().to_string(), key.display().to_string());
    load_certs_and_key_files(&cert, &key).unwrap().unwrap().0[0].to_vec()
}

fn copy(name: &str, folder: &Path) {
    for end in ["pem", "key"] {
        std::fs::copy(tls_file(&format!("{name}.{end}")), folder.join(format!("a.{end}"))).unwrap();
    }
}

fn get() -> Request {
    Request::new(Method::GET, "/v2/Users")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_shown_and_a_new_one_has_its_own_connections() {
    let folder = tempfile::tempdir().unwrap();
    copy("client-one", folder.path());
    let strict = Strict::start().await;
    let at = folder.path().display();
    let keys = format!("client_cert = {{ cert = \"{at}/a.pem\", key = \"{at}/a.key\" }}");
    let log = Arc::new(Log::default());
    let signed = signed(&strict.url, identity(&strict.url, &keys, &log));
    for _ in 0..2 {
        assert_eq!(signed.call(get()).await.unwrap().status, 200);
    }
    // A key that is not the certificate's: the old pair stays.
    std::fs::copy(tls_file("client-two.key"), folder.path().join("a.key")).unwrap();
    until(|| log.told().iter().any(|line| line.contains("failed"))).await;
    assert_eq!(signed.call(get()).await.unwrap().status, 200);
    // The same subject and the same serial number: what a pool by serial numbers would mix up.
    copy("client-two", folder.path());
    until(|| log.told().iter().any(|line| line.contains("changed"))).await;
    assert_eq!(signed.call(get()).await.unwrap().status, 200);
    let (one, two) = (der("client-one"), der("client-two"));
    assert_eq!(*strict.seen.lock().unwrap(), [&one, &one, &one, &two].map(Clone::clone));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_certificate_nothing_gets_through() {
    let strict = Strict::start().await;
    let signed = signed(&strict.url, identity(&strict.url, "", &Arc::default()));
    assert!(signed.call(get()).await.is_err());
    assert_eq!(strict.seen.lock().unwrap().len(), 0);
}

#[test]
fn a_pair_that_cannot_be_used_is_told_and_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = |name: &str, kind: &str| {
        let path = folder.path().join(name);
        let text = format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n");
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (garbage("c", "CERTIFICATE"), garbage("k", "PRIVATE KEY"));
    let (one, two) = (tls_file("client-one.pem"), tls_file("client-two.key"));
    let none = folder.path().join("none");
    let pairs =
        [(&one, &two), (&cert, &two), (&one, &key), (&none, &two), (&one, &none), (&two, &one)];
    for (cert, key) in pairs {
        let files = CertificatePair { cert: cert.clone(), key: key.clone() };
        assert!(Certificate::read(&files).is_err(), "{files:?}");
    }
}
