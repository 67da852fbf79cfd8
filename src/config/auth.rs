//! `auth` of a route: who may use it, each with a name and exactly one kind of proof.
//!
//! It reads no token, only hashes of tokens, and what is no hash is not repeated: it may be the
//! token itself.

use std::collections::{BTreeMap, BTreeSet};

use super::caller::{Auth, Credential, Holder, Proof};
use super::code::{NO_CLIENT_CA, NOTHING, OPEN, PASSTHROUGH, PROOF, TOKEN, TWICE, UNNAMED};
use super::jwt::{client_assertion, jwt};
use super::server::Server;
use super::surroundings::Surroundings;
use super::value::SOMETHING;
use crate::diagnostic::Clause;
use crate::diagnostic::toml::{Item, Table};
use crate::gateway::pair::Kind;
use crate::gateway::route::{Right, Rights};

/// What listener and route are to callers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Where they reach it.
    pub url: &'a str,
    /// An address is reachable from elsewhere.
    pub open: bool,
    /// Clients are asked for a certificate.
    pub asks_certificates: bool,
    /// The route streams what it does not read.
    pub streams: bool,
}

impl<'a> Place<'a> {
    /// A server with mistakes is taken as the one that refuses least: its own mistakes are told.
    pub(super) fn of(server: Option<&'a Server>) -> Self {
        let Some(server) = server else { return Self::anywhere() };
        Self {
            url: &server.public_url,
            open: server.listen.iter().any(|address| !address.ip().is_loopback()),
            asks_certificates: server.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some()),
            streams: false,
        }
    }

    fn anywhere() -> Self {
        Self { url: "http://localhost", open: false, asks_certificates: true, streams: false }
    }
}

/// `"none"`, `"forward"`, or a list of `{ name, <one kind of proof>, allow, resources }`.
pub(super) fn auth(
    item: Item<'_>,
    place: Place<'_>,
    around: &Surroundings<'_>,
) -> Option<(Auth, BTreeMap<String, Rights>)> {
    if let Some(forward) = item.word_if_string(&[("none", false), ("forward", true)]) {
        if forward? {
            return Some((Auth::Forward, BTreeMap::new()));
        }
        if place.open {
            let message = "a route without authentication, and the gateway listens beyond loopback";
            let hint = "list credentials, or listen on 127.0.0.1 alone";
            item.reader().report(item.mistake(OPEN, message, "open to all").with_hint(hint));
        }
        return Some((Auth::None, BTreeMap::new()));
    }
    item.may_hold(1, usize::MAX);
    let items = item.items();
    let read: Vec<_> = items.iter().filter_map(|item| credential(*item, place, around)).collect();
    if items.is_empty() {
        let hint = "write auth = [{ name = \"…\", bearer_sha256 = \"…\" }] or auth = \"none\"";
        let diagnostic = item.mistake(NOTHING, "nobody may use this route", "no credential");
        item.reader().report(diagnostic.with_hint(hint));
    }
    for (at, (one, rights)) in read.iter().enumerate() {
        let other = read.iter().take(at).find(|(before, _)| before.proof == one.proof);
        if other.is_some_and(|(_, before)| before != rights) {
            let message = "one proof is listed twice, with other rights";
            item.reader().report(item.mistake(TWICE, message, "what counts is not clear"));
        }
    }
    let limited = |(credential, rights): &(Credential, Option<Rights>)| {
        rights.clone().map(|rights| (credential.name.clone(), rights))
    };
    let rights = read.iter().filter_map(limited).collect();
    let credentials: Vec<Credential> = read.into_iter().map(|(credential, _)| credential).collect();
    let mut names = BTreeSet::new();
    if let Some(twice) = credentials.iter().find(|entry| !names.insert(&entry.name)) {
        let message = format!("two credentials are named `{}`", twice.name);
        item.reader().report(item.mistake(TWICE, message, "the log could not tell them apart"));
    }
    Some((Auth::Listed(credentials), rights))
}

/// The kinds of proof, by their keys.
const PROOFS: [&str; 6] =
    ["bearer_sha256", "basic_sha256", "access_key", "certificate", "jwt", "client_assertion"];

fn credential(
    item: Item<'_>,
    place: Place<'_>,
    around: &Surroundings<'_>,
) -> Option<(Credential, Option<Rights>)> {
    let table = item.table()?;
    table.demand(Clause::One(&PROOFS));
    let name = table.need("name").and_then(named);
    let proofs = [
        table.item("bearer_sha256").map(|item| sha256(item, "$TOKEN").map(Proof::Bearer)),
        table.item("basic_sha256").map(|item| sha256(item, "$USER:$PASSWORD").map(Proof::Basic)),
        table.table("access_key").map(access_key),
        table.table("certificate").map(|table| certificate(table, place)),
        table.table("jwt").map(|table| jwt(table, around)),
        table.table("client_assertion").map(|table| client_assertion(table, place.url, around)),
    ];
    let mut proofs = proofs.into_iter().flatten();
    let proof = match (proofs.next(), proofs.next()) {
        (Some(proof), None) => proof,
        _ => {
            let message = "a credential is exactly one of bearer_sha256, basic_sha256, access_key, \
                           certificate, jwt and client_assertion";
            let diagnostic = item.mistake(PROOF, message, "which one is not clear");
            item.reader().report(diagnostic.with_hint("list several credentials instead"));
            None
        }
    };
    let rights = rights(&table, place);
    table.close();
    Some((Credential { name: name?.to_owned(), proof: proof? }, rights))
}

/// The name of a credential, which is not empty.
pub(super) fn named(item: Item<'_>) -> Option<&str> {
    let name = item.string_like(SOMETHING)?;
    if name.is_empty() {
        let diagnostic = item.mistake(UNNAMED, "this credential has no name", "empty");
        item.reader()
            .report(diagnostic.with_hint("name it for the log, such as \"directory-2026\""));
    }
    Some(name).filter(|name| !name.is_empty())
}

/// What a credential may do, where it says so.
fn rights(table: &Table<'_>, place: Place<'_>) -> Option<Rights> {
    let (allow, resources) = (table.item("allow"), table.item("resources"));
    let rights = Rights {
        operations: words(allow, &Right::ALL.map(|right| (right.word(), right))),
        kinds: words(resources, &Kind::ALL.map(|kind| (kind.name(), kind))),
    };
    let lists = [(allow, rights.operations.is_empty()), (resources, rights.kinds.is_empty())];
    for (item, is_empty) in lists.into_iter().filter_map(|(item, empty)| Some((item?, empty))) {
        if place.streams {
            let message = "a pass-through route does not read what a request asks for";
            let diagnostic = item.mistake(PASSTHROUGH, message, "it could not be held to this");
            let hint = "remove it, or let this credential use a route with mode = \"translate\"";
            item.reader().report(diagnostic.with_hint(hint));
        } else if is_empty && item.is_array() {
            let diagnostic = item.mistake(NOTHING, "this credential may do nothing", "nothing");
            let hint = "leave the key out for everything";
            item.reader().report(diagnostic.with_hint(hint));
        }
    }
    (allow.is_some() || resources.is_some()).then_some(rights)
}

/// The words that are listed; all there are where the key is not there.
fn words<T: Copy>(item: Option<Item<'_>>, all: &[(&str, T)]) -> Vec<T> {
    match item {
        Some(item) => {
            item.may_hold(1, usize::MAX);
            item.items().into_iter().filter_map(|item| item.word(all)).collect()
        }
        None => all.iter().map(|(_, meaning)| *meaning).collect(),
    }
}

pub(super) fn sha256(item: Item<'_>, of: &str) -> Option<[u8; 32]> {
    let mut sha256 = [0_u8; 32];
    let text = item.string_like("^[0-9A-Fa-f]{64}$")?;
    let fits = hex::decode_to_slice(text, &mut sha256).is_ok();
    if !fits {
        // The text is not repeated: it may be the token itself.
        item.hide();
        let diagnostic = item.mistake(TOKEN, "this is not a SHA-256", "not 64 hexadecimal digits");
        let hint = format!("printf %s \"{of}\" | sha256sum");
        item.reader().report(diagnostic.with_hint(hint));
    }
    fits.then_some(sha256)
}

fn access_key(table: Table<'_>) -> Option<Proof> {
    let project = table.need("project").and_then(Item::string);
    let key = table.need("sha256").and_then(|item| sha256(item, "$KEY"));
    table.close();
    Some(Proof::AccessKey { project: project?.to_owned(), sha256: key? })
}

fn certificate(table: Table<'_>, place: Place<'_>) -> Option<Proof> {
    table.demand(Clause::One(&["subject", "san"]));
    let subject = table.item("subject").and_then(Item::string).map(str::to_owned);
    let san = table.item("san");
    let proof = match (subject, san) {
        (Some(subject), None) => Some(Holder::Subject(subject)),
        (None, Some(item)) => {
            let text = item.string_like("^(dns|uri|email|ip):");
            text.and_then(|text| self::san(item, text))
        }
        _ => {
            let message = "a client certificate is known by exactly one of subject and san";
            let diagnostic =
                table.reader().mistake(PROOF, table.span(), message, "which one is not clear");
            table.reader().report(diagnostic);
            None
        }
    };
    if !place.asks_certificates {
        let message = "this listener asks no client for a certificate";
        let diagnostic = table.reader().mistake(NO_CLIENT_CA, table.span(), message, "never shown");
        let hint = "write [server] tls = { cert = \"…\", key = \"…\", client_ca = \"…\" }";
        table.reader().report(diagnostic.with_hint(hint));
    }
    table.close();
    proof.map(Proof::Certificate)
}

fn san(item: Item<'_>, text: &str) -> Option<Holder> {
    let found = match text.split_once(':') {
        Some(("dns", name)) => Some(format!("dns:{}", name.to_ascii_lowercase())),
        Some(("ip", address)) => {
            address.parse::<std::net::IpAddr>().ok().map(|address| format!("ip:{address}"))
        }
        Some(("uri" | "email", name)) if !name.is_empty() => Some(text.to_owned()),
        _ => None,
    };
    if found.is_none() {
        let message = format!("`{text}` is not a subject alternative name");
        let hint = "write dns:name, uri:…, email:… or ip:…";
        item.reader().report(item.mistake(PROOF, message, "of no known form").with_hint(hint));
    }
    found.map(Holder::San)
}
