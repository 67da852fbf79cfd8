//! How an upstream is cared for, and how many requests a route takes at once: limits, rate, retries,
//! breaker, health. Plain data; what it does is in `outbound::resilience`.

use std::time::Duration;

use super::code::CARE;
use super::value::{duration, number};
use crate::diagnostic::Clause;
use crate::diagnostic::toml::{Item, Table};

/// The settings of one upstream's care.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Care {
    pub limits: InFlight,
    /// `None`: as many calls as the limits allow.
    pub rate: Option<Rate>,
    pub retries: Retries,
    /// `None`: it never opens.
    pub breaker: Option<Breaker>,
    /// `None`: nodes are asked as [`Health::default`] says where there are several.
    pub health: Option<Health>,
    pub ejection: Ejection,
    pub pool: Pool,
}

impl Care {
    /// What holds where the configuration says nothing.
    pub fn ordinary() -> Self {
        Self { breaker: Some(Breaker::default()), ..Self::default() }
    }
}

/// How many at once, and how many more may wait for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    pub most: usize,
    pub queue: usize,
    pub wait: Duration,
}

impl Default for InFlight {
    fn default() -> Self {
        Self { most: 64, queue: 256, wait: Duration::from_secs(5) }
    }
}

impl InFlight {
    /// What a route takes where the configuration says nothing.
    pub fn of_route() -> Self {
        Self { most: 256, ..Self::default() }
    }
}

/// Connections that are kept for the next call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// How long one is kept without a call: shorter than the upstream keeps it, or a write may meet its end.
    pub idle: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        // Many servers close after five seconds.
        Self { idle: Duration::from_secs(4) }
    }
}

/// So many calls in so much time, and how many of them may come at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub calls: u32,
    pub per: Duration,
    pub burst: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Of one call, beside its first attempt.
    pub most: u32,
    /// Per cent of the upstream's calls that retries may add.
    pub share: u32,
    /// Before the first retry; doubled before each more, and jittered.
    pub pause: Duration,
    /// The longest `Retry-After` that is waited out.
    pub patience: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            most: 2,
            share: 20,
            pause: Duration::from_millis(100),
            patience: Duration::from_secs(10),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row that open it.
    pub failures: u32,
    /// Per cent of failures within the window that open it.
    pub share: u32,
    /// Calls within the window below which the share says nothing.
    pub least: u32,
    pub window: Duration,
    /// How long it stays open first; doubled each time that the probe fails.
    pub pause: Duration,
    pub longest: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 10,
            share: 50,
            least: 20,
            window: Duration::from_secs(30),
            pause: Duration::from_secs(5),
            longest: Duration::from_secs(60),
        }
    }
}

/// How nodes are asked whether they live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// GET of this path has to answer 2xx; `None`: a connection has to be taken.
    pub path: Option<String>,
    /// Whether that is asked with the upstream's own authorization.
    pub authorization: bool,
    pub every: Duration,
    pub timeout: Duration,
    /// Failed probes in a row after which a node is down.
    pub down: usize,
    /// Good probes in a row after which it is up.
    pub up: usize,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            path: None,
            authorization: false,
            every: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            down: 2,
            up: 1,
        }
    }
}

/// When a node that fails is left out, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ejection {
    /// Failed calls in a row.
    pub failures: u32,
    /// The first time; doubled each time that it fails again.
    pub pause: Duration,
    pub longest: Duration,
}

impl Default for Ejection {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(10), longest: Duration::from_secs(300) }
    }
}

/// The keys of an `[upstream.<name>]` that are about care.
pub(super) fn care(table: &Table<'_>) -> Care {
    let ordinary = Care::ordinary();
    Care {
        limits: in_flight(table, "calls", InFlight::default()),
        rate: table.table("rate").and_then(rate),
        retries: table.table("retries").map(retries).unwrap_or_default(),
        breaker: table.item("breaker").map_or(ordinary.breaker, breaker),
        health: table.table("health").map(health),
        ejection: table.table("ejection").map(ejection).unwrap_or_default(),
        pool: time(table, "pool_idle").map_or_else(Pool::default, |idle| Pool { idle }),
    }
}

/// The table `limits`, whose key `most` is named after what it counts.
pub(super) fn in_flight(table: &Table<'_>, most: &'static str, default: InFlight) -> InFlight {
    let Some(table) = table.table("limits") else { return default };
    let limits = InFlight {
        most: count(&table, most, 1..=100_000).unwrap_or(default.most),
        queue: count(&table, "queue", 0..=100_000).unwrap_or(default.queue),
        wait: time(&table, "wait").unwrap_or(default.wait),
    };
    table.close();
    limits
}

fn rate(table: Table<'_>) -> Option<Rate> {
    let whole = |item| number(item, 1..=1_000_000).and_then(|n| u32::try_from(n).ok());
    let calls = table.need("calls").and_then(whole);
    let per = table.need("per").and_then(duration);
    let burst = table.item("burst").and_then(whole);
    table.close();
    let calls = calls?;
    // A tenth at once smooths the rest; more would let two windows' worth into one of the vendor's.
    Some(Rate { calls, per: per?, burst: burst.unwrap_or(calls.div_ceil(10)) })
}

fn retries(table: Table<'_>) -> Retries {
    let default = Retries::default();
    let retries = Retries {
        most: small(&table, "most", 0..=10).unwrap_or(default.most),
        share: small(&table, "share", 1..=100).unwrap_or(default.share),
        pause: time(&table, "pause").unwrap_or(default.pause),
        patience: time(&table, "patience").unwrap_or(default.patience),
    };
    table.close();
    retries
}

/// `"off"`, or a table.
fn breaker(item: Item<'_>) -> Option<Breaker> {
    if item.word_if_string(&[("off", ())]).is_some() {
        return None;
    }
    let (table, default) = (item.table()?, Breaker::default());
    let breaker = Breaker {
        failures: small(&table, "failures", 1..=10_000).unwrap_or(default.failures),
        share: small(&table, "share", 1..=100).unwrap_or(default.share),
        least: small(&table, "least", 1..=100_000).unwrap_or(default.least),
        window: time(&table, "window").unwrap_or(default.window),
        pause: time(&table, "pause").unwrap_or(default.pause),
        longest: time(&table, "longest").unwrap_or(default.longest),
    };
    ordered(&table, breaker.pause, breaker.longest);
    table.close();
    Some(breaker)
}

fn health(table: Table<'_>) -> Health {
    let default = Health::default();
    table.demand(Clause::Needs("authorization", "path"));
    let authorization = table.item("authorization");
    if let (Some(item), None) = (authorization, table.item("path")) {
        let message = "a health check without a path shows nobody an authorization";
        let diagnostic = item.mistake(CARE, message, "it would never be shown");
        item.reader().report(diagnostic.with_hint("name a `path` to GET"));
    }
    let health = Health {
        path: table.item("path").and_then(path),
        authorization: authorization.and_then(Item::boolean).unwrap_or(default.authorization),
        every: time(&table, "every").unwrap_or(default.every),
        timeout: time(&table, "timeout").unwrap_or(default.timeout),
        down: count(&table, "down", 1..=100).unwrap_or(default.down),
        up: count(&table, "up", 1..=100).unwrap_or(default.up),
    };
    table.close();
    health
}

fn ejection(table: Table<'_>) -> Ejection {
    let default = Ejection::default();
    let ejection = Ejection {
        failures: small(&table, "failures", 1..=10_000).unwrap_or(default.failures),
        pause: time(&table, "pause").unwrap_or(default.pause),
        longest: time(&table, "longest").unwrap_or(default.longest),
    };
    ordered(&table, ejection.pause, ejection.longest);
    table.close();
    ejection
}

/// An origin-form path that stands in a request line as it is.
fn path(item: Item<'_>) -> Option<String> {
    let text = item.string_like("^/[!-~]*$")?;
    let fits = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        let message = format!("`{text}` is not a path");
        let diagnostic = item.mistake(CARE, message, "not a path");
        item.reader().report(diagnostic.with_hint("write /health: from the host's root, encoded"));
    }
    fits.then(|| text.to_owned())
}

fn ordered(table: &Table<'_>, pause: Duration, longest: Duration) {
    if pause > longest {
        let message = "the first pause is longer than the longest";
        let diagnostic = table.reader().mistake(CARE, table.span(), message, "pause > longest");
        table.reader().report(diagnostic.with_hint("lower `pause` or raise `longest`"));
    }
}

fn count(
    table: &Table<'_>,
    key: &'static str,
    range: std::ops::RangeInclusive<usize>,
) -> Option<usize> {
    table.item(key).and_then(|item| number(item, range))
}

fn small(
    table: &Table<'_>,
    key: &'static str,
    range: std::ops::RangeInclusive<usize>,
) -> Option<u32> {
    count(table, key, range).and_then(|number| u32::try_from(number).ok())
}

fn time(table: &Table<'_>, key: &'static str) -> Option<Duration> {
    table.item(key).and_then(duration)
}
