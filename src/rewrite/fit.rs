//! Whether what one attribute holds can stand in another: the one answer of the checker and the
//! compiler, so that no rule passes the one and carries nothing in the other.

use super::rule::{Conversion, Map, Otherwise, Values};
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Kind};

/// Whether a map carries values between its ends, by its table or conversion if it has one.
pub fn carries(map: &Map, canonical: &Attribute, vendor: &Attribute) -> bool {
    match (map.convert, &map.values) {
        (Some(Conversion::BooleanText), _) => {
            let text = |kind| matches!(group(kind), Kind::String | Kind::Any);
            matches!(canonical.kind, Kind::Boolean | Kind::Any)
                && text(vendor.kind)
                && is_one_value(canonical)
                && is_one_value(vendor)
        }
        (None, Some(table)) => {
            is_one_value(canonical)
                && is_one_value(vendor)
                && (table.otherwise != Otherwise::Keep || fits(canonical, vendor))
        }
        (None, None) => fits(canonical, vendor),
    }
}

/// Whether values of one are values of the other as they are (RFC 7643 section 2.3). The members of
/// complex attributes are looked at one by one.
pub fn fits(one: &Attribute, other: &Attribute) -> bool {
    if one.kind == Kind::Any || other.kind == Kind::Any {
        return true;
    }
    let complex = one.kind == Kind::Complex;
    group(one.kind) == group(other.kind) && (complex || one.multi_valued == other.multi_valued)
}

/// Whether a literal can be a value of a kind.
pub fn takes(kind: Kind, literal: &Literal) -> bool {
    match literal {
        Literal::Null => false,
        Literal::Bool(_) => matches!(kind, Kind::Boolean | Kind::Any),
        Literal::Number(number) => match kind {
            Kind::Decimal | Kind::Any => true,
            Kind::Integer => number.as_i64().is_some() || number.as_u64().is_some(),
            _ => false,
        },
        Literal::String(_) => matches!(group(kind), Kind::String | Kind::Any),
    }
}

/// Kinds that hold each other's values.
pub fn group(kind: Kind) -> Kind {
    match kind {
        Kind::DateTime | Kind::Binary | Kind::Reference => Kind::String,
        Kind::Integer => Kind::Decimal,
        other => other,
    }
}

/// What a rule's table or conversion looks at is one simple value, not a list and not an object.
pub fn is_one_value(attribute: &Attribute) -> bool {
    !attribute.multi_valued && attribute.kind != Kind::Complex
}

/// What the far end of a map holds, where that end is free: what the near end does, or what the rule
/// makes of it.
pub fn far_model(map: &Map, near: Option<&Attribute>, far_is_vendor: bool) -> Option<Attribute> {
    let plain = |kind| Attribute::new("", kind);
    match (map.convert, &map.values) {
        (Some(Conversion::BooleanText), _) if far_is_vendor => Some(plain(Kind::String)),
        (Some(Conversion::BooleanText), _) => Some(plain(Kind::Boolean)),
        (None, Some(table)) => column(table, far_is_vendor).map(plain),
        (None, None) => near.cloned(),
    }
}

/// The kind of all literals of one side of a table, if they have one.
fn column(table: &Values, vendor: bool) -> Option<Kind> {
    let literals = || table.pairs.iter().map(|pair| if vendor { &pair.1 } else { &pair.0 });
    let kinds = [Kind::String, Kind::Boolean, Kind::Integer, Kind::Decimal];
    kinds.into_iter().find(|kind| literals().all(|literal| takes(*kind, literal)))
}

#[cfg(test)]
mod tests {
    use super::takes;
    use crate::scim::filter::Literal;
    use crate::scim::number::Number;
    use crate::scim::schema::Kind;

    #[test]
    fn each_literal_is_a_value_of_its_kinds_alone() {
        let number = |text| {
            let number = Number::read(text).map(Number::into_owned);
            number.map_or(Literal::Null, Literal::Number)
        };
        let text = Literal::String("a".to_owned());
        for (literal, kinds) in [
            (Literal::Null, &[][..]),
            (Literal::Bool(true), &[Kind::Boolean, Kind::Any]),
            (number("1"), &[Kind::Integer, Kind::Decimal, Kind::Any]),
            (number("1.5"), &[Kind::Decimal, Kind::Any]),
            (text, &[Kind::String, Kind::DateTime, Kind::Binary, Kind::Reference, Kind::Any]),
        ] {
            for kind in [
                Kind::String,
                Kind::Boolean,
                Kind::Integer,
                Kind::Decimal,
                Kind::DateTime,
                Kind::Binary,
                Kind::Reference,
                Kind::Complex,
                Kind::Any,
            ] {
                assert_eq!(takes(kind, &literal), kinds.contains(&kind), "{literal:?}, {kind:?}");
            }
        }
    }
}
