//! One request of a pass-through route: the permit of its call, the nodes that were tried, who the gateway
//! is there, its outcome.
//!
//! Pingora carries the bytes; here is what the care of the upstream has to know of it.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use pingora::upstreams::peer::{H1UpgradePolicy, HttpPeer};
use tokio::time::Instant;

use super::passthrough;
use crate::config::Limits;
use crate::exchange::{Streamed, Trace};
use crate::fault::Fault;
use crate::gateway::Route;
use crate::outbound::{
    AuthHeader, CallVerdict, CallVerdicts, EndpointPick, GatePermit, GatewayIdentity, Permit,
    Remote, Resilience, UpstreamEndpoint, asked, unformed,
};

pub(super) struct Streaming {
    route: Arc<Route>,
    /// Held until the request is over.
    place: Option<GatePermit>,
    remote: Arc<Remote>,
    resilience: Arc<Resilience>,
    /// Whose call it is, where it is a stranger's.
    who: Option<u64>,
    permit: Option<Permit>,
    turn: Option<EndpointPick>,
    tried: Vec<u16>,
    /// Who the gateway is; `None` forwards who the client is.
    identity: Option<Arc<GatewayIdentity>>,
    /// What the upstream was shown.
    proof: Option<AuthHeader>,
    /// An answer that refused the proof was thrown away, and the request is sent once more.
    resend: bool,
    /// What the answer's status says; `None` before there is one.
    says: Option<CallVerdicts>,
    /// Body bytes of the client so far.
    streamed: usize,
    began: Instant,
    /// Body bytes of the upstream so far, and since when.
    passed: (usize, Option<Instant>),
}

impl Streaming {
    /// # Errors
    /// Where there is no leave for the call.
    pub(super) async fn begin(
        route: Arc<Route>,
        place: GatePermit,
        remote: Arc<Remote>,
        resilience: &Arc<Resilience>,
        identity: Option<Arc<GatewayIdentity>>,
        authorization: Option<&HeaderValue>,
        deadline: Instant,
    ) -> Result<Self, Fault> {
        let strange = identity.is_none();
        let who = strange.then(|| resilience.whose(authorization)).flatten();
        let permit = Some(resilience.permit_to_stream(who, deadline).await?);
        let resilience = Arc::clone(resilience);
        Ok(Self {
            route,
            place: Some(place),
            remote,
            resilience,
            who,
            permit,
            turn: None,
            tried: Vec::new(),
            identity,
            proof: None,
            resend: false,
            says: None,
            streamed: 0,
            began: Instant::now(),
            passed: (0, None),
        })
    }

    /// What is asked of the upstream, for whoever looks.
    pub(super) fn told(&self, header: &RequestHeader) -> Streamed {
        passthrough::told(header, &self.route, &self.remote)
    }

    /// Turns the client's header into the upstream's, but for who asks. `None` where no node was chosen.
    pub(super) fn form(
        &self,
        session: &Session,
        header: &mut RequestHeader,
        trace: &Trace,
        request_id: &str,
    ) -> Option<pingora::Result<()>> {
        let node = self.node()?;
        let secure = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        let formed = passthrough::rewrite(header, &self.route, &self.remote, node, trace);
        let asked = session.req_header();
        Some(formed.and_then(|()| passthrough::sender(header, asked, secure, request_id)))
    }

    /// The node whose turn it is.
    fn node(&self) -> Option<&UpstreamEndpoint> {
        self.turn.as_ref().and_then(|turn| self.remote.nodes.node(turn))
    }

    /// Where the bytes go: the next node that was not tried.
    ///
    /// # Errors
    /// Where no node is left.
    pub(super) async fn peer(&mut self, writes: bool) -> Result<HttpPeer, Fault> {
        self.leave_node(CallVerdict::Unknown);
        let (turn, mut peer) = self.remote.next_peer(&self.tried, writes).await?;
        self.turn = Some(turn);
        // What becomes of an upgraded connection is beyond what this gateway looks at.
        peer.options.http_upstream_request_policy.h1_upgrade = H1UpgradePolicy::Deny;
        Ok(peer)
    }

    /// The node took no connection; whether there is another.
    pub(super) fn pass_over(&mut self) -> bool {
        self.tried.extend(self.turn.as_ref().map(|turn| turn.number));
        self.node().iter().for_each(|node| node.host.refused());
        self.leave_node(CallVerdict::Failed);
        self.tried.len() < self.remote.nodes.count()
    }

    /// Puts who the gateway is in place of who the client is, unless that is to be forwarded.
    ///
    /// # Errors
    /// Where there is no token to show.
    pub(super) async fn sign(&mut self, header: &mut RequestHeader) -> Result<(), Fault> {
        let Some(identity) = &self.identity else { return Ok(()) };
        let proof = identity.proof().await?;
        passthrough::sign(header, proof.as_ref()).map_err(|error| unformed(&error))?;
        // Only one that was not refused yet: what is sent once more is not sent a third time.
        self.proof = proof.filter(|_| !self.resend);
        Ok(())
    }

    /// Whether the upstream refused who the gateway is and there is something newer to show. Such an
    /// answer says nothing of the node or the upstream.
    pub(super) async fn renewed(&mut self, session: &Session, answer: &ResponseHeader) -> bool {
        let (Some(identity), Some(proof)) = (&self.identity, self.proof.take()) else {
            return false;
        };
        self.resend = passthrough::renewed(session, answer, identity, &proof).await;
        self.resend
    }

    /// Body bytes of the client so far, with these.
    pub(super) fn count(&mut self, body: Option<&Bytes>) -> usize {
        self.streamed += body.map_or(0, Bytes::len);
        self.streamed
    }

    /// Counts what the upstream sends; whether the stream goes on within its time and at its least rate. A
    /// reader may pause for as long as a read or write may take.
    pub(super) fn passes(&mut self, body: Option<&Bytes>, limits: &Limits) -> bool {
        let (bytes, since) = &mut self.passed;
        let age = since.get_or_insert_with(Instant::now).elapsed();
        let least = age.saturating_sub(limits.client).as_secs() * limits.stream_rate;
        let fast = u64::try_from(*bytes).unwrap_or(u64::MAX) >= least;
        *bytes += body.map_or(0, Bytes::len);
        fast && self.began.elapsed() <= limits.stream_time
    }

    /// Body bytes of both sides so far.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.streamed, self.passed.0)
    }

    pub(super) fn answered(&mut self, header: &ResponseHeader) {
        let says = CallVerdicts::of(Ok(header.status));
        let partly = self.is_partly(says);
        if let Some(wait) = asked(header.status, &header.headers).filter(|_| !partly) {
            self.resilience.hold_back(self.who, wait, header.status);
        }
        self.says = Some(says);
    }

    /// The request is over. An answer's header has said what there is to say of its sender, whatever became
    /// of the body: the client may have broken it off.
    pub(super) fn end(&mut self, fault: Option<&Fault>) {
        self.place = None;
        let failed = || fault.map(|fault| CallVerdicts::of(Err(fault)));
        let says = self.says.or_else(failed).unwrap_or(CallVerdicts::UNKNOWN);
        self.leave_node(says.own);
        if let Some(permit) = self.permit.take() {
            permit.done(if self.is_partly(says) { CallVerdicts::UNKNOWN } else { says });
        }
    }

    /// Whether what failed is a node, while another one is well.
    fn is_partly(&self, says: CallVerdicts) -> bool {
        says.own == CallVerdict::Failed && self.remote.nodes.is_partly_well()
    }

    fn leave_node(&mut self, verdict: CallVerdict) {
        if let Some(turn) = self.turn.take() {
            self.remote.nodes.learn(turn, verdict);
        }
    }
}
