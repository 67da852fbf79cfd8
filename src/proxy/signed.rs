//! An upstream in this process with the token that a remote one would get.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::exchange::Upstream;
use crate::fault::Fault;
use crate::scim::http::{Request, Response};

/// Puts the Authorization header into each request.
pub struct Signed {
    upstream: Arc<dyn Upstream>,
    authorization: Option<HeaderValue>,
}

impl Signed {
    pub fn new(upstream: Arc<dyn Upstream>, authorization: Option<HeaderValue>) -> Self {
        Self { upstream, authorization }
    }
}

#[async_trait]
impl Upstream for Signed {
    async fn call(&self, mut request: Request) -> Result<Response, Fault> {
        request.headers.remove(AUTHORIZATION);
        if let Some(authorization) = &self.authorization {
            request.headers.insert(AUTHORIZATION, authorization.clone());
        }
        self.upstream.call(request).await
    }
}
