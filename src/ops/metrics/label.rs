//! The words of labels that no other room has.

/// What stands for a label that does not apply.
pub(super) const NONE: &str = "none";

pub(super) fn result(well: bool) -> &'static str {
    if well { "ok" } else { "failed" }
}

/// Of which kind a status is.
pub(super) fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
