//! The program as a running gateway, and clients that keep it busy and note whatever fails.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// For whatever is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// An operator's token, and its SHA-256.
pub const OPERATOR: &str = "Authorization: Bearer operator-token\r\n";
const OPERATOR_SHA256: &str = "0850123315d21ab90f4f7236408a52ef6dbd6a02a6550e5c10dc73f4d993680e";

/// Where a gateway is configured and reached.
pub struct Place {
    folder: TempDir,
    pub client: SocketAddr,
    pub admin: SocketAddr,
}

/// A gateway; it is killed with this.
pub struct Gateway(Child);

/// What came back for one request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Place {
    pub fn new() -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), client: free(), admin: free() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("config.toml")
    }

    /// A configuration with two routes without authentication to one simulator; `server` and `route`
    /// stand in those tables, too.
    pub fn text(&self, server: &str, route: &str) -> String {
        let Self { client, admin, .. } = self;
        format!(
            "[server]\nlisten = [\"{client}\"]\n{server}\n[admin]\nlisten = \"{admin}\"\n\
             auth = [{{ name = \"tester\", bearer_sha256 = \"{OPERATOR_SHA256}\" }}]\n\
             [upstream.a]\ndialect = \"scim\"\nurl = \"sandbox:scim\"\n\
             auth = {{ bearer = {{ literal = \"sandbox-token\" }} }}\n\
             [[route]]\nprefix = \"/a\"\nclient = \"scim\"\nupstream = \"a\"\nauth = \"none\"\n{route}\n"
        )
    }

    /// Puts a file into place as editors and configuration managers do: by a new name, then renamed.
    pub fn write(&self, name: &str, text: &str) {
        let new = self.path(".new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.path(name)).unwrap();
    }

    pub fn start(&self, arguments: &[&str]) -> Gateway {
        let gateway = self.spawn(arguments);
        wait("readiness", || self.is_ready());
        gateway
    }

    pub fn spawn(&self, arguments: &[&str]) -> Gateway {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
        command.arg("run").arg("--config").arg(self.config()).args(arguments);
        command.env("CREDENTIALS_DIRECTORY", self.path("credentials"));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("log"));
        command.stdout(Stdio::null()).stderr(Stdio::from(log.unwrap()));
        Gateway(command.spawn().unwrap())
    }

    pub fn is_ready(&self) -> bool {
        call(self.admin, "GET", "/readyz", "").is_some_and(|answer| answer.status == 200)
    }

    pub fn reload(&self) -> Answer {
        self.operate("/reload", "")
    }

    /// A POST to the admin listener by its operator.
    pub fn operate(&self, path: &str, headers: &str) -> Answer {
        call_with(self.admin, "POST", path, &format!("{OPERATOR}{headers}"), "").unwrap()
    }

    pub fn rules(&self) -> String {
        let version = call(self.admin, "GET", "/version", "").unwrap().body;
        let version: serde_json::Value = serde_json::from_str(&version).unwrap();
        version["rules"].as_str().unwrap().to_owned()
    }

    /// A counter or gauge of the running gateway; 0 where it is not there yet.
    pub fn metric(&self, series: &str) -> f64 {
        let text = call(self.admin, "GET", "/metrics", "").unwrap().body;
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    pub fn reloads(&self, outcome: &str) -> f64 {
        self.metric(&format!("scim_gateway_reloads_total{{outcome=\"{outcome}\"}}"))
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap()
    }

    /// Creates a user through the first route; its id.
    pub fn create(&self, name: &str) -> String {
        let user = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
        });
        let made = call(self.client, "POST", "/a/scim/v2/Users", &user.to_string()).unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        let made: serde_json::Value = serde_json::from_str(&made.body).unwrap();
        made["id"].as_str().unwrap().to_owned()
    }
}

impl Gateway {
    /// One that was started otherwise.
    pub fn of(child: Child) -> Self {
        Self(child)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends a signal by its name, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").arg("-c").arg(command).status().unwrap().success());
    }

    /// Waits for its end; the exit code.
    pub fn end(mut self) -> Option<i32> {
        wait("the end of the process", || self.0.try_wait().unwrap().is_some());
        self.0.wait().unwrap().code()
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < PATIENCE, "no {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// One request on a connection of its own; `None` where there is no whole answer.
pub fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> Option<Answer> {
    call_with(address, method, path, "", body)
}

pub fn call_with(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Option<Answer> {
    let mut stream = BufReader::new(TcpStream::connect(address).ok()?);
    exchange(&mut stream, method, path, &format!("Connection: close\r\n{headers}"), body)
}

/// One request on a connection that is kept.
pub fn exchange(
    stream: &mut BufReader<TcpStream>,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Option<Answer> {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.get_mut().set_read_timeout(Some(PATIENCE)).ok()?;
    stream.get_mut().write_all(request.as_bytes()).ok()?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (stream.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head, body: String::from_utf8(body).ok()? })
}

/// Clients that ask without a pause.
pub struct Load {
    stop: Arc<AtomicBool>,
    pub answered: Arc<AtomicUsize>,
    failed: Arc<Mutex<Vec<String>>>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Four clients that GET the path; two keep their connections for as long as they are told to.
    pub fn start(address: SocketAddr, path: &str) -> Self {
        let load = Self {
            stop: Arc::default(),
            answered: Arc::default(),
            failed: Arc::default(),
            clients: Vec::new(),
        };
        let client = |keeps: bool| {
            let (stop, answered) = (Arc::clone(&load.stop), Arc::clone(&load.answered));
            let (failed, path) = (Arc::clone(&load.failed), path.to_owned());
            std::thread::spawn(move || {
                let mut connection = None;
                while !stop.load(Ordering::Relaxed) {
                    match ask(address, &path, keeps, &mut connection) {
                        Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        Err(why) => failed.lock().unwrap().push(why),
                    }
                }
            })
        };
        let clients = [true, true, false, false].map(client).into();
        Self { clients, ..load }
    }

    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// How many requests were answered, and what became of all others.
    pub fn stop(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        (self.answered.load(Ordering::Relaxed), self.failed.lock().unwrap().clone())
    }
}

fn ask(
    address: SocketAddr,
    path: &str,
    keeps: bool,
    kept: &mut Option<BufReader<TcpStream>>,
) -> Result<(), String> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => {
            BufReader::new(TcpStream::connect(address).map_err(|why| format!("connect: {why}"))?)
        }
    };
    let headers = if keeps { "" } else { "Connection: close\r\n" };
    let answer = exchange(&mut stream, "GET", path, headers, "").ok_or("no whole answer")?;
    if keeps && !answer.head.to_ascii_lowercase().contains("connection: close") {
        *kept = Some(stream);
    }
    if answer.status == 200 { Ok(()) } else { Err(format!("{answer:?}")) }
}

/// A folder with a configuration as Kubernetes mounts one: the file is a link through `..data`.
pub fn mount(folder: &Path, version: &str, text: &str) {
    let of = |name: &str| folder.join(name);
    std::fs::create_dir_all(of(version)).unwrap();
    std::fs::write(of(version).join("config.toml"), text).unwrap();
    std::os::unix::fs::symlink(version, of("..data_tmp")).unwrap();
    std::fs::rename(of("..data_tmp"), of("..data")).unwrap();
    let file = of("config.toml");
    if !file.is_symlink() {
        std::os::unix::fs::symlink("..data/config.toml", file).unwrap();
    }
}
