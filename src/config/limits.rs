//! Bounds on clients: `[server.limits]`.

use std::time::Duration;

use super::network::Network;
use super::value::{duration, number};
use crate::diagnostic::toml::Table;

/// Bounds on what one client request may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a request body, in bytes.
    pub body: usize,
    /// Of all request header fields together, in bytes.
    pub header: usize,
    /// Of path and query, in bytes.
    pub uri: usize,
    /// Of JSON nesting.
    pub depth: usize,
    /// Of values of one attribute in a client's body.
    pub elements: usize,
    /// For one read from or write to the client.
    pub client: Duration,
    /// Client connections at once.
    pub connections: usize,
    /// For a whole request header.
    pub header_time: Duration,
    /// For a whole request body.
    pub body_time: Duration,
    /// For a whole stream of a pass-through route.
    pub stream_time: Duration,
    /// Of a stream's answer at least, in bytes a second.
    pub stream_rate: u64,
    /// Between two requests on one connection.
    pub idle: Duration,
    /// For the whole exchange with the upstream.
    pub exchange: Duration,
    /// Wrong credentials that one address may show to one route within `attempts_window`; 0: any number.
    pub attempts: usize,
    pub attempts_window: Duration,
    /// Who says truly for whom it asks, by `X-Forwarded-For` or `Forwarded`.
    pub trusted_proxies: Vec<Network>,
    /// Whose connections begin with a header of the PROXY protocol.
    pub proxy_protocol: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            header: 16 << 10,
            uri: 8 << 10,
            depth: 32,
            elements: 10_000,
            client: Duration::from_secs(30),
            connections: 10_000,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(60),
            stream_time: Duration::from_secs(600),
            stream_rate: 1_024,
            idle: Duration::from_secs(60),
            exchange: Duration::from_secs(55),
            attempts: 30,
            attempts_window: Duration::from_secs(60),
            trusted_proxies: Vec::new(),
            proxy_protocol: Vec::new(),
        }
    }
}

pub(super) fn limits(table: Table<'_>) -> Limits {
    let default = Limits::default();
    let size = |key, most| table.item(key).and_then(|item| number(item, 256..=most));
    let time = |key| table.item(key).and_then(duration);
    let limits = Limits {
        body: size("body", 64 << 20).unwrap_or(default.body),
        header: size("header", 256 << 10).unwrap_or(default.header),
        uri: size("uri", 64 << 10).unwrap_or(default.uri),
        depth: table.item("depth").and_then(|i| number(i, 4..=128)).unwrap_or(default.depth),
        elements: table
            .item("elements")
            .and_then(|item| number(item, 100..=1_000_000))
            .unwrap_or(default.elements),
        client: time("client").unwrap_or(default.client),
        connections: table
            .item("connections")
            .and_then(|item| number(item, 1..=1_000_000))
            .unwrap_or(default.connections),
        header_time: time("header_time").unwrap_or(default.header_time),
        body_time: time("body_time").unwrap_or(default.body_time),
        stream_time: time("stream_time").unwrap_or(default.stream_time),
        stream_rate: table
            .item("stream_rate")
            .and_then(|item| number(item, 1..=1 << 30))
            .and_then(|rate| u64::try_from(rate).ok())
            .unwrap_or(default.stream_rate),
        idle: time("idle").unwrap_or(default.idle),
        exchange: time("exchange").unwrap_or(default.exchange),
        attempts: table
            .item("attempts")
            .and_then(|item| number(item, 0..=1_000_000))
            .unwrap_or(default.attempts),
        attempts_window: time("attempts_window").unwrap_or(default.attempts_window),
        trusted_proxies: Vec::new(),
        proxy_protocol: Vec::new(),
    };
    table.close();
    limits
}
