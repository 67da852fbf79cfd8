//! What operators see: metrics from one table, one log line and one trace for each exchange, a record
//! of writes, the admin answers.
//!
//! No id (but for keyed hashes), value, token or query is in any of it. This room learns of exchanges
//! from the edge and knows no Pingora.

mod admin;
pub mod audit;
mod connections;
mod decisions;
mod desk;
mod ids;
mod libraries;
mod log;
mod lossy;
pub mod metrics;
mod reload;
mod routes;
mod span;
mod spans;
mod state;
mod systemd;
mod watch;
mod who;

pub use admin::Admin;
pub use desk::Unstarted;
pub use log::{Logging, log_levels, log_warnings};
pub use metrics::Metrics;
pub use reload::{ReloadOutcome, ReloadRequest, Reloads};
pub use state::{StateFile, look_at_state};
pub use systemd::{notify_alive, notify_ready, notify_reloading};
pub use watch::Watch;
