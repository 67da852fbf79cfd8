//! The binary itself: verbs, exit codes, what is printed, and a gateway that runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("SCIM_GATEWAY_CONFIG");
    command
}

fn output(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

#[test]
fn check_tells_the_routes_and_exits_with_0() {
    let output = output(&["check"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("/okta/omni") && text.contains("no mistakes"), "{text}");
}

#[test]
fn a_mistake_exits_with_1_in_text_and_in_json() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bad.toml");
    std::fs::write(&file, "[server]\nlisten = [\"nowhere\"]\n").unwrap();
    let path = file.to_str().unwrap();
    let text = output(&["check", "--config", path]);
    assert_eq!(text.status.code(), Some(1));
    let shown = String::from_utf8(text.stderr).unwrap();
    assert!(shown.contains("C002") && shown.contains("bad.toml:2:11"), "{shown}");
    let json = output(&["check", "--config", path, "--format", "json"]);
    assert_eq!(json.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let found = json["diagnostics"].as_array().unwrap();
    assert!(found.iter().any(|d| d["code"] == "C002"), "{json}");
    let run = output(&["run", "--config", path]);
    assert_eq!(run.status.code(), Some(1));
}

#[test]
fn a_certificate_that_cannot_be_used_is_a_mistake_and_no_panic() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(directory.path().join("cert.pem"), "not a certificate").unwrap();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml"))
        .unwrap()
        .replace("# [server.tls]", "[server.tls]")
        .replace("# cert = ", "cert = ")
        .replace("# key = ", "key = ");
    std::fs::write(&file, text).unwrap();
    for verb in ["check", "run"] {
        let output = output(&[verb, "--config", file.to_str().unwrap()]);
        let shown = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{shown}");
        assert!(shown.contains("C024") && shown.contains("cert.pem"), "{shown}");
    }
}

#[test]
fn translate_shows_what_the_other_side_would_get_and_what_it_cannot_hold() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("user.json");
    let user = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "bjensen@example.com",
        "displayName": "Babs",
        "nickName": "Babs",
    });
    std::fs::write(&file, user.to_string()).unwrap();
    let path = file.to_str().unwrap();
    let shown = output(&["translate", "--route", "/okta/omni", "--format", "json", path]);
    let told: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(told["body"]["displayName"], "Babs", "{told}");
    assert_eq!(told["body"].get("nickName"), None, "{told}");
    assert!(told["losses"].to_string().contains("nickName"), "{told}");
    std::fs::write(&file, "{").unwrap();
    assert_eq!(output(&["translate", "--route", "/okta/omni", path]).status.code(), Some(1));
    assert_eq!(output(&["translate", "--route", "/nowhere", path]).status.code(), Some(2));
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    for arguments in [&["serve"][..], &[], &["sandbox", "nobody"], &["check", "--format", "xml"]] {
        assert_eq!(output(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_missing_file_is_told_by_its_name() {
    let output = output(&["check", "--config", "/nowhere/config.toml"]);
    let shown = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(shown.contains("/nowhere/config.toml"), "{shown}");
}

#[test]
fn each_verb_has_a_help_text() {
    for verb in ["run", "check", "translate", "explain", "losses", "sandbox"] {
        let output = output(&[verb, "--help"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.len() > 200, "{text}");
    }
}

/// A program that is ended when the test ends.
pub struct Running(Child);

impl Running {
    pub fn of(child: Child) -> Self {
        Self(child)
    }

    /// Asks the program to end, and waits until it has.
    pub fn stop(&mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: &str, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_sandbox_verb_serves_its_vendor() {
    let mut command = program();
    command.args(["sandbox", "scim", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit('/').next().unwrap();
    let answer = get(address, "/scim/v2/Users", "any");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The shipped configuration on free ports.
fn start() -> (Running, String, String, Vec<String>) {
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (client, admin) = (free().to_string(), free().to_string());
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml"))
        .unwrap()
        .replace("127.0.0.1:8080", &client)
        .replace("127.0.0.1:9090", &admin);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = program();
    command.arg("run").arg("--config").arg(&file).stdout(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let lines: Vec<_> = lines.map_while(Result::ok).take(31).collect();
    (running, client, admin, lines)
}

#[test]
fn the_shipped_configuration_runs_and_is_watched() {
    let (_running, client, admin, lines) = start();
    while !get(&admin, "/readyz", "").starts_with("HTTP/1.1 200") {
        std::thread::yield_now();
    }
    assert!(get(&admin, "/healthz", "").starts_with("HTTP/1.1 200"));
    assert!(get(&admin, "/version", "").contains("\"rules\":\""));
    assert!(get(&admin, "/nowhere", "").starts_with("HTTP/1.1 404"));
    let reads = |line: &&String| line.starts_with("curl ") && !line.contains(" -X ");
    let curls: Vec<_> = lines.iter().filter(reads).collect();
    assert_eq!(curls.len(), 10, "{lines:?}");
    let address = wait_for(&client);
    for line in curls {
        let url = line.rsplit(' ').next().unwrap();
        let path = url.split_once(&client).unwrap().1;
        let refused = get(&address, path, "wrong");
        assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
        let answer = get(&address, path, "demo-token");
        assert!(!answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
    let metrics = get(&admin, "/metrics", "");
    let line = "scim_gateway_auth_failures_total{reason=\"unknown\",route=\"/okta/omni\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    assert!(!metrics.contains("demo-token"), "{metrics}");
}

pub fn wait_for(address: &str) -> String {
    for _ in 0..1_000 {
        if TcpStream::connect(address).is_ok() {
            break;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    address.to_owned()
}
