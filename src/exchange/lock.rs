//! One exchange at a time reads before it writes a resource (design 8): a lock per
//! (upstream, type, id), in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

use crate::fault::{Cause, Fault};

/// The longest wait for a lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// Locks by key; a key is there only while someone holds or wants it.
#[derive(Debug, Default)]
pub struct Locks {
    held: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// A held lock.
#[derive(Debug)]
pub struct Held<'l> {
    locks: &'l Locks,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Locks {
    /// Waits for the lock, but not long.
    ///
    /// # Errors
    /// `Busy`, with `Retry-After`.
    pub async fn lock(&self, key: String, deadline: Instant) -> Result<Held<'_>, Fault> {
        let lock = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(held.entry(key.clone()).or_default())
        };
        // Made first, so that the key goes even where the wait ends without the lock.
        let mut waiting = Held { locks: self, key, guard: None };
        let until = deadline.min(Instant::now() + PATIENCE);
        match timeout_at(until, lock.lock_owned()).await {
            Ok(guard) => {
                waiting.guard = Some(guard);
                Ok(waiting)
            }
            Err(_) => Err(Fault::new(
                Cause::Busy,
                "Another request is changing the same resource. Try again in a moment.",
            )
            .with_retry_after(Duration::from_secs(1))),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut held = self.locks.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            held.remove(&self.key);
        }
    }
}
