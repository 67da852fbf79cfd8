//! The thread that writes what is queued, as much at once as there is. What the file does not take stays
//! until it does.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, PoisonError, atomic::Ordering};
use std::time::{Duration, Instant};

use super::state::State;
use super::target::Target;
use crate::config::OnFailure;
use crate::ops::metrics::Metrics;

/// Bytes that are written at once, about.
const BATCH: usize = 64 << 10;
/// How often the log says that the file takes no lines, and where the chain stands.
const AGAIN: Duration = Duration::from_secs(60);
/// Between two tries of what the file did not take, and between two looks at what was counted.
const RETRY: Duration = Duration::from_millis(200);

pub(super) enum Message {
    /// JSON without its end of line.
    Line(Vec<u8>),
    /// Answered once everything before it is written.
    Flush(SyncSender<()>),
}

pub(super) struct Work {
    pub target: Target,
    pub lines: Receiver<Message>,
    pub state: Arc<State>,
    pub on_failure: OnFailure,
    pub metrics: Arc<Metrics>,
}

/// When the log was told what it is told now and then.
#[derive(Default)]
struct Told {
    lost: Option<Instant>,
    head: Option<Instant>,
}

impl Work {
    /// Ends with those who send.
    pub fn run(mut self) {
        let mut told = Told::default();
        loop {
            let first = match self.lines.recv_timeout(RETRY) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let (mut batch, mut size, mut waiting) = (Vec::new(), 0, Vec::new());
            let mut next = first;
            while let Some(message) = next {
                match message {
                    Message::Line(line) => {
                        size += line.len();
                        batch.push(line);
                    }
                    Message::Flush(done) => waiting.push(done),
                }
                next = if size < BATCH { self.lines.try_recv().ok() } else { None };
            }
            let queued = batch.len();
            batch.extend(self.counted(!waiting.is_empty()));
            self.write(&batch, &mut told);
            self.state.taken.fetch_sub(queued, Ordering::AcqRel);
            if !waiting.is_empty() {
                self.target.say();
            }
            for done in waiting {
                // Whoever waited may have given up.
                let _ = done.try_send(());
            }
        }
    }

    /// What was refused and counted together.
    fn counted(&self, all: bool) -> Vec<Vec<u8>> {
        let mut refused = self.state.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.lines(all)
    }

    /// Writes the lines; where none may be lost, it does nothing else until the file takes them.
    fn write(&mut self, batch: &[Vec<u8>], told: &mut Told) {
        if batch.is_empty() {
            return;
        }
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        while let Err(error) = self.target.append(batch) {
            let reason = error.kind();
            if told.lost.is_none_or(|lost| lost.elapsed() > AGAIN) {
                told.lost = Some(Instant::now());
                tracing::error!(%reason, "the audit file takes no lines");
            }
            if self.on_failure == OnFailure::Count {
                self.metrics.audit_lost("file", count);
                return;
            }
            self.fails(true);
            std::thread::sleep(RETRY);
        }
        self.fails(false);
        self.metrics.audited(count);
        if told.head.is_none_or(|head| head.elapsed() > AGAIN) {
            told.head = Some(Instant::now());
            self.target.say();
        }
    }

    fn fails(&self, failing: bool) {
        if self.state.failing.swap(failing, Ordering::AcqRel) != failing {
            self.metrics.audit_failing(failing);
        }
    }
}
