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
            let well = read.is_some();
            if let Some(keys) = read {
                set.keys.store(Some(Arc::new(Keys { since: Instant::now(), keys })));
            }
            observer.happened(&Event::Keys(well));
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::proxy::Seen;

    /// Counts readings that went well and that did not.
    #[derive(Default)]
    struct Counted([AtomicUsize; 2]);

    impl Observer for Counted {
        fn answered(&self, _: &Seen<'_>) {}

        fn happened(&self, event: &Event) {
            if let Event::Keys(read) = event {
                self.0[usize::from(!*read)].fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    struct Trial {
        file: tempfile::NamedTempFile,
        counted: Arc<Counted>,
        set: Arc<KeySet>,
    }

    impl Trial {
        fn new() -> Self {
            let file = tempfile::NamedTempFile::new().unwrap();
            publish(&file, "first");
            let minutes = |n: u64| Duration::from_secs(n * 60);
            let place = KeyPlace::File(file.path().to_owned());
            let source = KeySource { place, refresh: minutes(10), keep: minutes(60) };
            let set = Arc::new(KeySet::new(&source).unwrap());
            Self { file, counted: Arc::default(), set }
        }

        async fn find(&self, name: &str) -> Result<(), NoKey> {
            let observer: Arc<dyn Observer> = self.counted.clone();
            self.set.find(Some(name), Algorithm::EdDSA, &observer).await.map(drop)
        }

        fn read(&self) -> [usize; 2] {
            [0, 1].map(|index: usize| self.counted.0[index].load(Ordering::SeqCst))
        }

        /// Until nothing is under way.
        async fn settle(&self) {
            let ended = self.set.flight.lock().unwrap().ended.clone();
            if let Some(mut ended) = ended {
                let _ = ended.changed().await;
            }
        }
    }

    fn publish(file: &tempfile::NamedTempFile, name: &str) {
        let key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let keys = [serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": name, "x": key})];
        std::fs::write(file.path(), serde_json::json!({"keys": keys}).to_string()).unwrap();
    }

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_name_reads_the_keys_once_and_finds_the_new_one() {
        let trial = Trial::new();
        assert_eq!(trial.find("first").await, Ok(()));
        assert_eq!(trial.read(), [0, 0]);
        assert_eq!(trial.find("second").await, Err(NoKey::Unknown));
        publish(&trial.file, "second");
        for _ in 0..20 {
            assert_eq!(trial.find("second").await, Err(NoKey::Unknown), "not again at once");
        }
        assert_eq!(trial.read(), [1, 0]);
        pass(11).await;
        assert_eq!(trial.find("second").await, Ok(()));
        assert_eq!(trial.find("first").await, Err(NoKey::Unknown), "the issuer took it back");
        assert_eq!(trial.read(), [2, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_are_one_reading() {
        let trial = Arc::new(Trial::new());
        publish(&trial.file, "second");
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let trial = trial.clone();
            all.spawn(async move { trial.find("second").await });
        }
        assert!(all.join_all().await.iter().all(Result::is_ok));
        assert_eq!(trial.read(), [1, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn old_keys_serve_while_they_are_read_anew_and_too_old_ones_do_not() {
        let trial = Trial::new();
        publish(&trial.file, "second");
        pass(601).await;
        assert_eq!(trial.find("first").await, Ok(()), "without a wait");
        trial.settle().await;
        assert_eq!((trial.find("second").await, trial.read()), (Ok(()), [1, 0]));

        std::fs::write(trial.file.path(), "gone").unwrap();
        for _ in 0..5 {
            pass(700).await;
            assert_eq!(trial.find("second").await, Ok(()), "the issuer fails");
            trial.settle().await;
        }
        assert_eq!(trial.read(), [1, 5]);
        pass(101).await;
        assert_eq!(trial.find("second").await, Err(NoKey::Unavailable));
        publish(&trial.file, "second");
        pass(11).await;
        assert_eq!(trial.find("second").await, Ok(()));
    }
}
