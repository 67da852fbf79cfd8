//! Why a caller is not let in, for the client and for the counter.

use std::time::Duration;

use crate::fault::{Cause, Fault};

/// When keys could not be read, or not yet again: when to come again.
const LATER: Duration = Duration::from_secs(3);

/// Why a caller is not let in. The order is that of what is told where several credentials refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Nothing was shown.
    Missing,
    /// What was shown is of no form that the route takes.
    Malformed,
    /// What was shown is wrong, or no longer right.
    Unknown,
    /// The keys to check it with are not there.
    Unavailable,
    /// It is right, and its holder may not use this route.
    NotAllowed,
    /// Not looked at: too many wrong ones came from this address.
    Limited,
}

impl Refusal {
    /// The value of the metrics' `reason` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
            Self::NotAllowed => "not_allowed",
            Self::Limited => "limited",
        }
    }

    /// Whether it may have been a guess.
    pub(in crate::proxy) fn guessed(self) -> bool {
        matches!(self, Self::Malformed | Self::Unknown | Self::NotAllowed)
    }

    /// `forms` says what the route takes.
    pub(super) fn fault(self, forms: &str) -> Fault {
        match self {
            Self::Missing | Self::Malformed => {
                let detail = format!("This route needs {forms}.");
                Fault::new(Cause::Unauthenticated, detail)
            }
            Self::Unknown => Fault::new(
                Cause::Unauthenticated,
                "The credential is not known on this route, or no longer valid. Send one that the operator \
                 gave out for it.",
            ),
            Self::Unavailable => Fault::new(
                Cause::Busy,
                "The gateway has no keys to check this token with. Send the request again later.",
            )
            .with_retry_after(LATER),
            Self::NotAllowed => Fault::new(
                Cause::Forbidden,
                "The credential is genuine, but its holder may not use this route. Ask the operator.",
            ),
            Self::Limited => Fault::new(
                Cause::TooManyRequests,
                "Too many wrong credentials came from this address. Send the right one later.",
            ),
        }
    }
}
