//! PingOne's lists, searches and discovery documents.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::pingone::{MEDIA, view};
use super::reply::{self, Refusal};
use super::shape::{self, Fields, Shape};
use super::store::Desk;
use crate::scim::http::Response;

/// The most results of any answer, whatever is asked for.
const MOST: usize = 200;

const SEARCH: Fields = &[("filter", Shape::Text), ("count", Shape::Any)];

pub fn list(desk: &Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    call.only(&["filter", "count"])?;
    let count = call.window(MOST)?.count;
    run(desk, call.parameter("filter"), count)
}

/// `POST Users/.search`, whose body is required, even an empty object.
pub fn search(desk: &Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    if call.method() != Method::POST {
        return Err(Refusal::method());
    }
    call.only(&[])?;
    let body: Map<String, Value> = call.object(MEDIA)?;
    shape::check(&body, SEARCH)?;
    let count = match body.get("count") {
        None => MOST,
        Some(count) => count
            .as_u64()
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| Refusal::invalid("`count` is not a natural number"))?,
    };
    run(desk, body.get("filter").and_then(Value::as_str), count)
}

pub fn discovery(call: &Call<'_>, rest: &[&str]) -> Result<Response, Refusal> {
    let body = match rest {
        ["ServiceProviderConfig"] => json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": true},
            "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": true, "maxResults": MOST},
            "changePassword": {"supported": false},
            "sort": {"supported": false},
            "etag": {"supported": false},
            "authenticationSchemes": [{
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "Authentication with an OAuth bearer token",
                "primary": true,
            }],
        }),
        ["ResourceTypes"] => answer(1, vec![json!({"id": "User", "endpoint": "/Users"})]),
        ["Schemas"] => answer(0, Vec::new()),
        _ => return Err(Refusal::unknown_path()),
    };
    match *call.method() {
        Method::GET => Ok(reply::json(StatusCode::OK, &body)),
        _ => Err(Refusal::method()),
    }
}

fn run(desk: &Desk, filter: Option<&str>, count: usize) -> Result<Response, Refusal> {
    if filter.is_some() {
        return Err(Refusal::invalid("the filter is none that the vendor documents"));
    }
    let matches: Vec<Value> = desk.users.iter().map(|entry| view(desk, entry)).collect();
    let total = matches.len();
    let page: Vec<Value> = matches.into_iter().take(count.min(MOST)).collect();
    let total = if desk.options.pingone_capped_total { page.len() } else { total };
    Ok(reply::json(StatusCode::OK, &answer(total, page)))
}

/// A ListResponse without `startIndex`, as the samples print it.
fn answer(total: usize, resources: Vec<Value>) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}
