//! `schema`: the shipped files have no mistake by it, and what their readers refuse, it refuses.

use std::path::Path;

use jsonschema::Validator;
use scim_gateway::cli::schema::{Kind, of};
use serde_json::{Value, json};
use walkdir::WalkDir;

use crate::deploy::file;

fn read(name: &str) -> Value {
    let table: toml::Table = file(name).parse().unwrap();
    serde_json::to_value(table).unwrap()
}

fn validator(kind: Kind) -> Validator {
    jsonschema::validator_for(&of(kind)).unwrap()
}

fn mistakes(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Every shipped file with its kind.
fn shipped() -> Vec<(String, Kind)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![
        ("config.toml".to_owned(), Kind::Config),
        ("deploy/kubernetes/config.toml".to_owned(), Kind::Config),
    ];
    for entry in WalkDir::new(root.join("rules")) {
        let path = entry.unwrap().into_path();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let kind = match path.file_name().and_then(|name| name.to_str()) {
            _ if name.starts_with("rules/overlays/") && name.ends_with(".toml") => Kind::Overlay,
            Some("dialect.toml") => Kind::Dialect,
            Some("schema.toml") => Kind::Attributes,
            Some("user.toml" | "group.toml") => Kind::Rules,
            _ => continue,
        };
        found.push((name, kind));
    }
    found
}

#[test]
fn every_shipped_file_has_no_mistake() {
    let files = shipped();
    assert!(files.len() > 15, "{files:?}");
    let kinds = [Kind::Config, Kind::Dialect, Kind::Attributes, Kind::Rules, Kind::Overlay];
    let validators: Vec<_> = kinds.iter().map(|kind| (kind, validator(*kind))).collect();
    for (name, kind) in files {
        let (_, validator) = validators.iter().find(|(known, _)| **known == kind).unwrap();
        let found = mistakes(validator, &read(&name));
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// The value with a key that nobody knows in the table at each place, one at a time.
fn spoiled(value: &Value, at: &str, out: &mut Vec<(String, Value)>, whole: &Value) {
    match value {
        Value::Object(members) => {
            let mut worse = whole.clone();
            let table = worse.pointer_mut(at).and_then(Value::as_object_mut).unwrap();
            table.insert("zzzz".to_owned(), json!(1));
            out.push((at.to_owned(), worse));
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                spoiled(member, &format!("{at}/{key}"), out, whole);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                spoiled(element, &format!("{at}/{index}"), out, whole);
            }
        }
        _ => {}
    }
}

#[test]
fn an_unknown_key_is_a_mistake_in_every_table() {
    // Names of upstreams and variables are free: a number there is no upstream and no variable.
    for (name, kind) in [("config.toml", Kind::Config), ("rules/scim/dialect.toml", Kind::Dialect)]
    {
        let whole = read(name);
        let mut worse = Vec::new();
        spoiled(&whole, "", &mut worse, &whole);
        assert!(worse.len() > 10, "{name}");
        let validator = validator(kind);
        // Templates of JSON, whose keys are the vendor's.
        worse.retain(|(at, _)| !at.starts_with("/errors/answer") && !at.contains("/value"));
        for (at, value) in worse {
            assert!(!mistakes(&validator, &value).is_empty(), "{name}: `zzzz` may stand in `{at}`");
        }
    }
}

#[test]
fn types_words_and_needed_keys_are_in_it() {
    let validator = validator(Kind::Config);
    let with = |pointer: &str, value: Value| {
        let mut config = read("config.toml");
        *config.pointer_mut(pointer).unwrap() = value;
        mistakes(&validator, &config)
    };
    assert!(with("/server/limits/body", json!(4096)).is_empty());
    for (pointer, bad) in [
        ("/server/limits/body", json!("4096")),
        ("/server/limits/body", json!(-1)),
        ("/server/listen", json!([1])),
        ("/log/format", json!("xml")),
        ("/route/0/mode", json!("pass")),
        ("/route/0/prefix", json!(true)),
        ("/route/0", json!({"prefix": "/a"})),
        ("/server", json!({})),
    ] {
        assert!(!with(pointer, bad.clone()).is_empty(), "{pointer} = {bad}");
    }
    // What only comments of the reference have is known with its type, too.
    let mut config = read("config.toml");
    let table = config.as_object_mut().unwrap();
    table.insert("audit".to_owned(), json!({"file": "a", "queue": 100}));
    assert!(mistakes(&validator, &config).is_empty());
    config.as_object_mut().unwrap().insert("audit".to_owned(), json!({"queue": "many"}));
    assert_eq!(mistakes(&validator, &config).len(), 2, "no file, and no number");
}

/// The keys that a schema knows, with what may stand there.
fn keys(schema: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    let Some(object) = schema.as_object() else { return };
    for (key, inner) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
        found.push((format!("{at}.{key}"), inner.clone()));
        keys(inner, &format!("{at}.{key}"), found);
    }
    for way in object.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        keys(way, at, found);
    }
    for word in ["items", "additionalProperties"] {
        object.get(word).into_iter().for_each(|inner| keys(inner, at, found));
    }
}

#[test]
fn the_references_comments_give_their_keys_a_form() {
    let mut all = Vec::new();
    keys(&of(Kind::Config), "", &mut all);
    // Entries of a schema have all their forms in that of schema.toml.
    all.retain(|(key, _)| !key.contains("client_extends") && !key.contains(".schema"));
    let formless: Vec<_> = all.iter().filter(|(_, form)| form == &json!({})).collect();
    assert!(all.len() > 50, "{all:#?}");
    assert!(formless.len() * 5 < all.len(), "no example in config.toml: {formless:#?}");
}
