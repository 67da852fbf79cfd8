//! `auth` of an upstream: who the gateway is to it.

use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TE,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};

use super::code::IDENTITY;
use super::oauth::OAuth;
use super::reading::{Reading, fitting, is_text, stands_in_header};
use super::secret::Held;
use crate::diagnostic::Clause;
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

/// The ways to say who the gateway is, by their keys.
const FORMS: [&str; 4] = ["bearer", "basic", "header", "oauth"];

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
}
