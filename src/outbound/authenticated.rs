//! An upstream with the gateway's own identity in every call.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use http::header::AUTHORIZATION;
use tokio::time::Instant;

use super::identity::GatewayIdentity;
use super::proof::AuthHeader;
use crate::exchange::{Upstream, within_deadline};
use crate::fault::Fault;
use crate::scim::http::{Request, Response};

/// Puts the identity's header into each request, whatever stood there.
///
/// A call that is answered 401 is sent once more, of whatever method, where there is something newer
/// to show: the status says that the request has not been applied (RFC 9110 section 15.5.2), so
/// nothing is done twice.
pub struct Authenticated {
    upstream: Arc<dyn Upstream>,
    identity: Arc<GatewayIdentity>,
}

impl Authenticated {
    pub fn new(upstream: Arc<dyn Upstream>, identity: Arc<GatewayIdentity>) -> Self {
        Self { upstream, identity }
    }
}

#[async_trait]
impl Upstream for Authenticated {
    fn base(&self) -> &str {
        self.upstream.base()
    }

    fn services(&self) -> &[String] {
        self.upstream.services()
    }

    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault> {
        let mut request = request.clone();
        request.headers.remove(AUTHORIZATION);
        let Some(proof) = within_deadline(deadline, self.identity.proof()).await?? else {
            return self.upstream.call_by(&request, deadline).await;
        };
        sign(&mut request, &proof);
        let answer = self.upstream.call_by(&request, deadline).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match within_deadline(deadline, self.identity.renew(&proof)).await {
            Ok(Some(newer)) => {
                sign(&mut request, &newer);
                self.upstream.call_by(&request, deadline).await
            }
            // The upstream's word stands where there is nothing newer in time.
            Ok(None) | Err(_) => Ok(answer),
        }
    }
}

fn sign(request: &mut Request, proof: &AuthHeader) {
    request.headers.insert(proof.name.clone(), proof.value.clone());
}
