//! Whether two names are one, in whatever case (RFC 7643 section 2.1).

/// Whether two names are one.
#[inline]
pub fn same(a: &str, b: &str) -> bool {
    end_alike(a, b) && (a == b || a.eq_ignore_ascii_case(b))
}

/// Whether two names are as long and end in one letter: of two that are not one, hardly any are, so that
/// they need not be read.
#[inline]
pub(super) fn end_alike(a: &str, b: &str) -> bool {
    let last = |name: &str| name.as_bytes().last().map(u8::to_ascii_lowercase);
    a.len() == b.len() && last(a) == last(b)
}
