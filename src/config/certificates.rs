//! Pairs of PEM files: a certificate chain and its private key. What is in them is found by whoever uses them.

use std::path::{Path, PathBuf};

use super::surroundings::Surroundings;
use super::value::path;
use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Table};

/// A certificate chain and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePair {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// The listener's, of the keys of a table.
pub(super) fn certificate_pair(table: &Table<'_>, directory: &Path) -> Option<CertificatePair> {
    table.is(TableKind::Shared("certificate"));
    let cert = table.need("cert").and_then(|item| path(item, directory));
    let key = table.need("key").and_then(|item| path(item, directory));
    Some(CertificatePair { cert: cert?, key: key? })
}

/// `{ cert, key }`: PEM files. Whether they can be used is found by whoever uses them.
pub(super) fn client_cert(item: Item<'_>, around: &Surroundings<'_>) -> Option<CertificatePair> {
    let table = item.table()?;
    table.is(TableKind::Same("client_certificate"));
    let file = |key| table.need(key).and_then(|item| path(item, around.directory));
    let (cert, key) = (file("cert"), file("key"));
    table.close();
    Some(CertificatePair { cert: cert?, key: key? })
}
