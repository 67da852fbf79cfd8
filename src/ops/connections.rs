//! The connections of operators: so many at once; for one more the one that has been silent longest is closed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Connections at once.
const MOST: usize = 64;

/// The connections that are open.
#[derive(Default)]
pub(super) struct Connections(Mutex<Open>);

#[derive(Default)]
struct Open {
    next: u64,
    all: Vec<Connection>,
}

struct Connection {
    number: u64,
    /// `None` while a request is answered; else since when it is silent.
    silent: Option<Instant>,
    task: Option<AbortHandle>,
}

impl Connections {
    /// Room for one more; for it, the one that has been silent longest is closed. `None` where all are
    /// busy.
    pub fn room(&self) -> Option<u64> {
        let mut open = self.open();
        if open.all.len() >= MOST {
            let silent = open.all.iter().filter(|one| one.silent.is_some());
            let number = silent.min_by_key(|one| one.silent)?.number;
            let at = open.all.iter().position(|one| one.number == number)?;
            open.all.swap_remove(at).task.iter().for_each(AbortHandle::abort);
        }
        open.next += 1;
        let number = open.next;
        open.all.push(Connection { number, silent: Some(Instant::now()), task: None });
        Some(number)
    }

    pub fn opened(&self, number: u64, task: AbortHandle) {
        self.of(number, |one| one.task = Some(task));
    }

    /// Whether a request of it is answered now.
    pub fn busy(&self, number: u64, busy: bool) {
        let silent = (!busy).then(Instant::now);
        self.of(number, |one| one.silent = silent);
    }

    /// Its place is free.
    pub fn closed(&self, number: u64) {
        self.open().all.retain(|one| one.number != number);
    }

    fn of(&self, number: u64, act: impl FnOnce(&mut Connection)) {
        if let Some(one) = self.open().all.iter_mut().find(|one| one.number == number) {
            act(one);
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
