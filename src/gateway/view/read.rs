//! The upstream's answer, read: its error, one resource, or a page of them.

use http::header::LOCATION;

use super::stored::{Stored, StoredPage};
use crate::fault::{Cause, Fault};
use crate::gateway::message::{
    Page, check_answer, error_in, read_answer, read_error, read_list, read_version, speaks,
};
use crate::gateway::pair::Pair;
use crate::gateway::route::Route;
use crate::scim::Value;
use crate::scim::document::{DocumentLimits, ParseError, parse};
use crate::scim::endpoint::id_at;
use crate::scim::http::Response;
use crate::scim::schema::Operation;

impl Route {
    /// Fails with the upstream's error, in our words. What it took to do later (202) is not done.
    ///
    /// # Errors
    /// Every status but those that say that something was done.
    pub fn success(&self, operation: Operation, response: &Response) -> Result<(), Fault> {
        match response.status.as_u16() {
            200 | 201 | 203..=205 => Ok(()),
            _ => Err(read_error(&self.spec.upstream, operation, response)),
        }
    }

    /// One resource from a successful answer; the inner fault is of what cannot be read as one.
    ///
    /// # Errors
    /// The upstream's error, where the body is one whatever the status says.
    pub fn answered<'r>(
        &self,
        pair: &Pair,
        operation: Operation,
        response: &'r Response,
    ) -> Result<Result<Stored<'r>, Fault>, Fault> {
        let body = match self.body(response) {
            Ok(body) => body,
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        let (dialect, resource) = (&self.spec.upstream, &pair.upstream_resource);
        match error_in(dialect, resource, operation, response, &body) {
            Some(fault) => Err(fault),
            None => Ok(self.read(pair, operation, response, body)),
        }
    }

    /// As [`answered`](Self::answered), for who cannot do without the resource.
    ///
    /// # Errors
    /// Also `UpstreamNotJson` and `UpstreamUnexpected`.
    pub fn stored<'r>(
        &self,
        pair: &Pair,
        operation: Operation,
        response: &'r Response,
    ) -> Result<Stored<'r>, Fault> {
        self.answered(pair, operation, response)?
    }

    /// The id that an answer's `Location` names.
    pub fn located_id(&self, pair: &Pair, response: &Response) -> Option<String> {
        let url = response.headers.get(LOCATION)?.to_str().ok()?;
        Some(id_at(url, &pair.upstream_resource.path)?.as_str().to_owned())
    }

    /// Whether the answer to a DELETE leaves doubt: it says anything beside the resource that went, or is
    /// no answer of the upstream's.
    ///
    /// # Errors
    /// The upstream's error, where the body is one whatever the status says.
    pub fn is_doubtful(&self, pair: &Pair, response: &Response) -> Result<bool, Fault> {
        if response.body.is_empty() {
            return Ok(false);
        }
        let Ok(body) = self.body(response) else { return Ok(true) };
        let (dialect, resource) = (&self.spec.upstream, &pair.upstream_resource);
        match error_in(dialect, resource, Operation::Delete, response, &body) {
            Some(fault) => Err(fault),
            None => Ok(speaks(dialect, response) || says_more(pair, body)),
        }
    }

    fn read<'r>(
        &self,
        pair: &Pair,
        operation: Operation,
        response: &Response,
        body: Value<'r>,
    ) -> Result<Stored<'r>, Fault> {
        let (frame, object) = read_answer(&pair.upstream_resource, operation, body)?;
        let keeps = pair.upstream_resource.etag && !self.makes_versions();
        let etag = read_version(response).filter(|_| keeps);
        let stored = Stored { etag, ..Stored::read(frame, pair.receive(object)) };
        Ok(self.versioned(pair, stored, false))
    }

    /// A page from a successful answer.
    ///
    /// # Errors
    /// As [`stored`](Self::stored): one resource that cannot be read fails its whole list (docs/semantics.md 7.1).
    pub fn page(&self, pair: &Pair, response: &Response) -> Result<StoredPage, Fault> {
        let body = self.body(response)?;
        let (dialect, resource) = (&self.spec.upstream, &pair.upstream_resource);
        if let Some(fault) = error_in(dialect, resource, Operation::List, response, &body) {
            return Err(fault);
        }
        let Page { total, start_index, next_cursor, previous_cursor, resources } =
            read_list(&pair.upstream_resource, body)?;
        let resources = resources
            .into_iter()
            .map(|resource| {
                let (frame, object) =
                    read_answer(&pair.upstream_resource, Operation::List, resource)?;
                let stored = Stored::read(frame, pair.receive(object)).into_owned();
                Ok(self.versioned(pair, stored, true))
            })
            .collect::<Result<_, Fault>>()?;
        Ok(StoredPage { total, start_index, next_cursor, previous_cursor, resources })
    }

    fn body<'b>(&self, response: &'b Response) -> Result<Value<'b>, Fault> {
        check_answer(response)?;
        // How much an upstream answers is bounded by bytes alone.
        let limits = DocumentLimits::depth(self.spec.policies.max_depth);
        parse(&response.body, &limits).map_err(|error| {
            Fault::new(
                Cause::UpstreamNotJson,
                "The upstream's answer is not valid JSON. Ask whoever runs the upstream.",
            )
            .with_log(unnamed(&error))
        })
    }
}

/// Whether the body of an answer to a DELETE says anything, and is not the resource that went.
fn says_more(pair: &Pair, body: Value<'_>) -> bool {
    let read = read_answer(&pair.upstream_resource, Operation::Delete, body);
    read.map_or(true, |(frame, object)| frame.id.is_none() && !object.is_empty())
}

/// Why a body cannot be read, without a name of its own: that may be somebody's.
fn unnamed(error: &ParseError) -> String {
    match error {
        ParseError::Duplicate { line, column, .. } => {
            format!("A member is there twice in one object, at line {line}, column {column}.")
        }
        error => error.to_string(),
    }
}
