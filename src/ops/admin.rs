//! The admin listener: `/healthz`, `/readyz`, `/version`, `/metrics`, over plain HTTP/1.1.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::Metrics;

/// What the admin listener answers from.
#[derive(Debug)]
pub struct Admin {
    pub metrics: Arc<Metrics>,
    /// Whether requests are welcome.
    pub ready: Arc<AtomicBool>,
    pub rules_hash: String,
}

impl Admin {
    /// Binds the address and serves it on a thread of its own, for as long as the process lives;
    /// tells the address, which differs where the port was 0.
    ///
    /// # Errors
    /// Where the address is taken or the thread cannot be started.
    pub fn start(self, address: SocketAddr) -> std::io::Result<SocketAddr> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || runtime.block_on(Arc::new(self).serve(listener));
        std::thread::Builder::new().name("admin".to_owned()).spawn(serve)?;
        Ok(bound)
    }

    async fn serve(self: Arc<Self>, listener: std::net::TcpListener) {
        // The listener is non-blocking, which is all that can be wrong with it.
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let admin = Arc::clone(&self);
                    let service = service_fn(move |request| {
                        let answer = admin.answer(&request);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    let mut http = http1::Builder::new();
                    http.timer(TokioTimer::new());
                    tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
                }
                // Out of descriptors, mostly: let others finish first.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            }
        }
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return text(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned());
        }
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
            "/readyz" if self.ready.load(Ordering::Acquire) => {
                text(StatusCode::OK, "ready\n".to_owned())
            }
            "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
            "/version" => {
                let version = serde_json::json!({
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": self.rules_hash,
                });
                typed(StatusCode::OK, version.to_string(), "application/json")
            }
            "/metrics" => typed(StatusCode::OK, self.metrics.text(), "text/plain; version=0.0.4"),
            _ => text(StatusCode::NOT_FOUND, "/healthz /readyz /version /metrics\n".to_owned()),
        }
    }
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    typed(status, body, "text/plain; charset=utf-8")
}

fn typed(status: StatusCode, body: String, media_type: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
