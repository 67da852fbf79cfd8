//! For how long an upstream is waited for.

use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// For one read or write.
    pub idle: Duration,
    /// For one whole call.
    pub call: Duration,
}

impl Timeouts {
    /// None longer than this.
    pub fn within(&mut self, most: Duration) {
        for time in [&mut self.connect, &mut self.idle, &mut self.call] {
            *time = most.min(*time);
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            // Below the call's, so that a silent upstream is known as one and not as a long call.
            idle: Duration::from_secs(20),
            call: Duration::from_secs(30),
        }
    }
}
