//! How often each kind of rule, fact and mistake occurred: a kind that is rare is not tried.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Given;
use super::document::MISTAKES;
use super::draft::{Attr, Draft, Kind};

/// What a run must hold, each in one case of a hundred at least.
const KINDS: [&str; 51] = [
    "plain map",
    "renamed",
    "nested",
    "values 1:1",
    "values n:1",
    "otherwise refuse",
    "otherwise keep",
    "otherwise drop",
    "convert",
    "pick",
    "predicate",
    "vendor predicate",
    "elements",
    "sticky",
    "text list",
    "fill",
    "set vendor",
    "set when",
    "set always",
    "set render",
    "set canonical",
    "overlay",
    "overlay replaces",
    "two overlays",
    "simple",
    "boolean",
    "integer",
    "decimal",
    "dateTime",
    "reference",
    "complex",
    "several",
    "several complex",
    "open",
    "extension",
    "immutable",
    "readOnly",
    "writeOnly",
    "returned",
    "caseExact",
    "max",
    "required",
    "canonicalValues",
    "merging",
    "group",
    "members by another name",
    "one operation a PATCH",
    "question that hits",
    "question in another case",
    "exact case",
    "list without an id",
];

#[derive(Clone, Debug, Default)]
pub struct Tally {
    cases: usize,
    counts: BTreeMap<&'static str, usize>,
}

impl Tally {
    pub fn count(&mut self, draft: &Draft, given: &Given) {
        self.cases += 1;
        let mut kinds: Vec<_> = draft.all_rules().flat_map(|rule| rule.kinds.clone()).collect();
        kinds.push(given.mistake.0);
        kinds.extend((draft.overlays.len() > 1).then_some("two overlays"));
        kinds.extend(draft.merges.then_some("merging"));
        kinds.extend(draft.group.then_some("group"));
        kinds.extend((draft.patch.is_some() && draft.most == 1).then_some("one operation a PATCH"));
        kinds.extend(given.asked.iter().copied());
        kinds.extend(given.unnamed.map(|_| "list without an id"));
        facts(&draft.attributes, &mut kinds);
        kinds.sort_unstable();
        kinds.dedup();
        kinds.into_iter().for_each(|kind| *self.counts.entry(kind).or_default() += 1);
    }

    /// The kinds that less than one case of a hundred has.
    pub fn rare(&self) -> Vec<&'static str> {
        let wanted = KINDS.into_iter().chain(MISTAKES);
        let often = |kind: &&str| self.counts.get(*kind).copied().unwrap_or_default() * 100;
        wanted.filter(|kind| often(kind) < self.cases).collect()
    }
}

fn facts(attributes: &[Attr], kinds: &mut Vec<&'static str>) {
    for attr in attributes {
        kinds.push(match attr.kind {
            Kind::Text => "simple",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Decimal => "decimal",
            Kind::Date => "dateTime",
            Kind::Reference => "reference",
            Kind::Complex => "complex",
        });
        let several = if attr.kind == Kind::Complex { "several complex" } else { "several" };
        let said = [
            (attr.multi, several),
            (attr.open, "open"),
            (attr.extension, "extension"),
            (attr.mutability == "immutable", "immutable"),
            (attr.mutability == "readOnly", "readOnly"),
            (attr.mutability == "writeOnly", "writeOnly"),
            (attr.returned != "default", "returned"),
            (attr.exact, "caseExact"),
            (attr.max.is_some(), "max"),
            (attr.required, "required"),
            (!attr.canonical.is_empty(), "canonicalValues"),
        ];
        kinds.extend(said.into_iter().filter(|(said, _)| *said).map(|(_, kind)| kind));
        facts(&attr.subs, kinds);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases, with", self.cases)?;
        for (kind, count) in &self.counts {
            let share = *count as f64 * 100.0 / self.cases.max(1) as f64;
            writeln!(f, "  {kind:<24}{count:>7}{share:>7.1} %")?;
        }
        Ok(())
    }
}
