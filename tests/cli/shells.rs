//! `completions` and `man`: every verb and option is in them.

use std::io::Write;
use std::process::{Command, Stdio};

fn program(arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_scim-gateway")).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The verbs, as the help lists them.
fn verbs() -> Vec<String> {
    let help = program(&["--help"]);
    let after = help.split("Commands:\n").nth(1).unwrap();
    let lines = after.lines().take_while(|line| !line.is_empty());
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let named = named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    named.filter(|verb| verb != "help").collect()
}

#[test]
fn every_shell_completes_every_verb() {
    let verbs = verbs();
    assert!(verbs.len() >= 12, "{verbs:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = program(&["completions", shell]);
        for word in verbs.iter().map(String::as_str).chain(["deny-warnings", "listen"]) {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
}

#[test]
fn what_bash_is_to_read_it_can_read() {
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(program(&["completions", "bash"]).as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
}

#[test]
fn each_verb_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("share/man1");
    let told = program(&["man", inner.to_str().unwrap()]);
    let mut named: Vec<&str> = told.lines().collect();
    named.sort_unstable();
    for verb in verbs() {
        let page = inner.join(format!("scim-gateway-{verb}.1"));
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.contains(".SH NAME") && text.contains("scim\\-gateway"), "{text}");
        assert!(named.contains(&page.to_str().unwrap()), "{verb}: {told}");
    }
    let mut there: Vec<_> = std::fs::read_dir(&inner).unwrap().map(|e| e.unwrap().path()).collect();
    there.sort();
    assert_eq!(there.len(), named.len());
    // Where no folder can be made, it says so.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let failed = Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
        .args(["man", file.join("in").to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let why = String::from_utf8(failed.stderr).unwrap();
    assert!(why.starts_with("error: ") && why.contains("cannot be written"), "{why}");
}
