//! What somebody meets who tries the program for the first time: relative paths, printed commands that are
//! pasted, a full disk, folders that are not there.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::running::{Gateway, Place, wait};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("SCIM_GATEWAY_CONFIG");
    command
}

fn ran(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// What was printed, and on standard error.
fn texts(output: &Output) -> (String, String) {
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

// newcomer 8a: events tell absolute paths, and relative ones were asked for.
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
