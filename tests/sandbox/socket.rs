//! A sandbox behind a real socket, and as an upstream in this process.

use std::sync::Arc;

use http::Method;
use scim_gateway::exchange::Upstream;
use scim_gateway::sandbox::{Options, Sandbox, Vendor, serve};
use scim_gateway::scim::http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_create_over_http_is_stored() {
    let sandbox = Arc::new(Sandbox::new(Vendor::Omni, Options::of(Vendor::Omni)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(Arc::clone(&sandbox), listener));
    let body = r#"{"userName":"a@b.example","displayName":"A"}"#;
    let request = format!(
        "POST /api/scim/v2/users HTTP/1.1\r\nHost: omni\r\nAuthorization: Bearer k\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    server.abort();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(sandbox.users().len(), 1);
    assert_eq!(sandbox.requests()[0].path, "/api/scim/v2/users");
}

#[tokio::test]
async fn as_an_upstream_it_adds_the_authorization() {
    for vendor in Vendor::ALL {
        for token in [None, Some("their:own".to_owned())] {
            let sandbox = Sandbox::new(vendor, Options { token, ..Options::of(vendor) });
            let path = match vendor {
                Vendor::Omni => "/api/scim/v2/users",
                Vendor::PingOne => "/environments/abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6/v2/Users",
                Vendor::Descope | Vendor::Scim => "/scim/v2/Users",
            };
            let answer = sandbox.call(Request::new(Method::GET, path)).await.unwrap();
            assert_eq!(answer.status, 200, "{}", vendor.name());
            assert_eq!(sandbox.answer(&Request::new(Method::GET, path)).status, 401);
        }
    }
}
