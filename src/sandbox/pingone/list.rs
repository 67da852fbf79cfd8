//! PingOne's lists, searches and discovery documents.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::users::view_user;
use crate::sandbox::call::{Call, JSON};
use crate::sandbox::filter;
use crate::sandbox::reply::{self, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape, Fields};
use crate::sandbox::store::Desk;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::http::Response;

/// The most results of any answer, whatever is asked for.
const MOST: usize = 200;

/// The SCIM names of what the platform filters by.
const FILTERED: [&str; 11] = [
    "userName",
    "externalId",
    "emails",
    "emails.value",
    "name.familyName",
    "name.givenName",
    "nickName",
    "title",
    "locale",
    "preferredLanguage",
    "timezone",
];

const SEARCH: Fields = &[("filter", FieldShape::Text), ("count", FieldShape::Any)];

pub fn list(desk: &Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    call.only(&["filter", "count"])?;
    let count = call.window(MOST)?.count;
    run(desk, call.parameter("filter"), count)
}

/// `POST Users/.search`, whose body is required, even an empty object.
pub fn search(desk: &Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    if call.method() != Method::POST {
        return Err(VendorRefusal::method());
    }
    call.only(&[])?;
    let body: Map<String, Value> = call.object(JSON)?;
    shape::check(&body, SEARCH)?;
    let count = match body.get("count") {
        None => MOST,
        Some(count) => count
            .as_u64()
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| VendorRefusal::invalid("`count` is not a natural number"))?,
    };
    run(desk, body.get("filter").and_then(Value::as_str), count)
}

pub fn discovery(call: &Call<'_>, rest: &[&str]) -> Result<Response, VendorRefusal> {
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
        _ => return Err(VendorRefusal::unknown_path()),
    };
    match *call.method() {
        Method::GET => Ok(reply::json(StatusCode::OK, &body)),
        _ => Err(VendorRefusal::method()),
    }
}

fn run(desk: &Desk, filter: Option<&str>, count: usize) -> Result<Response, VendorRefusal> {
    let filter = filter.map(|text| filter::parse(text, &[])).transpose()?;
    if let Some(filter) = &filter {
        documented(filter)?;
    }
    let views = desk.users.iter().map(|entry| view_user(desk, entry));
    let shown = |user: &Value| match (&filter, user.as_object()) {
        (Some(filter), Some(user)) if !desk.options.ignore_filters => filter::matches(filter, user),
        _ => true,
    };
    let matches: Vec<Value> = views.filter(shown).collect();
    let total = matches.len();
    let page: Vec<Value> = matches.into_iter().take(count.min(MOST)).collect();
    let total = if desk.options.pingone_capped_total { page.len() } else { total };
    Ok(reply::json(StatusCode::OK, &answer(total, page)))
}

/// The platform's filter language has no `not`, `ne`, `pr` or order.
fn documented(filter: &Filter) -> Result<(), VendorRefusal> {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().try_for_each(documented),
        Filter::Compare { path, operator: Operator::Eq, literal: Literal::Bool(_) }
            if path.members().eq(["active"]) =>
        {
            Ok(())
        }
        other => match filter::comparison(other) {
            Some((path, Operator::Eq | Operator::Sw | Operator::Ew | Operator::Co, _))
                if FILTERED.contains(&path.as_str()) =>
            {
                Ok(())
            }
            _ => Err(filter::undocumented()),
        },
    }
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
