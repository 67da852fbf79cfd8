//! The schemas and the readers agree: what a schema refuses its reader refuses, and a default is what the
//! reader takes where nothing is said.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use scim_gateway::cli::schema::{Kind, of};
use scim_gateway::config::{Config, Surroundings};
use scim_gateway::diagnostic::{Diagnostic, Source};
use scim_gateway::dialect::Dialects;
use scim_gateway::rewrite::parse;
use serde_json::{Value, json};

use crate::deploy::file;
use crate::schema::{KINDS, blocks, keys, read, validator};

/// A file of a kind that has every key, and what its reader makes of it.
struct Reading {
    kind: Kind,
    every: Value,
    folder: tempfile::TempDir,
    /// The dialect's files beside it.
    beside: BTreeMap<&'static str, Source>,
    key: String,
}

impl Reading {
    fn of(kind: Kind) -> Self {
        let blocks = blocks("docs/dialects.md", "toml file=");
        let page = |name: &str| {
            let found = blocks.iter().find(|(info, _)| info.ends_with(name));
            found.map(|(_, text)| text.clone()).unwrap()
        };
        let every = match kind {
            Kind::Config => file("tests/cli/every.toml"),
            Kind::Dialect => page("dialect.toml"),
            Kind::Attributes => page("schema.toml"),
            Kind::Rules => page("user.toml"),
            Kind::Overlay => format!("{}{}", page("overlay.toml"), rules(&page("user.toml"))),
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("my-rules")).unwrap();
        std::fs::write(folder.path().join("secret"), "s3cr3t").unwrap();
        std::fs::write(folder.path().join("overlay.toml"), page("overlay.toml")).unwrap();
        let beside = ["dialect.toml", "schema.toml", "user.toml"];
        let beside = beside.map(|name| (name, Source::new(name, page(name)))).into();
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        Self { kind, every: read(&every), folder, beside, key }
    }

    /// The mistakes that the reader finds in the value, and what it makes of it.
    fn read(&self, value: &Value) -> (Vec<Diagnostic>, Box<dyn Debug>) {
        let text = toml::to_string(value).unwrap();
        match self.kind {
            Kind::Config => self.config(&text),
            Kind::Dialect => self.dialect("dialect.toml", text),
            Kind::Attributes => self.dialect("schema.toml", text),
            Kind::Rules => self.dialect("user.toml", text),
            Kind::Overlay => {
                let (overlay, found) = parse::overlay(&Source::new("overlay.toml", text));
                (found, Box::new(overlay))
            }
        }
    }

    fn config(&self, text: &str) -> (Vec<Diagnostic>, Box<dyn Debug>) {
        let directory = self.folder.path().to_string_lossy().into_owned();
        let env = |name: &str| match name {
            "KEY" => Some(self.key.clone()),
            "CREDENTIALS_DIRECTORY" => Some(directory.clone()),
            "SALT" | "PASSWORD" | "SECRET" => Some("s3cr3t".to_owned()),
            _ => None,
        };
        let around = Surroundings { directory: Path::new(&directory), env: &env };
        let draft = Config::drafted(&Source::new("config.toml", text), &around);
        let config = draft.config.map(|config| {
            let Config { server, admin, log, audit, trace, rules, upstreams, routes, .. } = config;
            (server, admin, log, audit, trace, rules, upstreams, routes)
        });
        (draft.found, Box::new(config))
    }

    fn dialect(&self, name: &'static str, text: String) -> (Vec<Diagnostic>, Box<dyn Debug>) {
        let mut files = self.beside.clone();
        files.insert(name, Source::new(name, text));
        let (dialect, found) = Dialects::one("every", &files);
        (found, Box::new(dialect))
    }
}

fn rules(user: &str) -> &str {
    let at = user.find("[[map]]").unwrap();
    &user[at..]
}

/// What was read without where it stood.
fn said(read: &dyn Debug) -> String {
    let debug = format!("{read:?}");
    let (mut kept, mut rest) = (String::new(), debug.as_str());
    // An origin: where a rule stands, and which keys it has there.
    while let Some((before, after)) = rest.split_once("origin: ") {
        kept.push_str(before);
        rest = after.split_once("] }").map_or("", |(_, rest)| rest);
    }
    kept.push_str(rest);
    let words = kept.split_inclusive([' ', ',', '}']);
    words.filter(|word| !word.contains("..")).collect()
}

/// Each place in a value, lists by their first elements of a form: (JSON pointer, place without numbers).
fn places(value: &Value, at: &str, found: &mut BTreeMap<String, String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, inner)| (key.clone(), inner)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(at, inner)| (at.to_string(), inner)).collect()
        }
        _ => Vec::new(),
    };
    for (key, inner) in inner {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        let parts =
            at.split('/').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part });
        let form = match inner {
            Value::Array(_) => "[]",
            Value::Object(_) => "{}",
            _ => "",
        };
        let place = format!("{}{form}", parts.collect::<Vec<_>>().join("/"));
        found.entry(place).or_insert_with(|| at.clone());
        places(inner, &at, found);
    }
}

fn errors(found: &[Diagnostic]) -> Vec<&str> {
    found.iter().filter(|one| one.is_error()).map(|one| one.code.id).collect()
}

#[test]
fn the_files_with_every_key_have_every_key_of_the_schema_and_no_mistake() {
    for kind in KINDS {
        let reading = Reading::of(kind);
        let (found, _) = reading.read(&reading.every);
        assert!(errors(&found).is_empty(), "{kind:?}: {found:#?}");
        let mut places_of = BTreeMap::new();
        places(&reading.every, "", &mut places_of);
        let there: Vec<String> =
            places_of.values().map(|at| at.rsplit('/').next().unwrap().to_owned()).collect();
        let mut all = Vec::new();
        keys(&of(kind), "", &mut all);
        let missing: Vec<_> = all
            .iter()
            .filter(|(at, _)| !there.iter().any(|key| at.rsplit('.').next() == Some(key)))
            .collect();
        assert!(missing.is_empty(), "{kind:?}: {missing:#?}");
    }
}

#[test]
fn what_a_schema_refuses_its_reader_refuses() {
    let values = [
        json!("zzzz"),
        json!(""),
        json!("0030s"),
        json!("HTTPS://a.example"),
        json!("$['a'][?@.b=='c']. d"),
        json!(0),
        json!(-1),
        json!(5_000_000),
        json!(1.5),
        json!(true),
        json!([]),
        json!([""]),
        json!([1, 2]),
        json!([["a", 1], ["b", true]]),
        json!({}),
        json!({ "zzzz": 1 }),
    ];
    for kind in KINDS {
        let (reading, validator) = (Reading::of(kind), validator(kind));
        let mut all = BTreeMap::new();
        places(&reading.every, "", &mut all);
        let (mut refused, mut told) = (0, 0);
        let mut wrong = Vec::new();
        for (turn, at) in all.values().enumerate() {
            // All are many; of each place a fifth, of all places each.
            let some = values.iter().map(Some).chain([None]).enumerate();
            let some = some.filter(|(own, _)| (own + turn) % 5 == 0).map(|(_, value)| value);
            let worse = some.map(|value| {
                let mut whole = reading.every.clone();
                put(&mut whole, at, value);
                (value, whole)
            });
            for (value, whole) in worse {
                let (by_reader, by_schema) =
                    (!errors(&reading.read(&whole).0).is_empty(), !validator.is_valid(&whole));
                told += usize::from(by_reader);
                refused += usize::from(by_schema);
                if by_schema && !by_reader {
                    wrong.push(format!("{at} = {value:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{kind:?} refuses what is taken: {wrong:#?}");
        assert!(refused * 10 > told * 8, "{kind:?}: of {told} it refuses {refused} alone");
    }
}

/// Puts a value at a place, or takes away what is there.
fn put(whole: &mut Value, at: &str, value: Option<&Value>) {
    let (table, key) = at.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (whole.pointer_mut(table).unwrap(), value) {
        (Value::Object(members), Some(value)) => drop(members.insert(key, value.clone())),
        (Value::Object(members), None) => drop(members.remove(&key)),
        (Value::Array(elements), Some(value)) => {
            *elements.get_mut(key.parse::<usize>().unwrap()).unwrap() = value.clone();
        }
        (Value::Array(elements), None) => drop(elements.remove(key.parse::<usize>().unwrap())),
        _ => {}
    }
}

/// The defaults that a schema has for the keys of a value: (JSON pointer, default).
fn defaults(
    schema: &Value,
    root: &Value,
    value: &Value,
    at: &str,
    found: &mut Vec<(String, Value)>,
) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    for way in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        defaults(way, root, value, at, found);
    }
    match value {
        Value::Object(members) => {
            for (key, inner) in members {
                let own = schema.get("properties").and_then(|all| all.get(key));
                let Some(own) = own.or_else(|| schema.get("additionalProperties")) else {
                    continue;
                };
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.extend(own.get("default").map(|default| (at.clone(), default.clone())));
                defaults(own, root, inner, &at, found);
            }
        }
        Value::Array(elements) => {
            for (index, inner) in elements.iter().enumerate() {
                if let Some(items) = schema.get("items") {
                    defaults(items, root, inner, &format!("{at}/{index}"), found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_default_is_what_the_reader_takes_where_nothing_is_said() {
    for (kind, least) in KINDS.into_iter().zip([70, 25, 10, 4, 4]) {
        let (reading, schema) = (Reading::of(kind), of(kind));
        let mut all = Vec::new();
        defaults(&schema, &schema, &reading.every, "", &mut all);
        assert!(all.len() >= least, "{kind:?}: {}", all.len());
        for (at, default) in all {
            let (mut said, mut unsaid) = (reading.every.clone(), reading.every.clone());
            put(&mut said, &at, Some(&default));
            put(&mut unsaid, &at, None);
            let ((told, one), (untold, other)) = (reading.read(&said), reading.read(&unsaid));
            let (said, unsaid) = (self::said(&*one), self::said(&*other));
            assert_eq!(errors(&told), errors(&untold), "{kind:?}: {at} = {default}");
            let at_first = said.bytes().zip(unsaid.bytes()).take_while(|(a, b)| a == b).count();
            let shown = |text: &str| {
                text.chars().skip(at_first.saturating_sub(40)).take(90).collect::<String>()
            };
            assert!(
                said == unsaid,
                "{kind:?}: {at} = {default}\n{}\n{}",
                shown(&said),
                shown(&unsaid)
            );
        }
    }
}
