//! Numbers by their text, compared by their value.

use std::cmp::Ordering;
use std::collections::HashSet;

use proptest::prelude::*;
use scim_gateway::scim::Number;

fn number(text: &str) -> Number<'_> {
    Number::read(text).unwrap_or_else(|| panic!("{text} is no number"))
}

// The values that a double cannot tell apart are told apart, and one value is one number.
#[test]
fn numbers_compare_by_value_without_rounding() {
    let equal = [
        ("3", "3.0"),
        ("3", "0.3e1"),
        ("300", "3e2"),
        ("-0", "0"),
        ("0.0e99999999999999999999", "0"),
        ("0.10", "0.1"),
        ("10e-1", "1"),
        ("1E5", "100000"),
        ("9007199254740993.0", "9007199254740993"),
        ("0.00120", "1.2e-3"),
    ];
    for (a, b) in equal {
        assert_eq!(number(a), number(b));
        assert_eq!(number(a).normal(), number(b).normal());
        assert_eq!(HashSet::from([number(a), number(b)]).len(), 1, "{a} {b}");
    }
    let ascending = [
        "-1e99999999999999999999999",
        "-1e400",
        "-9007199254740993",
        "-9007199254740992",
        "-0.1",
        "-1e-400",
        "0",
        "1e-99999999999999999999999",
        "1e-400",
        "0.1",
        "0.10000000000000000000000000000000001",
        "0.2",
        "9",
        "10",
        "9007199254740992",
        "9007199254740992.5",
        "9007199254740993",
        "18446744073709551616",
        "1e400",
        "2e400",
        "1e99999999999999999999999",
    ];
    for (at, a) in ascending.iter().enumerate() {
        for (other, b) in ascending.iter().enumerate() {
            assert_eq!(number(a).cmp(&number(b)), at.cmp(&other), "{a} {b}");
        }
    }
}

#[test]
fn whole_numbers_are_known_however_they_are_written() {
    for (text, whole) in [("3.0", 3), ("-30e-1", -3), ("1E5", 100_000), ("-0", 0), ("7", 7)] {
        assert_eq!(number(text).as_i64(), Some(whole), "{text}");
        assert!(number(text).is_whole());
    }
    for text in ["0.5", "1e-1", "9223372036854775808", "1e400"] {
        assert_eq!(number(text).as_i64(), None, "{text}");
    }
    assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
    assert!(number("1e400").is_whole() && !number("1.5").is_whole());
}

proptest! {
    #[test]
    fn integers_are_ordered_as_they_are(a in any::<i64>(), b in any::<i64>()) {
        let (x, y) = (Number::from(a), Number::from(b));
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        prop_assert_eq!(x.as_i64(), Some(a));
    }

    /// Each of three ways to write one value, and a neighbour that is a little more.
    #[test]
    fn one_value_is_one_number(digits in "[1-9][0-9]{0,25}", shift in 0_usize..20, minus: bool) {
        let sign = if minus { "-" } else { "" };
        let plain = format!("{sign}{digits}{}", "0".repeat(shift));
        let scaled = format!("{sign}{digits}E+0{shift}");
        let pointed = format!("{sign}0.{digits}00e{}", digits.len() + shift);
        prop_assert_eq!(number(&plain), number(&scaled));
        prop_assert_eq!(number(&plain), number(&pointed));
        let more = format!("{plain}.{}1", "0".repeat(shift));
        let order = if minus { Ordering::Less } else { Ordering::Greater };
        prop_assert_eq!(number(&more).cmp(&number(&scaled)), order);
    }
}
