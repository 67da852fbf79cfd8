//! What the reader is told of a route, its bounds, and how it refuses. Reads nothing itself.

/// What the reader knows about the route.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'s> {
    /// The URNs that a path may begin with, in the spelling to give them: the core schema's first,
    /// whose attributes have no URN in a path.
    pub urns: &'s [&'s str],
    /// Those of them whose extension has free keys: below such a one a name may hold colons, and in a
    /// path blanks.
    pub free: &'s [String],
    /// URNs, or beginnings of URNs, of what is no schema of this resource type: no attribute is named by
    /// them (RFC 7644 section 3.10), unless a longer one of `urns` says so.
    pub foreign: &'s [String],
    /// Whether a value without quotes is taken as a string.
    pub lenient: bool,
}

/// Why a text is no filter or path. Holds nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {at})")]
pub struct SyntaxError {
    /// Byte offset in the text.
    pub at: usize,
    pub message: &'static str,
}

/// The longest text that is read, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;
/// How deep parentheses and brackets may be nested.
pub const MAX_DEPTH: usize = 64;
/// The most comparisons in one filter.
pub const MAX_TERMS: usize = 1_000;
