//! An upstream with its care around every call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use http::header::AUTHORIZATION;
use tokio::time::{Instant, sleep_until};

use super::permit::Resilience;
use super::retry;
use super::retry::{Again, Retries, asked};
use super::verdict::{CallVerdict, CallVerdicts};
use crate::exchange::Upstream;
use crate::fault::Fault;
use crate::observe::{Event, Reason};
use crate::scim::http::{Request, Response};

/// Calls an upstream with care.
pub struct Resilient {
    upstream: Arc<dyn Upstream>,
    resilience: Arc<Resilience>,
    /// Whether each call is its client's own, by its Authorization.
    of_strangers: bool,
}

impl Resilient {
    pub fn new(upstream: Arc<dyn Upstream>, resilience: Arc<Resilience>) -> Self {
        Self { upstream, resilience, of_strangers: false }
    }

    /// For calls with their clients' own credentials: what holds one of them back holds no other.
    #[must_use]
    pub fn of_strangers(self) -> Self {
        Self { of_strangers: true, ..self }
    }

    fn whose(&self, request: &Request) -> Option<u64> {
        let authorization = request.headers.get(AUTHORIZATION);
        self.of_strangers.then(|| self.resilience.whose(authorization)).flatten()
    }

    /// One attempt, with all that it has to pass. `Err` where it was not made.
    async fn attempt(
        &self,
        request: &Request,
        deadline: Instant,
    ) -> Result<Result<Response, Fault>, Fault> {
        let who = self.whose(request);
        let permit = self.resilience.permit(who, deadline).await?;
        let answer = self.upstream.call_by(request, deadline).await;
        let says = CallVerdicts::of(answer.as_ref().map(|response| response.status));
        // What a node says or does while another one is well is not the upstream's.
        let partly = says.own == CallVerdict::Failed && self.upstream.is_partly_well();
        if let Some((wait, status)) = asked_by(&answer).filter(|_| !partly) {
            self.resilience.hold_back(who, wait, status);
        }
        permit.done(if partly { CallVerdicts::UNKNOWN } else { says });
        Ok(answer)
    }

    /// When to ask again; `None` where the answer is final.
    fn next(
        &self,
        retries: &Retries,
        answer: &Result<Response, Fault>,
        again: Again,
        pause: Instant,
        deadline: Instant,
    ) -> Option<Instant> {
        let resilience = &self.resilience;
        let asked = asked_by(answer).map(|(wait, _)| wait);
        if asked.is_some_and(|wait| wait > retries.patience) {
            return None;
        }
        // The pause's jitter comes on top of what was asked for, so that not all come back at once.
        let at = asked.map_or(pause, |wait| pause + wait);
        if at >= deadline {
            return None;
        }
        if !retries.spend() {
            resilience.happened(|at| Event::Refused { at: Some(at), reason: Reason::Budget });
            return None;
        }
        resilience.happened(|upstream| Event::Retried { upstream, reason: again.label() });
        Some(at)
    }
}

#[async_trait]
impl Upstream for Resilient {
    fn base(&self) -> &str {
        self.upstream.base()
    }

    fn services(&self) -> &[String] {
        self.upstream.services()
    }

    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault> {
        let retries = self.resilience.retries(self.whose(request));
        retries.earn();
        let mut answer = self.attempt(request, deadline).await?;
        let Some(mut pauses) = retries.pauses() else { return answer };
        for _ in 0..retries.most {
            let Some(again) = retry::again(request, &answer) else { break };
            let pause = retry::next(&mut pauses);
            let Some(at) = self.next(&retries, &answer, again, pause, deadline) else { break };
            sleep_until(at).await;
            match self.attempt(request, deadline).await {
                Ok(newer) => answer = newer,
                // Not even tried: what the upstream said last is still the answer.
                Err(_) => break,
            }
        }
        answer
    }
}

fn asked_by(answer: &Result<Response, Fault>) -> Option<(Duration, StatusCode)> {
    let response = answer.as_ref().ok()?;
    let wait = asked(response.status, &response.headers)?;
    Some((wait, response.status))
}
