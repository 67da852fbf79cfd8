//! A route's settings of what keeps a directory safe from its clients: what a DELETE does, when a mass of
//! removals is no longer believed, and what a POST that meets an existing resource gets.

use std::time::Duration;

/// A route's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safety {
    pub delete: Delete,
    pub create_conflict: CreateConflict,
    pub removals: RemovalLimits,
}

/// What a client's DELETE does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delete {
    #[default]
    Forward,
    /// Users are deactivated and stay; groups are not deleted.
    Deactivate,
    Refuse,
}

/// What a POST gets whose resource is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreateConflict {
    /// The upstream's 409.
    #[default]
    Pass,
    /// The one resource with the same matching attribute, if it is exactly one and has the state and the
    /// members that were asked for.
    Adopt,
    /// The same one, updated with what the client sent.
    Update,
}

/// When removals are too many to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalLimits {
    pub act: Act,
    /// Removals older than this are forgotten.
    pub window: Duration,
    /// Resources removed within the window.
    pub count: usize,
    /// Of the resources that the route has seen, in per cent, once it has seen a hundred.
    pub share: usize,
    /// Memberships taken from groups within the window, counted by themselves.
    pub member_count: usize,
    /// Of the memberships that the route has seen, in per cent, once those are a hundred.
    pub member_share: usize,
}

/// What happens beyond the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Off,
    /// It is logged and counted.
    Warn,
    /// Removals are refused until an operator re-arms the breaker.
    Trip,
}

impl Default for RemovalLimits {
    fn default() -> Self {
        Self {
            act: Act::Warn,
            window: Duration::from_secs(3_600),
            count: 500,
            share: 20,
            member_count: 5_000,
            member_share: 50,
        }
    }
}
