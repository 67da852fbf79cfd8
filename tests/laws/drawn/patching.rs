//! PATCH as RFC 7644 section 3.5.2 has it, on any document: for the server, apart from the engine.

use super::asked::{Ask, Reading, attr, names};
use super::draft::{Attr, Kind};
use super::tree::Tree;

/// The document after all operations; `None` where one cannot be done, and then nothing is.
pub fn patched(old: &Tree, message: &Tree, attributes: &[Attr]) -> Option<Tree> {
    let mut new = old.clone();
    for operation in message.get("Operations")?.elements() {
        let op = operation.get("op")?.as_text()?.to_ascii_lowercase();
        let value = operation.get("value");
        match operation.get("path").and_then(Tree::as_text) {
            Some(path) => one(&mut new, &op, path, value, attributes)?,
            None => {
                for (path, value) in value?.members() {
                    one(&mut new, &op, path, Some(value), attributes)?;
                }
            }
        }
    }
    Some(new)
}

fn one(
    tree: &mut Tree,
    op: &str,
    path: &str,
    value: Option<&Tree>,
    attributes: &[Attr],
) -> Option<()> {
    let Some((array, rest)) = path.split_once('[') else {
        return plain(tree, op, &names(path), value, attributes);
    };
    let (filter, sub) = rest.rsplit_once(']')?;
    let (ask, sub) = (Ask::read(filter)?, sub.strip_prefix('.'));
    let array = names(array);
    let subs = attr(attributes, &array).map_or(&[][..], |attr| &attr.subs);
    let there = place(tree, &array)?;
    let Tree::Array(elements) = there else { return None };
    let chosen: Vec<usize> = elements
        .iter()
        .enumerate()
        .filter(|(_, element)| ask.holds(element, subs, Reading::Client))
        .map(|(at, _)| at)
        .collect();
    if chosen.is_empty() {
        return None;
    }
    for at in chosen.iter().rev() {
        match (op, sub, value) {
            ("remove", None, _) => drop(elements.remove(*at)),
            ("remove", Some(sub), _) => elements[*at].remove(sub),
            (_, Some(sub), Some(value)) => elements[*at].set(sub, value.clone()),
            // "All matching record values SHALL be replaced."
            ("replace", None, Some(value)) => elements[*at] = value.clone(),
            (_, None, Some(value)) => {
                for (name, value) in value.members() {
                    elements[*at].set(name, value.clone());
                }
            }
            _ => return None,
        }
    }
    if op != "remove" {
        one_primary(elements, &chosen);
    }
    if elements.is_empty() {
        plain(tree, "remove", &array, None, attributes)?;
    }
    Some(())
}

/// Where one of these elements is primary, no other stays so.
fn one_primary(elements: &mut [Tree], new: &[usize]) {
    let primary = |element: &Tree| element.get("primary") == Some(&Tree::Bool(true));
    if new.iter().any(|at| elements.get(*at).is_some_and(primary)) {
        for (at, element) in elements.iter_mut().enumerate() {
            if !new.contains(&at) && primary(element) {
                element.set("primary", Tree::Bool(false));
            }
        }
    }
}

fn place<'t>(tree: &'t mut Tree, names: &[String]) -> Option<&'t mut Tree> {
    names.iter().try_fold(tree, |at, name| at.get_mut(name))
}

fn plain(
    tree: &mut Tree,
    op: &str,
    names: &[String],
    value: Option<&Tree>,
    attributes: &[Attr],
) -> Option<()> {
    let (last, above) = names.split_last()?;
    if op == "remove" {
        let Some(holder) = place(tree, above) else { return Some(()) };
        match (holder.get_mut(last), value) {
            // Removal by value, as identity providers ask for it.
            (Some(Tree::Array(elements)), Some(Tree::Array(gone))) => {
                elements.retain(|element| !gone.contains(element));
            }
            _ => holder.remove(last),
        }
        return Some(());
    }
    let value = value?;
    let mut holder = tree;
    for name in above {
        if holder.get(name).is_none() {
            holder.set(name, Tree::Object(Vec::new()));
        }
        holder = holder.get_mut(name)?;
    }
    if value.is_nothing() && op == "replace" {
        holder.remove(last);
        return Some(());
    }
    let schema = attr(attributes, names);
    match (holder.get_mut(last), value) {
        (Some(Tree::Array(elements)), _) if op == "add" => {
            let more = match value {
                Tree::Array(more) => more.clone(),
                one => vec![one.clone()],
            };
            let mut new = Vec::new();
            for element in more {
                if !elements.contains(&element) {
                    new.push(elements.len());
                    elements.push(element);
                }
            }
            one_primary(elements, &new);
        }
        (Some(there @ Tree::Object(_)), Tree::Object(members))
            if schema.is_none_or(|attr| attr.kind == Kind::Complex && !attr.multi) =>
        {
            for (name, value) in members {
                let path: Vec<String> = vec![name.clone()];
                let subs = schema.map_or(&[][..], |attr| &attr.subs);
                plain(there, op, &path, Some(value), subs)?;
            }
        }
        _ => {
            let array = schema.is_some_and(|attr| attr.multi) && !matches!(value, Tree::Array(_));
            let value = if array { Tree::Array(vec![value.clone()]) } else { value.clone() };
            holder.set(last, value);
        }
    }
    Some(())
}
