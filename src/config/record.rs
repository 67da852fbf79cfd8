//! The settings of the record of writes: plain data; what it does is in `ops::audit`.

use std::path::PathBuf;

/// The record of writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub file: PathBuf,
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
