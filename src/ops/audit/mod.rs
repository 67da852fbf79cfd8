//! The record of writes: one JSON line for each that a client asked for, done or not, and for what was
//! refused before it came to that; and for what operators did.
//!
//! Lines are written by one thread, and a request never waits for the disk. No write goes unrecorded:
//! before one is made it takes a place among the lines that may wait, and where there is none, or the
//! file takes no lines, it is not made. Lines are chained over processes and files ([`target`]).

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::ids::Ids;
use super::metrics::Metrics;
use crate::config::{self, OnFailure};
use crate::observe::{AccessRecord, Event, Slot, Trigger};

mod line;
mod refused;
mod state;
mod target;
mod thread;
mod verify;

pub use verify::{Verified, verify};

use self::line::{act, of_refused, of_stream, of_write};
use self::state::State;
use self::target::Target;
use self::thread::{Message, Work};

/// How long the end of the process waits for the lines that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// The queue to the file.
pub(super) struct Audit {
    queue: Sender<Message>,
    state: Arc<State>,
    most: usize,
    on_failure: OnFailure,
    metrics: Arc<Metrics>,
}

impl Audit {
    /// # Errors
    /// A sentence, where the file cannot be opened or the thread cannot be started.
    pub fn start(audit: &config::Audit, metrics: Arc<Metrics>) -> Result<Self, String> {
        let file = &audit.file.path;
        let unusable = |error: io::Error| {
            format!("the audit file {} ([audit] file) cannot be opened: {error}", file.display())
        };
        let target = Target::open(file).map_err(unusable)?;
        let (queue, lines) = channel();
        let state = Arc::<State>::default();
        let work = Work {
            target,
            lines,
            state: Arc::clone(&state),
            on_failure: audit.on_failure,
            metrics: Arc::clone(&metrics),
        };
        let run = move || work.run();
        std::thread::Builder::new().name("audit".to_owned()).spawn(run).map_err(unusable)?;
        let (most, on_failure) = (audit.queue, audit.on_failure);
        Ok(Self { queue, state, most, on_failure, metrics })
    }

    /// A place for the line of a write that is about to be made; `None` where the write must not be.
    pub fn reserve(&self) -> Option<Slot> {
        if self.on_failure == OnFailure::Count {
            return Some(Slot::default());
        }
        if self.state.failing.load(Ordering::Acquire) {
            self.metrics.audit_refused("file");
            return None;
        }
        let slot = Slot::among(&self.state.taken, self.most);
        if slot.is_none() {
            self.metrics.audit_refused("queue");
        }
        slot
    }

    /// Queues a line for each write of an exchange, or one for what was refused before.
    pub fn record(&self, seen: &AccessRecord<'_>, ids: &Ids) {
        let writes = &seen.record.writes;
        for write in writes {
            self.push(of_write(seen, write, ids));
        }
        if !seen.translated && seen.writes {
            self.push(of_stream(seen, ids));
        } else if writes.is_empty() && refused::tells(seen) {
            self.refuse(seen, ids);
        }
    }

    /// What an operator did, or the files.
    pub fn happened(&self, event: &Event, ids: &Ids) {
        let line = match event {
            Event::Operated { act: what, route, from, done } => {
                act(what, route.as_deref(), "admin", Some(*from), *done, ids)
            }
            // What was asked for at the admin listener is told from there.
            Event::Reloaded(Trigger::Request) | Event::ReloadRefused(Trigger::Request, _) => return,
            Event::Reloaded(by) => act("reload", None, by.label(), None, true, ids),
            Event::ReloadRefused(by, _) => act("reload", None, by.label(), None, false, ids),
            _ => return,
        };
        // An operator is not kept from acting by a full disk; who acts without an end is.
        if self.waiting() < self.most.saturating_mul(2) {
            self.push_always(line);
        } else {
            self.metrics.audit_lost("queue", 1);
        }
    }

    /// Waits until what is queued is written, but not for ever.
    pub fn finish(&self) {
        let (done, written): (SyncSender<()>, _) = sync_channel(1);
        let told = self.queue.send(Message::Flush(done)).is_ok();
        if !told || written.recv_timeout(PATIENCE).is_err() {
            let lines = self.waiting();
            tracing::error!(lines, "the process ends before its audit lines are written");
        }
    }

    /// A request that was refused. A caller that was let in has a line of its own; of strangers, and
    /// where there is no room, those of one kind are counted together.
    fn refuse(&self, seen: &AccessRecord<'_>, ids: &Ids) {
        let mut refused = self.state.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.caller.is_some() && self.waiting() < self.most / 2;
        if known || refused.is_first(seen) {
            drop(refused);
            self.push_always(of_refused(seen, ids));
        }
    }

    fn push(&self, line: Vec<u8>) {
        if self.on_failure == OnFailure::Count && self.waiting() >= self.most {
            self.metrics.audit_lost("queue", 1);
        } else {
            self.push_always(line);
        }
    }

    fn push_always(&self, line: Vec<u8>) {
        self.state.taken.fetch_add(1, Ordering::AcqRel);
        // The thread ends with the process only.
        if self.queue.send(Message::Line(line)).is_err() {
            self.metrics.audit_lost("queue", 1);
        }
    }

    fn waiting(&self) -> usize {
        self.state.taken.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests;
