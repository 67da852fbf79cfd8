//! The version of a resource that its client is told (RFC 7644 section 3.14): the upstream's own, or
//! one made of what the upstream said. What a client demands of it is the exchange room's matter.

use sha2::{Digest, Sha256};

use super::stored::Stored;
use crate::gateway::message::{made_version, marked_version};
use crate::gateway::pair::Pair;
use crate::gateway::route::{Etag, Route};
use crate::scim::{Object, Value};

/// Digits of a made version: 128 bits.
const DIGITS: usize = 32;

impl Route {
    /// Whether the route's clients are told versions that the gateway makes, whatever the upstream has:
    /// some name versions that change with every read.
    pub fn makes_versions(&self) -> bool {
        self.spec.policies.etag == Etag::Make
    }

    /// Gives a resource just read, alone or in a list, the version that the client is told, in its
    /// header and its `meta`.
    pub(super) fn versioned<'s>(
        &self,
        pair: &Pair,
        mut stored: Stored<'s>,
        listed: bool,
    ) -> Stored<'s> {
        let rules = &self.spec.rules;
        if self.makes_versions() && listed {
            // Lists may say less or more of a resource than its own answer does.
            stored.frame.meta.version = None;
        } else if self.makes_versions() {
            let version = made_version(&digest(pair, &stored), rules);
            stored.version = version.parse().ok();
            stored.frame.meta.version = Some(version);
        } else if pair.upstream_resource.etag {
            let header = stored.etag.as_ref().and_then(|tag| tag.to_str().ok());
            stored.version = header.and_then(|tag| marked_version(tag, rules).parse().ok());
            // The header is what If-Match is compared with.
            let told = header.or(stored.frame.meta.version.as_deref());
            stored.frame.meta.version = told.map(|version| marked_version(version, rules));
        }
        stored
    }
}

/// A word for what the upstream said of the resource, whatever the order of members and elements and
/// wherever it is found.
fn digest(pair: &Pair, stored: &Stored) -> String {
    let lifted = pair.lift(&stored.object).object;
    let frame = &stored.frame;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let text = serde_json::json!([
        said(&frame.id),
        said(&frame.meta.created),
        said(&frame.meta.last_modified),
        settled(&lifted),
    ]);
    let digest = hex::encode(Sha256::digest(text.to_string()));
    digest.chars().take(DIGITS).collect()
}

/// An object as text that no order changes. References are URLs, which say where and not what.
fn settled(object: &Object<'_>) -> String {
    let members = object.iter().filter(|(name, value)| *name != "$ref" && !value.is_cleared());
    let mut members: Vec<String> = members
        .map(|(name, value)| {
            // As JSON text: no name and no value can look like two.
            let name = Value::text(name).to_json();
            format!("{}:{}", String::from_utf8_lossy(&name), settled_value(value))
        })
        .collect();
    members.sort_unstable();
    format!("{{{}}}", members.join(","))
}

fn settled_value(value: &Value<'_>) -> String {
    match value {
        Value::Object(object) => settled(object),
        Value::Array(elements) => {
            let mut elements: Vec<String> = elements.iter().map(settled_value).collect();
            elements.sort_unstable();
            format!("[{}]", elements.join(","))
        }
        simple => String::from_utf8_lossy(&simple.to_json()).into_owned(),
    }
}
