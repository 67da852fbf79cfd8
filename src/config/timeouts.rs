//! For how long an upstream is waited for.

use std::time::Duration;

use super::value::duration;
use crate::diagnostic::toml::Table;

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

pub(super) fn timeouts(table: Table<'_>) -> Timeouts {
    let default = Timeouts::default();
    let time = |key| table.item(key).and_then(duration);
    let timeouts = Timeouts {
        connect: time("connect").unwrap_or(default.connect),
        idle: time("idle").unwrap_or(default.idle),
        call: time("call").unwrap_or(default.call),
    };
    table.close();
    timeouts
}
