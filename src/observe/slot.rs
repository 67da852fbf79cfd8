//! A place for what is recorded of a write, taken before the write is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A place for the record of one write, from before the write is made until it was told. Dropped, it is
/// free again.
#[derive(Debug, Default)]
#[must_use = "dropped, the place is free again"]
pub struct Slot(Option<Arc<AtomicUsize>>);

impl Slot {
    /// One of the `most` places that `taken` counts; `None` where all are taken.
    pub fn among(taken: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        // Made first: it gives back what it takes.
        let slot = Self(Some(Arc::clone(taken)));
        (taken.fetch_add(1, Ordering::AcqRel) < most).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(taken) = &self.0 {
            taken.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
