//! An issuer's public keys: read once for all requests, kept for a bounded time, read anew beside
//! the requests.
//!
//! A request waits for keys a bounded time and only where it cannot do without: before the first
//! reading, after the last reading is too old, and where a token names a key that is not known (the
//! issuer may have changed its keys). That a key is unknown is only said after a reading that began
//! once the token was there: nothing else proves it. It knows no token.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::{HeaderValue, Method, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::jwks::Set;
use crate::config::{KeyPlace, KeySource, Timeouts};
use crate::exchange::Upstream;
use crate::material::{Followed, Looked, Watched, follow};
use crate::observe::{Event, Observer};
use crate::outbound::Remote;
use crate::scim::http::Request;

/// Of a key set, in bytes; the largest known have a few dozen keys of 3 KiB.
const LIMIT: usize = 512 << 10;
/// How long a request waits for keys.
const WAIT: Duration = Duration::from_secs(3);
/// Between the beginnings of two readings, whoever causes them: whoever invents key names causes one
/// reading in that time, and keeps an issuer's new key from nobody for longer.
const PAUSE: Duration = Duration::from_secs(2);

/// One issuer's keys and where they are read.
pub struct KeySet {
    place: Place,
    refresh: Duration,
    keep: Duration,
    flight: Mutex<Flight>,
}

enum Place {
    File(Watched<Set>),
    /// With what was read there last, and when.
    Remote {
        remote: Box<Remote>,
        path: String,
        query: Option<String>,
        keys: ArcSwapOption<(Instant, Set)>,
    },
}

/// The reading under way or the last one, and when it began.
#[derive(Default)]
struct Flight {
    /// Whether it went well; `None`: it is under way.
    read: Option<watch::Receiver<Option<bool>>>,
    began: Option<Instant>,
    /// The file is followed as long as this is there.
    followed: Option<Arc<InFile>>,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The issuer has no such key.
    Unknown,
    /// The issuer's keys could not be read, not recently enough, or not since the token came.
    Unavailable,
}

impl KeySet {
    /// Reads the keys where they are in a file; an address is asked when the first token comes.
    ///
    /// # Errors
    /// A sentence, where the file has no usable key or the address cannot be used.
    pub fn new(source: &KeySource) -> Result<Self, String> {
        let place = match &source.place {
            KeyPlace::File(path) => {
                let path = path.clone();
                Place::File(Watched::read(move || Set::in_file(&path))?)
            }
            KeyPlace::Url { url, ca } => {
                let mut root = url.clone();
                root.set_path("");
                root.set_query(None);
                let remote = Remote::new(&root, None, &timeouts(), LIMIT, ca.as_deref())?;
                let (path, query) = (url.path().to_owned(), url.query().map(str::to_owned));
                let keys = ArcSwapOption::empty();
                Place::Remote { remote: Box::new(remote), path, query, keys }
            }
        };
        let KeySource { refresh, keep, .. } = *source;
        Ok(Self { place, refresh, keep, flight: Mutex::default() })
    }

    /// Begins to follow its files, also where nobody shows a token; on the runtime that this is called
    /// within.
    pub(super) fn tend(self: &Arc<Self>, observer: &Arc<dyn Observer>) {
        match &self.place {
            Place::File(_) => {
                let (set, observer) = (Arc::downgrade(self), Arc::clone(observer));
                let mut flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
                flight.followed.get_or_insert_with(|| {
                    let followed = Arc::new(InFile { set, observer });
                    tokio::spawn(follow(Arc::downgrade(&followed)));
                    followed
                });
            }
            Place::Remote { remote, .. } => remote.tend(),
        }
    }

    /// Reads its files again at once, on this thread: what a reload calls applied, is.
    ///
    /// # Errors
    /// A sentence that names the file that cannot be used; what it held before stays in force.
    pub(super) fn look_now(&self) -> Result<(), String> {
        match &self.place {
            Place::File(set) => set.look_now().map(drop),
            Place::Remote { remote, .. } => remote.look_now(),
        }
    }

    /// The key for a token's signature, by the name in its header; where it names none, the set must
    /// have only one that fits.
    pub(super) async fn find(
        self: &Arc<Self>,
        name: Option<&str>,
        algorithm: Algorithm,
        observer: &Arc<dyn Observer>,
    ) -> Result<DecodingKey, NoKey> {
        if let Some((since, set)) = self.current() {
            if since.elapsed() >= self.refresh {
                drop(self.read_anew(observer));
            }
            if let Some(key) = set.fitting(name, algorithm) {
                return Ok(key);
            }
            // It is known, and is not for this.
            if name.is_some_and(|name| set.knows(name)) {
                return Err(NoKey::Unknown);
            }
        }
        let mut proven = false;
        if let Some((mut read, own)) = self.read_anew(observer) {
            // What is sent is whether it went well.
            let ended = timeout(WAIT, read.wait_for(Option::is_some)).await;
            proven = own && ended.is_ok_and(|read| read.is_ok_and(|read| *read == Some(true)));
        }
        let (_, set) = self.current().ok_or(NoKey::Unavailable)?;
        let missing = if proven { NoKey::Unknown } else { NoKey::Unavailable };
        set.fitting(name, algorithm).ok_or(missing)
    }

    /// The keys that can be used, and since when they are known to be the issuer's.
    fn current(&self) -> Option<(Instant, Set)> {
        let (since, set) = match &self.place {
            Place::File(set) => (set.good(), set.current().1.clone()),
            Place::Remote { keys, .. } => (*keys.load_full()?).clone(),
        };
        (since.elapsed() < self.keep).then_some((since, set))
    }

    /// Starts a reading, or joins the one under way, and whether it is one's own; `None` where the last
    /// one began just now.
    fn read_anew(
        self: &Arc<Self>,
        observer: &Arc<dyn Observer>,
    ) -> Option<(watch::Receiver<Option<bool>>, bool)> {
        let mut flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = flight.read.as_ref().filter(|read| read.has_changed().is_ok()) {
            return Some((read.clone(), false));
        }
        if flight.began.is_some_and(|began| began.elapsed() < PAUSE) {
            return None;
        }
        let (sender, read) = watch::channel(None);
        (flight.read, flight.began) = (Some(read.clone()), Some(Instant::now()));
        let (set, observer) = (Arc::clone(self), Arc::clone(observer));
        tokio::spawn(async move {
            let read = set.read().await;
            let well = read.is_ok();
            observer.happened(&Event::Keys(read));
            sender.send_replace(Some(well));
        });
        Some((read, true))
    }

    async fn read(&self) -> Result<(), String> {
        match &self.place {
            Place::File(set) => match set.look().await {
                Some(Looked::Failed(why)) => Err(why),
                _ if set.well() => Ok(()),
                _ => Err("the file has still no key that can be used".to_owned()),
            },
            Place::Remote { remote, path, query, keys } => {
                let mut request = Request::new(Method::GET, path);
                request.query.clone_from(query);
                let json = HeaderValue::from_static("application/json");
                request.headers.insert(http::header::ACCEPT, json);
                let answer = remote.call(request).await;
                let answer = answer.map_err(|_| "its address gives no answer".to_owned())?;
                // A redirection is an answer like any other that is no key set.
                let read = (answer.status == StatusCode::OK).then(|| Set::read(&answer.body));
                let set = read.flatten().ok_or("its address gives no key set")?;
                keys.store(Some(Arc::new((Instant::now(), set))));
                Ok(())
            }
        }
    }
}

/// Keys in a file, and whom a change is told.
struct InFile {
    set: Weak<KeySet>,
    observer: Arc<dyn Observer>,
}

impl Followed for InFile {
    async fn look(&self) {
        let Some(set) = self.set.upgrade() else { return };
        let Place::File(keys) = &set.place else { return };
        if let Some(looked) = keys.look().await {
            self.observer.happened(&Event::Keys(match looked {
                Looked::Changed => Ok(()),
                Looked::Failed(why) => Err(why),
            }));
        }
    }
}

fn timeouts() -> Timeouts {
    let short = Duration::from_secs(5);
    Timeouts { connect: short, idle: short, call: short }
}

#[cfg(test)]
mod tests;
