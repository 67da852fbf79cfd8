//! ListResponse (RFC 7644 section 3.4.2), an upstream's read leniently and a client's written.

use super::resource::read_status;
use crate::dialect::Resource;
use crate::fault::{Cause, Fault};
use crate::scim::message::{self, LIST_RESPONSE};
use crate::scim::names::twice;
use crate::scim::schema::Operation;
use crate::scim::value::Value;

/// One page as an upstream answered it.
#[derive(Debug, PartialEq)]
pub struct Page<'a> {
    /// `None` where it is missing, cannot be read, or is fewer than the page itself holds: then it
    /// proves nothing.
    pub total: Option<usize>,
    /// One-based; what is missing or less is 1 (RFC 7644 section 3.4.2.4).
    pub start_index: usize,
    /// The upstream's own text (RFC 9865 section 2).
    pub next_cursor: Option<String>,
    pub previous_cursor: Option<String>,
    pub resources: Vec<Value<'a>>,
}

/// What a list says of itself beside its resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `None` only for a page by cursor, whose upstream does not say (RFC 9865 section 2).
    pub total: Option<usize>,
    /// One-based; `None` for a page by cursor.
    pub start_index: Option<usize>,
    pub next_cursor: Option<String>,
    pub previous_cursor: Option<String>,
}

impl Head {
    /// That of a page by index.
    pub fn index(total: usize, start_index: usize) -> Self {
        Self { total: Some(total), start_index: Some(start_index), ..Self::default() }
    }

    /// The members that are known before the resources are, as JSON, each with a comma behind it.
    fn members(&self) -> String {
        // A new member is a compile error here.
        let Self { total, start_index, next_cursor, previous_cursor } = self;
        let number = |name: &str, value: &Option<usize>| {
            value.map(|value| format!(r#""{name}":{value},"#)).unwrap_or_default()
        };
        let text = |name: &str, value: &Option<String>| {
            let value = value.as_deref().map(serde_json::Value::from);
            value.map(|value| format!(r#""{name}":{value},"#)).unwrap_or_default()
        };
        [
            number("totalResults", total),
            number("startIndex", start_index),
            text("nextCursor", next_cursor),
            text("previousCursor", previous_cursor),
        ]
        .concat()
    }
}

/// The members that a list is read by (RFC 7644 section 3.4.2, RFC 9865 section 2).
const LISTED: [&str; 6] =
    ["Resources", "totalResults", "startIndex", "itemsPerPage", "nextCursor", "previousCursor"];

/// Reads an upstream's list. Integers may be text, and `Resources` may be absent where there is a
/// `totalResults`.
///
/// # Errors
/// [`Cause::UpstreamUnexpected`] for anything else, a bare array among it: nothing in it would show
/// that it is complete. The fault of an error that came with a status of success.
pub fn read_list<'a>(resource: &Resource, body: Value<'a>) -> Result<Page<'a>, Fault> {
    if let Value::Object(list) = &body {
        read_status(resource, Operation::List, list)?;
        if twice(list, |name| LISTED.iter().any(|listed| listed.eq_ignore_ascii_case(name)))
            .is_some()
        {
            let what = "The upstream's list says a member twice, in different case: ask whoever runs the upstream.";
            return Err(Fault::new(Cause::UpstreamUnexpected, what));
        }
        if !list.contains("Resources") && !list.contains("totalResults") {
            let what = "The upstream's list has neither `Resources` nor `totalResults`: ask whoever runs the \
                        upstream.";
            return Err(Fault::new(Cause::UpstreamUnexpected, what));
        }
    }
    let list = message::read_list(body).map_err(|error| {
        let what = "The upstream's list is no ListResponse: ask whoever runs the upstream.";
        Fault::new(Cause::UpstreamUnexpected, what).with_log(error.to_string())
    })?;
    let total = list.total_results.filter(|total| *total >= list.resources.len());
    let start_index = list.start_index.unwrap_or(1).max(1);
    let resources = list.resources.into_iter().map(Value::Object).collect();
    Ok(Page {
        total,
        start_index,
        next_cursor: list.next_cursor,
        previous_cursor: list.previous_cursor,
        resources,
    })
}

/// Writes the client's list of resources, each of which is JSON text.
pub fn write_list(head: &Head, resources: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let members = head.members();
    let head = format!(r#"{{"schemas":["{LIST_RESPONSE}"],{members}"Resources":["#);
    let mut out = head.into_bytes();
    let mut count = 0_usize;
    for resource in resources {
        if count > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&resource);
        count += 1;
    }
    // Last, since only now is it known.
    out.extend_from_slice(format!(r#"],"itemsPerPage":{count}}}"#).as_bytes());
    out
}
