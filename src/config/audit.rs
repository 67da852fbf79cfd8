//! The record of writes: `[audit]`. What it does is in `ops::audit`.

use super::kept::{Kept, kept};
use super::surroundings::Surroundings;
use super::value::number;
use crate::diagnostic::toml::Table;

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

const ON_FAILURE: &[(&str, OnFailure)] =
    &[("refuse", OnFailure::Refuse), ("count", OnFailure::Count)];

pub(super) fn audit(table: Table<'_>, around: &Surroundings<'_>) -> Option<Audit> {
    let file = table.need("file").and_then(|item| kept(item, around.directory));
    let queue = table.item("queue").and_then(|item| number(item, 16..=1_000_000));
    let on_failure = table.item("on_failure").and_then(|item| item.word(ON_FAILURE));
    table.close();
    let (queue, on_failure) = (queue.unwrap_or(Audit::QUEUE), on_failure.unwrap_or_default());
    Some(Audit { file: file?, queue, on_failure })
}
