//! Calls and failures of the last while, in slices. It asks no clock.

use std::time::Duration;

use tokio::time::Instant;

/// Parts of the window, each forgotten as a whole.
const SLICES: usize = 10;

#[derive(Debug, Default)]
pub(super) struct Window {
    /// Calls and failures in each slice, the newest at `now % SLICES`.
    slices: [(u32, u32); SLICES],
    newest: u128,
    began: Option<Instant>,
}

impl Window {
    /// Counts one call.
    pub(super) fn count(&mut self, now: Instant, length: Duration, failed: bool) {
        let began = *self.began.get_or_insert(now);
        let slice = (length.as_nanos() / SLICES as u128).max(1);
        let newest = now.saturating_duration_since(began).as_nanos() / slice;
        let passed = newest.saturating_sub(self.newest).min(SLICES as u128);
        for step in 1..=passed {
            if let Some(old) = self.at(self.newest + step) {
                *old = (0, 0);
            }
        }
        self.newest = self.newest.max(newest);
        if let Some((calls, failures)) = self.at(self.newest) {
            *calls = calls.saturating_add(1);
            *failures = failures.saturating_add(u32::from(failed));
        }
    }

    fn at(&mut self, slice: u128) -> Option<&mut (u32, u32)> {
        usize::try_from(slice % SLICES as u128).ok().and_then(|at| self.slices.get_mut(at))
    }

    /// All calls, and those that failed.
    pub(super) fn sum(&self) -> (u32, u32) {
        self.slices.iter().fold((0, 0), |(calls, failures), (more, failed)| {
            (calls.saturating_add(*more), failures.saturating_add(*failed))
        })
    }
}
