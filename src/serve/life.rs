//! Where this process is in its life: whether requests are welcome, and how many are under way.
//!
//! It knows neither signals nor sockets: the server moves it on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// A process serves, is asked to end, and ends when nothing is under way.
#[derive(Debug, Default)]
pub struct Life {
    inherits: bool,
    stage: watch::Sender<Stage>,
    underway: Arc<AtomicUsize>,
    beats: AtomicUsize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    #[default]
    Starting,
    /// Requests are welcome.
    Serving,
    /// Requests are served, and told to go elsewhere with the next one.
    Ending,
    /// As before, and a new process has the listening sockets.
    HandedOver,
}

impl Life {
    /// The life of a process that takes the listening sockets of the one before.
    pub fn inheriting() -> Self {
        Self { inherits: true, ..Self::default() }
    }

    pub fn inherits(&self) -> bool {
        self.inherits
    }

    /// Whether requests are welcome.
    pub fn is_ready(&self) -> bool {
        *self.stage.borrow() == Stage::Serving
    }

    /// Whether a new process has the listening sockets.
    pub fn is_handed_over(&self) -> bool {
        *self.stage.borrow() == Stage::HandedOver
    }

    /// Waits until a new process has the listening sockets.
    pub async fn handed_over(&self) {
        let mut stage = self.stage.subscribe();
        // The sender lives as long as this.
        let _ = stage.wait_for(|stage| *stage == Stage::HandedOver).await;
    }

    /// Whether clients are told to make their next request elsewhere.
    pub(super) fn is_ending(&self) -> bool {
        *self.stage.borrow() >= Stage::Ending
    }

    /// Goes on to a stage, never back; tells whether that changed whether requests are welcome.
    pub(super) fn enter(&self, next: Stage) -> bool {
        let was = self.is_ready();
        self.stage.send_if_modified(|stage| {
            let later = next > *stage;
            *stage = next.max(*stage);
            later
        });
        was != self.is_ready()
    }

    /// How often the runtime that serves requests has shown a sign of life.
    pub fn beats(&self) -> usize {
        self.beats.load(Ordering::Relaxed)
    }

    pub(super) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests are being served.
    pub(super) fn underway(&self) -> usize {
        self.underway.load(Ordering::Acquire)
    }

    /// Counts a request until what is returned is dropped.
    pub(super) fn begin(&self) -> Underway {
        self.underway.fetch_add(1, Ordering::AcqRel);
        Underway(Arc::clone(&self.underway))
    }
}

/// One request that is being served.
#[must_use = "dropped, the request is over"]
pub(super) struct Underway(Arc<AtomicUsize>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_goes_on_and_never_back() {
        let life = Life::default();
        assert!(!life.is_ready());
        assert!(life.enter(Stage::Serving) && life.is_ready() && !life.is_ending());
        assert!(life.enter(Stage::Ending) && !life.is_ready() && life.is_ending());
        assert!(!life.enter(Stage::Serving) && !life.is_ready() && life.is_ending());
        assert!(!life.enter(Stage::HandedOver) && life.is_ending());
    }

    #[test]
    fn what_is_dropped_is_no_longer_under_way() {
        let life = Life::default();
        let (one, two) = (life.begin(), life.begin());
        assert_eq!(life.underway(), 2);
        drop(one);
        assert_eq!(life.underway(), 1);
        drop(two);
        assert_eq!(life.underway(), 0);
    }
}
