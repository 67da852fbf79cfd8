//! One request and its answer on a connection that is there.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode};
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;

use super::broken::{broken, cut_off, too_large};
use crate::fault::Fault;
use crate::scim::http::{Request, Response};

/// Informational answers (RFC 9110 section 15.2) that one call reads over.
const INFORMATIONAL: usize = 8;

/// Sends the request and reads an answer of at most `limit` bytes, header and body each; with whether
/// the connection can be used again.
///
/// # Errors
/// Where there is no whole answer within its bounds.
pub(super) async fn talk(
    session: &mut HttpSession,
    header: RequestHeader,
    request: &Request,
    limit: usize,
) -> Result<(Response, bool), Fault> {
    let begun = session.write_request_header(Box::new(header)).await;
    let one = matches!(session, HttpSession::H1(_));
    if let Err(error) = &begun
        && !one
    {
        // There is no stream whose answer could be read.
        return Err(broken(error));
    }
    let written = match begun {
        Ok(()) => write(session, &request.body).await,
        failed => failed,
    };
    // An upstream may answer before it has read everything: what it says goes before the
    // failure to write.
    let mut read = session.read_response_header().await;
    // HTTP/2 shows the last header alone.
    for _ in 0..if one { INFORMATIONAL } else { 0 } {
        let informational =
            session.response_header().is_some_and(|header| header.status.is_informational());
        if read.is_err() || !informational {
            break;
        }
        read = session.read_response_header().await;
    }
    read.map_err(|error| broken(&error))?;
    let (status, headers) = answer_header(session, limit)?;
    let bodiless = request.method == Method::HEAD
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = if bodiless { Bytes::new() } else { answer_body(session, &headers, limit).await? };
    let whole = written.is_ok() && session.response_done();
    Ok((Response { status, headers, body }, whole))
}

fn answer_header(session: &HttpSession, limit: usize) -> Result<(StatusCode, HeaderMap), Fault> {
    let header = session
        .response_header()
        .filter(|header| !header.status.is_informational())
        .ok_or_else(|| cut_off("only informational answers"))?;
    let size: usize =
        header.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > limit {
        return Err(too_large("the header of the answer"));
    }
    Ok((header.status, header.headers.clone()))
}

async fn answer_body(
    session: &mut HttpSession,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Bytes, Fault> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large("the declared length of the answer"));
    }
    let mut body = BytesMut::with_capacity(declared.unwrap_or(0));
    while let Some(chunk) = session.read_response_body().await.map_err(|e| broken(&e))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large("the answer"));
        }
        body.extend_from_slice(&chunk);
    }
    if declared.is_some_and(|length| length != body.len()) {
        return Err(cut_off("the body is shorter than its Content-Length"));
    }
    Ok(body.freeze())
}

async fn write(session: &mut HttpSession, body: &Bytes) -> pingora::Result<()> {
    if !body.is_empty() {
        session.write_request_body(body.clone(), true).await?;
    }
    session.finish_request_body().await
}
