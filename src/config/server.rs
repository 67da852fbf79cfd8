//! The section about this process: `[server]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::certificates::{CertificatePair, certificate_pair};
use super::code::{ADDRESS, NOTHING, URL};
use super::limits::{Limits, limits};
use super::network::Network;
use super::value::{HTTP, address, duration, parsed, path, socket};
use crate::diagnostic::toml::{Item, Table};

#[derive(Clone, Debug)]
pub struct Server {
    pub listen: Vec<SocketAddr>,
    pub tls: Option<Tls>,
    /// Scheme and authority under which clients reach the gateway; no trailing slash.
    pub public_url: String,
    pub limits: Limits,
    pub running: Running,
}

impl Server {
    /// In the place of one with mistakes.
    pub(super) fn nowhere() -> Self {
        Self {
            listen: Vec::new(),
            tls: None,
            public_url: String::new(),
            limits: Limits::default(),
            running: Running::default(),
        }
    }
}

/// How the process follows changes and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Whether a change of the configuration's files is a reason to reload.
    pub watch: bool,
    /// For requests under way at the end.
    pub drain: Duration,
    /// For which connections are still taken after the signal to end.
    pub linger: Duration,
    /// Where a new process waits for the listening sockets.
    pub upgrade_socket: Option<PathBuf>,
}

impl Default for Running {
    fn default() -> Self {
        Self {
            watch: true,
            drain: Duration::from_secs(30),
            linger: Duration::from_secs(5),
            upgrade_socket: None,
        }
    }
}

/// PEM files of the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// For every name that none of `also` is for.
    pub pair: CertificatePair,
    /// Each for the DNS names that its certificate holds.
    pub also: Vec<CertificatePair>,
    /// The authorities of clients' certificates; with it clients are asked for one.
    pub client_ca: Option<PathBuf>,
}

pub(super) fn server(table: Table<'_>, directory: &Path) -> Option<Server> {
    let listen = table.need("listen");
    listen.into_iter().for_each(|item| item.may_hold(1, usize::MAX));
    let listen: Vec<_> = listen.map(Item::items).unwrap_or_default();
    if listen.is_empty() {
        let message = "the gateway listens on no address";
        let at = table.item("listen").map_or(table.span(), Item::span);
        let diagnostic = table.reader().mistake(NOTHING, at, message, "no address");
        table.reader().report(diagnostic.with_hint("write `listen = [\"127.0.0.1:8080\"]`"));
    }
    let listen: Vec<_> = listen.into_iter().filter_map(address).collect();
    let tls = table.table("tls").map(|table| tls(table, directory));
    let public_url = table.item("public_url").map(public_url);
    let mut limits = table.table("limits").map(limits).unwrap_or_default();
    limits.trusted_proxies = networks(table.item("trusted_proxies"));
    limits.proxy_protocol = networks(table.item("proxy_protocol"));
    let running = running(&table, directory);
    table.close();
    let first = listen.first()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    Some(Server {
        tls: tls.unwrap_or_default(),
        public_url: public_url.unwrap_or_else(|| Some(format!("{scheme}://{first}")))?,
        limits,
        running,
        listen,
    })
}

fn networks(listed: Option<Item<'_>>) -> Vec<Network> {
    let listed = listed.map(Item::items).unwrap_or_default();
    listed.into_iter().filter_map(network).collect()
}

fn network(item: Item<'_>) -> Option<Network> {
    let text = item.string_like("^[0-9A-Fa-f:.]+(/[+0-9]+)?$")?;
    let network = Network::parse(text);
    if network.is_none() {
        let message = format!("`{text}` is no network");
        let hint = "write 10.0.0.0/8, 2001:db8::/32 or one address";
        item.reader().report(item.mistake(ADDRESS, message, "not address/bits").with_hint(hint));
    }
    network
}

fn running(table: &Table<'_>, directory: &Path) -> Running {
    let default = Running::default();
    let time = |key| table.item(key).and_then(duration);
    Running {
        watch: table.item("watch").and_then(Item::boolean).unwrap_or(default.watch),
        drain: time("drain").unwrap_or(default.drain),
        linger: time("linger").unwrap_or(default.linger),
        upgrade_socket: table.item("upgrade_socket").and_then(|item| socket(item, directory)),
    }
}

fn tls(table: Table<'_>, directory: &Path) -> Option<Tls> {
    let pair = certificate_pair(&table, directory);
    let also = table.tables("also").into_iter().filter_map(|table| {
        let pair = certificate_pair(&table, directory);
        table.close();
        pair
    });
    let also = also.collect();
    let client_ca = table.item("client_ca").and_then(|item| path(item, directory));
    table.close();
    Some(Tls { pair: pair?, also, client_ca })
}

/// Scheme and authority alone: routes and dialects bring the path.
fn public_url(item: Item<'_>) -> Option<String> {
    let text = item.string_like(HTTP)?;
    let fits = parsed(text).is_some_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
    });
    if !fits {
        let diagnostic = item.mistake(URL, format!("`{text}` is not a public URL"), "not usable");
        let hint = "scheme, host and port alone, such as https://scim.example.com";
        item.reader().report(diagnostic.with_hint(hint));
    }
    fits.then(|| text.trim_end_matches('/').to_owned())
}
