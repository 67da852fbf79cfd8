//! The messages of RFC 7644: their URNs, and lists of resources.

use super::value::{Object, Value};

pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A list of resources as it was read.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct List<'a> {
    /// `None` where the sender does not say, or says it in a way that cannot be read.
    pub total_results: Option<usize>,
    pub start_index: Option<usize>,
    pub items_per_page: Option<usize>,
    /// Where the next page begins; `None` on the last page, and where the sender has no cursors
    /// (RFC 9865 section 2).
    pub next_cursor: Option<String>,
    pub previous_cursor: Option<String>,
    pub resources: Vec<Object<'a>>,
}

/// Why a body is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    #[error("The list is not a JSON object.")]
    NotAnObject,
    #[error("The list's Resources member is not an array.")]
    ResourcesNotAnArray,
    #[error("An entry of the list's Resources is not an object.")]
    ResourceNotAnObject,
}

/// Reads a `ListResponse`, whatever its `schemas` say. Numbers may be strings, and a list without
/// `Resources`, or with `null`, is empty.
///
/// # Errors
/// Where the body has not the form of a list.
pub fn read_list(body: Value<'_>) -> Result<List<'_>, ListError> {
    let Value::Object(mut body) = body else { return Err(ListError::NotAnObject) };
    let resources = match body.remove("Resources") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(elements)) => elements
            .into_iter()
            .map(|element| match element {
                Value::Object(object) => Ok(object),
                _ => Err(ListError::ResourceNotAnObject),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(ListError::ResourcesNotAnArray),
    };
    let number = |name: &str| body.get(name).and_then(whole_number);
    let cursor = |name: &str| {
        let text = body.get(name).and_then(Value::as_str)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    Ok(List {
        total_results: number("totalResults"),
        start_index: number("startIndex"),
        items_per_page: number("itemsPerPage"),
        next_cursor: cursor("nextCursor"),
        previous_cursor: cursor("previousCursor"),
        resources,
    })
}

fn whole_number(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
