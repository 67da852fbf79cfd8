//! A route whose upstream answers what a test writes down, and what was counted and logged of it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use scim_gateway::exchange::{Outcome, Shared, Trace, Upstream, run};
use scim_gateway::fault::Fault;
use scim_gateway::gateway::{Gateway, Route, RouteSpec};
use scim_gateway::observe::{AccessRecord, Event, Observer};
use scim_gateway::ops::{Metrics, Watch};
use scim_gateway::scim::http::{Request, Response};
use tokio::time::Instant;

use crate::harness::{DIALECTS, spec};

/// Answers call `n` of an upstream's life.
pub trait Script: Send + Sync {
    fn answer(&self, number: usize, request: &Request) -> Result<Response, Fault>;
}

impl<F> Script for F
where
    F: Fn(usize, &Request) -> Result<Response, Fault> + Send + Sync,
{
    fn answer(&self, number: usize, request: &Request) -> Result<Response, Fault> {
        self(number, request)
    }
}

/// An upstream that answers call `n` of its life by a script, and remembers what it was asked.
pub struct Scripted {
    script: Box<dyn Script>,
    seen: Mutex<Vec<Request>>,
}

#[async_trait]
impl Upstream for Scripted {
    async fn call_by(&self, request: &Request, _: Instant) -> Result<Response, Fault> {
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        self.script.answer(number, request)
    }
}

/// A route before a scripted upstream.
pub struct Line {
    pub route: Arc<Route>,
    upstream: Scripted,
    shared: Shared,
}

impl Line {
    pub fn new(
        client: &str,
        upstream: &str,
        script: impl Fn(usize, &Request) -> Result<Response, Fault> + Send + Sync + 'static,
    ) -> Self {
        Self::with(spec(client, upstream), script)
    }

    pub fn with(
        spec: RouteSpec,
        script: impl Fn(usize, &Request) -> Result<Response, Fault> + Send + Sync + 'static,
    ) -> Self {
        let gateway = Gateway::new(vec![spec], &DIALECTS);
        Self {
            route: Arc::clone(&gateway.routes()[0]),
            upstream: Scripted { script: Box::new(script), seen: Mutex::default() },
            shared: Shared::default(),
        }
    }

    /// What the upstream was asked.
    pub fn calls(&self) -> Vec<Request> {
        self.upstream.seen.lock().unwrap().clone()
    }

    pub async fn send(
        &self,
        method: &str,
        below: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Outcome {
        let (path, query) = match below.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (below, None),
        };
        let mut request = Request::new(
            Method::from_bytes(method.as_bytes()).unwrap(),
            format!("{}{path}", self.route.client_base),
        );
        request.query = query;
        request.headers = named(headers);
        request.body = body.to_vec().into();
        let deadline = Instant::now() + Duration::from_secs(20);
        run(&self.route, request, &self.upstream, &self.shared, deadline).await
    }
}

fn named(headers: &[(&str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    headers.iter().map(header).collect()
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Response, Fault> {
    let mut response = Response::new(StatusCode::from_u16(status).unwrap());
    response.headers = named(headers);
    response.body = body.to_owned().into();
    Ok(response)
}

/// Counts and logs as the program does, and keeps the lines.
#[derive(Clone)]
pub struct Watched {
    pub metrics: Arc<Metrics>,
    lines: Arc<Mutex<Vec<u8>>>,
}

impl Watched {
    pub fn new() -> Self {
        Self { metrics: Arc::new(Metrics::new().unwrap()), lines: Arc::default() }
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.lines.lock().unwrap()).into_owned()
    }

    /// What the edge would tell of an exchange.
    pub fn exchange(&self, route: &Route, outcome: &Outcome) {
        self.answered(&AccessRecord {
            request_id: "request-1",
            method: "get",
            writes: false,
            delivered: true,
            caller: None,
            route: Some(&route.spec.name),
            upstream: Some(&route.spec.upstream_name),
            credential: Some("tester"),
            refused: None,
            translated: true,
            status: Some(outcome.response.status),
            duration: Duration::from_millis(1),
            trace: &Trace::of(&http::HeaderMap::new(), |_| false),
            record: &outcome.record,
        });
    }

    /// Runs with every event of every level written to the log.
    pub fn capture<T>(&self, work: impl FnOnce() -> T) -> T {
        let lines = self.lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || Lines(lines.clone()))
            .finish();
        tracing::subscriber::with_default(subscriber, work)
    }
}

impl Observer for Watched {
    fn answered(&self, seen: &AccessRecord<'_>) {
        let watch = Watch::new(self.metrics.clone());
        self.capture(|| watch.answered(seen));
    }

    fn happened(&self, event: &Event) {
        let watch = Watch::new(self.metrics.clone());
        self.capture(|| watch.happened(event));
    }
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
