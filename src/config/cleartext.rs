//! Credentials and keys over plain HTTP: whoever is on the way reads the one and exchanges the other.
//!
//! They stay on this machine, or the configuration says `cleartext = true` where they do not; then it
//! loads with a warning. It looks at addresses as they are written and resolves no name.

use url::{Host, Url};

use super::code::CLEARTEXT;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::toml::{Item, Table};

/// Whether what is sent to the URL can be read on a network: `http`, and not to loopback.
pub(super) fn is_open(url: &Url) -> bool {
    url.scheme() != "https" && !is_local(url)
}

/// 127.0.0.0/8, `::1` and `localhost` (RFC 6761 section 6.3).
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Of an upstream with `auth`: an error for each node that its credential goes to in the clear, a
/// warning where that is allowed.
pub(super) fn nodes(url: Item<'_>, allowed: bool) {
    let items = if url.as_str().is_some() { vec![url] } else { url.items() };
    for item in items {
        let open =
            item.as_str().and_then(|text| Url::parse(text).ok()).is_some_and(|u| is_open(&u));
        if open {
            let what = "the credential of this upstream";
            let found = item.mistake(CLEARTEXT, told(what, allowed), "not https, not loopback");
            item.reader().report(weighed(found, allowed));
        }
    }
}

/// Of a URL that secrets or keys travel over, which is open and may be.
pub(super) fn permitted(item: Item<'_>, what: &str) {
    let what = format!("what is exchanged with {what}");
    let found = item.mistake(CLEARTEXT, told(&what, true), "not https, not loopback");
    item.reader().report(weighed(found, true));
}

/// Whether the table permits it.
pub(super) fn allowed(table: &Table<'_>) -> bool {
    table.flag("cleartext")
}

/// What is said of something that travels, or would.
pub(super) fn told(what: &str, allowed: bool) -> String {
    let travels = if allowed { "travels" } else { "would travel" };
    format!("{what} {travels} in the clear")
}

/// An error, or a warning where it is allowed.
pub(super) fn weighed(found: Diagnostic, allowed: bool) -> Diagnostic {
    if allowed {
        return found.as_warning().with_hint("`cleartext = true` allows it: is the way private?");
    }
    found.with_hint(
        "write https://…; where the way itself is private (a mesh, a tunnel), `cleartext = true` in \
         the upstream allows it",
    )
}
