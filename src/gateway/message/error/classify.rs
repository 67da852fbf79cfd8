//! What an upstream's status means to the client: a total table.

use http::StatusCode;

use super::scrub::scrub;
use crate::dialect::model::Dialect;
use crate::fault::{Cause, Fault};
use crate::scim::schema::Operation;

/// RFC 7644 section 3.12, table 9.
const SCIM_TYPES: [&str; 10] = [
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
];

/// An upstream's error, as far as it was understood.
pub(super) struct Refusal<'r> {
    pub operation: Operation,
    pub status: u16,
    pub scim_type: Option<&'static str>,
    /// The vendor's own code, if the dialect knows it.
    pub code: Option<&'r str>,
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
    Refusal { operation, status, scim_type: None, code: None, text }.fault()
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
            300..=399 => self.told(Cause::UpstreamRedirect, "the upstream answered with a redirect, which the gateway never follows: correct the upstream's `url`"),
            401 | 403 => self.told(Cause::UpstreamUnauthorized, "the upstream refused the gateway's credentials: the operator has to check the upstream's `auth`"),
            404 | 410 if on_item => self.told(Cause::UpstreamNotFound, "the upstream has no such resource"),
            404 | 410 if self.code.is_none() => self.told(Cause::UpstreamUnexpected, "the upstream has no such endpoint: the operator has to check the upstream's `url` and `vars`"),
            // Nothing but a taken name conflicts with a resource that is not there yet.
            409 if self.operation == Operation::Create && self.scim_type.is_none() => self.conflict(),
            // These are about how the gateway asked, not about what the client asked for.
            405..=408 | 411 | 415 | 417 | 421 | 426 | 431 => self.told(Cause::UpstreamUnexpected, "the upstream does not take the gateway's request in this form"),
            429 => self.told(Cause::UpstreamThrottled, "the upstream limits requests: try again later"),
            400..=499 => self.refused(),
            503 => self.with_status(Cause::UpstreamFailed, "the upstream is unavailable: try again later"),
            status if status >= 500 => self.told(Cause::UpstreamFailed, "the upstream failed: try again later"),
            _ => self.told(Cause::UpstreamUnexpected, "the upstream answered with a status that is no answer to this request"),
        }
    }

    /// A name that is taken is always 409 `uniqueness` (design 7).
    fn conflict(&self) -> Fault {
        self.told(
            Cause::UpstreamConflict,
            "the upstream has another resource with this identifying value",
        )
    }

    fn refused(&self) -> Fault {
        let mut fault =
            self.with_status(Cause::UpstreamRefused, "the upstream refused the request");
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
        if let Some(words) = words {
            detail.push_str(&format!("; it says: {words}"));
        }
        Fault::new(cause, detail)
    }
}

/// Whether a word is the path of an attribute that one of the dialect's schemas knows, such as
/// `name.givenName`, rather than a host.
pub(super) fn is_attribute_path(dialect: &Dialect, word: &str) -> bool {
    let Some((name, sub)) = word.split_once('.') else { return false };
    dialect.resources.iter().any(|resource| {
        resource.schema.attribute(name).is_some_and(|found| found.attribute(sub).is_some())
    })
}
