//! How the program scales with its routes: the time until it is ready, its resident memory, and what
//! finding a route costs, for 10, 1,000 and 10,000 of them.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
#![expect(clippy::expect_used, reason = "a benchmark whose material is broken cannot go on")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use scim_gateway::config::{self, Config};
use scim_gateway::dialect::Dialects;
use scim_gateway::gateway::Gateway;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lookups of one sample.
const LOOKUPS: u32 = 100_000;

fn main() {
    println!("{:>8} {:>12} {:>14} {:>12}", "routes", "ready after", "resident", "one lookup");
    for count in [10, 1_000, 10_000] {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("config.toml");
        let admin = free();
        std::fs::write(&file, configuration(count, admin)).expect("writes");
        let (ready, resident) = start(&file, admin);
        let resident = resident / 1024;
        println!("{count:>8} {ready:>12.1?} {resident:>10} MiB {:>12.1?}", lookup(&file, count));
    }
}

/// Routes of all pairs of four dialects; every second one has a host.
fn configuration(count: usize, admin: SocketAddr) -> String {
    let mut text = format!("[server]\nlisten = [\"{}\"]\n[admin]\nlisten = \"{admin}\"\n", free());
    let dialects = ["scim", "omni", "pingone", "descope"];
    for dialect in dialects {
        let _ = write!(
            text,
            "[upstream.{dialect}]\ndialect = \"{dialect}\"\nurl = \"sandbox:{dialect}\"\n\
             auth = {{ bearer = {{ literal = \"t\" }} }}\n"
        );
        if dialect == "pingone" {
            text.push_str("vars = { environment = \"e\" }\n");
        }
    }
    let hash = "7c43ef5ae21d43ce2743f770c68e24def1a43ee2f416d2438410c8af7af2ff2c";
    for n in 0..count {
        let of = |n: usize| dialects.get(n % 4).copied().unwrap_or("scim");
        let (client, upstream) = (of(n), of(n / 4));
        let vars = if client == "pingone" { "client_vars = { environment = \"e\" }\n" } else { "" };
        let host = if n.is_multiple_of(2) { "host = \"tenants.example\"\n" } else { "" };
        let _ = write!(
            text,
            "[[route]]\nprefix = \"/tenant-{n}/{client}\"\nclient = \"{client}\"\n\
             upstream = \"{upstream}\"\n{vars}{host}\
             auth = [{{ name = \"idp\", bearer_sha256 = \"{hash}\" }}]\n"
        );
    }
    text
}

/// Starts the program: the time until it is ready, and its resident memory in KiB.
fn start(file: &Path, admin: SocketAddr) -> (Duration, u64) {
    let begin = Instant::now();
    let mut running = Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
        .args(["run", "--config"])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    while !is_ready(admin) {
        assert!(running.try_wait().expect("is known").is_none(), "the program ended");
        std::thread::sleep(Duration::from_millis(2));
    }
    let found = (begin.elapsed(), resident(&running));
    running.kill().expect("ends");
    running.wait().expect("ended");
    found
}

fn is_ready(admin: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(admin) else { return false };
    let request = "GET /readyz HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// In KiB.
fn resident(running: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.id()));
    let status = status.expect("Linux tells a process's memory");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a number")
}

fn lookup(file: &Path, count: usize) -> Duration {
    let dialects = Dialects::embedded().expect("the embedded dialects");
    let config = Config::load(file).expect("the configuration");
    let specs = config::specs(&config, &dialects).expect("the routes");
    let gateway = Gateway::new(specs, &dialects);
    let paths: Vec<String> = gateway
        .routes()
        .iter()
        .step_by((count / 10).max(1))
        .map(|route| format!("{}/scim/v2/Users/2819c223", route.spec.prefix))
        .collect();
    let begin = Instant::now();
    for path in paths.iter().cycle().take(LOOKUPS as usize) {
        assert!(black_box(gateway.route(Some("tenants.example"), path)).is_some());
    }
    begin.elapsed() / LOOKUPS
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}
