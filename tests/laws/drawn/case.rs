//! One case: a drawn dialect and the documents, requests and filters that it is tried with.

use super::asked::{Ask, attr};
use super::dice::Dice;
use super::document::{canonical, document, mistake, stored};
use super::draft::{Attr, Draft, Kind};
use super::invent::ACME;
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
    /// What the questions are like, for the tally.
    pub asked: Vec<&'static str>,
    /// Which resource the lists of an upstream show without an id.
    pub unnamed: Option<usize>,
    /// PATCH operations in canonical words.
    pub operations: Tree,
}

impl Given {
    pub fn draw(draft: &Draft, dice: &mut Dice) -> Self {
        let mut stored: Vec<_> = (0..3).map(|_| stored(&draft.attributes, dice)).collect();
        let login = draft.attributes.iter().find(|attr| attr.unique);
        if let Some(login) = login {
            names_of_their_own(&mut stored, &login.name);
        }
        // Where case tells names apart, two may differ in nothing else.
        if let (Some(login), true) = (login.filter(|login| login.is_exact()), dice.one_in(2)) {
            let name = stored[0].get(&login.name).and_then(Tree::as_text).unwrap_or_default();
            let name = name.to_uppercase();
            stored[1].set(&login.name, Tree::text(name));
        }
        let mut wrong = stored[0].clone();
        let attributes = &draft.attributes;
        let mistake = mistake(&mut wrong, attributes, dice).unwrap_or(("none", Vec::new()));
        let client = canonical(draft.group);
        let mut said: Vec<_> = (0..2).map(|_| document(&client, dice)).collect();
        names_of_their_own(&mut said, draft.naming());
        let mut asks: Vec<_> = (0..2).map(|_| ask(&client, 2, dice)).collect();
        let mut asked = Vec::new();
        if let Some(login) = login {
            let there = stored[dice.below(2)].get(&login.name).cloned().unwrap_or(Tree::Null);
            let value = in_some_case(&there, dice);
            asked.push("question that hits");
            asked.extend((value != there).then_some("question in another case"));
            asked.extend((login.is_exact() && !login.is_exact_to(&client)).then_some("exact case"));
            let operator = (*dice.of(&["eq", "eq", "eq", "sw", "ne"])).to_owned();
            asks.push(Ask::Compare(vec![draft.naming().to_owned()], operator, value));
            if dice.one_in(2) {
                asks.swap(0, 2);
            }
        }
        Self {
            asked,
            unnamed: dice.one_in(4).then(|| dice.below(3)),
            wrong,
            mistake,
            said,
            spoken: (0..2).map(|_| document(&draft.attributes, dice)).collect(),
            asks,
            operations: operations(&client, dice),
            stored,
        }
    }
}

impl Case<'_> {
    /// What a client of RFC 7643 says of the resource type. Of what a rule alone brings it, the vendor's
    /// schema says whether case tells values apart.
    pub fn canonical(&self) -> Vec<Attr> {
        let draft = &self.world.draft;
        let mut attributes = canonical(draft.group);
        let maps = draft.all_rules().filter(|rule| rule.table == "map");
        for (from, to) in
            maps.filter_map(|rule| Some((rule.canonical.as_ref()?, rule.vendor.as_ref()?)))
        {
            let [urn, name] = from.members.as_slice() else { continue };
            let extension = attributes.iter_mut().find(|attr| attr.name == *urn && *urn == ACME);
            let leaf = extension.and_then(|one| one.subs.iter_mut().find(|sub| sub.name == *name));
            if let (Some(leaf), Some(vendor)) = (leaf, attr(&draft.attributes, &to.names())) {
                leaf.exact |= vendor.exact;
            }
        }
        attributes
    }

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

/// What resources are known by is unique.
fn names_of_their_own(trees: &mut [Tree], name: &str) {
    for (at, tree) in trees.iter_mut().enumerate() {
        let own = format!("{}{at}", tree.get(name).and_then(Tree::as_text).unwrap_or_default());
        tree.set(name, Tree::text(own));
    }
}

/// A text as it is, or in another case.
pub fn in_some_case(value: &Tree, dice: &mut Dice) -> Tree {
    match value {
        Tree::Text(text) if dice.one_in(2) => Tree::text(text.to_uppercase()),
        other => other.clone(),
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
                let mut one = document(&array.subs, dice);
                if one.get("value").is_some() && dice.one_in(2) {
                    one.set("value", Tree::text(format!("v0{}@x.example", dice.below(3))));
                }
                (array.name.clone(), Tree::Array(vec![one]))
            }
            Some(array) if op == "remove" && dice.one_in(2) => {
                let which = format!("value eq \"v0{}@x.example\"", dice.below(3));
                (format!("{}[{which}]", array.name), Tree::Null)
            }
            Some(array) => {
                let primary = array.subs.iter().any(|sub| sub.name == "primary");
                let (kind, chosen) = match primary {
                    true => ("type eq \"work\"", "primary eq true"),
                    false => ("type eq \"User\"", "value eq \"v00@x.example\""),
                };
                let filter = *dice.of(&[kind, "value co \"v0\"", chosen]);
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
