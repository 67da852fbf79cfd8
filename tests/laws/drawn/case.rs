//! One case: a drawn dialect and the documents, requests and filters that it is tried with.

use super::asked::{Ask, attr};
use super::dice::Dice;
use super::document::{canonical, document, mistake, stored};
use super::draft::{Attr, Draft, Kind};
use super::load::World;
use super::server::Server;
use super::tree::{Step, Tree, object};

pub struct Case<'w> {
    pub world: &'w World,
    /// The same dialect with its rules and overlays in another order.
    pub shuffled: &'w World,
    pub given: Given,
}

/// What a law reads; it can be made smaller.
#[derive(Clone, Debug)]
pub struct Given {
    /// The upstream's documents, in the dialect's words.
    pub stored: Vec<Tree>,
    /// One of them with a mistake: its name and place.
    pub wrong: Tree,
    pub mistake: (&'static str, Vec<Step>),
    /// Requests in canonical words.
    pub said: Vec<Tree>,
    /// Requests in the dialect's words.
    pub spoken: Vec<Tree>,
    pub asks: Vec<Ask>,
    /// PATCH operations in canonical words.
    pub operations: Tree,
}

impl Given {
    pub fn draw(draft: &Draft, dice: &mut Dice) -> Self {
        let stored: Vec<_> = (0..3).map(|_| stored(&draft.attributes, dice)).collect();
        let mut wrong = stored[0].clone();
        let mistake = mistake(&mut wrong, dice).unwrap_or(("none", Vec::new()));
        let client = canonical();
        Self {
            wrong,
            mistake,
            said: (0..2).map(|_| document(&client, dice)).collect(),
            spoken: (0..2).map(|_| document(&draft.attributes, dice)).collect(),
            asks: (0..2).map(|_| ask(&client, 2, dice)).collect(),
            operations: operations(&client, dice),
            stored,
        }
    }
}

impl Case<'_> {
    /// A server that speaks the dialect and has these documents.
    pub fn server(&self, kept: &[&Tree]) -> Server {
        let draft = &self.world.draft;
        let server = Server::new(&draft.attributes, draft.merges, draft.clear);
        kept.iter().for_each(|tree| drop(server.seed((*tree).clone())));
        server
    }
}

/// A leaf of these attributes: its names and facts; one of an element among them.
pub fn leaf<'a>(attributes: &'a [Attr], dice: &mut Dice) -> (Vec<String>, &'a Attr) {
    let mut names = Vec::new();
    let mut at = attributes;
    loop {
        let attr = dice.of(at);
        names.push(attr.name.clone());
        if attr.subs.is_empty() {
            return (names, attr);
        }
        at = &attr.subs;
    }
}

/// A value of the leaf, as a request or a filter says it.
pub fn sample(attr: &Attr, dice: &mut Dice) -> Tree {
    let holder = Attr { required: true, multi: false, mutability: "readWrite", ..attr.clone() };
    let tree = document(std::slice::from_ref(&holder), dice);
    tree.get(&attr.name).cloned().unwrap_or(Tree::Null)
}

fn ask(attributes: &[Attr], depth: usize, dice: &mut Dice) -> Ask {
    if depth > 0 && dice.one_in(3) {
        let (a, b) = (ask(attributes, depth - 1, dice), ask(attributes, depth - 1, dice));
        return match dice.below(3) {
            0 => Ask::And(Box::new(a), Box::new(b)),
            1 => Ask::Or(Box::new(a), Box::new(b)),
            _ => Ask::Not(Box::new(a)),
        };
    }
    let (names, attr) = leaf(attributes, dice);
    if let (Some((first, _)), true) = (names.split_first(), dice.one_in(4))
        && let Some(array) = super::asked::attr(attributes, std::slice::from_ref(first))
        && array.multi
        && array.kind == Kind::Complex
    {
        return Ask::Within(vec![first.clone()], Box::new(ask(&array.subs, 1, dice)));
    }
    if dice.one_in(6) {
        return Ask::Present(names);
    }
    let operators: &[&str] = match attr.kind {
        Kind::Boolean => &["eq", "ne"],
        Kind::Integer | Kind::Decimal => &["eq", "ne", "gt", "le"],
        _ => &["eq", "eq", "ne", "co", "sw", "ew", "gt", "le"],
    };
    let value = match (sample(attr, dice), attr.name.as_str()) {
        (Tree::Text(text), _) if dice.one_in(6) => Tree::text(text.to_uppercase()),
        (_, "value") => Tree::text(format!("v{}{}@x.example", dice.below(3), dice.below(3))),
        (value, _) => value,
    };
    Ask::Compare(names, (*dice.of(operators)).to_owned(), value)
}

/// One or two operations on what any client may write.
fn operations(attributes: &[Attr], dice: &mut Dice) -> Tree {
    let mut operations = Vec::new();
    for _ in 0..1 + dice.below(2) {
        let (names, leaf) = leaf(attributes, dice);
        let array =
            attr(attributes, &names[..1]).filter(|attr| attr.multi && !attr.subs.is_empty());
        let op = *dice.of(&["add", "replace", "replace", "remove"]);
        let (path, value) = match array {
            None => (path(&names), sample(leaf, dice)),
            Some(array) if dice.one_in(2) => {
                let one = document(&array.subs, dice);
                (array.name.clone(), Tree::Array(vec![one]))
            }
            Some(array) => {
                let filter = *dice.of(&["type eq \"work\"", "value co \"v0\"", "primary eq true"]);
                (format!("{}[{filter}].{}", array.name, names[1]), sample(leaf, dice))
            }
        };
        let mut members =
            vec![("op".to_owned(), Tree::text(op)), ("path".to_owned(), Tree::text(path))];
        if op != "remove" {
            members.push(("value".to_owned(), value));
        }
        operations.push(Tree::Object(members));
    }
    object([
        ("schemas", Tree::Array(vec![Tree::text("urn:ietf:params:scim:api:messages:2.0:PatchOp")])),
        ("Operations", Tree::Array(operations)),
    ])
}

/// An attribute path, as clients write it.
pub fn path(names: &[String]) -> String {
    match names.split_first() {
        Some((urn, rest)) if urn.starts_with("urn:") => format!("{urn}:{}", rest.join(".")),
        _ => names.join("."),
    }
}
