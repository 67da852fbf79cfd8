//! Whoever takes a place, a probe, a turn or a lock returns a guard: everything can be dropped half-way (a
//! deadline, a client that leaves, the end of the process), and what was taken must come back by itself.

use crate::files::{File, rust};

/// Function, and what it returns a guard of.
const TAKES: [(&str, &str, &str); 13] = [
    ("src/exchange/lock.rs", "lock", "LockGuard"),
    ("src/ops/audit/mod.rs", "reserve", "Slot"),
    ("src/ops/audit/target.rs", "lock", "Lock"),
    ("src/outbound/resilience/breaker.rs", "admit", "Ticket"),
    ("src/outbound/resilience/gate.rs", "at_once", "GatePermit"),
    ("src/outbound/resilience/gate.rs", "enter", "GatePermit"),
    ("src/outbound/resilience/gate.rs", "place", "GatePermit"),
    ("src/outbound/resilience/gate.rs", "sit", "Seat"),
    ("src/outbound/resilience/permit.rs", "permit", "Permit"),
    ("src/outbound/endpoints/pick.rs", "next", "EndpointPick"),
    ("src/serve/life.rs", "begin", "Underway"),
    ("src/observe/slot.rs", "among", "Slot"),
    ("src/observe/observer.rs", "reserve", "Slot"),
];

/// Guards of the libraries.
const FOREIGN: [&str; 1] = ["OwnedSemaphorePermit"];

/// What tells its own story when it is dropped, and is taken by nobody.
const OTHERS: [&str; 3] = ["Context", "GatewayIdentity", "Tokens"];

/// The attributes and the body of a type.
fn definition<'f>(file: &'f File, name: &str) -> (&'f str, &'f str) {
    let text = file.without_tests();
    let at = [format!("struct {name} {{"), format!("struct {name}<"), format!("struct {name}(")]
        .iter()
        .find_map(|opening| text.find(opening))
        .unwrap_or(text.len());
    assert!(at < text.len(), "{} has no type {name}", file.path);
    let (before, rest) = text.split_at(at);
    let attributes = &before[before.rfind("\n\n").unwrap_or(0)..];
    (attributes, rest.split("\n}\n").next().unwrap())
}

/// The types that do something when they are dropped, with their files.
fn drops(files: &[File]) -> Vec<(&File, String)> {
    let of = |file: &'_ File| -> Vec<String> {
        let parts = file.without_tests().split("\nimpl Drop for ").skip(1);
        let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric()).collect();
        parts.map(word).collect()
    };
    files.iter().flat_map(|file| of(file).into_iter().map(move |name| (file, name))).collect()
}

#[test]
fn whoever_takes_something_returns_a_guard_of_it() {
    let files = rust(&["src"]);
    for (path, function, guard) in TAKES {
        let file = files.iter().find(|file| file.path == path).unwrap();
        let signature = file.text.split(&format!("fn {function}(")).nth(1);
        let signature = signature.unwrap_or_else(|| panic!("{path} has no {function}"));
        let returned = signature.split('{').next().unwrap().split("->").nth(1).unwrap_or_default();
        let words: Vec<_> = returned.split(|c: char| !c.is_alphanumeric()).collect();
        let itself = words.contains(&"Self");
        assert!(
            itself || words.contains(&guard),
            "{path} {function} returns{returned}, and no {guard}"
        );
    }
}

#[test]
fn a_guard_is_held_by_one_and_not_dropped_unseen() {
    let files = rust(&["src"]);
    let dropped = drops(&files);
    let named = |path: &str| files.iter().find(|file| file.path == path).unwrap();
    // Where it is made, but for what two files give.
    let taken = TAKES.iter().filter(|(path, _, guard)| *guard != "Slot" || path.contains("slot"));
    let taken = taken.map(|(path, _, guard)| (named(path), (*guard).to_owned()));
    let all = taken.chain(dropped.clone());
    for (file, guard) in all.filter(|(_, name)| !OTHERS.contains(&name.as_str())) {
        let (attributes, body) = definition(file, &guard);
        assert!(attributes.contains("#[must_use"), "{guard} can be dropped unseen");
        assert!(!attributes.contains("Clone"), "{guard} is given back twice");
        // It gives back by itself, or is made of what does.
        let made_of = |known: &str| body.contains(known) && known != guard;
        let whole = dropped.iter().any(|(_, known)| *known == guard || made_of(known))
            || FOREIGN.iter().any(|known| made_of(known));
        assert!(whole, "{guard} gives nothing back");
    }
}
