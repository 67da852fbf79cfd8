//! Rules of a dialect or of an overlay, against all that the dialect says of itself.

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::rewrite::check::check_over;
use crate::rewrite::rule::{Rules, SetValue};
use crate::scim::schema::Schema;

use super::code::UNDECLARED_VARIABLE;
use super::forms::Resource;
use super::model::Dialect;

/// The mistakes of rules that lie over those `below`, which a dialect's own lie over none:
/// The mistakes that the schemas on both sides and the declared variables show.
pub(super) fn verify(
    rules: &Rules,
    below: &Rules,
    dialect: &Dialect,
    resource: &Resource,
    canonical: &Schema,
) -> Vec<Diagnostic> {
    let mut found = check_over(rules, below, canonical, &resource.schema);
    let declared = || dialect.variables.iter().map(|(name, _)| name.as_str());
    for set in &rules.sets {
        let SetValue::Variable { name, .. } = &set.value else { continue };
        if declared().any(|declared| declared == name) {
            continue;
        }
        let hint = match did_you_mean(name, declared()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("add `{name} = \"…\"` to `[variables]` in the dialect's dialect.toml"),
        };
        let message = format!("the variable `{name}` is not declared");
        let diagnostic = Diagnostic::error(UNDECLARED_VARIABLE, message);
        let span = set.origin.span_of("value");
        found.push(diagnostic.at(&set.origin.file, span, "used here").with_hint(hint));
    }
    found
}
