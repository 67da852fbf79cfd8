//! Sources of `fill` (a selector or a template) and values of `set` (a constant or a variable).

use crate::diagnostic::Form;
use crate::diagnostic::toml::Item;
use crate::rewrite::code::{BAD_TEMPLATE, BAD_VARIABLE};
use crate::rewrite::rule::{Part, SetValue, Text};

use super::selector;

/// A selector where it begins with `$.` or `$[`, otherwise a template.
pub fn text(item: Item<'_>) -> Option<Text> {
    item.may_be(Form::Text(selector::SELECTOR));
    let text = item.string_like("^[^{}]*(\\{[^}]+\\}[^{}]*)+$")?;
    if text.starts_with("$.") || text.starts_with("$[") {
        return selector::place(item).map(Text::Place);
    }
    let parts = parts(text);
    if let Err(label) = &parts {
        let diagnostic = item.mistake(BAD_TEMPLATE, "this template cannot be read", label.clone());
        item.reader().report(diagnostic.with_hint("such as `{name.givenName} {name.familyName}`"));
    }
    parts.ok().map(Text::Template)
}

/// A constant, or `${name}` or `${name?}`.
pub fn set_value(item: Item<'_>) -> Option<SetValue> {
    item.may_be(Form::Any);
    let Some(text) = item.as_str().filter(|text| text.contains("${")) else {
        return item.json().map(|json| SetValue::Constant(json.into()));
    };
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let (name, optional) = match inner {
        Some(inner) => (inner.strip_suffix('?').unwrap_or(inner), inner.ends_with('?')),
        None => ("", false),
    };
    if !is_name(name) {
        let message = "this is not a variable";
        let label = "a variable is the whole value";
        let hint = "write `${name}`, or `${name?}` for one that may be missing";
        item.reader().report(item.mistake(BAD_VARIABLE, message, label).with_hint(hint));
        return None;
    }
    Some(SetValue::Variable { name: name.to_owned(), optional })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        push_literal(&mut parts, literal)?;
        let (path, behind) = after.split_once('}').ok_or("a `{` without its `}`")?;
        parts.push(Part::Place(dotted(path)?));
        rest = behind;
    }
    push_literal(&mut parts, rest)?;
    if !parts.iter().any(|part| matches!(part, Part::Place(_))) {
        return Err("no `{…}`: a constant is what `[[set]]` is for".to_owned());
    }
    Ok(parts)
}

fn push_literal(parts: &mut Vec<Part>, literal: &str) -> Result<(), String> {
    if literal.contains('}') {
        return Err("a `}` without its `{`".to_owned());
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal.to_owned()));
    }
    Ok(())
}

/// `name.givenName`, or a whole selector where a name has other characters.
fn dotted(path: &str) -> Result<crate::rewrite::place::Place, String> {
    let selector = if path.starts_with('$') { path.to_owned() } else { format!("$.{path}") };
    selector::selector(&selector).map_err(|_| format!("`{path}` is not a path"))
}
