//! Documents of a drawn schema: right ones, and ones with a mistake that real servers make.

use super::dice::Dice;
use super::draft::{Attr, Kind};
use super::invent::{ACME, ENTERPRISE};
use super::tree::{Step, Tree, object};

const TEXTS: [&str; 8] = ["ann", "Ann", "b\"ob", "Sales", "sales dept", "na\u{ef}ve", "x", "Zoe"];

/// A resource with these attributes. Elements have values of their own, at most one is primary.
pub fn document(attributes: &[Attr], dice: &mut Dice) -> Tree {
    let mut members = Vec::new();
    for attr in attributes {
        let there = attr.required || attr.unique || dice.percent(65);
        if there && attr.mutability != "readOnly" {
            members.push((attr.name.clone(), value(attr, dice)));
        }
    }
    Tree::Object(members)
}

/// What a server of that schema has stored: what only it writes is there, too.
pub fn stored(attributes: &[Attr], dice: &mut Dice) -> Tree {
    let mut tree = document(attributes, dice);
    for attr in attributes.iter().filter(|attr| attr.mutability == "readOnly") {
        tree.set(&attr.name, value(attr, dice));
    }
    tree
}

fn value(attr: &Attr, dice: &mut Dice) -> Tree {
    if !attr.multi {
        return one(attr, dice);
    }
    let most = attr.max.unwrap_or(3).min(3);
    let count = if most == 1 { 1 } else { 1 + dice.below(most) };
    let mut elements: Vec<Tree> = Vec::new();
    let mut primary = dice.one_in(2);
    for at in 0..count {
        let mut element = one(attr, dice);
        if element.get("value").is_some() {
            element.set("value", Tree::text(format!("v{at}{}@x.example", dice.below(3))));
        }
        if element.get("primary").is_some() {
            element.remove("primary");
            if primary {
                element.set("primary", Tree::Bool(true));
                primary = false;
            }
        }
        if !elements.contains(&element) && !element.is_nothing() {
            elements.push(element);
        }
    }
    Tree::Array(elements)
}

fn one(attr: &Attr, dice: &mut Dice) -> Tree {
    if !attr.words.is_empty() {
        return dice.of(&attr.words).clone();
    }
    if !attr.canonical.is_empty() {
        return Tree::text(*dice.of(&attr.canonical));
    }
    match attr.kind {
        Kind::Text if attr.unique => Tree::text(format!("user{}", dice.below(1000))),
        Kind::Text => Tree::text(*dice.of(&TEXTS)),
        Kind::Boolean => Tree::Bool(dice.one_in(2)),
        Kind::Integer => Tree::number(dice.of(&[0, 1, 7, -3, 701_984])),
        Kind::Decimal => Tree::number(dice.of(&["0.5", "12", "1.25", "12345678901234567.5"])),
        Kind::Date => {
            Tree::text(*dice.of(&["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.120+02:00"]))
        }
        Kind::Reference => Tree::text(*dice.of(&["https://a.example/P", "https://a.example/p"])),
        Kind::Complex if attr.open && attr.subs.is_empty() => free(dice),
        Kind::Complex => {
            let mut members = Vec::new();
            for sub in &attr.subs {
                if sub.name == "value" || dice.percent(70) {
                    members.push((sub.name.clone(), value(sub, dice)));
                }
            }
            Tree::Object(members)
        }
    }
}

fn free(dice: &mut Dice) -> Tree {
    let mut members = Vec::new();
    for key in ["department", "moved", "extra", "Region", "shoe size"] {
        let value = match dice.below(9) {
            0 | 1 => Tree::text(*dice.of(&TEXTS)),
            2 => Tree::number("0.12345678901234567891"),
            3 => Tree::Array(vec![Tree::number(1), Tree::Null, Tree::number(2)]),
            4 => object([("Deep", Tree::text("d")), ("deep", Tree::text("D"))]),
            _ => continue,
        };
        // What a rule names is a text.
        let text =
            matches!(value, Tree::Text(_)) || !["department", "moved", "extra"].contains(&key);
        if text {
            members.push((key.to_owned(), value));
        }
    }
    Tree::Object(members)
}

/// What a client that speaks RFC 7643 says of users, or of groups.
pub fn canonical(group: bool) -> Vec<Attr> {
    if group { groups() } else { users() }
}

fn groups() -> Vec<Attr> {
    let words = ["User", "Group"].map(Tree::text).to_vec();
    let value = Attr { exact: true, ..Attr::new("value", Kind::Text) };
    let kind = Attr { words, ..Attr::new("type", Kind::Text) };
    let members = vec![value, Attr::new("display", Kind::Text), kind];
    let name = Attr::new("displayName", Kind::Text);
    vec![
        Attr { unique: true, required: true, ..name },
        Attr { exact: true, ..Attr::new("externalId", Kind::Text) },
        Attr::complex("members", members).several(),
    ]
}

fn users() -> Vec<Attr> {
    let text = |name: &str| Attr::new(name, Kind::Text);
    let words = |name: &str, words: &[&str]| Attr {
        words: words.iter().map(|word| Tree::text(*word)).collect(),
        ..text(name)
    };
    let array = |name: &str, subs: &[&str]| {
        let sub = |name: &&str| match *name {
            "primary" => Attr::new(name, Kind::Boolean),
            "type" => words("type", &["work", "home", "mobile"]),
            name => text(name),
        };
        Attr::complex(name, subs.iter().map(sub).collect()).several()
    };
    let acme = ["serial", "pager", "extra"].map(text);
    let grade = Attr { words: vec![Tree::number(1), Tree::number(2)], ..text("grade") };
    let rest = [Attr::new("tags", Kind::Text).several(), Attr::new("score", Kind::Decimal)];
    vec![
        Attr { unique: true, required: true, ..text("userName") },
        Attr { exact: true, ..text("externalId") },
        Attr::complex("name", ["formatted", "givenName", "familyName"].map(text).to_vec()),
        text("displayName"),
        text("nickName"),
        text("title"),
        words("userType", &["Employee", "Guest"]),
        words("preferredLanguage", &["fr", "en"]),
        text("locale"),
        Attr::new("active", Kind::Boolean),
        array("emails", &["value", "type", "primary", "display"]),
        array("phoneNumbers", &["value", "type", "primary"]),
        array("addresses", &["locality", "country", "type"]),
        array("roles", &["value", "display", "type", "primary"]),
        Attr {
            extension: true,
            ..Attr::complex(ENTERPRISE, vec![text("department"), text("division")])
        },
        Attr {
            extension: true,
            ..Attr::complex(ACME, acme.into_iter().chain([grade]).chain(rest).collect())
        },
    ]
}

/// One mistake in a document: its name, and where it is.
pub fn mistake(
    tree: &mut Tree,
    attributes: &[Attr],
    dice: &mut Dice,
) -> Option<(&'static str, Vec<Step>)> {
    let mut places = Vec::new();
    holders(tree, &mut Vec::new(), &mut places);
    // The login is what resources are made and found by.
    let login = |steps: &Vec<Step>| {
        let mut unique = attributes.iter().filter(|attr| attr.unique);
        unique.any(|attr| steps[0] == Step::Name(attr.name.clone()))
    };
    places.retain(|steps| !steps.is_empty() && !login(steps));
    // Booleans, numbers and arrays are few, and what servers make of them is much.
    let few: fn(&Tree) -> bool = match dice.below(6) {
        0 => |value| matches!(value, Tree::Bool(_)),
        1 => |value| matches!(value, Tree::Number(_)),
        2 => |value| matches!(value, Tree::Array(_)),
        _ => |_| true,
    };
    let chosen = |steps: &&Vec<Step>| tree.clone().follow(steps).is_some_and(|value| few(value));
    let some: Vec<_> = places.iter().filter(chosen).cloned().collect();
    let places = if some.is_empty() { places } else { some };
    if places.is_empty() {
        return None;
    }
    let steps = dice.of(&places).clone();
    let there = tree.follow(&steps)?;
    let (name, wrong) = wrong(there, dice)?;
    *there = wrong;
    Some((name, steps))
}

/// Leaves, elements, arrays and objects below the top.
fn holders(tree: &Tree, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    found.push(at.clone());
    for (name, value) in tree.members() {
        at.push(Step::Name(name.clone()));
        holders(value, at, found);
        at.pop();
    }
    for (index, value) in tree.elements().iter().enumerate() {
        at.push(Step::Index(index));
        holders(value, at, found);
        at.pop();
    }
}

fn wrong(value: &Tree, dice: &mut Dice) -> Option<(&'static str, Tree)> {
    let long = || Tree::number("9007199254740993.25");
    Some(match value {
        Tree::Text(text) => match dice.below(7) {
            0 => ("number for text", Tree::number(701_984)),
            1 => ("boolean for text", Tree::Bool(true)),
            2 => ("array for one", Tree::Array(vec![Tree::text(text), Tree::text("more")])),
            3 => ("object for text", object([("value", Tree::text(text))])),
            4 => ("null", Tree::Null),
            5 => ("long number", long()),
            _ => ("invalid format", Tree::text("not @ valid\u{e9}")),
        },
        Tree::Bool(value) => match dice.below(4) {
            0 => ("text for boolean", Tree::text(if *value { "True" } else { "false" })),
            1 => ("0/1 for boolean", Tree::number(u8::from(*value))),
            2 => ("odd for boolean", Tree::text("perhaps")),
            _ => ("null", Tree::Null),
        },
        Tree::Number(number) => match dice.below(4) {
            0 => ("text for number", Tree::text(number)),
            1 => ("long number", long()),
            2 => ("odd for number", Tree::text("many")),
            _ => ("null", Tree::Null),
        },
        Tree::Array(elements) if elements.is_empty() => return None,
        Tree::Array(elements) => {
            let mut elements = elements.clone();
            match dice.below(4) {
                0 => ("one for array", elements[0].clone()),
                1 => {
                    elements.push(elements[0].clone());
                    ("duplicate element", Tree::Array(elements))
                }
                2 => {
                    elements.insert(0, Tree::Null);
                    ("null element", Tree::Array(elements))
                }
                _ => ("text for array", Tree::text("a,b")),
            }
        }
        Tree::Object(members) => match dice.below(4) {
            0 => ("text for object", value.get("value").cloned().unwrap_or(Tree::text("flat"))),
            1 | 2 => {
                let mut more = members.clone();
                more.push(("x-unknown".to_owned(), Tree::text("hidden")));
                ("unknown sub-attribute", Tree::Object(more))
            }
            _ => {
                let value = |name: &str| name == "value" || name == "number";
                let rest: Vec<_> = members.iter().filter(|(n, _)| !value(n)).cloned().collect();
                ("missing value", Tree::Object(rest))
            }
        },
        Tree::Null => return None,
    })
}

/// The names of all mistakes, to be counted.
pub const MISTAKES: [&str; 17] = [
    "number for text",
    "boolean for text",
    "array for one",
    "object for text",
    "null",
    "long number",
    "invalid format",
    "text for boolean",
    "0/1 for boolean",
    "odd for boolean",
    "text for number",
    "odd for number",
    "one for array",
    "duplicate element",
    "null element",
    "text for array",
    "text for object",
];
