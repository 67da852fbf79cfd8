//! Asking for the configuration to be read again, and what is told of it. Who reads it is not known
//! here.

use tokio::sync::{mpsc, oneshot};

use crate::diagnostic::Mistakes;

/// Askers that may wait at once: one reload answers all of them.
const WAITING: usize = 16;

/// How a reload ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The new configuration serves; the hash of its rules.
    Applied(String),
    /// The old one goes on.
    Refused(Mistakes),
}

/// Someone waits for the next reload to begin, and for its end.
#[derive(Debug)]
pub struct Ask(oneshot::Sender<Outcome>);

/// Where to ask for a reload.
#[derive(Clone, Debug)]
pub struct Reloads(mpsc::Sender<Ask>);

impl Reloads {
    /// The asking side, and the side that reloads.
    pub fn channel() -> (Self, mpsc::Receiver<Ask>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Asks, and waits; `None` where too many wait already, or nobody reloads any more.
    pub(super) async fn ask(&self) -> Option<Outcome> {
        let (sender, outcome) = oneshot::channel();
        self.0.try_send(Ask(sender)).ok()?;
        outcome.await.ok()
    }
}

impl Ask {
    pub fn answer(self, outcome: Outcome) {
        // Who asked may have gone.
        let _ = self.0.send(outcome);
    }
}
