//! Reads TOML key by key and collects every mistake instead of stopping at the first.
//!
//! A reader asks for the keys that it knows; what nobody asked for is an unknown key. It knows the
//! shapes of TOML and no file format.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::annotation::Told;
use super::form::Clause;
pub use super::item::Item;
use super::shape::{Kind, Note, note};
use super::{Code, Diagnostic, Source, did_you_mean};

/// The codes of TOML files, sorted.
pub const CODES: &[Code] = &[SYNTAX, UNKNOWN_KEY, MISSING_KEY, WRONG_TYPE, WORD, VERSION];

const SYNTAX: Code = Code { id: "T001", title: "the file is not TOML" };
const UNKNOWN_KEY: Code = Code { id: "T002", title: "a key that the format does not have" };
const MISSING_KEY: Code = Code { id: "T003", title: "a key that must be there is missing" };
pub(super) const WRONG_TYPE: Code = Code { id: "T004", title: "a value of the wrong type" };
pub(super) const WORD: Code = Code { id: "T005", title: "a word that is not one of those allowed" };
const VERSION: Code = Code { id: "T006", title: "a format version that is not supported" };

/// Collects the mistakes of one file.
#[derive(Debug)]
pub struct Reader<'s> {
    source: &'s Source,
    found: RefCell<Vec<Diagnostic>>,
    pub(super) hidden: RefCell<Vec<Range<usize>>>,
}

/// A table and the keys that were asked of it.
#[derive(Debug)]
pub struct Table<'r> {
    reader: &'r Reader<'r>,
    entries: &'r DeTable<'r>,
    span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'s> Reader<'s> {
    pub fn new(source: &'s Source) -> Self {
        Self { source, found: RefCell::default(), hidden: RefCell::default() }
    }

    /// The document. A file with syntax errors gives those alone: what follows them is a guess.
    pub fn document(&self) -> Option<Spanned<DeTable<'s>>> {
        let (document, errors) = DeTable::parse_recoverable(&self.source.text);
        for error in &errors {
            let at = error.span().unwrap_or(0..0);
            let message = format!("`{}` is not valid TOML", self.source.name);
            self.report(self.mistake(SYNTAX, at, message, error.message()));
        }
        errors.is_empty().then_some(document)
    }

    /// The document's table.
    pub fn root<'r>(&'r self, document: &'r Spanned<DeTable<'r>>) -> Table<'r> {
        let table = Table::new(self, document.get_ref(), document.span());
        note(|| Note::Root { file: self.source.name.to_string(), table: table.place() });
        table
    }

    /// A value as an item of this reader.
    pub fn item<'r>(&'r self, value: &'r Spanned<DeValue<'r>>) -> Item<'r> {
        Item { reader: self, value }
    }

    pub fn source(&self) -> &'s Source {
        self.source
    }

    /// An error with one label in this file.
    pub fn mistake(
        &self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message).at(&self.source.name, span, label)
    }

    pub fn report(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// The source as diagnostics may show it: what [`Item::hide`] named is asterisks, so that no
    /// line which is quoted tells a secret.
    pub fn shown(&self) -> Source {
        let mut text = self.source.text.to_string();
        for span in self.hidden.borrow().iter() {
            // The quotes stay.
            let inner = span.start.saturating_add(1)..span.end.saturating_sub(1);
            if let Some(length) = text.get(inner.clone()).map(str::len) {
                text.replace_range(inner, &"*".repeat(length));
            }
        }
        Source { name: self.source.name.clone(), text: text.into() }
    }

    /// What was reported, sorted by place.
    pub fn finish(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        super::sort(&mut found);
        found
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
                Told::at(&self.reader.source.text, at.span(), self.reader.item(value).simple())
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
    pub fn is(&self, kind: Kind) {
        note(|| Note::Kind { table: self.place(), kind });
    }

    /// Where it is in memory, which tells it from all others of its file.
    pub(super) fn place(&self) -> usize {
        std::ptr::from_ref(self.entries).addr()
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
