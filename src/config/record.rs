//! The settings of the record of writes, and files that the gateway keeps: plain data; what it does is in
//! `ops::audit`.

use std::path::PathBuf;

use super::model::Named;

/// A file that the gateway writes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    /// Where the configuration names it.
    pub at: Named,
}

/// The record of writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub file: Kept,
    /// Lines that may wait to be written, and writes that may be under way.
    pub queue: usize,
    pub on_failure: OnFailure,
}

/// What becomes of writes that cannot be recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They are not made.
    #[default]
    Refuse,
    /// They are made, and their lost lines are counted.
    Count,
}

impl Audit {
    pub(super) const QUEUE: usize = 10_000;
}
