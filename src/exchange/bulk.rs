//! Bulk (RFC 7644 section 3.7): each operation is an exchange of its own, in order; one that refers
//! to a resource made later waits for it, and circles are refused.

use std::collections::HashMap;

use http::{Method, StatusCode};

use super::caller::Caller;
use super::context::Asking;
use super::serve::serve;
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::gateway::message::{
    BulkOperation, read_bulk, referred_ids, with_ids, write_bulk, write_error,
};
use crate::scim::http::{Request, Response};
use crate::scim::{Object, Value};

/// Answers a bulk request; what fails in it is in its answer.
pub async fn bulk(
    asking: Asking<'_>,
    request: &Request,
    mut caller: Caller<'_>,
) -> Result<Response, Fault> {
    let body = asking.route.document(request)?;
    let bulk = read_bulk(&body, request.body.len())?;
    let mut made: HashMap<String, String> = HashMap::new();
    let mut answers: Vec<Option<Object<'static>>> = bulk.operations.iter().map(|_| None).collect();
    let waits: Vec<Vec<&str>> = bulk.operations.iter().map(|o| referred_ids(o).collect()).collect();
    let (mut failed, mut moved) = (0_usize, true);
    'passes: while moved {
        moved = false;
        for ((operation, answer), waits) in bulk.operations.iter().zip(&mut answers).zip(&waits) {
            if answer.is_some() || waits.iter().any(|id| !made.contains_key(*id)) {
                continue;
            }
            moved = true;
            let (path, body) = with_ids(operation, &made);
            let location = format!("{}{path}", asking.route.public_base);
            let sent = asked(asking.route, request, operation, &path, body);
            let outcome =
                match serve(asking, asking.route.receive(&sent), &sent, caller.again()).await {
                    Ok(response) => response,
                    Err(fault) => write_error(&asking.route.spec.client, &fault, ""),
                };
            failed += usize::from(!outcome.status.is_success());
            if let (Some(id), Some(bulk_id)) = (made_id(&outcome), &operation.bulk_id) {
                made.insert(bulk_id.clone(), id);
            }
            *answer = Some(told(operation, Some(location), &outcome));
            if bulk.fail_on_errors.is_some_and(|most| failed >= most) {
                break 'passes;
            }
        }
    }
    let stopped = bulk.fail_on_errors.is_some_and(|most| failed >= most);
    for (operation, answer) in bulk.operations.iter().zip(&mut answers) {
        if answer.is_none() && !stopped {
            let fault = Fault {
                status: Some(StatusCode::CONFLICT),
                ..Fault::new(
                    Cause::InvalidValue,
                    "The operation refers to a bulkId that no operation of this request makes, or \
                     in a circle. Send what it refers to first.",
                )
            };
            let response = write_error(&asking.route.spec.client, &fault, "");
            *answer = Some(told(operation, None, &response));
        }
    }
    Ok(write_bulk(&asking.route.spec.client, answers.into_iter().flatten().collect()))
}

/// The request that an operation is.
fn asked(
    route: &Route,
    outer: &Request,
    operation: &BulkOperation<'_>,
    path: &str,
    body: Vec<u8>,
) -> Request {
    let mut headers = outer.headers.clone();
    headers.remove(http::header::IF_MATCH);
    headers.remove(http::header::IF_NONE_MATCH);
    if let Some(version) = operation.version.as_deref().and_then(|v| v.parse().ok()) {
        headers.insert(http::header::IF_MATCH, version);
    }
    Request {
        method: operation.method.clone(),
        path: format!("{}{path}", route.client_base),
        query: None,
        headers,
        body: body.into(),
    }
}

/// The id of a resource that an operation made.
fn made_id(response: &Response) -> Option<String> {
    let location = response.headers.get(http::header::LOCATION)?.to_str().ok()?;
    let id = location.rsplit('/').next()?;
    Some(percent_encoding::percent_decode_str(id).decode_utf8().ok()?.into_owned())
}

/// RFC 7644 section 3.7.3: status, location (but for a POST that failed), and the error's body.
fn told(
    operation: &BulkOperation<'_>,
    location: Option<String>,
    response: &Response,
) -> Object<'static> {
    let mut told = Object::new();
    told.push("method", Value::String(operation.method.as_str().to_owned().into()));
    if let Some(id) = &operation.bulk_id {
        told.push("bulkId", Value::String(id.clone().into()));
    }
    let header = |name| response.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    if let Some(version) = header(http::header::ETAG) {
        told.push("version", Value::String(version.into()));
    }
    let other = location.filter(|_| operation.method != Method::POST);
    if let Some(location) = header(http::header::LOCATION).or(other) {
        told.push("location", Value::String(location.into()));
    }
    told.push("status", Value::String(response.status.as_str().to_owned().into()));
    if !response.status.is_success()
        && let Ok(error) = serde_json::from_slice::<serde_json::Value>(&response.body)
    {
        told.push("response", Value::from(error));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_resource_is_known_by_its_location() {
        let mut response = Response::new(StatusCode::CREATED);
        let location = "https://gateway.example/Users/a%20b".parse().unwrap();
        response.headers.insert(http::header::LOCATION, location);
        assert_eq!(made_id(&response).as_deref(), Some("a b"));
    }
}
