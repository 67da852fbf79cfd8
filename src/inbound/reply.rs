//! The answer to the client: exact length, the exchange's own headers and the request id.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE,
};
use http::{Method, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use crate::exchange::{Outcome, REQUEST_ID, Record};
use crate::fault::{Cause, Fault};
use crate::scim::http::Response;

/// An answer where no route, and so no client dialect, is known: a SCIM error (RFC 7644 section
/// 3.12).
pub fn answer_routeless(fault: Fault) -> Outcome {
    let status = fault.status();
    let body = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_str(),
        "detail": fault.detail,
    });
    let mut response = Response::new(status);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    response.body = Bytes::from(body.to_string());
    Outcome { response, record: Record { fault: Some(fault), ..Record::default() } }
}

/// The headers that HTTP itself asks for with a fault (RFC 9110 sections 10.2.3, 11.6.1, 15.5.6).
pub fn add_fault_headers(response: &mut Response, fault: &Fault, challenges: &[HeaderValue]) {
    let headers = &mut response.headers;
    let theirs = fault.challenges.iter().flat_map(|told| told.get_all(WWW_AUTHENTICATE));
    let challenges = if fault.challenges.is_some() { &[] } else { challenges };
    if fault.cause == Cause::Unauthenticated || fault.challenges.is_some() {
        // Without a route's own knowledge an error says `Bearer`.
        headers.remove(WWW_AUTHENTICATE);
        for challenge in theirs.chain(challenges) {
            headers.append(WWW_AUTHENTICATE, challenge.clone());
        }
    }
    if let Some(allow) = fault.allow.as_deref().and_then(|methods| methods.parse().ok()) {
        headers.entry(ALLOW).or_insert(allow);
    }
    // What takes GET takes HEAD (RFC 9110 section 9.3.2): this edge makes the one of the other.
    if let Some(methods) = headers.get(ALLOW).and_then(|methods| methods.to_str().ok())
        && methods.split(", ").any(|method| method == "GET")
        && !methods.contains("HEAD")
        && let Ok(both) = methods.replacen("GET", "GET, HEAD", 1).parse()
    {
        headers.insert(ALLOW, both);
    }
    if let Some(wait) = fault.retry_after {
        let seconds = wait.as_secs().max(1);
        headers.entry(http::header::RETRY_AFTER).or_insert(HeaderValue::from(seconds));
    }
}

/// Writes the whole answer.
pub async fn write_answer(
    session: &mut Session,
    response: Response,
    request_id: &str,
) -> pingora::Result<()> {
    let Response { status, headers, body } = response;
    let mut header = ResponseHeader::build(status, Some(headers.len() + 3))?;
    for (name, value) in &headers {
        header.append_header(name.clone(), value.clone())?;
    }
    header.insert_header(REQUEST_ID, request_id)?;
    header.insert_header(CACHE_CONTROL, "no-store")?;
    // A 204 has no Content-Length, and a 304 not its own (RFC 9110 section 8.6).
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        header.remove_header(&CONTENT_LENGTH);
    } else {
        header.insert_header(CONTENT_LENGTH, body.len())?;
    }
    let bodiless = body.is_empty()
        || status == StatusCode::NO_CONTENT
        || session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(header), bodiless).await?;
    if !bodiless {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(())
}
