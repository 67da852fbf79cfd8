//! What names the gateway in one call, and whoever can show it.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::{HeaderName, HeaderValue};

use crate::fault::Fault;

/// One header that names the gateway to its upstream.
#[derive(Clone, Debug)]
pub struct AuthHeader {
    pub name: HeaderName,
    /// Marked as sensitive: it does not print.
    pub value: HeaderValue,
    /// Grows with every secret or token that comes in place of another.
    pub serial: u64,
}

/// Whoever shows proofs to those that make calls of their own, as health checks are.
#[async_trait]
pub trait Prover: Send + Sync {
    /// As `GatewayIdentity::proof`.
    async fn prove(self: Arc<Self>) -> Result<Option<AuthHeader>, Fault>;

    /// As `GatewayIdentity::renew`.
    async fn prove_anew(self: Arc<Self>, refused: &AuthHeader) -> Option<AuthHeader>;
}
