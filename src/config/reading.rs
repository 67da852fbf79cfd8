//! Reading secrets: where they are, and what they can be.

use std::path::{Path, PathBuf};

use http::header::HeaderValue;

use super::code::{CREDENTIAL, LITERAL, SECRET, SECRET_MISSING};
use super::secret::{Held, Origin, Secret};
use super::surroundings::{Surroundings, UNSET};
use crate::diagnostic::toml::Item;
use crate::diagnostic::{Clause, TableKind};

/// What secrets are read with.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub around: &'a Surroundings<'a>,
    /// Whether the upstream is a sandbox, where a literal secret is none.
    pub sandbox: bool,
    /// Whether secrets may travel over plain HTTP beyond loopback.
    pub cleartext: bool,
}

/// Where a secret is, by the keys that say it.
const WAYS: [&str; 4] = ["env", "file", "credential", "literal"];

impl Reading<'_> {
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
