//! A sandbox behind a real socket: HTTP/1.1 in, the same answers out.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::service::Sandbox;
use crate::scim::http::Request;

/// The largest request body.
const BODY: usize = 8 * 1024 * 1024;

/// Serves a sandbox on a listener, for as long as the future lives.
pub async fn serve(sandbox: Arc<Sandbox>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(Arc::clone(&sandbox), stream));
            }
            // Out of descriptors, mostly: let others finish first.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn connection(sandbox: Arc<Sandbox>, stream: TcpStream) {
    let service = service_fn(move |request| {
        let sandbox = Arc::clone(&sandbox);
        async move { Ok::<_, Infallible>(one(&sandbox, request).await) }
    });
    // A client that goes away is no failure of the sandbox.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn one(sandbox: &Sandbox, request: http::Request<Incoming>) -> http::Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY).collect().await else {
        let mut refused = http::Response::new(Full::default());
        *refused.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        return refused;
    };
    let answer = sandbox.answer(&Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: body.to_bytes(),
    });
    let mut response = http::Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}
