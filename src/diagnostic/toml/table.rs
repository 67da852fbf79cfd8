//! Reads TOML key by key and collects every mistake instead of stopping at the first.
//!
//! A reader asks for the keys that it knows; what nobody asked for is an unknown key.

use std::ops::Range;

use super::code::{MISSING_KEY, UNKNOWN_KEY, VERSION};
use super::reader::Reader;
use super::value::{Item, Table};
use crate::diagnostic::annotation::Told;
use crate::diagnostic::form::Clause;
use crate::diagnostic::likely::did_you_mean;
use crate::diagnostic::shape::{Note, TableKind, note};

impl<'r> Table<'r> {
    pub fn reader(&self) -> &'r Reader<'r> {
        self.reader
    }

    /// Where the table stands: its header, or the whole of an inline table.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of an optional key.
    pub fn item(&self, key: &'static str) -> Option<Item<'r>> {
        self.ask(key, false)
    }

    fn ask(&self, key: &'static str, needed: bool) -> Option<Item<'r>> {
        self.asked.borrow_mut().push(key);
        let entry = self.entries.get_key_value(key);
        note(|| {
            let told = entry.and_then(|(at, value)| {
                Told::at(&self.reader.source().text, at.span(), self.reader.item(value).simple())
            });
            let value = entry.map(|(_, value)| self.reader.item(value).place());
            Note::Asked { table: self.place(), key, needed, told, value }
        });
        entry.map(|(_, value)| self.reader.item(value))
    }

    /// Tells what its keys demand of one another.
    pub fn demand(&self, clause: Clause) {
        note(|| Note::Clause { table: self.place(), clause });
    }

    /// Tells that other tables are like it.
    pub fn is(&self, kind: TableKind) {
        note(|| Note::Kind { table: self.place(), kind });
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &'static str) -> Option<Item<'r>> {
        let item = self.ask(key, true);
        if item.is_none() {
            let label = format!("`{key}` is missing here");
            let message = format!("the key `{key}` is missing");
            self.reader.report(self.reader.mistake(MISSING_KEY, self.span(), message, label));
        }
        item
    }

    pub fn text(&self, key: &'static str) -> Option<String> {
        self.item(key)?.string().map(str::to_owned)
    }

    /// The boolean at the key; false where there is none.
    pub fn flag(&self, key: &'static str) -> bool {
        self.item(key).and_then(Item::boolean).unwrap_or(false)
    }

    /// The elements of the array at the key; none where there is no array.
    pub fn items(&self, key: &'static str) -> Vec<Item<'r>> {
        self.item(key).map(Item::items).unwrap_or_default()
    }

    pub fn table(&self, key: &'static str) -> Option<Table<'r>> {
        self.item(key)?.table()
    }

    /// The tables of the array at the key.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'r>> {
        self.items(key).into_iter().filter_map(Item::table).collect()
    }

    /// Every key with its value, for tables whose keys are free.
    pub fn free(&self) -> impl Iterator<Item = (&'r str, Item<'r>)> {
        note(|| {
            let values = self.all().map(|(_, item)| item.place()).collect();
            Note::Free { table: self.place(), values }
        });
        self.all()
    }

    /// Every key with its value, for what is told of them: none of them is thereby known.
    pub fn all(&self) -> impl Iterator<Item = (&'r str, Item<'r>)> + use<'r> {
        let reader = self.reader;
        self.entries.iter().map(move |(key, value)| (key.get_ref().as_ref(), reader.item(value)))
    }

    /// Demands `version = 1`.
    pub fn version(&self) {
        let Some(item) = self.need("version") else { return };
        if item.count_from(1, 1).is_some_and(|version| version != 1) {
            let diagnostic = item.mistake(VERSION, "this format version is not supported", "not 1");
            self.reader.report(diagnostic.with_hint("write `version = 1`"));
        }
    }

    /// Reports the keys that nobody asked for.
    pub fn close(self) {
        let asked = self.asked.borrow();
        for (key, value) in self.entries {
            let name = key.get_ref().as_ref();
            if asked.contains(&name) {
                continue;
            }
            // A misspelt key may be that of a secret.
            self.reader.item(value).hide_strings();
            let message = format!("the key `{name}` is not known here");
            let diagnostic = self.reader.mistake(UNKNOWN_KEY, key.span(), message, "unknown key");
            let hint = match did_you_mean(name, asked.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known keys: {}", asked.join(", ")),
            };
            self.reader.report(diagnostic.with_hint(hint));
        }
    }
}
