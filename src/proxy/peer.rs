//! Where an upstream is on the network: its name resolved without blocking, and Pingora's view of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pingora::protocols::ALPN;
use pingora::upstreams::peer::HttpPeer;
use tokio::time::Instant;

use super::identity::Certificate;
use super::tls::Authorities;
use crate::config::model::Timeouts;
use crate::fault::{Cause, Fault};

/// How long an address that was found is used. Connections in the pool live on.
const FRESH: Duration = Duration::from_secs(30);

/// The host of an upstream.
pub(super) struct Host {
    name: String,
    port: u16,
    tls: bool,
    timeouts: Timeouts,
    /// What is shown in TLS.
    certificate: Option<Arc<Certificate>>,
    /// What is believed in TLS; `None`: what the system believes.
    authorities: Option<Arc<Authorities>>,
    known: Mutex<Option<(Instant, Vec<SocketAddr>)>>,
}

impl Host {
    pub(super) fn new(
        name: &str,
        port: u16,
        tls: bool,
        timeouts: Timeouts,
        certificate: Option<Arc<Certificate>>,
        authorities: Option<Arc<Authorities>>,
    ) -> Self {
        // The brackets around an IPv6 address are the URL's, not the address's.
        let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        Self { name, port, tls, timeouts, certificate, authorities, known: Mutex::new(None) }
    }

    /// Peers to try in this order: at least one.
    pub(super) async fn peers(&self) -> Result<Vec<HttpPeer>, Fault> {
        self.authorities.iter().for_each(Authorities::tend);
        let addresses = match self.remembered() {
            Some(addresses) => addresses,
            None => self.resolve().await?,
        };
        Ok(addresses.into_iter().map(|address| self.peer(address)).collect())
    }

    /// Forgets the addresses: none of them took a connection.
    pub(super) fn forget(&self) {
        if let Ok(mut known) = self.known.lock() {
            *known = None;
        }
    }

    fn remembered(&self) -> Option<Vec<SocketAddr>> {
        let known = self.known.lock().ok()?;
        let (since, addresses) = known.as_ref()?;
        (since.elapsed() < FRESH).then(|| addresses.clone())
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, Fault> {
        let looked_up = tokio::net::lookup_host((self.name.as_str(), self.port));
        let addresses: Vec<_> = match tokio::time::timeout(self.timeouts.connect, looked_up).await {
            Ok(Ok(found)) => found.take(4).collect(),
            Ok(Err(error)) => {
                return Err(unresolved(&format!("name lookup failed: {}", error.kind())));
            }
            Err(_) => return Err(unresolved("name lookup took too long")),
        };
        if addresses.is_empty() {
            return Err(unresolved("the name has no address"));
        }
        if let Ok(mut known) = self.known.lock() {
            *known = Some((Instant::now(), addresses.clone()));
        }
        Ok(addresses)
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

fn unresolved(why: &str) -> Fault {
    Fault::new(
        Cause::UpstreamUnreachable,
        "The upstream of this route could not be found on the network; nothing was sent. Try again later.",
    )
    .with_log(why)
}
