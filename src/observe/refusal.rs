//! Why a caller was not let in: a closed list, and its words for the counter.

/// Why a caller is not let in. The order is that of what is told where several credentials refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuthRefusal {
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

impl AuthRefusal {
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
    pub fn guessed(self) -> bool {
        matches!(
            self,
            Self::Malformed | Self::Unknown | Self::Unfit | Self::Replayed | Self::NotAllowed
        )
    }

    /// Whether it is the gateway that cannot tell.
    pub fn ours(self) -> bool {
        matches!(self, Self::Unavailable | Self::Early | Self::Full)
    }

    /// Whether what was shown is a token, and a wrong one (RFC 6750 section 3.1).
    pub fn of_token(self) -> bool {
        matches!(self, Self::Unknown | Self::Unfit | Self::Replayed)
    }
}
