//! `dialect.toml`: the vendor's HTTP surface, capabilities, errors and quirks.
//!
//! It reads the shared part and hands each resource type's part to `resource`.

use crate::diagnostic::toml::{Item, Reader, Table};
use crate::diagnostic::{Diagnostic, Source};

use crate::scim::uri::is_plain_path;

use super::code::{BAD_PATH, PLACEHOLDER, RESOURCE_UNPAIRED, ROW, UNDECLARED_VARIABLE};
use super::forms::Resource;
use super::model::{Dialect, Discovery, ErrorCode, Errors, MissingResource, Quirk, Undeclared};
use super::resource::{Part, resource};
use super::schema::RESOURCES;
use super::value::status;

/// Reads a dialect file and joins it with its resource types' parts, with all mistakes; `None` where
/// it cannot be used.
pub(super) fn dialect(
    name: &str,
    source: &Source,
    parts: Vec<Part>,
) -> (Option<Dialect>, Vec<Diagnostic>) {
    let reader = Reader::new(source);
    let mut dialect = None;
    if let Some(document) = reader.document() {
        let root = reader.root(&document);
        root.version();
        dialect = Some(read(name, &root, parts));
        root.close();
    }
    (dialect, reader.finish())
}

const QUIRKS: &[(&str, Quirk)] = &[
    ("string_booleans", Quirk::StringBooleans),
    ("create_on_missing_value_path", Quirk::CreateOnMissingValuePath),
    ("object_as_array", Quirk::ObjectAsArray),
    ("value_as_complex", Quirk::ValueAsComplex),
];

/// What an authorization looks like: no placeholder but this one.
const TOKEN: &str = "^([^{]|\\{token\\})*$";

const MISSING: &[(&str, MissingResource)] =
    &[("refuse", MissingResource::Refuse), ("empty", MissingResource::Empty)];

fn read(name: &str, root: &Table<'_>, parts: Vec<Part>) -> Dialect {
    let text = |key| root.need(key).and_then(Item::string).map(str::to_owned);
    let title = text("title");
    let base = root.need("base");
    let media_type = text("media_type");
    let authorization = root.need("authorization");
    authorization.into_iter().for_each(|item| placeholders(item, &["token"]));
    let authorization = authorization.and_then(|item| item.string_like(TOKEN)).map(str::to_owned);
    let token_hint = root.text("token_hint").unwrap_or_default();
    let quirks = root.items("quirks").into_iter().filter_map(|item| item.word(QUIRKS)).collect();
    let missing_resource =
        root.item("missing_resource").and_then(|item| item.word(MISSING)).unwrap_or_default();
    let undeclared =
        root.item("undeclared").and_then(|item| item.word(Undeclared::WORDS)).unwrap_or_default();
    let variables = variables(root);
    let base = base.and_then(|item| template(item, &variables));
    let discovery = root.table("discovery").map(discovery).unwrap_or_default();
    let errors = root.need("errors").and_then(Item::table).map(errors);
    let resources = resources(root, parts);
    Dialect {
        name: name.to_owned(),
        title: title.unwrap_or_default(),
        base: base.unwrap_or_default(),
        media_type: media_type.unwrap_or_default(),
        authorization: authorization.unwrap_or_default(),
        token_hint,
        variables,
        resources,
        discovery,
        errors: errors.unwrap_or_default(),
        quirks,
        missing_resource,
        undeclared,
    }
}

/// Joins every resource type's part with its schema and rules; each needs the other.
fn resources(root: &Table<'_>, mut parts: Vec<Part>) -> Vec<Resource> {
    let reader = root.reader();
    let mut found = Vec::new();
    for key in RESOURCES {
        let part = parts.iter().position(|part| part.key == key).map(|at| parts.remove(at));
        match (root.table(key), part) {
            (Some(table), Some(part)) => found.push(resource(table, part)),
            (Some(table), None) => {
                let message = format!("`[{key}]` has no schema");
                let diagnostic = reader.mistake(RESOURCE_UNPAIRED, table.span(), message, "here");
                reader.report(diagnostic.with_hint(format!("add `[{key}]` to schema.toml")));
            }
            (None, Some(_)) => {
                let message = format!("schema.toml has `[{key}]` and this file has not");
                let diagnostic = reader.mistake(RESOURCE_UNPAIRED, 0..0, message, "in this file");
                reader.report(diagnostic.with_hint(format!("add `[{key}]`")));
            }
            (None, None) => {}
        }
    }
    found
}

fn variables(root: &Table<'_>) -> Vec<(String, String)> {
    let Some(table) = root.table("variables") else { return Vec::new() };
    let described =
        |(name, item): (&str, Item<'_>)| Some((name.to_owned(), item.string()?.to_owned()));
    table.free().filter_map(described).collect()
}

/// A base path: empty, or from a slash and without one at the end; its variables are declared.
fn template(item: Item<'_>, variables: &[(String, String)]) -> Option<String> {
    let base = item.string_like("^(/([^/?#\\s]|\\{[^}]*\\})+)*$")?;
    if !base.is_empty() && (!base.starts_with('/') || base.ends_with('/')) {
        let message = "a base path begins with `/` and does not end with one";
        item.reader().report(item.mistake(BAD_PATH, message, "this base path"));
    }
    let mut rest = base;
    let mut filled = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            item.reader().report(item.mistake(BAD_PATH, "a `{` without its `}`", "this base path"));
            return Some(base.to_owned());
        };
        if !variables.iter().any(|(declared, _)| declared == name) {
            let message = format!("the variable `{name}` is not declared");
            let hint = format!("add `{name} = \"…\"` to `[variables]`");
            let diagnostic = item.mistake(UNDECLARED_VARIABLE, message, "used here");
            item.reader().report(diagnostic.with_hint(hint));
        }
        filled.push_str(before);
        filled.push_str(name);
        rest = behind;
    }
    filled.push_str(rest);
    let path = filled.strip_prefix('/').unwrap_or(&filled);
    if !path.is_empty() && !path.ends_with('/') && !is_plain_path(path) {
        let message = "a base path is segments of a URL's path";
        let hint = "such as `/scim/v2` or `/tenants/{tenant}`: no query, no blank";
        item.reader().report(item.mistake(BAD_PATH, message, "this base path").with_hint(hint));
    }
    Some(base.to_owned())
}

fn discovery(table: Table<'_>) -> Discovery {
    let discovery = Discovery {
        service_provider_config: table.flag("service_provider_config"),
        resource_types: table.flag("resource_types"),
        schemas: table.flag("schemas"),
        pagination: table.item("pagination").is_none_or(|item| item.boolean() != Some(false)),
    };
    table.close();
    discovery
}

fn errors(table: Table<'_>) -> Errors {
    let strings = |key| table.item(key).map(Item::strings).unwrap_or_default();
    let (code_at, detail_at) = (strings("code_at"), strings("detail_at"));
    let answer = table.need("answer");
    answer.into_iter().for_each(|item| placeholders(item, ANSWER));
    let answer = answer.and_then(Item::json);
    let codes = table.tables("codes").into_iter().filter_map(code).collect();
    let answer_codes = table.items("answer_codes").into_iter().filter_map(answer_code).collect();
    table.close();
    Errors { code_at, detail_at, codes, answer: answer.unwrap_or_default(), answer_codes }
}

const ANSWER: &[&str] = &["detail", "status", "status_number", "scim_type", "code", "request_id"];

/// Reports what looks like a placeholder in a string, however deep, and is none of those known.
fn placeholders(item: Item<'_>, known: &[&str]) {
    if item.is_table() {
        let members = item.table();
        return members
            .iter()
            .flat_map(Table::free)
            .for_each(|(_, value)| placeholders(value, known));
    }
    let Some(text) = item.as_str() else { return };
    for (_, after) in text.match_indices('{').map(|(at, _)| text.split_at(at + 1)) {
        let name = after.split_once('}').map_or("", |(name, _)| name);
        if !known.contains(&name) {
            let message = format!("there is no placeholder `{{{name}}}`");
            let hint = format!(
                "allowed: {}",
                known.iter().map(|n| format!("`{{{n}}}`")).collect::<Vec<_>>().join(", ")
            );
            item.reader()
                .report(item.mistake(PLACEHOLDER, message, "in this text").with_hint(hint));
        }
    }
}

fn code(table: Table<'_>) -> Option<ErrorCode> {
    let code = table.need("code").and_then(Item::string).map(str::to_owned);
    let status = table.need("status").and_then(status);
    let scim_type = table.text("scim_type");
    table.close();
    Some(ErrorCode { code: code?, status: status?, scim_type })
}

fn answer_code(item: Item<'_>) -> Option<(u16, String, String)> {
    item.may_hold(3, 3);
    let row = item.items();
    let [at, scim_type, code] = row.as_slice() else {
        let diagnostic = item.mistake(ROW, "a row of `answer_codes` has three values", "not three");
        item.reader().report(diagnostic.with_hint("write `[status or 0, scimType or \"\", code]`"));
        return None;
    };
    let (at, scim_type, code) = (status_or_any(*at), scim_type.string(), code.string());
    Some((at?, scim_type?.to_owned(), code?.to_owned()))
}

fn status_or_any(item: Item<'_>) -> Option<u16> {
    match item.count()? {
        0 => Some(0),
        _ => status(item),
    }
}
