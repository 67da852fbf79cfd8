//! The answer to the client: made once, then written; what becomes of the connection is not what became
//! of the exchange.

use http::HeaderValue;
use pingora::proxy::{FailToProxy, Session};
use pingora::{Error, ErrorSource};

use super::account::{Account, Answer};
use super::broken;
use super::context::Context;
use crate::exchange;
use crate::fault::{Cause, Fault};
use crate::inbound::{add_fault_headers, answer_routeless, linger, write_answer};
use crate::scim::http::Response;

/// The answer to a request that does not get to its exchange.
pub(super) fn refuse(account: &mut Account, fault: Fault) -> Response {
    let outcome = match &account.route {
        Some(route) => exchange::fail(route, fault),
        None => answer_routeless(fault),
    };
    account.record.fault = outcome.record.fault;
    outcome.response
}

/// Writes the answer. From its first byte on the record is what it is. `challenges` say how the caller could be
/// let in.
pub(super) async fn answer(
    session: &mut Session,
    context: &mut Context,
    mut response: Response,
    challenges: &[HeaderValue],
) -> pingora::Result<()> {
    let account = &mut context.account;
    if let Some(fault) = &account.record.fault {
        add_fault_headers(&mut response, fault, challenges);
    }
    let status = response.status;
    account.answer = Answer::Made { status, delivered: false };
    write_answer(session, response, &account.request_id).await?;
    account.answer = Answer::Made { status, delivered: true };
    // Nobody else waits for what this request had.
    context.let_go();
    linger(session).await;
    Ok(())
}

/// The request failed in Pingora's hands: while it streamed, or while its answer was written.
pub(super) async fn failed(
    session: &mut Session,
    error: &Error,
    context: &mut Context,
) -> FailToProxy {
    let end = |error_code| FailToProxy { error_code, can_reuse_downstream: false };
    let account = &mut context.account;
    if account.answer.is_made() {
        account.record.fault.get_or_insert_with(|| broken::client_gone(error));
        return end(0);
    }
    let fault = account.record.fault.take().unwrap_or_else(|| broken::stream(error));
    let status = fault.status().as_u16();
    // A header that is out cannot be taken back: the connection's end is then the answer.
    if fault.cause == Cause::ClientGone || session.response_written().is_some() {
        account.record.fault = Some(fault);
        return end(if *error.esource() == ErrorSource::Downstream { 0 } else { status });
    }
    let response = refuse(account, fault);
    session.set_keepalive(None);
    // Nobody hears of it where the client is gone, too: the fault is told in either case.
    let _ = answer(session, context, response, &[]).await;
    end(status)
}
