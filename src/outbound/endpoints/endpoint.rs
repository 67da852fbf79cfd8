//! One node: its name, what it is made with, and whether it is left out.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use pingora::lb::Backend;
use url::Url;

use super::peer::{Host, Manner};
use crate::config::{self, Timeouts};
use crate::observe::Observer;
use crate::outbound::reporter::Reporter;
use crate::outbound::resilience::CircuitBreaker;
use crate::outbound::tls::{Authorities, Certificate};

/// One node.
pub struct UpstreamEndpoint {
    pub host: Host,
    /// Host and port as the Host header has them.
    pub authority: HeaderValue,
    pub(super) outlier: Arc<CircuitBreaker>,
}

/// What a node is made with beside its URL.
pub struct EndpointSettings<'m> {
    pub name: &'m str,
    pub timeouts: &'m Timeouts,
    pub care: &'m config::Care,
    /// What is shown in TLS.
    pub certificate: Option<Arc<Certificate>>,
    pub ca: Option<&'m Path>,
    pub observer: &'m Arc<dyn Observer>,
}

impl UpstreamEndpoint {
    pub(super) fn new(
        url: &Url,
        making: &EndpointSettings<'_>,
        authorities: Option<Arc<Authorities>>,
    ) -> Result<Self, String> {
        let (Some(name), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err("the URL has no host".to_owned());
        };
        let authority = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        let config::Ejection { failures, pause, longest } = making.care.ejection.clone();
        // The share of failures says nothing here: only failures in a row eject.
        let outlier = config::Breaker {
            failures,
            pause,
            longest,
            least: u32::MAX,
            ..config::Breaker::default()
        };
        let manner = Manner {
            timeouts: making.timeouts.clone(),
            certificate: making.certificate.clone(),
            authorities,
            reporter: Reporter::new(making.name, making.observer),
        };
        Ok(Self {
            host: Host::new(name, port, url.scheme() == "https", manner),
            authority: HeaderValue::from_str(&authority).map_err(|error| error.to_string())?,
            outlier: Arc::new(CircuitBreaker::new(outlier)),
        })
    }
}

/// A node as the load balancer knows it.
pub(super) fn address(number: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, number))
}

/// The number of the node that the load balancer means.
pub(super) fn number(backend: &Backend) -> Option<u16> {
    backend.addr.as_inet().map(SocketAddr::port)
}
