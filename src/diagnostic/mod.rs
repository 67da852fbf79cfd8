//! Mistakes in rules and configuration: code, place in the file, label, hint.
//!
//! A diagnostic is data; rendering it for people or as JSON is a function of it and the sources.
//! This room knows neither rules nor configuration: those rooms bring their own codes.

use std::ops::Range;
use std::sync::Arc;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
