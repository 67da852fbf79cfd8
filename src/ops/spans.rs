//! Spans by OTLP: one for each exchange and one for each of its calls, with bounded words alone.
//!
//! They are sent by one thread. A request never waits for a collector: spans that do not fit into the
//! queue, or that the collector does not take, are lost and counted.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

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

use super::{Metrics, span};
use crate::config::model::Tracing;
use crate::proxy::Seen;

/// Spans that may wait.
const QUEUE: usize = 8192;
/// Spans that are sent at once.
const BATCH: usize = 512;
/// How long a batch waits to be filled.
const DELAY: Duration = Duration::from_secs(1);
/// For one batch, from the connection to the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Of a collector's answer, in bytes.
const ANSWER: usize = 64 << 10;

/// The queue to the collector.
pub(super) struct Spans {
    queue: SyncSender<Message>,
    sample: f64,
    metrics: Arc<Metrics>,
}

enum Message {
    Span(Box<SpanData>),
    /// Answered once everything before it is sent.
    Flush(SyncSender<()>),
}

impl Spans {
    /// # Errors
    /// A sentence, where the exporter or its thread cannot be made. A collector that is not there is no
    /// error.
    pub fn start(trace: &Tracing, metrics: Arc<Metrics>) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("spans: {error}"))?;
        let exporter = exporter(trace).map_err(|error| format!("spans: {error}"))?;
        let (queue, spans) = sync_channel(QUEUE);
        let counted = Arc::clone(&metrics);
        let work = move || send(&runtime, &exporter, &spans, &counted);
        std::thread::Builder::new()
            .name("spans".to_owned())
            .spawn(work)
            .map_err(|error| format!("spans: {error}"))?;
        Ok(Self { queue, sample: trace.sample, metrics })
    }

    /// Whether a trace that begins here is kept: by its id, so that every replica decides alike.
    pub fn samples(&self, id: &[u8; 16]) -> bool {
        let [.., a, b, c, d] = *id;
        f64::from(u32::from_be_bytes([a, b, c, d])) < self.sample * (f64::from(u32::MAX) + 1.0)
    }

    /// Queues the spans of an exchange whose trace is kept.
    pub fn keep(&self, seen: &Seen<'_>) {
        if !seen.trace.sampled {
            return;
        }
        for span in span::spans(seen) {
            match self.queue.try_send(Message::Span(Box::new(span))) {
                Ok(()) => {}
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                    self.metrics.spans_lost(1);
                }
            }
        }
    }

    /// Waits until what is queued is sent, but not longer than for two batches.
    pub fn finish(&self) {
        let (done, sent) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            let _ = sent.recv_timeout(TIMEOUT * 2);
        }
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

fn send(runtime: &Runtime, exporter: &SpanExporter, spans: &Receiver<Message>, metrics: &Metrics) {
    let mut over = false;
    while !over {
        let (mut batch, mut waiting) = (Vec::new(), Vec::new());
        let mut until: Option<Instant> = None;
        while batch.len() < BATCH && waiting.is_empty() {
            let rest = until.map(|until| until.saturating_duration_since(Instant::now()));
            let next = match rest {
                None => spans.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(rest) => spans.recv_timeout(rest),
            };
            match next {
                Ok(Message::Span(span)) => batch.push(*span),
                Ok(Message::Flush(done)) => waiting.push(done),
                Err(why) => {
                    over = why == RecvTimeoutError::Disconnected;
                    break;
                }
            }
            until.get_or_insert_with(|| Instant::now() + DELAY);
        }
        let count = batch.len() as u64;
        let export = async { tokio::time::timeout(TIMEOUT, exporter.export(batch)).await };
        if count > 0 && !runtime.block_on(export).is_ok_and(|sent| sent.is_ok()) {
            metrics.spans_lost(count);
        }
        for done in waiting {
            // Whoever waited may have given up.
            let _ = done.try_send(());
        }
    }
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
    use super::*;
    use crate::exchange::{Record, Trace};

    fn seen(spans: &Spans, sampled: bool) {
        spans.keep(&Seen {
            refused: None,
            request_id: "request-1",
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

    #[test]
    fn a_full_queue_loses_spans_and_nobody_waits() {
        let metrics = Arc::new(Metrics::new().unwrap());
        let (queue, _nobody_reads) = sync_channel(1);
        let spans = Spans { queue, sample: 1.0, metrics: Arc::clone(&metrics) };
        (0..3).for_each(|_| seen(&spans, true));
        seen(&spans, false);
        assert!(metrics.text().contains("scim_gateway_spans_lost_total 2"));
    }

    #[test]
    fn a_dead_collector_costs_spans_and_no_time() {
        let metrics = Arc::new(Metrics::new().unwrap());
        // It takes connections and says nothing, for as long as the test lives.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let otlp = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
        let spans = Spans::start(&Tracing { otlp, sample: 1.0 }, metrics).unwrap();
        let began = Instant::now();
        (0..QUEUE * 2).for_each(|_| seen(&spans, true));
        assert!(began.elapsed() < TIMEOUT, "{:?}", began.elapsed());
    }

    #[test]
    fn the_share_of_traces_is_that_of_the_configuration() {
        let metrics = Arc::new(Metrics::new().unwrap());
        let (queue, _nobody_reads) = sync_channel(1);
        let mut spans = Spans { queue, sample: 0.0, metrics };
        let ids: Vec<_> = (0..2_000).map(|_| uuid::Uuid::new_v4().into_bytes()).collect();
        let kept = |spans: &Spans| ids.iter().filter(|id| spans.samples(id)).count();
        assert_eq!(kept(&spans), 0);
        spans.sample = 1.0;
        assert_eq!(kept(&spans), 2_000);
        spans.sample = 0.25;
        assert!((350..650).contains(&kept(&spans)), "{}", kept(&spans));
    }
}
