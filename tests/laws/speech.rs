//! Canonical users in each vendor's words and back, by hand: the only names that differ are Descope's
//! custom attributes, which have no URN.

use serde_json::{Value, json};

use super::tables::{DESCOPE_ATTRIBUTES, ENTERPRISE, How, OMNI_ATTRIBUTES, PINGONE_USER, how};

pub const OMNI_USER: &str = "urn:omni:params:scim:schemas:extension:user:2.0";
pub const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:2.0:User";

/// A canonical user as a vendor writes it.
pub fn spoken(dialect: &str, x: &Value) -> Value {
    renamed(dialect, x, DESCOPE_ATTRIBUTES, "attributes")
}

/// A vendor's user in canonical names, without what the vendor's answers lack.
pub fn heard(dialect: &str, x: &Value) -> Value {
    let mut x = renamed(dialect, x, "attributes", DESCOPE_ATTRIBUTES);
    if let (true, Some(members)) = (dialect == "descope", x.as_object_mut()) {
        members.remove("detail");
    }
    x
}

/// What filters are asked of: a vendor's user in canonical form. An e-mail address without a type is
/// one of type work.
pub fn lifted(dialect: &str, x: &Value) -> Value {
    let mut x = heard(dialect, x);
    if ["omni", "pingone"].contains(&dialect)
        && let Some(Value::Array(emails)) = x.get_mut("emails")
    {
        for email in emails.iter_mut().filter(|email| email["type"].is_null()) {
            email["type"] = json!("work");
        }
    }
    x
}

/// The path of a leaf (`urn:….name` with a dot) in a vendor's words.
pub fn spoken_path(dialect: &str, leaf: &str) -> String {
    let names = steps(leaf);
    match names.split_first() {
        Some((urn, rest)) if *urn == DESCOPE_ATTRIBUTES && dialect == "descope" => {
            std::iter::once("attributes").chain(rest.iter().copied()).collect::<Vec<_>>().join(".")
        }
        Some((urn, [])) => (*urn).to_owned(),
        Some((urn, rest)) if urn.starts_with("urn:") => format!("{urn}:{}", rest.join(".")),
        _ => leaf.to_owned(),
    }
}

/// The member names on the way to a leaf; a URN's dots are no steps.
pub fn steps(leaf: &str) -> Vec<&str> {
    let urns = [ENTERPRISE, OMNI_ATTRIBUTES, PINGONE_USER, DESCOPE_ATTRIBUTES, OMNI_USER, BADGE];
    match urns.into_iter().find(|urn| leaf.starts_with(urn)) {
        Some(urn) => {
            let rest = leaf.get(urn.len() + 1..).unwrap_or_default();
            std::iter::once(urn).chain(rest.split('.').filter(|name| !name.is_empty())).collect()
        }
        None => leaf.split('.').collect(),
    }
}

/// Whether a client of that dialect has a place for the leaf, to write or only to read.
pub fn has(dialect: &str, leaf: &str) -> bool {
    how(dialect, leaf).is_some() || is_read_only(dialect, leaf)
}

/// Whether the vendor alone writes the leaf.
pub fn is_read_only(dialect: &str, leaf: &str) -> bool {
    read_only(dialect).iter().any(|name| name == leaf)
}

/// The leaves that the vendor alone writes.
pub fn read_only(dialect: &str) -> Vec<String> {
    let names: &[&str] = match dialect {
        "scim" => &["groups.value", "groups.$ref", "groups.display", "groups.type"],
        "omni" => &[
            "emails.value",
            "emails.primary",
            "groups.value",
            "groups.display",
            "urn:omni:params:scim:schemas:extension:user:2.0.lastLogin",
        ],
        _ => &[],
    };
    let manager = (dialect == "scim").then(|| format!("{ENTERPRISE}.manager.displayName"));
    names.iter().map(|name| (*name).to_owned()).chain(manager).collect()
}

/// What the client sees of a canonical user; of several elements the one that it has room for.
pub fn seen(client: &str, x: &Value) -> Value {
    let x = super::oracle::picked(client, x);
    super::oracle::kept(&x, "", &|leaf| has(client, leaf) && how(client, leaf) != Some(How::Secret))
}

fn renamed(dialect: &str, x: &Value, from: &str, to: &str) -> Value {
    let mut x = x.clone();
    if let (true, Some(members)) = (dialect == "descope", x.as_object_mut())
        && let Some(value) = members.remove(from)
    {
        members.insert(to.to_owned(), value);
    }
    x
}
