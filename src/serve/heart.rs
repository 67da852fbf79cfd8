//! A sign of life from the runtime that serves requests: where its threads all hang, it stops.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::server::{Fds, ListenFds, ShutdownWatch};
use pingora::services::Service;

use super::life::Life;

const BEAT: Duration = Duration::from_millis(250);

/// A service with a heart.
pub(super) struct Living<S> {
    pub service: S,
    pub life: Arc<Life>,
    /// The listening sockets of the process before, until the service has them.
    pub inherited: Option<Fds>,
}

#[async_trait]
impl<S: Service> Service for Living<S> {
    async fn start_service(
        &mut self,
        fds: Option<ListenFds>,
        shutdown: ShutdownWatch,
        listeners_per_fd: usize,
    ) {
        if let Some((inherited, fds)) = self.inherited.take().zip(fds.as_ref()) {
            *fds.lock() = inherited;
        }
        let life = Arc::clone(&self.life);
        let heart = tokio::spawn(async move {
            loop {
                life.beat();
                tokio::time::sleep(BEAT).await;
            }
        });
        self.service.start_service(fds, shutdown, listeners_per_fd).await;
        heart.abort();
    }

    fn name(&self) -> &str {
        self.service.name()
    }

    fn threads(&self) -> Option<usize> {
        self.service.threads()
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        self.service.listen_addresses()
    }
}
