//! No output of any kind holds a secret: logs at their loudest, metrics, events, faults, `Debug`.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use scim_gateway::exchange::{Record, Trace, Upstream};
use scim_gateway::observe::{AccessRecord, Event, Observer};
use scim_gateway::ops::{Metrics, Watch, log_levels};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::harness::{Log, Scripted, configured, identity, ok, signed};
use crate::identity::{post, unauthorized};

/// Every secret of this test has this in it.
const MARK: &str = "pl4nt3d";

/// Keeps the lines that hold a secret in some form.
#[derive(Clone, Default)]
struct Leaks(Arc<Mutex<Vec<String>>>, Arc<AtomicBool>);

impl Leaks {
    fn read(&self, text: &str) {
        self.1.store(true, Ordering::SeqCst);
        if forms().iter().any(|form| text.contains(form)) {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }
}

impl Write for Leaks {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.read(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Leaks {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A private key of these tests, as PEM.
fn private_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| rcgen::KeyPair::generate().unwrap().serialize_pem())
}

/// The mark as it is, and inside base64 at each of the three places that a byte can have there; the lines
/// of the private key; and how an assertion begins that is signed with it.
fn forms() -> &'static [String] {
    static FORMS: OnceLock<Vec<String>> = OnceLock::new();
    FORMS.get_or_init(|| {
        let inside = |before: usize| {
            let text = format!("{}{MARK}", "x".repeat(before));
            let encoded = BASE64_STANDARD.encode(text);
            let begin = (before * 8).div_ceil(6);
            let end = (before + MARK.len()) * 8 / 6;
            encoded.get(begin..end).unwrap().to_owned()
        };
        let key = private_key().lines().filter(|line| !line.starts_with('-')).map(str::to_owned);
        let others = [MARK.to_owned(), "eyJ0eXAi".to_owned()].into_iter().chain(key);
        others.chain((0..3).map(inside)).collect()
    })
}

#[test]
fn every_place_in_base64_is_a_form() {
    for before in 0..9 {
        let encoded = BASE64_STANDARD.encode(format!("{}{MARK}:{MARK}-end", "u".repeat(before)));
        assert!(forms().iter().any(|form| encoded.contains(form)), "{before}: {encoded}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_output_holds_a_secret() {
    let leaks = Leaks::default();
    // The program's own filter at its loudest: below a warning, libraries are not heard, for Pingora
    // writes whole headers there.
    tracing_subscriber::registry()
        .with(log_levels(tracing::Level::TRACE))
        .with(tracing_subscriber::fmt::layer().with_writer(leaks.clone()))
        .init();
    let metrics = Arc::new(Metrics::new().unwrap());
    let watch = Watch::new(Arc::clone(&metrics));
    let endpoint = Scripted::start(|number, _| {
        let wrong = "{\"access_token\":\"pl4nt3d-5\"}";
        let token = format!("{{\"access_token\":\"pl4nt3d-{number}\",\"token_type\":\"Bearer\"}}");
        let body = if number == 1 { wrong } else { token.as_str() };
        ok(body)
    })
    .await;
    let upstream =
        Scripted::start(
            |number, _| {
                if number % 2 == 0 { unauthorized() } else { ok("{\"pl4nt3d\":") }
            },
        )
        .await;
    let token_url = endpoint.url.as_str();
    let all = [
        "auth = { bearer = { env = \"pl4nt3d\" } }".to_owned(),
        "auth = { basic = { user = \"u\", password = { env = \"pl4nt3d\" } } }".to_owned(),
        "auth = { header = { name = \"X-Api-Key\", value = { env = \"pl4nt3d\" } } }".to_owned(),
        format!(
            "[upstream.up.auth.oauth]\ntoken_url = \"{token_url}\"\nclient_id = \"c\"\n\
             client_secret = {{ env = \"pl4nt3d\" }}"
        ),
        format!(
            "[upstream.up.auth.oauth]\ntoken_url = \"{token_url}\"\nclient_id = \"c\"\n\
             method = \"post\"\ntimeout = \"1s\"\nclient_secret = {{ env = \"pl4nt3d\" }}"
        ),
        format!(
            "[upstream.up.auth.oauth]\ntoken_url = \"{token_url}\"\nclient_id = \"c\"\n\
             private_key_jwt = {{ key = {{ env = \"\"\"{}\"\"\" }}, kid = \"1\" }}",
            private_key()
        ),
    ];
    for keys in &all {
        leaks.read(&format!("{:?}", configured(&upstream.url, keys)));
        let log = Arc::new(Log::default());
        let signed = signed(&upstream.url, identity(&upstream.url, keys, &log));
        for _ in 0..3 {
            match signed.call(post()).await {
                Ok(answer) => leaks.read(&format!("{:?}", answer.status)),
                Err(fault) => {
                    leaks.read(&format!("{fault} {fault:?}"));
                    let record = Record { fault: Some(fault), ..Record::default() };
                    let trace = Trace::of(&http::HeaderMap::new(), |_| false);
                    watch.answered(&seen(&record, &trace));
                }
            }
        }
        leaks.read(&log.told().join("\n"));
    }
    for outcome in ["ok", "failed"] {
        let upstream = || "up".to_owned();
        watch.happened(&Event::TokenRequest { upstream: upstream(), outcome });
        watch.happened(&Event::SecretReload {
            upstream: upstream(),
            key: "auth",
            outcome,
            why: None,
        });
    }
    let sent = endpoint.requests();
    assert!(sent.iter().any(|request| request.contains("client_assertion=eyJ0eXAi")), "{sent:?}");
    leaks.read(&metrics.text());
    assert!(leaks.1.load(Ordering::SeqCst));
    let found = leaks.0.lock().unwrap().clone();
    assert!(
        found.is_empty(),
        "{} leaks: {:#?}",
        found.len(),
        found.iter().take(5).collect::<Vec<_>>()
    );
}

fn seen<'a>(record: &'a Record, trace: &'a Trace) -> AccessRecord<'a> {
    AccessRecord {
        request_id: "1",
        method: "get",
        writes: false,
        delivered: true,
        caller: None,
        route: Some("/t"),
        upstream: Some("up"),
        credential: None,
        refused: None,
        translated: true,
        status: Some(StatusCode::BAD_GATEWAY),
        duration: std::time::Duration::ZERO,
        record,
        trace,
    }
}
