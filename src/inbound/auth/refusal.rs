//! What a caller is told that is not let in.

use std::time::Duration;

use crate::fault::{Cause, Fault};
use crate::observe::AuthRefusal;

/// When keys could not be read, or not yet again: when to come again.
const LATER: Duration = Duration::from_secs(3);

/// `forms` says what the route takes.
pub fn fault(refusal: AuthRefusal, forms: &str) -> Fault {
    match refusal {
        AuthRefusal::Missing | AuthRefusal::Malformed => {
            let detail = format!("This route needs {forms}.");
            Fault::new(Cause::Unauthenticated, detail)
        }
        AuthRefusal::Unknown => Fault::new(
            Cause::Unauthenticated,
            "The credential is not known on this route, or no longer valid. Send one that the operator \
             gave out for it.",
        ),
        AuthRefusal::Unfit => Fault::new(
            Cause::Unauthenticated,
            "The assertion is signed by the client, and its claims are not fit: iss and sub are the client's \
             id, aud is this route alone, jti is there, and exp is a short time after iat.",
        ),
        AuthRefusal::Replayed => Fault::new(
            Cause::Unauthenticated,
            "The assertion was used before. Sign one for each request, with a jti of its own.",
        ),
        AuthRefusal::Early => Fault::new(
            Cause::Busy,
            "The assertion is older than what this gateway remembers of those that were used. Sign a new \
             one, and send the request again.",
        )
        .with_retry_after(LATER),
        AuthRefusal::Full => Fault::new(
            Cause::Busy,
            "The gateway cannot remember more assertions of this client at the moment. Let them live \
             shorter, and send the request again later.",
        )
        .with_retry_after(LATER),
        AuthRefusal::Unavailable => Fault::new(
            Cause::Busy,
            "The gateway has no keys to check this token with. Send the request again later.",
        )
        .with_retry_after(LATER),
        AuthRefusal::NotAllowed => Fault::new(
            Cause::Forbidden,
            "The credential is genuine, but its holder may not use this route. Ask the operator.",
        ),
        AuthRefusal::Limited => Fault::new(
            Cause::TooManyRequests,
            "Too many wrong credentials came from this address. Send the right one later.",
        ),
    }
}
