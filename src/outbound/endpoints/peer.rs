//! Where an upstream is on the network, Pingora's view of it, and connections to it.
//!
//! An address that swallows what is sent to it must not cost the time of those that answer: the next
//! one is tried beside it (RFC 8305, "Happy Eyeballs").

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pingora::connectors::http::Connector;
use pingora::protocols::ALPN;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora::{BError, ErrorType};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::resolve::{Addresses, Resolver, System};
use crate::config::Timeouts;
use crate::fault::{Cause, Fault};
use crate::outbound::broken::unreachable;
use crate::outbound::reporter::Reporter;
use crate::outbound::tls::{Authorities, Certificate};

/// Addresses that one call tries, whatever look-ups find meanwhile.
const TRIED: usize = 16;
/// How long a connection may have been silent that a write over HTTP/1.1 takes. Its other side may be about to end
/// an older one, and then nobody knows whether the write was done; servers keep theirs for two seconds and more.
const YOUNG: Duration = Duration::from_secs(1);
/// Between the beginnings of two tries of one host's addresses (RFC 8305 section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// The host of an upstream.
pub struct Host {
    name: String,
    tls: bool,
    timeouts: Timeouts,
    /// What is shown in TLS.
    certificate: Option<Arc<Certificate>>,
    /// What is believed in TLS; `None`: what the system believes.
    authorities: Option<Arc<Authorities>>,
    addresses: Arc<Addresses>,
}

/// What a host is made of beside its URL.
pub struct Manner {
    pub timeouts: Timeouts,
    pub certificate: Option<Arc<Certificate>>,
    pub authorities: Option<Arc<Authorities>>,
    pub reporter: Reporter,
}

/// A connection to a host.
pub struct Connected {
    pub session: HttpSession,
    pub peer: HttpPeer,
    /// Whether it was there before.
    pub reused: bool,
}

impl Host {
    pub fn new(name: &str, port: u16, tls: bool, manner: Manner) -> Self {
        Self::found_by(Arc::new(System), name, port, tls, manner)
    }

    fn found_by(
        resolver: Arc<dyn Resolver>,
        name: &str,
        port: u16,
        tls: bool,
        manner: Manner,
    ) -> Self {
        // The brackets around an IPv6 address are the URL's, not the address's.
        let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        let Manner { timeouts, certificate, authorities, reporter } = manner;
        let addresses = Addresses::new(&name, port, resolver, reporter);
        Self { name, tls, timeouts, certificate, authorities, addresses }
    }

    /// A connection, from the pool or a new one, to the first of the addresses that takes one; each
    /// peer as `change` makes it. For a write none that was silent for long.
    ///
    /// # Errors
    /// `UpstreamUnreachable`.
    pub async fn connect(
        &self,
        connector: &Connector,
        writes: bool,
        change: impl Fn(&mut HttpPeer),
    ) -> Result<Connected, Fault> {
        let mut tried = Vec::new();
        let mut next = self.find().await?;
        loop {
            let try_one = |address: &SocketAddr| {
                let mut peer = self.peer(*address);
                change(&mut peer);
                attempt(session(connector, peer, writes))
            };
            match first(next.iter().map(try_one).collect()).await {
                Ok(connected) => {
                    connected.peer._address.as_inet().iter().for_each(|a| self.addresses.took(**a));
                    return Ok(connected);
                }
                Err(error) => {
                    tried.append(&mut next);
                    next = self.addresses.others(&tried, self.timeouts.connect).await;
                    if next.is_empty() || tried.len() + next.len() > TRIED {
                        return Err(unreachable(error.as_deref()));
                    }
                }
            }
        }
    }

    /// The address that takes connections, for a stream that Pingora itself connects: where it is not
    /// known which of several does, it is tried out.
    ///
    /// # Errors
    /// `UpstreamUnreachable`.
    pub async fn best(&self) -> Result<HttpPeer, Fault> {
        let known = self.find().await?;
        if !self.addresses.is_settled() {
            let most = self.timeouts.connect;
            let try_one = |address: &SocketAddr| {
                let address = *address;
                attempt(async move {
                    let tried = tokio::time::timeout(most, TcpStream::connect(address)).await;
                    match tried {
                        Ok(Ok(_)) => Ok(address),
                        _ => Err(pingora::Error::new(ErrorType::ConnectError)),
                    }
                })
            };
            if let Ok(address) = first(known.iter().map(try_one).collect()).await {
                self.addresses.took(address);
                return Ok(self.peer(address));
            }
        }
        let address = known.first().ok_or_else(|| unreachable(None))?;
        Ok(self.peer(*address))
    }

    /// An address took no connection that Pingora itself wanted to make.
    pub fn refused(&self) {
        self.addresses.doubt();
    }

    async fn find(&self) -> Result<Vec<SocketAddr>, Fault> {
        self.authorities.iter().for_each(Authorities::tend);
        self.addresses.now(self.timeouts.connect).await.map_err(unresolved)
    }

    fn peer(&self, address: SocketAddr) -> HttpPeer {
        // An empty server name would switch off the verification of certificates: a URL with a host
        // has none.
        let mut peer = HttpPeer::new(address, self.tls, self.name.clone());
        let options = &mut peer.options;
        options.connection_timeout = Some(self.timeouts.connect);
        options.total_connection_timeout = Some(self.timeouts.connect);
        options.read_timeout = Some(self.timeouts.idle);
        options.write_timeout = Some(self.timeouts.idle);
        options.idle_timeout = Some(Duration::from_secs(60));
        options.max_h2_streams = 100;
        options.alpn = if self.tls { ALPN::H2H1 } else { ALPN::H1 };
        // Who the gateway is, if that is said in TLS, and whom it believes.
        if let Some(certificate) = &self.certificate {
            certificate.stand_for(&mut peer);
        }
        if let Some(authorities) = &self.authorities {
            authorities.judge(&mut peer);
        }
        peer
    }
}

/// A connection of the pool, or a new one.
async fn session(
    connector: &Connector,
    mut peer: HttpPeer,
    writes: bool,
) -> Result<Connected, BError> {
    let (session, reused) = connector.get_http_session(&peer).await?;
    if !(writes && reused && is_old(&session)) {
        return Ok(Connected { session, peer, reused });
    }
    // The old one is closed.
    drop(session);
    set_apart(&mut peer);
    let (session, reused) = connector.get_http_session(&peer).await?;
    Ok(Connected { session, peer, reused })
}

/// Whether a connection of HTTP/1.1 was silent for so long that its other side may end it. HTTP/2 says itself
/// with what it has not begun (RFC 9113 section 6.8).
fn is_old(session: &HttpSession) -> bool {
    let HttpSession::H1(session) = session else { return false };
    let socket = session.digest().socket_digest.as_ref();
    let known = socket.and_then(|socket| socket.tcp_info());
    known.is_none_or(|info| u128::from(info.tcpi_last_data_recv) >= YOUNG.as_millis())
}

/// Has a write share connections only with other writes of the same second: none of those can be old.
pub fn set_apart(peer: &mut HttpPeer) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Nobody else's has a key.
    peer.group_key = now.as_secs().max(1);
}

/// One try to connect.
fn attempt<'t, T>(
    tried: impl Future<Output = Result<T, BError>> + Send + 't,
) -> Pin<Box<dyn Future<Output = Result<T, BError>> + Send + 't>> {
    Box::pin(tried)
}

/// The first of these tries that goes well. Each begins when the one before has failed, or has taken
/// so long that it may never end; the error is that of the last one to fail.
async fn first<T: Send, F>(mut tries: Vec<F>) -> Result<T, Option<BError>>
where
    F: Future<Output = Result<T, BError>> + Send + Unpin,
{
    if tries.is_empty() {
        return Err(None);
    }
    let mut one = tries.remove(0);
    if tries.is_empty() {
        return one.await.map_err(Some);
    }
    tokio::select! {
        biased;
        done = &mut one => match done {
            Ok(done) => return Ok(done),
            Err(_) => return Box::pin(first(tries)).await,
        },
        () = sleep(STAGGER) => {}
    }
    let mut others = Box::pin(first(tries));
    tokio::select! {
        done = &mut one => match done {
            Ok(done) => Ok(done),
            Err(_) => others.await,
        },
        done = &mut others => match done {
            Ok(done) => Ok(done),
            Err(_) => one.await.map_err(Some),
        },
    }
}

fn unresolved(why: &'static str) -> Fault {
    Fault::new(
        Cause::UpstreamUnreachable,
        "The upstream of this route could not be found on the network; nothing was sent. Try again later.",
    )
    .with_log(why)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Instant;

    use async_trait::async_trait;
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;
    use crate::observe::Silent;
    use crate::outbound::tls;

    struct Known(Vec<SocketAddr>);

    #[async_trait]
    impl Resolver for Known {
        async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
            Ok(self.0.clone())
        }
    }

    /// An address that swallows what is sent to it, as long as this is held: nobody takes the
    /// connections that wait there, and no more may wait.
    async fn black_hole() -> (SocketAddr, Vec<TcpStream>, TcpListener) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let (address, mut waiting) = (listener.local_addr().unwrap(), Vec::new());
        let soon = Duration::from_millis(200);
        while let Ok(taken) = tokio::time::timeout(soon, TcpStream::connect(address)).await {
            waiting.push(taken.unwrap());
        }
        (address, waiting, listener)
    }

    fn host(addresses: Vec<SocketAddr>, connect: Duration) -> Host {
        let timeouts = Timeouts { connect, ..Timeouts::default() };
        let reporter = Reporter::new("up", &(Arc::new(Silent) as _));
        let manner = Manner { timeouts, certificate: None, authorities: None, reporter };
        Host::found_by(Arc::new(Known(addresses)), "host.example", 80, false, manner)
    }

    #[tokio::test]
    async fn an_address_that_swallows_all_does_not_cost_the_others_their_time() {
        let (hole, _waiting, _listener) = black_hole().await;
        let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = live.local_addr().unwrap();
        let host = host(vec![hole, address], Duration::from_secs(20));
        let connector = Connector::new(Some(tls::connector(1, true).unwrap()));
        let began = Instant::now();
        let connected = host.connect(&connector, false, |_| {}).await.unwrap();
        assert_eq!(connected.peer._address.as_inet(), Some(&address));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let again = Instant::now();
        host.connect(&connector, false, |_| {}).await.unwrap();
        assert!(again.elapsed() < STAGGER, "the one that took a connection comes first");
        // Streams, too.
        host.refused();
        assert_eq!(host.best().await.unwrap()._address.as_inet(), Some(&address));
    }

    #[tokio::test]
    async fn where_nobody_answers_the_time_is_that_of_one_connection() {
        let (hole, _waiting, _listener) = black_hole().await;
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let connector = Connector::new(Some(tls::connector(1, true).unwrap()));
        let connect = Duration::from_secs(1);
        for addresses in [vec![closed], vec![closed; 3], vec![hole], vec![hole, closed]] {
            let (began, host) = (Instant::now(), host(addresses, connect));
            assert!(host.connect(&connector, false, |_| {}).await.is_err());
            assert!(began.elapsed() < connect * 3, "{:?}", began.elapsed());
        }
    }
}
