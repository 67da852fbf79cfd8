//! One run of `check` tells every mistake, wherever it stands, in one form.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn check(file: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.env_remove("SCIM_GATEWAY_CONFIG").arg("check").arg(file).args(more).output().unwrap()
}

fn json(file: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let output = check(file, &[more, &["--format", "json"]].concat());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

/// (code, the last part of the first label's file)
fn codes(told: &Value) -> BTreeSet<(String, String)> {
    let file = |diagnostic: &Value| {
        let file = diagnostic.pointer("/labels/0/file").and_then(Value::as_str).unwrap_or_default();
        file.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let found = told["diagnostics"].as_array().unwrap().iter();
    found.map(|found| (found["code"].as_str().unwrap().to_owned(), file(found))).collect()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const PLAIN: &str = "[server]\nlisten = [\"127.0.0.1:0\"]\n";

const ALL_WRONG: &str = r#"
rules = "my-rules"

[server]
listen = ["127.0.0.1:0"]
tls = { cert = "cert.pem", key = "cert.pem" }

[upstream.acme]
dialect = "acme"
url = "https://acme.example"
auht = { bearer = { env = "ACME_TOKEN" } }

[upstream.twice]
dialect = "scimm"                     # a typo, beside another mistake
url = "ftp://twice.example"
auth = { bearer = { env = "NOT_SET_ANYWHERE" } }

[upstream.lame]
dialect = "lame"
url = "https://lame.example"

[upstream.pingone]
dialect = "pingone"
url = "sandbox:pingone"

[upstream.open]
dialect = "scim"
url = "http://open.example"
auth = { header = { name = "X-Key", value = { env = "PATH" } } }

[[route]]
prefix = "/a"
client = "scimmm"                     # a typo, beside another mistake
upstream = "acm"

[[route]]
prefix = "/b"
client = "scim"
upstream = "acme"
overlays = ["overlay.toml"]           # has a mistake, on a route with one
auth = [{ name = "x", bearer_sha256 = "no hash" }]

[[route]]
prefix = "/c/"
client = "scim"
upstream = "pingone"                  # its variable is missing
auth = "none"

[[route]]
prefix = "/d"
client = "scim"
upstream = "lame"
auth = "none"

[[route]]
prefix = "/d"
client = "scim"
upstream = "open"
auth = "none"
"#;

const ACME: &str = r#"version = 1
title = "Acme"
base = "/api/v1"
media_type = "application/json"
authorization = "Bearer {token}"

[errors]
answer = { message = "{detail}" }

[user]
path = "people?active=all"
operations = ["create", "get", "replace", "delete", "list"]
put = "replace"
clear = "omit"
schemas_in_request = "none"
schemas_in_answer = "none"

[user.list]
paging = "index"
default_count = 50
max_count = 50
"#;

const SCHEMA: &str = "version = 1\n\n[user]\nurn = \"no urn\"\nresource = \"User\"\n\n\
                      [[user.attribute]]\nname = \"login\"\n";

const RULES: &str = "version = 1\n\n[[map]]\ncanonical = \"$.userName\"\nvendor = \"$.logn\"\n\n\
                     [[map]]\n\
                     canonical = \"$['urn:ietf:params:scim:schemas:extension:enterprise:User:2.0'].department\"\n\
                     vendor = \"$.login\"\n";

const OVERLAY: &str = "version = 1\ndialect = \"acme\"\nresource = \"User\"\n\n[[map]]\n\
                       canonical = \"$.nickNam\"\nvendor = \"$.login\"\n";

// Fifteen mistakes were told in four rounds. Paths, URNs and pages were not looked at.
#[test]
fn one_run_tells_the_mistakes_of_every_stage() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "config.toml", ALL_WRONG);
    write(folder, "cert.pem", "no certificate");
    write(folder, "overlay.toml", OVERLAY);
    write(folder, "my-rules/acme/dialect.toml", ACME);
    write(folder, "my-rules/acme/schema.toml", SCHEMA);
    write(folder, "my-rules/acme/user.toml", RULES);
    write(folder, "my-rules/acme/cases.md", "## One\n\n```json canonical\n{\n```\n");
    write(folder, "my-rules/lame/schema.toml", SCHEMA);
    let (code, told) = json(&folder.join("config.toml"), &[]);
    assert_eq!(code, Some(1));
    let found = codes(&told);
    for (code, file) in [
        ("T002", "config.toml"),
        ("T003", "config.toml"),
        ("C005", "config.toml"),
        ("C007", "config.toml"),
        ("C009", "config.toml"),
        ("C011", "config.toml"),
        ("C012", "config.toml"),
        ("C016", "config.toml"),
        ("C017", "config.toml"),
        ("C019", "config.toml"),
        ("C024", ""),
        ("C042", "config.toml"),
        ("D001", ""),
        ("D005", "dialect.toml"),
        ("S006", "schema.toml"),
        ("R020", "user.toml"),
        ("R037", "user.toml"),
        ("R021", "overlay.toml"),
        ("D022", "cases.md"),
    ] {
        assert!(found.contains(&(code.to_owned(), file.to_owned())), "{code} {file}: {told:#}");
    }
    let unknown: Vec<_> = told["diagnostics"].as_array().unwrap().iter().collect();
    let unknown = unknown.into_iter().filter(|found| found["code"] == "C017");
    let unknown: BTreeSet<_> = unknown.map(|found| found["message"].as_str().unwrap()).collect();
    // `lame` is there, and its own mistake is told.
    let wanted = ["there is no dialect `scimm`", "there is no dialect `scimmm`"];
    assert_eq!(unknown, BTreeSet::from(wanted));
    assert_eq!(
        told["errors"].as_u64().unwrap() as usize,
        told["diagnostics"].as_array().unwrap().len()
    );
}

// A rules directory that is not there hid all else, and had no place.
#[test]
fn a_rules_directory_that_is_not_there_has_its_place_and_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("my-rules")).unwrap();
    let text = format!(
        "rules = \"my-ruels\"\n{PLAIN}[upstream.a]\ndialect = \"scimm\"\nurl = \"sandbox:scim\"\n\
         [[route]]\nprefix = \"/a\"\nclient = \"scim\"\nupstream = \"b\"\nauth = \"none\"\n"
    );
    write(folder, "config.toml", &text);
    let (code, told) = json(&folder.join("config.toml"), &[]);
    assert_eq!(code, Some(1));
    let codes: BTreeSet<_> = codes(&told).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["C001", "C016", "C017"].map(str::to_owned).into());
    let shown = told.to_string();
    assert!(shown.contains("did you mean `my-rules`?") && shown.contains("\"line\":1"), "{shown}");
}

// One form for success and failure, and warnings that can be denied.
#[test]
fn warnings_pass_unless_they_are_denied_and_the_form_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let with = |cleartext: &str| {
        format!(
            "{PLAIN}[upstream.a]\ndialect = \"scim\"\nurl = \"http://a.example\"\n{cleartext}\n\
             auth = {{ bearer = {{ env = \"PATH\" }} }}\n\
             [[route]]\nprefix = \"/a\"\nclient = \"scim\"\nupstream = \"a\"\nauth = \"none\"\n"
        )
    };
    let keys = |told: &Value| told.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    std::fs::write(&file, with("cleartext = true")).unwrap();
    let (code, passed) = json(&file, &[]);
    assert_eq!((code, &passed["outcome"]), (Some(0), &Value::from("passed")), "{passed:#}");
    assert_eq!((passed["errors"].as_u64(), passed["warnings"].as_u64()), (Some(0), Some(1)));
    assert_eq!(passed["diagnostics"][0]["severity"], "warning");
    assert_eq!(passed["routes"].as_array().map(Vec::len), Some(1));
    let (code, denied) = json(&file, &["--deny-warnings"]);
    assert_eq!((code, &denied["outcome"]), (Some(1), &Value::from("failed")));
    assert_eq!(denied["diagnostics"], passed["diagnostics"]);
    let text = check(&file, &[]);
    assert!(text.status.success());
    let shown = String::from_utf8_lossy(&text.stderr).into_owned();
    assert!(shown.contains("no mistakes, 1 warning"), "{shown}");
    let shown = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(shown.contains("1 route, no mistakes, 1 warning"), "{shown}");
    assert_eq!(check(&file, &["--deny-warnings"]).status.code(), Some(1));
    std::fs::write(&file, with("")).unwrap();
    let (code, failed) = json(&file, &["--deny-warnings"]);
    assert_eq!((code, failed["errors"].as_u64()), (Some(1), Some(1)));
    assert_eq!((&failed["rules"], &failed["routes"]), (&Value::Null, &Value::Array(Vec::new())));
    let shown = String::from_utf8_lossy(&check(&file, &[]).stderr).into_owned();
    assert!(shown.ends_with("1 mistake\n"), "{shown}");
    std::fs::write(&file, "[").unwrap();
    let (_, broken) = json(&file, &[]);
    let (_, nowhere) = json(Path::new("/nowhere/config.toml"), &[]);
    for told in [&denied, &failed, &broken, &nowhere] {
        assert_eq!(keys(told), keys(&passed), "{told}");
    }
}

// The files of an upstream's client and of its client at the token endpoint.
#[test]
fn both_certificates_of_an_upstream_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = format!(
        "{PLAIN}[upstream.a]\ndialect = \"scim\"\nurl = \"https://a.example\"\n\
         client_cert = {{ cert = \"one.pem\", key = \"one.pem\" }}\n\
         [upstream.a.auth.oauth]\ntoken_url = \"https://a.example/token\"\nclient_id = \"a\"\n\
         client_cert = {{ cert = \"two.pem\", key = \"two.pem\" }}\n\
         [[route]]\nprefix = \"/a\"\nclient = \"scim\"\nupstream = \"a\"\nauth = \"none\"\n"
    );
    write(folder, "config.toml", &text);
    write(folder, "one.pem", "no certificate");
    let (code, told) = json(&folder.join("config.toml"), &[]);
    assert_eq!(code, Some(1));
    let shown = told["diagnostics"].to_string();
    assert!(shown.contains("C024") && shown.contains("upstream `a`"), "{shown}");
    assert!(shown.contains("one.pem") && shown.contains("two.pem"), "{shown}");
}
