//! The client's request: taken within its bounds, with the headers that an exchange may see.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderName, IF_MATCH,
    IF_NONE_MATCH, TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use uuid::Uuid;

use super::tls::Peer;
use crate::config::Limits;
use crate::exchange::REQUEST_ID;
use crate::fault::{Cause, Fault};
use crate::scim::endpoint::climbs;
use crate::scim::http::Request;

/// How much of a refused request is still read, and for how long.
const LINGER_BYTES: usize = 8 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// What of a client's headers an exchange sees. The client's Authorization is not among them.
const ALLOWED: [HeaderName; 6] =
    [CONTENT_TYPE, ACCEPT, IF_MATCH, IF_NONE_MATCH, USER_AGENT, REQUEST_ID];

/// The client's own request id where it is a short word, else a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| (1..=64).contains(&text.len()))
        .filter(|text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)))
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// The request's method as a word of a closed set.
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "get",
        Method::HEAD => "head",
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    }
}

/// Whether the request may change something: all but a search by POST (RFC 7644 section 3.4.3) does
/// that is not said to read.
pub fn may_write(header: &RequestHeader) -> bool {
    match header.method {
        Method::POST => !header.uri.path().ends_with("/.search"),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE => false,
        _ => true,
    }
}

/// The host that the client asked for: lower-case, without its port and without the dot that may end a
/// name (RFC 3986 section 3.2.2).
pub fn host_of(header: &RequestHeader) -> Option<String> {
    let authority = header.uri.authority().map(|authority| authority.as_str());
    let named = authority
        .or_else(|| header.headers.get(HOST).and_then(|value| value.to_str().ok()))?
        .to_ascii_lowercase();
    let name = match named.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(address, _)| format!("[{address}]"))?,
        None => {
            let name = named.split(':').next().unwrap_or_default();
            name.strip_suffix('.').unwrap_or(name).to_owned()
        }
    };
    Some(name)
}

/// Refuses what is out of bounds or ambiguous before anything else is read of it.
pub fn check_bounds(session: &Session, limits: &Limits) -> Result<(), Fault> {
    let header = session.req_header();
    if header.raw_path().len() > limits.uri {
        return Err(sized(StatusCode::URI_TOO_LONG, "path and query", limits.uri));
    }
    let size: usize =
        header.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > limits.header {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(sized(status, "header", limits.header));
    }
    // RFC 9112 section 3.2. HTTP/2 has its authority beside the header.
    let hosts = header.headers.get_all(HOST).iter().count();
    if header.version == Version::HTTP_11 && hosts != 1 {
        return Err(Fault::new(Cause::BadBody, "The request must have exactly one Host header."));
    }
    if ambiguous(session) {
        return Err(Fault::new(
            Cause::BadBody,
            "The request has both Content-Length and Transfer-Encoding; send one of them.",
        ));
    }
    // A route begins where its prefix says, and so do its calls.
    if climbs(header.uri.path().as_bytes()) {
        return Err(Fault::new(
            Cause::UnknownRoute,
            "The request's path has a segment \".\" or \"..\", which no resource has; nothing was \
             sent. Write the path without it.",
        ));
    }
    match declared(&header.headers) {
        Some(length) if length > limits.body => Err(body_too_large(limits)),
        _ => Ok(()),
    }
}

/// The client certificate of the connection.
pub fn client_certificate(session: &Session) -> Option<Arc<Peer>> {
    let tls = session.digest()?.ssl_digest.as_ref()?;
    tls.extension.get::<Arc<Peer>>().cloned()
}

/// Reads the whole body and makes the exchange's request of it.
///
/// # Errors
/// `BodyTooLarge` beyond the bound, `BadBody` where the client breaks off or is too slow.
pub async fn read_request(
    session: &mut Session,
    request_id: &str,
    limits: &Limits,
) -> Result<Request, Fault> {
    encoded(&session.req_header().headers)?;
    send_continue(session).await?;
    let body = tokio::time::timeout(limits.body_time, read_body(session, limits))
        .await
        .unwrap_or_else(|_| Err(body_too_slow(limits.body_time)))?;
    let header = session.req_header();
    // RFC 9110 section 9.3.2: as GET, and what is not sent of the answer is its body.
    let head = header.method == Method::HEAD;
    let method = if head { Method::GET } else { header.method.clone() };
    let mut request = Request::new(method, header.uri.path());
    request.query = header.uri.query().map(str::to_owned);
    request.headers = allowed(&header.headers);
    if let Ok(value) = request_id.parse() {
        request.headers.insert(REQUEST_ID, value);
    }
    request.body = body.freeze();
    Ok(request)
}

/// Asks for the body, where the client waits for that before it sends any (RFC 9110 section 10.1.1).
pub async fn send_continue(session: &mut Session) -> Result<(), Fault> {
    if expects_continue(session) {
        session.write_continue_response().await.map_err(|error| broken_off(&error))?;
    }
    Ok(())
}

/// Refuses a body that would have to be decoded first (RFC 9110 section 15.5.16).
fn encoded(headers: &HeaderMap) -> Result<(), Fault> {
    let all = headers.get_all(CONTENT_ENCODING).iter();
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if all.into_iter().all(plain) {
        return Ok(());
    }
    let detail = "The request's body is encoded (Content-Encoding), which this gateway does not read. Send \
                  it as it is.";
    Err(Fault::new(Cause::NotAcceptable, detail))
}

/// What the client still sends of a refused request is read and thrown away, for a while: a connection that
/// is closed before would take the answer with it (RFC 9112 section 9.6).
pub async fn linger(session: &mut Session) {
    let waits = expects_continue(session) && session.body_bytes_read() == 0;
    if session.as_http1().is_none() || waits || session.is_body_done() {
        return;
    }
    session.set_keepalive(None);
    let drained = async {
        let mut left = LINGER_BYTES;
        while let Ok(Some(chunk)) = session.read_request_body().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    // Whoever sends more, or for longer, does not hear the answer.
    let _ = tokio::time::timeout(LINGER, drained).await;
}

async fn read_body(session: &mut Session, limits: &Limits) -> Result<BytesMut, Fault> {
    let mut body = BytesMut::with_capacity(declared(&session.req_header().headers).unwrap_or(0));
    while let Some(chunk) = session.read_request_body().await.map_err(|e| broken_off(&e))? {
        if body.len() + chunk.len() > limits.body {
            return Err(body_too_large(limits));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn allowed(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(ALLOWED.len());
    for (name, value) in headers.iter().filter(|(name, _)| ALLOWED.contains(name)) {
        kept.append(name.clone(), value.clone());
    }
    kept
}

/// Whether the message has two lengths (RFC 9112 section 6.1). Pingora takes the one out of the
/// header that it shows, so the header as it came is asked.
fn ambiguous(session: &Session) -> bool {
    let Some(h1) = session.as_http1() else { return false };
    session.req_header().headers.contains_key(TRANSFER_ENCODING)
        && h1.get_headers_raw_bytes().split(|byte| *byte == b'\n').skip(1).any(|line| {
            line.split(|byte| *byte == b':')
                .next()
                .is_some_and(|name| name.trim_ascii().eq_ignore_ascii_case(b"content-length"))
        })
}

fn expects_continue(session: &Session) -> bool {
    session
        .req_header()
        .headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub fn body_too_large(limits: &Limits) -> Fault {
    let detail =
        format!("The request body is larger than {} bytes. Send less at once.", limits.body);
    Fault::new(Cause::BodyTooLarge, detail)
}

fn sized(status: StatusCode, what: &str, limit: usize) -> Fault {
    let detail = format!("The request's {what} is longer than {limit} bytes. Send less at once.");
    let mut fault = Fault::new(Cause::BodyTooLarge, detail);
    fault.status = Some(status);
    fault
}

pub fn broken_off(error: &pingora::Error) -> Fault {
    let detail = "The request body ended early or came too slowly; send it again.";
    Fault::new(Cause::BadBody, detail).with_log(error.etype().as_str())
}

pub fn body_too_slow(limit: Duration) -> Fault {
    let detail =
        format!("The request body did not come within {} seconds. Send it again.", limit.as_secs());
    let mut fault = Fault::new(Cause::BadBody, detail);
    fault.status = Some(StatusCode::REQUEST_TIMEOUT);
    fault
}

/// A stream that was cut off for its length.
pub fn stream_too_long() -> Fault {
    let detail = "The answer took longer than this gateway lets one stream, or was read too slowly. Ask for \
                  less at once.";
    Fault::new(Cause::StreamTooLong, detail)
}
