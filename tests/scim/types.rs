//! Values against a schema's types.

use scim_gateway::scim::Value;
use scim_gateway::scim::coerce::{Leniency, coerce};
use serde_json::{Value as Json, json};

use crate::schema::user;

const ALL: Leniency = Leniency {
    string_booleans: true,
    object_as_array: true,
    value_as_complex: true,
    plain_integers: true,
};

fn to(attribute: &str, value: Json, leniency: Leniency) -> Result<Json, String> {
    let schema = user();
    let attribute = schema.attribute(attribute).unwrap();
    coerce(Value::from(value), attribute, leniency)
        .map(|value| serde_json::from_slice(&value.to_json()).unwrap())
        .map_err(|error| error.to_string())
}

#[test]
fn spells_names_as_the_schema_does_and_keeps_the_unknown() {
    let value = json!({"GIVENNAME": "A", "Nick": 1});
    assert_eq!(to("name", value, Leniency::default()), Ok(json!({"givenName": "A", "Nick": 1})));
}

#[test]
fn cleared_values_pass_for_every_attribute() {
    for attribute in ["active", "emails", "name", "userName"] {
        for cleared in [json!(null), json!([])] {
            assert_eq!(to(attribute, cleared.clone(), Leniency::default()), Ok(cleared));
        }
    }
}

#[test]
fn names_the_path_and_no_value() {
    let error = to("emails", json!([{"value": "a"}, {"primary": "hunter2"}]), ALL).unwrap_err();
    assert_eq!(error, "The attribute emails.primary must be a boolean, but it is a string.");
    let error =
        to(crate::schema::ENTERPRISE, json!({"department": 5}), Leniency::default()).unwrap_err();
    assert!(error.contains("User:department must be a string"), "{error}");
}

#[test]
fn integers_may_be_written_with_a_point() {
    assert_eq!(to("age", json!(3.0), ALL), Ok(json!(3)));
    assert_eq!(to("age", json!(3), ALL), Ok(json!(3)));
    assert_eq!(to("age", json!(1e17), ALL), Ok(json!(100_000_000_000_000_000_u64)));
    for wrong in [json!(3.5), json!("3"), json!(1e-1), json!(true)] {
        assert!(to("age", wrong.clone(), ALL).is_err(), "{wrong}");
    }
    assert_eq!(to("score", json!(3.5), ALL), Ok(json!(3.5)));
    // What is not asked to be rewritten keeps its text.
    let schema = user();
    let age = schema.attribute("age").unwrap();
    let kept = coerce(Value::from(json!(3.0)), age, Leniency::default()).unwrap();
    assert_eq!(kept.to_json(), b"3.0");
}

#[test]
fn each_leniency_is_its_own() {
    let cases = [
        (
            Leniency { string_booleans: true, ..Leniency::default() },
            "active",
            json!("False"),
            json!(false),
        ),
        (
            Leniency { object_as_array: true, ..Leniency::default() },
            "emails",
            json!({"value": "a"}),
            json!([{"value": "a"}]),
        ),
        (
            Leniency { object_as_array: true, ..Leniency::default() },
            "tags",
            json!("x"),
            json!(["x"]),
        ),
        (
            Leniency { value_as_complex: true, ..Leniency::default() },
            "emails",
            json!(["a"]),
            json!([{"value": "a"}]),
        ),
    ];
    for (leniency, attribute, given, wanted) in cases {
        assert_eq!(to(attribute, given.clone(), leniency), Ok(wanted), "{attribute}");
        assert!(to(attribute, given, Leniency::default()).is_err(), "{attribute}");
        let others = Leniency {
            string_booleans: !leniency.string_booleans,
            object_as_array: !leniency.object_as_array,
            value_as_complex: !leniency.value_as_complex,
            ..leniency
        };
        if attribute == "active" {
            assert!(to(attribute, json!("False"), others).is_err());
        }
    }
}

#[test]
fn a_manager_may_be_a_bare_id_or_an_array_of_one() {
    for manager in [json!("7"), json!([{"$ref": null, "value": "7"}]), json!({"VALUE": "7"})] {
        let given = json!({"manager": manager});
        let read = to(crate::schema::ENTERPRISE, given.clone(), ALL).unwrap();
        assert_eq!(read["manager"]["value"], json!("7"));
    }
    let two = json!({"manager": ["1", "2"]});
    assert!(to(crate::schema::ENTERPRISE, two, ALL).is_err());
}

#[test]
fn a_number_is_no_string_and_a_date_is_not_touched() {
    assert!(to("userName", json!(5), ALL).is_err());
    assert!(to("userName", json!(["a"]), ALL).is_err());
    let date = json!("2011-05-13T04:42:34Z");
    assert_eq!(to("hired", date.clone(), ALL), Ok(date));
}
