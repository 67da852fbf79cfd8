//! Asking for the configuration to be read again, and what is told of it. Who reads it is not known
//! here.

use tokio::sync::{mpsc, oneshot};

use crate::diagnostic::Mistakes;

/// Askers that may wait at once: one reload answers all of them.
const WAITING: usize = 16;

/// How a reload ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ReloadOutcome {
    /// The new configuration serves; the hash of its rules.
    Applied(String),
    /// The old one goes on.
    Refused(Mistakes),
}

/// Someone waits for the next reload to begin, and for its end.
#[derive(Debug)]
pub struct ReloadRequest(oneshot::Sender<ReloadOutcome>);

/// Where to ask for a reload.
#[derive(Clone, Debug)]
pub struct Reloads(mpsc::Sender<ReloadRequest>);

impl Reloads {
    /// The asking side, and the side that reloads.
    pub fn channel() -> (Self, mpsc::Receiver<ReloadRequest>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Asks, and waits; `None` where too many wait already, or nobody reloads any more.
    pub(super) async fn ask(&self) -> Option<ReloadOutcome> {
        let (sender, outcome) = oneshot::channel();
        self.0.try_send(ReloadRequest(sender)).ok()?;
        outcome.await.ok()
    }
}

impl ReloadRequest {
    pub fn answer(self, outcome: ReloadOutcome) {
        // Who asked may have gone.
        let _ = self.0.send(outcome);
    }
}
