//! What a call without a whole answer came to: Pingora's errors as faults.
//!
//! No text holds an address, a host or anything that was sent.

use pingora::{Error, ErrorType};

use crate::fault::{Cause, Fault};

/// What an error after the connection was made means.
pub(super) fn broken(error: &Error) -> Fault {
    match error.etype() {
        _ if is_not_done(error) => not_done(error),
        ErrorType::ReadTimedout | ErrorType::WriteTimedout => timed_out(&kind(error)),
        _ => cut_off(&kind(error)),
    }
}

/// Whether the upstream says by HTTP/2 that it has not begun with the request (RFC 9113 sections 6.8, 7 and
/// 8.7): then it may be sent again, whatever its method.
pub fn is_not_done(error: &Error) -> bool {
    let Some(cause) = error.root_cause().downcast_ref::<h2::Error>() else { return false };
    let refused =
        matches!(cause.reason(), Some(h2::Reason::REFUSED_STREAM | h2::Reason::HTTP_1_1_REQUIRED));
    // Streams below the last one that a GOAWAY names are not told of it.
    cause.is_remote() && (cause.is_go_away() || (cause.is_reset() && refused))
}

fn not_done(error: &Error) -> Fault {
    Fault::new(
        Cause::UpstreamUnreachable,
        "The upstream of this route took no more requests on its connection; nothing was done. Try again \
         later.",
    )
    .with_log(kind(error))
}

/// What a request that streams came to where the upstream's side of it broke.
pub fn of_stream(error: &Error) -> Fault {
    if is_not_done(error) { not_done(error) } else { of_upstream(error) }
}

fn of_upstream(error: &Error) -> Fault {
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
pub fn unformed(error: &Error) -> Fault {
    Fault::new(Cause::Internal, "The gateway could not form its request to the upstream.")
        .with_log(kind(error))
}

/// Pingora's name for the failure: no address, host or content.
fn kind(error: &Error) -> String {
    error.etype().as_str().to_owned()
}
