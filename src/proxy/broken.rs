//! What a call without a whole answer came to: Pingora's errors as faults.
//!
//! No text holds an address, a host or anything that was sent.

use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};

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
pub(super) fn is_not_done(error: &Error) -> bool {
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

/// The client's side of the connection broke. Whatever the exchange came to stands.
pub(super) fn client_gone(error: &Error) -> Fault {
    let detail = "The client ended its connection before it had the whole answer.";
    Fault::new(Cause::ClientGone, detail).with_log(kind(error))
}

/// What a request that streams came to where Pingora gave it up: who is guilty is whose side of it broke,
/// whatever the error is called.
pub(super) fn stream(error: &Error) -> Fault {
    match error.esource() {
        ErrorSource::Downstream => of_client(error),
        ErrorSource::Upstream if is_not_done(error) => not_done(error),
        ErrorSource::Upstream => of_upstream(error),
        // Neither side did it.
        ErrorSource::Internal | ErrorSource::Unset => {
            let detail = "The gateway could not carry the request through; whether it was done is not \
                          known. Look before you send it again.";
            Fault::new(Cause::Internal, detail).with_log(kind(error))
        }
    }
}

/// What the client sent could not be read to its end, or what it was sent could not be written.
fn of_client(error: &Error) -> Fault {
    match error.etype() {
        ErrorType::InvalidHTTPHeader => {
            let detail = "The request's header cannot be passed on. Send one that HTTP allows.";
            Fault::new(Cause::BadBody, detail).with_log(kind(error))
        }
        ErrorType::ReadTimedout => {
            let detail = "The request's body came too slowly. Send it again.";
            let mut fault = Fault::new(Cause::BadBody, detail).with_log(kind(error));
            fault.status = Some(StatusCode::REQUEST_TIMEOUT);
            fault
        }
        _ => client_gone(error),
    }
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
pub(super) fn unformed(error: &Error) -> Fault {
    Fault::new(Cause::Internal, "The gateway could not form its request to the upstream.")
        .with_log(kind(error))
}

/// Pingora's name for the failure: no address, host or content.
pub(super) fn kind(error: &Error) -> String {
    error.etype().as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Side;

    /// Edge 3: every error that Pingora has a name for, from each side. What the client's side broke is the
    /// client's, whatever it is called.
    #[test]
    fn who_is_guilty_is_whose_side_broke() {
        let types = [
            ErrorType::ConnectTimedout,
            ErrorType::ConnectRefused,
            ErrorType::ConnectNoRoute,
            ErrorType::TLSHandshakeFailure,
            ErrorType::TLSHandshakeTimedout,
            ErrorType::InvalidCert,
            ErrorType::HandshakeError,
            ErrorType::ConnectError,
            ErrorType::SocketError,
            ErrorType::InvalidHTTPHeader,
            ErrorType::H1Error,
            ErrorType::H2Error,
            ErrorType::H2Downgrade,
            ErrorType::InvalidH2,
            ErrorType::ReadError,
            ErrorType::WriteError,
            ErrorType::ReadTimedout,
            ErrorType::WriteTimedout,
            ErrorType::ConnectionClosed,
            ErrorType::InternalError,
            ErrorType::UnknownError,
        ];
        for kind in types {
            for (source, side) in [
                (ErrorSource::Downstream, Side::Client),
                (ErrorSource::Upstream, Side::Upstream),
                (ErrorSource::Internal, Side::Gateway),
                (ErrorSource::Unset, Side::Gateway),
            ] {
                let mut error = Error::new(kind.clone());
                error.esource = source.clone();
                let fault = stream(&error);
                assert_eq!(fault.cause.side(), side, "{source:?} {kind:?}: {fault:?}");
                // Nothing of the network is in what is told.
                assert!(fault.log.is_some_and(|log| *log == *kind.as_str()), "{kind:?}");
            }
        }
    }

    #[test]
    fn what_the_client_can_still_hear_is_told_to_it() {
        for (kind, cause, status) in [
            (ErrorType::InvalidHTTPHeader, Cause::BadBody, 400),
            (ErrorType::ReadTimedout, Cause::BadBody, 408),
            // Pingora's name for bytes after the end of a request.
            (ErrorType::ConnectError, Cause::ClientGone, 400),
            (ErrorType::ConnectionClosed, Cause::ClientGone, 400),
            (ErrorType::WriteTimedout, Cause::ClientGone, 400),
        ] {
            let mut error = Error::new(kind.clone());
            error.as_down();
            let fault = stream(&error);
            assert_eq!((fault.cause, fault.status().as_u16()), (cause, status), "{kind:?}");
        }
    }
}
