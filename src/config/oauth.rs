//! `oauth` of an upstream's `auth`: where access tokens come from, and how the gateway shows there which
//! client it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::Algorithm;
use url::Url;

use super::certificates::{CertificatePair, client_cert};
use super::code::{CLIENT, CLIENT_CERT, CREDENTIAL, PRIVATE_KEY, TOKEN_URL};
use super::jwt::ALGORITHMS;
use super::private_key::PrivateKey;
use super::reading::{Reading, fitting, is_text};
use super::secret::{Held, Origin};
use super::surroundings::UNSET;
use super::value::{duration, private_url, readable};
use crate::diagnostic::Clause;
use crate::diagnostic::toml::{Item, Table};

/// OAuth 2.0 client credentials (RFC 6749 section 4.4); the access token then stands for `{token}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth {
    pub token_url: Url,
    pub client_id: String,
    pub client: ClientAuth,
    /// What the gateway shows the token endpoint in TLS (RFC 8705), beside what `client` says.
    pub client_cert: Option<CertificatePair>,
    /// As it is sent: words with blanks between them.
    pub scope: Option<String>,
    /// Further parameters of the token request (audience, resource).
    pub params: BTreeMap<String, String>,
    /// For one whole token request.
    pub timeout: Duration,
    /// Of a token whose answer has no `expires_in`.
    pub lifetime: Duration,
    /// A PEM file with the authorities to trust for the token endpoint instead of the system's.
    pub ca: Option<PathBuf>,
}

/// How the client authenticates (RFC 6749 section 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_secret_basic` or `client_secret_post`.
    Secret(Held, Method),
    /// `private_key_jwt` (RFC 7523 section 2.2, OpenID Connect Core section 9).
    PrivateKey(Assertion),
    /// `tls_client_auth` or `self_signed_tls_client_auth` (RFC 8705 section 2): by the certificate of the
    /// connection alone.
    Certificate,
}

/// What the client's assertions are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The text of a [`PrivateKey`].
    pub key: Held,
    /// `None`: what is usual for the key of the moment.
    pub algorithm: Option<Algorithm>,
    /// The key's name at the authorization server.
    pub kid: Option<String>,
    /// The claim `aud`.
    pub audience: String,
}

/// How the client shows its secret (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

const METHODS: &[(&str, Method)] = &[("basic", Method::Basic), ("post", Method::Post)];

/// Parameters that the gateway writes itself; none may be there twice (RFC 6749 section 3.2).
const OWN: [&str; 6] = [
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "grant_type",
    "scope",
];

impl Reading<'_> {
    pub(super) fn oauth(self, table: Table<'_>) -> Option<OAuth> {
        let url = table.need("token_url");
        let url =
            url.and_then(|item| private_url(item, TOKEN_URL, "a token endpoint", self.cleartext));
        let id = table.need("client_id");
        let id = id.and_then(|item| line(item, "a client id is one line of text"));
        let certificate = table.item("client_cert");
        let client_cert = certificate.map(|item| {
            if url.as_ref().is_some_and(|url| url.scheme() != "https") {
                let message =
                    "a client certificate is shown in TLS, and this token_url is not https";
                let found = item.mistake(CLIENT_CERT, message, "it would never be shown");
                item.reader().report(found.with_hint("write token_url = \"https://…\""));
            }
            client_cert(item, self.around)
        });
        let client = self.client(&table, certificate.is_some(), url.as_ref());
        let time = |key| table.item(key).and_then(duration);
        let (timeout, lifetime) = (time("timeout"), time("lifetime"));
        let ca = table.item("ca").and_then(|item| readable(item, self.around.directory));
        let params = table.table("params").map(params).unwrap_or_default();
        let scope = table.text("scope");
        table.close();
        Some(OAuth {
            token_url: url?,
            client_id: id?.to_owned(),
            client: client?,
            client_cert: client_cert.flatten(),
            scope: scope.filter(|scope| !scope.trim().is_empty()),
            params,
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            lifetime: lifetime.unwrap_or(Duration::from_secs(300)),
            ca,
        })
    }

    /// A secret, a private key, or neither where there is a certificate.
    fn client(self, table: &Table<'_>, has_cert: bool, url: Option<&Url>) -> Option<ClientAuth> {
        table.demand(Clause::Some(&["client_secret", "private_key_jwt", "client_cert"]));
        table.demand(Clause::Bars("client_secret", "private_key_jwt"));
        table.demand(Clause::Needs("method", "client_secret"));
        let (secret, key) = (table.item("client_secret"), table.item("private_key_jwt"));
        let method = table.item("method").map(|item| (item, item.word(METHODS)));
        let held = secret.and_then(|item| self.secret(item, is_text));
        let assertion = key.and_then(|item| self.assertion(item.table()?, url));
        let reader = table.reader();
        if let (Some((item, _)), None) = (method, secret) {
            let message = "method says how a client_secret is sent, and there is none";
            reader.report(item.mistake(CLIENT, message, "no effect"));
        }
        match (secret, key) {
            (Some(_), None) => {
                let method = method.map_or(Some(Method::Basic), |(_, method)| method);
                Some(ClientAuth::Secret(held?, method?))
            }
            (None, Some(_)) => assertion.map(ClientAuth::PrivateKey),
            (None, None) if has_cert => Some(ClientAuth::Certificate),
            (Some(_), Some(item)) => {
                let message = "a client shows its secret or an assertion, not both";
                reader.report(item.mistake(CLIENT, message, "beside a client_secret"));
                None
            }
            (None, None) => {
                let message = "a client without client_secret, private_key_jwt and client_cert";
                let found = reader.mistake(CLIENT, table.span(), message, "nothing to show");
                let hint = "write client_secret = { … }, private_key_jwt = { key = { file = \"…\" } } or \
                            client_cert = { cert = \"…\", key = \"…\" }";
                reader.report(found.with_hint(hint));
                None
            }
        }
    }

    /// `{ key, algorithm, kid, audience }`.
    fn assertion(self, table: Table<'_>, url: Option<&Url>) -> Option<Assertion> {
        let item = table.need("key");
        let held = item.and_then(|item| self.secret(item, |_| true));
        let key = item.zip(held.as_ref()).and_then(|(item, held)| private_key(item, held));
        let algorithm = table.item("algorithm").map(|item| algorithm(item, key.as_ref()));
        let kid = table.item("kid").map(|item| line(item, "a kid is one line of text"));
        let audience =
            table.item("audience").map(|item| line(item, "an audience is one line of text"));
        table.close();
        let audience = audience.unwrap_or_else(|| url.map(Url::as_str));
        Some(Assertion {
            key: held?,
            algorithm: algorithm.map_or(Some(None), |algorithm| algorithm.map(Some))?,
            kid: kid.map_or(Some(None), |kid| kid.map(|kid| Some(kid.to_owned())))?,
            audience: audience?.to_owned(),
        })
    }
}

fn line<'r>(item: Item<'r>, what: &str) -> Option<&'r str> {
    let text = item.string_like("^[^\\x00-\\x1f\\x7f-\\x9f]+$")?;
    fitting(item, text, |text| is_text(text), what)
}

/// The key, where the secret is one.
fn private_key(item: Item<'_>, held: &Held) -> Option<PrivateKey> {
    let key = PrivateKey::read(held.secret.reveal());
    // Who makes no call needs none.
    let unset = held.origin == Origin::Fixed && held.secret.reveal() == UNSET;
    if key.is_none() && !unset {
        let message = "this is no private key that can sign";
        let hint = "an unencrypted PEM key (PKCS#8, PKCS#1 or SEC1) with its public part: RSA of 2048 to \
                    4096 bits, P-256, P-384 or Ed25519";
        item.reader().report(item.mistake(PRIVATE_KEY, message, "read here").with_hint(hint));
    }
    key
}

fn algorithm(item: Item<'_>, key: Option<&PrivateKey>) -> Option<Algorithm> {
    let name = item.word(&ALGORITHMS.map(|name| (name, name)))?;
    let algorithm = name.parse().ok()?;
    if let Some(made) = key.map(PrivateKey::algorithms)
        && !made.contains(&algorithm)
    {
        let message = format!("this private key makes no signature of {name}");
        let made: Vec<_> = made.iter().map(|made| format!("{made:?}")).collect();
        let hint = format!("it can make: {}", made.join(", "));
        item.reader().report(item.mistake(PRIVATE_KEY, message, "another kind").with_hint(hint));
        return None;
    }
    Some(algorithm)
}

fn params(params: Table<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, item) in params.free() {
        if OWN.contains(&name) {
            // It may be a secret.
            item.hide();
            let message = "a parameter that the gateway writes itself";
            item.reader().report(item.mistake(CREDENTIAL, message, "it would be there twice"));
        } else if let Some(text) = item.string() {
            all.insert(name.to_owned(), text.to_owned());
        }
    }
    all
}
