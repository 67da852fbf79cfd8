//! Files that mistakes can point into, and places in them as people count.

use std::sync::Arc;

/// A file that diagnostics can point into.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The file's name as the operator would find it.
    pub name: Arc<str>,
    pub text: Arc<str>,
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
    pub(super) fn boundary(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at = at.saturating_sub(1);
        }
        at
    }
}
