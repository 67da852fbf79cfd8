//! The grammar: what it reads, what it refuses, and that printing is its inverse.

use std::str::FromStr;

use proptest::prelude::*;
use scim_gateway::scim::Path;
use scim_gateway::scim::filter::{Filter, Literal, Operator};
use scim_gateway::scim::grammar::{
    Known, MAX_DEPTH, MAX_TERMS, parse_attributes, parse_filter, parse_path,
};

use crate::schema::{CORE, DOTTED, ENTERPRISE, FREE, URNS};

const KNOWN: Known<'_> = Known { urns: &URNS, free: &[], foreign: &[], lenient: false };

fn filter(text: &str) -> Filter {
    parse_filter(text, &KNOWN).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn path(text: &str) -> Path {
    parse_path(text, &KNOWN).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn eq(path: Path, text: &str) -> Filter {
    Filter::Compare { path, operator: Operator::Eq, literal: Literal::String(text.into()) }
}

/// A text and what the printer makes of its tree: precedence and nesting become visible.
#[test]
fn reads_filters() {
    let cases = [
        (r#"userName eq "bjensen""#, r#"userName eq "bjensen""#),
        (r#"userName Eq "a""#, r#"userName eq "a""#),
        (r#"name.familyName co "O'Malley""#, r#"name.familyName co "O'Malley""#),
        ("title pr", "title pr"),
        ("active eq TRUE", "active eq true"),
        ("age ge -3.5", "age ge -3.5"),
        ("manager eq null", "manager eq null"),
        ("a pr or b pr and not (c pr)", "a pr or b pr and not (c pr)"),
        ("(a pr or b pr) and not(c pr)", "(a pr or b pr) and not (c pr)"),
        ("((a pr))", "a pr"),
        ("not pr", "not pr"),
        ("A PR AND B PR", "A pr and B pr"),
        (
            r#"emails[ type eq "work" and value co "@x" ]"#,
            r#"emails[type eq "work" and value co "@x"]"#,
        ),
        (r#"emails[type eq "work"].value eq "x""#, r#"emails[type eq "work" and value eq "x"]"#),
        (
            r#"emails[type eq "a" or type eq "b"].value pr"#,
            r#"emails[(type eq "a" or type eq "b") and value pr]"#,
        ),
        (
            r#"displayName eq "a and (b] or \"c\" \\ \u0041""#,
            r#"displayName eq "a and (b] or \"c\" \\ A""#,
        ),
        ("URN:ietf:params:scim:schemas:core:2.0:User:userName pr", "userName pr"),
    ];
    for (text, printed) in cases {
        assert_eq!(filter(text).to_string(), printed, "{text}");
    }
}

#[test]
fn refuses_what_is_no_filter() {
    let cases = [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq bob",
        "userName eq \"bob",
        "a pr and",
        "a pr b pr",
        "(a pr",
        "a pr)",
        "emails[type eq \"w\"",
        "emails[].value pr",
        "a..b pr",
        ".a pr",
        "a. pr",
        "a == \"b\"",
        "a eq 'b'",
        "emails[emails[a pr]]",
        "not a pr",
        "a eq \"\\q\"",
        "a eq {}",
        "a eq [1]",
        "a eq 1 2",
        "a eq 01",
        "a.b[c pr]",
        "emails[urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:x pr]",
    ];
    for text in cases {
        assert!(parse_filter(text, &KNOWN).is_err(), "{text}");
    }
}

#[test]
fn words_without_quotes_only_where_allowed() {
    let lenient = Known { lenient: true, ..KNOWN };
    assert_eq!(
        parse_filter("userName eq bob.o-x@y", &lenient),
        Ok(eq(Path::core("userName"), "bob.o-x@y"))
    );
    assert_eq!(
        parse_filter("emails[type eq work]", &lenient).unwrap().to_string(),
        r#"emails[type eq "work"]"#
    );
    assert!(parse_filter("userName eq \"bob", &lenient).is_err());
    assert!(parse_filter("userName eq ", &lenient).is_err());
}

/// Free keys are data: whatever a path can hold between its dots, and nothing that a header or a log could not.
#[test]
fn a_free_key_is_any_word_without_control_characters() {
    let free = [FREE.to_owned()];
    let known = Known { free: &free, ..KNOWN };
    for key in ["café", "a+b", "T@x"] {
        let path = parse_path(&format!("{FREE}:{key}"), &known).unwrap();
        assert_eq!(path.attribute.as_deref(), Some(key));
        assert!(parse_path(&format!("{ENTERPRISE}:{key}"), &KNOWN).is_err() || key == "café");
    }
    for key in ["a\u{1}b", "a\u{85}", "\u{a0}a", "a..b"] {
        assert!(parse_path(&format!("{FREE}:{key}"), &known).is_err(), "{key:?}");
    }
}

#[test]
fn knows_urns_longest_first_and_in_their_spelling() {
    let free = |attribute: &str| Path {
        urn: Some(FREE.into()),
        attribute: Some(attribute.into()),
        ..Path::default()
    };
    assert_eq!(path(&format!("{FREE}:region")), free("region"));
    assert_eq!(path(&FREE.to_uppercase()), Path { urn: Some(FREE.into()), ..Path::default() });
    assert_eq!(path(DOTTED), Path { urn: Some(DOTTED.into()), ..Path::default() });
    assert_eq!(path(&format!("{DOTTED}:lastLogin")).attribute.as_deref(), Some("lastLogin"));
    assert_eq!(path(&format!("{CORE}:name.givenName")).to_string(), "name.givenName");
    let manager = path(&format!("{ENTERPRISE}:manager.value"));
    assert_eq!(
        (manager.attribute.as_deref(), &*manager.sub),
        (Some("manager"), &["value".to_owned()][..])
    );
    assert_eq!(path(&format!("{FREE}.population.id")), path(&format!("{FREE}:population.id")));
    let longer = Known { urns: &["urn:x:a", "urn:x:a:b", "urn:x:a:b:c"], ..KNOWN };
    assert_eq!(parse_path("urn:x:a:b:c:d", &longer).unwrap().urn.as_deref(), Some("urn:x:a:b:c"));
}

#[test]
fn guesses_the_end_of_unknown_urns() {
    let guessed = path("urn:acme:thing:2.0:User:badge.number");
    assert_eq!(guessed.urn.as_deref(), Some("urn:acme:thing:2.0:User"));
    assert_eq!(guessed.to_string(), "urn:acme:thing:2.0:User:badge.number");
    assert_eq!(path("urn:acme:thing:2.0").attribute, None);
    assert_eq!(path("urn:acme:thing:2.0:User").attribute, None);
    for text in ["urn:", "urn:x", "urn:x:", CORE] {
        assert!(parse_path(text, &KNOWN).is_err(), "{text}");
    }
}

#[test]
fn reads_patch_paths() {
    let work = path(r#"emails[type eq "work"].value"#);
    assert_eq!(work.filter.as_deref(), Some(&eq(Path::core("type"), "work")));
    assert_eq!(work.sub, ["value"]);
    for text in [
        "members",
        r#"members[value eq "2819c223-7f76-453a-919d-413861904646"]"#,
        r#"addresses[type eq "work" and not (primary eq true)].street"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "members.$ref",
    ] {
        assert_eq!(path(text).to_string(), text);
    }
    for text in [
        "",
        "a b",
        "emails[type eq \"work\"]value",
        "emails[type eq \"work\"].",
        "a,b",
        "a.b[c pr].d",
        "/name",
    ] {
        assert!(parse_path(text, &KNOWN).is_err(), "{text}");
    }
}

#[test]
fn reads_attribute_lists() {
    let paths =
        parse_attributes(&format!(" userName, name.givenName ,,{FREE}:x,"), &KNOWN).unwrap();
    let printed: Vec<String> = paths.iter().map(ToString::to_string).collect();
    assert_eq!(printed, ["userName", "name.givenName", &format!("{FREE}:x")]);
    assert_eq!(parse_attributes("", &KNOWN), Ok(vec![]));
    assert!(parse_attributes("emails[type eq \"work\"]", &KNOWN).is_err());
    assert!(parse_attributes("a b", &KNOWN).is_err());
}

#[test]
fn everything_is_bounded() {
    let nested = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
    filter(&nested(MAX_DEPTH));
    for text in [nested(MAX_DEPTH + 1), "not (".repeat(3_000), "(".repeat(16_000)] {
        assert!(parse_filter(&text, &KNOWN).is_err());
    }
    let terms = |n: usize| vec!["a pr"; n].join(" or ");
    filter(&terms(MAX_TERMS));
    assert!(parse_filter(&terms(MAX_TERMS + 1), &KNOWN).is_err());
    let long = format!("userName eq \"{}\"", "x".repeat(20_000));
    assert!(parse_filter(&long, &KNOWN).is_err());
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-zA-Z0-9_-]{0,6}",
        Just("$ref".into()),
        Just("not".into()),
        Just("eq".into())
    ]
}

fn plain_path() -> impl Strategy<Value = Path> {
    (name(), proptest::collection::vec(name(), 0..2)).prop_map(|(attribute, sub)| Path {
        attribute: Some(attribute),
        sub,
        ..Path::default()
    })
}

fn attribute_path() -> impl Strategy<Value = Path> {
    let urn = prop_oneof![
        3 => Just(None),
        1 => Just(Some(ENTERPRISE.to_owned())),
        1 => Just(Some(DOTTED.to_owned())),
        1 => Just(Some("urn:not:known:2.0:User".to_owned())),
    ];
    (urn, plain_path()).prop_map(|(urn, path)| Path { urn, ..path })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        (-4000..4000i32).prop_map(|eighths| {
            Literal::Number(serde_json::Number::from_f64(f64::from(eighths) / 8.0).unwrap().into())
        }),
        any::<String>().prop_map(Literal::String),
        r#"[a-z \\"\[\]()and]{0,12}"#.prop_map(Literal::String),
    ]
}

fn tree(path: BoxedStrategy<Path>) -> BoxedStrategy<Filter> {
    let leaf = prop_oneof![
        path.clone().prop_map(Filter::Present),
        (path, proptest::sample::select(&Operator::ALL[..]), literal())
            .prop_map(|(path, operator, literal)| Filter::Compare { path, operator, literal }),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
    .boxed()
}

/// The other reader joins `(a and b) and c` to one conjunction.
fn flat(filter: Filter) -> Filter {
    let all = |terms: Vec<Filter>| terms.into_iter().map(flat);
    match filter {
        Filter::And(terms) => Filter::And(
            all(terms)
                .flat_map(|term| match term {
                    Filter::And(inner) => inner,
                    other => vec![other],
                })
                .collect(),
        ),
        Filter::Or(terms) => Filter::Or(
            all(terms)
                .flat_map(|term| match term {
                    Filter::Or(inner) => inner,
                    other => vec![other],
                })
                .collect(),
        ),
        Filter::Not(inner) => Filter::Not(Box::new(flat(*inner))),
        Filter::Element { path, filter } => {
            Filter::Element { path, filter: Box::new(flat(*filter)) }
        }
        other => other,
    }
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let element = (name(), tree(plain_path().boxed())).prop_map(|(name, filter)| Filter::Element {
        path: Path::core(name),
        filter: Box::new(filter),
    });
    let element = element.boxed();
    let whole = tree(attribute_path().boxed());
    prop_oneof![
        whole.clone(),
        element.clone(),
        (whole, element).prop_map(|(a, b)| Filter::Or(vec![Filter::Not(Box::new(b)), a])),
    ]
}

proptest! {
    #[test]
    fn printing_a_filter_is_undone_by_reading(filter in any_filter()) {
        let text = filter.to_string();
        prop_assert_eq!(parse_filter(&text, &KNOWN), Ok(filter), "{}", text);
    }

    #[test]
    fn printing_a_path_is_undone_by_reading(
        path in attribute_path(),
        filter in proptest::option::of(tree(plain_path().boxed())),
    ) {
        let mut path = path;
        if let Some(filter) = filter {
            path.filter = Some(Box::new(filter));
        }
        let text = path.to_string();
        prop_assert_eq!(parse_path(&text, &KNOWN), Ok(path), "{}", text);
    }

    /// What an independent reader of RFC 7644 takes, ours takes with the same meaning.
    #[test]
    fn agrees_with_another_reader(filter in any_filter()) {
        let text = filter.to_string();
        if let (Ok(theirs), Ok(ours)) = (scim_v2::filter::Filter::from_str(&text), parse_filter(&text, &KNOWN)) {
            prop_assert_eq!(parse_filter(&theirs.to_string(), &KNOWN), Ok(flat(ours)), "{}", text);
        }
    }

    #[test]
    fn random_text_never_panics(text in any::<String>(), lenient in any::<bool>()) {
        let known = Known { lenient, ..KNOWN };
        let _ = parse_filter(&text, &known);
        let _ = parse_path(&text, &known);
        let _ = parse_attributes(&text, &known);
    }

    #[test]
    fn almost_filters_never_panic(text in r#"([a-c.:$ ]|urn:|eq|and|or|not|pr|\(|\)|\[|\]|"|\\|é|1){0,30}"#) {
        if let Ok(filter) = parse_filter(&text, &KNOWN) {
            prop_assert_eq!(parse_filter(&filter.to_string(), &KNOWN), Ok(filter));
        }
        let _ = parse_path(&text, &KNOWN);
    }
}
