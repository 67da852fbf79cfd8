//! The section about operators: `[admin]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::auth::{named, sha256};
use super::kept::{Kept, kept};
use super::value::{address, socket};
use crate::diagnostic::toml::{Item, Table};

/// Where operators look and act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Who reaches this address may look; to act takes a bearer of `operators`.
    pub listen: SocketAddr,
    /// A Unix socket of this process's user alone, where everything may be done.
    pub socket: Option<PathBuf>,
    /// Where it is kept which routes are paused and whose removals are held back; `None`: in memory.
    pub state: Option<Kept>,
    /// Each with the SHA-256 of a bearer token (RFC 6750).
    pub operators: Vec<Operator>,
}

/// Who may act, with a name for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub name: String,
    pub sha256: [u8; 32],
}

pub(super) fn admin(table: Table<'_>, directory: &Path) -> Option<Admin> {
    let listen = table.need("listen").and_then(address);
    let socket = table.item("socket").map(|item| socket(item, directory));
    let state = table.item("state").and_then(|item| kept(item, directory));
    let operators = table.item("auth").map(operators).unwrap_or_default();
    table.close();
    Some(Admin { listen: listen?, socket: socket.unwrap_or_default(), state, operators })
}

/// `[{ name, bearer_sha256 }]`: who may act at the admin listener.
fn operators(item: Item<'_>) -> Vec<Operator> {
    let operator = |item: Item<'_>| {
        let table = item.table()?;
        let name = table.need("name").and_then(named);
        let sha256 = table.need("bearer_sha256").and_then(|item| sha256(item, "$TOKEN"));
        table.close();
        Some(Operator { name: name?.to_owned(), sha256: sha256? })
    };
    item.items().into_iter().filter_map(operator).collect()
}
