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
    /// An assertion of the right client that says too little, too much, or lives too long.
    Unfit,
    /// An assertion that was shown before.
    Replayed,
    /// The keys to check it with are not there.
    Unavailable,
    /// An assertion of which nobody can know any more whether it was shown before.
    Early,
    /// An assertion that there is no room to remember.
    Full,
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
            Self::Unfit => "unfit",
            Self::Replayed => "replayed",
            Self::Unavailable => "unavailable",
            Self::Early => "early",
            Self::Full => "replay_memory",
            Self::NotAllowed => "not_allowed",
            Self::Limited => "limited",
        }
    }

    /// Whether it may have been a guess.
    pub(in crate::proxy) fn guessed(self) -> bool {
        matches!(
            self,
            Self::Malformed | Self::Unknown | Self::Unfit | Self::Replayed | Self::NotAllowed
        )
    }

    /// Whether it is the gateway that cannot tell.
    pub(in crate::proxy) fn ours(self) -> bool {
        matches!(self, Self::Unavailable | Self::Early | Self::Full)
    }

    /// Whether what was shown is a token, and a wrong one (RFC 6750 section 3.1).
    pub(super) fn of_token(self) -> bool {
        matches!(self, Self::Unknown | Self::Unfit | Self::Replayed)
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
            Self::Unfit => Fault::new(
                Cause::Unauthenticated,
                "The assertion is signed by the client, and its claims are not fit: iss and sub are the client's \
                 id, aud is this route alone, jti is there, and exp is a short time after iat.",
            ),
            Self::Replayed => Fault::new(
                Cause::Unauthenticated,
                "The assertion was used before. Sign one for each request, with a jti of its own.",
            ),
            Self::Early => Fault::new(
                Cause::Busy,
                "The assertion is older than what this gateway remembers of those that were used. Sign a new \
                 one, and send the request again.",
            )
            .with_retry_after(LATER),
            Self::Full => Fault::new(
                Cause::Busy,
                "The gateway cannot remember more assertions of this client at the moment. Let them live \
                 shorter, and send the request again later.",
            )
            .with_retry_after(LATER),
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
