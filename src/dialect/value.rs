//! Readers of values that several tables of `dialect.toml` have: paths that the schema knows, and an HTTP status.

use crate::diagnostic::did_you_mean;
use crate::diagnostic::toml::{Item, Table};
use crate::scim::schema::Schema;

use super::code::{NO_ATTRIBUTE, ROW};

pub(super) fn paths(table: &Table<'_>, key: &'static str, schema: &Schema) -> Vec<String> {
    table.items(key).into_iter().filter_map(|item| known_path(item, schema)).collect()
}

/// An attribute path whose attribute the schema has: `*`, `name`, `name.sub`, `<urn>:name.sub`,
/// `<urn>:*`, a bare `<urn>`.
pub(super) fn known_path(item: Item<'_>, schema: &Schema) -> Option<String> {
    let path = item.string()?;
    let known = leads(path, schema);
    if let Err(candidates) = known {
        let message = format!("the schema has no `{path}`");
        let diagnostic = item.mistake(NO_ATTRIBUTE, message, "not in schema.toml");
        let meant = did_you_mean(path, candidates.iter().map(String::as_str));
        item.reader().report(match meant {
            Some(meant) => diagnostic.with_hint(format!("did you mean `{meant}`?")),
            None => diagnostic,
        });
    }
    Some(path.to_owned())
}

/// Whether the schema has the path; if not, the paths that it has there.
fn leads(path: &str, schema: &Schema) -> Result<(), Vec<String>> {
    if path == "*" || ["id", "meta"].contains(&path.split('.').next().unwrap_or(path)) {
        return Ok(());
    }
    let below = |urn: &str| {
        let head = path.get(..urn.len()).filter(|head| head.eq_ignore_ascii_case(urn))?;
        path.strip_prefix(head)
    };
    let extension = schema.extensions().find_map(|e| below(&e.name).map(|rest| (e, rest)));
    let (attributes, rest, open) = match extension {
        Some((_, "" | ":*")) => return Ok(()),
        Some((extension, rest)) => {
            (&extension.attributes, rest.strip_prefix(':').unwrap_or(rest), extension.open)
        }
        None => match below(&schema.urn).and_then(|rest| rest.strip_prefix(':')) {
            Some(rest) => (&schema.attributes, rest, false),
            None => (&schema.attributes, path, false),
        },
    };
    let mut within = attributes;
    for name in rest.split('[').next().unwrap_or(rest).split('.') {
        match within.iter().find(|a| a.name.eq_ignore_ascii_case(name)) {
            Some(found) if found.open => return Ok(()),
            Some(found) => within = &found.attributes,
            None if open => return Ok(()),
            None => return Err(within.iter().map(|a| a.name.clone()).collect()),
        }
    }
    Ok(())
}

/// An HTTP status of an answer, 200 to 599.
pub(super) fn status(item: Item<'_>) -> Option<u16> {
    let count = item.count_from(200, 599)?;
    let status = u16::try_from(count).ok().filter(|status| (200..600).contains(status));
    if status.is_none() {
        item.reader().report(item.mistake(ROW, "an HTTP status is 200 to 599", "out of range"));
    }
    status
}
