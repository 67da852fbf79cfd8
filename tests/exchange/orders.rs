//! Exchanges that run at once, with their upstream calls in an order that the test chooses: each call is
//! held until its turn, and so is its answer where the test wants that. All orders there are come one
//! after the other.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use scim_gateway::exchange::{Outcome, Shared, Upstream, run};
use scim_gateway::fault::Fault;
use scim_gateway::gateway::Route;
use scim_gateway::sandbox::Sandbox;
use scim_gateway::scim::http::{Request, Response};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Where an exchange's calls wait: one place for each exchange, since each makes one call at a time.
struct Gates {
    sandbox: Sandbox,
    /// Whether answers have turns of their own.
    apart: bool,
    waiting: Mutex<Vec<Option<oneshot::Sender<()>>>>,
}

/// The upstream as one exchange meets it.
struct Hand<'g> {
    gates: &'g Gates,
    number: usize,
}

impl Hand<'_> {
    async fn turn(&self) {
        let (open, opened) = oneshot::channel();
        self.gates.waiting.lock().unwrap()[self.number] = Some(open);
        opened.await.unwrap();
    }
}

#[async_trait]
impl Upstream for Hand<'_> {
    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault> {
        self.turn().await;
        let answer = self.gates.sandbox.call_by(request, deadline).await;
        if self.gates.apart {
            self.turn().await;
        }
        answer
    }
}

/// What ran and what it came to.
pub struct Ran {
    pub outcomes: Vec<Outcome>,
    pub sandbox: Sandbox,
    /// The exchange whose turn it was, call by call.
    pub order: Vec<usize>,
}

/// Calls `check` with what comes of the requests in every order of their upstream calls; how many there
/// are.
pub fn every_order(
    requests: &[(&Route, Request)],
    apart: bool,
    world: impl Fn() -> Sandbox,
    mut check: impl FnMut(Ran),
) -> usize {
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _clock = clock.enter();
    let mut turns: Vec<(usize, usize)> = Vec::new();
    let mut orders = 0;
    loop {
        let (ran, taken) = one_order(requests, apart, world(), &turns);
        check(ran);
        orders += 1;
        // The next order differs in the last turn that could have been another's.
        turns = taken;
        while turns.last().is_some_and(|(chosen, of)| chosen + 1 == *of) {
            turns.pop();
        }
        let Some(last) = turns.last_mut() else { return orders };
        last.0 += 1;
    }
}

/// Runs with these turns first, and then whoever is the first to wait; the turns that were taken, each
/// with how many could have been.
fn one_order(
    requests: &[(&Route, Request)],
    apart: bool,
    sandbox: Sandbox,
    turns: &[(usize, usize)],
) -> (Ran, Vec<(usize, usize)>) {
    let waiting = Mutex::new(requests.iter().map(|_| None).collect());
    let gates = Gates { sandbox, apart, waiting };
    let hands: Vec<Hand<'_>> =
        (0..requests.len()).map(|number| Hand { gates: &gates, number }).collect();
    let shared = Shared::default();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut running: Vec<Pin<Box<dyn Future<Output = Outcome> + '_>>> = Vec::new();
    for ((route, request), hand) in requests.iter().zip(&hands) {
        running.push(Box::pin(run(route, request.clone(), hand, &shared, deadline)));
    }
    let mut outcomes: Vec<Option<Outcome>> = requests.iter().map(|_| None).collect();
    let (mut taken, mut order) = (Vec::new(), Vec::new());
    while outcomes.iter().any(Option::is_none) {
        // Who had a lock may have let it go: twice, so that everybody waits where it must.
        for _ in 0..2 * requests.len() {
            for (future, outcome) in running.iter_mut().zip(&mut outcomes) {
                if outcome.is_none() {
                    let mut context = Context::from_waker(Waker::noop());
                    if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
                        *outcome = Some(done);
                    }
                }
            }
        }
        let mut waiting = gates.waiting.lock().unwrap();
        let open: Vec<usize> = (0..requests.len()).filter(|at| waiting[*at].is_some()).collect();
        if open.is_empty() {
            assert!(outcomes.iter().all(Option::is_some), "everybody waits for somebody else");
            break;
        }
        let chosen = turns.get(taken.len()).map_or(0, |(chosen, _)| *chosen);
        taken.push((chosen, open.len()));
        order.push(open[chosen]);
        waiting[open[chosen]].take().unwrap().send(()).unwrap();
    }
    drop(running);
    drop(hands);
    let outcomes = outcomes.into_iter().flatten().collect();
    (Ran { outcomes, sandbox: gates.sandbox, order }, taken)
}
