//! Load balancers that begin their connections with the PROXY protocol, over real sockets: whose header is believed,
//! and what becomes of connections without one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use scim_gateway::config::{Credential, Limits, Network, Proof, Tls};
use scim_gateway::dialect::Dialects;
use scim_gateway::gateway::Gateway;
use scim_gateway::observe::{Event, Reason};
use scim_gateway::serve::{Edge, Handler, RouteEntry};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::authority::Authority;
use crate::harness::{
    Running, Scripted, callers, care, launch_within, limits, ok, plain_route, remote, status,
};
use crate::identity::until;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const RIGHT: &str = "user:pass:word";

/// `/basic` takes a password, two wrong ones of each address.
fn gateway(upstream: &str, tls: Option<Tls>, limits: Limits) -> Running {
    launch_within(vec![plain_route("/basic")], doors(upstream), tls, limits)
}

fn doors(upstream: &str) -> HashMap<String, RouteEntry> {
    let proof = Proof::Basic(Sha256::digest(RIGHT).into());
    let listed = vec![Credential { name: "legacy".into(), proof }];
    let way = Handler::Stream {
        remote: Arc::new(remote(upstream)),
        resilience: care(),
        identity: Some(crate::harness::bearer()),
    };
    HashMap::from([("/basic".to_owned(), RouteEntry::new(callers(listed), way))])
}

fn believing(networks: &[&str]) -> Limits {
    let proxy_protocol = networks.iter().map(|text| Network::parse(text).unwrap()).collect();
    Limits { attempts: 2, proxy_protocol, ..limits() }
}

fn v2(command: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, kind], &length, rest].concat()
}

fn v1(client: &str) -> Vec<u8> {
    format!("PROXY TCP4 {client} 10.0.0.1 5555 443\r\n").into_bytes()
}

/// Version 2 for 198.51.100.`last`, with what balancers add.
fn inet(last: u8) -> Vec<u8> {
    let more = [4, 0, 3, 0, 0, 0, 0xea, 0, 2, 1, 7];
    v2(0x21, 0x11, &[&[198, 51, 100, last, 10, 0, 0, 1, 1, 2, 1, 187], &more[..]].concat())
}

/// Version 2 for an address of IPv6 in the /64 that ends in `last`.
fn inet6(last: u8) -> Vec<u8> {
    let mut rest = [0; 36];
    rest[..8].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, last]);
    v2(0x21, 0x21, &rest)
}

fn request(pair: &str, more: &str) -> Vec<u8> {
    let pair = STANDARD.encode(pair);
    format!("GET /basic/v2/Users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {pair}\r\n{more}\r\n")
        .into_bytes()
}

/// The answer's status; `None` where the connection is closed without one.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Option<u16> {
    let mut bytes = vec![0; 16 << 10];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut bytes)).await;
    let read = read.unwrap().ok()?;
    (read > 0).then(|| status(&String::from_utf8_lossy(&bytes[..read])))
}

/// How a client comes to the gateway: with TLS or without, its header in one piece or in single bytes.
struct Coming<'a> {
    gateway: &'a Running,
    tls: Option<&'a Authority>,
    pieces: usize,
}

impl Coming<'_> {
    /// A connection that begins with this header; `None` where it is closed in the handshake.
    async fn open(&self, header: &[u8]) -> Option<Box<dyn Both>> {
        let mut stream = TcpStream::connect(self.gateway.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for piece in header.chunks(self.pieces) {
            if stream.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let Some(authority) = self.tls else { return Some(Box::new(stream)) };
        let name = ServerName::try_from("localhost").unwrap();
        let connector = tokio_rustls::TlsConnector::from(authority.client(None, "http/1.1"));
        Some(Box::new(connector.connect(name, stream).await.ok()?))
    }

    async fn asks(&self, header: &[u8], pair: &str, more: &str) -> Option<u16> {
        let mut stream = self.open(header).await?;
        // Who is closed before it has written everything reads the end all the same.
        let _ = stream.write_all(&request(pair, more)).await;
        answer(&mut stream).await
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

fn refused(gateway: &Running, wanted: Reason) -> usize {
    let events = gateway.log.events();
    let refused = events
        .iter()
        .filter(|event| matches!(event, Event::Refused { at: None, reason } if *reason == wanted));
    refused.count()
}

/// Edge, part 7: behind a load balancer of TCP every client had the balancer's address.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_whom_a_load_balancer_of_tcp_names() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    for (secure, pieces) in [(false, 1), (false, 4096), (true, 1), (true, 4096)] {
        let pair = own.server("localhost").files(directory.path(), "first");
        let tls = secure.then(|| Tls { pair, also: Vec::new(), client_ca: None });
        let gateway = gateway(&service.url, tls, believing(&["10.0.0.0/8", "127.0.0.1"]));
        let way = Coming { gateway: &gateway, tls: secure.then_some(&own), pieces };
        let told = format!("TLS {secure}, pieces of {pieces}");
        let local = v2(0x20, 0x00, &[]);
        for (one, same, other) in [
            (inet(1), v1("198.51.100.1"), inet(2)),
            (v1("198.51.100.3"), inet(3), v1("198.51.100.4")),
            (inet6(1), inet6(1), inet6(2)),
            // The balancer itself, in all that it says of nobody.
            (local.clone(), b"PROXY UNKNOWN\r\n".to_vec(), inet(5)),
            (v2(0x21, 0x00, &[4, 0, 0]), v2(0x21, 0x31, &[7; 216]), inet(6)),
        ] {
            let balancer = one.starts_with(SIGNATURE) && one[13] == 0 && one != local;
            for _ in 0..if balancer { 0 } else { 2 } {
                assert_eq!(way.asks(&one, "user:wrong", "").await, Some(401), "{told}");
            }
            for known in [&one, &same] {
                assert_eq!(way.asks(known, RIGHT, "").await, Some(429), "{told} {known:?}");
            }
            assert_eq!(way.asks(&other, RIGHT, "").await, Some(200), "{told} {other:?}");
        }
        // What a client itself says changes nothing.
        let more = "X-Forwarded-For: 198.51.100.9\r\nForwarded: for=198.51.100.9\r\n";
        assert_eq!(way.asks(&inet(1), RIGHT, more).await, Some(429), "{told}");
        assert_eq!(refused(&gateway, Reason::ProxyHeader), 0, "{told}");
    }
    // Several requests of one connection, of which the first is sent with the header, are all its client's.
    let gateway = gateway(&service.url, None, believing(&["127.0.0.0/8"]));
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let first = [inet(1), request("user:wrong", "")].concat();
    stream.write_all(&first).await.unwrap();
    assert_eq!(answer(&mut stream).await, Some(401));
    stream.write_all(&request("user:wrong", "")).await.unwrap();
    assert_eq!(answer(&mut stream).await, Some(401));
    stream.write_all(&request(RIGHT, "")).await.unwrap();
    assert_eq!(answer(&mut stream).await, Some(429));
}

/// Edge, part 7: what a balancer tells and what a proxy behind it tells come together.
#[tokio::test(flavor = "multi_thread")]
async fn whom_a_balancer_names_may_be_a_trusted_proxy() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let trusted_proxies = vec![Network::parse("198.51.100.1").unwrap()];
    let limits = Limits { trusted_proxies, ..believing(&["127.0.0.1"]) };
    let gateway = gateway(&service.url, None, limits);
    let way = Coming { gateway: &gateway, tls: None, pieces: 4096 };
    let of = |last: u8| format!("X-Forwarded-For: 203.0.113.{last}\r\n");
    for _ in 0..2 {
        assert_eq!(way.asks(&inet(1), "user:wrong", &of(1)).await, Some(401));
    }
    assert_eq!(way.asks(&inet(1), RIGHT, &of(1)).await, Some(429));
    assert_eq!(way.asks(&inet(1), RIGHT, &of(2)).await, Some(200));
    assert_eq!(way.asks(&inet(2), RIGHT, &of(1)).await, Some(200), "no trusted proxy");
}

/// Edge, part 7: who is to begin with a header and does not is closed and counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_balancers_connection_without_a_right_header_is_closed_and_counted() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    for secure in [false, true] {
        let pair = own.server("localhost").files(directory.path(), "first");
        let tls = secure.then(|| Tls { pair, also: Vec::new(), client_ca: None });
        let time = Duration::from_secs(1);
        let limits = Limits { header_time: time, ..believing(&["127.0.0.1"]) };
        let gateway = gateway(&service.url, tls, limits);
        let way = Coming { gateway: &gateway, tls: secure.then_some(&own), pieces: 4096 };
        // The harness' own look whether it listens is such a connection: closed and not counted.
        until(|| gateway.live.connections() == 0).await;
        assert_eq!(refused(&gateway, Reason::ProxyHeader), 0);
        let inet = [198, 51, 100, 1, 10, 0, 0, 1, 1, 2, 1, 187];
        let wrong = [
            Vec::new(),
            b"PROXY TCP4 198.51.100.1 10.0.0.1 1\r\n".to_vec(),
            b"PROXY TCP4 ::1 ::1 1 2\r\n".to_vec(),
            [b"PROXY UNKNOWN ", &[b'x'; 200][..], b"\r\n"].concat(),
            v2(0x21, 0x11, &inet[..8]),
            v2(0x2f, 0x11, &inet),
            v2(0x11, 0x11, &inet),
            v2(0x21, 0x55, &inet),
            v2(0x21, 0x11, &[0; 8000]),
        ];
        for (number, header) in wrong.iter().enumerate() {
            assert_eq!(way.asks(header, RIGHT, "").await, None, "{secure} {header:?}");
            until(|| refused(&gateway, Reason::ProxyHeader) == number + 1).await;
        }
        // Half a header, and nothing at all, have the time of a request's header.
        let mut silent = vec![TcpStream::connect(gateway.address).await.unwrap()];
        for half in [&b"PROXY TC"[..], SIGNATURE, &v2(0x21, 0x11, &inet)[..20]] {
            let mut stream = TcpStream::connect(gateway.address).await.unwrap();
            stream.write_all(half).await.unwrap();
            silent.push(stream);
        }
        until(|| gateway.live.connections() == 4).await;
        for stream in &mut silent {
            assert_eq!(answer(stream).await, None);
        }
        assert_eq!(refused(&gateway, Reason::SlowProxyHeader), 4);
        // A header, and then silence: no more time than for both together.
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        stream.write_all(&v1("198.51.100.1")).await.unwrap();
        assert_eq!(answer(&mut stream).await, None);
        until(|| gateway.live.connections() == 0).await;
        assert_eq!(refused(&gateway, Reason::ProxyHeader), wrong.len());
        assert_eq!(way.asks(&v1("198.51.100.1"), RIGHT, "").await, Some(200));
    }
}

/// Edge, part 7: nobody else's header is believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_anybody_else_names_nobody() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    for networks in [&[][..], &["10.0.0.0/8", "::/0"]] {
        for secure in [false, true] {
            let pair = own.server("localhost").files(directory.path(), "first");
            let tls = secure.then(|| Tls { pair, also: Vec::new(), client_ca: None });
            let gateway = gateway(&service.url, tls, believing(networks));
            let way = Coming { gateway: &gateway, tls: secure.then_some(&own), pieces: 4096 };
            for header in [v1("198.51.100.1"), inet(1), v2(0x20, 0x00, &[])] {
                let answer = way.asks(&header, RIGHT, "").await;
                assert!(matches!(answer, None | Some(400)), "{networks:?} {secure}: {answer:?}");
            }
            assert_eq!(way.asks(&[], RIGHT, "").await, Some(200), "{networks:?} {secure}");
            assert_eq!(refused(&gateway, Reason::ProxyHeader), 0);
        }
    }
}

/// Edge, part 7: the key follows a reload, for connections from then on.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_stays_and_what_comes_meets_the_networks_of_now() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let gateway = gateway(&service.url, None, believing(&[]));
    let way = Coming { gateway: &gateway, tls: None, pieces: 4096 };
    let mut open = way.open(&[]).await.unwrap();
    open.write_all(&request(RIGHT, "")).await.unwrap();
    assert_eq!(answer(&mut open).await, Some(200));
    let next = Gateway::new(vec![plain_route("/basic")], &Dialects::embedded().unwrap());
    let limits = believing(&["127.0.0.1"]);
    gateway.live.replace(Edge::new(next, doors(&service.url), limits, Arc::default()));
    open.write_all(&request(RIGHT, "")).await.unwrap();
    assert_eq!(answer(&mut open).await, Some(200));
    assert_eq!(way.asks(&[], RIGHT, "").await, None);
    assert_eq!(way.asks(&inet(1), RIGHT, "").await, Some(200));
}
