//! Names in a configuration with their places.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};

/// A name in the configuration and where it stands, so that a later check can point at it. Two are
/// equal wherever they stand.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub file: Arc<str>,
    pub span: Range<usize>,
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Named {}

/// Values of a dialect's variables, and where their table stands. Two are equal wherever they stand.
#[derive(Clone, Debug)]
pub struct Vars {
    pub values: BTreeMap<String, String>,
    pub file: Arc<str>,
    pub span: Range<usize>,
}

impl PartialEq for Vars {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

/// A mistake about a name of the configuration.
pub(super) fn mistake(
    code: Code,
    at: &Named,
    message: impl Into<String>,
    label: &str,
) -> Diagnostic {
    Diagnostic::error(code, message).at(&at.file, at.span.clone(), label)
}
