//! Which refused requests have a line, and those that are counted together: whoever is refused again and
//! again fills no disk. It knows no file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::line::{Many, text};
use crate::fault::Cause;
use crate::observe::AccessRecord;

/// For which those of one kind are counted together.
const TOGETHER: Duration = Duration::from_secs(1);

/// Of one kind is what these words are the same of: all from the configuration or a closed set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    route: Option<String>,
    who: Option<String>,
    method: &'static str,
    cause: Option<Cause>,
}

/// The kinds of which a request was refused a moment ago.
#[derive(Debug, Default)]
pub(super) struct Refused(BTreeMap<Kind, (Instant, u64)>);

/// Whether a line tells of a request that made no write: it would have been one, or its caller or its
/// route was not let through.
pub(super) fn tells(seen: &AccessRecord<'_>) -> bool {
    let cause = seen.record.fault.as_ref().map(|fault| fault.cause);
    let kept_out = matches!(
        cause,
        Some(
            Cause::Unauthenticated
                | Cause::Forbidden
                | Cause::TooManyRequests
                | Cause::Paused
                | Cause::Unrecorded
        )
    );
    kept_out || seen.refused.is_some() || (seen.writes && cause.is_some())
}

impl Refused {
    /// Whether it is the first of its kind for a while; others are counted.
    pub fn is_first(&mut self, seen: &AccessRecord<'_>) -> bool {
        let kind = Kind {
            route: seen.route.map(str::to_owned),
            who: seen.credential.map(str::to_owned),
            method: seen.method,
            cause: seen.record.fault.as_ref().map(|fault| fault.cause),
        };
        match self.0.get_mut(&kind) {
            Some((_, more)) => {
                *more = more.saturating_add(1);
                false
            }
            None => {
                self.0.insert(kind, (Instant::now(), 0));
                true
            }
        }
    }

    /// Lines of those that were counted long enough, or of all at the end.
    pub fn lines(&mut self, all: bool) -> Vec<Vec<u8>> {
        let over = |since: Instant| all || since.elapsed() >= TOGETHER;
        let lines = self.0.iter().filter(|(_, (since, more))| over(*since) && *more > 0);
        let lines = lines.map(|(kind, (_, more))| kind.line(*more)).collect();
        self.0.retain(|_, (since, _)| !over(*since));
        lines
    }
}

impl Kind {
    fn line(&self, count: u64) -> Vec<u8> {
        text(&Many {
            time: Timestamp::now(),
            who: self.who.as_deref(),
            route: self.route.as_deref(),
            operation: self.method,
            outcome: "refused",
            side: self.cause.map(|cause| cause.side().label()),
            cause: self.cause.map(Cause::label),
            count,
        })
    }
}
