//! Writers of one resource go one after the other, but for those that need not (docs/semantics.md 8.1): a lock per
//! (service, type, id), in this process, first come first served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::time::{Instant, timeout_at};

use crate::fault::{Cause, Fault};

/// Exchanges that hold or want one resource at once: more than a provider sends in parallel, and few
/// enough that a resource that everybody writes fills no memory.
const MOST: usize = 1_024;

/// How a resource is held while it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// With others that write in one call and decide nothing by what is stored: the upstream puts
    /// their calls in an order.
    Shared,
    /// Alone: what is written depends on what was read before, or takes several calls.
    Alone,
}

/// Locks by key; a key is there only while someone holds or wants it.
#[derive(Debug, Default)]
pub struct Locks {
    held: Mutex<HashMap<String, Arc<RwLock<()>>>>,
}

/// A held lock.
#[derive(Debug)]
#[must_use = "dropped, the lock is the next one's"]
pub struct LockGuard<'l> {
    locks: &'l Locks,
    key: String,
    guard: Option<Guard>,
    /// Held together with it.
    others: Vec<LockGuard<'l>>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "they are held, and not looked at")]
enum Guard {
    Shared(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>),
}

impl Locks {
    /// Waits for the lock until the deadline. Whoever came before goes before, in either way, so that
    /// nobody waits for ever.
    ///
    /// # Errors
    /// `Busy`, with `Retry-After`.
    pub async fn lock(
        &self,
        key: String,
        way: LockMode,
        deadline: Instant,
    ) -> Result<LockGuard<'_>, Fault> {
        let lock = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let lock = held.entry(key.clone()).or_default();
            // Beside the map's own there is one for each that holds or waits.
            if Arc::strong_count(lock) > MOST {
                return Err(busy());
            }
            Arc::clone(lock)
        };
        // Made first, so that the key goes even where the wait ends without the lock.
        let mut waiting = LockGuard { locks: self, key, guard: None, others: Vec::new() };
        let turn = async {
            match way {
                LockMode::Shared => Guard::Shared(lock.read_owned().await),
                LockMode::Alone => Guard::Alone(lock.write_owned().await),
            }
        };
        waiting.guard = Some(timeout_at(deadline, turn).await.map_err(|_| busy())?);
        Ok(waiting)
    }
}

fn busy() -> Fault {
    let detail = "Another request is changing the same resource. Try again in a moment.";
    Fault::new(Cause::Busy, detail).with_retry_after(Duration::from_secs(1))
}

impl<'l> LockGuard<'l> {
    /// Holds another lock for as long as this one. Whoever takes several takes them in one order.
    pub fn with(&mut self, other: LockGuard<'l>) {
        self.others.push(other);
    }
}

impl Drop for LockGuard<'_> {
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const WAYS: [LockMode; 2] = [LockMode::Shared, LockMode::Alone];

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(10)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn key() -> String {
        "a".to_owned()
    }

    async fn yielded() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_key_is_there_only_while_someone_holds_or_wants_it() {
        for way in WAYS {
            let locks = Locks::default();
            let keys = || locks.held.lock().unwrap().len();
            let held = locks.lock(key(), LockMode::Alone, soon()).await.unwrap();
            let other = locks.lock("b".to_owned(), way, soon()).await.unwrap();
            assert_eq!(keys(), 2);
            let refused = locks.lock(key(), way, soon()).await.unwrap_err();
            assert_eq!(
                (refused.cause, refused.retry_after),
                (Cause::Busy, Some(Duration::from_secs(1)))
            );
            assert_eq!(keys(), 2, "who gave up takes nobody's key away");
            assert!(locks.lock(key(), way, soon()).await.is_err(), "it is still held");
            drop(held);
            assert_eq!(keys(), 1);
            let held = locks.lock(key(), way, soon()).await.unwrap();
            // Who is dropped while it waits leaves nothing behind, either.
            let waits = locks.lock(key(), LockMode::Alone, soon());
            drop(tokio::time::timeout(Duration::ZERO, waits).await);
            drop((held, other));
            assert_eq!(keys(), 0);
        }
    }

    // Writers that decide nothing by what is stored run together; whoever reads first is alone.
    #[tokio::test]
    async fn those_that_share_run_together_and_who_is_alone_is_alone() {
        let locks = Locks::default();
        let one = locks.lock(key(), LockMode::Shared, soon()).await.unwrap();
        let two = locks.lock(key(), LockMode::Shared, soon()).await.unwrap();
        assert!(locks.lock(key(), LockMode::Alone, soon()).await.is_err());
        drop(one);
        assert!(locks.lock(key(), LockMode::Alone, soon()).await.is_err(), "one still shares it");
        drop(two);
        let alone = locks.lock(key(), LockMode::Alone, soon()).await.unwrap();
        for way in WAYS {
            assert!(locks.lock(key(), way, soon()).await.is_err(), "{way:?}");
        }
        drop(alone);
        assert!(locks.held.lock().unwrap().is_empty());
    }

    // Sharing writers that keep coming do not starve one that wants to be alone.
    #[tokio::test]
    async fn who_came_first_goes_first() {
        let locks: &'static Locks = Box::leak(Box::default());
        let order: Arc<Mutex<Vec<usize>>> = Arc::default();
        let first = locks.lock(key(), LockMode::Shared, late()).await.unwrap();
        let mut queue = tokio::task::JoinSet::new();
        for (number, way) in [LockMode::Alone, LockMode::Shared, LockMode::Alone, LockMode::Shared]
            .iter()
            .enumerate()
        {
            let order = Arc::clone(&order);
            queue.spawn(async move {
                let held = locks.lock(key(), *way, late()).await.unwrap();
                order.lock().unwrap().push(number);
                yielded().await;
                drop(held);
            });
            yielded().await;
        }
        assert!(order.lock().unwrap().is_empty(), "what comes later does not overtake");
        drop(first);
        queue.join_all().await;
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
        assert!(locks.held.lock().unwrap().is_empty());
    }

    // A provider changes members one by one and in parallel; all have their turn.
    #[tokio::test]
    async fn a_hundred_have_their_turns_and_beyond_the_bound_it_is_refused_at_once() {
        let locks: &'static Locks = Box::leak(Box::default());
        for (many, way) in
            [(100, LockMode::Alone), (MOST - 1, LockMode::Alone), (MOST - 1, LockMode::Shared)]
        {
            let held = locks.lock(key(), LockMode::Alone, late()).await.unwrap();
            let inside = Arc::new(AtomicUsize::new(0));
            let mut queue = tokio::task::JoinSet::new();
            for _ in 0..many {
                let inside = Arc::clone(&inside);
                queue.spawn(async move {
                    let held = locks.lock(key(), way, late()).await.unwrap();
                    let others = inside.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(held);
                    others == 0 || way == LockMode::Shared
                });
            }
            let users = || Arc::strong_count(&locks.held.lock().unwrap()["a"]);
            while users() < 1 + 1 + many {
                tokio::task::yield_now().await;
            }
            if many == MOST - 1 {
                let refused = locks.lock(key(), way, late()).await.unwrap_err();
                assert_eq!(refused.cause, Cause::Busy);
                assert!(locks.lock("b".to_owned(), way, late()).await.is_ok(), "others may");
            }
            drop(held);
            assert!(queue.join_all().await.into_iter().all(|fair| fair));
            assert!(locks.held.lock().unwrap().is_empty());
        }
    }
}
