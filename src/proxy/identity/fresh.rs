//! A value that is read again from its files: one reads for all who ask, and what cannot be used does
//! not take the place of what was.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Between two reports of files that go on failing.
const REMIND: Duration = Duration::from_secs(60);

/// What a look at the files came to, where there is something to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    Changed,
    Failed,
}

/// A value with a serial number that grows with each change.
pub(super) struct Fresh<T> {
    current: ArcSwap<(u64, T)>,
    looks: Mutex<Looks>,
}

#[derive(Default)]
struct Looks {
    /// When the last one began.
    began: Option<Instant>,
    told: Option<Instant>,
}

impl<T: PartialEq + Send + Sync + 'static> Fresh<T> {
    pub fn new(value: T) -> Self {
        Self { current: ArcSwap::from_pointee((0, value)), looks: Mutex::default() }
    }

    pub fn current(&self) -> Arc<(u64, T)> {
        self.current.load_full()
    }

    /// Reads again, beside the requests' threads. Where a look began while this one waited for its
    /// turn, that one was for this one too.
    pub async fn look(&self, read: impl FnOnce() -> Option<T> + Send + 'static) -> Option<Looked> {
        let asked = Instant::now();
        let mut looks = self.looks.lock().await;
        if looks.began.is_some_and(|began| began >= asked) {
            return None;
        }
        let now = Instant::now();
        looks.began = Some(now);
        let value = tokio::task::spawn_blocking(read).await.ok().flatten();
        let Some(value) = value else {
            let silent = looks.told.is_some_and(|told| now.duration_since(told) < REMIND);
            looks.told = if silent { looks.told } else { Some(now) };
            return (!silent).then_some(Looked::Failed);
        };
        looks.told = None;
        let (serial, old) = &*self.current.load_full();
        if *old == value {
            return None;
        }
        self.current.store(Arc::new((serial + 1, value)));
        Some(Looked::Changed)
    }
}
