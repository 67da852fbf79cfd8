//! Clients that leave before they have their answer: what was done is told as done, once, and the guilt is
//! the client's.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::authority::Authority;
use crate::harness::{Running, Scripted, TOKEN, listener, request, start, start_with};

const USERS: &str = "/t/scim/v2/Users";

/// An upstream that does what it is asked, and answers once it is told to.
struct Slow {
    upstream: Scripted,
    go: Sender<()>,
}

impl Slow {
    async fn start(failing: bool) -> Self {
        let (go, told) = channel();
        let told = Mutex::new(told);
        let upstream = Scripted::start(move |_, request| {
            let _ = told.lock().unwrap().recv_timeout(Duration::from_secs(20));
            let user = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"7","userName":"a","active":true,"displayName":"B"}"#;
            let (status, body) = match request.split(' ').next() {
                _ if failing => ("500 Failed", "{}"),
                Some("DELETE") => ("204 Gone", ""),
                Some("POST") => ("201 Made", user),
                _ => ("200 OK", user),
            };
            let length = match status {
                "204 Gone" => String::new(),
                _ => format!("Content-Length: {}\r\n", body.len()),
            };
            Some(format!("HTTP/1.1 {status}\r\n{length}\r\n{body}").into_bytes())
        })
        .await;
        Self { upstream, go }
    }

    /// Waits until the upstream has a request more than before.
    async fn asked(&self, before: usize) {
        let began = Instant::now();
        while self.upstream.requests().len() == before {
            assert!(began.elapsed() < Duration::from_secs(20), "the upstream is not asked");
            tokio::task::yield_now().await;
        }
    }

    /// Lets it answer all that it is asked.
    fn answer(&self) {
        (0..9).for_each(|_| self.go.send(()).unwrap());
    }
}

/// Method, path, body, and a word of what is told of it.
fn writes() -> Vec<(&'static str, String, String, &'static str)> {
    let user = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","displayName":"B"}"#;
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"B"}]}"#;
    let delete = |id| format!(r#"{{"method":"DELETE","path":"/Users/{id}"}}"#);
    let bulk = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{},{},{}]}}"#,
        delete(1),
        delete(2),
        delete(3)
    );
    vec![
        ("DELETE", format!("{USERS}/7"), String::new(), "removals: [\"deletion\"]"),
        ("PUT", format!("{USERS}/7"), user.into(), "operation: Replace"),
        ("PATCH", format!("{USERS}/7"), patch.into(), "operation: Patch"),
        ("POST", USERS.into(), user.into(), "operation: Create"),
        (
            "POST",
            "/t/scim/v2/Bulk".into(),
            bulk,
            "removals: [\"deletion\", \"deletion\", \"deletion\"]",
        ),
    ]
}

/// The one line that is told of a request.
async fn told(gateway: &Running) -> String {
    let began = Instant::now();
    while gateway.log.lines().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing is told");
        tokio::task::yield_now().await;
    }
    let lines = gateway.log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines[0].clone()
}

fn is_told_as_done(line: &str, word: &str) {
    for wanted in ["writes: [WriteRecord {", "calls: [CallRecord", "cause: ClientGone", word] {
        assert!(line.contains(wanted), "{wanted}: {line}");
    }
    assert!(line.contains("delivered: false") && line.contains("status: Some(20"), "{line}");
    for wrong in ["UpstreamCutOff", "cause: Some("] {
        assert!(!line.contains(wrong), "{wrong}: {line}");
    }
}

/// Sends the request, and goes without a word (RST) once the upstream has it.
async fn leave(address: SocketAddr, slow: &Slow, bytes: &[u8]) {
    let before = slow.upstream.requests().len();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    slow.asked(before).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
}

/// The answer's failure to be written put a new record in the place of the exchange's.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_client_has_gone_is_told_as_done() {
    for (method, path, body, word) in writes() {
        let slow = Slow::start(false).await;
        let gateway = start(&slow.upstream.url);
        leave(gateway.address, &slow, &request(method, &path, &body)).await;
        slow.answer();
        is_told_as_done(&told(&gateway).await, word);
    }
}

/// Over HTTP/2: there an ordinary timeout of the client's is enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_stream_was_reset_is_told_as_done() {
    let directory = tempfile::tempdir().unwrap();
    let own = Authority::new("own");
    let pair = own.server("localhost").files(directory.path(), "first");
    for (method, path, body, word) in writes() {
        let slow = Slow::start(false).await;
        let gateway = start_with(&slow.upstream.url, Some(listener(&pair.cert, &pair.key)));
        let tcp = TcpStream::connect(gateway.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(own.client(None, "h2"));
        let name = "localhost".try_into().unwrap();
        let stream = connector.connect(name, tcp).await.unwrap();
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://localhost{path}"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-length", body.len())
            .body(())
            .unwrap();
        let (answer, mut sent) = sender.send_request(request, false).unwrap();
        sent.send_data(body.into(), true).unwrap();
        slow.asked(0).await;
        sent.send_reset(h2::Reason::CANCEL);
        drop(answer);
        // A second exchange on the connection comes after the reset.
        let ping = http::Request::get("https://localhost/nowhere").body(()).unwrap();
        let (nowhere, _) = sender.send_request(ping, true).unwrap();
        assert_eq!(nowhere.await.unwrap().status(), 404);
        slow.answer();
        let began = Instant::now();
        while gateway.log.lines().len() < 2 {
            assert!(began.elapsed() < Duration::from_secs(20), "nothing is told");
            tokio::task::yield_now().await;
        }
        let lines = gateway.log.lines();
        assert_eq!(lines.len(), 2, "{lines:#?}");
        is_told_as_done(&lines[1], word);
    }
}

/// What the exchange came to is not replaced by what the connection came to.
#[tokio::test(flavor = "multi_thread")]
async fn the_fault_of_an_exchange_stays_whatever_becomes_of_the_connection() {
    for (method, path, body, _) in writes().into_iter().take(4) {
        let slow = Slow::start(true).await;
        let gateway = start(&slow.upstream.url);
        leave(gateway.address, &slow, &request(method, &path, &body)).await;
        slow.answer();
        let line = told(&gateway).await;
        assert!(line.contains("UpstreamFailed") && !line.contains("ClientGone"), "{line}");
        assert!(line.contains("delivered: false"), "{line}");
    }
}
