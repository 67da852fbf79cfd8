//! What of a configuration cannot change while the gateway runs.

use super::code::RESTART;
use super::log::Log;
use super::model::Config;
use super::server::{Running, Server};
use crate::diagnostic::Diagnostic;

/// The keys that differ and that only a new process can follow: sockets are bound, and audit and spans
/// are begun, once. A configuration with such a change is refused whole, so that what serves is always
/// what one file says.
pub fn restart(before: &Config, after: &Config) -> Vec<Diagnostic> {
    let Server { listen, tls, public_url: _, limits: _, running } = &before.server;
    let Running { watch: _, drain, linger, upgrade_socket } = running;
    let Log { format: _, level: _, wire: _, id_salt } = &before.log;
    let (server, now) = (&after.server, &after.server.running);
    let (was, is) = (before.admin.as_ref(), after.admin.as_ref());
    let keys = [
        ("server.listen", *listen != server.listen),
        ("server.tls", tls.is_some() != server.tls.is_some()),
        ("server.drain", *drain != now.drain),
        ("server.linger", *linger != now.linger),
        ("server.upgrade_socket", *upgrade_socket != now.upgrade_socket),
        ("admin.listen", was.map(|one| one.listen) != is.map(|one| one.listen)),
        ("admin.socket", was.map(|one| &one.socket) != is.map(|one| &one.socket)),
        ("admin.state", was.map(|one| &one.state) != is.map(|one| &one.state)),
        ("admin.auth", was.map(|one| &one.operators) != is.map(|one| &one.operators)),
        ("log.id_salt", *id_salt != after.log.id_salt),
        ("audit", before.audit != after.audit),
        ("trace", before.trace != after.trace),
    ];
    let changed = keys.into_iter().filter_map(|(key, differs)| differs.then_some(key));
    let diagnostic = |key| {
        let message = format!("`{key}` cannot change while the gateway runs");
        let hint = "take the change back, or start a new process (run --upgrade loses no request)";
        Diagnostic::error(RESTART, message).with_hint(hint)
    };
    changed.map(diagnostic).collect()
}
