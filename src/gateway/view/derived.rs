//! Filters on what every resource has and no rule carries: `schemas`, `meta.resourceType` and
//! `meta.location` (RFC 7643 sections 3 and 3.1). They are known from the route, mostly without a call.

use super::fold::{Truth, constant, joined};
use crate::dialect::Schemas;
use crate::fault::{Cause, Fault};
use crate::gateway::pair::Pair;
use crate::scim::evaluate::matches;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::schema::{Attribute, Kind, Schema, attribute_at};
use crate::scim::{Object, Path, Value};

impl Pair {
    /// What a test of a derived attribute comes to; `None` for any other attribute.
    ///
    /// # Errors
    /// `InvalidFilter` for a comparison that could only be answered wrongly.
    pub(in crate::gateway) fn derived(&self, test: &Filter) -> Result<Option<Truth>, Fault> {
        let (Filter::Compare { path, .. } | Filter::Present(path)) = test else { return Ok(None) };
        let names: Vec<&str> = path.members().collect();
        let is = |known: &[&str]| {
            names.len() == known.len()
                && names.iter().zip(known).all(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        if is(&["schemas"]) {
            return self.of_schemas(test).map(Some);
        }
        if is(&["meta", "resourceType"]) {
            return Ok(Some(self.of_resource_type(test)));
        }
        match test {
            Filter::Present(_) if is(&["meta", "location"]) => {
                Ok(Some(constant(self.shows("location"))))
            }
            Filter::Compare { .. } if is(&["meta", "location"]) => {
                Err(refused("meta.location cannot be compared. Filter by id, which ends it."))
            }
            _ => Ok(None),
        }
    }

    /// The client's `schemas` hold the core schema's URN, and an extension's where it holds something.
    fn of_schemas(&self, test: &Filter) -> Result<Truth, Fault> {
        let resource = &self.client_resource;
        let shown = resource.schemas_in_answer;
        let (operator, urn) = match test {
            Filter::Compare { operator, literal: Literal::String(urn), .. } => (*operator, urn),
            Filter::Present(_) => return Ok(constant(shown != Schemas::None)),
            _ => return Err(refused("schemas can only be compared with a URN.")),
        };
        if operator != Operator::Eq {
            return Err(refused("schemas can be compared by eq only, or negated by not."));
        }
        if urn.eq_ignore_ascii_case(&resource.schema.urn) {
            return Ok(constant(shown != Schemas::None));
        }
        let known = self.client.vendor.extensions().find(|e| e.name.eq_ignore_ascii_case(urn));
        match shown {
            Schemas::None | Schemas::Core => Ok(Truth::Never),
            Schemas::All if known.is_some() => Ok(Truth::Always),
            Schemas::All | Schemas::Used => {
                self.holds(known.map_or(urn, |known| &known.name), known)
            }
        }
    }

    /// An extension is held where one of its attributes is, each in its own canonical place.
    fn holds(&self, urn: &str, known: Option<&Attribute>) -> Result<Truth, Fault> {
        let whole = Path { urn: Some(urn.to_owned()), ..Path::default() };
        let parts = known
            .into_iter()
            .flat_map(|known| &known.attributes)
            .map(|attribute| Path { attribute: Some(attribute.name.clone()), ..whole.clone() });
        let all = parts.chain([whole.clone()]).map(|path| self.test(&Filter::Present(path)));
        Ok(joined(all.collect::<Result<_, _>>()?, false))
    }

    fn of_resource_type(&self, test: &Filter) -> Truth {
        if !self.shows("resourceType") {
            return constant(matches(test, &Object::new(), &self.client_resource.schema));
        }
        let mut meta = Object::new();
        meta.push("resourceType", Value::text(&self.client_resource.schema.resource));
        let mut resource = Object::new();
        resource.push("meta", Value::Object(meta));
        constant(matches(test, &resource, &self.client_resource.schema))
    }

    /// Whether the client's dialect has that member of `meta`.
    fn shows(&self, member: &str) -> bool {
        self.client_resource.meta.iter().any(|name| name.eq_ignore_ascii_case(member))
    }
}

/// Refuses an order between values that have none (RFC 7644 section 3.4.2.2, `gt` to `le`), in a
/// comparison or in a value path's.
///
/// # Errors
/// `InvalidFilter`.
pub fn ordered(schema: &Schema, above: &[String], test: &Filter) -> Result<(), Fault> {
    let under = |path: &Path| -> Vec<String> {
        above.iter().cloned().chain(path.members().map(str::to_owned)).collect()
    };
    let orders = |operator: &Operator| {
        matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le)
    };
    let unordered = |attribute: &Attribute| matches!(attribute.kind, Kind::Boolean | Kind::Binary);
    match test {
        Filter::Compare { path, operator, .. } if orders(operator) => {
            match attribute_at(&schema.attributes, under(path)).is_some_and(unordered) {
                true => {
                    Err(refused("What is true or false, or binary, has no order: use eq or ne."))
                }
                false => Ok(()),
            }
        }
        Filter::Element { path, filter } => ordered(schema, &under(path), filter),
        Filter::And(terms) | Filter::Or(terms) if !above.is_empty() => {
            terms.iter().try_for_each(|term| ordered(schema, above, term))
        }
        Filter::Not(inner) if !above.is_empty() => ordered(schema, above, inner),
        // Outside a value path, each term is asked for itself.
        _ => Ok(()),
    }
}

fn refused(detail: &str) -> Fault {
    Fault::new(Cause::InvalidFilter, detail)
}
