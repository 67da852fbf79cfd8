//! A secret that never prints.

use std::fmt;

/// A token. `Debug` shows none of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token itself: for the header that carries it and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn no_form_of_printing_shows_the_token() {
        let shown = format!("{:?} {:#?}", Secret::new("s3cr3t"), Some(Secret::new("s3cr3t")));
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}
