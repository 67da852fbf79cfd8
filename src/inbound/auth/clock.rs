//! The time that tokens are held against.

use std::time::{SystemTime, UNIX_EPOCH};

/// For clocks that differ, in seconds.
pub(super) const LEEWAY: u64 = 30;

/// In seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
