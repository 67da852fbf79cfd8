//! `check --since`: what a newer version reads otherwise is named, and the changelog has the same.

use std::fmt::Write;
use std::process::Command;

use scim_gateway::config::{MOVED, RELEASES, moved};

use crate::deploy::file;

#[test]
fn the_changelogs_table_of_defaults_is_the_programs() {
    let mut table = "| key | was | is | as before |\n|---|---|---|---|\n".to_owned();
    for one in MOVED {
        let _ = writeln!(table, "| {} | {} | {} | {} |", one.key, one.was, one.is, one.before);
    }
    assert!(file("CHANGELOG.md").contains(&table), "CHANGELOG.md lacks this table:\n{table}");
}

/// The places that are told of a configuration.
fn told(text: &str) -> Vec<String> {
    let found = moved(&text.parse().unwrap(), RELEASES[0]);
    found.into_iter().flat_map(|(_, places)| places).collect()
}

#[test]
fn what_a_configuration_leaves_to_the_program_is_told_and_what_it_says_is_not() {
    let silent = told("[server]\n[upstream.a]\n[[route]]\nprefix = \"/x\"\n");
    for place in [
        "server.limits.exchange",
        "upstream.a.timeouts.idle",
        "upstream.a.pool_idle",
        "route[/x].undeclared",
        "route[/x].removals.member_count",
    ] {
        assert!(silent.iter().any(|told| told == place), "{place}: {silent:?}");
    }
    // There is no audit, no admin listener, and nothing that is said.
    for place in ["audit", "admin", "server.limits.attempts", "route[/x].etag"] {
        assert!(!silent.iter().any(|told| told.starts_with(place)), "{place}: {silent:?}");
    }
    let saying = told(
        "[server.limits]\nexchange = \"60s\"\nattempts = 5\n[audit]\nfile = \"a\"\n\
         [admin]\nsocket = \"s\"\n[upstream.a]\ntimeouts = { idle = \"3s\" }\npool_idle = \"9s\"\n\
         [[route]]\nprefix = \"/x\"\netag = \"make\"\ncreate_conflict = \"pass\"\n",
    );
    for (place, is) in [
        ("server.limits.exchange", false),
        ("server.limits.attempts", true),
        ("audit.on_failure", true),
        ("admin", false),
        ("upstream.a.timeouts.idle", false),
        ("upstream.a.timeouts", true),
        ("upstream.a.pool_idle", false),
        ("route[/x].etag", true),
        ("route[/x].create_conflict", false),
    ] {
        assert_eq!(saying.iter().any(|told| told.starts_with(place)), is, "{place}: {saying:?}");
    }
}

#[test]
fn a_word_that_no_version_has_is_a_wrong_command_line() {
    let program = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
        program.current_dir(env!("CARGO_MANIFEST_DIR")).args(["check", "--quiet", "--since"]);
        program
    };
    assert_eq!(program().arg("0.0.9").output().unwrap().status.code(), Some(2));
    let told = program().arg("0.1.0").output().unwrap();
    assert_eq!(told.status.code(), Some(0));
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("read otherwise since 0.2.0: `[upstream.*] pool_idle`"), "{text}");
}
