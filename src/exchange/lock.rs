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
/// Exchanges that wait for one resource; more would not have their turn in time.
const QUEUE: usize = 32;

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
            let lock = held.entry(key.clone()).or_default();
            // Beside the map's own: one for the holder and one for each that waits.
            if Arc::strong_count(lock) >= 1 + 1 + QUEUE {
                return Err(busy());
            }
            Arc::clone(lock)
        };
        // Made first, so that the key goes even where the wait ends without the lock.
        let mut waiting = Held { locks: self, key, guard: None };
        let until = deadline.min(Instant::now() + PATIENCE);
        match timeout_at(until, lock.lock_owned()).await {
            Ok(guard) => {
                waiting.guard = Some(guard);
                Ok(waiting)
            }
            Err(_) => Err(busy()),
        }
    }
}

fn busy() -> Fault {
    let detail = "Another request is changing the same resource. Try again in a moment.";
    Fault::new(Cause::Busy, detail).with_retry_after(Duration::from_secs(1))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(10)
    }

    #[tokio::test]
    async fn a_key_is_there_only_while_someone_holds_or_wants_it() {
        let locks = Locks::default();
        let keys = || locks.held.lock().unwrap().len();
        let held = locks.lock("a".to_owned(), soon()).await.unwrap();
        let other = locks.lock("b".to_owned(), soon()).await.unwrap();
        assert_eq!(keys(), 2);
        let refused = locks.lock("a".to_owned(), soon()).await.unwrap_err();
        assert_eq!(
            (refused.cause, refused.retry_after),
            (Cause::Busy, Some(Duration::from_secs(1)))
        );
        assert_eq!(keys(), 2, "who gave up takes nobody's key away");
        assert!(locks.lock("a".to_owned(), soon()).await.is_err(), "it is still held");
        drop(held);
        assert_eq!(keys(), 1);
        let held = locks.lock("a".to_owned(), soon()).await.unwrap();
        // Who is dropped while it waits leaves nothing behind, either.
        drop(tokio::time::timeout(Duration::ZERO, locks.lock("a".to_owned(), soon())).await);
        drop((held, other));
        assert_eq!(keys(), 0);
    }

    #[tokio::test]
    async fn who_waits_gets_the_lock_when_it_is_free() {
        let locks = Locks::default();
        let late = Instant::now() + Duration::from_secs(9);
        let held = locks.lock("a".to_owned(), late).await.unwrap();
        let free = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        let (next, ()) = tokio::join!(locks.lock("a".to_owned(), late), free);
        drop(next.unwrap());
        assert!(locks.held.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn under_contention_a_bounded_queue_has_its_turns_and_more_is_refused_at_once() {
        let locks: &'static Locks = Box::leak(Box::default());
        let late = Instant::now() + Duration::from_secs(60);
        let held = locks.lock("a".to_owned(), late).await.unwrap();
        let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let mut queue = tokio::task::JoinSet::new();
        for _ in 0..QUEUE {
            let inside = Arc::clone(&inside);
            queue.spawn(async move {
                let held = locks.lock("a".to_owned(), late).await.unwrap();
                let alone = inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
                tokio::task::yield_now().await;
                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                drop(held);
                alone
            });
        }
        let users = || Arc::strong_count(&locks.held.lock().unwrap()["a"]);
        while users() < 1 + 1 + QUEUE {
            tokio::task::yield_now().await;
        }
        let began = Instant::now();
        let refused = locks.lock("a".to_owned(), late).await.unwrap_err();
        assert_eq!((refused.cause, began.elapsed() < PATIENCE), (Cause::Busy, true));
        assert!(locks.lock("b".to_owned(), late).await.is_ok(), "others are not concerned");
        drop(held);
        assert!(queue.join_all().await.into_iter().all(|alone| alone));
        assert!(locks.held.lock().unwrap().is_empty());
    }
}
