//! Resources that the upstream answered, in its own words.

use http::header::HeaderValue;

use crate::gateway::message::Frame;
use crate::gateway::pair::Losses;
use crate::rewrite::program::LossCause;
use crate::rewrite::translate::Loss;
use crate::scim::Object;
use crate::scim::reading::{Old, Reading};

/// A resource that the upstream answered, in its own words; its texts may lie in that answer.
#[derive(Debug, Default)]
pub struct Stored<'a> {
    pub frame: Frame,
    /// As it was read: what is unreadable is not in it.
    pub object: Object<'a>,
    /// As it came, where that is not what was read.
    pub raw: Option<Object<'a>>,
    /// The version, where the upstream keeps them and its answer's header names it.
    pub etag: Option<HeaderValue>,
    /// The version that the client is told, if any.
    pub version: Option<HeaderValue>,
    /// What is unreadable, and is not shown.
    pub losses: Losses,
    /// Nobody has shown it: it is what is known of a write that was done.
    pub unseen: bool,
}

impl<'a> Stored<'a> {
    /// A resource and its frame, without a version.
    pub fn read(frame: Frame, reading: Reading<'a>) -> Self {
        let Reading { read, raw, unreadable } = reading;
        let cause = LossCause::Converted;
        let lifting = unreadable.iter().map(|path| Loss::new(path.as_str().into(), cause));
        let losses = Losses { lifting: lifting.collect(), lowering: Vec::new() };
        Self { frame, object: read, raw, losses, ..Self::default() }
    }

    /// The same, for who keeps it longer than the answer.
    pub fn into_owned(self) -> Stored<'static> {
        let Self { frame, object, raw, etag, version, losses, unseen } = self;
        let (object, raw) = (object.into_owned(), raw.map(Object::into_owned));
        Stored { frame, object, raw, etag, version, losses, unseen }
    }

    /// What the upstream said, also what cannot be read.
    pub fn said(&self) -> &Object<'a> {
        self.raw.as_ref().unwrap_or(&self.object)
    }

    /// Both forms, for put.
    pub fn old(&self) -> Old<'_> {
        Old { read: &self.object, raw: self.raw.as_ref() }
    }
}

/// A page of resources, in the upstream's words.
#[derive(Debug)]
pub struct StoredPage {
    pub total: Option<usize>,
    /// One-based; 1 where the upstream does not say.
    pub start_index: usize,
    /// The upstream's own (RFC 9865 section 2).
    pub next_cursor: Option<String>,
    pub previous_cursor: Option<String>,
    pub resources: Vec<Stored<'static>>,
}
