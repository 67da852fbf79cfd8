//! The section about this process: `[server]`.

use std::path::{Path, PathBuf};

use super::code::{ADDRESS, NOTHING, UPGRADE_SOCKET, URL};
use super::model::{CertificatePair, Limits, Running, Server, Tls};
use super::network::Network;
use super::value::{HTTP, address, duration, number, parsed, path};
use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Table};

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

/// The longest path of a socket (`sun_path` of unix(7)), in bytes.
const LONGEST: usize = 107;

/// The absolute path of a socket in a folder that is there.
pub(super) fn socket(item: Item<'_>, directory: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path(item, directory)?).ok()?;
    let short = path.as_os_str().len() <= LONGEST;
    let fits = short && path.to_str().is_some() && path.parent().is_some_and(Path::is_dir);
    if !fits {
        let message = "this socket cannot be made";
        let hint = format!("a path of at most {LONGEST} bytes in a folder that is there");
        item.reader().report(item.mistake(UPGRADE_SOCKET, message, "not usable").with_hint(hint));
    }
    fits.then_some(path)
}

fn tls(table: Table<'_>, directory: &Path) -> Option<Tls> {
    let pair = pair(&table, directory);
    let also = table.tables("also").into_iter().filter_map(|table| {
        let pair = self::pair(&table, directory);
        table.close();
        pair
    });
    let also = also.collect();
    let client_ca = table.item("client_ca").and_then(|item| path(item, directory));
    table.close();
    Some(Tls { pair: pair?, also, client_ca })
}

fn pair(table: &Table<'_>, directory: &Path) -> Option<CertificatePair> {
    table.is(TableKind::Shared("certificate"));
    let cert = table.need("cert").and_then(|item| path(item, directory));
    let key = table.need("key").and_then(|item| path(item, directory));
    Some(CertificatePair { cert: cert?, key: key? })
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

fn limits(table: Table<'_>) -> Limits {
    let default = Limits::default();
    let size = |key, most| table.item(key).and_then(|item| number(item, 256..=most));
    let time = |key| table.item(key).and_then(duration);
    let limits = Limits {
        body: size("body", 64 << 20).unwrap_or(default.body),
        header: size("header", 256 << 10).unwrap_or(default.header),
        uri: size("uri", 64 << 10).unwrap_or(default.uri),
        depth: table.item("depth").and_then(|i| number(i, 4..=128)).unwrap_or(default.depth),
        elements: table
            .item("elements")
            .and_then(|item| number(item, 100..=1_000_000))
            .unwrap_or(default.elements),
        client: time("client").unwrap_or(default.client),
        connections: table
            .item("connections")
            .and_then(|item| number(item, 1..=1_000_000))
            .unwrap_or(default.connections),
        header_time: time("header_time").unwrap_or(default.header_time),
        body_time: time("body_time").unwrap_or(default.body_time),
        stream_time: time("stream_time").unwrap_or(default.stream_time),
        stream_rate: table
            .item("stream_rate")
            .and_then(|item| number(item, 1..=1 << 30))
            .and_then(|rate| u64::try_from(rate).ok())
            .unwrap_or(default.stream_rate),
        idle: time("idle").unwrap_or(default.idle),
        exchange: time("exchange").unwrap_or(default.exchange),
        attempts: table
            .item("attempts")
            .and_then(|item| number(item, 0..=1_000_000))
            .unwrap_or(default.attempts),
        attempts_window: time("attempts_window").unwrap_or(default.attempts_window),
        trusted_proxies: Vec::new(),
        proxy_protocol: Vec::new(),
    };
    table.close();
    limits
}
