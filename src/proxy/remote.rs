//! A real upstream: one call over Pingora's connection pool, with TLS and HTTP/2 by ALPN.
//!
//! A request is sent once. It is sent again only where nothing of an answer came on a connection
//! from the pool, and then only for GET and HEAD: anything else may have been done (design 8).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use url::Url;

use super::broken::{cut_off, kind, timed_out, unreachable};
use super::identity::Certificate;
use super::peer::Host;
use super::talk::talk;
use super::tls;
use crate::config::model::Timeouts;
use crate::exchange::Upstream;
use crate::fault::{Cause, Fault};
use crate::scim::http::{Request, Response};

/// How this gateway calls itself.
const AGENT: &str = concat!("scim-gateway/", env!("CARGO_PKG_VERSION"));
/// Connections kept open to one upstream.
const POOL: usize = 128;
/// Dead connections from the pool that one call may meet before it opens a new one.
const STALE: usize = 4;

/// One upstream on the network.
pub struct Remote {
    connector: Connector,
    host: Host,
    /// Host and port as the Host header has them.
    authority: HeaderValue,
    /// What is put before each path; no trailing slash.
    base: String,
    /// What is shown in TLS.
    certificate: Option<Arc<Certificate>>,
    call_timeout: Duration,
    answer_limit: usize,
}

/// Why there is no whole answer.
enum Broken {
    /// Before any byte of an answer, on a connection that had been used before.
    Stale(Fault),
    Final(Fault),
}

impl Remote {
    /// # Errors
    /// A sentence, where the URL has no host or the authorities to trust cannot be used.
    pub fn new(
        url: &Url,
        certificate: Option<Arc<Certificate>>,
        timeouts: &Timeouts,
        answer_limit: usize,
        ca: Option<&Path>,
    ) -> Result<Self, String> {
        let (Some(name), Some(number)) = (url.host_str(), url.port_or_known_default()) else {
            return Err("the URL has no host".to_owned());
        };
        tls::authorities(ca)?;
        let authority = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        let mut options = ConnectorOptions::new(POOL);
        options.ca_file = ca.map(|path| path.to_string_lossy().into_owned());
        let tls = url.scheme() == "https";
        Ok(Self {
            connector: Connector::new(Some(options)),
            host: Host::new(name, number, tls, timeouts.clone()),
            authority: HeaderValue::from_str(&authority).map_err(|error| error.to_string())?,
            base: url.path().trim_end_matches('/').to_owned(),
            certificate,
            call_timeout: timeouts.call,
            answer_limit,
        })
    }

    /// The upstream's own path for the path that a dialect means.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Puts this side's own host and name in place of whatever stood there. Who it is, is not said
    /// here.
    pub(super) fn dress(&self, header: &mut RequestHeader) -> pingora::Result<()> {
        header.insert_header(HOST, self.authority.clone())?;
        header.insert_header(USER_AGENT, AGENT)?;
        Ok(())
    }

    /// The first peer to try, for a stream that Pingora itself carries.
    pub(super) async fn first_peer(&self) -> Result<HttpPeer, Fault> {
        let peers = self.peers().await?;
        peers.into_iter().next().ok_or_else(|| unreachable(None))
    }

    async fn peers(&self) -> Result<Vec<HttpPeer>, Fault> {
        let mut peers = self.host.peers().await?;
        if let Some(certificate) = &self.certificate {
            peers.iter_mut().for_each(|peer| certificate.stand_for(peer));
        }
        Ok(peers)
    }

    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let header = self.header(request).map_err(|error| {
            Fault::new(Cause::Internal, "The gateway could not form its request to the upstream.")
                .with_log(kind(&error))
        })?;
        let again = request.is_read();
        for _ in 0..STALE {
            match self.attempt(&header, request).await {
                Err(Broken::Stale(_)) if again => {}
                Err(Broken::Stale(fault) | Broken::Final(fault)) => return Err(fault),
                Ok(response) => return Ok(response),
            }
        }
        Err(cut_off("every connection of the pool was dead"))
    }

    fn header(&self, request: &Request) -> pingora::Result<RequestHeader> {
        let mut target = self.path(&request.path);
        if let Some(query) = &request.query {
            target.push('?');
            target.push_str(query);
        }
        let size = request.headers.len() + 5;
        let mut header =
            RequestHeader::build(request.method.clone(), target.as_bytes(), Some(size))?;
        for (name, value) in &request.headers {
            header.append_header(name.clone(), value.clone())?;
        }
        self.dress(&mut header)?;
        header.insert_header(ACCEPT_ENCODING, "identity")?;
        if !request.body.is_empty()
            || matches!(request.method, Method::POST | Method::PUT | Method::PATCH)
        {
            header.insert_header(CONTENT_LENGTH, request.body.len())?;
        } else {
            header.remove_header(&CONTENT_LENGTH);
        }
        Ok(header)
    }

    async fn attempt(&self, header: &RequestHeader, request: &Request) -> Result<Response, Broken> {
        let (mut session, peer, reused) = self.connect().await.map_err(Broken::Final)?;
        session.set_read_timeout(peer.options.read_timeout);
        session.set_write_timeout(peer.options.write_timeout);
        let talked = talk(&mut session, header, request, self.answer_limit).await;
        match talked {
            Ok((response, whole)) => {
                if whole {
                    if let HttpSession::H1(h1) = &mut session {
                        h1.respect_keepalive();
                    }
                    let idle = peer.options.idle_timeout;
                    self.connector.release_http_session(session, &peer, idle).await;
                } else {
                    session.shutdown().await;
                }
                Ok(response)
            }
            Err(fault) => {
                let silent = session.response_header().is_none();
                session.shutdown().await;
                let stale = silent && reused && fault.cause == Cause::UpstreamCutOff;
                Err(if stale { Broken::Stale(fault) } else { Broken::Final(fault) })
            }
        }
    }

    async fn connect(&self) -> Result<(HttpSession, HttpPeer, bool), Fault> {
        let mut last = None;
        for peer in self.peers().await? {
            match self.connector.get_http_session(&peer).await {
                Ok((session, reused)) => return Ok((session, peer, reused)),
                Err(error) => last = Some(error),
            }
        }
        self.host.forget();
        Err(unreachable(last.as_deref()))
    }
}

#[async_trait]
impl Upstream for Remote {
    async fn call(&self, request: Request) -> Result<Response, Fault> {
        tokio::time::timeout(self.call_timeout, self.send(&request))
            .await
            .unwrap_or_else(|_| Err(timed_out("the whole call")))
    }
}
