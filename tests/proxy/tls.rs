//! TLS on both edges: a gateway as the upstream of another's calls.

use http::{Method, StatusCode};
use scim_gateway::config::Tls;
use scim_gateway::exchange::Upstream;
use scim_gateway::fault::Cause;
use scim_gateway::inbound::Certificates;
use scim_gateway::scim::http::Request;

use crate::harness::{Scripted, listener, ok, remote, start_with, tls_file, trusting};

fn tls() -> Tls {
    listener(&tls_file("cert.pem"), &tls_file("key.pem"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_over_tls_trusts_its_own_authorities_and_no_others() {
    let service = Scripted::start(|_, _| ok("{\"a\":1}")).await;
    let gateway = start_with(&service.url, Some(tls()));
    let url = format!("https://localhost:{}/open", gateway.address.port());
    let ca = tls_file("ca.pem");
    let trusted = trusting(&url, Some(&ca)).unwrap();
    let mut request = Request::new(Method::POST, "/v2/Users");
    request.body = "{}".into();
    for _ in 0..3 {
        let answer = trusted.call(request.clone()).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"{\"a\":1}"[..]));
    }
    assert_eq!(service.requests().len(), 3);

    let by_address = url.replace("localhost", "127.0.0.1");
    for stranger in [remote(&url), trusting(&by_address, Some(&ca)).unwrap()] {
        let fault = stranger.call(request.clone()).await.unwrap_err();
        assert_eq!(fault.cause, Cause::UpstreamUnreachable, "{fault:?}");
    }
    assert_eq!(service.requests().len(), 3, "nothing is sent to a stranger");
}

#[test]
fn files_that_cannot_be_used_are_told_and_do_not_panic() {
    assert!(Certificates::new(&tls()).is_ok());
    let (cert, key, none) = (tls_file("cert.pem"), tls_file("key.pem"), tls_file("none.pem"));
    let pairs = [(&cert, &none), (&none, &key), (&key, &cert), (&key, &key), (&cert, &cert)];
    for (cert, key) in pairs {
        assert!(Certificates::new(&listener(cert, key)).is_err(), "{cert:?} {key:?}");
    }
    // A certificate and a key that do not belong together.
    assert!(Certificates::new(&listener(&tls_file("ca.pem"), &key)).is_err());
    for ca in [&key, &none] {
        let tls = Tls { client_ca: Some(ca.clone()), ..tls() };
        assert!(Certificates::new(&tls).is_err(), "{ca:?}");
    }
    for ca in [&key, &none] {
        assert!(trusting("https://localhost/", Some(ca)).is_err(), "{ca:?}");
    }
}
