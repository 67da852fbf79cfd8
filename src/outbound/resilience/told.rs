//! What a client is told of a call that was not made: every one says when to come again.

use std::time::Duration;

use http::StatusCode;

use crate::fault::{Cause, Fault};

/// The upstream is held to fail.
pub(super) fn open(wait: Duration) -> Fault {
    let detail = "The upstream of this route has failed again and again and is left alone for a \
                  moment; nothing was sent. Try again later.";
    Fault::new(Cause::UpstreamUnavailable, detail).with_retry_after(wait)
}

/// The upstream fails calls with this credential of a client.
pub(super) fn failing(wait: Duration) -> Fault {
    let detail = "The upstream of this route has failed calls with the request's credentials again and again, \
                  so they are held back for a moment; nothing was sent. Try again later.";
    Fault::new(Cause::UpstreamUnavailable, detail).with_retry_after(wait)
}

/// The upstream asked to be left alone.
pub(super) fn held(wait: Duration, status: StatusCode) -> Fault {
    let detail = "The upstream of this route asked to be left alone for a moment; nothing was sent. \
                  Try again later.";
    let cause = match status {
        StatusCode::TOO_MANY_REQUESTS => Cause::UpstreamThrottled,
        _ => Cause::UpstreamUnavailable,
    };
    Fault::new(cause, detail).with_retry_after(wait)
}

/// The rate that the operator has set for the upstream is used up.
pub(super) fn rate(wait: Duration) -> Fault {
    let detail = "This gateway has made as many calls to the upstream of this route as the upstream \
                  takes at once; nothing was sent. Try again later.";
    Fault::new(Cause::UpstreamThrottled, detail).with_retry_after(wait)
}

/// Too many requests are under way on a route.
pub fn crowded() -> Fault {
    let detail = "Too many requests are under way on this route; nothing was done. Try again in a \
                  moment.";
    Fault::new(Cause::Busy, detail).with_retry_after(Duration::from_secs(1))
}

/// Too many calls are under way.
pub(super) fn busy() -> Fault {
    let detail = "Too many calls to the upstream of this route are under way; nothing more was sent. \
                  Try again in a moment.";
    Fault::new(Cause::Busy, detail).with_retry_after(Duration::from_secs(1))
}
