//! A PATCH body to operations in normal form (RFC 7644 section 3.5.2, and what clients make of it).

use super::op::{Op, OpKind, PatchError, shown};
use super::target::{Target, read_only, resolve};
use crate::scim::coerce::{Leniency, TypeMismatch, coerce, coerce_element};
use crate::scim::document;
use crate::scim::filter::Path;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::grammar::{Known, is_foreign, parse_path};
use crate::scim::names::twice;
use crate::scim::schema::{Attribute, Mutability, Schema, Unknown};
use crate::scim::value::{Object, Value};

/// The most operations in one body, and the most that one body may become.
pub const MAX_OPERATIONS: usize = 1_000;

/// Brings a PATCH body into normal form: one attribute per operation, paths in the schema's
/// spelling, values of the schema's types, removals without values.
///
/// - `op` and member names are taken in any case; `schemas` decides nothing.
/// - A path-less `add` or `replace` becomes one operation per attribute; its keys may be dotted
///   (`name.givenName`), begin with a URN, or be a URN, whose object is split further. `schemas`,
///   `id` and `meta` in it are passed over.
/// - A removal with a value from a multi-valued attribute becomes one removal per value.
///
/// # Errors
/// `invalidSyntax`, `invalidPath`, `invalidValue`, `mutability` (readOnly; immutable is for the
/// caller, who knows the resource) or `noTarget`, for the first operation that is not right.
pub fn normalise<'a>(
    body: &Value<'a>,
    schema: &Schema,
    known: &Known<'_>,
    leniency: Leniency,
) -> Result<Vec<Op<'a>>, PatchError> {
    let operations = body
        .as_object()
        .and_then(|body| body.get("Operations"))
        .and_then(Value::as_array)
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| {
            // RFC 7644 section 3.5.2: one or more.
            let detail = "The PATCH body needs an array named Operations, with one at least.";
            PatchError::new("invalidSyntax", detail)
        })?;
    if operations.len() > MAX_OPERATIONS {
        return Err(too_many());
    }
    body.as_object().map_or(Ok(()), |body| once(body, |_| true))?;
    let mut reader = Reader { schema, known, leniency, ops: Vec::new() };
    for (index, operation) in operations.iter().enumerate() {
        reader.operation(operation).map_err(|error| PatchError {
            detail: format!("Operation {}: {}", index.saturating_add(1), error.detail),
            ..error
        })?;
    }
    Ok(reader.ops)
}

/// Refuses an object that says a listed name twice, in different case.
fn once(members: &Object<'_>, listed: impl Fn(&str) -> bool) -> Result<(), PatchError> {
    match twice(members, listed) {
        None => Ok(()),
        Some(name) => {
            let name = document::shown(name, 64);
            let detail = format!("{name} is there twice (case does not tell names apart).");
            Err(PatchError::new("invalidSyntax", detail))
        }
    }
}

fn too_many() -> PatchError {
    let detail = format!("More than {MAX_OPERATIONS} operations; send several requests.");
    PatchError::new("invalidSyntax", detail)
}

struct Reader<'r, 'a> {
    schema: &'r Schema,
    known: &'r Known<'r>,
    leniency: Leniency,
    ops: Vec<Op<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn operation(&mut self, operation: &Value<'a>) -> Result<(), PatchError> {
        let Some(operation) = operation.as_object() else {
            return Err(PatchError::new("invalidSyntax", "it is not an object."));
        };
        once(operation, |_| true)?;
        let kind = operation.get("op").and_then(Value::as_str).and_then(kind).ok_or_else(|| {
            PatchError::new("invalidSyntax", "op is neither add, replace nor remove.")
        })?;
        let value = operation.get("value");
        let path = match operation.get("path") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) => Some(self.path(text)?),
            Some(_) => return Err(PatchError::new("invalidPath", "path must be a string.")),
        };
        match (kind, path, value) {
            (OpKind::Remove, Some(path), value) => self.remove(path, value),
            (OpKind::Remove, None, _) => Err(PatchError::new(
                "noTarget",
                "a remove needs a path (RFC 7644 section 3.5.2.2).",
            )),
            (_, _, None) => Err(PatchError::new("invalidValue", "it needs a value.")),
            (kind, Some(path), Some(value)) => self.write(kind, path, value),
            (kind, None, Some(Value::Object(members))) => self.members(kind, members),
            (_, None, Some(_)) => Err(PatchError::new(
                "invalidValue",
                "without a path, the value must be an object of attributes.",
            )),
        }
    }

    fn path(&self, text: &str) -> Result<Path, PatchError> {
        parse_path(text, self.known).map_err(|error| {
            PatchError::new("invalidPath", format!("the path cannot be read: {error}."))
        })
    }

    /// The attributes of a path-less operation.
    fn members(&mut self, kind: OpKind, members: &Object<'a>) -> Result<(), PatchError> {
        once(members, |name| self.schema.attribute(name).is_some())?;
        for (name, value) in members.iter() {
            if ["schemas", "id", "meta"].iter().any(|common| common.eq_ignore_ascii_case(name)) {
                continue;
            }
            let core = self.known.urns.first().is_some_and(|urn| urn.eq_ignore_ascii_case(name));
            match value {
                Value::Object(inner) if core => self.members(kind, inner)?,
                Value::Object(_) if self.is_unknown_urn(name) => {
                    let path = Path { urn: Some(name.to_owned()), ..Path::default() };
                    self.write(kind, path, value)?;
                }
                _ => {
                    let path = self.key(name)?;
                    self.write(kind, path, value)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a key is a URN that the grammar could only guess to end in an attribute's name. With an
    /// object it is an extension, unless what stands before the name ends as a schema's URN does.
    fn is_unknown_urn(&self, name: &str) -> bool {
        let Ok(Path { urn: Some(urn), .. }) = self.path(name) else { return false };
        let last = |urn: &str| urn.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
        let core = last(&self.schema.urn);
        self.schema.attribute(&urn).is_none()
            && !self.known.urns.iter().any(|known| known.eq_ignore_ascii_case(&urn))
            && last(&urn) != core
    }

    /// A member's name as a path: it may be dotted, or hold a URN or a value filter.
    fn key(&self, name: &str) -> Result<Path, PatchError> {
        match self.path(name) {
            Err(_) if self.schema.unknown == Unknown::Ignore && !is_foreign(name, self.known) => {
                Ok(Path::core(name))
            }
            Err(error) => Err(PatchError {
                detail: format!("{} is no attribute: {}", document::shown(name, 64), error.detail),
                ..error
            }),
            path => path,
        }
    }

    fn write(&mut self, kind: OpKind, mut path: Path, value: &Value<'a>) -> Result<(), PatchError> {
        if path.attribute.is_none() && !value.is_cleared() {
            return self.extension(kind, &path, value);
        }
        let value = value.clone();
        let target = resolve(&mut path, self.schema, self.leniency)?;
        let value = match target {
            Target::Derived => return Ok(()),
            Target::Free => value,
            Target::Elements(_) if value.is_cleared() => {
                return self.push(Op { kind: OpKind::Remove, path, value: None });
            }
            Target::Elements(attribute) => {
                coerce_element(only(value), attribute, self.leniency).map_err(invalid)?
            }
            Target::Attribute(attribute) => {
                // Adding one value to several can mean only one thing.
                let object_as_array = self.leniency.object_as_array || kind == OpKind::Add;
                let leniency = Leniency { object_as_array, ..self.leniency };
                coerce(value, attribute, leniency).map_err(invalid)?
            }
        };
        self.push(Op { kind, path, value: Some(value) })
    }

    /// A whole extension: one operation per attribute in it.
    fn extension(
        &mut self,
        kind: OpKind,
        path: &Path,
        value: &Value<'a>,
    ) -> Result<(), PatchError> {
        let Value::Object(members) = value else {
            let detail = format!("The value of {} must be an object.", shown(path));
            return Err(PatchError::new("invalidValue", detail));
        };
        let extension = path.urn.as_deref().and_then(|urn| self.schema.attribute(urn));
        if extension.is_some_and(|extension| extension.mutability == Mutability::ReadOnly) {
            return Err(read_only(path));
        }
        once(members, |name| extension.is_some_and(|known| known.attribute(name).is_some()))?;
        for (name, value) in members.iter() {
            if name.eq_ignore_ascii_case("schemas") {
                // Part of the message wherever a client puts it (scim2-client does here).
                continue;
            }
            // A free key may hold dots; a listed attribute's name does not.
            let whole = extension
                .is_none_or(|extension| extension.is_free() || extension.attribute(name).is_some());
            let mut names = match whole {
                true => vec![name.to_owned()],
                false => name.split('.').map(str::to_owned).collect(),
            }
            .into_iter();
            let attribute = names.next();
            let path = Path { attribute, sub: names.collect(), ..path.clone() };
            self.write(kind, path, value)?;
        }
        Ok(())
    }

    fn remove(&mut self, mut path: Path, value: Option<&Value<'a>>) -> Result<(), PatchError> {
        let target = resolve(&mut path, self.schema, self.leniency)?;
        let mut plain = Op { kind: OpKind::Remove, path, value: None };
        let named = value.filter(|value| !matches!(value, Value::Null));
        let attribute = match target {
            Target::Derived => return Ok(()),
            Target::Attribute(attribute) if attribute.multi_valued => attribute,
            // What is stored says whether that is one of several values.
            Target::Free if named.is_some_and(Value::is_cleared) => return Ok(()),
            Target::Free => {
                plain.value = named.cloned();
                return self.push(plain);
            }
            Target::Attribute(_) | Target::Elements(_) => return self.push(plain),
        };
        let one_by_one = plain.path.sub.is_empty() || plain.path.urn.is_some();
        let values = match value {
            None | Some(Value::Null) => return self.push(plain),
            _ if !one_by_one => return self.push(plain),
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        // An empty array removes nothing: who sends it had no value to remove.
        for value in values {
            let filter = Some(Box::new(selects(value, attribute)?));
            let path = Path { filter, ..plain.path.clone() };
            self.push(Op { kind: OpKind::Remove, path, value: None })?;
        }
        Ok(())
    }

    fn push(&mut self, op: Op<'a>) -> Result<(), PatchError> {
        if self.ops.len() >= MAX_NORMALISED {
            return Err(too_many());
        }
        self.ops.push(op);
        Ok(())
    }
}

/// One operation may name many members; the body's size bounds them first.
const MAX_NORMALISED: usize = 100_000;

fn kind(name: &str) -> Option<OpKind> {
    [("add", OpKind::Add), ("replace", OpKind::Replace), ("remove", OpKind::Remove)]
        .into_iter()
        .find_map(|(op, kind)| op.eq_ignore_ascii_case(name).then_some(kind))
}

fn invalid(error: TypeMismatch) -> PatchError {
    PatchError::new("invalidValue", error.to_string())
}

/// The element of an array of one; any other value as it is.
fn only(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Array(mut elements) if elements.len() == 1 => elements.pop().unwrap_or_default(),
        other => other,
    }
}

/// The filter that selects the element which the value of a removal names.
fn selects(value: &Value<'_>, attribute: &Attribute) -> Result<Filter, PatchError> {
    let nothing = || {
        let detail = format!("A value to remove from {} names no element.", attribute.name);
        PatchError::new("invalidValue", detail)
    };
    let Value::Object(object) = value else {
        return Ok(equals("value", literal(value).ok_or_else(nothing)?));
    };
    if let Some(literal) = object.get("value").and_then(literal) {
        return Ok(equals("value", literal));
    }
    let mut terms = Vec::new();
    for (name, value) in object.iter() {
        if let (Some(sub), Some(literal)) = (attribute.attribute(name), literal(value)) {
            terms.push(equals(&sub.name, literal));
        }
    }
    match terms.pop() {
        Some(only) if terms.is_empty() => Ok(only),
        Some(last) => {
            terms.push(last);
            Ok(Filter::And(terms))
        }
        None => Err(nothing()),
    }
}

fn equals(name: &str, literal: Literal) -> Filter {
    Filter::Compare { path: Path::core(name), operator: Operator::Eq, literal }
}

fn literal(value: &Value<'_>) -> Option<Literal> {
    match value {
        Value::Bool(value) => Some(Literal::Bool(*value)),
        Value::Number(number) => Some(Literal::Number(number.clone().into_owned())),
        Value::String(text) => Some(Literal::String(text.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
