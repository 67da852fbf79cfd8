//! Mistakes of all kinds of files: the schema refuses each, and so does `check`; and forms that both take.

use std::path::Path;
use std::process::Command;

use scim_gateway::cli::schema::Kind;

use crate::schema::{blocks, mistakes, read, validator};

const CONFIG: &str = r#"rules = "my-rules"

[server]
listen = ["127.0.0.1:0"]
drain = "30s"

[server.limits]
body = 4096

[log]
level = "info"

[upstream.every]
dialect = "every"
url = "https://every.example"
auth = { bearer = { env = "PATH" } }
vars = { tenant = "acme" }
timeouts = { call = "3s" }
breaker = { failures = 2 }
retries = { share = 10 }
limits = { calls = 2 }

[upstream.plain]
dialect = "scim"
url = "sandbox:scim"

[[route]]
prefix = "/every"
client = "scim"
upstream = "every"
overlays = ["overlay.toml"]
mode = "translate"
loss = "report"
delete = "forward"
waive = ["active"]
auth = [{ name = "idp", bearer_sha256 = "7c43ef5ae21d43ce2743f770c68e24def1a43ee2f416d2438410c8af7af2ff2c", allow = ["read"] }]

[[route]]
prefix = "/plain"
client = "scim"
upstream = "plain"
auth = "none"
"#;

const C: (Kind, &str) = (Kind::Config, "config.toml");
const D: (Kind, &str) = (Kind::Dialect, "my-rules/every/dialect.toml");
const A: (Kind, &str) = (Kind::Attributes, "my-rules/every/schema.toml");
const R: (Kind, &str) = (Kind::Rules, "my-rules/every/user.toml");
const O: (Kind, &str) = (Kind::Overlay, "overlay.toml");

const BEARER: &str =
    "bearer_sha256 = \"7c43ef5ae21d43ce2743f770c68e24def1a43ee2f416d2438410c8af7af2ff2c\"";

/// The file, what is written there, and what is written instead.
const MISTAKES: &[((Kind, &str), &str, &str)] = &[
    // Keys.
    (C, "listen =", "lisen ="),
    (C, "[server.limits]", "[server.limit]"),
    (C, "[upstream.plain]", "[upstreams.plain]"),
    (C, "client = \"scim\"\nupstream = \"every\"", "upstream = \"every\""),
    (C, "dialect = \"every\"\n", ""),
    (C, "waive =", "waived ="),
    (D, "title =", "titel ="),
    (D, "base = \"/tenants/{tenant}/v2\"", ""),
    (D, "value_paths =", "value_path ="),
    (A, "canonicalValues =", "canonicalvalues ="),
    (A, "name = \"enabled\"\n", ""),
    (A, "urn = \"urn:example:every:2.0:User\"", ""),
    (R, "pick =", "pik ="),
    (R, "canonical = \"$.active\"\n", "cannonical = \"$.active\"\n"),
    (R, "version = 1 ", "# "),
    (R, "[[fill]]", "[[fills]]"),
    (O, "dialect =", "dialects ="),
    (O, "[[map]]", "[[maps]]"),
    // Types.
    (C, "[\"127.0.0.1:0\"]", "\"127.0.0.1:0\""),
    (C, "drain = \"30s\"", "drain = 30"),
    (C, "body = 4096", "body = \"4k\""),
    (C, "timeouts = { call = \"3s\" }", "timeouts = \"3s\""),
    (C, "waive = [\"active\"]", "waive = \"active\""),
    (C, "overlays = [\"overlay.toml\"]", "overlays = \"overlay.toml\""),
    (D, "etag = true", "etag = \"no\""),
    (D, "etag = true ", "# "),
    (D, "operations = [\"create\", \"get\", \"replace\", \"patch\",", "operations = [1,"),
    (A, "required = [\"create\", \"replace\"]", "required = true"),
    (A, "multiValued = true", "multiValued = \"yes\""),
    (A, "max = 1 ", "max = -1 "),
    (R, "sticky = true", "sticky = \"yes\""),
    (
        R,
        "equals = true }   # a condition on the canonical resource: `equals` is a text, number or boolean. Default: always",
        "equals = [] }",
    ),
    // Words.
    (C, "level = \"info\"", "level = \"trace\""),
    (C, "mode = \"translate\"", "mode = \"pass\""),
    (C, "loss = \"report\"", "loss = \"ignore\""),
    (C, "delete = \"forward\"", "delete = \"remove\""),
    (C, "waive = [\"active\"]", "waive = [\"title\"]"),
    (C, "allow = [\"read\"]", "allow = [\"GET\"]"),
    (C, "breaker = { failures = 2 }", "breaker = \"on\""),
    (C, "sandbox:scim", "sandbox:scimm"),
    (D, "put = \"replace\"", "put = \"patch\""),
    (D, "clear = \"null\"", "clear = \"none\""),
    (D, "paging = \"index\"", "paging = \"offset\""),
    (D, "\"string_booleans\",", "\"string_boolean\","),
    (D, "operators = [\"eq\", \"sw\"]", "operators = [\"equals\"]"),
    (A, "mutability = \"readWrite\"", "mutability = \"readonly\""),
    (A, "type = \"complex\"", "type = \"object\""),
    (A, "format = \"email\"", "format = \"phone\""),
    (R, "convert = \"boolean_text\"", "convert = \"csv\""),
    (R, "otherwise = \"refuse\"", "otherwise = \"ignore\""),
    (R, "\"primary\", \"type=work\"", "\"last\""),
    // Forms of texts and numbers.
    (C, "drain = \"30s\"", "drain = \"30\""),
    (C, "drain = \"30s\"", "drain = \"1h\""),
    (C, "drain = \"30s\"", "drain = \"0s\""),
    (C, "127.0.0.1:0", "localhost:0"),
    (C, "https://every.example", "every.example"),
    (C, "https://every.example", "ftp://every.example"),
    (C, "https://every.example", " https://every.example"),
    (C, "https://every.example", "https://every.\\texample"),
    (C, "prefix = \"/every\"", "prefix = \"every\""),
    (C, "prefix = \"/every\"", "prefix = \"/every/\""),
    (C, "prefix = \"/every\"", "prefix = \"/../every\""),
    (C, "mode = \"translate\"", "host = \"https://a.example\""),
    (C, "mode = \"translate\"", "host = \"a.example:8080\""),
    (C, "mode = \"translate\"", "host = \"[::1\""),
    (C, "body = 4096", "body = 1"),
    (C, "share = 10", "share = 200"),
    (C, "calls = 2", "calls = 0"),
    (C, "[log]", "[trace]\notlp = \"http://127.0.0.1:4318\"\nsample = 2\n[log]"),
    (D, "version = 1 ", "version = 2 "),
    (D, "base = \"/tenants/{tenant}/v2\"", "base = \"tenants/{tenant}\""),
    (D, "base = \"/tenants/{tenant}/v2\"", "base = \"/tenants/{tenant}/\""),
    (D, "base = \"/tenants/{tenant}/v2\"", "base = \"//{tenant}\""),
    (D, "path = \"people\"", "path = \"/people\""),
    (D, "path = \"people\"", "path = \"people?a=b\""),
    (D, "Bearer {token}", "Bearer {key}"),
    (D, "status = 409 ", "status = 42 "),
    (A, "urn:example:every:2.0:User", "Every"),
    (A, "urn:ietf:params:scim:schemas:core:2.0:User", "User"),
    (R, "canonical = \"$.active\"\n", "canonical = \"active\"\n"),
    (R, "canonical = \"$.active\"\n", "canonical = \"$.emails[0].value\"\n"),
    (R, "canonical = \"$.active\"\n", "canonical = \"$..active\"\n"),
    (R, "\"$.displayName\", \"{name.givenName}.{name.familyName}\"", "\"name\""),
    // One of several, and what goes together.
    (C, BEARER, "bearer_sha256 = \"demo-token\""),
    (C, BEARER, "basic_sha256 = \"demo-token\""),
    (C, BEARER, "bearer = \"demo-token\""),
    (C, "name = \"idp\", ", ""),
    (C, "name = \"idp\"", "name = \"\""),
    (C, BEARER, "certificate = { subject = \"CN=a\", san = \"dns:a\" }"),
    (C, BEARER, "jwt = { issuer = \"a\", audience = \"b\" }"),
    (C, BEARER, "jwt = { issuer = \"a\", audience = [], jwks_url = \"https://a.example\" }"),
    (
        C,
        BEARER,
        "client_assertion = { client_id = \"a\", audience = [], jwks_url = \"https://a.example\" }",
    ),
    (C, "[log]", "[admin]\nlisten = \"127.0.0.1:0\"\nauth = [{ name = \"\", BEARER }]\n[log]"),
    (C, BEARER, "access_key = { project = \"a\" }"),
    (C, BEARER, "resources = [\"User\"]"),
    (C, "auth = \"none\"", "auth = \"open\""),
    (C, "auth = \"none\"", "auth = true"),
    (C, "auth = \"none\"", "auth = []"),
    (C, "auth = \"none\"", "auth = { name = \"a\" }"),
    (C, "auth = \"none\"", ""),
    (C, "{ bearer = { env = \"PATH\" } }", "{ bearer = \"s3cr3t\" }"),
    (C, "{ bearer = { env = \"PATH\" } }", "{ token = { env = \"PATH\" } }"),
    (C, "{ bearer = { env = \"PATH\" } }", "{ }"),
    (C, "{ env = \"PATH\" }", "{ env = \"PATH\", file = \"a\" }"),
    (C, "{ env = \"PATH\" }", "{ }"),
    (C, "mode = \"translate\"", "mode = \"passthrough\""),
    (C, "timeouts = { call = \"3s\" }", "health = { authorization = true }"),
    (C, "\"https://every.example\"", "[]"),
    (D, "[409, \"uniqueness\", \"TAKEN\"]", "[409, \"TAKEN\"]"),
    (R, "values = [[true, \"Y\"], [false, \"N\"]]", "values = [[true, \"Y\", \"y\"]]"),
    (R, "values = [[true, \"Y\"], [false, \"N\"]]", "values = []"),
    (R, "values = [[true, \"Y\"], [false, \"N\"]]", "note = \"no table\""),
    (R, "sticky = true", "values = [[true, \"true\"]]"),
    (R, "loss = \"one address is kept\"", "note = \"one address is kept\""),
    (R, "loss = \"the name to log in is made up\"", ""),
    (R, "canonical = \"$.emails[*].type\"", "note = \"nowhere\""),
    (R, "value = \"work\"", "value = \"work\"\nvendor = \"$.login\""),
    (R, "value = \"work\"", "value = \"work\"\nrender = true"),
    (R, "value = \"work\"", "when = { canonical = \"$.active\", equals = true }"),
];

/// As above; each is taken.
const FORMS: &[((Kind, &str), &str, &str)] = &[
    (C, "", ""),
    (C, "auth = \"none\"", "auth = \"forward\""),
    (C, "breaker = { failures = 2 }", "breaker = \"off\""),
    (C, "\"https://every.example\"", "[\"https://a.example/x\", \"HTTPS://b.example/x\"]"),
    (C, "drain = \"30s\"", "drain = \"0500ms\""),
    (C, "drain = \"30s\"", "drain = \"1440m\""),
    (C, "[\"127.0.0.1:0\"]", "[\"[::1]:00\", \"127.0.0.1:0\"]"),
    (C, "drain = \"30s\"", "trusted_proxies = [\"10.0.0.0/8\", \"::1\", \"192.0.2.1\"]"),
    (C, "drain = \"30s\"", "public_url = \"http://[::1]:8080/\""),
    (C, "prefix = \"/every\"", "prefix = \"\""),
    (C, "prefix = \"/every\"", "prefix = \"/.../a.b-c_~/.d\""),
    (C, "mode = \"translate\"", "host = \"Scim.example-2\""),
    (C, "mode = \"translate\"", "host = \"[2001:db8::1]\""),
    (
        C,
        "{ bearer = { env = \"PATH\" } }",
        "{ header = { name = \"X-Api.Key\", value = { env = \"PATH\" } } }",
    ),
    (
        C,
        "{ bearer = { env = \"PATH\" } }",
        "{ basic = { user = \"a b\", password = { env = \"PATH\" } } }",
    ),
    (
        C,
        BEARER,
        "jwt = { issuer = \"a\", audience = [\"b\"], jwks_url = \"https://a.example?b\", claims = { c = \"d\" } }",
    ),
    (C, BEARER, "client_assertion = { client_id = \"a\", jwks_url = \"http://localhost\" }"),
    (C, "[log]", "[trace]\notlp = \"http://127.0.0.1:4318\"\nsample = 1\n[log]"),
    (D, "base = \"/tenants/{tenant}/v2\"", "base = \"/{tenant}\""),
    (D, "path = \"people\"", "path = \"v1/people;a=b/c%20d\""),
    (D, "Bearer {token}", "{token}}"),
    (D, "[0, \"\", \"FAILED\"]", "[200, \"\", \"FAILED\"]"),
    (A, "format = \"email\"", "format = { length = 3 }"),
    (A, "urn:ietf:params:scim:schemas:core:2.0:User", "https://example.com/user"),
    (A, "open = true ", "default = { a = 1 }\nopen = true "),
    (R, "canonical = \"$.active\"\n", "canonical = \"$ [ \\\"active\\\" ]\"\n"),
    (
        R,
        "canonical = \"$.userName\"",
        "canonical = \"$.emails[?@.type == 'work' && @.primary==true].value\"",
    ),
    (
        R,
        "canonical = \"$.userName\"",
        "canonical = \"$.emails[ ? (@['type']==\\\"]work\\\")] .value\"",
    ),
    (R, "\"primary\", \"type=work\"", "\"type==\", \"value=a b=c\""),
    (R, "\"{name.givenName}.{name.familyName}\"", "\"{$['name'].givenName} $\""),
    (R, "value = \"work\"", "value = \"${tenant?}\""),
    (R, "value = \"work\"", "value = \"work\"\nrender = false"),
    (O, "vendor = \"$.labels.title\"", "vendor = \"$['labels']['a b']\""),
];

struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = Self { folder };
        own.write("config.toml", CONFIG);
        for (info, text) in blocks("docs/dialects.md", "toml file=") {
            own.write(info.split_once('=').unwrap().1, &text);
        }
        own
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// With the change made: whether the schema takes it, what it says, and what `check` says and whether it
    /// takes it.
    fn changed(
        &self,
        (kind, name): (Kind, &str),
        from: &str,
        to: &str,
    ) -> (Vec<String>, bool, String) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        let changed = text.replacen(from, &to.replace("BEARER", BEARER), 1);
        self.write(name, &changed);
        let program = Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
            .env_remove("SCIM_GATEWAY_CONFIG")
            .args(["check", "--quiet"])
            .arg(self.path("config.toml"))
            .output()
            .unwrap();
        self.write(name, &text);
        let said = String::from_utf8_lossy(&program.stderr).into_owned();
        (mistakes(validator(kind), &read(&changed)), program.status.success(), said)
    }
}

// `auth = "none"` was an error, `pik`, `cannonical` and `convert = "csv"` were none.
#[test]
fn each_of_many_mistakes_is_refused_by_the_schema_and_by_check() {
    let folder = Folder::new();
    let mut wrong = Vec::new();
    for (file, from, to) in MISTAKES {
        let (found, taken, said) = folder.changed(*file, from, to);
        if found.is_empty() {
            wrong.push(format!("{}: {from} -> {to}: the schema takes it", file.1));
        }
        if taken {
            wrong.push(format!("{}: {from} -> {to}: check takes it: {said}", file.1));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(MISTAKES.len() > 100);
}

#[test]
fn each_form_that_check_takes_the_schema_takes() {
    let folder = Folder::new();
    let mut wrong = Vec::new();
    for (file, from, to) in FORMS {
        let (found, taken, said) = folder.changed(*file, from, to);
        if !found.is_empty() {
            wrong.push(format!("{}: {from} -> {to}: {found:?}", file.1));
        }
        if !taken {
            wrong.push(format!("{}: {from} -> {to}: {said}", file.1));
        }
    }
    for message in &wrong {
        eprintln!("{message}");
    }
    assert!(wrong.is_empty(), "{} of {}", wrong.len(), FORMS.len());
}
