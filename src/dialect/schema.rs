//! `schema.toml` -> [`Schema`]s, and the entries of an upstream that are laid over one.
//!
//! It does not know rules or the vendor's HTTP surface.

use url::Url;

use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Reader, Table};
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::scim::schema::{
    Attribute, Format, Kind, Mutability, Operation, Operations, Returned, Schema, Uniqueness,
    Unknown,
};
use crate::scim::uri::is_well_formed_urn;

use super::code::{COMMON, DEFAULT, DERIVED_FROM, MAX, SHAPE, TWICE, URN};

/// The keys under which resource types stand in `schema.toml` and `dialect.toml`.
pub(super) const RESOURCES: [&str; 2] = ["user", "group"];

/// Reads a schema file: (`user` or `group`, schema), with all mistakes.
pub fn schemas(source: &Source) -> (Vec<(&'static str, Schema)>, Vec<Diagnostic>) {
    let reader = Reader::new(source);
    let mut found = Vec::new();
    if let Some(document) = reader.document() {
        let root = reader.root(&document);
        root.version();
        for key in RESOURCES {
            found.extend(root.table(key).map(|table| (key, schema(table))));
        }
        root.close();
    }
    (found, reader.finish())
}

/// Lays whole entries (`[[attribute]]`, `[[extension]]`) over a schema: one of the same name is
/// replaced where it stands, others are added. Mistakes are reported to the table's reader.
pub fn override_schema(schema: &mut Schema, table: &Table<'_>) {
    for over in attributes(table) {
        let old = schema.attributes.iter_mut().find(|a| a.name.eq_ignore_ascii_case(&over.name));
        match old {
            Some(old) => *old = over,
            None => schema.attributes.push(over),
        }
    }
}

/// What has a mistake, which was reported, is read as if it were not there.
fn schema(table: Table<'_>) -> Schema {
    table.is(TableKind::Same("resource_type"));
    let urn = table.need("urn").and_then(named);
    let resource = table.need("resource").and_then(Item::string).map(str::to_owned);
    let unknown = table.item("unknown").map(|item| item.word(UNKNOWN));
    let open_extensions = table.flag("open_extensions");
    let attributes = attributes(&table);
    table.close();
    Schema {
        resource: resource.unwrap_or_default(),
        urn: urn.unwrap_or_default(),
        attributes,
        open_extensions,
        unknown: unknown.flatten().unwrap_or(Unknown::Refuse),
    }
}

const URN_FORM: &str = "write urn:<namespace>:<name>, such as urn:example:scim:2.0:User (RFC 8141)";

/// A schema's own name: a URN, or any other URI, which RFC 7643 section 7 lets stand.
fn named(item: Item<'_>) -> Option<String> {
    let name = item.string_like("^[A-Za-z][A-Za-z0-9+.-]*:")?;
    let blank = name.contains(|c: char| c.is_whitespace() || c.is_control());
    if blank || Url::parse(name).is_err() {
        let diagnostic = item.mistake(URN, "a schema is named by its URN", "not a URI");
        item.reader().report(diagnostic.with_hint(URN_FORM));
    }
    Some(name.to_owned())
}

const UNKNOWN: &[(&str, Unknown)] = &[("refuse", Unknown::Refuse), ("ignore", Unknown::Ignore)];

const KINDS: &[(&str, Kind)] = &[
    ("string", Kind::String),
    ("boolean", Kind::Boolean),
    ("decimal", Kind::Decimal),
    ("integer", Kind::Integer),
    ("dateTime", Kind::DateTime),
    ("binary", Kind::Binary),
    ("reference", Kind::Reference),
    ("complex", Kind::Complex),
    ("any", Kind::Any),
];

const MUTABILITIES: &[(&str, Mutability)] = &[
    ("readOnly", Mutability::ReadOnly),
    ("readWrite", Mutability::ReadWrite),
    ("immutable", Mutability::Immutable),
    ("writeOnly", Mutability::WriteOnly),
];

const RETURNS: &[(&str, Returned)] = &[
    ("always", Returned::Always),
    ("never", Returned::Never),
    ("default", Returned::Default),
    ("request", Returned::Request),
];

const UNIQUENESS: &[(&str, Uniqueness)] =
    &[("none", Uniqueness::None), ("server", Uniqueness::Server), ("global", Uniqueness::Global)];

const REQUESTS: &[(&str, Operation)] =
    &[("create", Operation::Create), ("replace", Operation::Replace), ("patch", Operation::Patch)];

const FORMATS: &[(&str, &Format)] = &[("email", &Format::Email), ("uuid", &Format::Uuid)];

fn attributes(table: &Table<'_>) -> Vec<Attribute> {
    let mut entries: Vec<(Attribute, Item<'_>)> = Vec::new();
    for item in table.items("attribute") {
        entries.extend(item.table().and_then(|t| attribute(t, None)).map(|a| (a, item)));
    }
    for (attribute, item) in &entries {
        if ["schemas", "id", "meta"].iter().any(|n| attribute.name.eq_ignore_ascii_case(n)) {
            let message = "`schemas`, `id` and `meta` are not listed";
            let diagnostic = item.mistake(COMMON, message, "all resources have it");
            item.reader().report(diagnostic.with_hint("remove the entry (RFC 7643 section 3.1)"));
        }
    }
    for item in table.items("extension") {
        entries.extend(item.table().and_then(extension).map(|a| (a, item)));
    }
    distinct(entries)
}

/// Reports the attributes that are there twice and the sources of derived ones that are not there.
fn distinct(entries: Vec<(Attribute, Item<'_>)>) -> Vec<Attribute> {
    for (at, (attribute, item)) in entries.iter().enumerate() {
        let before = entries.iter().take(at);
        for (_, first) in before.filter(|(b, _)| b.name.eq_ignore_ascii_case(&attribute.name)) {
            let message = format!("`{}` is listed twice", attribute.name);
            let diagnostic = item.mistake(TWICE, message, "again here");
            let file = &item.reader().source().name;
            item.reader().report(diagnostic.at(file, first.span(), "first here"));
        }
        let Some(from) = &attribute.derived_from else { continue };
        if !entries.iter().any(|(other, _)| other.name.eq_ignore_ascii_case(from)) {
            let message = format!("`derivedFrom` names `{from}`, which is not an attribute");
            item.reader().report(item.mistake(DERIVED_FROM, message, "of this attribute"));
        }
    }
    entries.into_iter().map(|(attribute, _)| attribute).collect()
}

fn extension(table: Table<'_>) -> Option<Attribute> {
    table.is(TableKind::Same("extension"));
    let urn = table.need("urn")?;
    let name = urn
        .string_like("^[Uu][Rr][Nn]:[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]:[^\\s:/]")?
        .to_owned();
    if !is_well_formed_urn(&name) {
        let diagnostic = urn.mistake(URN, "an extension is named by its URN", "not a URN");
        urn.reader().report(diagnostic.with_hint(URN_FORM));
    }
    let mut attribute = facts(&table, name, Kind::Complex, None);
    attribute.extension = true;
    attribute.title = table.text("name");
    shape(&table, &attribute);
    table.close();
    Some(attribute)
}

fn attribute(table: Table<'_>, parent: Option<&Attribute>) -> Option<Attribute> {
    table.is(TableKind::Same("attribute"));
    let name = table.need("name").and_then(Item::string).map(str::to_owned);
    let kind = table.item("type").map(|item| item.word(KINDS)).unwrap_or(Some(Kind::String));
    let known = name.is_some() && kind.is_some();
    let kind = kind.unwrap_or(Kind::Any);
    let attribute = facts(&table, name.unwrap_or_default(), kind, parent);
    if known {
        shape(&table, &attribute);
        default_fits(&table, &attribute);
    }
    table.close();
    known.then_some(attribute)
}

/// A sub-attribute's mutability and `accepted` are its parent's where it does not say its own.
fn facts(table: &Table<'_>, name: String, kind: Kind, parent: Option<&Attribute>) -> Attribute {
    table.is(TableKind::Shared("attribute"));
    let mut attribute = Attribute::new(name, kind);
    if let Some(parent) = parent {
        attribute.mutability = parent.mutability;
        attribute.accepted = parent.accepted;
    }
    let Attribute { mutability, returned, uniqueness, .. } = &mut attribute;
    set(mutability, table.item("mutability").and_then(|item| item.word(MUTABILITIES)));
    set(returned, table.item("returned").and_then(|item| item.word(RETURNS)));
    set(uniqueness, table.item("uniqueness").and_then(|item| item.word(UNIQUENESS)));
    set(&mut attribute.description, table.text("description"));
    set(&mut attribute.required, table.item("required").map(requests));
    set(&mut attribute.accepted, table.item("accepted").map(requests));
    set(&mut attribute.canonical_values, table.item("canonicalValues").map(Item::strings));
    attribute.multi_valued = table.flag("multiValued");
    attribute.case_exact = table.flag("caseExact");
    attribute.open = table.flag("open");
    attribute.permanent = table.flag("permanent");
    attribute.max = table.item("max").and_then(Item::count);
    attribute.default = table.item("default").and_then(Item::json).map(Into::into);
    attribute.format = table.item("format").and_then(format);
    attribute.derived_from = table.text("derivedFrom");
    let mut subs = Vec::new();
    for item in table.items("sub") {
        let sub = item.table().and_then(|table| self::attribute(table, Some(&attribute)));
        subs.extend(sub.map(|sub| (sub, item)));
    }
    attribute.attributes = distinct(subs);
    if attribute.names_resources() {
        // An id is exact (RFC 7643 section 3.1), and so is what names one.
        let value =
            attribute.attributes.iter_mut().find(|sub| sub.name.eq_ignore_ascii_case("value"));
        value.into_iter().for_each(|value| value.case_exact = true);
    }
    attribute
}

fn set<T>(fact: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *fact = said;
    }
}

fn requests(item: Item<'_>) -> Operations {
    let words = item.items().into_iter().filter_map(|item| item.word(REQUESTS));
    Operations::of(&words.collect::<Vec<_>>())
}

fn format(item: Item<'_>) -> Option<Format> {
    item.may_say(FORMATS.iter().map(|(name, _)| *name));
    if !item.is_table() {
        return item.word(FORMATS).cloned();
    }
    let table = item.table()?;
    let length = table.need("length").and_then(Item::count);
    table.close();
    length.map(Format::Length)
}

fn shape(table: &Table<'_>, attribute: &Attribute) {
    let (complex, subs) = (attribute.kind == Kind::Complex, !attribute.attributes.is_empty());
    if !complex && subs {
        mistake(table, SHAPE, attribute, "has sub-attributes but is not `complex`");
    }
    if complex && !subs && !attribute.open {
        mistake(table, SHAPE, attribute, "is complex and has neither `sub` nor `open = true`");
    }
    if attribute.open && !complex && attribute.kind != Kind::Any {
        mistake(table, SHAPE, attribute, "is open but neither `complex` nor `any`");
    }
    if attribute.max.is_some() && !attribute.multi_valued {
        mistake(table, MAX, attribute, "has `max` but is not `multiValued`");
    }
}

fn default_fits(table: &Table<'_>, attribute: &Attribute) {
    use crate::scim::Value;
    let Some(default) = &attribute.default else { return };
    let fits = match (default, attribute.kind) {
        (_, Kind::Any) => true,
        (Value::Array(_), _) => attribute.multi_valued,
        (Value::Bool(_), kind) => kind == Kind::Boolean,
        (Value::Number(number), Kind::Integer) => number.as_str().parse::<i64>().is_ok(),
        (Value::Number(_), kind) => kind == Kind::Decimal,
        (Value::Object(_), kind) => kind == Kind::Complex,
        (_, kind) => !matches!(kind, Kind::Boolean | Kind::Integer | Kind::Decimal | Kind::Complex),
    };
    if !fits {
        mistake(table, DEFAULT, attribute, "has a default of another type");
    }
}

fn mistake(table: &Table<'_>, code: Code, attribute: &Attribute, what: &str) {
    let reader = table.reader();
    let message = format!("`{}` {what}", attribute.name);
    reader.report(reader.mistake(code, table.span(), message, "this attribute"));
}
