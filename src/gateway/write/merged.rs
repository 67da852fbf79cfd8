//! What put between two dialects comes to.

use crate::gateway::pair::Losses;
use crate::scim::Object;

/// What put comes to.
#[derive(Debug)]
pub struct Merged {
    /// What the upstream has, without what it alone may write.
    pub before: Object<'static>,
    pub after: Object<'static>,
    pub losses: Losses,
    pub changed: bool,
}
