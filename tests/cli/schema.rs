//! `schema`: the shipped files have no mistake by it, it says what each key is, and it is closed where the
//! readers are.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use scim_gateway::cli::schema::{Kind, of};
use serde_json::{Value, json};
use walkdir::WalkDir;

use crate::deploy::file;

pub const KINDS: [Kind; 5] =
    [Kind::Config, Kind::Dialect, Kind::Attributes, Kind::Rules, Kind::Overlay];

pub fn read(text: &str) -> Value {
    let table: toml::Table = text.parse().unwrap();
    serde_json::to_value(table).unwrap()
}

static VALIDATORS: LazyLock<[Validator; 5]> =
    LazyLock::new(|| KINDS.map(|kind| jsonschema::validator_for(&of(kind)).unwrap()));

pub fn validator(kind: Kind) -> &'static Validator {
    KINDS.iter().zip(&*VALIDATORS).find(|(known, _)| **known == kind).unwrap().1
}

pub fn mistakes(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// The blocks of a page whose words after the fence begin so, with those words.
pub fn blocks(page: &str, begin: &str) -> Vec<(String, String)> {
    let text = file(page);
    let fence = format!("\n```{begin}");
    let opened = text.split(&fence).skip(1);
    let block = |block: &str| {
        let (info, rest) = block.split_once('\n').unwrap();
        let (text, _) = rest.split_once("\n```").unwrap();
        (format!("{begin}{info}"), format!("{text}\n"))
    };
    opened.map(block).collect()
}

/// The kind of a file by its path, where it has one.
fn kind_of(name: &str) -> Option<Kind> {
    match name.rsplit('/').next() {
        _ if name.contains("overlay") && name.ends_with(".toml") => Some(Kind::Overlay),
        Some("config.toml") => Some(Kind::Config),
        Some("dialect.toml") => Some(Kind::Dialect),
        Some("schema.toml") => Some(Kind::Attributes),
        Some("user.toml" | "group.toml") => Some(Kind::Rules),
        _ => None,
    }
}

/// Every file that is shipped or shown as a whole, with its kind: path, kind, text.
fn shipped() -> Vec<(String, Kind, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![("config.toml".to_owned(), Kind::Config, file("config.toml"))];
    for folder in ["rules", "deploy"] {
        for entry in WalkDir::new(root.join(folder)) {
            let path = entry.unwrap().into_path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let Some(kind) = kind_of(&name) else {
                assert!(!name.ends_with(".toml"), "{name} is of no kind");
                continue;
            };
            found.push((name.clone(), kind, file(&name)));
        }
    }
    for page in ["CONTRIBUTING.md", "docs/dialects.md", "docs/operations.md", "README.md"] {
        for (info, text) in blocks(page, "toml file=") {
            found.push((format!("{page}: {info}"), kind_of(&info).unwrap(), text));
        }
    }
    for (info, text) in blocks("CONTRIBUTING.md", "toml config") {
        found.push((format!("CONTRIBUTING.md: {info}"), Kind::Config, text));
    }
    for (at, (_, text)) in blocks("docs/rules.md", "toml overlay").into_iter().enumerate() {
        found.push((format!("docs/rules.md: overlay {at}"), Kind::Overlay, text));
    }
    found.push(("every.toml".to_owned(), Kind::Config, file("tests/cli/every.toml")));
    found
}

#[test]
fn every_shipped_file_has_no_mistake() {
    let files = shipped();
    for (kind, least) in
        [("Config", 4), ("Dialect", 7), ("Attributes", 7), ("Rules", 11), ("Overlay", 10)]
    {
        let count = files.iter().filter(|(_, own, _)| format!("{own:?}") == kind).count();
        assert!(count >= least, "{kind}: {count}");
    }
    for (name, kind, text) in files {
        let found = mistakes(validator(kind), &read(&text));
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn each_is_a_json_schema_with_a_name() {
    let mut ids = BTreeSet::new();
    for kind in KINDS {
        let schema = of(kind);
        assert!(jsonschema::meta::is_valid(&schema), "{kind:?}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema["title"].as_str().is_some_and(|title| title.contains("scim-gateway")));
        assert!(ids.insert(schema["$id"].as_str().unwrap().to_owned()), "{kind:?}");
        // What draft 7 reads otherwise or not at all is not in it: editors have either.
        let text = schema.to_string();
        for word in
            ["prefixItems", "dependentRequired", "unevaluatedProperties", "dependentSchemas"]
        {
            assert!(!text.contains(word), "{kind:?}: {word}");
        }
    }
}

/// The keys of a schema: where it is, and what may stand there. Each definition once.
pub fn keys(schema: &Value, at: &str, found: &mut Vec<(String, Value)>) {
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
    for (name, inner) in object.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        keys(inner, &format!("#{name}"), found);
    }
}

// 184 properties of the config, 0 descriptions, 0 defaults, 0 patterns.
#[test]
fn each_key_has_a_form_and_a_description() {
    // Any value may stand there.
    let any = ["default", "answer", "value"];
    for (kind, least) in KINDS.into_iter().zip([200, 60, 40, 20, 20]) {
        let mut all = Vec::new();
        keys(&of(kind), "", &mut all);
        assert!(all.len() >= least, "{kind:?}: {}", all.len());
        for (at, schema) in &all {
            let told = schema["description"].as_str().unwrap_or_default();
            assert!(told.len() > 5 && told != "required", "{kind:?}: nothing is told of {at}");
            let words = ["description", "default"];
            let formless =
                schema.as_object().unwrap().keys().all(|key| words.contains(&key.as_str()));
            let free = any.iter().any(|key| at.ends_with(&format!(".{key}")));
            assert!(!formless || free, "{kind:?}: {at} is {schema}");
            assert!(!schema.to_string().contains("\"items\":{}"), "{kind:?}: {at} holds anything");
        }
    }
    let mut config = Vec::new();
    keys(&of(Kind::Config), "", &mut config);
    let with = |word: &str| config.iter().filter(|(_, schema)| schema.get(word).is_some()).count();
    assert!(with("default") > 70, "{}", with("default"));
    assert!(with("pattern") + with("enum") > 60, "{} {}", with("pattern"), with("enum"));
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

// `schema rules` took any unknown key.
#[test]
fn an_unknown_key_is_a_mistake_in_every_table() {
    let mut tables = 0;
    for (name, kind, text) in shipped() {
        let whole = read(&text);
        let mut worse = Vec::new();
        spoiled(&whole, "", &mut worse, &whole);
        let validator = validator(kind);
        // Templates of JSON, whose keys are the vendor's, and names of claims, which may be any.
        let free = ["/answer", "/value", "/default", "/claims"];
        worse.retain(|(at, _)| {
            !at.split('/').any(|part| free.contains(&format!("/{part}").as_str()))
        });
        for (at, value) in worse {
            tables += 1;
            assert!(!mistakes(validator, &value).is_empty(), "{name}: `zzzz` may stand in `{at}`");
        }
    }
    assert!(tables > 600, "{tables}");
}
