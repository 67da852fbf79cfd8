//! One request of a translated route: its exchange happens whole before its answer begins.

use std::sync::Arc;

use http::HeaderValue;
use tokio::time::Instant;

use super::forward::Forwarded;
use crate::exchange::{self, Record, Shared, Upstream};
use crate::gateway::Route;
use crate::gateway::route::Rights;
use crate::outbound::GatePermit;
use crate::scim::http::{Request, Response};

pub(super) struct Translating {
    pub route: Arc<Route>,
    /// What the caller may do.
    pub rights: Rights,
    pub calls: Calls,
    /// Held until the answer is written.
    pub place: GatePermit,
}

/// Where the exchange's calls go, and whose they are.
pub(super) enum Calls {
    /// The gateway's own.
    Own(Arc<dyn Upstream>),
    /// The client's, each with its Authorization.
    Forwarded(Arc<dyn Upstream>, Option<HeaderValue>),
}

impl Translating {
    /// The answer; what comes of the exchange is in the record from its first call on.
    pub async fn exchange(
        &self,
        request: Request,
        record: &mut Record,
        shared: &Arc<Shared>,
        deadline: Instant,
    ) -> Response {
        let forwarded;
        let upstream: &dyn Upstream = match &self.calls {
            Calls::Own(upstream) => &**upstream,
            Calls::Forwarded(upstream, authorization) => {
                let authorization = authorization.clone();
                forwarded = Forwarded { upstream: &**upstream, authorization };
                &forwarded
            }
        };
        exchange::run_into(record, &self.rights, &self.route, request, upstream, shared, deadline)
            .await
    }

    /// Its answer is written: gives back what others may wait for.
    pub fn end(self) {
        drop(self.place);
    }
}
