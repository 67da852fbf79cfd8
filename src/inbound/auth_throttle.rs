//! Wrong credentials by client address and route, so that guessing is answered without looking.
//!
//! One table of a fixed size for the whole process: whoever fills it pushes out the entries with the
//! fewest wrong attempts. It knows no credential, and keeps no address, only its keyed hash.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Sets of entries; an entry has its place in one of them.
const SETS: usize = 8_192;
/// Entries of one set.
const WAYS: usize = 8;

/// Wrong attempts of this process's clients.
pub struct AuthThrottle {
    /// Keyed anew in each process: nobody outside can choose whom to push out.
    hash: RandomState,
    sets: Vec<Mutex<[Entry; WAYS]>>,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    /// Of route and address; with no `since` there is no entry.
    key: u64,
    since: Option<Instant>,
    count: usize,
}

impl Default for AuthThrottle {
    fn default() -> Self {
        let sets = (0..SETS).map(|_| Mutex::default()).collect();
        Self { hash: RandomState::new(), sets }
    }
}

impl AuthThrottle {
    /// How long this address has to wait before its credential is looked at; `None`: not at all.
    pub fn wait(
        &self,
        route: &str,
        address: IpAddr,
        most: usize,
        window: Duration,
    ) -> Option<Duration> {
        if most == 0 {
            return None;
        }
        let key = self.key(route, address);
        let set = self.set(key)?.lock().ok()?;
        let entry = set.iter().find(|entry| entry.key == key && entry.fresh(window))?;
        (entry.count >= most).then(|| window.saturating_sub(entry.since.map_or(window, age)))
    }

    /// Counts one wrong credential.
    pub fn failed(&self, route: &str, address: IpAddr, window: Duration) {
        let key = self.key(route, address);
        let Some(Ok(mut set)) = self.set(key).map(Mutex::lock) else { return };
        if let Some(entry) = set.iter_mut().find(|entry| entry.key == key && entry.fresh(window)) {
            entry.count = entry.count.saturating_add(1);
            return;
        }
        let weight = |entry: &Entry| (entry.fresh(window), entry.count, entry.since);
        if let Some(least) = set.iter_mut().min_by_key(|entry| weight(entry)) {
            *least = Entry { key, since: Some(Instant::now()), count: 1 };
        }
    }

    fn key(&self, route: &str, address: IpAddr) -> u64 {
        self.hash.hash_one((route, network(address)))
    }

    fn set(&self, key: u64) -> Option<&Mutex<[Entry; WAYS]>> {
        let place = key % u64::try_from(SETS).ok()?;
        self.sets.get(usize::try_from(place).ok()?)
    }
}

impl Entry {
    fn fresh(&self, window: Duration) -> bool {
        self.since.is_some_and(|since| age(since) < window)
    }
}

fn age(since: Instant) -> Duration {
    since.elapsed()
}

/// What one client can choose its addresses from: all of IPv4's, and a /64 of IPv6's.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_waits_for_the_rest_of_the_window_and_no_other_does() {
        let attempts = AuthThrottle::default();
        let (bad, good) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..2 {
            attempts.failed("/a", bad, WINDOW);
            assert_eq!(attempts.wait("/a", bad, 3, WINDOW), None);
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        attempts.failed("/a", bad, WINDOW);
        assert_eq!(attempts.wait("/a", bad, 3, WINDOW), Some(Duration::from_secs(40)));
        assert_eq!(attempts.wait("/b", bad, 3, WINDOW), None, "another route");
        assert_eq!(attempts.wait("/a", good, 3, WINDOW), None, "another address");
        assert_eq!(attempts.wait("/a", bad, 0, WINDOW), None, "switched off");
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(attempts.wait("/a", bad, 3, WINDOW), None, "the window is over");
        attempts.failed("/a", bad, WINDOW);
        assert_eq!(attempts.wait("/a", bad, 2, WINDOW), None, "and counted from one again");
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_of_one_ipv6_network_are_one_client() {
        let attempts = AuthThrottle::default();
        attempts.failed("/a", address("2001:db8:1:2::1"), WINDOW);
        attempts.failed("/a", address("2001:db8:1:2:ffff::9"), WINDOW);
        assert!(attempts.wait("/a", address("2001:db8:1:2:3:4:5:6"), 2, WINDOW).is_some());
        assert_eq!(attempts.wait("/a", address("2001:db8:1:3::1"), 1, WINDOW), None);
        attempts.failed("/a", address("::ffff:192.0.2.7"), WINDOW);
        assert!(attempts.wait("/a", address("192.0.2.7"), 1, WINDOW).is_some(), "mapped IPv4");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_addresses_takes_no_more_memory_and_frees_nobody_who_guessed_often() {
        let attempts = AuthThrottle::default();
        let guesser = address("192.0.2.1");
        for _ in 0..30 {
            attempts.failed("/a", guesser, WINDOW);
        }
        for number in 0..200_000_u32 {
            attempts.failed("/a", IpAddr::V4(number.into()), WINDOW);
        }
        assert!(attempts.wait("/a", guesser, 30, WINDOW).is_some());
        assert_eq!(attempts.sets.len(), SETS);
    }
}
