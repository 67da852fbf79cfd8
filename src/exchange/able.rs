//! What the upstream's dialect lists: nothing else is called.

use super::context::Exchange;
use crate::fault::{Cause, Fault};
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

impl Exchange<'_> {
    /// Sends one request of an operation that the upstream's dialect lists.
    ///
    /// # Errors
    /// `NotImplemented` where it does not, and nothing is sent; else as [`Caller::call`](super::caller::Caller::call).
    pub async fn call(
        &mut self,
        operation: Operation,
        request: Request,
    ) -> Result<Response, Fault> {
        self.able(operation)?;
        self.caller.call(operation, request).await
    }

    /// Whether the upstream's dialect lists the operation.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub fn able(&self, operation: Operation) -> Result<(), Fault> {
        if self.pair.upstream_resource.operations.has(operation) {
            return Ok(());
        }
        let detail = format!(
            "The upstream of this route has no operation \"{}\" for this resource type, which the \
             request needs; nothing was sent. Ask the gateway's operator whether its dialect should list \
             it.",
            operation.name()
        );
        Err(Fault::new(Cause::NotImplemented, detail))
    }

    /// Whether a resource can be changed there.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub fn able_to_write(&self) -> Result<(), Fault> {
        self.able(Operation::Replace).or_else(|_| self.able(Operation::Patch))
    }

    /// Whether a resource can be read there and then changed.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub fn able_to_emulate(&self) -> Result<(), Fault> {
        self.able_to_write()?;
        self.able(Operation::Get)
    }
}
