//! Routes that stream: the header is rewritten, the body goes through unread.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, ALT_SVC, AUTHORIZATION,
    CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE,
    FORWARDED, HOST, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
    SET_COOKIE, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{Method, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use pingora::{Error, ErrorType};

use crate::exchange::{REQUEST_ID, Sent, Streamed, Trace, describe_request};
use crate::gateway::Route;
use crate::inbound::{host_of, method_label};
use crate::outbound::{AuthHeader, GatewayIdentity, Remote, UpstreamEndpoint, is_not_done};

/// The name of the error by which a stream is sent once more with a new proof.
const RENEWED: &str = "renewed";

/// What of a client's header an upstream sees: what says how to read the body, what answer is wanted, and
/// which state it is about. `Prefer` is not among them: with `respond-async` (RFC 9967) an upstream would
/// answer later, and nobody here would hear it.
const PASSED: [HeaderName; 17] = [
    ACCEPT,
    ACCEPT_CHARSET,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    AUTHORIZATION,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HOST,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    TRANSFER_ENCODING,
    USER_AGENT,
];

/// What of an upstream's header a client never sees: what is for the connection, or for another name than
/// this gateway's.
const KEPT_BACK: [HeaderName; 5] = [
    ALT_SVC,
    HeaderName::from_static("keep-alive"),
    SET_COOKIE,
    HeaderName::from_static("strict-transport-security"),
    UPGRADE,
];

/// What is asked of the upstream, for whoever looks: as it is told of calls that are read.
pub(super) fn told(header: &RequestHeader, route: &Route, remote: &Remote) -> Streamed {
    let path = header.uri.path().strip_prefix(route.spec.prefix.as_str()).unwrap_or_default();
    // Any word can be a method.
    let method = method_label(&header.method).to_ascii_uppercase().parse().unwrap_or_default();
    let query = header.uri.query().map(str::to_owned);
    let sent = Sent { method, path: path.to_owned(), query, body: Bytes::new() };
    let asked = describe_request(route, &remote.path(""), &sent).into();
    Streamed { asked, status: None, media_type: None, sent: 0, got: 0 }
}

/// Turns the client's header into the upstream's: its path behind the prefix, its host,
/// this gateway's span.
pub(super) fn rewrite(
    header: &mut RequestHeader,
    route: &Arc<Route>,
    remote: &Remote,
    node: &UpstreamEndpoint,
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
    let others: Vec<_> =
        header.headers.keys().filter(|name| !PASSED.contains(name)).cloned().collect();
    for name in &others {
        header.remove_header(name);
    }
    for (name, value) in trace.headers() {
        header.insert_header(name, value)?;
    }
    remote.dress(header, node)
}

/// Says for whom the gateway asks, in its own words: by which host and scheme it was reached (RFC 7239), and
/// the request's id. The client's address is nobody's business beyond.
pub(super) fn sender(
    header: &mut RequestHeader,
    asked: &RequestHeader,
    secure: bool,
    request_id: &str,
) -> pingora::Result<()> {
    let scheme = if secure { "https" } else { "http" };
    let mut forwarded = format!("for=unknown;proto={scheme}");
    // What stands between quotes must not end them.
    let plain = |host: &String| {
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte))
    };
    if let Some(host) = host_of(asked).filter(plain) {
        forwarded.push_str(&format!(";host=\"{host}\""));
    }
    header.insert_header(FORWARDED, forwarded)?;
    header.insert_header(REQUEST_ID, request_id)
}

/// Leaves of an upstream's header what is for the client, which keeps nothing of it.
pub(super) fn answer(header: &mut ResponseHeader) -> pingora::Result<()> {
    let named = header.headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<HeaderName> = named
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| ![CONTENT_LENGTH, TRANSFER_ENCODING].contains(name))
        .collect();
    for name in KEPT_BACK.iter().chain(&named) {
        header.remove_header(name);
    }
    header.insert_header(CACHE_CONTROL, "no-store")
}

/// Puts who the gateway is in place of who the client is.
pub(super) fn sign(header: &mut RequestHeader, proof: Option<&AuthHeader>) -> pingora::Result<()> {
    header.remove_header(&AUTHORIZATION);
    let Some(AuthHeader { name, value, .. }) = proof else { return Ok(()) };
    header.insert_header(name.clone(), value.clone())
}

/// Whether the upstream refused what it was shown and there is something newer, for a request that is
/// still held whole.
pub(super) async fn renewed(
    session: &Session,
    answer: &ResponseHeader,
    identity: &Arc<GatewayIdentity>,
    refused: &AuthHeader,
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
/// send PUT and DELETE again, too (docs/semantics.md 8.2).
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
