//! What an exchange has at hand: what every step of every operation uses.

use super::caller::Caller;
use super::lock::Locks;
use super::safeguard::Safeguards;
use super::wire::Wire;
use crate::gateway::Route;
use crate::gateway::pair::Pair;
use crate::scim::http::Request;

/// Where an operation is asked, and what exchanges share.
#[derive(Clone, Copy)]
pub struct Asking<'e> {
    pub route: &'e Route,
    pub shared: &'e Shared,
}

/// What exchanges share: locks by resource, safeguards by route, and whose calls are told.
#[derive(Debug, Default)]
pub struct Shared {
    pub locks: Locks,
    pub safeguards: Safeguards,
    pub wire: Wire,
}

/// What every operation of an exchange has at hand.
pub struct Exchange<'e> {
    pub route: &'e Route,
    pub pair: &'e Pair,
    pub request: &'e Request,
    pub caller: Caller<'e>,
    pub shared: &'e Shared,
    /// Whether the client names the resource by its alias, `/Me`.
    pub me: bool,
    /// Whether the upstream was found to have no `.search`.
    pub no_search: bool,
}
