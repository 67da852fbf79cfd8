//! Credentials and keys over plain HTTP: refused beyond loopback, or allowed and told.

use std::path::Path;

use scim_gateway::config::{Config, Surroundings};
use scim_gateway::diagnostic::{Diagnostic, Mistakes, Source};

const BEARER: &str = r#"auth = { bearer = { env = "T" } }"#;
const OAUTH: &str =
    r#"auth = { oauth = { token_url = "URL", client_id = "a", client_secret = { env = "T" } } }"#;
const JWT: &str =
    r#"[{ name = "a", jwt = { issuer = "i", audience = "a", jwks_url = "URL", MORE } }]"#;

/// Every way to show a credential to an upstream.
const CREDENTIALS: [&str; 4] = [
    BEARER,
    r#"auth = { basic = { user = "a", password = { env = "T" } } }"#,
    r#"auth = { header = { name = "X-Api-Key", value = { env = "T" } } }"#,
    r#"auth = { oauth = { token_url = "https://a.example/", client_id = "a", client_secret = { env = "T" } } }"#,
];

/// Beyond loopback, whatever it looks like.
const OPEN: [&str; 9] = [
    "http://hr.example.com",
    "HTTP://HR.example.com/base",
    "http://10.0.0.1:8080",
    "http://126.255.255.255",
    "http://128.0.0.1",
    "http://[fe80::1]",
    "http://[::]",
    "http://0.0.0.0",
    "http://localhost.example.com",
];

/// Not readable on any network.
const PRIVATE: [&str; 6] = [
    "https://hr.example.com",
    "http://127.0.0.1:8080",
    "http://127.255.255.254",
    "http://[::1]:8080",
    "http://localhost:8080",
    "http://LOCALHOST",
];

fn read(upstream: &str, auth: &str, mode: &str) -> Result<Config, Mistakes> {
    let text = format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream.a]\ndialect = \"scim\"\n{upstream}\n\
         [[route]]\nprefix = \"/a\"\nclient = \"scim\"\nupstream = \"a\"\nmode = \"{mode}\"\nauth = {auth}\n"
    );
    let env = |_: &str| Some("s3cr3t-value".to_owned());
    let around = Surroundings { directory: Path::new(""), env: &env };
    Config::read(&Source::new("config.toml", text), &around)
}

/// What is told, by code and severity.
fn told(read: &Result<Config, Mistakes>) -> Vec<(&'static str, bool)> {
    let found: &[Diagnostic] = match read {
        Ok(config) => &config.warnings,
        Err(found) => &found.diagnostics,
    };
    found.iter().map(|found| (found.code.id, found.is_error())).collect()
}

// The bearer token went to `http://` anywhere, without a word.
#[test]
fn a_credential_to_plain_http_beyond_loopback_loads_only_where_it_is_allowed() {
    for (credential, url) in CREDENTIALS.iter().flat_map(|c| OPEN.map(|url| (c, url))) {
        let upstream = format!("url = \"{url}\"\n{credential}");
        for mode in ["translate", "passthrough"] {
            assert_eq!(told(&read(&upstream, "\"none\"", mode)), [("C042", true)], "{upstream}");
        }
        let refused = format!("{upstream}\ncleartext = false");
        assert_eq!(told(&read(&refused, "\"none\"", "translate")), [("C042", true)], "{refused}");
        let allowed = format!("{upstream}\ncleartext = true");
        let read = read(&allowed, "\"none\"", "translate");
        assert!(read.is_ok(), "{allowed}");
        assert_eq!(told(&read), [("C042", false)], "{allowed}");
    }
    for (credential, url) in CREDENTIALS.iter().flat_map(|c| PRIVATE.map(|url| (c, url))) {
        let upstream = format!("url = \"{url}\"\n{credential}");
        assert!(told(&read(&upstream, "\"none\"", "translate")).is_empty(), "{upstream}");
    }
}

// One node of several.
#[test]
fn one_open_node_of_several_is_named() {
    let nodes = format!("url = [\"https://a.example\", \"http://b.example\"]\n{BEARER}");
    let found = read(&nodes, "\"none\"", "translate").unwrap_err();
    let [diagnostic] = found.diagnostics.as_slice() else { panic!("{}", found.text(false)) };
    let span = diagnostic.labels.first().unwrap().span.clone();
    assert_eq!(found.sources[0].text.get(span), Some("\"http://b.example\""));
}

// What clients show goes on in the clear, too.
#[test]
fn forwarded_credentials_are_held_to_the_same() {
    for mode in ["translate", "passthrough"] {
        for url in OPEN {
            let upstream = format!("url = \"{url}\"");
            assert_eq!(told(&read(&upstream, "\"forward\"", mode)), [("C042", true)], "{url}");
            let allowed = format!("{upstream}\ncleartext = true");
            let read = read(&allowed, "\"forward\"", mode);
            assert!(read.is_ok(), "{url}");
            assert_eq!(told(&read), [("C042", false)], "{url}");
        }
        for url in PRIVATE {
            let upstream = format!("url = \"{url}\"");
            assert!(told(&read(&upstream, "\"forward\"", mode)).is_empty(), "{url}");
        }
    }
}

// Token endpoints get the client's secret.
#[test]
fn a_token_endpoint_in_the_clear_is_allowed_by_its_upstream_alone() {
    let upstream = |url: &str, more: &str| {
        format!("url = \"https://a.example\"\n{OAUTH}\n{more}").replace("URL", url)
    };
    for url in OPEN {
        let refused = read(&upstream(url, ""), "\"none\"", "translate");
        assert_eq!(told(&refused), [("C032", true)], "{url}");
        let allowed = read(&upstream(url, "cleartext = true"), "\"none\"", "translate");
        assert!(allowed.is_ok(), "{url}");
        assert_eq!(told(&allowed), [("C042", false)], "{url}");
    }
    for url in PRIVATE {
        assert!(told(&read(&upstream(url, ""), "\"none\"", "translate")).is_empty(), "{url}");
    }
}

// Keys that anybody on the way can exchange let anybody in.
#[test]
fn a_key_set_in_the_clear_is_allowed_by_its_credential_alone() {
    let auth = |url: &str, more: &str| JWT.replace("URL", url).replace("MORE", more);
    let upstream = "url = \"https://a.example\"\ncleartext = true";
    for url in OPEN {
        let refused = read(upstream, &auth(url, "refresh = \"1m\""), "translate");
        assert_eq!(told(&refused), [("C005", true)], "{url}");
        let allowed = read(upstream, &auth(url, "cleartext = true"), "translate");
        assert!(allowed.is_ok(), "{url}");
        assert_eq!(told(&allowed), [("C042", false)], "{url}");
    }
    for url in PRIVATE {
        let read = read(upstream, &auth(url, "refresh = \"1m\""), "translate");
        assert!(told(&read).is_empty(), "{url}");
    }
}

#[test]
fn who_shows_nothing_may_speak_in_the_clear() {
    for url in OPEN {
        assert!(told(&read(&format!("url = \"{url}\""), "\"none\"", "translate")).is_empty());
    }
}
