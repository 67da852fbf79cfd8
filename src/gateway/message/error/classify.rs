//! What an upstream's status means to the client: a total table.

use http::StatusCode;

use super::scrub::scrub;
use crate::fault::{Cause, Fault};
use crate::scim::schema::Operation;

/// RFC 7644 section 3.12, table 9, and RFC 9865 section 2.1.
const SCIM_TYPES: [&str; 13] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
];

const REDIRECT: &str = "The upstream answered with a redirect, which the gateway never follows: \
                        the operator has to correct the upstream's `url`";
const CREDENTIALS: &str = "The upstream refused the gateway's credentials: \
                           the operator has to check the upstream's `auth`";
const NO_RESOURCE: &str = "The upstream has no such resource: look it up again";
const NO_ENDPOINT: &str = "The upstream has no such endpoint: \
                           the operator has to check the upstream's `url` and `vars`";
const TAKEN: &str = "The upstream has another resource with this identifying value: use another value, \
                     or change that resource";
const NO_METHOD: &str = "The upstream does not do this: send it in another way, or ask the operator to \
                         check the `operations` of the upstream's `dialect`";
const NO_STATUS: &str = "The upstream answered with an error that says no status: look the resource up \
                         before you send it again";
const LATER: &str = "The upstream took the request to do it later, and nothing shows that it is done: \
                     look the resource up before you send it again";
const OUR_FORM: &str = "The upstream does not take the gateway's request in this form: \
                        the operator has to check the upstream's `dialect`";
const CHANGED: &str = "The resource was changed since it was read: read it again, and repeat the \
                       change on what is there now";
const THROTTLED: &str = "The upstream limits requests: try again later";
const REFUSED: &str = "The upstream refused the request: correct it before you send it again";
const UNAVAILABLE: &str = "The upstream is unavailable: try again later";
const FAILED: &str = "The upstream failed: try again later";
const NO_ANSWER: &str = "The upstream answered with a status that is no answer to this request: \
                         ask whoever runs the upstream.";

/// An upstream's error, as far as it was understood.
pub(super) struct Refusal<'r> {
    pub operation: Operation,
    pub status: u16,
    pub scim_type: Option<&'static str>,
    /// The vendor's own code, if the dialect knows it.
    pub code: Option<&'r str>,
    /// Whether the body is an error of the dialect, so that the upstream itself speaks.
    pub spoken: bool,
    /// Text that may be passed on, already scrubbed.
    pub text: Option<String>,
}

/// The scimType of RFC 7644 that this text is.
pub(super) fn scim_type(text: &str) -> Option<&'static str> {
    SCIM_TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(text))
}

/// The fault of an error that stood in a successful answer.
pub(in crate::gateway::message) fn refusal(
    operation: Operation,
    status: u16,
    text: Option<&str>,
) -> Fault {
    let text = text.and_then(|text| scrub(None, text));
    Refusal { operation, status, scim_type: None, code: None, spoken: true, text }.fault()
}

impl Refusal<'_> {
    pub(super) fn fault(&self) -> Fault {
        let on_item = matches!(
            self.operation,
            Operation::Get | Operation::Replace | Operation::Patch | Operation::Delete
        );
        if self.scim_type == Some("uniqueness") {
            return self.conflict();
        }
        match self.status {
            300..=399 => self.told(Cause::UpstreamRedirect, REDIRECT),
            // RFC 7644 section 7.5.2: about what the client put into the URL.
            403 if self.scim_type == Some("sensitive") => self.refused(),
            // An upstream that says why it refuses one resource has let us in.
            403 if self.spoken && (on_item || self.operation == Operation::Create) => {
                self.refused()
            }
            401 | 403 => self.told(Cause::UpstreamUnauthorized, CREDENTIALS),
            404 | 410 if on_item => self.told(Cause::UpstreamNotFound, NO_RESOURCE),
            404 | 410 if self.code.is_none() => self.told(Cause::UpstreamUnexpected, NO_ENDPOINT),
            // Nothing but a taken name conflicts with a resource that is not there yet.
            409 if self.operation == Operation::Create && self.scim_type.is_none() => {
                self.conflict()
            }
            405 | 501 => self.told(Cause::NotImplemented, NO_METHOD),
            // These are about how the gateway asked, not about what the client asked for.
            406..=408 | 411 | 415 | 417 | 421 | 426 | 431 => {
                self.told(Cause::UpstreamUnexpected, OUR_FORM)
            }
            // A precondition can only fail of a resource that is there.
            412 if on_item => self.told(Cause::PreconditionFailed, CHANGED),
            412 => self.told(Cause::UpstreamUnexpected, NO_ANSWER),
            429 => self.told(Cause::UpstreamThrottled, THROTTLED),
            400..=499 => self.refused(),
            503 => self.with_status(Cause::UpstreamFailed, UNAVAILABLE),
            500.. => self.told(Cause::UpstreamFailed, FAILED),
            202 if !self.spoken => self.told(Cause::UpstreamUnexpected, LATER),
            200..=299 if self.spoken => self.told(Cause::UpstreamUnexpected, NO_STATUS),
            _ => self.told(Cause::UpstreamUnexpected, NO_ANSWER),
        }
    }

    /// A name that is taken is always 409 `uniqueness` (docs/semantics.md 8.6).
    fn conflict(&self) -> Fault {
        self.told(Cause::UpstreamConflict, TAKEN)
    }

    /// A status that says something to a SCIM client passes; any other is 400.
    fn refused(&self) -> Fault {
        let passes = matches!(self.status, 400 | 403 | 409 | 413 | 414 | 422 | 423);
        let mut fault = match passes {
            true => self.with_status(Cause::UpstreamRefused, REFUSED),
            false => self.told(Cause::UpstreamRefused, REFUSED),
        };
        fault.scim_type = self.scim_type;
        fault
    }

    fn with_status(&self, cause: Cause, what: &str) -> Fault {
        let mut fault = self.told(cause, what);
        fault.status = StatusCode::from_u16(self.status).ok();
        fault
    }

    /// Our sentence, the vendor's code if we know it, and the vendor's words where they may pass.
    fn told(&self, cause: Cause, what: &str) -> Fault {
        let mut detail = what.to_owned();
        if let Some(code) = self.code {
            detail.push_str(&format!(" ({code})"));
        }
        // Why our credentials were refused is between the operator and the upstream.
        let words = self.text.as_ref().filter(|_| cause != Cause::UpstreamUnauthorized);
        match words {
            Some(words) => detail.push_str(&format!("; it says: {words}")),
            None => detail.push('.'),
        }
        Fault::new(cause, detail)
    }
}
