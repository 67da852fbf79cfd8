//! Where large bodies are worked on: beside the threads that serve everybody, and not many at once.
//!
//! An exchange that has taken in more than [`LARGE`] bytes, from its client and from upstreams
//! together, does all its further work (each poll of it) in `block_in_place`: the runtime moves what
//! else waits on that thread to another one. What an exchange does stays a straight line that knows
//! nothing of this. In a runtime of one thread there is no other, and the work is done in place.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use std::thread::available_parallelism;

use async_trait::async_trait;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{block_in_place, yield_now};
use tokio::time::{Instant, sleep_until};

use super::Upstream;
use crate::fault::Fault;
use crate::scim::http::{Request, Response};

/// Bytes of bodies up to which an exchange is worked on where it is.
pub const LARGE: usize = 64 << 10;

/// How many large exchanges are worked on at once: half of the processors, so that the other half is
/// left to everybody else.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new((processors / 2).max(1)))
});

/// The bytes that an exchange has taken in.
#[derive(Debug, Default)]
pub struct Weight(AtomicUsize);

impl Weight {
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn is_large(&self) -> bool {
        self.0.load(Ordering::Relaxed) > LARGE
    }
}

/// An upstream whose answers weigh.
pub struct Weighed<'u> {
    pub upstream: &'u dyn Upstream,
    pub weight: &'u Weight,
}

impl Weighed<'_> {
    async fn take(&self, answer: Result<Response, Fault>) -> Result<Response, Fault> {
        if let Ok(response) = &answer {
            let before = self.weight.is_large();
            self.weight.add(response.body.len());
            if !before && self.weight.is_large() {
                // The next poll is one beside the others.
                yield_now().await;
            }
        }
        answer
    }
}

#[async_trait]
impl Upstream for Weighed<'_> {
    fn base(&self) -> &str {
        self.upstream.base()
    }

    fn services(&self) -> &[String] {
        self.upstream.services()
    }

    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault> {
        self.take(self.upstream.call_by(request, deadline).await).await
    }
}

/// Runs an exchange, beside the others once it is large. Who waits for a turn until the deadline goes
/// on without one, to say that it is too late. It is lent: who takes a future holds it twice.
pub async fn aside<T>(
    weight: &Weight,
    deadline: Instant,
    mut exchange: Pin<&mut (impl Future<Output = T> + Send)>,
) -> T {
    loop {
        let done = poll_fn(|context| match weight.is_large() {
            true => Poll::Ready(None),
            false => exchange.as_mut().poll(context).map(Some),
        });
        if let Some(done) = done.await {
            return done;
        }
        let turn = turn(deadline).await;
        if let Some(done) = beside(&mut exchange, turn).await {
            return done;
        }
    }
}

/// One poll of the exchange with a turn, which is given back before anything is waited for.
async fn beside<T, E: Future<Output = T>>(
    exchange: &mut Pin<&mut E>,
    turn: Option<OwnedSemaphorePermit>,
) -> Option<T> {
    let mut turn = Some(turn);
    poll_fn(|context| {
        let Some(turn) = turn.take() else { return Poll::Ready(None) };
        let polled = in_place(|| exchange.as_mut().poll(context));
        drop(turn);
        match polled {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn turn(deadline: Instant) -> Option<OwnedSemaphorePermit> {
    tokio::select! {
        turn = Arc::clone(&TURNS).acquire_owned() => turn.ok(),
        () = sleep_until(deadline) => None,
    }
}

fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}
