//! Pingora's HTTP application, which at its end hears out the connections that were just taken.
//!
//! Pingora drops each connection on which no request has begun as soon as it stops listening; a
//! client whose connection was taken a moment before would see its first request fail.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;

use super::service::Service;

/// How long a taken connection may take for its first request's header, once the listening ended.
pub(super) const HEARING: Duration = Duration::from_millis(500);

pub(super) struct Patient(pub Arc<HttpProxy<Service>>);

#[async_trait]
impl ServerApp for Patient {
    async fn process_new(
        self: &Arc<Self>,
        session: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        self.0.process_new(session, shutdown).await
    }

    async fn cleanup(&self) {
        tokio::time::sleep(HEARING).await;
        self.0.cleanup().await;
    }
}
