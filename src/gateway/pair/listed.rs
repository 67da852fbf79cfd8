//! What `/Schemas` lists: the client's schema as far as the pair carries it.

use super::compiled::Pair;
use super::needs::Chosen;
use super::row::{Fate, Row};
use crate::dialect::Schemas;
use crate::rewrite::literal::literal_text;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, Operations, Schema};

impl Pair {
    /// The client's schema as far as the pair carries it.
    pub fn schema_view(&self) -> Schema {
        let schema = &self.client.vendor;
        let mut attributes = self.visible(&schema.attributes, &[]);
        if self.client_resource.schemas_in_answer == Schemas::All {
            // Every answer names them, so they are listed, with nothing in them.
            let empty =
                schema.extensions().filter(|one| attributes.iter().all(|a| a.name != one.name));
            let empty: Vec<Attribute> = empty
                .map(|one| Attribute {
                    attributes: Vec::new(),
                    required: Operations::of(&[]),
                    ..one.clone()
                })
                .collect();
            attributes.extend(empty);
        }
        Schema { attributes, ..schema.clone() }
    }

    fn visible(&self, attributes: &[Attribute], above: &[String]) -> Vec<Attribute> {
        attributes.iter().filter_map(|attribute| self.visible_one(attribute, above)).collect()
    }

    fn visible_one(&self, attribute: &Attribute, above: &[String]) -> Option<Attribute> {
        let names = [above, std::slice::from_ref(&attribute.name)].concat();
        let shown = if attribute.kind == Kind::Complex {
            self.visible_complex(attribute, &names)?
        } else {
            self.visible_leaf(attribute, &names)?
        };
        let needs = &self.table.needs;
        let wanted = |operation: &Operation| {
            shown.required.has(*operation)
                || needs.demands(&names, *operation)
                || needs.within(&names, *operation)
        };
        let required: Vec<Operation> = Operation::ALL.into_iter().filter(wanted).collect();
        Some(Attribute { required: Operations::of(&required), ..shown })
    }

    fn visible_complex(&self, attribute: &Attribute, names: &[String]) -> Option<Attribute> {
        let attributes = self.visible(&attribute.attributes, names);
        let free = [names, &["*".to_owned()]].concat();
        let open = attribute.open && self.table.works(&free).is_some();
        if attributes.is_empty() && !open {
            return None;
        }
        let all_read_only =
            !open && attributes.iter().all(|below| below.mutability == Mutability::ReadOnly);
        let mutability = if all_read_only { Mutability::ReadOnly } else { attribute.mutability };
        let permanent = !attribute.multi_valued && attributes.iter().any(|a| a.permanent);
        let max = if attribute.multi_valued { self.most(attribute, names) } else { None };
        let mut description = attribute.description.clone();
        for Chosen { known, .. } in self.table.needs.chosen.iter().filter(|one| one.path == names) {
            let term =
                |(name, literal): &(String, Literal)| format!("{name} {}", literal_text(literal));
            let terms: Vec<String> = known.iter().map(term).collect();
            let blank = if description.is_empty() { "" } else { " " };
            description.push_str(&format!("{blank}One with {} is required.", terms.join(" and ")));
        }
        Some(Attribute {
            attributes,
            open,
            mutability,
            permanent,
            max,
            description,
            ..attribute.clone()
        })
    }

    fn visible_leaf(&self, attribute: &Attribute, names: &[String]) -> Option<Attribute> {
        let row = self.table.works(names)?;
        let mutability = match row.fate {
            Fate::Carried { read_only: true, .. } | Fate::Constant => Mutability::ReadOnly,
            Fate::Carried { .. } | Fate::Implied | Fate::Lost(_) => attribute.mutability,
        };
        let format = row.format.clone().or_else(|| attribute.format.clone());
        let canonical_values =
            self.chosen(names).unwrap_or_else(|| attribute.canonical_values.clone());
        let max = if attribute.multi_valued { self.most(attribute, names) } else { None };
        let permanent = row.permanent;
        Some(Attribute {
            mutability,
            format,
            permanent,
            canonical_values,
            max,
            ..attribute.clone()
        })
    }

    /// The values of a sub-attribute that says where its element goes: any other is lost.
    fn chosen(&self, names: &[String]) -> Option<Vec<String>> {
        let rows = || self.table.of(names);
        let (name, chosen) = (names.last()?, rows().filter(|row| row.fate == Fate::Implied));
        let others = rows().any(|row| !matches!(row.fate, Fate::Implied | Fate::Lost(_)));
        let value = |row: &Row| {
            let (_, literal) =
                row.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            let Literal::String(text) = literal else { return None };
            Some(text.clone())
        };
        let mut values: Vec<String> = chosen.filter_map(value).collect();
        values.dedup();
        (!others && !values.is_empty()).then_some(values)
    }

    /// How many values of a multi-valued attribute the upstream holds, as far as that is known: for
    /// elements that go several ways, what all ways hold together.
    fn most(&self, attribute: &Attribute, names: &[String]) -> Option<usize> {
        // One row stands for each way, with the most that a row of that way has room for.
        let mut ways: Vec<(&Row, Option<usize>)> = Vec::new();
        for row in self.table.below(names).filter(|row| row.is_carried()) {
            match ways.iter_mut().find(|(way, _)| way.known == row.known) {
                Some((_, most)) => *most = most.zip(row.most).map(|(a, b)| a.max(b)),
                None => ways.push((row, row.most)),
            }
        }
        let together =
            ways.iter().try_fold(0_usize, |sum, (_, most)| Some(sum.saturating_add((*most)?)));
        attribute.max.into_iter().chain(together.filter(|most| *most > 0)).min()
    }
}
