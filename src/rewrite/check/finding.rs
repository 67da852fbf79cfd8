//! What every part of the check has at hand: the two schemas, and what was found wrong so far.

use crate::diagnostic::{Code, Diagnostic};
use crate::rewrite::rule::RuleOrigin;
use crate::scim::schema::Schema;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    Canonical,
    Vendor,
}

/// A value of a rule: what a diagnostic underlines.
#[derive(Clone, Copy)]
pub(super) struct At<'r> {
    pub(super) origin: &'r RuleOrigin,
    pub(super) key: &'static str,
}

pub(super) struct Check<'s> {
    pub(super) canonical: &'s Schema,
    pub(super) vendor: &'s Schema,
    pub(super) found: Vec<Diagnostic>,
}

impl Check<'_> {
    pub(super) fn report(
        &mut self,
        code: Code,
        at: At<'_>,
        message: &str,
        label: impl Into<String>,
        hint: &str,
    ) {
        let diagnostic = Diagnostic::error(code, message);
        let labelled = diagnostic.at(&at.origin.file, at.origin.span_of(at.key), label);
        self.found.push(labelled.with_hint(hint));
    }
}
