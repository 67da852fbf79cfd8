//! What a call says of whom it was made to, and to whom that matters. It knows no state.

use http::StatusCode;

use crate::fault::{Cause, Fault};

/// What one call says of whom it was made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallVerdict {
    Good,
    Failed,
    /// It was given up, or says nothing of the other side's health.
    Unknown,
}

/// What an answer says of its sender's health. A 500 is mostly about one resource, and 429 is no
/// failure.
pub fn verdict(answer: Result<StatusCode, &Fault>) -> CallVerdict {
    match answer {
        Ok(status) if matches!(status.as_u16(), 502..=504) => CallVerdict::Failed,
        Ok(_) => CallVerdict::Good,
        Err(fault) => match fault.cause {
            Cause::UpstreamUnreachable | Cause::UpstreamTimeout | Cause::UpstreamCutOff => {
                CallVerdict::Failed
            }
            _ => CallVerdict::Unknown,
        },
    }
}

/// What one call says, by whom it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallVerdicts {
    /// For calls with the same credential.
    pub own: CallVerdict,
    /// For everybody's calls, where the credential is a stranger's.
    pub all: CallVerdict,
}

impl CallVerdicts {
    /// Nothing.
    pub const UNKNOWN: Self = Self { own: CallVerdict::Unknown, all: CallVerdict::Unknown };

    pub fn of(answer: Result<StatusCode, &Fault>) -> Self {
        Self { own: verdict(answer), all: of_stranger(answer) }
    }
}

/// What a stranger's call says of its upstream to others: an answer may be to its credential alone, and so may
/// silence be; that there is no connection is nobody's.
fn of_stranger(answer: Result<StatusCode, &Fault>) -> CallVerdict {
    match answer {
        Ok(status) if matches!(status.as_u16(), 401 | 403 | 429 | 502..=504) => {
            CallVerdict::Unknown
        }
        Ok(_) => CallVerdict::Good,
        Err(fault) if fault.cause == Cause::UpstreamUnreachable => CallVerdict::Failed,
        Err(_) => CallVerdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // With a stranger's credential only what is nobody's own says something to all.
    #[test]
    fn what_is_said_to_one_credential_is_not_said_to_all() {
        let answered = |status| CallVerdicts::of(Ok(StatusCode::from_u16(status).unwrap()));
        let failed = |cause| CallVerdicts::of(Err(&Fault::new(cause, "")));
        let (good, bad, none) = (CallVerdict::Good, CallVerdict::Failed, CallVerdict::Unknown);
        for (says, own, all) in [
            (answered(200), good, good),
            (answered(404), good, good),
            (answered(500), good, good),
            (answered(401), good, none),
            (answered(403), good, none),
            (answered(429), good, none),
            (answered(502), bad, none),
            (answered(503), bad, none),
            (answered(504), bad, none),
            (failed(Cause::UpstreamTimeout), bad, none),
            (failed(Cause::UpstreamCutOff), bad, none),
            (failed(Cause::UpstreamUnreachable), bad, bad),
            (failed(Cause::ClientGone), none, none),
            (failed(Cause::UpstreamTooLarge), none, none),
        ] {
            assert_eq!(says, CallVerdicts { own, all });
        }
    }
}
