//! What a translation loses, by name and never by value.

use std::sync::Arc;

use super::program::LossCause;

/// Information that one side said and the other cannot hold (docs/semantics.md 9).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Loss {
    /// The source's attribute path from the compiled table; a free key is `<path>.*`.
    pub place: Arc<str>,
    pub cause: LossCause,
    /// The resource's member that no schema lists, where that is what was lost: for people, and never
    /// a label of metrics. [`shown_key`] is its form.
    pub key: Option<Arc<str>>,
}

impl Loss {
    pub fn new(place: Arc<str>, cause: LossCause) -> Self {
        Self { place, cause, key: None }
    }

    /// What was lost, by the best name that there is.
    pub fn name(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.place)
    }
}

/// A member's name as a message that sent it spells it, cut and made fit for a header and a list:
/// letters, digits and what attribute names hold (RFC 7643 section 2.1) stay, anything else is `?`.
pub fn shown_key(name: &str) -> Arc<str> {
    const LONGEST: usize = 64;
    let fit = |c: char| match c {
        '-' | '_' | '$' | ':' | '.' => c,
        _ if c.is_ascii_alphanumeric() => c,
        _ => '?',
    };
    let cut = if name.chars().nth(LONGEST).is_some() { "..." } else { "" };
    let shown: String = name.chars().take(LONGEST).map(fit).collect();
    format!("{shown}{cut}").into()
}
