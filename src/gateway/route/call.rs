//! A request to the upstream, in its own frame.

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};

use super::served::Route;
use crate::gateway::message::{media_type, write_request};
use crate::gateway::pair::Pair;
use crate::scim::Object;
use crate::scim::endpoint::segment;
use crate::scim::http::Request;
use crate::scim::schema::Operation;

impl Route {
    /// A request to the upstream on a resource type.
    pub fn call(&self, pair: &Pair, method: Method, id: Option<&str>, below: &str) -> Request {
        let mut path = format!("{}/{}", self.upstream_base, pair.upstream_resource.path);
        if let Some(id) = id {
            path.push('/');
            path.push_str(&segment(id));
        }
        path.push_str(below);
        let mut request = Request::new(method, path);
        request.headers.insert(ACCEPT, self.media_type());
        request
    }

    /// A request with a body in the upstream's frame.
    pub fn call_with(
        &self,
        pair: &Pair,
        operation: Operation,
        id: Option<&str>,
        object: &Object<'_>,
    ) -> Request {
        let method = match operation {
            Operation::Replace => Method::PUT,
            Operation::Patch => Method::PATCH,
            _ => Method::POST,
        };
        let mut request = self.call(pair, method, id, "");
        request.body = write_request(&pair.upstream_resource, operation, id, object).into();
        request.headers.insert(CONTENT_TYPE, self.media_type());
        request
    }

    fn media_type(&self) -> HeaderValue {
        media_type(&self.spec.upstream)
    }
}
