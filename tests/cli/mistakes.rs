//! Every mistake that a configuration can have: its code, and the text that it points at.

use std::collections::BTreeSet;
use std::path::Path;

use scim_gateway::config::{self, CODES, Config, Surroundings};
use scim_gateway::diagnostic::{Mistakes, Source};
use scim_gateway::dialect::Dialects;

const HASH: &str = "7c43ef5ae21d43ce2743f770c68e24def1a43ee2f416d2438410c8af7af2ff2c";

fn good() -> String {
    format!(
        r#"
[server]
listen = ["127.0.0.1:0"]
[upstream.a]
dialect = "scim"
url = "https://directory.example/base"
ca = "empty"
auth = {{ bearer = {{ env = "TOKEN" }} }}
[upstream.pg]
dialect = "pingone"
url = "sandbox:pingone"
vars = {{ environment = "e" }}
[[route]]
prefix = "/a"
client = "scim"
upstream = "a"
auth = [{{ name = "idp", bearer_sha256 = "{HASH}" }}]
[[route]]
prefix = "/pg"
client = "scim"
upstream = "pg"
auth = "none"
"#
    )
}

fn load(text: &str) -> Result<(), Mistakes> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("empty"), "\n").unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(directory.path().join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(directory.path().join("cert.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    let overlay = "version = 1\ndialect = \"scim\"\nresource = \"Robot\"\n";
    std::fs::write(directory.path().join("robot.toml"), overlay).unwrap();
    let overlay = "version = 1\ndialect = \"scim\"\nresource = \"User\"\n\n[[map]]\n\
                   canonical = \"$.title\"\nvendor = \"$.nickName\"\n";
    for name in ["one.toml", "two.toml"] {
        std::fs::write(directory.path().join(name), overlay).unwrap();
    }
    let env = |name: &str| (name == "TOKEN").then(|| "s3cr3t-value".to_owned());
    let around = Surroundings { directory: directory.path(), env: &env };
    let config = Config::read(&Source::new("config.toml", text), &around)?;
    config::specs(&config, &Dialects::embedded()?).map(drop)
}

#[test]
fn the_good_one_is_good() {
    if let Err(found) = load(&good()) {
        panic!("{}", found.text(false));
    }
}

const BEARER: &str = "bearer = { env = \"TOKEN\" }";

/// (code, what is replaced, by what, what the primary label underlines)
const CASES: &[(&str, &str, &str, &str)] = &[
    ("C001", "ca = \"empty\"", "ca = \"none.pem\"", "\"none.pem\""),
    ("C002", "127.0.0.1:0", "localhost", "\"localhost\""),
    ("C028", "[upstream.a]", "[upstream.a]\nhealth = { authorization = true }", "true"),
    (
        "C028",
        "auth = { bearer = { env = \"TOKEN\" } }",
        "health = { path = \"/h\", authorization = true }",
        "{ path = \"/h\", authorization = true }",
    ),
    (
        "C002",
        "[\"127.0.0.1:0\"]",
        "[\"127.0.0.1:0\"]\nproxy_protocol = [\"10.0.0.0/33\"]",
        "\"10.0.0.0/33\"",
    ),
    (
        "C041",
        "[\"127.0.0.1:0\"]",
        "[\"127.0.0.1:0\"]\nupgrade_socket = \"none/up.sock\"",
        "\"none/up.sock\"",
    ),
    ("C003", "[upstream.a]", "[server.limits]\nclient = \"30\"\n[upstream.a]", "\"30\""),
    ("C003", "[upstream.a]", "[server.limits]\nclient = \"0s\"\n[upstream.a]", "\"0s\""),
    (
        "C003",
        "[upstream.a]",
        "[server.limits]\nclient = \"99999999999999999999m\"\n[upstream.a]",
        "\"99999999999999999999m\"",
    ),
    ("C004", "[upstream.a]", "[server.limits]\nbody = 1\n[upstream.a]", "1"),
    (
        "C005",
        "https://directory.example/base",
        "ftp://directory.example",
        "\"ftp://directory.example\"",
    ),
    (
        "C005",
        "https://directory.example/base",
        "https://u:hunter2@d.example",
        "\"https://u:hunter2@d.example\"",
    ),
    (
        "C005",
        "[upstream.a]",
        "public_url = \"https://a.example/path\"\n[upstream.a]",
        "\"https://a.example/path\"",
    ),
    (
        "C006",
        "{ env = \"TOKEN\" }",
        "{ env = \"TOKEN\", file = \"x\" }",
        "{ env = \"TOKEN\", file = \"x\" }",
    ),
    ("C006", "{ env = \"TOKEN\" }", "{ }", "{ }"),
    ("C007", "env = \"TOKEN\"", "env = \"NOT_SET\"", "\"NOT_SET\""),
    ("C007", "env = \"TOKEN\"", "file = \"empty\"", "\"empty\""),
    ("C007", "env = \"TOKEN\"", "credential = \"scim\"", "\"scim\""),
    ("C008", "env = \"TOKEN\"", "literal = \"hunter2\"", "\"hunter2\""),
    ("C009", "prefix = \"/a\"", "prefix = \"/a/\"", "\"/a/\""),
    ("C009", "prefix = \"/a\"", "prefix = \"a\"", "\"a\""),
    ("C009", "prefix = \"/a\"", "prefix = \"/a/../b\"", "\"/a/../b\""),
    ("C009", "prefix = \"/a\"", "prefix = \"/a%2f\"", "\"/a%2f\""),
    ("C010", "prefix = \"/a\"", "prefix = \"/a\"\nhost = \"https://x\"", "\"https://x\""),
    ("C011", "prefix = \"/pg\"", "prefix = \"/a\"", "\"/a\""),
    ("C012", HASH, "hunter2", "\"hunter2\""),
    ("C013", "127.0.0.1:0", "0.0.0.0:0", "\"none\""),
    (
        "C014",
        "prefix = \"/a\"",
        "prefix = \"/a\"\noverlays = [\"nowhere.toml\"]",
        "\"nowhere.toml\"",
    ),
    (
        "C015",
        "prefix = \"/a\"",
        "prefix = \"/a\"\nmode = \"passthrough\"\nwaive = [\"active\"]",
        "[\"active\"]",
    ),
    ("C015", "prefix = \"/pg\"", "prefix = \"/pg\"\nmode = \"passthrough\"", "\"pg\""),
    ("C015", "prefix = \"/a\"", "prefix = \"/a\"\nmode = \"passthrough\"", "\"a\""),
    ("C016", "upstream = \"a\"", "upstream = \"aa\"", "\"aa\""),
    ("C017", "dialect = \"scim\"", "dialect = \"scimm\"", "\"scimm\""),
    (
        "C038",
        "vars = { environment = \"e\" }",
        "vars = { environment = \"e\" }\npatch = \"typed\"",
        "\"typed\"",
    ),
    ("C018", "sandbox:pingone", "sandbox:pingon", "\"sandbox:pingon\""),
    ("C019", "vars = { environment = \"e\" }", "vars = { }", "{ }"),
    (
        "C020",
        "environment = \"e\"",
        "environment = \"e\", enviroment = \"e\"",
        "{ environment = \"e\", enviroment = \"e\" }",
    ),
    ("C043", "environment = \"e\"", "environment = \"e?a=b\"", "{ environment = \"e?a=b\" }"),
    ("C043", "environment = \"e\"", "environment = \"../e\"", "{ environment = \"../e\" }"),
    ("C043", "environment = \"e\"", "environment = \"\"", "{ environment = \"\" }"),
    ("C001", "[server]", "rules = \"my-ruels\"\n[server]", "\"my-ruels\""),
    (
        "C005",
        "https://directory.example/base",
        "https://directory.example//base",
        "\"https://directory.example//base\"",
    ),
    (
        "C021",
        "prefix = \"/a\"",
        "prefix = \"/a\"\noverlays = [\"rules/overlays/omni-department.toml\"]",
        "",
    ),
    ("C022", "prefix = \"/a\"", "prefix = \"/a\"\noverlays = [\"robot.toml\"]", ""),
    ("C023", "[\"127.0.0.1:0\"]", "[]", "[]"),
    ("C023", "auth = \"none\"", "auth = []", "[]"),
    (
        "C023",
        "auth = \"none\"",
        "auth = [{ name = \"a\", bearer_sha256 = \"HASH\", allow = [] }]",
        "[]",
    ),
    ("T005", "auth = \"none\"", "auth = [{ name = \"a\", allow = [\"write\"] }]", "\"write\""),
    ("T005", "auth = \"none\"", "auth = [{ name = \"a\", resources = [\"user\"] }]", "\"user\""),
    (
        "C011",
        "auth = \"none\"",
        "auth = [{ name = \"a\", bearer_sha256 = \"HASH\" }, { name = \"b\", bearer_sha256 = \"HASH\", allow = [\"read\"] }]",
        "[{ name",
    ),
    ("C025", "bearer_sha256", "basic_sha256 = \"\", bearer_sha256", "{ name"),
    ("C025", "auth = \"none\"", "auth = [{ name = \"a\" }]", "{ name"),
    ("C025", "auth = \"none\"", "auth = [{ name = \"a\", certificate = { } }]", "{ }"),
    (
        "C025",
        "auth = \"none\"",
        "auth = [{ name = \"a\", certificate = { san = \"dns\" } }]",
        "\"dns\"",
    ),
    (
        "C026",
        "auth = \"none\"",
        "auth = [{ name = \"a\", certificate = { subject = \"CN=a\" } }]",
        "{ subject",
    ),
    (
        "C027",
        "auth = \"none\"",
        "auth = [{ name = \"a\", jwt = { issuer = \"i\", audience = \"a\" } }]",
        "{ issuer",
    ),
    (
        "C027",
        "auth = \"none\"",
        "auth = [{ name = \"a\", jwt = { issuer = \"i\", audience = \"a\", jwks_file = \"empty\", keep = \"1s\" } }]",
        "{ issuer",
    ),
    (
        "C005",
        "auth = \"none\"",
        "auth = [{ name = \"a\", jwt = { issuer = \"i\", audience = \"a\", jwks_url = \"http://keys.example/hunter2\" } }]",
        "\"http://keys.example/hunter2\"",
    ),
    (
        "T005",
        "auth = \"none\"",
        "auth = [{ name = \"a\", jwt = { issuer = \"i\", audience = \"a\", jwks_file = \"empty\", algorithms = [\"HS256\"] } }]",
        "\"HS256\"",
    ),
    (
        "C012",
        "auth = \"none\"",
        "auth = [{ name = \"a\", basic_sha256 = \"hunter2\" }]",
        "\"hunter2\"",
    ),
    (
        "C012",
        "auth = \"none\"",
        "auth = [{ name = \"a\", access_key = { project = \"p\", sha256 = \"hunter2\" } }]",
        "\"hunter2\"",
    ),
    ("C048", "name = \"idp\"", "name = \"\"", "\"\""),
    ("C030", "{ bearer = { env = \"TOKEN\" } }", "{ }", "{ }"),
    (
        "C030",
        "{ bearer = { env = \"TOKEN\" } }",
        "{ bearer = { env = \"TOKEN\" }, basic = { } }",
        "{ bearer = ",
    ),
    (
        "C031",
        "bearer = { env = \"TOKEN\" }",
        "basic = { user = \"a:b\", password = { env = \"TOKEN\" } }",
        "\"a:b\"",
    ),
    (
        "C031",
        "bearer = { env = \"TOKEN\" }",
        "header = { name = \"Content-Length\", value = { env = \"TOKEN\" } }",
        "\"Content-Length\"",
    ),
    (
        "C032",
        "bearer = { env = \"TOKEN\" }",
        "oauth = { token_url = \"http://login.example/\", client_id = \"a\", client_secret = { env = \"TOKEN\" } }",
        "\"http://login.example/\"",
    ),
    (
        "C032",
        "bearer = { env = \"TOKEN\" }",
        "oauth = { token_url = \"https://u:hunter2@login.example/\", client_id = \"a\", client_secret = { env = \"TOKEN\" } }",
        "\"https://u:hunter2@login.example/\"",
    ),
    (
        "C044",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\" }",
        "{ token_url",
    ),
    (
        "C044",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", client_secret = { env = \"TOKEN\" }, private_key_jwt = { key = { file = \"key.pem\" } } }",
        "{ key = ",
    ),
    (
        "C044",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", method = \"post\", private_key_jwt = { key = { file = \"key.pem\" } } }",
        "\"post\"",
    ),
    (
        "C044",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", method = \"post\", client_cert = { cert = \"a\", key = \"b\" } }",
        "\"post\"",
    ),
    (
        "C045",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { key = { file = \"cert.pem\" } } }",
        "{ file = \"cert.pem\" }",
    ),
    (
        "C045",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { key = { env = \"TOKEN\" } } }",
        "{ env = \"TOKEN\" }",
    ),
    (
        "C045",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { key = { file = \"key.pem\" }, algorithm = \"PS256\" } }",
        "\"PS256\"",
    ),
    (
        "T005",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { key = { file = \"key.pem\" }, algorithm = \"HS256\" } }",
        "\"HS256\"",
    ),
    (
        "C007",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { key = { file = \"none.pem\" } } }",
        "\"none.pem\"",
    ),
    (
        "C008",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { key = { literal = \"hunter2\" } } }",
        "\"hunter2\"",
    ),
    (
        "T003",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { kid = \"1\" } }",
        "{ kid = ",
    ),
    (
        "C031",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", private_key_jwt = { key = { file = \"key.pem\" }, kid = \"\" } }",
        "\"\"",
    ),
    (
        "C031",
        BEARER,
        "oauth = { token_url = \"https://a.example/\", client_id = \"a\", client_secret = { env = \"TOKEN\" }, params = { client_assertion = \"hunter2\" } }",
        "\"hunter2\"",
    ),
    (
        "C033",
        BEARER,
        "oauth = { token_url = \"http://127.0.0.1/\", client_id = \"a\", client_cert = { cert = \"a\", key = \"b\" } }",
        "{ cert = ",
    ),
    (
        "C027",
        "auth = \"none\"",
        "auth = [{ name = \"a\", client_assertion = { client_id = \"\", jwks_file = \"empty\" } }]",
        "{ client_id",
    ),
    (
        "C027",
        "auth = \"none\"",
        "auth = [{ name = \"a\", client_assertion = { client_id = \"a\" } }]",
        "{ client_id",
    ),
    (
        "C027",
        "auth = \"none\"",
        "auth = [{ name = \"a\", client_assertion = { client_id = \"a\", jwks_file = \"empty\", lifetime = \"61m\" } }]",
        "{ client_id",
    ),
    (
        "C025",
        "auth = \"none\"",
        "auth = [{ name = \"a\", jwt = { issuer = \"i\", audience = \"a\", jwks_file = \"empty\" }, client_assertion = { client_id = \"a\", jwks_file = \"empty\" } }]",
        "{ name",
    ),
    (
        "T003",
        "auth = \"none\"",
        "auth = [{ name = \"a\", client_assertion = { jwks_file = \"empty\" } }]",
        "{ jwks_file",
    ),
    (
        "C033",
        "https://directory.example/base\"",
        "http://directory.example/base\"\nclient_cert = { cert = \"a\", key = \"b\" }",
        "{ cert = ",
    ),
    ("C034", "[{ name = \"idp\", bearer_sha256", "\"forward\" # ", "\"a\""),
    ("C028", "ca = \"empty\"", "health = { path = \"a b\" }", "\"a b\""),
    (
        "C028",
        "ca = \"empty\"",
        "breaker = { pause = \"2m\", longest = \"1m\" }",
        "{ pause = \"2m\", longest = \"1m\" }",
    ),
    ("C028", "ca = \"empty\"", "ejection = { pause = \"10m\" }", "{ pause = \"10m\" }"),
    ("C029", "\"https://directory.example/base\"", "[]", "[]"),
    (
        "C029",
        "\"https://directory.example/base\"",
        "[\"https://a.example\", \"https://b.example/base\"]",
        "[\"https://a.example\", \"https://b.example/base\"]",
    ),
    (
        "C029",
        "\"https://directory.example/base\"",
        "[\"https://a.example\", \"https://a.example:443/\"]",
        "[\"https://a.example\", \"https://a.example:443/\"]",
    ),
    ("C004", "ca = \"empty\"", "rate = { calls = 0, per = \"1m\" }", "0"),
    ("C004", "ca = \"empty\"", "retries = { share = 101 }", "101"),
    ("T003", "ca = \"empty\"", "rate = { calls = 60 }", "{ calls = 60 }"),
    (
        "C042",
        "https://directory.example/base",
        "http://directory.example/base",
        "\"http://directory.example/base\"",
    ),
    ("C046", "ca = \"empty\"", "demo = true", "true"),
    ("T003", "auth = \"none\"\n", "", "[[route]]"),
    ("T002", "prefix = \"/a\"", "prefix = \"/a\"\nuptream = \"a\"", "uptream"),
];

#[test]
fn each_mistake_has_its_code_and_points_at_its_text() {
    for (code, old, new, wanted) in CASES {
        let text = good();
        assert!(text.contains(old), "{code}: {old}");
        let text = text.replacen(old, &new.replace("HASH", HASH), 1);
        let found = match load(&text) {
            Ok(()) => panic!("{code} is not found: {new}"),
            Err(found) => found,
        };
        let shown = found.text(false);
        let Some(diagnostic) = found.diagnostics.iter().find(|d| d.code.id == *code) else {
            panic!("{code} is not among: {shown}");
        };
        let label = diagnostic.labels.first().unwrap();
        let underlined = if label.file.as_ref() == "config.toml" {
            text.get(label.span.clone()).unwrap()
        } else {
            ""
        };
        assert!(underlined.starts_with(wanted), "{code}: {underlined:?} for {new:?}");
        for secret in ["s3cr3t-value", "hunter2"] {
            let message = format!("{} {:?} {}", diagnostic.message, diagnostic.hint, label.text);
            assert!(!message.contains(secret), "{code}: {message}");
            assert!(!shown.contains(secret), "{code}: {shown}");
        }
    }
}

#[test]
fn every_code_has_a_case() {
    let mut shown: BTreeSet<_> = CASES.iter().map(|(code, ..)| *code).collect();
    // tests/cli/program.rs: only the program itself tries the files.
    shown.insert("C024");
    // tests/cli/at_once.rs: a warning.
    shown.insert("C047");
    // tests/cli/newcomer.rs: only what serves keeps files.
    shown.insert("C049");
    // tests/cli/reload.rs: two configurations are compared.
    shown.insert("C040");
    let missing: Vec<_> = CODES.iter().filter(|code| !shown.contains(code.id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(CODES.is_sorted_by_key(|code| code.id));
}

#[test]
fn all_mistakes_come_at_once() {
    let text = good()
        .replace("127.0.0.1:0", "nowhere")
        .replace("env = \"TOKEN\"", "env = \"NOT_SET\"")
        .replace("prefix = \"/a\"", "prefix = \"/a/\"");
    let found = load(&text).unwrap_err();
    let codes: BTreeSet<_> = found.diagnostics.iter().map(|d| d.code.id).collect();
    assert!(codes.is_superset(&BTreeSet::from(["C002", "C007", "C009"])), "{codes:?}");
}

#[test]
fn what_is_wrong_with_a_client_of_a_token_endpoint_comes_at_once() {
    let wrong = "oauth = { token_url = \"ftp://a.example/\", client_id = \"\", method = \"best\", \
                 private_key_jwt = { key = { file = \"cert.pem\" }, algorithm = \"none\", kid = \"a\\u0000\" }, \
                 client_secret = { env = \"NOT_SET\" }, client_cert = { cert = \"cert.pem\" }, \
                 params = { scope = \"a\" }, ca = \"none.pem\" }";
    let found = load(&good().replacen(BEARER, wrong, 1)).unwrap_err();
    let codes: Vec<_> = found.diagnostics.iter().map(|d| d.code.id).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    let all =
        ["C001", "C007", "C031", "C031", "C031", "C032", "C044", "C045", "T003", "T005", "T005"];
    assert_eq!(sorted, all, "{}", found.text(false));
}

#[test]
fn who_makes_no_call_needs_no_private_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    for key in ["env = \"NOT_SET_ANYWHERE\"", "credential = \"not-there\""] {
        let client = format!(
            "oauth = {{ token_url = \"https://a.example/\", client_id = \"a\", \
             private_key_jwt = {{ key = {{ {key} }}, algorithm = \"PS256\" }} }}"
        );
        let text = good().replacen(BEARER, &client, 1).replace("ca = \"empty\"", "");
        std::fs::write(&file, text).unwrap();
        let read = Config::inspect(&file).and_then(config::Draft::finish);
        assert!(read.is_ok(), "{key}: {}", read.unwrap_err().text(false));
        assert!(Config::load(&file).is_err(), "{key}");
    }
}

#[test]
fn no_form_of_the_configuration_shows_a_secret() {
    let env = |_: &str| Some("s3cr3t-value".to_owned());
    let around = Surroundings { directory: Path::new(""), env: &env };
    let text = good().replace("ca = \"empty\"", "");
    let config = Config::read(&Source::new("config.toml", text), &around).unwrap();
    assert!(!format!("{config:?}").contains("s3cr3t-value"));
}

#[test]
fn text_that_is_not_a_configuration_is_refused_and_never_panics() {
    let broken: Vec<String> =
        (0..good().len()).filter_map(|end| good().get(..end).map(str::to_owned)).collect();
    for text in broken.iter().map(String::as_str).chain([
        "",
        "[",
        "server = 1",
        "route = [1]",
        "[upstream]\na = 1",
        "\u{0}",
        "[server]\nlisten = 3",
    ]) {
        let _ = load(text);
    }
}

#[test]
fn two_overlays_of_one_route_may_not_claim_one_place() {
    let both = "prefix = \"/a\"\noverlays = [\"one.toml\", \"two.toml\"]";
    let found = load(&good().replacen("prefix = \"/a\"", both, 1)).unwrap_err();
    let shown = found.text(false);
    assert!(shown.contains("one.toml") && shown.contains("two.toml"), "{shown}");
}

#[test]
fn a_pass_through_route_holds_nobody_to_rights() {
    let text = good().replace("ca = \"empty\"", "").replacen(
        "upstream = \"a\"\nauth = [{ name = \"idp\",",
        "upstream = \"a\"\nmode = \"passthrough\"\nauth = [{ name = \"idp\", RIGHTS",
        1,
    );
    assert!(load(&text.replace("RIGHTS", "")).is_ok());
    for rights in ["allow = [\"read\"],", "resources = [\"User\"],"] {
        let found = load(&text.replace("RIGHTS", rights)).unwrap_err();
        let codes: Vec<_> = found.diagnostics.iter().map(|found| found.code.id).collect();
        assert_eq!(codes, ["C015"], "{rights}: {}", found.text(false));
    }
}

#[test]
fn a_right_that_is_no_list_is_one_mistake() {
    let text = good().replacen("name = \"idp\",", "name = \"idp\", allow = \"read\",", 1);
    let found = load(&text).unwrap_err();
    let codes: Vec<_> = found.diagnostics.iter().map(|found| found.code.id).collect();
    assert_eq!(codes, ["T004"], "{}", found.text(false));
}
