//! No circle of files within a room: none uses one that uses it, however far round.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::files::{File, rust};
use crate::rooms::top_level;

/// A file as a module: the paths that it names, and what it says again under its own name.
#[derive(Default)]
struct Module {
    file: String,
    /// Absolute, from the crate's root.
    names: Vec<Vec<String>>,
    doors: HashMap<String, Vec<String>>,
}

/// The modules of the crate by their absolute paths.
struct Tree(BTreeMap<Vec<String>, Module>);

impl Tree {
    fn of(files: &[File]) -> Self {
        let paths: BTreeSet<Vec<String>> = files.iter().filter_map(module).collect();
        let mut tree = BTreeMap::new();
        for file in files {
            let Some(own) = module(file) else { continue };
            let mut made = Module { file: file.path.clone(), ..Module::default() };
            for (again, path) in named(file, &own, &paths) {
                if let (true, Some(last)) = (again, path.last()) {
                    made.doors.insert(last.clone(), path.clone());
                }
                // Who says again what is below it is a door, and uses nothing by that.
                if !(again && path.starts_with(&own)) {
                    made.names.push(path);
                }
            }
            tree.insert(own, made);
        }
        Self(tree)
    }

    /// The module in which a path's item is defined.
    fn home(&self, path: &[String]) -> Vec<String> {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let upto = (0..=path.len()).rev().find(|upto| self.0.contains_key(&path[..*upto]));
            let (module, rest) = path.split_at(upto.unwrap_or_default());
            let door = self.0.get(module).and_then(|found| found.doors.get(rest.first()?));
            match door {
                Some(door) if !path.starts_with(door) => {
                    path = [door.as_slice(), &rest[1..]].concat();
                }
                _ => return module.to_vec(),
            }
        }
        path
    }

    /// The files of its own room that each file uses.
    fn uses(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (own, module) in self.0.iter().filter(|(own, _)| !own.is_empty()) {
            for home in module.names.iter().map(|path| self.home(path)) {
                let Some(other) = self.0.get(&home).filter(|_| home.first() == own.first()) else {
                    continue;
                };
                if other.file != module.file {
                    uses.entry(&module.file).or_default().insert(&other.file);
                }
            }
        }
        uses
    }
}

/// The module of a file: `b.rs` and `b/mod.rs` in a folder `a` are `a::b`.
fn module(file: &File) -> Option<Vec<String>> {
    let inner = file.path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    match inner {
        "main" => None,
        "lib" => Some(Vec::new()),
        inner => Some(inner.split('/').map(str::to_owned).collect()),
    }
}

/// Every path of the crate that a file names, absolute, and whether it says it again (`pub use`).
fn named(file: &File, own: &[String], all: &BTreeSet<Vec<String>>) -> Vec<(bool, Vec<String>)> {
    let code = file.code().collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in code.split_inclusive(';') {
        let from = statement.rfind("\nuse ").or_else(|| statement.rfind(" use "));
        let head = statement.find("use ").filter(|at| statement[..*at].trim().is_empty());
        let Some(at) = from.map(|at| at + 1).or(head) else {
            rest.push_str(statement);
            continue;
        };
        let (before, using) = statement.split_at(at);
        let again = before.lines().last().is_some_and(|line| line.trim_start().starts_with("pub"));
        rest.push_str(before);
        let tree = using.trim_start_matches("use ").trim_end_matches(';');
        found.extend(leaves(tree).into_iter().map(|path| (again, path)));
    }
    found.extend(inline(&rest, own, all).into_iter().map(|path| (false, path)));
    let absolute = |(again, path): (bool, Vec<String>)| Some((again, rooted(path, own, all)?));
    found.into_iter().filter_map(absolute).collect()
}

/// The paths of a use tree.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let segments = |path: &str| -> Vec<String> {
        path.split("::")
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect()
    };
    match tree.split_once('{') {
        None => vec![segments(tree.split(" as ").next().unwrap_or_default())],
        Some((above, group)) => top_level(group)
            .into_iter()
            .flat_map(leaves)
            .filter(|path| !path.is_empty())
            .map(|path| [segments(above), path].concat())
            .collect(),
    }
}

/// The paths that code names where it stands.
fn inline(code: &str, own: &[String], all: &BTreeSet<Vec<String>>) -> Vec<Vec<String>> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let starts = |path: &[String]| {
        let child = || [own, &path[..1]].concat();
        ["crate", "super", "self"].contains(&path[0].as_str()) || all.contains(&child())
    };
    code.split(|c: char| !part(c))
        .filter(|word| word.contains("::"))
        .map(|word| word.split("::").map(str::to_owned).collect::<Vec<_>>())
        .filter(|path| !path[0].is_empty() && starts(path))
        .collect()
}

/// A path from the crate's root; `None` for one of another crate.
fn rooted(path: Vec<String>, own: &[String], all: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let mut at = own.to_vec();
    let mut rest = path.as_slice();
    match rest.first()?.as_str() {
        "crate" => at.clear(),
        "self" => {}
        "super" => {
            while rest.first().is_some_and(|name| name == "super") {
                at.pop();
                rest = &rest[1..];
            }
            return Some([at.as_slice(), rest].concat());
        }
        child if all.contains(&[own, &[child.to_owned()]].concat()) => {
            return Some([own, rest].concat());
        }
        _ => return None,
    }
    Some([at.as_slice(), &rest[1..]].concat())
}

/// The files that come back to themselves by what they use, each with what leads on within the circle.
fn circles<'f>(uses: &BTreeMap<&'f str, BTreeSet<&'f str>>) -> BTreeMap<&'f str, Vec<&'f str>> {
    let reached = |from: &'f str| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(file) = next.pop() {
            next.extend(uses.get(file).into_iter().flatten().filter(|other| seen.insert(**other)));
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|file| (*file, reached(file))).collect();
    let back = |file: &str, other: &str| reach.get(other).is_some_and(|seen| seen.contains(file));
    let on = |file: &'f str| -> Vec<&'f str> {
        uses[file].iter().copied().filter(|other| back(file, other)).collect()
    };
    uses.keys().map(|file| (*file, on(file))).filter(|(_, on)| !on.is_empty()).collect()
}

#[test]
fn no_file_comes_back_to_itself() {
    let tree = Tree::of(&rust(&["src"]));
    let found = circles(&tree.uses());
    assert!(found.is_empty(), "circles of files: {found:#?}");
}

#[test]
fn a_circle_is_seen_through_groups_doors_and_paths_in_code() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let files = [
        file("src/lib.rs", "pub mod a;\n"),
        file("src/a/mod.rs", "mod b;\nmod c;\nmod d;\n\npub use b::{B, made};\npub use d::D;\n"),
        file("src/a/b.rs", "use super::{c::C, d};\n\npub fn made() -> C { d::D.c() }\n"),
        file("src/a/c.rs", "// use super::d::D;\nfn c() { crate::a::made() }\n"),
        file("src/a/d.rs", "pub struct D;\n\n#[cfg(test)]\nmod tests { use super::super::b; }\n"),
    ];
    let tree = Tree::of(&files);
    let uses = tree.uses();
    assert_eq!(uses["src/a/b.rs"], BTreeSet::from(["src/a/c.rs", "src/a/d.rs"]));
    let found = circles(&uses);
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), ["src/a/b.rs", "src/a/c.rs"]);
}
