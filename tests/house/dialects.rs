//! docs/dialects.md: its files load, its examples hold, and it names every key that the program reads.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use scim_gateway::dialect::Dialects;

use crate::docs::Page;

/// Of the page, those that are files.
fn write(folder: &Path) {
    for block in Page::read("docs/dialects.md").blocks() {
        let Some((_, file)) = block.info.split_once("file=") else { continue };
        let file = folder.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, &block.text).unwrap();
    }
}

#[test]
fn the_dialect_that_says_every_key_loads_and_its_examples_hold() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let dialects = Dialects::with_directory(&folder.path().join("my-rules"));
    let dialects = dialects.unwrap_or_else(|found| panic!("{}", found.text(false)));
    assert!(dialects.names().any(|name| name == "every"));
    let program = Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
        .args(["test", "my-rules"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&program.stdout);
    assert!(program.status.success(), "{said}");
    assert!(said.contains("my-rules/every/cases.md: 5 cases, 0 differ"), "{said}");
}

/// An unknown key in each table makes the reader say which keys it knows there.
const SCHEMA: &str = r#"
version = 1
zzzz = 1
[user]
zzzz = 1
urn = "urn:ietf:params:scim:schemas:core:2.0:User"
resource = "User"
[[user.attribute]]
zzzz = 1
name = "a"
format = { zzzz = 1, length = 1 }
[[user.attribute]]
name = "b"
type = "complex"
sub = [{ zzzz = 1, name = "c" }]
[[user.extension]]
zzzz = 1
urn = "urn:example:a:2.0:User"
open = true
"#;

const DIALECT: &str = r#"
version = 1
zzzz = 1
title = "A"
base = ""
media_type = "application/json"
authorization = "Bearer {token}"
[discovery]
zzzz = 1
[errors]
zzzz = 1
answer = {}
codes = [{ zzzz = 1, code = "A", status = 400 }]
[user]
zzzz = 1
path = "a"
operations = ["list"]
put = "replace"
clear = "omit"
schemas_in_request = "none"
schemas_in_answer = "none"
id = { zzzz = 1, max_length = 1 }
envelope = { zzzz = "a" }
request_extras = [{ zzzz = 1, operation = "create", name = "a", value = 1 }]
answer_extras = [{ zzzz = 1, name = "a", value = 1 }]
[user.patch]
zzzz = 1
typed = { zzzz = 1, operations = "a", string = "b", boolean = "c", array = "d" }
[[user.patch_choice]]
zzzz = 1
name = "a"
[user.filter]
zzzz = 1
attributes = [{ zzzz = 1, path = "a", operators = ["eq"] }]
[user.list]
zzzz = 1
paging = "index"
default_count = 1
max_count = 1
[user.search]
zzzz = 1
when = "long"
"#;

const SOUND: &str = r#"
version = 1
[user]
urn = "urn:ietf:params:scim:schemas:core:2.0:User"
resource = "User"
[[user.attribute]]
name = "a"
"#;

/// A word that is none makes the reader say which words may stand there.
const SCHEMA_WORDS: &str = r#"
version = 1
[user]
urn = "urn:ietf:params:scim:schemas:core:2.0:User"
resource = "User"
unknown = "zzzz"
[[user.attribute]]
name = "a"
type = "zzzz"
mutability = "zzzz"
returned = "zzzz"
uniqueness = "zzzz"
required = ["zzzz"]
accepted = ["zzzz"]
format = "zzzz"
"#;

const DIALECT_WORDS: &str = r#"
version = 1
title = "A"
base = ""
media_type = "application/json"
authorization = "Bearer {token}"
quirks = ["zzzz"]
missing_resource = "zzzz"
undeclared = "zzzz"
[errors]
answer = {}
[user]
path = "a"
operations = ["zzzz"]
put = "zzzz"
clear = "zzzz"
schemas_in_request = "zzzz"
schemas_in_answer = "zzzz"
if_match = ["zzzz"]
[user.filter]
attributes = [{ path = "a", operators = ["zzzz"] }]
[user.list]
paging = "zzzz"
default_count = 1
max_count = 1
[user.search]
when = "zzzz"
"#;

/// What the reader lists as that which it knows, where each `zzzz` of the files is none of it.
fn listed(files: &[(&str, &str)], code: &str, before: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let found = Dialects::with_directory(folder.path()).err().unwrap();
    let found = found.diagnostics.iter().filter(|diagnostic| diagnostic.code.id == code);
    let hints: Vec<_> = found.filter_map(|diagnostic| diagnostic.hint.as_deref()).collect();
    let probed: usize = files.iter().map(|(_, text)| text.matches("zzzz").count()).sum();
    assert_eq!(hints.len(), probed, "{hints:#?}");
    let known = hints.iter().flat_map(|hint| hint.trim_start_matches(before).split(", "));
    known.map(str::to_owned).collect()
}

#[test]
fn the_page_names_every_key_and_word_that_the_reader_knows() {
    let keys =
        [("one/schema.toml", SCHEMA), ("two/schema.toml", SOUND), ("two/dialect.toml", DIALECT)];
    let keys = listed(&keys, "T002", "known keys: ");
    let words = [
        ("one/schema.toml", SCHEMA_WORDS),
        ("two/schema.toml", SOUND),
        ("two/dialect.toml", DIALECT_WORDS),
    ];
    let words = listed(&words, "T005", "allowed: ");
    assert!(keys.len() > 60 && words.len() > 40, "{keys:?} {words:?}");
    let blocks = Page::read("docs/dialects.md").blocks();
    let shown: String = blocks.into_iter().map(|block| block.text).collect();
    let shown: BTreeSet<_> = shown.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let missing: Vec<_> =
        keys.iter().chain(&words).filter(|word| !shown.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "docs/dialects.md does not name {missing:?}");
}
