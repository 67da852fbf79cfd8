//! Who comes to the desk.

/// Who a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// By its name in the log.
    Operator(String),
    /// It showed nothing, or nothing that is known.
    Anybody,
}
