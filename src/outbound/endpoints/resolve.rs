//! The addresses of one host: looked up beside the requests, one look-up at a time, and the last good
//! ones kept until there are better ones.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::outbound::reporter::Reporter;

/// How long addresses are used before they are looked up anew.
const FRESH: Duration = Duration::from_secs(30);
/// Between the beginnings of two look-ups: a resolver that fails is not asked at every call.
const PAUSE: Duration = Duration::from_secs(1);
/// Addresses of one host that are tried.
const MOST: usize = 8;

/// Who knows the addresses of names.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    async fn resolve(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The system.
pub struct System;

#[async_trait]
impl Resolver for System {
    async fn resolve(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        tokio::net::lookup_host((name, port)).await.map(Iterator::collect)
    }
}

/// One host's.
pub struct Addresses {
    name: String,
    port: u16,
    resolver: Arc<dyn Resolver>,
    reporter: Reporter,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By turns of both families, and first as the resolver has them.
    known: Vec<SocketAddr>,
    /// When they were found; `None`: they are known to be old.
    since: Option<Instant>,
    /// The address that last took a connection, and when.
    taken: Option<(Instant, SocketAddr)>,
    flight: Option<watch::Receiver<Outcome>>,
    /// When the last look-up began.
    began: Option<Instant>,
}

/// Of a look-up: `None` while it is under way, and else why it found nothing.
#[derive(Clone, Copy, Default)]
struct Outcome(Option<Result<(), &'static str>>);

impl Addresses {
    pub fn new(
        name: &str,
        port: u16,
        resolver: Arc<dyn Resolver>,
        reporter: Reporter,
    ) -> Arc<Self> {
        let known = name.parse().map(|ip: IpAddr| vec![SocketAddr::new(ip, port)]);
        let state = State { known: known.unwrap_or_default(), ..State::default() };
        let (name, state) = (name.to_owned(), Mutex::new(state));
        Arc::new(Self { name, port, resolver, reporter, state })
    }

    /// The addresses to try, in this order; waits for them only where none were ever found, and then
    /// at most so long.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub async fn now(self: &Arc<Self>, most: Duration) -> Result<Vec<SocketAddr>, &'static str> {
        let known = self.known();
        let fresh = |state: &State| state.since.is_some_and(|since| since.elapsed() < FRESH);
        if self.is_literal() || (!known.is_empty() && fresh(&self.state())) {
            return Ok(known);
        }
        let flight = self.refresh();
        if !known.is_empty() {
            return Ok(known);
        }
        wait(flight, most).await?;
        let known = self.known();
        if known.is_empty() { Err("the name has no address") } else { Ok(known) }
    }

    /// Where none of the addresses that were tried took a connection: those that a new look-up finds
    /// beside them, if it ends in this time.
    pub async fn others(self: &Arc<Self>, tried: &[SocketAddr], most: Duration) -> Vec<SocketAddr> {
        if self.is_literal() {
            return Vec::new();
        }
        self.doubt();
        let _ = wait(self.refresh(), most).await;
        self.known().into_iter().filter(|address| !tried.contains(address)).collect()
    }

    /// The address took a connection: the next one goes there first.
    pub fn took(&self, address: SocketAddr) {
        let mut state = self.state();
        if state.known.len() > 1 {
            state.taken = Some((Instant::now(), address));
        }
    }

    /// An address that was thought to take connections did not.
    pub fn doubt(&self) {
        let mut state = self.state();
        (state.since, state.taken) = (None, None);
    }

    /// Whether it is known which of the addresses takes connections: where there is a choice, one did
    /// a moment ago.
    pub fn is_settled(&self) -> bool {
        let state = self.state();
        let recent = |(since, address): (Instant, SocketAddr)| {
            since.elapsed() < FRESH && state.known.contains(&address)
        };
        state.known.len() < 2 || state.taken.is_some_and(recent)
    }

    fn is_literal(&self) -> bool {
        self.name.parse::<IpAddr>().is_ok()
    }

    fn known(&self) -> Vec<SocketAddr> {
        let state = self.state();
        let mut known = state.known.clone();
        if let Some((_, taken)) = state.taken {
            // Stable: the others keep their order.
            known.sort_by_key(|address| *address != taken);
        }
        known
    }

    /// Looks the name up, or joins the look-up under way; the last one where that began just now.
    fn refresh(self: &Arc<Self>) -> Option<watch::Receiver<Outcome>> {
        let mut state = self.state();
        let underway = state.flight.as_ref().is_some_and(|flight| flight.has_changed().is_ok());
        if underway || state.began.is_some_and(|began| began.elapsed() < PAUSE) {
            return state.flight.clone();
        }
        let (sender, flight) = watch::channel(Outcome::default());
        (state.flight, state.began) = (Some(flight.clone()), Some(Instant::now()));
        let addresses = Arc::clone(self);
        tokio::spawn(async move {
            let outcome = addresses.look_up().await;
            addresses.reporter.looked_up(outcome.is_ok());
            sender.send_replace(Outcome(Some(outcome)));
        });
        Some(flight)
    }

    async fn look_up(&self) -> Result<(), &'static str> {
        let found = self.resolver.resolve(&self.name, self.port).await;
        let found = by_turns(found.map_err(|_| "the name lookup failed")?);
        if found.is_empty() {
            return Err("the name has no address");
        }
        let mut state = self.state();
        (state.known, state.since) = (found, Some(Instant::now()));
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn wait(
    flight: Option<watch::Receiver<Outcome>>,
    most: Duration,
) -> Result<(), &'static str> {
    let Some(mut flight) = flight else { return Ok(()) };
    let ended = timeout(most, flight.wait_for(|outcome| outcome.0.is_some())).await;
    let ended = ended.map_err(|_| "the name lookup took too long")?;
    ended.map_or(Err("the name lookup was broken off"), |outcome| outcome.0.unwrap_or(Ok(())))
}

/// One of each family after the other (RFC 8305 section 4), beginning with that of the first, each once.
fn by_turns(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first = found.first().is_none_or(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|a| a.is_ipv6() == first);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut all = Vec::new();
    loop {
        let turn = [one.next(), other.next()];
        if turn.iter().all(Option::is_none) || all.len() >= MOST {
            all.truncate(MOST);
            return all;
        }
        for address in turn.into_iter().flatten() {
            if !all.contains(&address) {
                all.push(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::observe::Silent;

    /// Answers as it is told, in this order, and then never again; counts.
    #[derive(Default)]
    struct Scripted {
        answers: Mutex<VecDeque<io::Result<Vec<SocketAddr>>>>,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Resolver for Scripted {
        async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let answer = self.answers.lock().unwrap().pop_front();
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }
    }

    fn addresses(
        answers: impl IntoIterator<Item = io::Result<Vec<SocketAddr>>>,
    ) -> (Arc<Scripted>, Arc<Addresses>) {
        let scripted =
            Scripted { answers: Mutex::new(answers.into_iter().collect()), ..Default::default() };
        let scripted = Arc::new(scripted);
        let reporter = Reporter::new("up", &(Arc::new(Silent) as _));
        (scripted.clone(), Addresses::new("host.example", 443, scripted, reporter))
    }

    fn failed<T>() -> io::Result<T> {
        Err(io::Error::other("no resolver"))
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    const WAIT: Duration = Duration::from_secs(5);

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::task::yield_now().await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_good_addresses_serve_while_the_resolver_fails() {
        let (one, two) = (vec![at("1.1.1.1:443")], vec![at("2.2.2.2:443")]);
        let answers = [Ok(one.clone()), failed(), Ok(Vec::new()), Ok(two.clone())];
        let (resolver, addresses) = addresses(answers);
        assert_eq!(addresses.now(WAIT).await, Ok(one.clone()));
        for asked in 2..=3 {
            pass(31).await;
            // Whoever comes is served with what is there, and asks once.
            for _ in 0..50 {
                assert_eq!(addresses.now(WAIT).await, Ok(one.clone()));
                tokio::task::yield_now().await;
            }
            assert_eq!(resolver.asked.load(Ordering::SeqCst), asked);
        }
        pass(2).await;
        assert_eq!(addresses.now(WAIT).await, Ok(one));
        pass(0).await;
        assert_eq!(addresses.now(WAIT).await, Ok(two.clone()), "and better ones as they are there");
        // A look-up that never ends keeps nobody waiting.
        pass(31).await;
        for _ in 0..5 {
            assert_eq!(addresses.now(WAIT).await, Ok(two.clone()));
            pass(31).await;
        }
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_without_addresses_is_one_look_up() {
        let (resolver, addresses) = addresses([failed(), Ok(vec![at("1.1.1.1:443")])]);
        for good in [false, true] {
            let mut all = tokio::task::JoinSet::new();
            for _ in 0..100 {
                let addresses = addresses.clone();
                all.spawn(async move { addresses.now(WAIT).await });
            }
            assert!(all.join_all().await.iter().all(|found| found.is_ok() == good));
            pass(2).await;
        }
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_waits_for_a_resolver_that_hangs_for_a_bounded_time() {
        let (resolver, addresses) = addresses([]);
        let began = Instant::now();
        for _ in 0..3 {
            assert!(addresses.now(WAIT).await.is_err());
        }
        assert!(began.elapsed() <= 3 * WAIT);
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 1, "which is asked once");
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_takes_a_connection_only_what_is_new_is_tried() {
        let (one, two) = (at("1.1.1.1:443"), at("2.2.2.2:443"));
        let (_, addresses) = addresses([Ok(vec![one]), Ok(vec![one, two]), failed()]);
        assert_eq!(addresses.now(WAIT).await, Ok(vec![one]));
        pass(2).await;
        assert_eq!(addresses.others(&[one], WAIT).await, [two]);
        addresses.took(two);
        assert_eq!(addresses.now(WAIT).await, Ok(vec![two, one]), "what took one comes first");
        assert!(addresses.is_settled());
        pass(2).await;
        assert_eq!(addresses.others(&[one, two], WAIT).await, []);
        assert_eq!(addresses.now(WAIT).await, Ok(vec![one, two]), "they are kept all the same");
        assert!(!addresses.is_settled());
    }

    #[test]
    fn families_take_turns_and_none_is_left_out() {
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "[::1]:1", "1.1.1.1:1", "2.2.2.2:1"].map(at);
        let all = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(at);
        assert_eq!(by_turns(found.into()), all);
        let many: Vec<_> = (0..20).map(|n| SocketAddr::from(([1, 1, 1, n], 1))).collect();
        assert_eq!(by_turns(many.clone()), many[..MOST].to_vec());
        assert_eq!(by_turns(Vec::new()), []);
    }
}
