//! What is read as a document, and what is refused.

use proptest::prelude::*;
use scim_gateway::scim::Value;
use scim_gateway::scim::document::{DocumentLimits, ParseError, parse};
use scim_gateway::scim::names::twice;
use std::borrow::Cow;

const LIMITS: DocumentLimits = DocumentLimits::depth(4);

fn refused(body: &str) -> ParseError {
    parse(body.as_bytes(), &LIMITS).expect_err(body)
}

#[test]
fn reads_in_order_and_borrows() {
    let body = br#"{"b":"plain","a":[1,2.5,true,null,"q\n"],"C":{}}"#;
    let value = parse(body, &LIMITS).unwrap();
    assert_eq!(value.to_json(), body);
    let Some(Value::String(Cow::Borrowed(_))) = value.as_object().unwrap().get("B") else {
        panic!("the string was copied")
    };
}

#[test]
fn refuses_duplicates_in_small_and_large_objects() {
    let ParseError::Duplicate { name, line: 2, .. } = refused("{\"userName\":1,\n\"userName\":2}")
    else {
        panic!("not a duplicate")
    };
    assert_eq!(name, "userName");
    let many: Vec<String> = (0..40).map(|n| format!("\"k{n}\":0")).collect();
    parse(format!("{{{}}}", many.join(",")).as_bytes(), &LIMITS).unwrap();
    for again in ["k0", "k15", "k16", "k39", "\\u006b17"] {
        let body = format!("{{{},\"{again}\":1}}", many.join(","));
        assert!(matches!(refused(&body), ParseError::Duplicate { .. }), "{again}");
    }
}

// Whether case tells names apart is a matter of who lists them; reading keeps both.
#[test]
fn names_that_differ_by_case_are_two_and_each_is_found_by_its_spelling() {
    for more in [
        "",
        ",\"k1\":0,\"k2\":0,\"k3\":0,\"k4\":0,\"k5\":0,\"k6\":0,\"k7\":0,\"k8\":0,\"k9\":0,\"l1\":0,\"l2\":0,\"l3\":0,\"l4\":0,\"l5\":0,\"l6\":0,\"l7\":0",
    ] {
        let body = format!("{{\"Region\":1,\"region\":2{more}}}");
        let value = parse(body.as_bytes(), &LIMITS).unwrap();
        assert_eq!(value.to_json(), body.as_bytes());
        let object = value.as_object().unwrap();
        for (name, found) in [("Region", 1_i64), ("region", 2), ("REGION", 1)] {
            assert_eq!(object.get(name), Some(&Value::Number(found.into())), "{name}");
        }
        assert_eq!(twice(object, |_| true), Some("region"));
        assert_eq!(twice(object, |name| name != "region"), None);
    }
}

#[test]
fn an_array_holds_so_many_values_and_no_more() {
    let limits = DocumentLimits { max_depth: 4, max_elements: 3 };
    parse(br#"{"a":[1,2,[1,2,3]],"b":[{},{},{}]}"#, &limits).unwrap();
    for body in ["[1,2,3,4]", r#"{"a":[[1,2,3,4]]}"#, "[[],[],[],["] {
        let error = parse(body.as_bytes(), &limits).unwrap_err();
        assert!(matches!(error, ParseError::TooMany { limit: 3, .. }), "{body}: {error}");
    }
}

#[test]
fn a_duplicates_name_is_short_and_printable() {
    let long = format!("\\u0007{}", "x".repeat(500));
    let error = refused(&format!("{{\"{long}\":1,\"{long}\":\"secret\"}}"));
    let text = error.to_string();
    assert!(text.len() < 250 && !text.contains('\u{7}') && !text.contains("secret"), "{text}");
}

#[test]
fn depth_is_counted_over_objects_and_arrays() {
    parse(br#"{"a":[{"b":[]}]}"#, &LIMITS).unwrap();
    assert!(matches!(refused(r#"{"a":[{"b":[[]]}]}"#), ParseError::TooDeep { limit: 4, .. }));
    let deep = "[".repeat(100_000);
    assert!(matches!(
        parse(deep.as_bytes(), &DocumentLimits::depth(usize::MAX)),
        Err(ParseError::TooDeep { .. })
    ));
}

// What is only carried keeps its text, whatever its size and precision.
#[test]
fn numbers_are_carried_by_their_text() {
    for text in [
        "18446744073709551616",
        "-9223372036854775809",
        "12345678901234567.5",
        "9007199254740993.0",
        "9007199254740993",
        "0.12345678901234567891",
        "0.10",
        "1e400",
        "1E5",
        "1e+05",
        "1e-400",
        "-0",
        "-0.0e0",
        "0",
        "3.0",
    ] {
        let body = format!("{{\"a\":[{text}],\"b\":{text}}}");
        let value = parse(body.as_bytes(), &LIMITS).unwrap();
        assert_eq!(String::from_utf8(value.to_json()).unwrap(), body);
        let owned = value.clone().into_owned();
        assert_eq!(owned.borrowed().to_json(), body.as_bytes());
    }
    for no_number in ["01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "1_0", "--1"] {
        parse(no_number.as_bytes(), &LIMITS).expect_err(no_number);
    }
}

#[test]
fn says_which_mistake_it_was() {
    assert_eq!(refused(" \n"), ParseError::Empty);
    assert!(matches!(refused("{\"a\":"), ParseError::CutOff { .. }));
    assert!(matches!(refused("{a:1}"), ParseError::Syntax { line: 1, column: 2 }));
    assert!(matches!(refused("{} {}"), ParseError::Trailing { .. }));
    assert!(matches!(refused("NaN"), ParseError::Syntax { .. }));
    assert_eq!(
        parse(b"{\n\"a\":\"\xff\"}", &LIMITS),
        Err(ParseError::NotUtf8 { line: 2, column: 6 })
    );
}

proptest! {
    #[test]
    fn every_number_keeps_its_text(text in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?") {
        prop_assert_eq!(parse(text.as_bytes(), &LIMITS).unwrap().to_json(), text.as_bytes());
    }

    #[test]
    fn random_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body, &LIMITS);
    }

    /// serde_json is the oracle of the grammar; numbers that it rounds or refuses are not compared.
    #[test]
    fn what_is_read_prints_to_the_same_value(text in "[\\[\\]{}\",:0-9a\\\\u. -]{0,40}") {
        let read = parse(text.as_bytes(), &DocumentLimits::depth(100));
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(oracle) => if let Ok(value) = read {
                prop_assert_eq!(value, Value::from(oracle));
            },
            Err(error) => prop_assert!(read.is_err() || error.to_string().contains("out of range")),
        }
    }

    #[test]
    fn every_document_is_read_as_it_is_printed(json in json()) {
        for text in [serde_json::to_string(&json).unwrap(), serde_json::to_string_pretty(&json).unwrap()] {
            let value = parse(text.as_bytes(), &DocumentLimits::depth(100)).unwrap();
            prop_assert_eq!(value.to_json(), serde_json::to_vec(&json).unwrap());
            prop_assert_eq!(value.to_pretty_json(), serde_json::to_string_pretty(&json).unwrap());
        }
    }
}

/// Documents of every kind of value, with names and text that need escapes.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = "[ -~\u{0}-\u{1f}\u{7f}é\u{1f600}\\\\\"/]{0,20}";
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        text.prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let members = proptest::collection::vec(inner.clone(), 0..20);
        prop_oneof![
            proptest::collection::vec(inner, 0..6).prop_map(Into::into),
            (members, text).prop_map(|(values, text)| {
                let names = values.into_iter().enumerate();
                names
                    .map(|(at, value)| (format!("{text}{at}"), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}
