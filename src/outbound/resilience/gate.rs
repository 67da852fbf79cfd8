//! So many at once, and so many more that wait for so long. Whoever comes on top is refused at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::config::InFlight;
use crate::observe::Reason;

/// Places, and a bounded waiting room before them.
#[derive(Debug)]
pub struct Gate {
    most: usize,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    wait: Duration,
}

/// A place; dropping it gives it to the next.
#[derive(Debug)]
#[must_use = "dropped, the place is the next one's"]
pub struct GatePermit {
    _permit: OwnedSemaphorePermit,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The waiting room is full.
    Queue,
    /// The wait was as long as it may be.
    Wait,
}

impl Full {
    pub fn reason(self) -> Reason {
        match self {
            Self::Queue => Reason::Queue,
            Self::Wait => Reason::Wait,
        }
    }
}

/// A seat in the waiting room.
#[derive(Debug)]
#[must_use = "dropped, the seat is free"]
pub struct Seat<'g> {
    gate: &'g Gate,
    pub until: Instant,
}

impl Gate {
    pub fn new(limits: &InFlight) -> Self {
        let most = limits.most.min(Semaphore::MAX_PERMITS);
        Self {
            most,
            places: Arc::new(Semaphore::new(most)),
            waiting: AtomicUsize::new(0),
            queue: limits.queue,
            wait: limits.wait,
        }
    }

    /// How many have a place.
    pub fn under_way(&self) -> usize {
        self.most.saturating_sub(self.places.available_permits())
    }

    /// How many wait for one.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// A place without any wait.
    pub fn at_once(&self) -> Option<GatePermit> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(GatePermit { _permit: permit })
    }

    /// A seat, for whoever has to wait for a place or for something else first.
    pub fn sit(&self, deadline: Instant) -> Result<Seat<'_>, Full> {
        // Made first: it gives back what it takes.
        let seat = Seat { gate: self, until: deadline.min(Instant::now() + self.wait) };
        match self.waiting.fetch_add(1, Ordering::AcqRel) < self.queue {
            true => Ok(seat),
            false => Err(Full::Queue),
        }
    }

    /// A place, now or after a wait that is bounded by the deadline too.
    pub async fn enter(&self, deadline: Instant) -> Result<GatePermit, Full> {
        match self.at_once() {
            Some(place) => Ok(place),
            None => self.sit(deadline)?.place().await,
        }
    }
}

impl Seat<'_> {
    /// The next free place, in the order of coming.
    pub async fn place(&self) -> Result<GatePermit, Full> {
        let place = Arc::clone(&self.gate.places).acquire_owned();
        match timeout_at(self.until, place).await {
            Ok(Ok(permit)) => Ok(GatePermit { _permit: permit }),
            // Nobody closes the semaphore.
            Ok(Err(_)) | Err(_) => Err(Full::Wait),
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.gate.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(most: usize, queue: usize, wait: Duration) -> Gate {
        Gate::new(&InFlight { most, queue, wait })
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[tokio::test]
    async fn beyond_places_and_queue_it_refuses_at_once() {
        let gate = gate(1, 1, Duration::from_secs(60));
        let place = gate.enter(late()).await.unwrap();
        let waiting = gate.enter(late());
        tokio::pin!(waiting);
        assert!(asked_once(&mut waiting).await.is_none(), "one waits");
        assert_eq!(gate.enter(late()).await.unwrap_err(), Full::Queue);
        drop(place);
        let place = waiting.await.unwrap();
        assert_eq!(gate.waiting.load(Ordering::SeqCst), 0);
        assert!(gate.at_once().is_none());
        drop(place);
        assert!(gate.at_once().is_some());
    }

    #[tokio::test]
    async fn a_wait_ends_at_its_bound_and_at_the_deadline() {
        let soon = Duration::from_millis(5);
        for (wait, deadline) in [(soon, late()), (Duration::from_secs(60), Instant::now() + soon)] {
            let gate = gate(1, 9, wait);
            let _place = gate.enter(late()).await.unwrap();
            assert_eq!(gate.enter(deadline).await.unwrap_err(), Full::Wait);
        }
    }

    #[tokio::test]
    async fn who_gives_up_leaves_its_seat() {
        let gate = gate(1, 1, Duration::from_secs(60));
        let _place = gate.enter(late()).await.unwrap();
        for _ in 0..5 {
            let mut waiting = Box::pin(gate.enter(late()));
            assert!(asked_once(&mut waiting.as_mut()).await.is_none());
        }
    }

    /// What a future has come to after it was asked once.
    async fn asked_once<F: Future>(future: &mut std::pin::Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| match future.as_mut().poll(context) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
