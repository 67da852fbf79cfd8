//! Values and tables of a file at their places. What they are asked is in `item` and `table`.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::Reader;
use crate::diagnostic::shape::{Note, note};

/// A value at its place. Its readers report a value of another type and give `None`.
#[derive(Clone, Copy, Debug)]
pub struct Item<'r> {
    pub(super) reader: &'r Reader<'r>,
    pub(super) value: &'r Spanned<DeValue<'r>>,
}

/// A table and the keys that were asked of it.
#[derive(Debug)]
pub struct Table<'r> {
    pub(super) reader: &'r Reader<'r>,
    pub(super) entries: &'r DeTable<'r>,
    pub(super) span: Range<usize>,
    pub(super) asked: RefCell<Vec<&'static str>>,
}

impl<'s> Reader<'s> {
    /// The document's table.
    pub fn root<'r>(&'r self, document: &'r Spanned<DeTable<'r>>) -> Table<'r> {
        let table = Table::new(self, document.get_ref(), document.span());
        note(|| Note::Root { file: self.source().name.to_string(), table: table.place() });
        table
    }

    /// A value as an item of this reader.
    pub fn item<'r>(&'r self, value: &'r Spanned<DeValue<'r>>) -> Item<'r> {
        Item { reader: self, value }
    }
}

impl<'r> Table<'r> {
    pub(super) fn new(
        reader: &'r Reader<'r>,
        entries: &'r DeTable<'r>,
        span: Range<usize>,
    ) -> Self {
        Self { reader, entries, span, asked: RefCell::default() }
    }

    /// Where it is in memory, which tells it from all others of its file.
    pub(super) fn place(&self) -> usize {
        std::ptr::from_ref(self.entries).addr()
    }
}
