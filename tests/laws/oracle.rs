//! The oracle: what a canonical user becomes when it is created at an upstream and read back.
//!
//! Computed from [`super::tables`] and a few sentences of docs/semantics.md, never from `rules/` or the
//! engine. Documents are in the canonical form; `schemas`, `id` and `meta` are no part of them.

use serde_json::{Map, Value, json};

use super::people;
use super::tables::{CLIENTS, ENTERPRISE, How, how};

/// lift(lower(x)) for a create of `client`'s at `upstream`. The upstream adds nothing of its own:
/// see [`answered`].
pub fn norm(client: &str, upstream: &str, x: &Value) -> Value {
    let said = kept(x, "", &|leaf| how(client, leaf).is_some() && !read_only(leaf));
    let mut y = kept(&picked(upstream, &said), "", &|leaf| {
        matches!(how(upstream, leaf), Some(How::Exact | How::Picked | How::Filled))
            && !read_only(leaf)
    });
    if upstream == "omni" {
        fill_display_name(&said, &mut y);
    }
    if upstream == "pingone" {
        type_emails(&mut y);
    }
    y
}

/// What the upstream shows of [`norm`]'s outcome after it has stored it: derived values and defaults.
pub fn answered(upstream: &str, x: &Value, norm: &Value) -> Value {
    let mut y = norm.clone();
    if upstream == "omni" {
        y["active"] =
            x.get("active").filter(|active| active.is_boolean()).cloned().unwrap_or(json!(true));
        y["emails"] = json!([{"value": y["userName"], "type": "work", "primary": true}]);
    }
    if upstream == "pingone" && y.get("active").is_none() {
        y["active"] = json!(true);
    }
    y
}

/// Why the upstream cannot take the user at all: the place, in the upstream's words.
pub fn refused(client: &str, upstream: &str, x: &Value) -> Option<&'static str> {
    let y = norm(client, upstream, x);
    let is_email = |value: &Value| value.as_str().is_some_and(|text| text.contains('@'));
    match upstream {
        "omni" if !is_email(&y["userName"]) => Some("userName"),
        "pingone" if y["userName"].is_null() => Some("userName"),
        "pingone" if !y["emails"].is_null() && !is_email(&y["emails"][0]["value"]) => {
            Some("emails.value")
        }
        "scim" if y["userName"].is_null() => Some("userName"),
        _ => None,
    }
}

/// RFC 7643 equality: absent, null and `[]` are one, an absent `primary` is false, arrays are sets.
pub fn same(a: &Value, b: &Value) -> bool {
    plain(a) == plain(b)
}

/// Without `schemas`, `id`, `meta` and cleared values, with elements in one order.
pub fn plain(x: &Value) -> Value {
    let Value::Object(members) = x else { return x.clone() };
    let common = |name: &str| ["schemas", "id", "meta"].contains(&name);
    let rest = members.iter().filter(|(name, _)| !common(name));
    Value::Object(rest.filter_map(|(name, value)| Some((name.clone(), settled(value)?))).collect())
}

fn settled(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(elements) => {
            let mut elements: Vec<Value> = elements.iter().filter_map(element).collect();
            elements.sort_by_key(Value::to_string);
            (!elements.is_empty()).then_some(Value::Array(elements))
        }
        Value::Object(members) => {
            let mut members: Map<_, _> = members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), settled(value)?)))
                .collect();
            members.sort_keys();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        simple => Some(simple.clone()),
    }
}

fn element(value: &Value) -> Option<Value> {
    let mut value = settled(value)?;
    if let Value::Object(members) = &mut value {
        members.retain(|name, value| name != "primary" || *value != json!(false));
    }
    Some(value)
}

/// The leaves that `wanted` wants, cleared values left out.
pub fn kept(x: &Value, at: &str, wanted: &dyn Fn(&str) -> bool) -> Value {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match x {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), kept(value, &below(name), wanted)))
            .filter(|(_, value)| !gone(value))
            .collect(),
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            elements.iter().map(|one| kept(one, at, wanted)).filter(|one| !gone(one)).collect()
        }
        leaf if wanted(at) => leaf.clone(),
        _ => Value::Null,
    }
}

fn gone(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn read_only(leaf: &str) -> bool {
    leaf == format!("{ENTERPRISE}.manager.displayName") || leaf.starts_with("groups")
}

/// Of several elements the primary one, else the first of type work, else the first.
pub fn picked(upstream: &str, x: &Value) -> Value {
    let mut x = x.clone();
    if upstream != "pingone" {
        return x;
    }
    for name in ["emails", "phoneNumbers", "addresses", "photos"] {
        let Some(Value::Array(elements)) = x.get(name) else { continue };
        let primary = elements.iter().find(|one| one["primary"] == json!(true));
        let is_work = |one: &&Value| {
            one["type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("work"))
        };
        let work = elements.iter().find(is_work).filter(|_| name != "photos");
        if let Some(one) = primary.or(work).or(elements.first()).cloned() {
            x[name] = json!([one]);
        }
    }
    x
}

/// Omni demands a displayName on create.
fn fill_display_name(said: &Value, y: &mut Value) {
    if !y["displayName"].is_null() {
        return;
    }
    let text = |place: &Value| place.as_str().map(str::to_owned);
    let name = &said["name"];
    let both = text(&name["givenName"])
        .zip(text(&name["familyName"]))
        .map(|(given, family)| format!("{given} {family}"));
    if let Some(made) = text(&name["formatted"]).or(both).or(text(&said["userName"])) {
        y["displayName"] = json!(made);
    } else if let Some(members) = y.as_object_mut() {
        members.remove("displayName");
    }
}

/// An answer's e-mail address without a type is one of type work.
fn type_emails(y: &mut Value) {
    if let Some(Value::Array(emails)) = y.get_mut("emails") {
        for email in emails {
            email["type"] = json!("work");
        }
    }
}

/// The pairs that a law ranges over.
pub fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    CLIENTS.into_iter().flat_map(|client| CLIENTS.into_iter().map(move |up| (client, up)))
}

mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;

    use super::*;

    /// norm is a projection: what has been through an upstream once comes through unchanged.
    #[test]
    fn norm_of_norm_is_norm() {
        for (client, upstream) in pairs() {
            let law = |x: Value| {
                let once = norm(client, upstream, &x);
                // The client's table is for what clients say; the upstream can say more.
                let twice = norm("scim", upstream, &once);
                prop_assert!(same(&once, &twice), "{client} -> {upstream}: {once} / {twice}");
                Ok(())
            };
            let mut runner = TestRunner::new(people::config());
            runner.run(&people::arbitrary_user(client), law).unwrap();
        }
    }

    #[test]
    fn an_identity_loses_nothing_that_a_create_can_say() {
        for client in ["descope", "scim"] {
            let law = |x: Value| {
                let mut said = plain(&x);
                said.as_object_mut().unwrap().remove("password");
                said.as_object_mut().unwrap().remove("groups");
                let manager = said.get_mut(ENTERPRISE).and_then(|e| e.get_mut("manager"));
                if let Some(manager) = manager.and_then(Value::as_object_mut) {
                    manager.remove("displayName");
                }
                let through = norm(client, client, &x);
                prop_assert!(same(&said, &through), "{said} / {through}");
                Ok(())
            };
            let mut runner = TestRunner::new(people::config());
            runner.run(&people::arbitrary_user(client), law).unwrap();
        }
    }

    #[test]
    fn hand_written_outcomes() {
        let x = json!({
            "userName": "alee", "active": false, "title": "Engineer", "password": "s",
            "name": {"givenName": "Ann", "familyName": "Lee", "formatted": null},
            "emails": [
                {"value": "a@home.example", "type": "home"},
                {"value": "a@corp.example", "type": "Work", "display": "Ann"},
            ],
            "phoneNumbers": [],
            "urn:omni:params:1.0:UserAttribute": {"region": "emea", "old": null},
        });
        let omni = json!({
            "userName": "alee", "displayName": "Ann Lee",
            "urn:omni:params:1.0:UserAttribute": {"region": "emea"},
        });
        assert_eq!(norm("scim", "omni", &x), omni);
        assert_eq!(refused("scim", "omni", &x), Some("userName"));
        assert_eq!(answered("omni", &x, &omni)["active"], json!(false));
        let pingone = json!({
            "userName": "alee", "active": false, "title": "Engineer",
            "name": {"givenName": "Ann", "familyName": "Lee"},
            "emails": [{"value": "a@corp.example", "type": "work"}],
        });
        assert_eq!(norm("scim", "pingone", &x), pingone);
        assert_eq!(refused("scim", "pingone", &x), None);
        let descope = json!({
            "userName": "alee", "active": false, "title": "Engineer",
            "name": {"givenName": "Ann", "familyName": "Lee"},
            "emails": [
                {"value": "a@home.example", "type": "home"},
                {"value": "a@corp.example", "type": "Work"},
            ],
        });
        assert_eq!(norm("scim", "descope", &x), descope);
    }

    #[test]
    fn equality_ignores_order_and_cleared_values_only() {
        let a =
            json!({"emails": [{"value": "a", "primary": false}, {"value": "b"}], "title": null});
        let b = json!({"emails": [{"value": "b"}, {"value": "a"}], "id": "1", "roles": []});
        assert!(same(&a, &b));
        assert!(!same(&a, &json!({"emails": [{"value": "a"}]})));
        assert!(!same(&json!({"title": ""}), &json!({})));
        assert!(!same(&json!({"active": false}), &json!({})));
    }
}
