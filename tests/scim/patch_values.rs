//! PATCH on several values: below free keys, by references, and of whole records (RFC 7644 section 3.5.2).

use proptest::prelude::*;
use scim_gateway::scim::coerce::Leniency;
use scim_gateway::scim::grammar::Known;
use scim_gateway::scim::patch::{ApplyOptions, PatchError, apply, normalise};
use scim_gateway::scim::schema::{Attribute, Kind, Schema};
use scim_gateway::scim::{Object, Value};
use serde_json::{Value as Json, json};

use crate::schema::{ENTERPRISE, FREE, URNS, user};

const KNOWN: Known<'_> = Known { urns: &URNS, free: &[], foreign: &[], lenient: false };
const ACME: &str = "urn:acme:ext:2.0:User";

/// With references, certificates, and extensions that nobody lists.
fn schema() -> Schema {
    let mut schema = user();
    schema.open_extensions = true;
    for (name, kind) in [("photos", Kind::Reference), ("x509Certificates", Kind::Binary)] {
        let mut several = schema.attribute("emails").expect("addresses").clone();
        several.name = name.to_owned();
        several.attributes[0].kind = kind;
        schema.attributes.push(several);
    }
    let mut badges = Attribute::new("badges", Kind::Reference);
    badges.multi_valued = true;
    let enterprise = schema.attributes.iter_mut().find(|a| a.name == ENTERPRISE);
    enterprise.expect("the extension").attributes.push(badges);
    schema
}

fn patched(resource: &Json, operations: Json) -> Result<Json, PatchError> {
    let schema = schema();
    let body = Value::from(json!({"Operations": operations}));
    let ops = normalise(&body, &schema, &KNOWN, Leniency::default())?;
    let Value::Object(mut object) = Value::from(resource.clone()) else { panic!("no object") };
    apply(&mut object, &ops, &schema, &ApplyOptions::default())?;
    Ok(printed(object))
}

fn printed(object: Object<'_>) -> Json {
    serde_json::from_slice(&Value::Object(object).to_json()).expect("a tree prints")
}

/// One operation on what stands below a URN, and what stands there then.
fn below(urn: &str, stored: Json, op: &str, name: &str, value: Option<Json>) -> Json {
    let mut operation = json!({"op": op, "path": format!("{urn}:{name}")});
    if let Some(value) = value {
        operation["value"] = value;
    }
    let resource = json!({"userName": "a", urn: stored});
    let mut after = patched(&resource, json!([operation])).expect("it is applied");
    after[urn].take()
}

// Arrays under free keys are appended to, and lose the values that are named.
#[test]
fn several_values_below_a_free_key_are_added_to_and_taken_from() {
    let tags = || json!({"tags": ["a", "b"], "x": 1});
    let cases = [
        ("add", Some(json!(["c"])), json!({"tags": ["a", "b", "c"], "x": 1})),
        ("add", Some(json!("c")), json!({"tags": ["a", "b", "c"], "x": 1})),
        ("add", Some(json!(["b", "c", "c"])), json!({"tags": ["a", "b", "c"], "x": 1})),
        ("add", Some(json!(["A"])), json!({"tags": ["a", "b", "A"], "x": 1})),
        ("add", Some(json!([])), tags()),
        ("replace", Some(json!(["c"])), json!({"tags": ["c"], "x": 1})),
        ("replace", Some(json!("c")), json!({"tags": "c", "x": 1})),
        ("replace", Some(json!([])), json!({"x": 1})),
        ("remove", Some(json!(["a"])), json!({"tags": ["b"], "x": 1})),
        ("remove", Some(json!("a")), json!({"tags": ["b"], "x": 1})),
        ("remove", Some(json!({"value": "a"})), json!({"tags": ["b"], "x": 1})),
        ("remove", Some(json!(["A", "z"])), tags()),
        ("remove", Some(json!(["a", "b"])), json!({"x": 1})),
        ("remove", Some(json!([])), tags()),
        ("remove", Some(json!(null)), json!({"x": 1})),
        ("remove", None, json!({"x": 1})),
    ];
    for (op, value, wanted) in cases {
        for urn in [ACME, FREE] {
            let what = format!("{urn} {op} {value:?}");
            assert_eq!(below(urn, tags(), op, "tags", value.clone()), wanted, "{what}");
            // One level further down, and without a path.
            let nested = json!({"unit": tags()});
            let after = below(urn, nested, op, "unit.tags", value.clone());
            assert_eq!(after, json!({"unit": wanted}), "nested: {what}");
            if let (Some(value), true) = (value.clone(), op != "remove") {
                let operation = json!([{"op": op, "value": {urn: {"tags": value}}}]);
                let after = patched(&json!({urn: tags()}), operation).expect("it is applied");
                assert_eq!(after[urn], wanted, "pathless: {what}");
            }
        }
    }
}

#[test]
fn objects_and_single_values_below_a_free_key_are_what_is_stored() {
    let cases = [
        // An object is merged, whatever the operation: what is not said stays.
        (
            json!({"u": {"a": 1, "b": 2}}),
            "add",
            "u",
            json!({"b": 3}),
            json!({"u": {"a": 1, "b": 3}}),
        ),
        (json!({"u": {"a": 1}}), "replace", "u", json!({"b": 3}), json!({"u": {"a": 1, "b": 3}})),
        (
            json!({"u": {"a": 1, "b": 2}}),
            "replace",
            "u",
            json!({"a": null}),
            json!({"u": {"b": 2}}),
        ),
        (
            json!({"u": {"t": ["a"]}}),
            "add",
            "u",
            json!({"t": ["b"]}),
            json!({"u": {"t": ["a", "b"]}}),
        ),
        (
            json!({"u": {"t": ["a"]}}),
            "replace",
            "u",
            json!({"t": ["b"]}),
            json!({"u": {"t": ["b"]}}),
        ),
        (json!({"u": "a"}), "replace", "u", json!({"b": 3}), json!({"u": {"b": 3}})),
        // What is there is not lost by adding several.
        (json!({"u": "a"}), "add", "u", json!(["b"]), json!({"u": ["a", "b"]})),
        (json!({"u": "a"}), "add", "u", json!("b"), json!({"u": "b"})),
        // A value that is not there is not taken away.
        (json!({"u": "a"}), "remove", "u", json!(["b"]), json!({"u": "a"})),
        (json!({"u": {"value": "a"}}), "remove", "u", json!("b"), json!({"u": {"value": "a"}})),
        // Elements that are objects.
        (
            json!({"u": [{"value": "a", "x": 1}, {"value": "A"}]}),
            "remove",
            "u",
            json!([{"value": "A"}]),
            json!({"u": [{"value": "a", "x": 1}]}),
        ),
        (
            json!({"u": [{"k": "a"}, {"k": "b"}]}),
            "remove",
            "u",
            json!([{"k": "b"}]),
            json!({"u": [{"k": "a"}]}),
        ),
        (
            json!({"u": [{"k": "a"}]}),
            "add",
            "u",
            json!([{"k": "a"}, {"k": "b"}]),
            json!({"u": [{"k": "a"}, {"k": "b"}]}),
        ),
        // A part of each element; nothing becomes something else on the way.
        (
            json!({"u": [{"k": "a"}, {"k": "b"}]}),
            "replace",
            "u.c",
            json!(1),
            json!({"u": [{"k": "a", "c": 1}, {"k": "b", "c": 1}]}),
        ),
        (
            json!({"u": {"v": [{"k": "a"}]}}),
            "replace",
            "u.v.c",
            json!(1),
            json!({"u": {"v": [{"k": "a", "c": 1}]}}),
        ),
        (
            json!({"u": [{"k": "a"}, {"k": "A"}]}),
            "remove",
            "u[k eq \"a\"]",
            Json::Null,
            json!({"u": [{"k": "A"}]}),
        ),
        (
            json!({"u": {"k": "a"}}),
            "replace",
            "u[k eq \"a\"].c",
            json!(1),
            json!({"u": {"k": "a", "c": 1}}),
        ),
        (json!({"u": "a"}), "remove", "u[value eq \"z\"]", Json::Null, json!({"u": "a"})),
        (json!({"u": "a"}), "remove", "u.k", Json::Null, json!({"u": "a"})),
    ];
    for (stored, op, name, value, wanted) in cases {
        let given = (op != "remove" || !value.is_null()).then(|| value.clone());
        let after = below(ACME, stored.clone(), op, name, given);
        assert_eq!(after, wanted, "{op} {name} {value} on {stored}");
    }
    for (stored, path) in
        [(json!({"u": "a"}), "u.k"), (json!({"u": ["a"]}), "u.k"), (json!("x"), "u")]
    {
        let operation = json!([{"op": "replace", "path": format!("{ACME}:{path}"), "value": 1}]);
        let refused = patched(&json!({ACME: stored}), operation);
        assert_eq!(
            refused.expect_err(path).scim_type,
            "noTarget",
            "{path} would overwrite a value"
        );
    }
}

// RFC 7644 section 3.5.2.3: "all matching record values SHALL be replaced".
#[test]
fn a_record_that_a_filter_selects_is_replaced_as_a_whole() {
    let old = json!({"value": "a@x", "type": "work", "display": "Old A", "primary": true});
    let home = json!({"value": "h@x", "type": "home"});
    let emails = |operation: Json| {
        let resource = json!({"emails": [old, home]});
        patched(&resource, json!([operation])).expect("it is applied")["emails"].take()
    };
    let new = json!({"value": "b@x", "type": "work"});
    let path = "emails[type eq \"work\"]";
    let replaced = emails(json!({"op": "replace", "path": path, "value": new}));
    assert_eq!(replaced, json!([new, home]));
    let cleared = json!({"value": "b@x", "display": null});
    let replaced = emails(json!({"op": "replace", "path": path, "value": cleared}));
    assert_eq!(replaced, json!([{"value": "b@x"}, home]));
    let added = emails(json!({"op": "add", "path": path, "value": {"value": "b@x"}}));
    let merged = json!({"value": "b@x", "type": "work", "display": "Old A", "primary": true});
    assert_eq!(added, json!([merged, home]));
    let part = emails(json!({"op": "replace", "path": format!("{path}.value"), "value": "b@x"}));
    assert_eq!(part, json!([merged, home]));
    let all = emails(json!({"op": "replace", "path": "emails[value pr]", "value": new}));
    assert_eq!(all, json!([new]), "what is written twice is there once");
    let primary = json!({"value": "h2@x", "primary": true});
    let first =
        emails(json!({"op": "replace", "path": "emails[type eq \"home\"]", "value": primary}));
    assert_eq!(first[0]["primary"], json!(false), "{first}");
}

// References and certificates are never folded, by however many a removal names.
#[test]
fn removals_tell_the_case_of_references_and_of_ids() {
    let resource = json!({
        "photos": [{"value": "a"}, {"value": "A"}, {"value": "Z"}],
        "x509Certificates": [{"value": "YQ=="}, {"value": "yq=="}, {"value": "ZZ"}],
        "emails": [{"value": "a@x"}, {"value": "A@X"}, {"value": "z"}],
        ENTERPRISE: {"badges": ["a", "A", "Z"]},
    });
    let cases = [
        ("photos", json!([{"value": "A"}, {"value": "Z"}]), json!([{"value": "a"}])),
        ("photos", json!([{"value": "A"}]), json!([{"value": "a"}, {"value": "Z"}])),
        ("photos", json!(["A", "Z"]), json!([{"value": "a"}])),
        (
            "x509Certificates",
            json!([{"value": "YQ=="}, {"value": "ZZ"}]),
            json!([{"value": "yq=="}]),
        ),
        ("emails", json!([{"value": "A@x"}, {"value": "q"}]), json!([{"value": "z"}])),
    ];
    for (name, value, wanted) in cases {
        let operation = json!([{"op": "remove", "path": name, "value": value}]);
        let after = patched(&resource, operation).expect("it is applied");
        assert_eq!(after[name], wanted, "{name} {value}");
    }
    for value in [json!(["A", "Z"]), json!([{"value": "A"}, {"value": "Z"}])] {
        let path = format!("{ENTERPRISE}:badges");
        let operation = json!([{"op": "remove", "path": path, "value": value}]);
        let after = patched(&resource, operation).expect("it is applied");
        assert_eq!(after[ENTERPRISE]["badges"], json!(["a"]), "{value}");
    }
    let path = "photos[value eq \"A\"]";
    let after = patched(&resource, json!([{"op": "remove", "path": path}])).expect("it is applied");
    assert_eq!(after["photos"], json!([{"value": "a"}, {"value": "Z"}]));
}

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        "[aAbB]{0,2}".prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        (0..4_i32).prop_map(Json::from),
    ]
}

fn element() -> impl Strategy<Value = Json> {
    let sub = proptest::option::of(leaf());
    (sub, proptest::option::of("[wWh]"), proptest::option::of(any::<bool>())).prop_map(
        |(value, kind, primary)| {
            let mut element = json!({});
            for (name, said) in [
                ("value", value),
                ("type", kind.map(Json::from)),
                ("primary", primary.map(Json::from)),
            ] {
                if let Some(said) = said {
                    element[name] = said;
                }
            }
            element
        },
    )
}

proptest! {
    /// Removals in a row come to what they come to one by one.
    #[test]
    fn many_removals_are_each_of_them(
        stored in proptest::collection::vec(element(), 0..6),
        given in proptest::collection::vec(element(), 1..5),
        name in prop_oneof![Just("emails"), Just("photos"), Just("x509Certificates")],
    ) {
        let resource = json!({"userName": "a", name: stored});
        let all = patched(&resource, json!([{"op": "remove", "path": name, "value": given}]));
        let mut each = Ok(resource);
        for one in &given {
            let operation = json!([{"op": "remove", "path": name, "value": [one]}]);
            each = each.and_then(|before| patched(&before, operation));
        }
        prop_assert_eq!(all, each);
    }

    /// Adding again changes nothing, below free keys as elsewhere.
    #[test]
    fn adding_twice_is_adding_once(
        stored in proptest::collection::vec(prop_oneof![leaf(), element()], 1..5),
        given in proptest::collection::vec(prop_oneof![leaf(), element()], 0..5),
    ) {
        let operation = json!([{"op": "add", "path": format!("{ACME}:tags"), "value": given}]);
        let once = patched(&json!({ACME: {"tags": stored}}), operation.clone());
        let once = once.expect("it is applied");
        prop_assert_eq!(patched(&once, operation), Ok(once));
    }
}

/// Whatever a removal names its elements by, it looks them up.
#[test]
fn many_values_of_many_are_not_searched_for_one_by_one() {
    let many = |n: usize| -> Vec<Json> {
        (0..n).map(|at| json!({"display": format!("d{at}"), "type": "work"})).collect()
    };
    let all = many(20_000);
    let free: Vec<Json> = (0..20_000).map(|at| json!(format!("t{at}"))).collect();
    let resource = json!({"userName": "a", "emails": all, ACME: {"tags": free}});
    let start = std::time::Instant::now();
    let operations = json!([
        {"op": "add", "path": "emails", "value": all},
        {"op": "add", "path": format!("{ACME}:tags"), "value": free},
        {"op": "remove", "path": "emails", "value": all},
        {"op": "remove", "path": format!("{ACME}:tags"), "value": free},
    ]);
    assert_eq!(patched(&resource, operations), Ok(json!({"userName": "a"})));
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
