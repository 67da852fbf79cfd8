//! A real upstream: one call over Pingora's connection pool, with TLS and HTTP/2 by ALPN.
//!
//! A request is sent once. It is sent again only where nothing of an answer came on a connection
//! from the pool, and then only for GET and HEAD: anything else may have been done (design 8).

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, StatusCode};
use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType};
use url::Url;

use super::peer::Host;
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
/// Informational answers (RFC 9110 section 15.2) that one call reads over.
const INFORMATIONAL: usize = 8;

/// One upstream on the network.
pub struct Remote {
    connector: Connector,
    host: Host,
    /// Host and port as the Host header has them.
    authority: HeaderValue,
    /// What is put before each path; no trailing slash.
    base: String,
    authorization: Option<HeaderValue>,
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
        authorization: Option<HeaderValue>,
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
            authorization,
            call_timeout: timeouts.call,
            answer_limit,
        })
    }

    /// The upstream's own path for the path that a dialect means.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Puts this side's own headers in place of whatever stood there.
    pub(super) fn dress(&self, header: &mut RequestHeader) -> pingora::Result<()> {
        header.remove_header(&AUTHORIZATION);
        header.insert_header(HOST, self.authority.clone())?;
        header.insert_header(USER_AGENT, AGENT)?;
        if let Some(authorization) = &self.authorization {
            header.insert_header(AUTHORIZATION, authorization.clone())?;
        }
        Ok(())
    }

    /// The first peer to try, for a stream that Pingora itself carries.
    pub(super) async fn first_peer(&self) -> Result<HttpPeer, Fault> {
        let peers = self.host.peers().await?;
        peers.into_iter().next().ok_or_else(|| unreachable(None))
    }

    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let header = self.header(request).map_err(|error| {
            Fault::new(Cause::Internal, "The gateway could not form its request to the upstream.")
                .with_log(kind(&error))
        })?;
        let again = matches!(request.method, Method::GET | Method::HEAD);
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
        let talked = self.talk(&mut session, header, request).await;
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
        for peer in self.host.peers().await? {
            match self.connector.get_http_session(&peer).await {
                Ok((session, reused)) => return Ok((session, peer, reused)),
                Err(error) => last = Some(error),
            }
        }
        self.host.forget();
        Err(unreachable(last.as_deref()))
    }

    /// Sends the request and reads the answer; with whether the connection can be used again.
    async fn talk(
        &self,
        session: &mut HttpSession,
        header: &RequestHeader,
        request: &Request,
    ) -> Result<(Response, bool), Fault> {
        let written = write(session, header, &request.body).await;
        // An upstream may answer before it has read everything: what it says goes before the
        // failure to write.
        let mut read = session.read_response_header().await;
        for _ in 0..INFORMATIONAL {
            let informational =
                session.response_header().is_some_and(|header| header.status.is_informational());
            if read.is_err() || !informational {
                break;
            }
            read = session.read_response_header().await;
        }
        read.map_err(|error| broken(&error))?;
        let (status, headers) = self.answer_header(session)?;
        let bodiless = request.method == Method::HEAD
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let body =
            if bodiless { Bytes::new() } else { self.answer_body(session, &headers).await? };
        let whole = written.is_ok() && session.response_done();
        Ok((Response { status, headers, body }, whole))
    }

    fn answer_header(&self, session: &HttpSession) -> Result<(StatusCode, HeaderMap), Fault> {
        let header = session
            .response_header()
            .filter(|header| !header.status.is_informational())
            .ok_or_else(|| cut_off("only informational answers"))?;
        let size: usize =
            header.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size > self.answer_limit {
            return Err(too_large("the header of the answer"));
        }
        Ok((header.status, header.headers.clone()))
    }

    async fn answer_body(
        &self,
        session: &mut HttpSession,
        headers: &HeaderMap,
    ) -> Result<Bytes, Fault> {
        let declared = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<usize>().ok());
        if declared.is_some_and(|length| length > self.answer_limit) {
            return Err(too_large("the declared length of the answer"));
        }
        let mut body = BytesMut::with_capacity(declared.unwrap_or(0));
        while let Some(chunk) = session.read_response_body().await.map_err(|e| broken(&e))? {
            if body.len() + chunk.len() > self.answer_limit {
                return Err(too_large("the answer"));
            }
            body.extend_from_slice(&chunk);
        }
        if declared.is_some_and(|length| length != body.len()) {
            return Err(cut_off("the body is shorter than its Content-Length"));
        }
        Ok(body.freeze())
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

async fn write(
    session: &mut HttpSession,
    header: &RequestHeader,
    body: &Bytes,
) -> pingora::Result<()> {
    session.write_request_header(Box::new(header.clone())).await?;
    if !body.is_empty() {
        session.write_request_body(body.clone(), true).await?;
    }
    session.finish_request_body().await
}

/// What an error after the connection was made means.
fn broken(error: &Error) -> Fault {
    match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout => timed_out(&kind(error)),
        _ => cut_off(&kind(error)),
    }
}

fn unreachable(error: Option<&Error>) -> Fault {
    let log = error.map_or_else(|| "no address".to_owned(), kind);
    let timed_out = error.is_some_and(|error| {
        matches!(error.etype(), ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout)
    });
    let cause = if timed_out { Cause::UpstreamTimeout } else { Cause::UpstreamUnreachable };
    Fault::new(
        cause,
        "The upstream of this route does not take connections; nothing was sent. Try again later.",
    )
    .with_log(log)
}

fn timed_out(log: &str) -> Fault {
    Fault::new(
        Cause::UpstreamTimeout,
        "The upstream did not answer in time; whether it did what was asked is not known. Look before \
         you send it again.",
    )
    .with_log(log)
}

fn cut_off(log: &str) -> Fault {
    Fault::new(
        Cause::UpstreamCutOff,
        "The upstream broke off its answer; whether it did what was asked is not known. Look before you \
         send it again.",
    )
    .with_log(log)
}

fn too_large(what: &str) -> Fault {
    Fault::new(
        Cause::UpstreamTooLarge,
        "The upstream's answer is larger than this gateway takes; ask for fewer resources at once.",
    )
    .with_log(what)
}

/// Pingora's name for the failure: no address, host or content.
fn kind(error: &Error) -> String {
    error.etype().as_str().to_owned()
}
