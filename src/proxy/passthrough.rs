//! Routes that stream: the header is rewritten, the body goes through unread.

use std::sync::Arc;

use http::header::{
    AUTHORIZATION, CONNECTION, COOKIE, EXPECT, FORWARDED, HeaderName, PROXY_AUTHORIZATION,
};
use http::{Method, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use pingora::{Error, ErrorType};

use super::broken::is_not_done;
use super::care::Node;
use super::identity::Proof;
use super::{Identity, Remote};
use crate::exchange::{TRACEPARENT, TRACESTATE, Trace};
use crate::gateway::Route;

/// The name of the error by which a stream is sent once more with a new proof.
const RENEWED: &str = "renewed";

/// What of a client's header an upstream never sees, beside Authorization.
const DROPPED: [HeaderName; 7] = [
    COOKIE,
    PROXY_AUTHORIZATION,
    FORWARDED,
    CONNECTION,
    EXPECT,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
];

/// Turns the client's header into the upstream's: its path behind the prefix, its host,
/// this gateway's span.
pub(super) fn rewrite(
    header: &mut RequestHeader,
    route: &Arc<Route>,
    remote: &Remote,
    node: &Node,
    trace: &Trace,
) -> pingora::Result<()> {
    let uri = header.uri.clone();
    let inner = uri.path().strip_prefix(route.spec.prefix.as_str()).unwrap_or_default();
    let mut target = remote.path(inner);
    if target.is_empty() {
        target.push('/');
    }
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    header.set_raw_path(target.as_bytes())?;
    for name in &DROPPED {
        header.remove_header(name);
    }
    for name in [TRACEPARENT, TRACESTATE] {
        header.remove_header(&name);
    }
    for (name, value) in trace.headers() {
        header.insert_header(name, value)?;
    }
    remote.dress(header, node)
}

/// Puts who the gateway is in place of who the client is.
pub(super) fn sign(header: &mut RequestHeader, proof: Option<&Proof>) -> pingora::Result<()> {
    header.remove_header(&AUTHORIZATION);
    let Some(Proof { name, value, .. }) = proof else { return Ok(()) };
    header.insert_header(name.clone(), value.clone())
}

/// Whether the upstream refused what it was shown and there is something newer, for a request that is
/// still held whole.
pub(super) async fn renewed(
    session: &Session,
    answer: &ResponseHeader,
    identity: &Arc<Identity>,
    refused: &Proof,
) -> bool {
    answer.status == StatusCode::UNAUTHORIZED
        && identity.renew(refused).await.is_some()
        && !session.as_ref().retry_buffer_truncated()
}

/// Ends the attempt so that Pingora makes another.
pub(super) fn again() -> pingora::Result<()> {
    Error::e_explain(ErrorType::Custom(RENEWED), "the proof was renewed")
}

/// Whether a stream that broke off is sent once more. After a renewed proof any is: a 401 says that
/// the request has not been applied (RFC 9110 section 15.5.2), and so does an upstream that refuses the
/// stream. Else only GET and HEAD: Pingora would
/// send PUT and DELETE again, too (design 8).
pub(super) fn retry(session: &Session, error: &mut Error, reused: bool) {
    let whole = !session.as_ref().retry_buffer_truncated();
    if error.etype() == &ErrorType::Custom(RENEWED) || (whole && is_not_done(error)) {
        error.set_retry(true);
    } else if whole && matches!(session.req_header().method, Method::GET | Method::HEAD) {
        error.retry.decide_reuse(reused);
    } else {
        error.set_retry(false);
    }
}
