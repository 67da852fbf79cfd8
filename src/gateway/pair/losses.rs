//! What a translation lost, by the dialect in whose words its places are.

use crate::rewrite::translate::Loss;

/// Losses by the dialect in whose words their places are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Places of the sender's dialect that canonical cannot hold.
    pub lifting: Vec<Loss>,
    /// Canonical places that the receiver's dialect cannot hold.
    pub lowering: Vec<Loss>,
}

impl Losses {
    pub fn all(&self) -> impl Iterator<Item = &Loss> {
        self.lifting.iter().chain(&self.lowering)
    }

    pub fn extend(&mut self, other: Self) {
        self.lifting.extend(other.lifting);
        self.lowering.extend(other.lowering);
    }
}
