//! Failures at run time, by the side that is guilty, and the three tables that say what each means:
//! for the client (status and scimType), for the metrics (a label) and for the log (a level).

use std::time::Duration;

use http::{HeaderMap, StatusCode};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Client,
    Upstream,
    Gateway,
}

/// What went wrong. One label each: the set is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    // the client's
    Unauthenticated,
    Forbidden,
    UnknownRoute,
    UnknownResource,
    MethodNotAllowed,
    NotAcceptable,
    BodyTooLarge,
    BadBody,
    InvalidValue,
    InvalidPath,
    InvalidFilter,
    Mutability,
    NoTarget,
    BadCursor,
    BadId,
    PreconditionFailed,
    TooMany,
    LossRefused,
    TooManyRequests,
    /// The client broke its connection off, or sent what does not belong there, before it had its answer.
    ClientGone,
    /// A body that streams took longer than it may.
    StreamTooLong,
    // what the upstream said, passed on
    UpstreamNotFound,
    UpstreamConflict,
    UpstreamRefused,
    UpstreamThrottled,
    // the upstream's
    UpstreamUnreachable,
    UpstreamTimeout,
    UpstreamCutOff,
    UpstreamTooLarge,
    UpstreamNotJson,
    UpstreamUnexpected,
    UpstreamRedirect,
    UpstreamUnauthorized,
    UpstreamFailed,
    NoToken,
    /// It was not called: it is held to fail, or asked to be left alone.
    UpstreamUnavailable,
    // the gateway's
    NotImplemented,
    Incomplete,
    Busy,
    Paused,
    Tripped,
    PartlyDone,
    /// The process ended, or the request's task did, before the exchange was over.
    Interrupted,
    /// A write that could not be recorded was not made.
    Unrecorded,
    Internal,
}

/// A failure: what the client is told and what the log is told are two strings.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{cause:?}: {detail}")]
pub struct Fault {
    pub cause: Cause,
    /// For the client: what happened and what to do. Holds no value of an attribute, no secret and
    /// no host of the upstream.
    pub detail: String,
    /// For the log: more on the circumstances. Holds no value of an attribute and no secret.
    pub log: Option<Box<str>>,
    /// The status to answer instead of the cause's own (an upstream's own 4xx).
    pub status: Option<StatusCode>,
    /// The scimType to answer instead of the cause's own (RFC 7644 table 9, RFC 9865 section 2.1).
    pub scim_type: Option<&'static str>,
    pub retry_after: Option<Duration>,
    /// The methods for an `Allow` header (405).
    pub allow: Option<Box<str>>,
    /// Where the client finds what was created all the same (a `Location` header).
    pub location: Option<Box<str>>,
    /// Headers `WWW-Authenticate` that stand instead of the gateway's own. Boxed: a fault is small.
    pub challenges: Option<Box<HeaderMap>>,
}

impl Fault {
    pub fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            cause,
            detail: detail.into(),
            log: None,
            status: None,
            scim_type: None,
            retry_after: None,
            allow: None,
            location: None,
            challenges: None,
        }
    }

    #[must_use]
    pub fn with_log(mut self, log: impl Into<String>) -> Self {
        self.log = Some(log.into().into_boxed_str());
        self
    }

    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    #[must_use]
    pub fn with_location(mut self, location: Option<String>) -> Self {
        self.location = location.map(String::into_boxed_str);
        self
    }

    /// The status that the client gets.
    pub fn status(&self) -> StatusCode {
        self.status.unwrap_or(self.cause.status())
    }

    /// The scimType that the client gets (RFC 7644 section 3.12, table 9).
    pub fn scim_type(&self) -> Option<&'static str> {
        self.scim_type.or(self.cause.scim_type())
    }
}

impl Cause {
    pub fn side(self) -> Side {
        match self {
            Self::Unauthenticated
            | Self::Forbidden
            | Self::UnknownRoute
            | Self::UnknownResource
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::BodyTooLarge
            | Self::BadBody
            | Self::InvalidValue
            | Self::InvalidPath
            | Self::InvalidFilter
            | Self::Mutability
            | Self::NoTarget
            | Self::BadCursor
            | Self::BadId
            | Self::PreconditionFailed
            | Self::TooMany
            | Self::LossRefused
            | Self::TooManyRequests
            | Self::ClientGone
            | Self::StreamTooLong
            | Self::UpstreamNotFound
            | Self::UpstreamConflict
            | Self::UpstreamRefused => Side::Client,
            Self::UpstreamThrottled
            | Self::UpstreamUnreachable
            | Self::UpstreamTimeout
            | Self::UpstreamCutOff
            | Self::UpstreamTooLarge
            | Self::UpstreamNotJson
            | Self::UpstreamUnexpected
            | Self::UpstreamRedirect
            | Self::UpstreamUnauthorized
            | Self::UpstreamFailed
            | Self::NoToken
            | Self::UpstreamUnavailable => Side::Upstream,
            Self::NotImplemented
            | Self::Incomplete
            | Self::Busy
            | Self::Paused
            | Self::Tripped
            | Self::PartlyDone
            | Self::Interrupted
            | Self::Unrecorded
            | Self::Internal => Side::Gateway,
        }
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::UnknownRoute | Self::UnknownResource | Self::UpstreamNotFound => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadBody
            | Self::InvalidValue
            | Self::InvalidPath
            | Self::InvalidFilter
            | Self::Mutability
            | Self::NoTarget
            | Self::BadCursor
            | Self::BadId
            | Self::TooMany
            | Self::LossRefused
            | Self::ClientGone
            | Self::UpstreamRefused => StatusCode::BAD_REQUEST,
            Self::StreamTooLong => StatusCode::REQUEST_TIMEOUT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooManyRequests | Self::UpstreamThrottled => StatusCode::TOO_MANY_REQUESTS,
            Self::UpstreamConflict => StatusCode::CONFLICT,
            Self::UpstreamUnreachable
            | Self::UpstreamCutOff
            | Self::UpstreamTooLarge
            | Self::UpstreamNotJson
            | Self::UpstreamUnexpected
            | Self::UpstreamRedirect
            | Self::UpstreamUnauthorized
            | Self::UpstreamFailed => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::NotImplemented | Self::Incomplete => StatusCode::NOT_IMPLEMENTED,
            Self::UpstreamUnavailable
            | Self::Busy
            | Self::Paused
            | Self::Tripped
            | Self::Interrupted
            | Self::Unrecorded
            | Self::NoToken => StatusCode::SERVICE_UNAVAILABLE,
            Self::PartlyDone => StatusCode::BAD_GATEWAY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub fn scim_type(self) -> Option<&'static str> {
        match self {
            Self::BadBody => Some("invalidSyntax"),
            Self::InvalidValue | Self::LossRefused => Some("invalidValue"),
            Self::InvalidPath => Some("invalidPath"),
            Self::InvalidFilter => Some("invalidFilter"),
            Self::Mutability => Some("mutability"),
            Self::NoTarget => Some("noTarget"),
            Self::BadCursor => Some("invalidCursor"),
            Self::TooMany => Some("tooMany"),
            Self::UpstreamConflict => Some("uniqueness"),
            _ => None,
        }
    }

    /// Whether nobody here knows if what was asked for was done.
    pub fn is_uncertain(self) -> bool {
        matches!(self, Self::UpstreamTimeout | Self::UpstreamCutOff | Self::Interrupted)
    }

    /// The value of the metrics' `cause` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::UnknownRoute => "unknown_route",
            Self::UnknownResource => "unknown_resource",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotAcceptable => "not_acceptable",
            Self::BodyTooLarge => "body_too_large",
            Self::BadBody => "bad_body",
            Self::InvalidValue => "invalid_value",
            Self::InvalidPath => "invalid_path",
            Self::InvalidFilter => "invalid_filter",
            Self::Mutability => "mutability",
            Self::NoTarget => "no_target",
            Self::BadCursor => "bad_cursor",
            Self::BadId => "bad_id",
            Self::PreconditionFailed => "precondition_failed",
            Self::TooMany => "too_many",
            Self::LossRefused => "loss_refused",
            Self::TooManyRequests => "too_many_requests",
            Self::ClientGone => "client_gone",
            Self::StreamTooLong => "stream_too_long",
            Self::UpstreamNotFound => "upstream_not_found",
            Self::UpstreamConflict => "upstream_conflict",
            Self::UpstreamRefused => "upstream_refused",
            Self::UpstreamThrottled => "upstream_throttled",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::UpstreamCutOff => "upstream_cut_off",
            Self::UpstreamTooLarge => "upstream_too_large",
            Self::UpstreamNotJson => "upstream_not_json",
            Self::UpstreamUnexpected => "upstream_unexpected",
            Self::UpstreamRedirect => "upstream_redirect",
            Self::UpstreamUnauthorized => "upstream_unauthorized",
            Self::UpstreamFailed => "upstream_failed",
            Self::NoToken => "no_token",
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::NotImplemented => "not_implemented",
            Self::Incomplete => "incomplete",
            Self::Busy => "busy",
            Self::Paused => "paused",
            Self::Tripped => "tripped",
            Self::PartlyDone => "partly_done",
            Self::Interrupted => "interrupted",
            Self::Unrecorded => "audit_unavailable",
            Self::Internal => "internal",
        }
    }

    /// How loud the log line is: the client's mistakes are information, ours are errors.
    pub fn level(self) -> tracing::Level {
        match self.side() {
            Side::Client => tracing::Level::INFO,
            Side::Upstream => tracing::Level::WARN,
            Side::Gateway if matches!(self, Self::NotImplemented | Self::Paused) => {
                tracing::Level::INFO
            }
            Side::Gateway if matches!(self, Self::Internal | Self::PartlyDone) => {
                tracing::Level::ERROR
            }
            Side::Gateway => tracing::Level::WARN,
        }
    }
}

impl Side {
    /// The value of the metrics' `side` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Upstream => "upstream",
            Self::Gateway => "gateway",
        }
    }
}
