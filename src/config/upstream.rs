//! `[upstream.<name>]`: a service, its dialect and its token.

use std::path::Path;

use http::HeaderValue;
use url::Url;

use super::code::{LITERAL, NO_SANDBOX, NOT_READABLE, SECRET, SECRET_MISSING, URL};
use super::model::{Named, Target, Timeouts, Upstream};
use super::secret::Secret;
use super::value::{duration, named, number, path, vars};
use super::{Surroundings, extends};
use crate::diagnostic::did_you_mean;
use crate::diagnostic::toml::{Item, Table};
use crate::sandbox::Vendor;

/// What an upstream's URL begins with to mean an embedded simulator.
const SANDBOX: &str = "sandbox:";

pub(super) fn upstream(
    name: &str,
    table: Table<'_>,
    around: &Surroundings<'_>,
) -> Option<Upstream> {
    let dialect = table.need("dialect").and_then(named);
    let target = table.need("url").and_then(target);
    let sandbox = matches!(target, Some(Target::Sandbox(_)));
    let token = table.item("auth").map(|item| auth(item, sandbox, around));
    let timeouts = table.table("timeouts").map(timeouts).unwrap_or_default();
    let answer_limit = table.item("answer_limit").and_then(|i| number(i, 1_024..=256 << 20));
    let patch = table.item("patch").and_then(named);
    let ca = table.item("ca").and_then(|item| path(item, around.directory));
    let (schema, vars) = (extends(&table, "schema"), vars(&table, "vars"));
    if let Some(file) = ca.as_deref().filter(|file| std::fs::read(file).is_err()) {
        not_readable(table.item("ca"), file);
    }
    table.close();
    Some(Upstream {
        name: name.to_owned(),
        dialect: dialect?,
        target: target?,
        token: token.unwrap_or_default(),
        vars,
        schema,
        patch,
        timeouts,
        answer_limit: answer_limit.unwrap_or(8 << 20),
        ca,
    })
}

fn target(item: Item<'_>) -> Option<Target> {
    let text = item.string()?;
    if let Some(vendor) = text.strip_prefix(SANDBOX) {
        return sandbox(item, vendor);
    }
    let usable = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(text).ok().filter(usable);
    if url.is_none() {
        item.hide();
        // The text is not repeated: a URL may hold a password.
        let diagnostic = item.mistake(URL, "this is not the URL of an upstream", "not usable");
        let hint = "write https://host or https://host/path, without user, query and fragment, \
                    or sandbox:<vendor>";
        item.reader().report(diagnostic.with_hint(hint));
    }
    url.map(Target::Remote)
}

fn sandbox(item: Item<'_>, vendor: &str) -> Option<Target> {
    if Vendor::named(vendor).is_some() {
        let Named { file, span, .. } = named(item)?;
        return Some(Target::Sandbox(Named { name: vendor.to_owned(), file, span }));
    }
    let names = Vendor::ALL.map(Vendor::name);
    let hint = match did_you_mean(vendor, names) {
        Some(meant) => format!("did you mean `{SANDBOX}{meant}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    let message = format!("there is no sandbox `{vendor}`");
    item.reader().report(item.mistake(NO_SANDBOX, message, "not there").with_hint(hint));
    None
}

/// `{ bearer = { env | file | literal = "…" } }`.
fn auth(item: Item<'_>, sandbox: bool, around: &Surroundings<'_>) -> Option<Secret> {
    let table = item.table()?;
    let bearer = table.need("bearer").and_then(Item::table);
    table.close();
    let bearer = bearer?;
    let ways = ["env", "file", "literal"].map(|way| bearer.item(way).map(|item| (way, item)));
    bearer.item("literal").into_iter().for_each(Item::hide);
    let mut given = ways.into_iter().flatten();
    let found = match (given.next(), given.next()) {
        (Some((way, item)), None) => secret(way, item, sandbox, around),
        _ => {
            let message = "a secret is exactly one of env, file and literal";
            let diagnostic =
                bearer.reader().mistake(SECRET, bearer.span(), message, "which one is not clear");
            let hint = "write { bearer = { env = \"NAME\" } }";
            bearer.reader().report(diagnostic.with_hint(hint));
            None
        }
    };
    bearer.close();
    found
}

fn secret(way: &str, item: Item<'_>, sandbox: bool, around: &Surroundings<'_>) -> Option<Secret> {
    let text = item.string()?;
    let (token, hint) = match way {
        "env" => ((around.env)(text), format!("set the environment variable {text}")),
        "file" => {
            let file = around.directory.join(text);
            let read = std::fs::read_to_string(&file).ok();
            (read.map(|text| text.trim().to_owned()), format!("put the token into {text}"))
        }
        _ if sandbox => (Some(text.to_owned()), "write a token".to_owned()),
        _ => {
            let message = "a literal secret is for sandboxes only";
            let diagnostic = item.mistake(LITERAL, message, "a secret in a file that is shared");
            item.reader()
                .report(diagnostic.with_hint("use { env = \"NAME\" } or { file = \"…\" }"));
            return None;
        }
    };
    let fits = |token: &String| !token.is_empty() && HeaderValue::from_str(token).is_ok();
    let found = token.filter(fits);
    if found.is_none() {
        let message = "the secret is not there, is empty or cannot stand in a header";
        item.reader().report(item.mistake(SECRET_MISSING, message, "read here").with_hint(hint));
    }
    found.map(Secret::new)
}

fn timeouts(table: Table<'_>) -> Timeouts {
    let default = Timeouts::default();
    let time = |key| table.item(key).and_then(duration);
    let timeouts = Timeouts {
        connect: time("connect").unwrap_or(default.connect),
        idle: time("idle").unwrap_or(default.idle),
        call: time("call").unwrap_or(default.call),
    };
    table.close();
    timeouts
}

fn not_readable(item: Option<Item<'_>>, file: &Path) {
    let Some(item) = item else { return };
    let message = format!("{} cannot be read", file.display());
    item.reader().report(item.mistake(NOT_READABLE, message, "not readable"));
}
