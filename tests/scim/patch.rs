//! PATCH: what clients send, in normal form; and RFC 7644 section 3.5.2's examples, applied.

use proptest::prelude::*;
use scim_gateway::scim::coerce::Leniency;
use scim_gateway::scim::grammar::Known;
use scim_gateway::scim::patch::{ApplyOptions, Op, OpKind, PatchError, apply, normalise};
use scim_gateway::scim::schema::{Schema, Unknown};
use scim_gateway::scim::{Object, Value};
use serde_json::{Value as Json, json};

use crate::schema::{DOTTED, ENTERPRISE, FREE, URNS, user};

const KNOWN: Known<'_> = Known { urns: &URNS, free: &[], foreign: &[], lenient: false };
const ALL: Leniency = Leniency {
    string_booleans: true,
    object_as_array: true,
    value_as_complex: true,
    plain_integers: true,
};

fn ops(
    operations: Json,
    schema: &Schema,
    leniency: Leniency,
) -> Result<Vec<Op<'static>>, PatchError> {
    normalise(&Value::from(json!({"Operations": operations})), schema, &KNOWN, leniency)
}

/// One line per operation: kind, path, value.
fn normal(operations: Json) -> Vec<String> {
    let ops = ops(operations.clone(), &user(), ALL)
        .unwrap_or_else(|error| panic!("{operations}: {error}"));
    ops.iter().map(line).collect()
}

fn line(op: &Op<'_>) -> String {
    let kind = match op.kind {
        OpKind::Add => "add",
        OpKind::Replace => "replace",
        OpKind::Remove => "remove",
    };
    let value = op.value.as_ref().map(|value| String::from_utf8(value.to_json()).unwrap());
    format!("{kind} {} {}", op.path, value.unwrap_or_default()).trim_end().to_owned()
}

fn refused(operations: Json) -> &'static str {
    ops(operations.clone(), &user(), ALL).expect_err(&operations.to_string()).scim_type
}

#[test]
fn brings_what_clients_send_into_normal_form() {
    let employee = format!("{ENTERPRISE}:employeeNumber");
    let cases = [
        // an identity provider's deactivation, with and without real booleans
        (json!([{"op": "replace", "value": {"active": false}}]), vec!["replace active false"]),
        (
            json!([{"OP": "Replace", "Path": "Active", "Value": "False"}]),
            vec!["replace active false"],
        ),
        // path-less, with dotted and URN-colon keys
        (
            json!([{"op": "replace", "value": {
                "displayName": "A", "name.givenName": "B", employee.as_str(): "7"}}]),
            vec![
                "replace displayName \"A\"",
                "replace name.givenName \"B\"",
                "replace ENTERPRISE:employeeNumber \"7\"",
            ],
        ),
        // a bare URN as a key, with an object
        (
            json!([{"op": "add", "value": {ENTERPRISE: {"department": "D", "manager.value": "9"},
                FREE: {"a.b": [1], "c": null}}}]),
            vec![
                "add ENTERPRISE:department \"D\"",
                "add ENTERPRISE:manager.value \"9\"",
                "add FREE:a.b [1]",
                "add FREE:c null",
            ],
        ),
        // and as a path
        (
            json!([{"op": "replace", "path": DOTTED, "value": {"lastLogin": null}}]),
            vec!["replace DOTTED:lastLogin null"],
        ),
        (json!([{"op": "remove", "path": FREE}]), vec!["remove FREE"]),
        // id, schemas and meta in a path-less value say nothing
        (
            json!([{"op": "replace", "value": {"id": "1", "displayName": "G", "schemas": [], "meta": {}}}]),
            vec!["replace displayName \"G\""],
        ),
        // removal of members in all shapes
        (
            json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "1"}, {"value": "2"}]}]),
            vec![r#"remove members[value eq "1"]"#, r#"remove members[value eq "2"]"#],
        ),
        (
            json!([{"op": "remove", "path": "members", "value": {"value": "1"}}]),
            vec![r#"remove members[value eq "1"]"#],
        ),
        (
            json!([{"op": "remove", "path": "members", "value": "a \" ] b"}]),
            vec![r#"remove members[value eq "a \" ] b"]"#],
        ),
        (
            json!([{"op": "remove", "path": "emails", "value": [{"type": "work", "primary": true}]}]),
            vec![r#"remove emails[type eq "work" and primary eq true]"#],
        ),
        (json!([{"op": "remove", "path": "members", "value": []}]), vec![]),
        (json!([{"op": "remove", "path": "members"}]), vec!["remove members"]),
        (json!([{"op": "remove", "path": "members", "value": null}]), vec!["remove members"]),
        (
            json!([{"op": "remove", "path": "displayName", "value": "x"}]),
            vec!["remove displayName"],
        ),
        (
            json!([{"op": "remove", "path": "MEMBERS[VALUE Eq \"1\"]"}]),
            vec![r#"remove members[value eq "1"]"#],
        ),
        // string booleans in filters; an array of one on a value path
        (
            json!([{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "r"}]),
            vec![r#"add roles[primary eq true].value "r""#],
        ),
        (
            json!([{"op": "replace", "path": "members[value eq \"1\"]", "value": [{"display": "d"}]}]),
            vec![r#"replace members[value eq "1"] {"display":"d"}"#],
        ),
        // the manager, three ways
        (
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "9"}]),
            vec!["add ENTERPRISE:manager {\"value\":\"9\"}"],
        ),
        (
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": [{"value": "9"}]}]),
            vec!["add ENTERPRISE:manager {\"value\":\"9\"}"],
        ),
        // cleared values stay
        (json!([{"op": "replace", "path": "emails", "value": []}]), vec!["replace emails []"]),
        (
            json!([{"op": "add", "path": "displayName", "value": null}]),
            vec!["add displayName null"],
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": null}]),
            vec![r#"remove emails[type eq "work"]"#],
        ),
        (json!([{"op": "add", "path": "schemas", "value": ["urn:x:y"]}]), vec![]),
    ];
    for (operations, wanted) in cases {
        let urns = [("ENTERPRISE", ENTERPRISE), ("FREE", FREE), ("DOTTED", DOTTED)];
        let wanted: Vec<String> = wanted
            .iter()
            .map(|line| urns.iter().fold(line.to_string(), |line, (at, urn)| line.replace(at, urn)))
            .collect();
        assert_eq!(normal(operations.clone()), wanted, "{operations}");
    }
}

#[test]
fn adding_one_value_to_several_needs_no_leniency() {
    let one = json!([{"op": "add", "path": "members", "value": {"value": "1"}}]);
    let ops = ops(one, &user(), Leniency::default()).unwrap();
    assert_eq!(line(&ops[0]), r#"add members [{"value":"1"}]"#);
}

#[test]
fn refuses_with_the_right_type() {
    let cases = [
        ("invalidSyntax", json!([{"op": "move", "path": "active"}])),
        ("invalidSyntax", json!([{"path": "active", "value": true}])),
        ("invalidSyntax", json!(["x"])),
        ("invalidSyntax", json!({"op": "add"})),
        ("invalidSyntax", json!([])),
        ("noTarget", json!([{"op": "remove"}])),
        ("invalidValue", json!([{"op": "add", "path": "active"}])),
        ("invalidValue", json!([{"op": "add", "value": "x"}])),
        ("invalidValue", json!([{"op": "replace", "path": "active", "value": "maybe"}])),
        ("invalidValue", json!([{"op": "replace", "path": "name", "value": "x"}])),
        ("invalidValue", json!([{"op": "replace", "path": ENTERPRISE, "value": "x"}])),
        ("invalidValue", json!([{"op": "remove", "path": "members", "value": [{}]}])),
        ("invalidPath", json!([{"op": "add", "path": "nope", "value": 1}])),
        ("invalidPath", json!([{"op": "add", "path": "name.nope", "value": 1}])),
        ("invalidPath", json!([{"op": "add", "path": "emails[", "value": 1}])),
        ("invalidPath", json!([{"op": "add", "path": 7, "value": 1}])),
        ("invalidPath", json!([{"op": "add", "path": "urn:no:such:User:x", "value": 1}])),
        ("invalidPath", json!([{"op": "add", "value": {"nope": 1}}])),
        ("invalidPath", json!([{"op": "add", "path": "name[givenName eq \"x\"]", "value": {}}])),
        ("invalidPath", json!([{"op": "add", "path": "tags[value eq \"x\"]", "value": "y"}])),
        ("invalidPath", json!([{"op": "remove", "path": "emails[nope eq \"x\"]"}])),
        ("mutability", json!([{"op": "replace", "path": "groups", "value": []}])),
        ("mutability", json!([{"op": "replace", "value": {"groups": []}}])),
        ("mutability", json!([{"op": "replace", "path": "id", "value": "1"}])),
        ("mutability", json!([{"op": "remove", "path": "meta.created"}])),
        (
            "mutability",
            json!([{"op": "add", "path": format!("{ENTERPRISE}:manager.displayName"), "value": "x"}]),
        ),
    ];
    for (scim_type, operations) in cases {
        assert_eq!(refused(operations.clone()), scim_type, "{operations}");
    }
    assert_eq!(
        refused(vec![json!({"op": "remove", "path": "active"}); 1_001].into()),
        "invalidSyntax"
    );
}

#[test]
fn errors_say_which_operation_and_no_value() {
    let operations = json!([{"op": "remove", "path": "active"},
        {"op": "replace", "path": "emails[value eq \"secret\"].primary", "value": "hidden"}]);
    let error = ops(operations, &user(), ALL).unwrap_err().detail;
    assert!(error.starts_with("Operation 2: "), "{error}");
    assert!(!error.contains("secret") && !error.contains("hidden"), "{error}");
}

#[test]
fn unknown_attributes_pass_where_the_schema_lets_them() {
    let mut schema = user();
    schema.unknown = Unknown::Ignore;
    let kept = ops(json!([{"op": "add", "value": {"nope": 1, "a b": 2}}]), &schema, ALL).unwrap();
    assert_eq!(kept.len(), 2);
    let mut schema = user();
    schema.open_extensions = true;
    let kept =
        ops(json!([{"op": "add", "path": "urn:no:such:User:x.y", "value": 1}]), &schema, ALL);
    assert_eq!(line(&kept.unwrap()[0]), "add urn:no:such:User:x.y 1");
}

#[test]
fn an_extension_that_nobody_knows_is_split_like_a_known_one() {
    let mut schema = user();
    schema.open_extensions = true;
    let cases = [
        (json!({"urn:acme:2.0:User": {"badge": 1}}), "add urn:acme:2.0:User:badge 1"),
        (json!({"urn:acme:badges": {"x": 1}}), "add urn:acme:badges:x 1"),
        (
            json!({"urn:acme:2.0:User:boss": {"value": "1"}}),
            "add urn:acme:2.0:User:boss {\"value\":\"1\"}",
        ),
        (json!({"urn:acme:2.0:User:badge": 1}), "add urn:acme:2.0:User:badge 1"),
        (
            // As scim2-client writes an extension.
            json!({"urn:acme:2.0:User": {"schemas": ["urn:acme:2.0:User"], "badge": 1}}),
            "add urn:acme:2.0:User:badge 1",
        ),
    ];
    for (value, wanted) in cases {
        let ops = ops(json!([{"op": "add", "value": value}]), &schema, ALL).unwrap();
        assert_eq!(ops.iter().map(line).collect::<Vec<_>>(), [wanted]);
    }
}

fn patched(resource: &Json, operations: Json, create_missing: bool) -> Result<Json, PatchError> {
    let schema = user();
    let Value::Object(mut object) = Value::from(resource.clone()) else { panic!("no object") };
    let ops = ops(operations, &schema, ALL)?;
    let before = object.clone();
    let done = apply(&mut object, &ops, &schema, &ApplyOptions { create_missing });
    if done.is_err() {
        assert_eq!(object, before, "an error left the resource changed");
    }
    done.map(|()| serde_json::from_slice(&Value::Object(object).to_json()).unwrap())
}

/// RFC 7644 section 3.5.2's examples, and what follows from its text.
#[test]
fn applies_as_the_rfc_says() {
    let ann = json!({"value": "ann@x", "type": "work", "primary": true});
    let home = json!({"value": "ann@h", "type": "home"});
    let user = json!({"userName": "ann", "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [ann, home], "members": [{"value": "1", "type": "User"}, {"value": "2"}],
        ENTERPRISE: {"department": "D"}});
    let with = |name: &str, value: Json| {
        let mut changed = user.clone();
        match value {
            Json::Null => drop(changed.as_object_mut().unwrap().remove(name)),
            value => changed[name] = value,
        }
        changed
    };
    let cases = [
        // 3.5.2.1 add
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "3"}]}]),
            with(
                "members",
                json!([{"value": "1", "type": "User"}, {"value": "2"}, {"value": "3"}]),
            ),
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "2"}]}]),
            user.clone(),
        ),
        (json!([{"op": "add", "value": {"displayName": "A", "userName": "b"}}]), {
            let mut changed = with("displayName", json!("A"));
            changed["userName"] = json!("b");
            changed
        }),
        (
            json!([{"op": "add", "path": "name", "value": {"givenName": "B"}}]),
            with("name", json!({"givenName": "B", "familyName": "Lee"})),
        ),
        (json!([{"op": "add", "path": "emails", "value": []}]), user.clone()),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "new", "primary": true}]}]),
            with(
                "emails",
                json!([{"value": "ann@x", "type": "work", "primary": false}, home, {"value": "new", "primary": true}]),
            ),
        ),
        // 3.5.2.2 remove
        (json!([{"op": "remove", "path": "members"}]), with("members", Json::Null)),
        (
            json!([{"op": "remove", "path": "members[value eq \"1\"]"}]),
            with("members", json!([{"value": "2"}])),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\" and value ew \"x\"]"}]),
            with("emails", json!([home])),
        ),
        (json!([{"op": "remove", "path": "emails[type eq \"none\"]"}]), user.clone()),
        (
            json!([{"op": "remove", "path": "members", "value": [{"value": "1"}, {"value": "2"}]}]),
            with("members", Json::Null),
        ),
        (json!([{"op": "remove", "path": "members", "value": []}]), user.clone()),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\"].primary"}]),
            with("emails", json!([{"value": "ann@x", "type": "work"}, home])),
        ),
        (
            json!([{"op": "remove", "path": "name.givenName"}]),
            with("name", json!({"familyName": "Lee"})),
        ),
        (
            json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
            with("name", Json::Null),
        ),
        (
            json!([{"op": "remove", "path": format!("{ENTERPRISE}:department")}]),
            with(ENTERPRISE, Json::Null),
        ),
        (json!([{"op": "remove", "path": format!("{FREE}:x")}]), user.clone()),
        (json!([{"op": "remove", "path": "displayName"}]), user.clone()),
        // 3.5.2.3 replace
        (
            json!([{"op": "replace", "path": "members", "value": [{"value": "9"}]}]),
            with("members", json!([{"value": "9"}])),
        ),
        (json!([{"op": "replace", "path": "members", "value": []}]), with("members", Json::Null)),
        (
            json!([{"op": "replace", "path": "name", "value": {"familyName": "Kim", "givenName": null}}]),
            with("name", json!({"familyName": "Kim"})),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@x"}]),
            with("emails", json!([{"value": "b@x", "type": "work", "primary": true}, home])),
        ),
        (
            json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": {"primary": true}}]),
            with(
                "emails",
                json!([{"value": "ann@x", "type": "work", "primary": false},
                               {"value": "ann@h", "type": "home", "primary": true}]),
            ),
        ),
        (
            json!([{"op": "replace", "path": "displayName", "value": "new"}]),
            with("displayName", json!("new")),
        ),
        (
            json!([{"op": "replace", "path": "emails.display", "value": "d"}]),
            with(
                "emails",
                json!([{"value": "ann@x", "type": "work", "primary": true, "display": "d"},
                               {"value": "ann@h", "type": "home", "display": "d"}]),
            ),
        ),
        (
            json!([{"op": "replace", "path": "userName", "value": null}]),
            with("userName", Json::Null),
        ),
        // extensions
        (json!([{"op": "add", "value": {FREE: {"a.b": [1]}}}]), with(FREE, json!({"a.b": [1]}))),
        (
            json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": "9"}]),
            with(ENTERPRISE, json!({"department": "D", "manager": {"value": "9"}})),
        ),
        // order matters: each operation sees what the one before it left
        (
            json!([{"op": "remove", "path": "emails"}, {"op": "add", "path": "emails", "value": [home]}]),
            with("emails", json!([home])),
        ),
    ];
    for (operations, wanted) in cases {
        assert_eq!(patched(&user, operations.clone(), false), Ok(wanted), "{operations}");
    }
}

/// Few elements are searched and many are looked up: both ways find the same.
#[test]
fn adding_tells_elements_apart_by_value_and_type() {
    let old =
        json!([{"value": "a", "type": "work"}, {"value": "b"}, {"type": "x", "display": "d"}]);
    let padding: Vec<Json> = (0..10).map(|n| json!({"value": format!("p{n}")})).collect();
    let cases = [
        (json!({"value": "a", "type": "WORK", "display": "n"}), 3),
        (json!({"value": "a", "type": "home"}), 4),
        (json!({"value": "a"}), 3),
        (json!({"value": "b", "type": "home"}), 3),
        (json!({"value": "A"}), 4),
        (json!({"display": "d", "type": "x"}), 3),
        (json!({"display": "d"}), 4),
    ];
    for (new, wanted) in cases {
        for padding in [&[][..], &padding] {
            let added: Vec<&Json> = padding.iter().chain([&new]).collect();
            let operations = json!([{"op": "add", "path": "emails", "value": added}]);
            let emails =
                patched(&json!({"emails": old}), operations, false).unwrap()["emails"].clone();
            assert_eq!(emails.as_array().unwrap().len(), wanted + padding.len(), "{new}");
        }
    }
}

#[test]
fn a_value_path_without_an_element_is_refused_or_creates_it() {
    let user = json!({"emails": [{"value": "h", "type": "home", "primary": true}]});
    for op in ["add", "replace"] {
        let operations = json!([{"op": op, "path": "emails[type eq \"work\" and primary eq true].value", "value": "w"}]);
        assert_eq!(patched(&user, operations.clone(), false).unwrap_err().scim_type, "noTarget");
        assert_eq!(
            patched(&user, operations.clone(), true).unwrap()["emails"],
            json!([{"value": "h", "type": "home", "primary": false},
                {"type": "work", "primary": true, "value": "w"}])
        );
        assert_eq!(
            patched(&json!({}), operations, true).unwrap()["emails"],
            json!([{"type": "work", "primary": true, "value": "w"}])
        );
        let unclear = json!([{"op": op, "path": "emails[type sw \"w\"].value", "value": "w"}]);
        assert_eq!(patched(&user, unclear, true).unwrap_err().scim_type, "noTarget");
    }
}

#[test]
fn an_error_in_the_second_operation_undoes_the_first() {
    let user = json!({"userName": "a"});
    let operations = json!([{"op": "replace", "path": "userName", "value": "b"},
        {"op": "replace", "path": "emails[type eq \"x\"].value", "value": "c"}]);
    assert!(patched(&user, operations, false).is_err());
}

#[test]
fn removing_many_members_from_many_is_not_quadratic() {
    let members: Vec<Json> = (0..20_000).map(|n| json!({"value": format!("m{n}")})).collect();
    let operations = json!([{"op": "remove", "path": "members", "value": members}]);
    let start = std::time::Instant::now();
    let left = patched(&json!({"userName": "a", "members": members}), operations, false);
    assert_eq!(left, Ok(json!({"userName": "a"})));
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        "(True|work|a|members|emails\\[type eq \"work\"\\]\\.value|name\\.givenName)"
            .prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            proptest::collection::hash_map(
                "(value|type|primary|emails|name|members|manager|givenName|active|urn:omni:params:1.0:UserAttribute)",
                inner,
                0..3
            )
            .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever is sent: no panic, and what is applied twice changes nothing more. (A value that
    /// contradicts its own path's filter is left out: it makes a new element each time.)
    #[test]
    fn any_operation_is_refused_or_idempotent(
        op in "(add|replace|remove)",
        path in proptest::option::of("(emails|emails\\[type eq \"work\"\\]\\.value|name|name\\.givenName|active|members|roles\\.value)"),
        value in json(),
        resource in json(),
    ) {
        let Value::Object(resource) = Value::from(resource) else { return Ok(()) };
        let operations = match path {
            Some(path) => json!([{"op": op, "path": path, "value": value}]),
            None => json!([{"op": op, "value": value}]),
        };
        let schema = user();
        let Ok(ops) = ops(operations, &schema, ALL) else { return Ok(()) };
        let mut once: Object<'static> = resource;
        let options = ApplyOptions { create_missing: true };
        if apply(&mut once, &ops, &schema, &options).is_ok() {
            let mut twice = once.clone();
            prop_assert!(apply(&mut twice, &ops, &schema, &options).is_ok());
            prop_assert_eq!(once, twice);
        }
    }
}
