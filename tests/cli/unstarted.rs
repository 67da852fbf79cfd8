//! What somebody meets whose gateway does not start, or tells of itself: files that are none, what is taken, the
//! printed user, failures in JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::newcomer::{program, ran, texts};
use crate::running::{Gateway, Place, call_with, wait};

// each kind of file that is no configuration has words and a way out of its own.
#[test]
fn a_configuration_that_cannot_be_read_is_told_by_its_kind() {
    let place = Place::new();
    std::fs::write(place.path("latin1.toml"), b"# caf\xe9\n").unwrap();
    std::fs::create_dir(place.path("folder")).unwrap();
    for (name, why, hint) in [
        ("latin1.toml", "it is not UTF-8", "save it as UTF-8"),
        ("folder", "it is a directory", "folder/config.toml"),
        ("latin1.toml/config.toml", "a part of its path is no folder", "--config"),
        ("none.toml", "there is no such file", "--config"),
    ] {
        for verb in ["check", "run", "losses"] {
            let output = program().args([verb, "--config"]).arg(place.path(name)).output().unwrap();
            let (said, complained) = texts(&output);
            assert_eq!(output.status.code(), Some(1), "{verb} {name}: {said}{complained}");
            for part in ["C001", name, why, hint] {
                assert!(complained.contains(part), "{part}: {verb} {name}: {complained}");
            }
            let path = hint == "--config";
            assert_eq!(complained.contains("--config"), path, "{verb} {name}: {complained}");
        }
    }
}

fn checked_from(bytes: &[u8]) -> String {
    let mut command = program();
    command
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    texts(&output).1
}

// --config is no help for standard input.
#[test]
fn standard_input_is_told_as_what_it_is() {
    let told = checked_from(b"# caf\xe9\n");
    assert!(told.contains("standard input") && told.contains("it is not UTF-8"), "{told}");
    assert!(!told.contains("--config"), "{told}");
    for line in [&["run", "-"][..], &["run", "--config", "-"], &["losses", "--config", "-"]] {
        let output = ran(line);
        let (_, told) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("only `check` reads standard input"), "{line:?}: {told}");
    }
}

// nor for a process that runs, whose path stays what it was.
#[test]
fn a_running_gateway_whose_file_is_gone_is_told_to_get_it_back() {
    let place = Place::new();
    place.write("config.toml", &place.text("watch = false", ""));
    let _gateway = place.start(&[]);
    std::fs::remove_file(place.config()).unwrap();
    let answer = place.reload();
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("there is no such file"), "{answer:?}");
    assert!(answer.body.contains("put it back") && !answer.body.contains("--config"), "{answer:?}");
    std::fs::write(place.config(), b"\xe9").unwrap();
    let answer = place.reload();
    assert!(
        answer.body.contains("it is not UTF-8") && !answer.body.contains("--config"),
        "{answer:?}"
    );
}

// as for an address that is taken.
#[test]
fn an_operators_socket_that_is_taken_is_told_with_its_key_and_holder() {
    let place = Place::new();
    let with = |place: &Place, socket: &Path| {
        let key = format!("[admin]\nsocket = \"{}\"", socket.display());
        place.text("watch = false", "").replace("[admin]", &key)
    };
    let socket = place.path("admin.sock");
    place.write("config.toml", &with(&place, &socket));
    let _gateway = place.start(&[]);
    let other = Place::new();
    other.write("config.toml", &with(&other, &socket));
    assert_eq!(other.spawn(&[]).end(), Some(1));
    let log = other.log();
    for part in ["[admin] socket", "admin.sock", "another process has it", "ss -lxp"] {
        assert!(log.contains(part), "{part}: {log}");
    }
    // A place that is something else.
    std::fs::create_dir(other.path("admin.sock")).unwrap();
    other.write("config.toml", &with(&other, &other.path("admin.sock")));
    assert_eq!(other.spawn(&[]).end(), Some(1));
    assert_eq!(other.log().matches("([admin] socket)").count(), 2, "{}", other.log());
}

// which key, and which file.
#[test]
fn a_file_that_fails_while_the_gateway_runs_is_told_with_its_key_and_path() {
    let place = Place::new();
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
    for (name, text) in [
        ("server-cert.pem", &cert),
        ("server-key.pem", &key),
        ("client-cert.pem", &cert),
        ("client-key.pem", &key),
        ("ca.pem", &cert),
    ] {
        std::fs::write(place.path(name), text).unwrap();
    }
    for name in ["bearer", "client-secret"] {
        std::fs::write(place.path(name), "a-token").unwrap();
    }
    let more = "[upstream.b]\ndialect = \"scim\"\nurl = \"https://127.0.0.1:1\"\nca = \"ca.pem\"\n\
                client_cert = { cert = \"client-cert.pem\", key = \"client-key.pem\" }\n\
                auth = { bearer = { file = \"bearer\" } }\n\
                [[route]]\nprefix = \"/b\"\nclient = \"scim\"\nupstream = \"b\"\nauth = \"none\"\n\
                [upstream.o]\ndialect = \"scim\"\nurl = \"https://127.0.0.1:1\"\n\
                auth = { oauth = { token_url = \"http://127.0.0.1:1/t\", client_id = \"a\", \
                client_secret = { file = \"client-secret\" } } }\n\
                [[route]]\nprefix = \"/o\"\nclient = \"scim\"\nupstream = \"o\"\nauth = \"none\"\n\
                [server.tls]\ncert = \"server-cert.pem\"\nkey = \"server-key.pem\"\n";
    place.write("config.toml", &place.text("watch = false", more));
    let _gateway = place.start(&[]);
    for name in ["server-cert.pem", "client-cert.pem", "ca.pem"] {
        std::fs::write(place.path(name), "br0ken").unwrap();
    }
    for name in ["bearer", "client-secret"] {
        std::fs::write(place.path(name), "").unwrap();
    }
    for (upstream, key, file) in [
        ("upstream=\"b\"", "key=\"auth\"", "/bearer"),
        ("upstream=\"b\"", "key=\"client_cert\"", "/client-cert.pem"),
        ("upstream=\"b\"", "key=\"ca\"", "/ca.pem"),
        ("upstream=\"o\"", "key=\"auth.oauth\"", "/client-secret"),
        ("", "[server.tls]", "/server-cert.pem"),
    ] {
        let parts = [upstream, key, file];
        let is = |line: &str| parts.iter().all(|part| line.contains(part));
        wait(&format!("word of {parts:?}"), || place.log().lines().any(is));
    }
    let log = place.log();
    assert!(!log.contains("a-token") && !log.contains("br0ken"), "{log}");
}

/// What the first curl line that creates something says: path, media type, body.
fn creating(line: &str, client: &str) -> (String, String, String) {
    let path = line.split(client).nth(1).unwrap().to_owned();
    let part = |from: &str| line.split(from).nth(1).unwrap().split('\'').next().unwrap().to_owned();
    (path, part("-H 'Content-Type: "), part("-d '"))
}

/// A gateway of the place's configuration, and the first lines that it prints.
fn inviting(place: &Place, most: usize) -> (Gateway, Vec<String>) {
    let mut command = program();
    command.args(["run", "--config"]).arg(place.config());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let gateway = Gateway::of(child);
    (gateway, lines.map_while(Result::ok).take(most).collect())
}

// the tutorial's dialect calls its attributes otherwise.
#[test]
fn the_printed_user_is_one_that_the_clients_dialect_knows() {
    let place = Place::new();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md");
    let page = std::fs::read_to_string(page).unwrap();
    for block in page.split("\n```toml file=").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let file = place.path(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, rest.split("\n```").next().unwrap()).unwrap();
    }
    let route =
        "[[route]]\nprefix = \"/tiny\"\nclient = \"tiny\"\nupstream = \"a\"\nauth = \"none\"\n";
    let text = format!("rules = \"my-rules\"\n{}", place.text("", route));
    place.write("config.toml", &text);
    let (_gateway, lines) = inviting(&place, 7);
    let line =
        lines.iter().find(|line| line.contains("-X POST") && line.contains("/tiny")).unwrap();
    let (path, media, body) = creating(line, &place.client.to_string());
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&told["enabled"], &told["displayName"]),
        (&"Y".into(), &"Cleo Ng".into()),
        "{line}"
    );
    assert!(
        told["login"].as_str().unwrap().contains('@') && told.get("userName").is_none(),
        "{line}"
    );
    wait("readiness", || place.is_ready());
    let media = format!("Content-Type: {media}\r\n");
    let answer = call_with(place.client, "POST", &path, &media, &body).unwrap();
    assert_eq!(answer.status, 201, "{line}\n{answer:?}");
}

// and so for every dialect that a client may speak, before a simulator.
#[test]
fn each_dialects_own_user_is_created_as_it_is_printed() {
    let place = Place::new();
    let dialects = ["descope", "omni", "pingone", "scimmy"];
    let routes: String = dialects
        .iter()
        .map(|client| {
            let vars = match *client {
                "pingone" => "client_vars = { environment = \"e\" }\n",
                _ => "",
            };
            format!(
                "[[route]]\nprefix = \"/{client}\"\nclient = \"{client}\"\nupstream = \"a\"\n\
                 auth = \"none\"\n{vars}"
            )
        })
        .collect();
    place.write("config.toml", &place.text("", &routes));
    let (_gateway, lines) = inviting(&place, 1 + 3 * (1 + dialects.len()));
    wait("readiness", || place.is_ready());
    for client in dialects {
        let own =
            |line: &&String| line.contains("-X POST") && line.contains(&format!("/{client}/"));
        let line = lines.iter().find(own).unwrap_or_else(|| panic!("{client}: {lines:#?}"));
        let (path, media, body) = creating(line, &place.client.to_string());
        let media = format!("Content-Type: {media}\r\n");
        let answer = call_with(place.client, "POST", &path, &media, &body).unwrap();
        assert!([200, 201].contains(&answer.status), "{line}\n{answer:?}");
    }
}

// what a verb does not have its help does not name.
#[test]
fn the_form_of_output_is_an_option_where_there_are_two() {
    for (verb, two) in [
        (&["check"][..], true),
        (&["losses"], true),
        (&["audit", "verify"], true),
        (&["run"], true),
        (&["demo"], false),
        (&["sandbox"], false),
        (&["schema"], false),
        (&["completions"], false),
        (&["man"], false),
    ] {
        let output = program().args(verb).arg("--help").output().unwrap();
        let (help, _) = texts(&output);
        assert_eq!(help.contains("--format"), two, "{verb:?}: {help}");
    }
    // Scripts that give it everywhere go on working.
    assert!(ran(&["schema", "dialect", "--format", "json"]).status.success());
    assert!(ran(&["--format", "json", "schema", "dialect"]).status.success());
}

// also where what is named is not there.
#[test]
fn what_is_not_there_is_told_in_json_too() {
    for line in [
        &["losses", "--format", "json", "--route", "/nowhere"][..],
        &["translate", "--format", "json", "--route", "/okta/omni", "/nowhere.json"],
        &["explain", "--format", "json", "--route", "/nowhere", "/nowhere.json"],
    ] {
        let output = ran(line);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), &told["outcome"]),
            (Some(2), &"failed".into()),
            "{line:?}"
        );
        assert!(told["error"].as_str().unwrap().contains("/nowhere"), "{told}");
    }
}

// one object on standard output, whatever keeps it from serving.
#[test]
fn why_a_gateway_does_not_start_is_told_in_json_too() {
    let place = Place::new();
    let _holder = std::net::TcpListener::bind(place.client).unwrap();
    place.write("config.toml", &place.text("", ""));
    let mut command = program();
    command.args(["run", "--format", "json", "--config"]).arg(place.config());
    let output = command.output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["outcome"]), (Some(1), &"failed".into()), "{told}");
    let why = told["error"].as_str().unwrap();
    assert!(why.contains(&place.client.to_string()) && why.contains("[server] listen"), "{told}");
}
