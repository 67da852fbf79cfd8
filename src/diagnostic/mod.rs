//! Mistakes in rules and configuration: code, place in the file, label, hint.
//!
//! A diagnostic is data; rendering it for people or as JSON is a function of it and the sources.
//! This room knows neither rules nor configuration: those rooms bring their own codes.

mod annotation;
pub mod form;
mod item;
mod json_schema;
mod render;
pub mod shape;
pub mod toml;

use std::ops::Range;
use std::sync::Arc;

pub use json_schema::json_schema;
pub use render::{json, text};

/// The codes of this room, sorted.
pub const CODES: &[Code] = toml::CODES;

/// A kind of mistake. Codes are stable: one is never given a second meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    /// Such as `R012`. The letter is the room: `T` TOML, `R` rules, `S` schema, `D` dialect, `C` configuration.
    pub id: &'static str,
    /// One line for the reference page.
    pub title: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// A file that diagnostics can point into.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The file's name as the operator would find it.
    pub name: Arc<str>,
    pub text: Arc<str>,
}

/// A stretch of a source with what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The [`Source`]'s name.
    pub file: Arc<str>,
    /// Byte offsets.
    pub span: Range<usize>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// The first is the primary one; a conflict has one for each place.
    pub labels: Vec<Label>,
    /// What to do.
    pub hint: Option<String>,
}

/// Diagnostics with the files that they point into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mistakes {
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Vec<Source>,
}

/// A place in a text as people count: both numbers begin at 1, columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Source {
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Where a byte offset is; one beyond the end or inside a character is moved back.
    pub fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..self.boundary(offset)).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
        Position { line: count(line), column: count(column) }
    }

    /// The nearest character boundary at or before the offset.
    fn boundary(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at = at.saturating_sub(1);
        }
        at
    }
}

impl Diagnostic {
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            hint: None,
        }
    }

    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place; the first one added is the primary one.
    #[must_use]
    pub fn at(mut self, file: &Arc<str>, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { file: Arc::clone(file), span, text: text.into() });
        self
    }

    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, for what is allowed and should be known.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Mistakes {
    /// The diagnostics as text for people; see [`text`].
    pub fn text(&self, colours: bool) -> String {
        text(&self.diagnostics, &self.sources, colours)
    }

    /// Adds those of other files.
    pub fn extend(&mut self, others: Mistakes) {
        self.diagnostics.extend(others.diagnostics);
        for source in others.sources {
            if self.sources.iter().all(|known| known.name != source.name) {
                self.sources.push(source);
            }
        }
    }

    /// Where a label is: `file:line:column`, or the file alone where it is not among the sources.
    pub fn place(&self, label: &Label) -> String {
        let source = self.sources.iter().find(|source| source.name == label.file);
        let at = source.map(|source| source.position(label.span.start));
        let at = at.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        format!("{}{at}", label.file)
    }
}

/// Whether one of them is an error rather than a warning.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// Sorts by file, place in the file and code; diagnostics without a place come first.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| {
            d.labels.first().map(|label| (Arc::clone(&label.file), label.span.start))
        };
        (key(a), a.code.id, &a.message).cmp(&(key(b), b.code.id, &b.message))
    });
}

/// The candidate that the word was probably meant to be.
pub fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let lower = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
