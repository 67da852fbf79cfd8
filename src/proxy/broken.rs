//! What a call without a whole answer came to: Pingora's errors as faults.
//!
//! No text holds an address, a host or anything that was sent.

use pingora::{Error, ErrorType};

use crate::fault::{Cause, Fault};

/// What an error after the connection was made means.
pub(super) fn broken(error: &Error) -> Fault {
    match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout => timed_out(&kind(error)),
        _ => cut_off(&kind(error)),
    }
}

/// A stream that Pingora carried failed.
pub(super) fn stream(error: &Error) -> Fault {
    let (cause, detail) = match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout | ErrorType::ConnectTimedout => {
            (Cause::UpstreamTimeout, "The upstream did not answer in time.")
        }
        ErrorType::ConnectRefused
        | ErrorType::ConnectNoRoute
        | ErrorType::ConnectError
        | ErrorType::TLSHandshakeFailure
        | ErrorType::InvalidCert => {
            (Cause::UpstreamUnreachable, "The upstream does not take connections.")
        }
        _ => (Cause::UpstreamCutOff, "The exchange with the upstream broke off."),
    };
    Fault::new(cause, detail).with_log(error.etype().as_str())
}

pub(super) fn unreachable(error: Option<&Error>) -> Fault {
    let log = error.map_or_else(|| "no address".to_owned(), kind);
    let timed_out = error.is_some_and(|error| {
        matches!(error.etype(), ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout)
    });
    let cause = if timed_out { Cause::UpstreamTimeout } else { Cause::UpstreamUnreachable };
    Fault::new(
        cause,
        "The upstream of this route does not take connections; nothing was sent. Try again later.",
    )
    .with_log(log)
}

pub(super) fn timed_out(log: &str) -> Fault {
    Fault::new(
        Cause::UpstreamTimeout,
        "The upstream did not answer in time; whether it did what was asked is not known. Look before \
         you send it again.",
    )
    .with_log(log)
}

pub(super) fn cut_off(log: &str) -> Fault {
    Fault::new(
        Cause::UpstreamCutOff,
        "The upstream broke off its answer; whether it did what was asked is not known. Look before you \
         send it again.",
    )
    .with_log(log)
}

pub(super) fn too_large(what: &str) -> Fault {
    Fault::new(
        Cause::UpstreamTooLarge,
        "The upstream's answer is larger than this gateway takes; ask for fewer resources at once.",
    )
    .with_log(what)
}

/// A header that Pingora cannot make; nothing was sent.
pub(super) fn unformed(error: &Error) -> Fault {
    Fault::new(Cause::Internal, "The gateway could not form its request to the upstream.")
        .with_log(kind(error))
}

/// Pingora's name for the failure: no address, host or content.
pub(super) fn kind(error: &Error) -> String {
    error.etype().as_str().to_owned()
}
