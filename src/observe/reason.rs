//! Which bound was kept where something was not done, for the counter.

/// Which bound was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Client connections at once.
    Connections,
    /// A request header that did not come in its time.
    SlowHeader,
    /// A connection of a load balancer that does not begin with a header of the PROXY protocol.
    ProxyHeader,
    /// Such a header that did not come in its time.
    SlowProxyHeader,
    /// TLS that the client broke off, or could not agree on.
    Handshake,
    /// A handshake of TLS that did not end in its time.
    SlowHandshake,
    /// Requests at once on a route, or calls at once to an upstream: as many wait as may.
    Queue,
    /// The longest wait for one's turn.
    Wait,
    /// Calls in a time.
    Rate,
    /// The upstream asked to be left alone.
    Held,
    Breaker,
    /// Calls with one client's own credential failed again and again.
    Stranger,
    /// The share of calls that may be retries.
    Budget,
}

impl Reason {
    /// The value of the metrics' `reason` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::SlowHeader => "slow_header",
            Self::ProxyHeader => "proxy_header",
            Self::SlowProxyHeader => "slow_proxy_header",
            Self::Handshake => "handshake",
            Self::SlowHandshake => "slow_handshake",
            Self::Queue => "queue",
            Self::Wait => "wait",
            Self::Rate => "rate",
            Self::Held => "held",
            Self::Breaker => "breaker",
            Self::Stranger => "client_breaker",
            Self::Budget => "retry_budget",
        }
    }
}
