//! The readers of one value.

use std::ops::Range;

use serde_json::Value;
use toml::de::DeValue;

use super::code::{WORD, WRONG_TYPE};
use super::reader::Reader;
use super::value::{Item, Table};
use crate::diagnostic::form::{Form, TEXT};
use crate::diagnostic::likely::did_you_mean;
use crate::diagnostic::report::{Code, Diagnostic};
use crate::diagnostic::shape::{Note, note};

impl<'r> Item<'r> {
    pub fn reader(self) -> &'r Reader<'r> {
        self.reader
    }

    pub fn span(self) -> Range<usize> {
        self.value.span()
    }

    /// Keeps the value out of every line that diagnostics quote.
    pub fn hide(self) {
        self.reader.hide(self.span());
    }

    pub(super) fn hide_strings(self) {
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

    /// The string, without a complaint where it is something else. It says nothing of what may stand here.
    pub fn as_str(self) -> Option<&'r str> {
        self.value.get_ref().as_str()
    }

    /// Where it is in memory, which tells it from all others of its file.
    pub(super) fn place(self) -> usize {
        std::ptr::from_ref(self.value).addr()
    }

    /// Tells a form that the value may have, whatever it has here.
    pub fn may_be(self, form: Form) {
        note(|| Note::Form { value: self.place(), form });
    }

    /// Tells words that may stand here.
    pub fn may_say<'w>(self, words: impl IntoIterator<Item = &'w str>) {
        note(|| {
            let words = words.into_iter().map(str::to_owned).collect();
            Note::Words { value: self.place(), words }
        });
    }

    /// Tells how many elements there may be, where this is an array.
    pub fn may_hold(self, least: usize, most: usize) {
        note(|| Note::Length { value: self.place(), least, most });
    }

    pub fn is_table(self) -> bool {
        self.value.get_ref().is_table()
    }

    pub fn is_array(self) -> bool {
        self.value.get_ref().is_array()
    }

    pub fn string(self) -> Option<&'r str> {
        self.string_like("")
    }

    /// A string that its reader looks at more closely. The pattern is for editors: it refuses nothing that
    /// the reader takes.
    pub fn string_like(self, pattern: &'static str) -> Option<&'r str> {
        self.may_be(Form::Text(pattern));
        self.expect(self.as_str(), "a string")
    }

    pub fn boolean(self) -> Option<bool> {
        self.may_be(Form::Boolean);
        self.expect(self.value.get_ref().as_bool(), "a boolean")
    }

    /// A whole number that is not negative.
    pub fn count(self) -> Option<usize> {
        self.count_from(0, usize::MAX)
    }

    /// The same where its reader takes those from `least` to `most` alone.
    pub fn count_from(self, least: usize, most: usize) -> Option<usize> {
        self.may_be(Form::Integer(least, most));
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

    /// One string, or an array of some.
    pub fn texts(self) -> Vec<String> {
        self.may_be(TEXT);
        match self.as_str() {
            Some(text) => vec![text.to_owned()],
            None => self.strings(),
        }
    }

    pub fn table(self) -> Option<Table<'r>> {
        let table = self.expect(self.value.get_ref().as_table(), "a table");
        let table = table.map(|entries| Table::new(self.reader, entries, self.span()))?;
        note(|| Note::Table { value: self.place(), table: table.place() });
        Some(table)
    }

    /// The meaning of a word from a closed list.
    pub fn word<T: Copy>(self, words: &[(&str, T)]) -> Option<T> {
        self.may_say(words.iter().map(|(name, _)| *name));
        let word = self.string()?;
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

    /// The meaning of a word from a closed list, where the value is a string: it may be something else.
    pub fn word_if_string<T: Copy>(self, words: &[(&str, T)]) -> Option<Option<T>> {
        self.may_say(words.iter().map(|(name, _)| *name));
        self.as_str().map(|_| self.word(words))
    }

    /// A string, a boolean or a number; `None` without a complaint where it is something else.
    pub fn scalar(self) -> Option<Value> {
        [TEXT, Form::Boolean, Form::Number].into_iter().for_each(|form| self.may_be(form));
        self.simple()
    }

    /// The same, which says nothing of what may stand here.
    pub(super) fn simple(self) -> Option<Value> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(Value::from(text.as_ref())),
            DeValue::Boolean(value) => Some(Value::Bool(*value)),
            _ => self.number(),
        }
    }

    /// The number, without a complaint where it is none that JSON can say.
    pub fn number(self) -> Option<Value> {
        match self.value.get_ref() {
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::from)
            }
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map(Value::Number),
            _ => None,
        }
    }

    /// The value as JSON; a date is none.
    pub fn json(self) -> Option<Value> {
        self.may_be(Form::Any);
        match self.value.get_ref() {
            DeValue::String(text) => Some(Value::from(text.as_ref())),
            DeValue::Boolean(value) => Some(Value::Bool(*value)),
            DeValue::Integer(_) => self.expect(self.number(), "a number of at most 64 bits"),
            DeValue::Float(_) => self.expect(self.number(), "a finite number"),
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
