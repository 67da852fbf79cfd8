//! Reads TOML key by key and collects every mistake instead of stopping at the first.
//!
//! A reader asks for the keys that it knows; what nobody asked for is an unknown key. It knows the
//! shapes of TOML and no file format.

use std::cell::RefCell;
use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::shape::{Note, note};
use super::{Code, Diagnostic, Source, did_you_mean};

/// The codes of TOML files, sorted.
pub const CODES: &[Code] = &[SYNTAX, UNKNOWN_KEY, MISSING_KEY, WRONG_TYPE, WORD, VERSION];

const SYNTAX: Code = Code { id: "T001", title: "the file is not TOML" };
const UNKNOWN_KEY: Code = Code { id: "T002", title: "a key that the format does not have" };
const MISSING_KEY: Code = Code { id: "T003", title: "a key that must be there is missing" };
const WRONG_TYPE: Code = Code { id: "T004", title: "a value of the wrong type" };
const WORD: Code = Code { id: "T005", title: "a word that is not one of those allowed" };
const VERSION: Code = Code { id: "T006", title: "a format version that is not supported" };

/// Collects the mistakes of one file.
#[derive(Debug)]
pub struct Reader<'s> {
    source: &'s Source,
    found: RefCell<Vec<Diagnostic>>,
    hidden: RefCell<Vec<Range<usize>>>,
}

/// A table and the keys that were asked of it.
#[derive(Debug)]
pub struct Table<'r> {
    reader: &'r Reader<'r>,
    entries: &'r DeTable<'r>,
    span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

/// A value at its place. Its readers report a value of another type and give `None`.
#[derive(Clone, Copy, Debug)]
pub struct Item<'r> {
    reader: &'r Reader<'r>,
    value: &'r Spanned<DeValue<'r>>,
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
    fn new(reader: &'r Reader<'r>, entries: &'r DeTable<'r>, span: Range<usize>) -> Self {
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
        let item = self.entries.get(key).map(|value| self.reader.item(value));
        let value = item.map(Item::place);
        note(|| Note::Asked { table: self.place(), key, needed, value });
        item
    }

    /// Where it is in memory, which tells it from all others of its file.
    fn place(&self) -> usize {
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
        let reader = self.reader;
        note(|| {
            let values = self.entries.values().map(|value| reader.item(value).place()).collect();
            Note::Free { table: self.place(), values }
        });
        self.entries.iter().map(move |(key, value)| (key.get_ref().as_ref(), reader.item(value)))
    }

    /// Demands `version = 1`.
    pub fn version(&self) {
        let Some(item) = self.need("version") else { return };
        if item.count().is_some_and(|version| version != 1) {
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

impl<'r> Item<'r> {
    pub fn reader(self) -> &'r Reader<'r> {
        self.reader
    }

    pub fn span(self) -> Range<usize> {
        self.value.span()
    }

    /// Keeps the value out of every line that diagnostics quote.
    pub fn hide(self) {
        self.reader.hidden.borrow_mut().push(self.span());
    }

    fn hide_strings(self) {
        match self.value.get_ref() {
            DeValue::String(_) => self.hide(),
            DeValue::Array(values) => {
                values.iter().for_each(|value| self.reader.item(value).hide_strings());
            }
            DeValue::Table(entries) => {
                entries.values().for_each(|value| self.reader.item(value).hide_strings());
            }
            _ => {}
        }
    }

    /// An error whose label is this value.
    pub fn mistake(
        self,
        code: Code,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        self.reader.mistake(code, self.span(), message, label)
    }

    /// The string, without a complaint where it is something else.
    pub fn as_str(self) -> Option<&'r str> {
        let text = self.value.get_ref().as_str();
        text.inspect(|_| self.has("string"))
    }

    /// Where it is in memory, which tells it from all others of its file.
    fn place(self) -> usize {
        std::ptr::from_ref(self.value).addr()
    }

    /// Notes what form it was read in.
    fn has(self, form: &'static str) {
        note(|| Note::Form { value: self.place(), form });
    }

    pub fn is_table(self) -> bool {
        self.value.get_ref().is_table()
    }

    pub fn is_array(self) -> bool {
        self.value.get_ref().is_array()
    }

    pub fn string(self) -> Option<&'r str> {
        self.expect(self.as_str(), "a string")
    }

    pub fn boolean(self) -> Option<bool> {
        self.has("boolean");
        self.expect(self.value.get_ref().as_bool(), "a boolean")
    }

    /// A whole number that is not negative.
    pub fn count(self) -> Option<usize> {
        self.has("integer");
        let integer = self.value.get_ref().as_integer();
        let count = integer.and_then(|n| usize::from_str_radix(n.as_str(), n.radix()).ok());
        self.expect(count, "a whole number from 0")
    }

    /// The elements of an array; none where it is something else.
    pub fn items(self) -> Vec<Item<'r>> {
        let array = self.expect(self.value.get_ref().as_array(), "an array");
        let items: Vec<_> =
            array.into_iter().flat_map(|a| a.iter()).map(|v| self.reader.item(v)).collect();
        note(|| {
            let elements = items.iter().copied().map(Item::place).collect();
            Note::Elements { value: self.place(), elements }
        });
        items
    }

    pub fn strings(self) -> Vec<String> {
        self.items().into_iter().filter_map(|item| item.string().map(str::to_owned)).collect()
    }

    pub fn table(self) -> Option<Table<'r>> {
        let table = self.expect(self.value.get_ref().as_table(), "a table");
        let table = table.map(|entries| Table::new(self.reader, entries, self.span()))?;
        note(|| Note::Table { value: self.place(), table: table.place() });
        Some(table)
    }

    /// The meaning of a word from a closed list.
    pub fn word<T: Copy>(self, words: &[(&str, T)]) -> Option<T> {
        let word = self.string()?;
        note(|| {
            let words = words.iter().map(|(name, _)| (*name).to_owned()).collect();
            Note::Words { value: self.place(), words }
        });
        let found = words.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
            let meant = did_you_mean(word, names.iter().copied());
            let meant = meant.map(|m| format!("did you mean `{m}`? ")).unwrap_or_default();
            let message = format!("`{word}` is not a word that may stand here");
            let hint = format!("{meant}allowed: {}", names.join(", "));
            self.reader.report(self.mistake(WORD, message, "not allowed").with_hint(hint));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// The value as JSON; a date is none.
    pub fn json(self) -> Option<Value> {
        self.has("any");
        match self.value.get_ref() {
            DeValue::String(text) => Some(Value::from(text.as_ref())),
            DeValue::Boolean(value) => Some(Value::Bool(*value)),
            DeValue::Integer(number) => {
                let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
                self.expect(number, "a number of at most 64 bits").map(Value::from)
            }
            DeValue::Float(number) => {
                let number = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                self.expect(number, "a finite number").map(Value::Number)
            }
            DeValue::Datetime(_) => self.expect(None, "a JSON value (write dates as strings)"),
            DeValue::Array(_) => Some(self.items().into_iter().filter_map(Item::json).collect()),
            DeValue::Table(_) => {
                let members = self.table()?;
                let members = members.free().filter_map(|(k, v)| Some((k.to_owned(), v.json()?)));
                Some(Value::Object(members.collect()))
            }
        }
    }

    /// Reports the wrong type where there is no value.
    fn expect<T>(self, value: Option<T>, wanted: &str) -> Option<T> {
        if value.is_none() {
            let message = format!("expected {wanted}");
            let label = format!("this is of type {}", self.value.get_ref().type_str());
            self.reader.report(self.mistake(WRONG_TYPE, message, label));
        }
        value
    }
}
