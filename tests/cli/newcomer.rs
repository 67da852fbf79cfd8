//! What somebody meets who tries the program for the first time: relative paths, printed commands that are
//! pasted, a full disk, folders that are not there.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::running::{Gateway, Place, wait};

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("SCIM_GATEWAY_CONFIG");
    command
}

pub fn ran(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// What was printed, and on standard error.
pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A file with one more line.
fn grow(file: &Path) {
    let mut file = std::fs::OpenOptions::new().append(true).open(file).unwrap();
    file.write_all(b"# one more\n").unwrap();
}

/// The gateway in this folder, by the configuration that is named so.
fn started(place: &Place, folder: &Path, config: &[&str]) -> Gateway {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.current_dir(folder).env_remove("SCIM_GATEWAY_CONFIG").arg("run").args(config);
    let log = std::fs::OpenOptions::new().create(true).append(true).open(place.path("log"));
    command.stdout(Stdio::null()).stderr(Stdio::from(log.unwrap()));
    let gateway = Gateway::of(command.spawn().unwrap());
    wait("readiness", || place.is_ready());
    gateway
}

fn applied_after(place: &Place, what: &str, change: impl FnOnce()) {
    let before = place.reloads("applied");
    change();
    wait(what, || place.reloads("applied") > before);
}

// events tell absolute paths, and relative ones were asked for.
#[test]
fn files_are_watched_wherever_the_configuration_is_named_from() {
    for (from, config) in [
        (".", vec![]),
        ("beside", vec!["--config", "../config.toml"]),
        (".", vec!["./beside/../config.toml"]),
    ] {
        let place = Place::new();
        let scim = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/scim");
        copy(&scim, &place.path("v1/mine"));
        copy(&scim, &place.path("v2/mine"));
        std::os::unix::fs::symlink("v1", place.path("rules")).unwrap();
        std::fs::create_dir(place.path("beside")).unwrap();
        std::fs::create_dir(place.path("overlays")).unwrap();
        let overlay = "version = 1\ndialect = \"scim\"\nresource = \"User\"\n\n[[map]]\n\
                       canonical = \"$.title\"\nvendor = \"$.nickName\"\n";
        place.write("overlays/own.toml", overlay);
        let text = place.text("", "overlays = [\"overlays/own.toml\"]");
        place.write("config.toml", &format!("rules = \"rules\"\n{text}"));
        let _gateway = started(&place, &place.path(from), &config);
        let case = format!("{from} {config:?}");
        applied_after(&place, &format!("reload for a dialect's file: {case}"), || {
            grow(&place.path("rules/mine/user.toml"));
        });
        applied_after(&place, &format!("reload for an overlay: {case}"), || {
            grow(&place.path("overlays/own.toml"));
        });
        applied_after(&place, &format!("reload for a new dialect: {case}"), || {
            copy(&scim, &place.path("new"));
            std::fs::rename(place.path("new"), place.path("v1/new")).unwrap();
        });
        applied_after(&place, &format!("reload for another folder of rules: {case}"), || {
            std::os::unix::fs::symlink("v2", place.path("rules.new")).unwrap();
            std::fs::rename(place.path("rules.new"), place.path("rules")).unwrap();
        });
        applied_after(&place, &format!("reload for a file in that folder: {case}"), || {
            grow(&place.path("v2/mine/user.toml"));
        });
        applied_after(&place, &format!("reload for the configuration: {case}"), || {
            grow(&place.config());
        });
    }
}

fn audited() -> Place {
    let place = Place::new();
    let text = place.text("drain = \"1s\"\nlinger = \"1ms\"", "");
    place.write("config.toml", &format!("{text}\n[audit]\nfile = \"audit.jsonl\"\n"));
    let gateway = place.start(&[]);
    place.create("one");
    place.create("two");
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));
    place
}

/// The command as it is printed, in a shell, for the files of this place.
fn globbed(place: &Place, more: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_scim-gateway");
    let line = format!("{program} audit verify {}* {more}", place.path("audit.jsonl").display());
    Command::new("sh").arg("-c").arg(line).output().unwrap()
}

// the glob takes in the file beside, which holds no line.
#[test]
fn the_printed_command_verifies_what_a_gateway_has_left() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    assert!(docs.contains("scim-gateway audit verify /var/log/scim-gateway/audit.jsonl*"));
    let place = audited();
    assert!(place.path("audit.jsonl.head").is_file());
    let output = globbed(&place, "");
    let (said, complained) = texts(&output);
    assert!(output.status.success(), "{said}{complained}");
    assert!(said.contains("2 lines, from 1 to 2"), "{said}");
    // The head says how far the lines go: a tail that is cut off is seen by it.
    let file = place.path("audit.jsonl");
    let whole = std::fs::read_to_string(&file).unwrap();
    let first = whole.lines().next().unwrap();
    std::fs::write(&file, format!("{first}\n")).unwrap();
    let output = globbed(&place, "");
    let (said, complained) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{complained}");
    assert!(
        complained.contains("audit.jsonl.head") && complained.contains("line 2"),
        "{complained}"
    );
    // The last line was written anew.
    let second = whole.lines().nth(1).unwrap().replace("create", "delete");
    std::fs::write(&file, format!("{first}\n{second}\n")).unwrap();
    let output = globbed(&place, "");
    let (_, complained) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{complained}");
    assert!(complained.contains("line 2 is not the one"), "{complained}");
    // A head that is behind its lines was not written any more: the next process reads the lines.
    std::fs::write(&file, &whole).unwrap();
    let chained: Value = serde_json::from_str(whole.lines().nth(1).unwrap()).unwrap();
    let head = format!("{{\"seq\":1,\"hash\":{}}}\n", chained["prev"]);
    std::fs::write(place.path("audit.jsonl.head"), head).unwrap();
    assert!(globbed(&place, "").status.success());
    std::fs::write(place.path("audit.jsonl.head"), "none\n").unwrap();
    assert_eq!(globbed(&place, "").status.code(), Some(1));
    std::fs::write(place.path("audit.jsonl.head"), "").unwrap();
    assert!(globbed(&place, "").status.success(), "one that was never written says nothing");
}

// logrotate packs old files.
#[test]
fn a_packed_file_is_told_by_its_kind() {
    let place = audited();
    for (name, magic) in
        [("gz", &b"\x1f\x8b\x08\0"[..]), ("zst", b"\x28\xb5\x2f\xfd"), ("xz", b"\xfd7zXZ\0")]
    {
        let file = place.path(&format!("audit.jsonl.2.{name}"));
        std::fs::write(&file, [magic, b"\n{\"seq\":1}\n"].concat()).unwrap();
        let output = globbed(&place, "");
        let (said, complained) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(complained.contains("unpack") && complained.contains(name), "{complained}");
        assert_eq!(complained.lines().count(), 1, "nothing else is wrong: {complained}");
        std::fs::remove_file(file).unwrap();
    }
}

// version 0.1.0 wrote lines without a number.
#[test]
fn lines_of_before_the_chain_are_counted_apart() {
    let place = audited();
    let file = place.path("audit.jsonl");
    let chained = std::fs::read_to_string(&file).unwrap();
    let old = "{\"time\":\"2026-01-01T00:00:00Z\",\"operation\":\"create\"}\n";
    std::fs::write(&file, format!("{old}{old}{chained}")).unwrap();
    let output = globbed(&place, "");
    let (said, complained) = texts(&output);
    assert!(output.status.success(), "{said}{complained}");
    assert!(said.contains("2 lines, from 1 to 2"), "{said}");
    assert!(said.contains("2 lines of before the chain are not checked"), "{said}");
    let told: Value = serde_json::from_slice(&globbed(&place, "--format json").stdout).unwrap();
    assert_eq!((&told["unchained"], &told["lines"]), (&2.into(), &2.into()), "{told}");
    // A file that was rotated before the chain began.
    std::fs::write(place.path("audit.jsonl.1"), old).unwrap();
    let output = globbed(&place, "");
    let (said, complained) = texts(&output);
    assert!(output.status.success(), "{said}{complained}");
    assert!(said.contains("3 lines of before the chain are not checked"), "{said}");
    std::fs::remove_file(place.path("audit.jsonl.1")).unwrap();
    // After a line of the chain they are no rest of an old version; nor where the chain's begin is not there.
    let second = chained.lines().nth(1).unwrap();
    for text in
        [format!("{chained}{old}"), format!("{old}{second}\n"), format!("{old}no JSON\n{chained}")]
    {
        std::fs::write(&file, text).unwrap();
        let output = globbed(&place, "");
        assert_eq!(output.status.code(), Some(1), "{:?}", texts(&output));
    }
    // Nothing was checked.
    std::fs::remove_file(place.path("audit.jsonl.head")).unwrap();
    std::fs::write(&file, old).unwrap();
    let output = globbed(&place, "");
    assert_eq!(output.status.code(), Some(1), "{:?}", texts(&output));
}

// an empty file shows nothing.
#[test]
fn no_line_at_all_is_no_proof() {
    let place = Place::new();
    std::fs::write(place.path("audit.jsonl"), "").unwrap();
    let output = globbed(&place, "");
    let (said, complained) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(complained.starts_with("error: ") && complained.contains("no line"), "{complained}");
    let output = globbed(&place, "--format json");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["head"]), (Some(1), &Value::Null), "{told}");
    assert_eq!(told["outcome"], "failed", "{told}");
    assert!(told["error"].as_str().unwrap().contains("no line"), "{told}");
}

// one object, whatever comes of it.
#[test]
fn a_file_that_cannot_be_read_is_told_in_json_too() {
    let output = ran(&["audit", "verify", "--format", "json", "/nowhere/audit.jsonl"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["outcome"]), (Some(1), &"failed".into()));
    assert!(told["error"].as_str().unwrap().contains("/nowhere/audit.jsonl"), "{told}");
}

/// Each verb that prints, in a way that has it print something.
fn printing(folder: &Path) -> Vec<Vec<String>> {
    let user = folder.join("user.json");
    std::fs::write(
        &user,
        "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"b@corp.example\"}",
    )
    .unwrap();
    let man = folder.join("man").display().to_string();
    let user = user.display().to_string();
    let line = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    [
        "check",
        "check --format json",
        "losses",
        "losses --format json",
        "test",
        "test --format json",
        "schema config",
        "schema dialect",
        "completions bash",
        "demo",
        &format!("translate --route /okta/omni {user}"),
        &format!("translate --format json --route /okta/omni {user}"),
        &format!("explain --route /okta/omni {user}"),
        &format!("man {man}"),
        "--version",
        "--help",
        "check --help",
        "audit verify --format json /nowhere/audit.jsonl",
    ]
    .iter()
    .map(|text| line(text))
    .collect()
}

// a full disk is no success.
#[test]
fn what_cannot_be_printed_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    for line in printing(folder.path()) {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = program().args(&line).stdout(Stdio::from(full)).output().unwrap();
        let (_, complained) = texts(&output);
        let said = complained.contains("error: standard output cannot be written: ");
        if output.status.code() != Some(1) || !said {
            told.push(format!("{line:?}: {:?} {complained}", output.status.code()));
        }
    }
    let place = audited();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program()
        .args(["audit", "verify"])
        .arg(place.path("audit.jsonl"))
        .stdout(Stdio::from(full))
        .output()
        .unwrap();
    let (_, complained) = texts(&output);
    if output.status.code() != Some(1) {
        told.push(format!("audit verify: {complained}"));
    }
    assert!(told.is_empty(), "{told:#?}");
}

// a reader that has seen enough (`| head -1`) is no failure.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    for line in printing(folder.path()) {
        let expected = program().args(&line).output().unwrap().status.code();
        let mut command = program();
        command.args(&line).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), expected, "{line:?}");
    }
}

/// `check` and `run` of a configuration with these sections; how each ends and what it tells.
fn both(place: &Place, audit: &str, state: &str) -> [(Option<i32>, String); 2] {
    let mut text = place.text("", "");
    if !state.is_empty() {
        text = text.replace("[upstream.a]", &format!("state = \"{state}\"\n[upstream.a]"));
    }
    if !audit.is_empty() {
        text = format!("{text}\n[audit]\nfile = \"{audit}\"\n");
    }
    place.write("config.toml", &text);
    let config = place.config();
    ["check", "run"].map(|verb| {
        let output = program().args([verb, "--config"]).arg(&config).output().unwrap();
        let (said, complained) = texts(&output);
        (output.status.code(), format!("{said}{complained}"))
    })
}

// what `check` passes, `run` has to start.
#[test]
fn files_that_the_gateway_keeps_are_looked_at_before_it_starts() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    std::fs::create_dir(place.path("x.jsonl.head")).unwrap();
    std::fs::write(place.path("damaged"), "{\"version\":1,\"routes\":").unwrap();
    std::fs::write(place.path("later"), "{\"version\":99,\"routes\":{}}").unwrap();
    std::fs::write(place.path("file"), "").unwrap();
    for (audit, state, key, what, hint) in [
        ("folder", "", "\"folder\"", "it is a directory", "a file"),
        ("none/audit.jsonl", "", "\"none/audit.jsonl\"", "no folder", "make the folder"),
        ("file/audit.jsonl", "", "\"file/audit.jsonl\"", "no folder", "make the folder"),
        ("x.jsonl", "", "\"x.jsonl\"", "x.jsonl.head", "a file"),
        ("", "none/state.json", "\"none/state.json\"", "no folder", "make the folder"),
        ("", "folder", "\"folder\"", "it is a directory", "a file"),
        ("", "damaged", "\"damaged\"", "no state", "move it away"),
        ("", "later", "\"later\"", "version", "move it away"),
    ] {
        for (code, told) in both(&place, audit, state) {
            assert_eq!(code, Some(1), "{key}: {told}");
            assert!(told.contains("C049") && told.contains("config.toml:"), "{key}: {told}");
            for part in [key, what, hint] {
                assert!(told.contains(part), "{part} of {key}: {told}");
            }
            let moving = told.contains("move it away");
            assert_eq!(moving, hint == "move it away", "{key}: {told}");
        }
    }
    // Both at once.
    let [(_, told), _] = both(&place, "none/audit.jsonl", "none/state.json");
    assert_eq!(told.matches("C049").count(), 2, "{told}");
    // And one that is there, or comes to be in a folder that is there.
    place.write(
        "config.toml",
        &place.text("", "").replace("[upstream.a]", "state = \"s.json\"\n[upstream.a]"),
    );
    let gateway = place.start(&[]);
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));
    let text = place.text("", "").replace("[upstream.a]", "state = \"s.json\"\n[upstream.a]");
    place.write("config.toml", &format!("{text}\n[audit]\nfile = \"new.jsonl\"\n"));
    let output = program().args(["check", "--config"]).arg(place.config()).output().unwrap();
    assert!(output.status.success(), "{:?}", texts(&output));
    assert!(!place.path("new.jsonl").exists(), "check makes nothing");
}

// a verb that serves nothing asks for no folder of the server's.
#[test]
fn who_serves_nothing_needs_no_place_for_what_is_kept() {
    let place = Place::new();
    let text = place.text("", "");
    place.write("config.toml", &format!("{text}\n[audit]\nfile = \"none/audit.jsonl\"\n"));
    let output = program().args(["losses", "--config"]).arg(place.config()).output().unwrap();
    assert!(output.status.success(), "{:?}", texts(&output));
}

// the process before never comes.
#[test]
fn an_upgrade_that_gets_no_sockets_says_why_and_invites_nobody() {
    let place = Place::new();
    let socket = place.path("up.sock");
    let server = format!("watch = false\nupgrade_socket = \"{}\"", socket.display());
    place.write("config.toml", &place.text(&server, ""));
    let _old = place.start(&[]);
    let output =
        program().args(["run", "--upgrade", "--config"]).arg(place.config()).output().unwrap();
    let (said, complained) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{complained}");
    for part in ["nobody handed over its sockets", "up.sock", "within 6 s", "SIGQUIT"] {
        assert!(complained.contains(part), "{part}: {complained}");
    }
    assert!(!said.contains("curl"), "{said}");
    assert!(place.is_ready(), "the one that serves goes on");
}

// the folder of one dialect in the place of the folder of dialects.
#[test]
fn a_folder_without_a_dialect_is_no_success() {
    let place = Place::new();
    let scim = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/scim");
    copy(&scim, &place.path("rules/mine"));
    std::fs::create_dir(place.path("empty")).unwrap();
    std::fs::create_dir_all(place.path("only/overlays")).unwrap();
    std::fs::write(place.path("only/overlays/dialect.toml"), "").unwrap();
    for name in ["empty", "only"] {
        let output = program().arg("test").arg(place.path(name)).output().unwrap();
        let (_, told) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("there is no <dialect>/dialect.toml below"), "{told}");
        assert!(told.contains(name) && !told.contains("did you mean"), "{told}");
    }
    let inner = place.path("rules/mine");
    for (from, name, meant) in [
        (".", inner.to_str().unwrap(), place.path("rules").display().to_string()),
        ("rules/mine", ".", "./..".to_owned()),
        ("rules", "mine", ".".to_owned()),
    ] {
        let output = program().current_dir(place.path(from)).args(["test", name]).output().unwrap();
        let (_, told) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(&format!("did you mean its parent, {meant}?")), "{told}");
    }
    let output =
        program().args(["test", "--format", "json"]).arg(place.path("empty")).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["outcome"], "failed", "{told}");
    let output = program().arg("test").arg(place.path("rules")).output().unwrap();
    assert!(output.status.success(), "{:?}", texts(&output));
}
