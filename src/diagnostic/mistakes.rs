//! Mistakes together with the files that they point into.

use super::render::text;
use super::report::{Diagnostic, Label};
use super::source::Source;

/// Diagnostics with the files that they point into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mistakes {
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Vec<Source>,
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
