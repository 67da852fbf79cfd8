//! What a running gateway tells of its requests: log lines, the record of writes, spans at a collector.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use serde_json::Value;

use crate::program::{Running, wait_for};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PATIENCE: Duration = Duration::from_secs(20);

/// A collector: the bodies that it is sent.
fn collector() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || while sent(&stream, &sender).is_some() {});
        }
    });
    (url, bodies)
}

/// Reads one request to the collector's path and says that it was taken.
fn sent(mut stream: &TcpStream, bodies: &std::sync::mpsc::Sender<Vec<u8>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut header, mut length) = (String::new(), 0);
    while reader.read_line(&mut header).ok()? > 2 {
        let line = header.lines().last()?.to_lowercase();
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.parse().ok()?;
        }
    }
    assert!(header.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{header}");
    assert!(header.to_lowercase().contains("content-type: application/x-protobuf"), "{header}");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
    bodies.send(body).ok()
}

/// The gateway with the shipped routes, a log in JSON and these sections; its address and its log.
fn start(folder: &Path, sections: &str) -> (Running, String, std::fs::File) {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (client, admin) = (free(), free());
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(Path::new(root).join("config.toml")).unwrap();
    let text = text
        .replace("127.0.0.1:8080", &client)
        .replace("127.0.0.1:9090", &admin)
        .replace("\"rules/", &format!("\"{root}/rules/"))
        .replace("format = \"text\"", "format = \"json\"");
    std::fs::write(folder.join("config.toml"), format!("{text}\n{sections}")).unwrap();
    let log = folder.join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.arg("run").arg("--config").arg(folder.join("config.toml")).env("SALT", "of the test");
    command.stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
    let running = Running::of(command.spawn().unwrap());
    while !TcpStream::connect(&admin).is_ok_and(|stream| ready(stream, &admin)) {
        std::thread::yield_now();
    }
    // Ready is said as the listener begins to listen.
    let client = wait_for(&client);
    (running, client, std::fs::File::open(log).unwrap())
}

fn ready(mut stream: TcpStream, admin: &str) -> bool {
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// One request in a trace of the client's; its answer's body.
fn ask(address: &str, method: &str, path: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer demo-token\r\n\
         X-Request-Id: r-{method}\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap_or_default()
}

/// A create, a PATCH, a delete and one of what is not there, by `/okta/omni`.
fn drive(address: &str) -> String {
    let users = "/okta/omni/scim/v2/Users";
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    let user = serde_json::json!({
        "schemas": [core], "userName": "private@corp.example", "displayName": "Secret Name",
        "nickName": "Lost Name",
    });
    let made = ask(address, "POST", users, &user.to_string());
    let id = made.get("id").and_then(Value::as_str).unwrap().to_owned();
    let patch = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "displayName", "value": "Other Name"}],
    });
    ask(address, "PATCH", &format!("{users}/{id}"), &patch.to_string());
    ask(address, "GET", &format!("{users}/{id}"), "");
    ask(address, "DELETE", &format!("{users}/{id}"), "");
    ask(address, "PUT", &format!("{users}/{id}"), &user.to_string());
    id
}

fn lines(mut file: impl Read) -> (String, Vec<Value>) {
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (text, lines)
}

fn private(text: &str, id: &str) {
    for word in [id, "private", "corp.example", " Name", "demo-token", "Users/"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn log_and_audit_tell_what_was_done_and_nothing_of_whom() {
    let folder = tempfile::tempdir().unwrap();
    let (mut running, address, log) =
        start(folder.path(), "[audit]\nfile = \"audit.jsonl\"\n[log.id_salt]\nenv = \"SALT\"\n");
    let id = drive(&address);
    running.stop();
    let (text, told) = lines(std::fs::File::open(folder.path().join("audit.jsonl")).unwrap());
    private(&text, &id);
    let operations: Vec<_> = told.iter().map(|line| line["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["create", "patch", "delete", "replace"], "{text}");
    let hashes: BTreeSet<_> = told.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(hashes.len(), 1, "all are about one user: {text}");
    for (line, outcome) in told.iter().zip(["done", "done", "done", "failed"]) {
        assert_eq!((&line["who"], &line["route"]), (&"demo".into(), &"/okta/omni".into()));
        assert_eq!((&line["outcome"], &line["trace_id"]), (&outcome.into(), &TRACE.into()));
    }
    assert_eq!(told[0]["places"], serde_json::json!(["userName", "displayName", "nickName"]));
    assert_eq!(told[1]["places"], serde_json::json!(["displayName"]));
    assert_eq!(told[3]["cause"], "upstream_not_found");

    let (text, lines) = lines(log);
    private(&text, &id);
    let lines: BTreeMap<_, _> = lines
        .iter()
        .filter(|line| line["message"] == "exchange")
        .map(|line| (line["request_id"].as_str().unwrap(), line))
        .collect();
    assert_eq!(lines.len(), 5, "{text}");
    let post = lines["r-POST"];
    assert_eq!((&post["status"], &post["answers"]), (&201.into(), &"create:201".into()), "{post}");
    let lost = "nickName urn:omni:params:1.0:UserAttribute.*";
    assert_eq!((&post["lost"], &post["losses"]), (&lost.into(), &2.into()), "{post}");
    assert_eq!((&post["trace_id"], &post["upstream"]), (&TRACE.into(), &"omni".into()), "{post}");
    assert!(post["ms"].as_u64() >= post["upstream_ms"].as_u64(), "{post}");
    assert_eq!(post["id"], told[0]["id"], "one hash for one id");
    assert_eq!(lines["r-GET"]["id"], told[0]["id"]);
}

#[test]
fn a_collector_gets_a_span_for_each_exchange_and_each_call() {
    let folder = tempfile::tempdir().unwrap();
    let (url, bodies) = collector();
    let (mut running, address, _) = start(folder.path(), &format!("[trace]\notlp = \"{url}\"\n"));
    let id = drive(&address);
    running.stop();
    let mut spans: Vec<Span> = Vec::new();
    let servers =
        |spans: &[Span]| spans.iter().filter(|s| s.kind == SpanKind::Server as i32).count();
    while servers(&spans) < 5 {
        let body = bodies.recv_timeout(PATIENCE).unwrap();
        private(&String::from_utf8_lossy(&body), &id);
        let export = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let resources = export.resource_spans.into_iter().flat_map(|spans| spans.scope_spans);
        spans.extend(resources.flat_map(|scope| scope.spans));
    }
    let trace = |span: &Span| span.trace_id.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert!(spans.iter().all(|span| trace(span) == TRACE), "{spans:#?}");
    let of_kind = |kind: SpanKind| spans.iter().filter(move |span| span.kind == kind as i32);
    let outer: BTreeMap<_, _> =
        of_kind(SpanKind::Server).map(|span| (span.span_id.clone(), span)).collect();
    let names: BTreeSet<_> = outer.values().map(|span| span.name.as_str()).collect();
    let wanted = ["create User", "delete User", "get User", "patch User", "replace User"];
    assert_eq!(names, wanted.into());
    let remote = [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31];
    assert!(outer.values().all(|span| span.parent_span_id == remote), "{spans:#?}");
    assert!(of_kind(SpanKind::Client).count() >= 5, "{spans:#?}");
    for call in of_kind(SpanKind::Client) {
        let exchange = outer[&call.parent_span_id];
        assert!(call.start_time_unix_nano <= call.end_time_unix_nano);
        // The wall clock is asked for each span anew.
        let slack = 50_000_000;
        assert!(exchange.start_time_unix_nano <= call.start_time_unix_nano + slack, "{spans:#?}");
        assert!(call.end_time_unix_nano <= exchange.end_time_unix_nano + slack, "{spans:#?}");
        let keys: BTreeSet<_> = call.attributes.iter().map(|pair| pair.key.as_str()).collect();
        let all = ["http.response.status_code", "scim.operation", "scim.route", "scim.upstream"];
        assert_eq!(keys, all.into());
    }
}
