//! `jwt` and `client_assertion` of a credential: issuer or client, audience, and where their keys are.

use std::collections::BTreeMap;
use std::time::Duration;

use super::caller::{ClientAssertion, Jwt, KeyPlace, KeySource, Proof};
use super::cleartext;
use super::code::{JWT, URL};
use super::surroundings::Surroundings;
use super::value::{SOMETHING, duration, private_url, readable};
use crate::diagnostic::Clause;
use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Table};

/// The signatures that only a holder of the private key can make (RFC 7518 section 3.1, RFC 8037).
/// `none` and HMAC are not among them, so a public key is never taken for a shared secret.
pub(super) const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

const REFRESH: Duration = Duration::from_secs(600);
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// The longest life of an assertion where nothing is said, and what may be said.
const LIFETIME: Duration = Duration::from_secs(300);
const LONGEST: Duration = Duration::from_secs(3600);

pub(super) fn jwt(table: Table<'_>, around: &Surroundings<'_>) -> Option<Proof> {
    table.is(TableKind::Shared("jwt"));
    let issuer = table.need("issuer").and_then(|item| item.string_like(SOMETHING));
    let audience = table.need("audience");
    let audience = audience.map(|item| audiences(&table, item)).unwrap_or_default();
    let algorithms = algorithms(&table);
    let claims = claims(&table);
    let keys = keys(&table, around);
    for (empty, what) in
        [(issuer == Some(""), "issuer"), (audience.iter().any(String::is_empty), "audience")]
    {
        if empty {
            wrong(&table, &format!("the {what} is empty"), "no token would say so");
        }
    }
    table.close();
    let usable = !audience.is_empty();
    let jwt = Jwt { issuer: issuer?.to_owned(), audience, keys: keys?, algorithms, claims };
    usable.then_some(Proof::Jwt(jwt))
}

/// `url` is where clients reach the route, which assertions are for unless `audience` says otherwise.
pub(super) fn client_assertion(
    table: Table<'_>,
    url: &str,
    around: &Surroundings<'_>,
) -> Option<Proof> {
    table.is(TableKind::Shared("jwt"));
    let client = table.need("client_id").and_then(|item| item.string_like(SOMETHING));
    let audience = table.item("audience");
    let audience = audience.map_or_else(|| vec![url.to_owned()], |item| audiences(&table, item));
    let algorithms = algorithms(&table);
    let lifetime = table.item("lifetime").and_then(duration).unwrap_or(LIFETIME);
    let keys = keys(&table, around);
    for (empty, what) in
        [(client == Some(""), "client_id"), (audience.iter().any(String::is_empty), "audience")]
    {
        if empty {
            wrong(&table, &format!("the {what} is empty"), "no assertion would say so");
        }
    }
    if lifetime > LONGEST {
        wrong(&table, "an assertion that lives for more than an hour", "lifetime > 60m");
    }
    table.close();
    let usable = !audience.is_empty();
    let issuer = client?.to_owned();
    let jwt = Jwt { issuer, audience, keys: keys?, algorithms, claims: BTreeMap::new() };
    usable.then_some(Proof::Assertion(ClientAssertion { jwt, lifetime }))
}

/// Whom a token may be for, which has to be somebody.
fn audiences(table: &Table<'_>, item: Item<'_>) -> Vec<String> {
    item.may_hold(1, usize::MAX);
    if item.is_array() && item.items().is_empty() {
        wrong(table, "no audience is named", "no token would be taken");
    }
    item.texts()
}

fn algorithms(table: &Table<'_>) -> Vec<String> {
    let Some(item) = table.item("algorithms") else { return ALGORITHMS.map(str::to_owned).into() };
    let known = ALGORITHMS.map(|name| (name, name));
    item.may_hold(1, usize::MAX);
    let found: Vec<_> =
        item.items().into_iter().filter_map(|item| item.word(&known)).map(str::to_owned).collect();
    if item.items().is_empty() {
        wrong(table, "no algorithm is allowed", "no token would be taken");
    }
    found
}

fn claims(table: &Table<'_>) -> BTreeMap<String, Vec<String>> {
    let Some(claims) = table.table("claims") else { return BTreeMap::new() };
    let found: BTreeMap<_, _> =
        claims.free().map(|(name, item)| (name.to_owned(), claimed(item))).collect();
    if found.values().any(Vec::is_empty) {
        wrong(table, "a claim without an allowed value", "no token would be taken");
    }
    found
}

fn claimed(item: Item<'_>) -> Vec<String> {
    item.may_hold(1, usize::MAX);
    item.texts()
}

fn keys(table: &Table<'_>, around: &Surroundings<'_>) -> Option<KeySource> {
    table.demand(Clause::One(&["jwks_url", "jwks_file"]));
    let time = |key, default| table.item(key).and_then(duration).unwrap_or(default);
    let (refresh, keep) = (time("refresh", REFRESH), time("keep", KEEP));
    if keep < refresh {
        wrong(table, "keys would be thrown away before they are read anew", "keep < refresh");
    }
    let cleartext = cleartext::allowed(table);
    let ca = table.item("ca").and_then(|item| readable(item, around.directory));
    let place = match (table.item("jwks_url"), table.item("jwks_file")) {
        // Keys that anybody on the way can exchange are no keys.
        (Some(item), None) => {
            private_url(item, URL, "a key set", cleartext).map(|url| KeyPlace::Url { url, ca })
        }
        (None, Some(item)) => readable(item, around.directory).map(KeyPlace::File),
        _ => {
            wrong(
                table,
                "keys come from exactly one of jwks_url and jwks_file",
                "which is not clear",
            );
            None
        }
    };
    Some(KeySource { place: place?, refresh, keep })
}

fn wrong(table: &Table<'_>, message: &str, label: &str) {
    let reader = table.reader();
    reader.report(reader.mistake(JWT, table.span(), message, label));
}
