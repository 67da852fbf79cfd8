//! One `[[map]]`, `[[fill]]` or `[[set]]`.

use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Table};
use crate::diagnostic::{Clause, Form};
use crate::rewrite::code::{BAD_PICK, BAD_VALUES, LOSS_MISSING, NOT_SCALAR, SET_TARGET};
use crate::rewrite::literal::same_literal;
use crate::rewrite::place::Place;
use crate::rewrite::rule::{
    Conversion, Fill, Map, Otherwise, Pick, RuleOrigin, Set, SetTarget, Values, When,
};
use crate::scim::filter::Literal;

use super::selector::place;
use super::template::{set_value, text};

/// `None` where the rule has a mistake, which was reported.
pub fn map(table: Table<'_>) -> Option<Map> {
    table.is(TableKind::Same("map"));
    [
        Clause::Needs("pick", "loss"),
        Clause::Needs("otherwise", "values"),
        Clause::Bars("values", "convert"),
    ]
    .into_iter()
    .for_each(|clause| table.demand(clause));
    let canonical = need_place(&table, "canonical");
    let vendor = need_place(&table, "vendor");
    let pick: Vec<Option<Pick>> = table.items("pick").into_iter().map(pick).collect();
    let values = values(&table);
    let convert = table.item("convert");
    if let (Some(_), Some(item)) = (&values, convert) {
        let message = "a value is changed by a table or by a conversion, not by both";
        item.reader().report(item.mistake(BAD_VALUES, message, "beside `values`"));
    }
    let convert = convert.map(|item| item.word(CONVERSIONS));
    let sticky = table.flag("sticky");
    let loss = sentence(&table, "loss");
    let note = table.text("note");
    let reason = match &values {
        _ if !pick.is_empty() => Some("`pick` drops elements"),
        Some(Some(values)) if folds(values) => {
            Some("the value table folds several values into one")
        }
        _ => None,
    };
    if let Some(reason) = reason.filter(|_| loss.is_none()) {
        demand_loss(&table, reason);
    }
    let origin = origin(&table);
    table.close();
    let pick = pick.into_iter().collect::<Option<_>>()?;
    let (values, convert) = (whole(values)?, whole(convert)?);
    let (canonical, vendor) = (canonical?, vendor?);
    Some(Map { canonical, vendor, pick, values, convert, sticky, loss, note, origin })
}

/// `None` where the rule has a mistake, which was reported.
pub fn fill(table: Table<'_>) -> Option<Fill> {
    table.is(TableKind::Same("fill"));
    table.demand(Clause::Some(&["loss"]));
    table.item("loss").into_iter().for_each(|item| item.may_be(Form::Text("[^ \\t\\r\\n]")));
    let vendor = need_place(&table, "vendor");
    let from = table.need("from").map(Item::items).unwrap_or_default();
    let from: Option<Vec<_>> = from.into_iter().map(text).collect::<Vec<_>>().into_iter().collect();
    let when = table.item("when").map(when);
    let loss = sentence(&table, "loss");
    if loss.is_none() {
        demand_loss(&table, "`fill` makes a value up");
    }
    let origin = origin(&table);
    table.close();
    Some(Fill { vendor: vendor?, from: from?, when: whole(when)?, loss: loss?, origin })
}

/// `None` where the rule has a mistake, which was reported.
pub fn set(table: Table<'_>) -> Option<Set> {
    table.is(TableKind::Same("set"));
    table.demand(Clause::One(&["vendor", "canonical"]));
    table.demand(Clause::FlagBars("render", "canonical"));
    let vendor = table.item("vendor").map(place);
    let canonical = table.item("canonical").map(place);
    let value = table.need("value").and_then(set_value);
    let when = table.item("when").map(when);
    let (always, render) = (table.flag("always"), table.flag("render"));
    let target = match (vendor, canonical) {
        (Some(vendor), None) => vendor.map(SetTarget::Vendor),
        (None, Some(_)) if render => {
            target_mistake(&table, "`render` is for answers in the vendor's words");
            None
        }
        (None, Some(canonical)) => canonical.map(SetTarget::Canonical),
        _ => {
            target_mistake(&table, "needs exactly one of `vendor` and `canonical`");
            None
        }
    };
    let origin = origin(&table);
    table.close();
    Some(Set { target: target?, value: value?, when: whole(when)?, always, render, origin })
}

const CONVERSIONS: &[(&str, Conversion)] = &[("boolean_text", Conversion::BooleanText)];

const OTHERWISE: &[(&str, Otherwise)] =
    &[("refuse", Otherwise::Refuse), ("keep", Otherwise::Keep), ("drop", Otherwise::Drop)];

fn need_place(table: &Table<'_>, key: &'static str) -> Option<Place> {
    table.need(key).and_then(place)
}

/// An optional part: absent is fine, one with a mistake takes the whole rule with it.
fn whole<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        Some(None) => None,
        Some(some) => Some(some),
        None => Some(None),
    }
}

/// Text that says something.
fn sentence(table: &Table<'_>, key: &'static str) -> Option<String> {
    table.text(key).filter(|text| !text.trim().is_empty())
}

fn demand_loss(table: &Table<'_>, reason: &str) {
    let reader = table.reader();
    let message = "this rule loses information and must say what";
    let diagnostic = reader.mistake(LOSS_MISSING, table.span(), message, reason);
    reader.report(diagnostic.with_hint("add `loss = \"…\"`, a sentence for the loss report"));
}

fn target_mistake(table: &Table<'_>, label: &str) {
    let reader = table.reader();
    reader.report(reader.mistake(
        SET_TARGET,
        table.span(),
        "this `set` has no clear target",
        label,
    ));
}

fn origin(table: &Table<'_>) -> RuleOrigin {
    let source = table.reader().source();
    let at = source.position(table.span().start);
    let values = table.all().map(|(key, item)| (key.to_owned(), item.span())).collect();
    let file = source.name.clone();
    RuleOrigin { file, line: at.line, column: at.column, span: table.span(), values }
}

fn pick(item: Item<'_>) -> Option<Pick> {
    item.may_say(["first", "primary"]);
    let word = item.string_like("^[^=]+=[\\s\\S]")?;
    match (word, word.split_once('=')) {
        ("first", _) => Some(Pick::First),
        ("primary", _) => Some(Pick::Where("primary".to_owned(), Literal::Bool(true))),
        (_, Some((name, value))) if !name.is_empty() && !value.is_empty() => {
            Some(Pick::Where(name.to_owned(), Literal::String(value.to_owned())))
        }
        _ => {
            let diagnostic = item.mistake(BAD_PICK, "this is not a way to pick", "unknown pick");
            let hint = "allowed: `first`, `primary`, `<name>=<value>` such as `type=work`";
            item.reader().report(diagnostic.with_hint(hint));
            None
        }
    }
}

fn values(table: &Table<'_>) -> Option<Option<Values>> {
    let otherwise = table.item("otherwise");
    let otherwise_word = otherwise.map(|item| item.word(OTHERWISE));
    let item = table.item("values");
    item.into_iter().for_each(|item| item.may_hold(1, usize::MAX));
    let Some(item) = item else {
        if let Some(item) = otherwise {
            let message = "`otherwise` without a value table";
            item.reader().report(item.mistake(BAD_VALUES, message, "nothing to differ from"));
        }
        return None;
    };
    let pairs: Vec<Option<_>> = item.items().into_iter().map(pair).collect();
    if pairs.is_empty() {
        item.reader().report(item.mistake(BAD_VALUES, "the value table is empty", "no pairs"));
        return Some(None);
    }
    let otherwise = otherwise_word.unwrap_or(Some(Otherwise::Refuse));
    let pairs = pairs.into_iter().collect::<Option<Vec<_>>>();
    Some(pairs.zip(otherwise).map(|(pairs, otherwise)| Values { pairs, otherwise }))
}

fn pair(item: Item<'_>) -> Option<(Literal, Literal)> {
    item.may_hold(2, 2);
    let both = item.items();
    let [canonical, vendor] = both.as_slice() else {
        let message = "a row of a value table is a pair";
        let diagnostic = item.mistake(BAD_VALUES, message, "not two values");
        item.reader().report(diagnostic.with_hint("write `[canonical, vendor]`"));
        return None;
    };
    literal(*canonical).zip(literal(*vendor))
}

/// Whether the table maps two values onto one, either way.
fn folds(values: &Values) -> bool {
    let repeated = |side: fn(&(Literal, Literal)) -> &Literal| {
        let all: Vec<&Literal> = values.pairs.iter().map(side).collect();
        all.iter()
            .enumerate()
            .any(|(at, one)| all.iter().skip(at + 1).any(|other| same_literal(other, one)))
    };
    repeated(|pair| &pair.0) || repeated(|pair| &pair.1)
}

fn when(item: Item<'_>) -> Option<When> {
    let table = item.table()?;
    let canonical = need_place(&table, "canonical");
    let equals = table.need("equals").and_then(literal);
    table.close();
    Some(When { canonical: canonical?, equals: equals? })
}

fn literal(item: Item<'_>) -> Option<Literal> {
    match item.scalar() {
        Some(serde_json::Value::String(text)) => Some(Literal::String(text)),
        Some(serde_json::Value::Bool(value)) => Some(Literal::Bool(value)),
        Some(serde_json::Value::Number(number)) => Some(Literal::Number(number.into())),
        _ => {
            let message = "only a string, a number or a boolean may stand here";
            item.reader().report(item.mistake(NOT_SCALAR, message, "not a simple value"));
            None
        }
    }
}
