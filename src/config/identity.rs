//! `auth` of an upstream: who the gateway is to it, and where the secrets for that are.

use std::path::{Path, PathBuf};

use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TE,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};

use super::code::{CREDENTIAL, IDENTITY, LITERAL, SECRET, SECRET_MISSING};
use super::oauth::OAuth;
use super::secret::{Held, Origin, Secret};
use super::{Surroundings, UNSET};
use crate::diagnostic::Clause;
use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Table};

/// Who the gateway is to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Nobody: no authorization is sent.
    None,
    /// What stands for `{token}` in the dialect's authorization form.
    Bearer(Held),
    /// RFC 7617.
    Basic {
        user: String,
        password: Held,
    },
    Header {
        name: HeaderName,
        value: Held,
    },
    OAuth(Box<OAuth>),
}

/// Headers that say how a message is framed, or that the gateway writes itself.
const TAKEN: [HeaderName; 9] = [
    HOST,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    TRANSFER_ENCODING,
    CONNECTION,
    TE,
    UPGRADE,
    ACCEPT_ENCODING,
    USER_AGENT,
];

/// What secrets are read with.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub around: &'a Surroundings<'a>,
    /// Whether the upstream is a sandbox, where a literal secret is none.
    pub sandbox: bool,
    /// Whether secrets may travel over plain HTTP beyond loopback.
    pub cleartext: bool,
}

/// The ways to say who the gateway is, by their keys.
const FORMS: [&str; 4] = ["bearer", "basic", "header", "oauth"];

/// Where a secret is, by the keys that say it.
const WAYS: [&str; 4] = ["env", "file", "credential", "literal"];

/// `{ bearer = … }`, `{ basic = … }`, `{ header = … }` or `{ oauth = … }`.
pub(super) fn identity(item: Item<'_>, reading: Reading<'_>) -> Option<Identity> {
    let table = item.table()?;
    table.demand(Clause::One(&FORMS));
    let forms = FORMS.map(|form| table.item(form).map(|item| (form, item)));
    table.close();
    let mut given = forms.into_iter().flatten();
    let (Some((form, item)), None) = (given.next(), given.next()) else {
        let message = "an upstream's auth is exactly one of bearer, basic, header and oauth";
        let hint = "write auth = { bearer = { env = \"NAME\" } }; without auth none is sent";
        let diagnostic = item.mistake(IDENTITY, message, "which one is not clear");
        item.reader().report(diagnostic.with_hint(hint));
        return None;
    };
    match form {
        "bearer" => reading.secret(item, stands_in_header).map(Identity::Bearer),
        "basic" => reading.basic(item.table()?),
        "header" => reading.header(item.table()?),
        _ => reading.oauth(item.table()?).map(|oauth| Identity::OAuth(Box::new(oauth))),
    }
}

impl Reading<'_> {
    fn basic(self, table: Table<'_>) -> Option<Identity> {
        let (user, password) = (table.need("user"), table.need("password"));
        let password = password.and_then(|item| self.secret(item, is_text));
        // RFC 7617 section 2: the first colon ends the user.
        let user = user.and_then(|item| {
            let fits = |user: &&str| is_text(user) && !user.contains(':');
            let user = item.string_like("^[^:\\x00-\\x1f\\x7f-\\x9f]+$")?;
            fitting(item, user, fits, "a user of HTTP Basic has no colon")
        });
        table.close();
        Some(Identity::Basic { user: user?.to_owned(), password: password? })
    }

    fn header(self, table: Table<'_>) -> Option<Identity> {
        let (name, value) = (table.need("name"), table.need("value"));
        let value = value.and_then(|item| self.secret(item, stands_in_header));
        let name = name.and_then(|item| {
            let name = item.string_like("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")?;
            let name = HeaderName::from_bytes(name.as_bytes()).ok();
            let name = name.filter(|name| !TAKEN.contains(name));
            let what = "this is not the name of a header that can carry a credential";
            fitting(item, name, Option::is_some, what)?
        });
        table.close();
        Some(Identity::Header { name: name?, value: value? })
    }

    /// `{ env | file | credential | literal = "…" }`.
    pub(super) fn secret(self, item: Item<'_>, fits: fn(&str) -> bool) -> Option<Held> {
        let table = item.table()?;
        table.is(TableKind::Same("secret"));
        table.demand(Clause::One(&WAYS));
        let ways = WAYS.map(|way| table.item(way).map(|item| (way, item)));
        table.item("literal").into_iter().for_each(Item::hide);
        let mut given = ways.into_iter().flatten();
        let found = match (given.next(), given.next()) {
            (Some((way, item)), None) => self.held(way, item, fits),
            _ => {
                let message = "a secret is exactly one of env, file, credential and literal";
                let diagnostic = item.mistake(SECRET, message, "which one is not clear");
                item.reader().report(diagnostic.with_hint("write { env = \"NAME\" }"));
                None
            }
        };
        table.close();
        found
    }

    fn held(self, way: &str, item: Item<'_>, fits: fn(&str) -> bool) -> Option<Held> {
        let text = item.string()?;
        let fixed = |secret: Option<String>| {
            secret.map(|secret| Held { secret: Secret::new(secret), origin: Origin::Fixed })
        };
        let file = |path: PathBuf| {
            Secret::read(&path).map(|secret| Held { secret, origin: Origin::File(path) })
        };
        let (held, hint) = match way {
            "env" => {
                (fixed((self.around.env)(text)), format!("set the environment variable {text}"))
            }
            "file" => {
                (file(self.around.directory.join(text)), format!("put the secret into {text}"))
            }
            "credential" => {
                let hint = format!("write LoadCredential={text}:/path into the systemd unit");
                let held = match (self.around.env)("CREDENTIALS_DIRECTORY") {
                    // systemd.exec(5): a credential is one file name, the directory absolute.
                    Some(unset) if unset == UNSET => fixed(Some(unset)),
                    Some(folder) if !text.contains('/') => file(Path::new(&folder).join(text)),
                    _ => None,
                };
                (held, hint)
            }
            _ if self.sandbox => (fixed(Some(text.to_owned())), "write a secret".to_owned()),
            _ => {
                let diagnostic = item.mistake(
                    LITERAL,
                    "a literal secret is for sandboxes only",
                    "a secret in a file that is shared",
                );
                let hint = "use { env = \"NAME\" }, { file = \"…\" } or { credential = \"…\" }";
                item.reader().report(diagnostic.with_hint(hint));
                return None;
            }
        };
        let found =
            held.filter(|held| !held.secret.reveal().is_empty() && fits(held.secret.reveal()));
        if found.is_none() {
            let message = "the secret is not there, is empty or cannot stand where it is sent";
            item.reader()
                .report(item.mistake(SECRET_MISSING, message, "read here").with_hint(hint));
        }
        found
    }
}

/// Whether a token can be the value of a header.
pub fn stands_in_header(secret: &str) -> bool {
    HeaderValue::from_str(secret).is_ok()
}

/// Whether a text is one line that a credential can be made of (RFC 7617 section 2).
pub fn is_text(secret: &str) -> bool {
    !secret.is_empty() && !secret.chars().any(char::is_control)
}

/// The value where it fits, else nothing and a mistake.
pub(super) fn fitting<T>(
    item: Item<'_>,
    value: T,
    fits: impl Fn(&T) -> bool,
    what: &str,
) -> Option<T> {
    let fits = fits(&value);
    if !fits {
        item.reader().report(item.mistake(CREDENTIAL, what, "not usable"));
    }
    fits.then_some(value)
}
