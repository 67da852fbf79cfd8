//! The frame of a resource: its `id` and `meta` (RFC 7643 section 3.1), and where it is found.

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::dialect::Resource;
use crate::scim::endpoint::segment;
use crate::scim::value::{Object, Value};

/// What a resource has beside its attributes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frame {
    pub id: Option<String>,
    pub meta: Meta,
}

/// RFC 7643 section 3.1 `meta`, without what the gateway derives (`resourceType`, `location`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Meta {
    /// RFC 3339 text.
    pub created: Option<String>,
    /// RFC 3339 text.
    pub last_modified: Option<String>,
    /// An entity tag as the vendor wrote it, or as the gateway made it.
    pub version: Option<String>,
}

/// Where a client finds the resources of its route.
#[derive(Clone, Copy, Debug)]
pub struct Location<'l> {
    /// Public URL, route prefix and the client's base path; no trailing slash.
    pub base: &'l str,
    /// The resource types of the client's dialect, for `$ref`s from one to another.
    pub resources: &'l [Resource],
}

impl Meta {
    /// Reads what a vendor wrote; what cannot be understood is absent.
    pub(super) fn read(meta: &Value) -> Self {
        let Some(meta) = meta.as_object() else { return Self::default() };
        Self {
            created: meta.get("created").and_then(timestamp),
            last_modified: meta.get("lastModified").and_then(timestamp),
            version: meta.get("version").and_then(text).filter(|version| !version.is_empty()),
        }
    }

    /// The member of that name as an answer shows it.
    pub(super) fn member(&self, name: &str) -> Option<String> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match () {
            () if is("created") => self.created.clone(),
            () if is("lastModified") => self.last_modified.clone(),
            () if is("version") => self.version.clone(),
            () => None,
        }
    }
}

impl Location<'_> {
    /// The URL of a resource; the id is one encoded segment.
    pub fn of(&self, resource: &Resource, id: &str) -> String {
        let id = segment(id);
        format!("{}/{}/{id}", self.base, resource.path)
    }
}

/// Text, or a number as text: some vendors number their resources.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone().into_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A point in time as RFC 3339 text: from text, or from protobuf's `{seconds, nanos}`, whose empty
/// object is an absent time.
fn timestamp(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => from_text(text),
        Value::Object(parts) => from_parts(parts),
        _ => None,
    }
}

fn from_text(text: &str) -> Option<String> {
    let standard = text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(if standard { text.to_owned() } else { time.to_string() });
    }
    // RFC 7643 section 2.3.5 takes XML Schema's dateTime, in which the zone may be missing.
    (standard && text.parse::<DateTime>().is_ok()).then(|| text.to_owned())
}

fn from_parts(parts: &Object) -> Option<String> {
    let seconds = integer(parts.get("seconds")?)?;
    let nanos = match parts.get("nanos") {
        None => 0,
        Some(nanos) => i32::try_from(integer(nanos)?).ok()?,
    };
    Timestamp::new(seconds, nanos).ok().map(|time| time.to_string())
}

/// protobuf's JSON writes 64-bit integers as text.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
