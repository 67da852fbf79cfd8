//! An upstream with the gateway's own identity in every call.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use http::header::AUTHORIZATION;

use super::identity::{Identity, Proof};
use crate::exchange::Upstream;
use crate::fault::Fault;
use crate::scim::http::{Request, Response};

/// Puts the identity's header into each request, whatever stood there.
///
/// A call that is answered 401 is sent once more, of whatever method, where there is something newer
/// to show: the status says that the request has not been applied (RFC 9110 section 15.5.2), so
/// nothing is done twice.
pub struct Signed {
    upstream: Arc<dyn Upstream>,
    identity: Arc<Identity>,
}

impl Signed {
    pub fn new(upstream: Arc<dyn Upstream>, identity: Arc<Identity>) -> Self {
        Self { upstream, identity }
    }
}

#[async_trait]
impl Upstream for Signed {
    async fn call(&self, mut request: Request) -> Result<Response, Fault> {
        request.headers.remove(AUTHORIZATION);
        let Some(proof) = self.identity.proof().await? else {
            return self.upstream.call(request).await;
        };
        let answer = self.upstream.call(signed(request.clone(), &proof)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match self.identity.renew(&proof).await {
            Some(newer) => self.upstream.call(signed(request, &newer)).await,
            None => Ok(answer),
        }
    }
}

fn signed(mut request: Request, proof: &Proof) -> Request {
    request.headers.insert(proof.name.clone(), proof.value.clone());
    request
}
