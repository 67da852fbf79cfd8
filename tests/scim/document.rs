//! What is read as a document, and what is refused.

use proptest::prelude::*;
use scim_gateway::scim::Value;
use scim_gateway::scim::document::{Limits, ParseError, parse};
use std::borrow::Cow;

const LIMITS: Limits = Limits { max_depth: 4 };

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
fn refuses_duplicates_in_any_case_in_small_and_large_objects() {
    let ParseError::Duplicate { name, line: 2, .. } = refused("{\"userName\":1,\n\"USERNAME\":2}")
    else {
        panic!("not a duplicate")
    };
    assert_eq!(name, "USERNAME");
    let many: Vec<String> = (0..40).map(|n| format!("\"k{n}\":0")).collect();
    parse(format!("{{{}}}", many.join(",")).as_bytes(), &LIMITS).unwrap();
    for again in ["K0", "k15", "k16", "K39"] {
        let body = format!("{{{},\"{again}\":1}}", many.join(","));
        assert!(matches!(refused(&body), ParseError::Duplicate { .. }), "{again}");
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
        parse(deep.as_bytes(), &Limits { max_depth: usize::MAX }),
        Err(ParseError::TooDeep { .. })
    ));
}

#[test]
fn numbers_are_carried_exactly_or_refused() {
    for exact in ["18446744073709551615", "-9223372036854775808", "0.5", "-3"] {
        assert_eq!(parse(exact.as_bytes(), &LIMITS).unwrap().to_json(), exact.as_bytes());
    }
    for inexact in
        ["18446744073709551616", "-9223372036854775809", "1e400", "123456789012345678901"]
    {
        assert!(matches!(refused(inexact), ParseError::Number { .. }), "{inexact}");
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
    fn decimals_are_carried_exactly(number in proptest::num::f64::NORMAL) {
        let text = Value::Number(serde_json::Number::from_f64(number).unwrap()).to_json();
        if let Ok(value) = parse(&text, &LIMITS) {
            prop_assert_eq!(value.to_json(), text);
        } else {
            prop_assert!(number.fract() == 0.0);
        }
    }

    #[test]
    fn random_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body, &LIMITS);
    }

    #[test]
    fn what_is_read_prints_to_the_same_value(text in "[\\[\\]{}\",:0-9a\\\\u. -]{0,40}") {
        if let Ok(value) = parse(text.as_bytes(), &LIMITS) {
            let oracle: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(value.to_json(), serde_json::to_vec(&Value::from(oracle)).unwrap());
        }
    }
}
