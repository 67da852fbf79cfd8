//! Operations as the PATCH of an upstream, in the forms that its dialect declares.

use crate::dialect::PatchForms;
use crate::gateway::message::holds;
use crate::gateway::pair::Pair;
use crate::scim::grammar::parse_path;
use crate::scim::patch::{Op, OpKind};
use crate::scim::schema::Operation;
use crate::scim::{Object, Path, Value};

impl Pair {
    /// Operations in the upstream's forms: one body, or several where all change single elements of
    /// multi-valued attributes, so that each can be repeated (docs/semantics.md 5.6). `None` where the upstream
    /// cannot be told.
    pub fn printed(&self, ops: &[Op<'_>]) -> Option<Vec<Object<'static>>> {
        let resource = &self.upstream_resource;
        let forms =
            resource.patch.as_ref().filter(|_| resource.operations.has(Operation::Patch))?;
        // Where an extension's URN ends and its attribute begins, only who knows the extension can tell.
        let urns = self.upstream.vendor.urns();
        let known = self.known(&urns);
        let plain = |op: &Op<'_>| {
            let listed = op.path.urn.iter().all(|urn| resource.schema.attribute(urn).is_some());
            // A free key that holds a dot or a bracket would be read as something else.
            let bare = Path { filter: None, ..op.path.clone() };
            listed && parse_path(&bare.to_string(), &known).is_ok_and(|read| read == bare)
        };
        if ops.iter().all(plain) { print(ops, forms) } else { None }
    }
}

fn print(ops: &[Op<'_>], forms: &PatchForms) -> Option<Vec<Object<'static>>> {
    let elements = |op: &Op<'_>| {
        op.path.filter.is_some()
            || (op.kind == OpKind::Add && matches!(op.value, Some(Value::Array(_))))
    };
    if ops.is_empty() || (ops.len() > forms.max_operations && !ops.iter().all(elements)) {
        return None;
    }
    let printed: Option<Vec<Value<'static>>> = ops.iter().map(|op| print_one(op, forms)).collect();
    let body = |chunk: &[Value<'static>]| {
        let mut body = Object::new();
        body.push("Operations", Value::Array(chunk.to_vec()));
        body
    };
    Some(printed?.chunks(forms.max_operations.max(1)).map(body).collect())
}

fn print_one(op: &Op<'_>, forms: &PatchForms) -> Option<Value<'static>> {
    let said = |value: &Value<'_>| match value {
        Value::Object(_) => forms.complex_values,
        Value::Array(elements) => {
            forms.array_values || !elements.iter().any(|e| matches!(e, Value::Object(_)))
        }
        _ => true,
    };
    let sayable = |value: &Value<'_>| forms.typed.is_none() || holds(value);
    let bare = Path { filter: None, ..op.path.clone() };
    let takes = forms.paths.iter().any(|form| matches_form(form, &bare))
        && (op.path.filter.is_none() || forms.value_paths);
    if !takes
        || (op.kind == OpKind::Remove && !forms.remove)
        || !op.value.iter().all(|value| said(value) && sayable(value))
    {
        return None;
    }
    let kind = match op.kind {
        OpKind::Add => "add",
        OpKind::Replace => "replace",
        OpKind::Remove => "remove",
    };
    let mut printed = Object::new();
    printed.push("op", Value::text(kind));
    printed.push("path", Value::String(op.path.to_string().into()));
    if let Some(value) = &op.value {
        printed.push("value", value.clone().into_owned());
    }
    Some(Value::Object(printed))
}

fn matches_form(form: &str, path: &Path) -> bool {
    if form == "*" {
        return true;
    }
    match form.strip_suffix(":*") {
        Some(urn) => path.urn.as_deref().is_some_and(|u| u.eq_ignore_ascii_case(urn)),
        None => path.to_string().eq_ignore_ascii_case(form),
    }
}
