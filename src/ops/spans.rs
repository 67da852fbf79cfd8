//! Spans by OTLP: one for each exchange and one for each of its calls, with bounded words alone.
//!
//! They are sent by one thread. A request never waits for a collector: spans that do not fit into the
//! queue, or that the collector does not take, are lost and counted.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::KeyValue;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::runtime::Runtime;

use super::lossy::{Batches, Lossy};
use super::metrics::Metrics;
use super::span;
use crate::config::Tracing;
use crate::observe::AccessRecord;

/// Spans that may wait.
const QUEUE: usize = 8192;
/// What is sent at once.
const BATCHES: Batches = Batches { most: 512, delay: Duration::from_secs(1) };
/// For one batch, from the connection to the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Of a collector's answer, in bytes.
const ANSWER: usize = 64 << 10;

/// The queue to the collector.
pub(super) struct Spans {
    queue: Lossy<SpanData>,
    sample: f64,
}

impl Spans {
    /// # Errors
    /// A sentence, where the exporter or its thread cannot be made. A collector that is not there is no
    /// error.
    pub fn start(trace: &Tracing, metrics: &Metrics) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("spans: {error}"))?;
        let exporter = exporter(trace).map_err(|error| format!("spans: {error}"))?;
        let sink = move |spans| send(&runtime, &exporter, spans);
        let queue = Lossy::start("spans", QUEUE, BATCHES, metrics.spans_lost(), sink)
            .map_err(|error| format!("spans: {error}"))?;
        Ok(Self { queue, sample: trace.sample })
    }

    /// Whether a trace that begins here is kept: by its id, so that every replica decides alike.
    pub fn samples(&self, id: &[u8; 16]) -> bool {
        let [.., a, b, c, d] = *id;
        f64::from(u32::from_be_bytes([a, b, c, d])) < self.sample * (f64::from(u32::MAX) + 1.0)
    }

    /// Queues the spans of an exchange whose trace is kept.
    pub fn keep(&self, seen: &AccessRecord<'_>) {
        if seen.trace.sampled {
            span::spans(seen).for_each(|span| self.queue.push(span));
        }
    }

    /// Waits until what is queued is sent, but not longer than for two batches.
    pub fn finish(&self) {
        self.queue.finish(TIMEOUT * 2);
    }
}

fn exporter(trace: &Tracing) -> Result<SpanExporter, opentelemetry_otlp::ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", trace.otlp.as_str().trim_end_matches('/'));
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Plain(Client::builder(TokioExecutor::new()).build_http()))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(TIMEOUT)
        .build()?;
    let service = [
        KeyValue::new("service.name", env!("CARGO_PKG_NAME")),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ];
    exporter.set_resource(&Resource::builder_empty().with_attributes(service).build());
    Ok(exporter)
}

/// Sends spans; how many the collector did not take.
fn send(runtime: &Runtime, exporter: &SpanExporter, spans: Vec<SpanData>) -> usize {
    let count = spans.len();
    let export = async { tokio::time::timeout(TIMEOUT, exporter.export(spans)).await };
    if runtime.block_on(export).is_ok_and(|sent| sent.is_ok()) { 0 } else { count }
}

/// HTTP/1.1 without TLS.
#[derive(Clone, Debug)]
struct Plain(Client<HttpConnector, Full<Bytes>>);

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let (header, body) = self.0.request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
        Ok(http::Response::from_parts(header, body))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use prometheus::IntCounter;

    use super::*;
    use crate::exchange::{Record, Trace};

    fn seen(spans: &Spans, sampled: bool) {
        spans.keep(&AccessRecord {
            refused: None,
            request_id: "request-1",
            method: "get",
            writes: false,
            delivered: true,
            caller: None,
            route: Some("/a"),
            upstream: Some("up"),
            credential: None,
            translated: true,
            status: None,
            duration: Duration::ZERO,
            trace: &Trace::of(&http::HeaderMap::new(), |_| sampled),
            record: &Record::default(),
        });
    }

    /// Spans that nobody sends.
    fn unsent(size: usize, lost: &IntCounter) -> Spans {
        let (_never, ever) = std::sync::mpsc::channel::<()>();
        let hangs = move |_| {
            let _ = ever.recv();
            0
        };
        let queue = Lossy::start("spans", size, BATCHES, lost.clone(), hangs).unwrap();
        Spans { queue, sample: 1.0 }
    }

    #[test]
    fn what_is_not_sampled_is_not_queued() {
        let lost = IntCounter::new("lost", "lost").unwrap();
        let spans = unsent(1, &lost);
        (0..100).for_each(|_| seen(&spans, false));
        assert_eq!(lost.get(), 0);
    }

    #[test]
    fn a_dead_collector_costs_spans_and_no_time() {
        let metrics = Metrics::new().unwrap();
        // It takes connections and says nothing, for as long as the test lives.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let otlp = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
        let spans = Spans::start(&Tracing { otlp, sample: 1.0 }, &metrics).unwrap();
        let began = Instant::now();
        (0..QUEUE * 2).for_each(|_| seen(&spans, true));
        assert!(began.elapsed() < TIMEOUT, "{:?}", began.elapsed());
        assert!(metrics.spans_lost().get() > 0);
    }

    #[test]
    fn the_share_of_traces_is_that_of_the_configuration() {
        let mut spans = unsent(1, &IntCounter::new("lost", "lost").unwrap());
        spans.sample = 0.0;
        let ids: Vec<_> = (0..2_000).map(|_| uuid::Uuid::new_v4().into_bytes()).collect();
        let kept = |spans: &Spans| ids.iter().filter(|id| spans.samples(id)).count();
        assert_eq!(kept(&spans), 0);
        spans.sample = 1.0;
        assert_eq!(kept(&spans), 2_000);
        spans.sample = 0.25;
        assert!((350..650).contains(&kept(&spans)), "{}", kept(&spans));
    }
}
