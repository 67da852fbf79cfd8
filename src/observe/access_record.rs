//! What is told of one request when it is over.

use std::time::Duration;

use http::StatusCode;

use super::principal::Principal;
use super::refusal::AuthRefusal;
use crate::exchange::{Record, Trace};

/// One answered request: bounded words only, no id, value, token or query.
#[derive(Debug)]
pub struct AccessRecord<'a> {
    pub request_id: &'a str,
    /// In lower case; `other` for what HTTP and PATCH do not define.
    pub method: &'static str,
    /// Whether it may change something at the upstream.
    pub writes: bool,
    /// `None` where no route holds the path.
    pub route: Option<&'a str>,
    pub upstream: Option<&'a str>,
    /// The name of the credential that was used.
    pub credential: Option<&'a str>,
    /// Who was let in; `None` also on routes that let everybody in.
    pub caller: Option<&'a Principal>,
    /// Why the caller was not let in.
    pub refused: Option<AuthRefusal>,
    pub translated: bool,
    /// Of the answer that was made; `None` where none was.
    pub status: Option<StatusCode>,
    /// Whether the answer was written whole: the client may have gone before.
    pub delivered: bool,
    pub duration: Duration,
    /// The exchange's span.
    pub trace: &'a Trace,
    pub record: &'a Record,
}
