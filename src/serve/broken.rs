//! What a request in Pingora's hands came to: its errors as faults.
//!
//! No text holds an address, a host or anything that was sent.

use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};

use crate::fault::{Cause, Fault};
use crate::outbound::of_stream;

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
        ErrorSource::Upstream => of_stream(error),
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

/// Pingora's name for the failure: no address, host or content.
fn kind(error: &Error) -> String {
    error.etype().as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Side;

    /// Every error that Pingora has a name for, from each side. What the client's side broke is the
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
