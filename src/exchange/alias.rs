//! A resource that is called by its alias, `/Me`: its id is not known before an answer names it.

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};

use super::context::Exchange;
use super::record::ResourceId;
use crate::fault::{Cause, Fault};
use crate::gateway::message::Location;
use crate::gateway::view::Stored;
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

impl Exchange<'_> {
    /// A request on the resource as one on its alias, where the client uses that.
    pub fn aimed(&self, mut request: Request) -> Request {
        if self.me {
            request.path = format!("{}/Me", self.route.upstream_base);
        }
        request
    }

    /// The id, where it is known before an answer names it.
    pub fn known<'i>(&self, id: &'i str) -> Option<&'i str> {
        (!self.me).then_some(id)
    }

    /// Fails with the upstream's error, in our words.
    ///
    /// # Errors
    /// Everything that is not a success; `NotImplemented` where the upstream has no `/Me`.
    pub fn success(&self, operation: Operation, response: &Response) -> Result<(), Fault> {
        if self.me && response.status == StatusCode::NOT_IMPLEMENTED {
            let detail = "The upstream of this route has no /Me for the gateway's credentials. Use the \
                          resource itself.";
            return Err(Fault::new(Cause::NotImplemented, detail));
        }
        self.route.success(operation, response)
    }

    /// The stored resource with its id: the path's, or for an alias the answer's.
    ///
    /// # Errors
    /// `UpstreamUnexpected` where nothing names it.
    pub fn named<'s>(&mut self, mut stored: Stored<'s>, id: &str) -> Result<Stored<'s>, Fault> {
        match (self.known(id), &stored.frame.id) {
            (_, Some(_)) => {}
            (Some(id), None) => stored.frame.id = Some(id.to_owned()),
            (None, None) => {
                let detail = "The upstream's answer to /Me does not say whose it is. Ask whoever \
                              runs the upstream.";
                return Err(Fault::new(Cause::UpstreamUnexpected, detail));
            }
        }
        if self.me {
            self.caller.record.subject = stored.frame.id.clone().map(ResourceId::new);
        }
        Ok(stored)
    }

    /// An answer about an alias says where the resource itself is.
    pub fn located(&self, mut response: Response, stored: &Stored) -> Response {
        let id = stored.frame.id.as_deref().filter(|_| self.me);
        let place = Location {
            base: &self.route.public_base,
            resources: &self.route.spec.client.resources,
        };
        let url = id.map(|id| place.of(&self.pair.client_resource, id));
        if let Some(url) = url.and_then(|url| HeaderValue::from_str(&url).ok()) {
            response.headers.insert(LOCATION, url);
        }
        response
    }
}
