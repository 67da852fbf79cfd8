//! What a client asks of an answer: its filter, order, page and projection, read.

use crate::fault::{Cause, Fault};
use crate::gateway::pair::Pair;
use crate::scim::projection::Projection;
use crate::scim::query::{Query, QueryError, parse_projection, parse_query};

impl Pair {
    /// The query string of a list or a GET, in the client's words.
    ///
    /// # Errors
    /// `InvalidFilter` or `InvalidValue`, saying where the text is wrong.
    pub fn query(&self, query: Option<&str>) -> Result<Query, Fault> {
        let urns = self.client.vendor.urns();
        parse_query(query, &self.known(&urns)).map_err(bad_query)
    }

    /// The projection of an operation on one resource; other parameters say nothing there.
    ///
    /// # Errors
    /// `InvalidValue`.
    pub fn projection(&self, query: Option<&str>) -> Result<Projection, Fault> {
        let urns = self.client.vendor.urns();
        parse_projection(query, &self.known(&urns)).map_err(bad_query)
    }
}

/// The fault of a query that cannot be read.
pub fn bad_query(error: QueryError) -> Fault {
    let cause = match error.scim_type {
        "invalidFilter" => {
            let detail = format!("{} Correct the filter and send it again.", error.detail);
            return Fault::new(Cause::InvalidFilter, detail);
        }
        "invalidSyntax" => Cause::BadBody,
        _ => Cause::InvalidValue,
    };
    Fault { scim_type: Some(error.scim_type), ..Fault::new(cause, error.detail) }
}
