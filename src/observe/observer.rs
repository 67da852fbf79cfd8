//! Whoever is told: of each request once, and of what happens beside requests. Who counts and logs is not
//! known here.

use super::access_record::AccessRecord;
use super::event::Event;
use super::slot::Slot;

/// Told once for each request, after its answer was written or failed to be, or when it was cut off, and
/// of what happens beside requests.
pub trait Observer: Send + Sync {
    fn answered(&self, seen: &AccessRecord<'_>);
    fn happened(&self, event: &Event);

    /// Asked before a write is made: a place for what is recorded of it, `None` where nothing can be.
    fn reserve(&self) -> Option<Slot> {
        Some(Slot::default())
    }

    /// Whether the spans of a trace that begins here are kept.
    fn samples(&self, _trace: &[u8; 16]) -> bool {
        false
    }
}

/// Observes nothing.
pub struct Silent;

impl Observer for Silent {
    fn answered(&self, _: &AccessRecord<'_>) {}

    fn happened(&self, _: &Event) {}
}
