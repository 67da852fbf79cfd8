//! An issuer's public keys: read once for all requests, kept for a bounded time, read anew beside
//! the requests.
//!
//! A request waits for keys a bounded time and only where it cannot do without: before the first
//! reading, after the last reading is too old, and once where a token names a key that is not known
//! (the issuer may have changed its keys). It knows no token.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::{HeaderValue, Method, StatusCode};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::config::model::{KeyPlace, KeySource, Timeouts};
use crate::exchange::Upstream;
use crate::proxy::{Event, Observer, Remote};
use crate::scim::http::Request;

/// Of a key set, in bytes; the largest known have a few dozen keys of 3 KiB.
const LIMIT: usize = 512 << 10;
/// Keys of one set that are looked at.
const MOST: usize = 256;
/// How long a request waits for keys.
const WAIT: Duration = Duration::from_secs(3);
/// Between the beginnings of two readings: a token with an invented key name causes at most one.
const PAUSE: Duration = Duration::from_secs(10);

/// One issuer's keys and where they are read.
pub struct KeySet {
    place: Place,
    refresh: Duration,
    keep: Duration,
    keys: ArcSwapOption<Keys>,
    flight: Mutex<Flight>,
}

enum Place {
    File(PathBuf),
    Remote { remote: Box<Remote>, path: String, query: Option<String> },
}

struct Keys {
    since: Instant,
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    name: Option<String>,
    /// What the set says that the key is for; `None`: what its type allows.
    algorithm: Option<String>,
    key: DecodingKey,
}

/// The reading under way, and when the last one began.
#[derive(Default)]
struct Flight {
    ended: Option<watch::Receiver<()>>,
    began: Option<Instant>,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The issuer has no such key.
    Unknown,
    /// The issuer's keys could not be read, or not recently enough.
    Unavailable,
}

impl KeySet {
    /// Reads the keys where they are in a file; an address is asked when the first token comes.
    ///
    /// # Errors
    /// A sentence, where the file has no usable key or the address cannot be used.
    pub fn new(source: &KeySource) -> Result<Self, String> {
        let mut keys = None;
        let place = match &source.place {
            KeyPlace::File(path) => {
                let text = std::fs::read(path).map_err(|error| told(path, &error.to_string()))?;
                let found =
                    parse(&text).ok_or_else(|| told(path, "has no key that can be used"))?;
                keys = Some(Arc::new(Keys { since: Instant::now(), keys: found }));
                Place::File(path.clone())
            }
            KeyPlace::Url { url, ca } => {
                let mut root = url.clone();
                root.set_path("");
                root.set_query(None);
                let remote = Remote::new(&root, None, &timeouts(), LIMIT, ca.as_deref())?;
                let (path, query) = (url.path().to_owned(), url.query().map(str::to_owned));
                Place::Remote { remote: Box::new(remote), path, query }
            }
        };
        let KeySource { refresh, keep, .. } = *source;
        let keys = ArcSwapOption::new(keys);
        Ok(Self { place, refresh, keep, keys, flight: Mutex::default() })
    }

    /// The key for a token's signature, by the name in its header; where it names none, the set must
    /// have only one that fits.
    pub(super) async fn find(
        self: &Arc<Self>,
        name: Option<&str>,
        algorithm: Algorithm,
        observer: &Arc<dyn Observer>,
    ) -> Result<DecodingKey, NoKey> {
        if let Some(keys) = self.current() {
            if keys.since.elapsed() >= self.refresh {
                drop(self.read_anew(observer));
            }
            if let Some(key) = keys.fitting(name, algorithm) {
                return Ok(key);
            }
        }
        if let Some(mut ended) = self.read_anew(observer) {
            // The sender says nothing: it is dropped when the reading has ended, however it did.
            let _ = timeout(WAIT, ended.changed()).await;
        }
        let keys = self.current().ok_or(NoKey::Unavailable)?;
        keys.fitting(name, algorithm).ok_or(NoKey::Unknown)
    }

    fn current(&self) -> Option<Arc<Keys>> {
        self.keys.load_full().filter(|keys| keys.since.elapsed() < self.keep)
    }

    /// Starts a reading, or joins the one under way; `None` where the last one began just now.
    fn read_anew(self: &Arc<Self>, observer: &Arc<dyn Observer>) -> Option<watch::Receiver<()>> {
        let mut flight = self.flight.lock().ok()?;
        if let Some(ended) = flight.ended.as_ref().filter(|ended| ended.has_changed().is_ok()) {
            return Some(ended.clone());
        }
        if flight.began.is_some_and(|began| began.elapsed() < PAUSE) {
            return None;
        }
        let (sender, ended) = watch::channel(());
        *flight = Flight { ended: Some(ended.clone()), began: Some(Instant::now()) };
        let (set, observer) = (Arc::clone(self), Arc::clone(observer));
        tokio::spawn(async move {
            let read = set.read().await;
            observer.happened(&Event::Keys(read.is_some()));
            if let Some(keys) = read {
                set.keys.store(Some(Arc::new(Keys { since: Instant::now(), keys })));
            }
            drop(sender);
        });
        Some(ended)
    }

    async fn read(&self) -> Option<Vec<Key>> {
        match &self.place {
            Place::File(path) => parse(&tokio::fs::read(path).await.ok()?),
            Place::Remote { remote, path, query } => {
                let mut request = Request::new(Method::GET, path);
                request.query.clone_from(query);
                let json = HeaderValue::from_static("application/json");
                request.headers.insert(http::header::ACCEPT, json);
                let answer = remote.call(request).await.ok()?;
                // A redirection is an answer like any other that is no key set.
                (answer.status == StatusCode::OK).then_some(())?;
                parse(&answer.body)
            }
        }
    }
}

impl Keys {
    fn fitting(&self, name: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let word = format!("{algorithm:?}");
        let mut fitting = self.keys.iter().filter(|key| {
            key.key.family().algorithms().contains(&algorithm)
                && key.algorithm.as_ref().is_none_or(|only| *only == word)
                && (name.is_none() || key.name.as_deref() == name)
        });
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(key.key.clone()),
            _ => None,
        }
    }
}

/// The public keys of a set that can check signatures; `None` where there is none. A key of a kind
/// that is not known does not spoil the others (RFC 7517 section 5).
fn parse(text: &[u8]) -> Option<Vec<Key>> {
    let set: Value = serde_json::from_slice(text).ok()?;
    let keys = set.get("keys")?.as_array()?.iter().take(MOST);
    let keys: Vec<Key> = keys.filter_map(key).collect();
    (!keys.is_empty()).then_some(keys)
}

fn key(value: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|o| o.contains(&KeyOperations::Verify));
    let shared = matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
    if !signs || shared {
        return None;
    }
    Some(Key {
        name: common.key_id.clone(),
        algorithm: value.get("alg").and_then(Value::as_str).map(str::to_owned),
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}

fn timeouts() -> Timeouts {
    let short = Duration::from_secs(5);
    Timeouts { connect: short, idle: short, call: short }
}

fn told(path: &Path, why: &str) -> String {
    format!("{}: {why}", path.display())
}
