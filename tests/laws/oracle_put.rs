//! The oracle of put (docs/semantics.md 4): what a replacement leaves at an upstream that already has the user.
//!
//! All users here are canonical ones, as the upstream stores them. It knows the vendors' tables, not
//! the engine.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::oracle::{kept, picked, plain, same};
use super::tables::{ENTERPRISE, How, PINGONE_USER, how};

pub const ARRAYS: [&str; 8] = [
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
];

/// Whether `after` is what `said` makes of `before`. `explicit`: what is not said is cleared.
pub fn check(
    (client, upstream): (&str, &str),
    said: &Value,
    before: &Value,
    after: &Value,
    explicit: bool,
) -> Result<(), String> {
    let wanted = singular((client, upstream), said, before, explicit);
    let is = leaves(after);
    if wanted != is {
        let differs = |(leaf, value): &(&String, &Value)| is.get(*leaf) != Some(*value);
        let lacks: Vec<_> = wanted.iter().filter(differs).collect();
        let more: Vec<_> = is.iter().filter(|(leaf, v)| wanted.get(*leaf) != Some(*v)).collect();
        return Err(format!("leaves should be {lacks:?}, not {more:?}"));
    }
    ARRAYS.iter().try_for_each(|name| {
        array((client, upstream), name, said, before, after, explicit)
            .map_err(|reason| format!("{name}: {reason}"))
    })
}

/// The singular leaves that should be there afterwards.
pub fn singular(
    (client, upstream): (&str, &str),
    said: &Value,
    before: &Value,
    explicit: bool,
) -> BTreeMap<String, Value> {
    let old = leaves(before);
    let new = leaves(said);
    let mut wanted = BTreeMap::new();
    for (leaf, value) in &old {
        if !writes(client, upstream, leaf) || stays((client, upstream), said, leaf, explicit) {
            wanted.insert(leaf.clone(), value.clone());
        }
    }
    for (leaf, value) in new {
        if writes(client, upstream, &leaf) {
            wanted.insert(leaf, value);
        }
    }
    wanted
}

/// Whether the client's replacements reach the leaf.
pub fn writes(client: &str, upstream: &str, leaf: &str) -> bool {
    how(client, leaf).is_some() && matches!(how(upstream, leaf), Some(how) if how != How::Picked)
}

/// Whether a leaf that is not said keeps its old value.
pub fn stays((client, upstream): (&str, &str), said: &Value, leaf: &str, explicit: bool) -> bool {
    if !explicit && permanent(upstream, leaf) {
        return true;
    }
    if explicit || names(said, leaf) {
        return false;
    }
    let population = leaf.starts_with(PINGONE_USER) && [client, upstream].contains(&"pingone");
    let foreign = client == "scim"
        && leaf.starts_with("urn:")
        && !leaf.starts_with(ENTERPRISE)
        && said.as_object().is_none_or(|said| said.keys().all(|urn| !leaf.starts_with(urn)));
    client == "descope" || leaf == "active" || leaf == "password" || population || foreign
}

/// Whether the vendor's users always have it: what clears it says no more than what leaves it out.
pub fn permanent(upstream: &str, leaf: &str) -> bool {
    match upstream {
        "descope" | "omni" => leaf == "active",
        "pingone" => leaf == "active" || leaf.starts_with(PINGONE_USER),
        _ => false,
    }
}

/// Whether the client says something of the leaf, be it that there is no value.
fn names(said: &Value, leaf: &str) -> bool {
    let mut at = said;
    for name in super::speech::steps(leaf) {
        match at.get(name) {
            None => return false,
            Some(value) if !value.is_object() => return true,
            Some(value) => at = value,
        }
    }
    true
}

/// The writable leaves outside arrays of objects; cleared ones are none.
pub fn leaves(x: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    flatten(&plain(x), "", &mut found);
    found.remove(&format!("{ENTERPRISE}.manager.displayName"));
    found
}

fn flatten(x: &Value, at: &str, found: &mut BTreeMap<String, Value>) {
    match x {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let dot = if at.is_empty() { "" } else { "." };
            flatten(value, &format!("{at}{dot}{name}"), found);
        }),
        Value::Array(elements) if elements.iter().any(Value::is_object) => {}
        leaf => drop(found.insert(at.to_owned(), leaf.clone())),
    }
}

/// The elements of one array, as far as the client sees them, and what it cannot see of them.
fn array(
    (client, upstream): (&str, &str),
    name: &str,
    said: &Value,
    before: &Value,
    after: &Value,
    explicit: bool,
) -> Result<(), String> {
    let omitted = said.get(name).is_none() && client == "descope" && !explicit;
    let of = |x: &Value| json!({ name: x.get(name).cloned().unwrap_or_default() });
    let (said, before, after) = (of(said), of(before), of(after));
    let wanted = |leaf: &str| how(client, leaf).is_some() && how(upstream, leaf).is_some();
    let visible = |x: &Value| kept(x, "", &wanted);
    let reaches = wanted(&format!("{name}.value")) || wanted(&format!("{name}.formatted"));
    if !reaches || omitted {
        return if same(&before, &after) { Ok(()) } else { Err("hidden, and changed".to_owned()) };
    }
    let new = visible(&picked(upstream, &said));
    let elements = |x: &Value| x.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    // What the client had no room for stays, and is primary no longer if another now is.
    let shown = elements(&picked(client, &before));
    let mut rest = elements(&before);
    for one in &shown {
        if let Some(at) = rest.iter().position(|other| other == one) {
            rest.remove(at);
        }
    }
    let mut expected = elements(&new);
    let primary = expected.iter().any(|one| one["primary"] == json!(true));
    for mut one in elements(&visible(&json!({ name: rest }))) {
        let again = |other: &Value| !one["value"].is_null() && other["value"] == one["value"];
        if expected.iter().any(again) {
            continue;
        }
        if let (true, Some(members)) = (primary, one.as_object_mut()) {
            members.remove("primary");
        }
        expected.push(one);
    }
    let is = visible(&after);
    if !same(&json!({ name: expected }), &is) {
        return Err(format!("should be {}, not {is}", plain(&json!({ name: expected }))));
    }
    hidden_kept(name, &wanted, &before, &after)
}

/// An element that is still there, by its value, has all that the client cannot see.
fn hidden_kept(
    name: &str,
    wanted: &dyn Fn(&str) -> bool,
    before: &Value,
    after: &Value,
) -> Result<(), String> {
    let hidden = |leaf: &str| !wanted(leaf) || leaf == format!("{name}.value");
    let (before, after) = (kept(before, "", &hidden), kept(after, "", &hidden));
    let old = before[name].as_array().cloned().unwrap_or_default();
    for one in after[name].as_array().into_iter().flatten() {
        let mut peers =
            old.iter().filter(|o| !one["value"].is_null() && o["value"] == one["value"]);
        if let (Some(peer), None) = (peers.next(), peers.next())
            && !same(&json!({ "e": [peer] }), &json!({ "e": [one] }))
        {
            return Err(format!("{peer} became {one}"));
        }
    }
    Ok(())
}
