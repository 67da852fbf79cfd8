//! One request from its header to its end. It is told once, whatever becomes of the request: who drops it
//! untold (the end of the process, a task that failed) tells that nobody knows the outcome.

use std::sync::Arc;

use http::StatusCode;

use super::account::Account;
use super::edge::Edge;
use super::streaming::Streaming;
use super::translating::Translating;
use crate::fault::{Cause, Fault};
use crate::observe::Observer;

pub(super) struct Context {
    /// The edge that this request met; it stays whatever takes its place.
    pub edge: Arc<Edge>,
    pub account: Account,
    pub stage: Stage,
}

/// What is done with the request.
pub(super) enum Stage {
    /// It is looked at, refused, or over.
    Aside,
    Translating(Translating),
    Streaming(Box<Streaming>),
}

impl Context {
    pub fn new(edge: Arc<Edge>, observer: Arc<dyn Observer>) -> Self {
        Self { edge, account: Account::new(observer), stage: Stage::Aside }
    }

    /// Gives back what others may wait for.
    pub fn let_go(&mut self) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Aside) {
            Stage::Aside => Stage::Aside,
            Stage::Translating(translating) => {
                translating.end();
                Stage::Aside
            }
            Stage::Streaming(mut streaming) => {
                streaming.end(self.account.record.fault.as_ref());
                Stage::Streaming(streaming)
            }
        };
    }

    /// Tells what the request came to; `written` is the status that Pingora wrote.
    pub fn tell(&mut self, written: Option<StatusCode>) {
        if self.account.is_told() {
            return;
        }
        self.let_go();
        let streaming = match &self.stage {
            Stage::Streaming(streaming) => Some(streaming),
            Stage::Aside | Stage::Translating(_) => None,
        };
        if let (Some(told), Some(streaming)) = (&mut self.account.record.streamed, streaming) {
            (told.sent, told.got) = streaming.sizes();
        }
        self.account.tell(streaming.is_none(), written);
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // One that waits for the next request on its connection has nothing to tell.
        if self.account.is_owed() {
            self.account.record.cut_off(interrupted());
            self.tell(None);
        }
    }
}

fn interrupted() -> Fault {
    let detail = "The gateway ended before the request did; whether it was done is not known. Look \
                  before you send it again.";
    Fault::new(Cause::Interrupted, detail)
}
