//! What a write says of places that a GET does not return: a replacement that leaves one out would wipe it.

use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Pair, Unseen, begins};
use crate::rewrite::program::label;
use crate::scim::patch::{Op, OpKind};
use crate::scim::{Object, Value};

impl Unseen {
    /// Whether what an operation comes to depends on what is there.
    fn decides(&self, op: &Op<'_>) -> bool {
        let names: Vec<String> = op.path.members().map(str::to_owned).collect();
        let head = names.len() - op.path.sub.len();
        let (at_or_above, below) = (begins(&self.client, &names), begins(&names, &self.client));
        if let (Some(filter), true) = (&op.path.filter, self.array == Some(head))
            && begins(&self.client, names.get(..head).unwrap_or_default())
        {
            let asked = filter.paths().iter().any(|path| {
                let asked: Vec<String> = path.members().map(str::to_owned).collect();
                begins(self.client.get(head..).unwrap_or_default(), &asked)
            });
            if asked {
                return true;
            }
        }
        if !at_or_above && !below {
            return false;
        }
        let clears = op.kind == OpKind::Remove || op.value.as_ref().is_none_or(Value::is_cleared);
        // Whole elements, and lists of them, go with what is hidden in them.
        let holds = self.array.is_some_and(|array| names.len() <= array) && self.each;
        match op.kind {
            _ if holds => false,
            _ if clears => true,
            OpKind::Add => self.several,
            OpKind::Replace => self.array == Some(names.len()) && op.path.filter.is_none(),
            OpKind::Remove => true,
        }
    }
}

impl Pair {
    /// The first place that a GET does not return and the resource does not say.
    pub(super) fn unsaid(&self, resource: &Object<'_>) -> Option<&[String]> {
        let unsaid = self.unreturned.iter().find(|names| !is_said(resource, names));
        unsaid.map(Vec::as_slice)
    }

    /// Whether elements hold what a GET does not return, and some does not say it.
    pub(super) fn is_unsaid_in(&self, list: &[String], elements: &Value<'_>) -> bool {
        let mut inside = self.unreturned_in(list);
        inside.any(|names| {
            let below = names.get(list.len()..).unwrap_or_default();
            let mut elements = elements.as_array().unwrap_or_default().iter();
            elements.any(|one| one.as_object().is_some_and(|one| !is_said(one, below)))
        })
    }

    /// The places in a list's elements that a GET does not return.
    pub(super) fn unreturned_in<'p>(
        &'p self,
        list: &'p [String],
    ) -> impl Iterator<Item = &'p Vec<String>> {
        self.unreturned.iter().filter(|names| names.len() > list.len() && begins(names, list))
    }

    /// Takes out of a client's view what no answer of its dialect shows unasked, unless the replacement
    /// says it: what the client neither saw nor says stays.
    pub(super) fn withhold(&self, view: &mut Object<'_>, user: &Object<'_>) {
        for names in self.unasked.iter().filter(|names| !mentions(user, names)) {
            take_out(view, names);
        }
    }

    /// Refuses operations that are to be done here, over what is read, and cannot be: nothing that is
    /// read shows what they change.
    pub(super) fn foresees(&self, ops: &[Op<'_>]) -> Result<(), Fault> {
        let unseen = ops.iter().find_map(|op| self.unseen.iter().find(|place| place.decides(op)));
        let Some(place) = unseen else { return Ok(()) };
        let detail = format!(
            "The upstream's answers leave out {}, so that what becomes of {} cannot be told; nothing \
             was sent. Replace it by a value, or change it at the upstream.",
            label(&place.upstream),
            label(&place.client)
        );
        Err(Fault::new(Cause::NotImplemented, detail))
    }
}

/// Whether anything is said at a place, be it that there is no value; of some element, where it lies in
/// elements.
fn mentions(object: &Object<'_>, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return true };
    match object.get(first) {
        Some(_) if rest.is_empty() => true,
        Some(Value::Object(inner)) => mentions(inner, rest),
        Some(Value::Array(elements)) => {
            elements.iter().filter_map(Value::as_object).any(|element| mentions(element, rest))
        }
        _ => false,
    }
}

fn take_out(object: &mut Object<'_>, names: &[String]) {
    match names {
        [] => {}
        [name] => drop(object.remove(name)),
        [first, rest @ ..] => match object.get_mut(first) {
            Some(Value::Object(inner)) => take_out(inner, rest),
            Some(Value::Array(elements)) => {
                elements
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|element| take_out(element, rest));
            }
            _ => {}
        },
    }
}

/// Whether there is a value at a place: in every element, where it lies in elements.
fn is_said(object: &Object<'_>, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return true };
    match object.get(first) {
        Some(value) if rest.is_empty() => !value.is_cleared(),
        Some(Value::Object(inner)) => is_said(inner, rest),
        Some(Value::Array(elements)) => {
            elements.iter().filter_map(Value::as_object).all(|element| is_said(element, rest))
        }
        // Where the whole is not there, nothing of it is.
        None => !rest.is_empty(),
        Some(_) => true,
    }
}
