//! The codes of mistakes that any TOML file can have. One is never given a second meaning.

use crate::diagnostic::report::Code;

/// The codes of TOML files, sorted.
pub const CODES: &[Code] = &[SYNTAX, UNKNOWN_KEY, MISSING_KEY, WRONG_TYPE, WORD, VERSION];

pub(super) const SYNTAX: Code = Code { id: "T001", title: "the file is not TOML" };
pub(super) const UNKNOWN_KEY: Code =
    Code { id: "T002", title: "a key that the format does not have" };
pub(super) const MISSING_KEY: Code =
    Code { id: "T003", title: "a key that must be there is missing" };
pub(super) const WRONG_TYPE: Code = Code { id: "T004", title: "a value of the wrong type" };
pub(super) const WORD: Code = Code { id: "T005", title: "a word that is not one of those allowed" };
pub(super) const VERSION: Code =
    Code { id: "T006", title: "a format version that is not supported" };
