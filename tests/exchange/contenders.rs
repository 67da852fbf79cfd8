//! The requests that write one resource in the tests of writers: every kind there is.

use http::Method;
use serde_json::{Value as Json, json};

pub const USER: &str = "7c38180c-9e6a-5c8f-aff7-ec29d2816500";
pub const GROUP: &str = "9b0e6f1c";
pub const ADDRESS: &str = "ann@corp.example";
pub const MEMBERS: [&str; 3] = [
    "11111111-9e6a-5c8f-aff7-ec29d2816500",
    "22222222-9e6a-5c8f-aff7-ec29d2816500",
    "33333333-9e6a-5c8f-aff7-ec29d2816500",
];

/// How a route treats its writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum On {
    Plain = 0,
    Reset = 1,
    Careful = 2,
}

#[derive(Clone, Copy, Debug)]
pub struct Writer {
    pub name: &'static str,
    pub on: On,
    /// Whether it names the user by `/Me`.
    pub alias: bool,
    pub make: fn() -> (Method, String, Json),
}

fn patch(below: &str, operations: Json) -> (Method, String, Json) {
    let schemas = json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]);
    (Method::PATCH, below.to_owned(), json!({"schemas": schemas, "Operations": operations}))
}

fn without(member: usize) -> Json {
    json!({"op": "remove", "path": format!("members[value eq \"{}\"]", MEMBERS[member])})
}

fn user() -> String {
    format!("/Users/{USER}")
}

fn group() -> String {
    format!("/Groups/{GROUP}")
}

fn person(title: &str) -> Json {
    json!({"userName": ADDRESS, "displayName": "Ann", "title": title, "active": true,
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"value": ADDRESS, "type": "work", "primary": true}]})
}

pub const USERS: [Writer; 9] = [
    Writer {
        name: "native deactivation",
        on: On::Plain,
        alias: false,
        make: || patch(&user(), json!([{"op": "replace", "path": "active", "value": false}])),
    },
    Writer {
        name: "native title",
        on: On::Plain,
        alias: false,
        make: || patch(&user(), json!([{"op": "replace", "path": "title", "value": "Native"}])),
    },
    Writer {
        name: "emulated address",
        on: On::Plain,
        alias: false,
        make: || {
            let path = "emails[type eq \"work\"].value";
            patch(&user(), json!([{"op": "replace", "path": path, "value": "new@corp.example"}]))
        },
    },
    Writer {
        name: "preserving PUT",
        on: On::Plain,
        alias: false,
        make: || {
            let mut sent = person("Put");
            sent["emails"][0]["value"] = json!("put@corp.example");
            (Method::PUT, user(), sent)
        },
    },
    Writer {
        name: "plain PUT",
        on: On::Reset,
        alias: false,
        make: || (Method::PUT, user(), person("Reset")),
    },
    Writer {
        name: "DELETE",
        on: On::Plain,
        alias: false,
        make: || (Method::DELETE, user(), Json::Null),
    },
    Writer {
        name: "DELETE that deactivates",
        on: On::Careful,
        alias: false,
        make: || (Method::DELETE, user(), Json::Null),
    },
    Writer {
        name: "POST that adopts",
        on: On::Careful,
        alias: false,
        make: || (Method::POST, "/Users".to_owned(), person("Posted")),
    },
    Writer {
        name: "bulk",
        on: On::Plain,
        alias: false,
        make: || {
            let (_, path, data) =
                patch(&user(), json!([{"op": "replace", "path": "title", "value": "Bulk"}]));
            let one = json!({"method": "PATCH", "path": path, "data": data});
            let schemas = json!(["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]);
            (Method::POST, "/Bulk".to_owned(), json!({"schemas": schemas, "Operations": [one]}))
        },
    },
];

pub const GROUPS: [Writer; 7] = [
    Writer {
        name: "one member more",
        on: On::Plain,
        alias: false,
        make: || {
            let value = json!([{"value": MEMBERS[2]}]);
            patch(&group(), json!([{"op": "add", "path": "members", "value": value}]))
        },
    },
    Writer {
        name: "one member less",
        on: On::Plain,
        alias: false,
        make: || patch(&group(), json!([without(0)])),
    },
    Writer {
        name: "member chunks",
        on: On::Plain,
        alias: false,
        make: || {
            let added = json!([{"value": MEMBERS[2]}]);
            patch(
                &group(),
                json!([
                without(0),
                without(1),
                {"op": "add", "path": "members", "value": added}]),
            )
        },
    },
    Writer {
        name: "other member chunks",
        on: On::Plain,
        alias: false,
        make: || {
            let (one, two) = (json!([{"value": MEMBERS[0]}]), json!([{"value": MEMBERS[1]}]));
            patch(
                &group(),
                json!([
                {"op": "add", "path": "members", "value": one},
                {"op": "add", "path": "members", "value": two},
                without(2)]),
            )
        },
    },
    Writer {
        name: "emulated display",
        on: On::Plain,
        alias: false,
        make: || {
            let path = format!("members[display pr or value eq \"{}\"]", MEMBERS[0]);
            patch(&group(), json!([{"op": "remove", "path": path}]))
        },
    },
    Writer {
        name: "preserving PUT",
        on: On::Plain,
        alias: false,
        make: || {
            let sent = json!({"displayName": "Old", "members": [{"value": MEMBERS[1]}, {"value": MEMBERS[2]}]});
            (Method::PUT, group(), sent)
        },
    },
    Writer {
        name: "DELETE",
        on: On::Plain,
        alias: false,
        make: || (Method::DELETE, group(), Json::Null),
    },
];
