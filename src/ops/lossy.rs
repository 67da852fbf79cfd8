//! A bounded queue to a thread of its own, for what is told of requests: the log and spans.
//!
//! Whoever fills it never waits. What does not fit, and what the thread cannot hand on, is lost and
//! counted. It does not know what it carries.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use prometheus::IntCounter;

/// Between two looks at whether the queue is empty, at the end of the process.
const LOOK: Duration = Duration::from_millis(2);

/// What its thread is handed at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batches {
    /// Items.
    pub most: usize,
    /// How long the first one waits for others.
    pub delay: Duration,
}

#[derive(Debug)]
pub(super) struct Lossy<T> {
    /// `None` asks for what is there to be handed on now.
    items: SyncSender<Option<T>>,
    /// Items that are not handed on yet.
    waiting: Arc<AtomicUsize>,
    lost: IntCounter,
}

impl<T: Send + 'static> Lossy<T> {
    /// Starts the thread. At most `size` items wait; `sink` is handed them in their order and tells how
    /// many of a batch it had to give up; those are counted in `lost`, as what does not fit is.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub fn start(
        name: &str,
        size: usize,
        batches: Batches,
        lost: IntCounter,
        mut sink: impl FnMut(Vec<T>) -> usize + Send + 'static,
    ) -> io::Result<Self> {
        let (items, receiver) = sync_channel(size);
        let waiting = Arc::<AtomicUsize>::default();
        let queue = Self { items, waiting: Arc::clone(&waiting), lost: lost.clone() };
        let work = move || {
            while let Some(batch) = next(&receiver, batches) {
                let count = batch.len();
                if count > 0 {
                    lost.inc_by(sink(batch) as u64);
                }
                waiting.fetch_sub(count, Ordering::AcqRel);
            }
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(queue)
    }

    /// Hands over an item, or loses it.
    pub fn push(&self, item: T) {
        // Before it is there: the thread takes away no more than was added.
        self.waiting.fetch_add(1, Ordering::AcqRel);
        if self.items.try_send(Some(item)).is_err() {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            self.lost.inc();
        }
    }

    /// Waits until what is queued is handed on, but no longer than this.
    pub fn finish(&self, longest: Duration) {
        // Where it does not fit, the thread has enough to do.
        let _ = self.items.try_send(None);
        let began = Instant::now();
        while self.waiting.load(Ordering::Acquire) > 0 && began.elapsed() < longest {
            std::thread::sleep(LOOK);
        }
    }
}

/// The next items; `None` when there will be no more.
fn next<T>(items: &Receiver<Option<T>>, batches: Batches) -> Option<Vec<T>> {
    let Some(first) = items.recv().ok()? else { return Some(Vec::new()) };
    let mut batch = vec![first];
    let until = Instant::now() + batches.delay;
    while batch.len() < batches.most {
        match items.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Some(item)) => batch.push(item),
            Ok(None) | Err(_) => break,
        }
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;

    const NOW: Batches = Batches { most: 3, delay: Duration::ZERO };

    fn counter() -> IntCounter {
        IntCounter::new("lost", "lost").unwrap()
    }

    #[test]
    fn what_fits_is_handed_on_in_its_order_and_the_end_waits_for_it() {
        let seen = Arc::<Mutex<Vec<u32>>>::default();
        let sink = {
            let seen = Arc::clone(&seen);
            move |batch: Vec<u32>| {
                assert!(batch.len() <= 3);
                seen.lock().unwrap().extend(batch);
                0
            }
        };
        let lost = counter();
        let queue = Lossy::start("test", 1_000, NOW, lost.clone(), sink).unwrap();
        (0..1_000).for_each(|item| queue.push(item));
        queue.finish(Duration::from_secs(60));
        assert_eq!(*seen.lock().unwrap(), (0..1_000).collect::<Vec<_>>());
        assert_eq!(lost.get(), 0);
    }

    #[test]
    fn a_thread_that_hangs_costs_items_and_nobody_waits() {
        let (hangs, hung) = channel();
        let (_never, ever) = channel::<()>();
        let lost = counter();
        let queue = Lossy::start("test", 10, NOW, lost.clone(), move |_: Vec<u32>| {
            hangs.send(()).unwrap();
            let _ = ever.recv();
            0
        })
        .unwrap();
        queue.push(0);
        hung.recv().unwrap();
        (0..110).for_each(|item| queue.push(item));
        assert_eq!(lost.get(), 100);
        let began = Instant::now();
        queue.finish(Duration::from_millis(50));
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    }

    #[test]
    fn what_cannot_be_handed_on_is_counted() {
        let lost = counter();
        let queue =
            Lossy::start("test", 10, NOW, lost.clone(), |batch: Vec<u32>| batch.len()).unwrap();
        (0..10).for_each(|item| queue.push(item));
        queue.finish(Duration::from_secs(60));
        assert_eq!(lost.get(), 10);
    }

    #[test]
    fn the_end_does_not_wait_for_a_batch_to_fill() {
        let slow = Batches { most: 100, delay: Duration::from_secs(3600) };
        let lost = counter();
        let queue = Lossy::start("test", 10, slow, lost, |_: Vec<u32>| 0).unwrap();
        queue.push(1);
        let began = Instant::now();
        queue.finish(Duration::from_secs(60));
        assert!(began.elapsed() < Duration::from_secs(50), "{:?}", began.elapsed());
    }
}
