//! Values that come from files and are followed there: one reads for all who ask, the content decides,
//! and what cannot be used does not take the place of what was.
//!
//! Secrets, certificates, authorities and key sets in files are each one of these. What a value is for
//! is not known here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{Instant, sleep};

/// Time between two looks at files.
pub const LOOK: Duration = Duration::from_secs(2);
/// Between two reports of files that go on failing.
const REMIND: Duration = Duration::from_secs(60);

/// What a look at the files came to, where there is something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    Changed,
    /// A sentence that names the file.
    Failed(String),
}

/// Something with files that are to be followed.
pub trait Followed: Send + Sync + 'static {
    /// Looks at all its files, beside the threads of requests.
    fn look(&self) -> impl Future<Output = ()> + Send;
}

/// Looks again and again, as long as somebody else holds it.
pub async fn follow<F: Followed>(held: Weak<F>) {
    while let Some(followed) = held.upgrade() {
        followed.look().await;
        drop(followed);
        sleep(LOOK.mul_f64(0.75 + fastrand::f64() / 4.0)).await;
    }
}

/// A value with a serial number that grows with each change.
pub struct Watched<T> {
    current: ArcSwap<(u64, T)>,
    read: Arc<dyn Fn() -> Result<T, String> + Send + Sync>,
    /// Whose turn it is to read for those who wait.
    turn: tokio::sync::Mutex<()>,
    looks: Mutex<Looks>,
}

struct Looks {
    /// How many have begun.
    begun: u64,
    /// Which of them was the last to be heeded: one that began earlier read something older.
    heeded: u64,
    /// When the files were last found usable, and whether they were at the last look.
    good: Instant,
    well: bool,
    told: Option<Instant>,
}

impl<T: PartialEq + Send + Sync + 'static> Watched<T> {
    /// # Errors
    /// What `read` tells of files that cannot be used; later such files change nothing.
    pub fn read(
        read: impl Fn() -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let value = read()?;
        Ok(Self::holding(value, read))
    }

    /// As if this value had been read just now.
    pub fn holding(value: T, read: impl Fn() -> Result<T, String> + Send + Sync + 'static) -> Self {
        Self {
            current: ArcSwap::from_pointee((0, value)),
            read: Arc::new(read),
            turn: tokio::sync::Mutex::default(),
            looks: Mutex::new(Looks {
                begun: 0,
                heeded: 0,
                good: Instant::now(),
                well: true,
                told: None,
            }),
        }
    }

    /// The value in force, with its serial number.
    pub fn current(&self) -> Arc<(u64, T)> {
        self.current.load_full()
    }

    /// When the files were last found usable.
    pub fn good(&self) -> Instant {
        self.looks().good
    }

    /// Whether the files were usable at the last look.
    pub fn well(&self) -> bool {
        self.looks().well
    }

    /// Reads again, beside the requests' threads. Where a look began while this one waited for its
    /// turn, that one was for this one too. Files that go on failing are told of now and then.
    pub async fn look(&self) -> Option<Looked> {
        let asked = self.looks().begun;
        let _turn = self.turn.lock().await;
        if self.looks().begun != asked {
            return None;
        }
        let number = self.begin();
        let read = Arc::clone(&self.read);
        let value = tokio::task::spawn_blocking(move || read()).await;
        let value = value.unwrap_or_else(|_| Err("the files were not read".to_owned()));
        let taken = self.take(number, value);
        let mut looks = self.looks();
        match taken {
            Ok(changed) => {
                looks.told = None;
                changed.then_some(Looked::Changed)
            }
            Err(why) => {
                let now = Instant::now();
                let silent = looks.told.is_some_and(|told| now.duration_since(told) < REMIND);
                looks.told = if silent { looks.told } else { Some(now) };
                (!silent).then_some(Looked::Failed(why))
            }
        }
    }

    /// Reads again at once, on this thread; whether the value has changed.
    ///
    /// # Errors
    /// What is wrong with the files; the value before stays.
    pub fn look_now(&self) -> Result<bool, String> {
        let number = self.begin();
        self.take(number, (self.read)())
    }

    fn begin(&self) -> u64 {
        let mut looks = self.looks();
        looks.begun += 1;
        looks.begun
    }

    fn take(&self, number: u64, value: Result<T, String>) -> Result<bool, String> {
        let mut looks = self.looks();
        if number < looks.heeded {
            return Ok(false);
        }
        (looks.heeded, looks.well) = (number, value.is_ok());
        let value = value?;
        looks.good = Instant::now();
        let (serial, before) = &*self.current.load_full();
        if *before == value {
            return Ok(false);
        }
        self.current.store(Arc::new((serial + 1, value)));
        Ok(true)
    }

    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_look_is_for_all_who_wait_and_what_fails_changes_nothing() {
        let (text, reads) = (Arc::new(Mutex::new(Ok("a"))), Arc::new(AtomicUsize::new(0)));
        let (from, counted) = (text.clone(), reads.clone());
        let read = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            from.lock().unwrap().clone()
        };
        let watched = Arc::new(Watched::read(read).unwrap());
        *text.lock().unwrap() = Ok("b");
        let mut looks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let watched = watched.clone();
            looks.spawn(async move { watched.look().await });
        }
        let looked = looks.join_all().await;
        assert_eq!(looked.iter().flatten().collect::<Vec<_>>(), [&Looked::Changed]);
        // The first, and one for all who asked while that was under way.
        assert!(reads.load(Ordering::SeqCst) <= 3);
        assert_eq!(*watched.current(), (1, "b"));
        *text.lock().unwrap() = Err("no".to_owned());
        assert_eq!(watched.look().await, Some(Looked::Failed("no".to_owned())));
        assert_eq!(watched.look().await, None, "not told all the time");
        assert_eq!(watched.look_now(), Err("no".to_owned()));
        assert_eq!(*watched.current(), (1, "b"));
    }

    #[test]
    fn an_older_reading_does_not_take_a_newer_ones_place() {
        let watched = Watched::holding("a", || Ok("a"));
        let (first, second) = (watched.begin(), watched.begin());
        assert_eq!(watched.take(second, Ok("new")), Ok(true));
        assert_eq!(watched.take(first, Ok("old")), Ok(false));
        assert_eq!(watched.current().1, "new");
    }
}
