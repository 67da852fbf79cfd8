//! The codes of mistakes in schemas and dialects. One is never given a second meaning.

use crate::diagnostic::Code;

/// The codes of this room, sorted.
pub const CODES: &[Code] = &[
    NO_FILE,
    NOT_READABLE,
    RESOURCE_UNPAIRED,
    UNDECLARED_VARIABLE,
    BAD_PATH,
    NO_ATTRIBUTE,
    NO_CANONICAL,
    ROW,
    UNKNOWN_DIALECT,
    PLACEHOLDER,
    NO_VERSIONS,
    CASE_BLOCK,
    CASE_ATTRIBUTE,
    CASE_JSON,
    CASE_NAME,
    CASE_OUTSIDE,
    TWICE,
    SHAPE,
    DERIVED_FROM,
    DEFAULT,
    COMMON,
    URN,
    MAX,
];

pub(super) const NO_FILE: Code = Code { id: "D001", title: "a dialect lacks a file" };
pub(super) const NOT_READABLE: Code = Code { id: "D002", title: "a file that cannot be read" };
pub(super) const RESOURCE_UNPAIRED: Code =
    Code { id: "D003", title: "a resource type that not all files of the dialect have" };
pub(super) const UNDECLARED_VARIABLE: Code =
    Code { id: "D004", title: "a variable that dialect.toml does not declare" };
pub(super) const BAD_PATH: Code = Code { id: "D005", title: "a path template that is malformed" };
pub(super) const NO_ATTRIBUTE: Code =
    Code { id: "D006", title: "a path that the dialect's schema does not have" };
pub(super) const NO_CANONICAL: Code = Code { id: "D007", title: "no canonical schema" };
pub(super) const ROW: Code = Code { id: "D008", title: "a row of the wrong length or range" };
pub(super) const UNKNOWN_DIALECT: Code =
    Code { id: "D009", title: "an overlay for a dialect or resource type that does not exist" };
pub(super) const PLACEHOLDER: Code =
    Code { id: "D010", title: "a placeholder that does not exist" };
pub(super) const NO_VERSIONS: Code =
    Code { id: "D011", title: "if_match where answers name no versions" };
pub(super) const CASE_BLOCK: Code = Code { id: "D020", title: "a case block of no known kind" };
pub(super) const CASE_ATTRIBUTE: Code =
    Code { id: "D021", title: "an attribute of a case block that is not known" };
pub(super) const CASE_JSON: Code = Code { id: "D022", title: "a case block that is not JSON" };
pub(super) const CASE_NAME: Code = Code { id: "D023", title: "two cases of one name" };
pub(super) const CASE_OUTSIDE: Code =
    Code { id: "D024", title: "a case block before the first case" };
pub(super) const TWICE: Code = Code { id: "S001", title: "an attribute twice" };
pub(super) const SHAPE: Code =
    Code { id: "S002", title: "sub-attributes that do not fit the attribute's type" };
pub(super) const DERIVED_FROM: Code = Code { id: "S003", title: "derivedFrom names no attribute" };
pub(super) const DEFAULT: Code = Code { id: "S004", title: "a default of another type" };
pub(super) const COMMON: Code =
    Code { id: "S005", title: "an attribute that all resources have, listed" };
pub(super) const URN: Code =
    Code { id: "S006", title: "a schema's or an extension's name that is not a URN" };
pub(super) const MAX: Code = Code { id: "S007", title: "max on a singular attribute" };
