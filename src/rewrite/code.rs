//! The codes of mistakes in rules. One is never given a second meaning.

use crate::diagnostic::Code;

/// The codes of this room, sorted.
pub const CODES: &[Code] = &[
    NOT_JSONPATH,
    UNSUPPORTED,
    TWO_ELEMENT_STEPS,
    RESERVED,
    LOSS_MISSING,
    BAD_PICK,
    BAD_VALUES,
    SET_TARGET,
    BAD_VARIABLE,
    BAD_TEMPLATE,
    NOT_SCALAR,
    NO_VENDOR_PLACE,
    NO_CANONICAL_PLACE,
    KINDS,
    MANY_TO_ONE,
    NOT_MULTI_VALUED,
    NO_ELEMENT_STEP,
    PREDICATE_NAME,
    LITERAL_TYPE,
    NOT_CANONICAL,
    CONFLICT,
    DUPLICATE,
    VALUE_TYPE,
    READ_ONLY,
    PICK_OF_ONE,
    CARRIES_NOTHING,
    NEVER_HOLDS,
    NEVER_ACTS,
    BAD_URN,
];

pub(super) const NOT_JSONPATH: Code = Code { id: "R001", title: "a selector is not JSONPath" };
pub(super) const UNSUPPORTED: Code =
    Code { id: "R002", title: "a selector uses a part of JSONPath that rules do not have" };
pub(super) const TWO_ELEMENT_STEPS: Code =
    Code { id: "R003", title: "a selector steps into elements twice" };
pub(super) const RESERVED: Code = Code { id: "R004", title: "a rule names schemas, meta or id" };
pub(super) const LOSS_MISSING: Code =
    Code { id: "R005", title: "a rule that loses information does not say what" };
pub(super) const BAD_PICK: Code = Code { id: "R006", title: "a way to pick that does not exist" };
pub(super) const BAD_VALUES: Code = Code { id: "R007", title: "a value table that is malformed" };
pub(super) const SET_TARGET: Code =
    Code { id: "R008", title: "a set without exactly one target, or of the wrong direction" };
pub(super) const BAD_VARIABLE: Code = Code { id: "R009", title: "a variable that is malformed" };
pub(super) const BAD_TEMPLATE: Code = Code { id: "R010", title: "a template that is malformed" };
pub(super) const NOT_SCALAR: Code =
    Code { id: "R011", title: "a literal that is not a string, number or boolean" };
pub(super) const NO_VENDOR_PLACE: Code =
    Code { id: "R020", title: "a place that the vendor's schema does not have" };
pub(super) const NO_CANONICAL_PLACE: Code =
    Code { id: "R021", title: "a place that the canonical schema does not have" };
pub(super) const KINDS: Code =
    Code { id: "R022", title: "the two ends of a map have types that do not fit" };
pub(super) const MANY_TO_ONE: Code =
    Code { id: "R023", title: "several elements could meet one place, and nothing picks" };
pub(super) const NOT_MULTI_VALUED: Code =
    Code { id: "R024", title: "a step into the elements of a singular attribute" };
pub(super) const NO_ELEMENT_STEP: Code =
    Code { id: "R025", title: "a sub-attribute of a multi-valued attribute without a step" };
pub(super) const PREDICATE_NAME: Code =
    Code { id: "R026", title: "a predicate on a name that the element does not have" };
pub(super) const LITERAL_TYPE: Code =
    Code { id: "R027", title: "a literal of another type than the attribute" };
pub(super) const NOT_CANONICAL: Code =
    Code { id: "R028", title: "a literal that is not among the attribute's canonicalValues" };
pub(super) const CONFLICT: Code =
    Code { id: "R029", title: "two rules whose places are equal or overlap" };
pub(super) const DUPLICATE: Code = Code { id: "R030", title: "the same rule twice" };
pub(super) const VALUE_TYPE: Code =
    Code { id: "R031", title: "a value of another type than its place" };
pub(super) const READ_ONLY: Code =
    Code { id: "R032", title: "a request would write an attribute that is readOnly" };
pub(super) const PICK_OF_ONE: Code =
    Code { id: "R033", title: "a pick where there is nothing to pick from" };
pub(super) const CARRIES_NOTHING: Code = Code { id: "R034", title: "a map that carries nothing" };
pub(super) const NEVER_HOLDS: Code = Code { id: "R035", title: "a condition that can never hold" };
pub(super) const NEVER_ACTS: Code = Code { id: "R036", title: "a rule that can never act" };
pub(super) const BAD_URN: Code =
    Code { id: "R037", title: "a URN that is malformed, or nearly one that is known" };
