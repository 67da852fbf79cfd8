//! A client's body, read.

use crate::fault::{Cause, Fault};
use crate::gateway::message::check_request;
use crate::gateway::route::Route;
use crate::scim::Value;
use crate::scim::document::{ParseError, parse};
use crate::scim::http::Request;

impl Route {
    /// The client's body as a JSON tree.
    ///
    /// # Errors
    /// `NotAcceptable`, `BadBody`.
    pub fn document<'b>(&self, request: &'b Request) -> Result<Value<'b>, Fault> {
        check_request(&request.headers)?;
        parse(&request.body, &self.spec.policies.limits()).map_err(|error| match error {
            ParseError::TooMany { .. } => Fault::new(Cause::InvalidValue, error.to_string()),
            error => {
                let detail =
                    format!("The body cannot be read: {error} Correct it and send it again.");
                Fault::new(Cause::BadBody, detail)
            }
        })
    }
}
