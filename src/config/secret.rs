//! Secrets: they never print, are wiped from memory, and know where they can be read again.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Of a secret's file, in bytes. A token is some hundreds long, a signed one some thousands.
const LONGEST: u64 = 64 << 10;

/// A token or password. `Debug` shows none of it, there is no `Display`, and it is wiped when it is
/// dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// What a file holds, without the white space around it; `None` where the file cannot be read, is
    /// longer than 64 KiB, or holds nothing or no UTF-8.
    pub fn read(path: &Path) -> Option<Self> {
        let mut text = Zeroizing::new(String::new());
        File::open(path).ok()?.take(LONGEST + 1).read_to_string(&mut text).ok()?;
        let inner = text.trim();
        let fits = !inner.is_empty() && text.len() as u64 <= LONGEST;
        fits.then(|| Self::new(inner))
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

/// A secret as it was when the configuration was read, and where it came from.
#[derive(Clone, Debug)]
pub struct Held {
    pub secret: Secret,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment or the configuration itself: the same as long as the process lives.
    Fixed,
    /// A file, which may change at any time.
    File(PathBuf),
}

/// Two that are read from one file are one: what the file holds is the running gateway's to follow.
impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.origin == other.origin && (self.origin != Origin::Fixed || self.secret == other.secret)
    }
}

impl Eq for Held {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_printing_shows_the_token() {
        let held = Held { secret: Secret::new("s3cr3t"), origin: Origin::Fixed };
        let shown = format!("{:?} {:#?}", Secret::new("s3cr3t"), Some(held));
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn a_file_holds_one_short_word_or_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Secret::read(&path).map(|secret| secret.reveal().to_owned())
        };
        assert_eq!(read(b" a b\n\n").as_deref(), Some("a b"));
        assert_eq!(read(b" \n"), None);
        assert_eq!(read(b"\xff"), None);
        assert_eq!(read(&vec![b'a'; 65_536]).map(|text| text.len()), Some(65_536));
        assert_eq!(read(&vec![b'a'; 65_537]), None);
        assert_eq!(Secret::read(folder.path()), None);
    }

    #[test]
    fn secrets_of_one_file_are_equal_whatever_they_were() {
        let held =
            |secret, origin: &Origin| Held { secret: Secret::new(secret), origin: origin.clone() };
        let file = Origin::File("a".into());
        assert_eq!(held("1", &file), held("2", &file));
        assert_ne!(held("1", &file), held("1", &Origin::File("b".into())));
        assert_ne!(held("1", &Origin::Fixed), held("2", &Origin::Fixed));
        assert_eq!(held("1", &Origin::Fixed), held("1", &Origin::Fixed));
    }
}
