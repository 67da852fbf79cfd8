//! Attribute entries that a configuration adds to a dialect's schema.

use crate::diagnostic::TableKind;
use crate::diagnostic::toml::Table;
use crate::dialect::override_schema;
use crate::scim::schema::{Attribute, Schema, Unknown};

/// The attribute entries of a table in the form of `schema.toml` (`attribute`, `extension`).
pub(super) fn extends(table: &Table<'_>, key: &'static str) -> Vec<Attribute> {
    let Some(entries) = table.table(key) else { return Vec::new() };
    entries.is(TableKind::Same("entries"));
    let mut schema = Schema {
        resource: String::new(),
        urn: String::new(),
        attributes: Vec::new(),
        open_extensions: false,
        unknown: Unknown::Refuse,
    };
    override_schema(&mut schema, &entries);
    entries.close();
    schema.attributes
}
