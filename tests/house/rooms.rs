//! Which room may know which (ARCHITECTURE.md, "Rooms").

use crate::files::{File, rust};

/// A room uses only rooms before it.
const ROOMS: [&str; 17] = [
    "diagnostic",
    "scim",
    "rewrite",
    "dialect",
    "fault",
    "gateway",
    "exchange",
    "sandbox",
    "config",
    "observe",
    "material",
    "outbound",
    "inbound",
    "serve",
    "ops",
    "app",
    "cli",
];

/// The rooms within the gateway, in the same way.
const OF_THE_GATEWAY: [&str; 7] =
    ["message", "pair", "route", "view", "write", "discovery", "report"];

/// The rooms that a file names by `crate::room` or in `use crate::{room::…, …}`.
fn used(file: &File) -> Vec<String> {
    let code: String = file.code().collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let word = |text: &str| -> String {
            text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        match rest.strip_prefix('{') {
            None => found.push(word(rest)),
            Some(group) => found.extend(top_level(group).iter().map(|part| word(part))),
        }
    }
    found
}

/// The parts of a brace group that are separated by commas of its own level.
pub fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                return parts;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

fn place(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

#[test]
fn a_room_uses_only_rooms_before_it() {
    let mut wrong = Vec::new();
    for file in rust(&["src"]) {
        let Some(own) = place(file.room()) else {
            assert!(["src/lib.rs", "src/main.rs"].contains(&file.path.as_str()), "{}", file.path);
            continue;
        };
        for room in used(&file) {
            if place(&room).is_some_and(|other| other > own) {
                wrong.push(format!("{} uses {room}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_room_of_the_gateway_uses_only_rooms_before_it() {
    let place = |room: &str| OF_THE_GATEWAY.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    for file in rust(&["src/gateway"]) {
        let own = file.path.split('/').nth(2).and_then(place);
        let Some(own) = own else {
            assert_eq!(file.path, "src/gateway/mod.rs");
            continue;
        };
        let code: String = file.code().collect::<Vec<_>>().join("\n");
        assert!(!code.contains("super::super"), "{}: name the room", file.path);
        for rest in code.split("crate::gateway::").skip(1) {
            let room: String = rest.chars().take_while(|c| c.is_ascii_lowercase()).collect();
            match place(&room) {
                Some(other) if other <= own => {}
                _ => wrong.push(format!("{} uses {room}", file.path)),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a front door hands out is all that others may name: the compiler holds it where modules are
/// private.
#[test]
fn the_rooms_of_the_gateway_have_one_front_door_each() {
    for room in OF_THE_GATEWAY {
        let door = rust(&[&format!("src/gateway/{room}")]).into_iter();
        for file in door.filter(|file| file.path.ends_with("/mod.rs")) {
            assert!(!file.code().any(|line| line.contains("pub mod ")), "{}", file.path);
        }
    }
}

#[test]
fn the_reader_of_paths_sees_groups_and_plain_paths() {
    let text = "use crate::{scim::{value::X, path::Y}, serve};\nlet x = crate::cli::main();\n// crate::ops\n";
    let file = File { path: "src/a.rs".into(), text: text.into() };
    assert_eq!(used(&file), ["scim", "serve", "cli"]);
}

#[test]
fn the_sandbox_knows_no_rule_and_no_dialect() {
    // It is the independent truth that the translation is tested against.
    let forbidden = ["rewrite", "dialect", "gateway"];
    for file in rust(&["src/sandbox"]) {
        let wrong: Vec<_> =
            used(&file).into_iter().filter(|room| forbidden.contains(&room.as_str())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", file.path);
        assert!(!file.text.contains("rules/"), "{} reads rule files", file.path);
    }
}

#[test]
fn whoever_is_called_knows_nothing_of_who_comes_in() {
    let using = |folder: &str, room: &str| -> Vec<String> {
        let files = rust(&[folder]).into_iter();
        let files = files.filter(|file| used(file).iter().any(|name| name == room));
        files.map(|file| file.path).collect()
    };
    assert_eq!(using("src/outbound", "inbound"), [] as [&str; 0]);
    // An issuer's keys are read by a call like any other.
    assert_eq!(using("src/inbound", "outbound"), ["src/inbound/auth/keys.rs"]);
}

#[test]
fn only_who_comes_in_is_called_and_serves_names_pingora() {
    for file in rust(&["src"]) {
        let names = file.code().any(|line| line.contains("pingora"));
        assert!(!names || ["outbound", "inbound", "serve"].contains(&file.room()), "{}", file.path);
    }
}

#[test]
fn vendors_are_named_in_data_and_sandboxes_only() {
    let vendors = [
        "omni",
        "pingone",
        "pingidentity",
        "descope",
        "okta",
        "entra",
        "azure",
        "onelogin",
        "jumpcloud",
        "sailpoint",
        "aws",
    ];
    let mut wrong = Vec::new();
    for file in rust(&["src"]).iter().filter(|file| file.room() != "sandbox") {
        for (number, line) in (1..).zip(file.without_tests().lines()) {
            let lower = line.to_ascii_lowercase();
            let mut words = lower.split(|c: char| !c.is_ascii_alphabetic());
            if words.any(|word| vendors.contains(&word)) {
                wrong.push(format!("{}:{number}: {line}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
