//! Rule files -> [`Rules`]: rules that are right by themselves.
//!
//! It does not know schemas: whether a place exists is `check`'s to say.

mod entry;
mod selector;
mod template;

use std::ops::Range;

use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Reader, Table};
use crate::diagnostic::{Diagnostic, Source};

use super::rule::Rules;

pub use selector::selector;

/// An overlay file: a tenant's own rules over one upstream dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlay {
    /// The upstream dialect's name.
    pub dialect: String,
    /// The resource type's name, such as `User`.
    pub resource: String,
    /// Where the two names stand in the file, in bytes.
    pub dialect_at: Range<usize>,
    pub resource_at: Range<usize>,
    pub rules: Rules,
}

/// Reads `user.toml` or `group.toml` of a dialect, with all mistakes. Rules that have a mistake are
/// left out.
pub fn rules(source: &Source) -> (Rules, Vec<Diagnostic>) {
    read(source, entries)
}

/// Reads an overlay, with all mistakes. Rules that have a mistake are left out.
pub fn overlay(source: &Source) -> (Overlay, Vec<Diagnostic>) {
    read(source, |root| {
        let word = |key| {
            let item = root.need(key)?;
            Some((item.string()?.to_owned(), item.span()))
        };
        let (dialect, dialect_at) = word("dialect").unwrap_or_default();
        let (resource, resource_at) = word("resource").unwrap_or_default();
        Overlay { dialect, resource, dialect_at, resource_at, rules: entries(root) }
    })
}

fn read<T: Default>(source: &Source, content: impl Fn(&Table<'_>) -> T) -> (T, Vec<Diagnostic>) {
    let reader = Reader::new(source);
    let mut result = T::default();
    if let Some(document) = reader.document() {
        let root = reader.root(&document);
        root.version();
        result = content(&root);
        root.close();
    }
    (result, reader.finish())
}

fn entries(root: &Table<'_>) -> Rules {
    root.is(TableKind::Shared("rules"));
    Rules {
        maps: root.tables("map").into_iter().filter_map(entry::map).collect(),
        fills: root.tables("fill").into_iter().filter_map(entry::fill).collect(),
        sets: root.tables("set").into_iter().filter_map(entry::set).collect(),
    }
}
