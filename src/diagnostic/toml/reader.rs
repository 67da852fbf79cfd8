//! One file while it is read: its text, what was found wrong, and what may not be shown.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::code::SYNTAX;
use crate::diagnostic::report::{Code, Diagnostic, sort};
use crate::diagnostic::source::Source;

/// Collects the mistakes of one file.
#[derive(Debug)]
pub struct Reader<'s> {
    source: &'s Source,
    found: RefCell<Vec<Diagnostic>>,
    hidden: RefCell<Vec<Range<usize>>>,
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

    /// Keeps a stretch out of every line that diagnostics quote.
    pub(super) fn hide(&self, span: Range<usize>) {
        self.hidden.borrow_mut().push(span);
    }

    /// The source as diagnostics may show it: what [`Reader::hide`] named is asterisks, so that no
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
        sort(&mut found);
        found
    }
}
