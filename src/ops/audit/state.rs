//! What requests and the thread that writes have in common.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use super::refused::Refused;

/// The lines that are under way.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Lines that wait, and writes that are under way.
    pub taken: Arc<AtomicUsize>,
    /// Whether the file took no lines when it was last tried.
    pub failing: AtomicBool,
    pub refused: Mutex<Refused>,
}
