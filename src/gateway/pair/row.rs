//! What becomes of one leaf of the client's schema.

use crate::rewrite::literal::same_literal;
use crate::rewrite::program::{LossCause, label};
use crate::rewrite::resolve::Spot;
use crate::rewrite::rule::{Otherwise, RuleOrigin};
use crate::scim::filter::Literal;
use crate::scim::schema::{Format, Mutability};

/// One leaf of the client's schema, or of those of its elements that a predicate names.
#[derive(Clone, Debug)]
pub struct Row {
    /// In the client's words, with the predicate where it decides: `emails[type eq "work"].value`.
    pub client: String,
    pub names: Vec<String>,
    /// How many of the names lead to the multi-valued attribute that it lies in, if it does.
    pub array: Option<usize>,
    /// What holds of the elements that the row is about, in the client's words.
    pub known: Vec<(String, Literal)>,
    pub mutability: Mutability,
    pub fate: Fate,
    /// The canonical attribute that it is; empty where it is none.
    pub canonical: Vec<String>,
    /// Where in the upstream's schema it goes.
    pub far: Vec<String>,
    /// How many of the elements are carried, where not all are.
    pub most: Option<usize>,
    /// What the upstream demands of the text that is carried to it.
    pub format: Option<Format>,
    /// Whether the upstream's resources always have it: a removal is refused.
    pub permanent: bool,
    /// The rules on the way, client's first.
    pub rules: Vec<RuleOrigin>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Carried to this place of the upstream's; `exact` unless picked or mapped n:1.
    Carried {
        upstream: String,
        exact: bool,
        read_only: bool,
    },
    /// It chooses the place that the element goes to: a rule's predicate says it on the way back.
    Implied,
    Lost(LossCause),
    /// Shown in answers though the upstream does not have it (`set` on canonical).
    Constant,
}

impl Row {
    /// How much a client can do with it, the least first.
    pub(super) fn use_(&self) -> u8 {
        match self.fate {
            Fate::Lost(_) => 0,
            Fate::Constant => 1,
            Fate::Carried { read_only: true, .. } => 2,
            Fate::Implied => 3,
            Fate::Carried { .. } => 4,
        }
    }

    pub fn is_carried(&self) -> bool {
        matches!(self.fate, Fate::Carried { .. })
    }

    /// Whether it is the client's word for that canonical attribute.
    pub fn is_from(&self, canonical: &str) -> bool {
        self.canonical.as_slice() == [canonical]
    }

    /// Whether a client's request can give it a value that gets to the upstream.
    pub fn is_writable(&self) -> bool {
        self.mutability != Mutability::ReadOnly
            && matches!(self.fate, Fate::Carried { read_only: false, .. })
    }
}

/// Whether a value table gives two values one image.
pub fn many_to_one(rule: Option<&crate::rewrite::program::Carrier>) -> bool {
    let Some(rule) = rule else { return false };
    let Some(pairs) = &rule.values else { return false };
    let repeated = |side: fn(&(Literal, Literal)) -> &Literal| {
        pairs.iter().enumerate().any(|(at, pair)| {
            pairs.iter().take(at).any(|earlier| same_literal(side(earlier), side(pair)))
        })
    };
    // What is kept as it is meets what the table makes of something else.
    let met = |(_, to): &(Literal, Literal)| !pairs.iter().any(|(from, _)| same_literal(from, to));
    repeated(|pair| &pair.0)
        || repeated(|pair| &pair.1)
        || (rule.otherwise == Otherwise::Keep && pairs.iter().any(met))
}

/// The attribute path with its predicate.
pub fn described(spot: &Spot) -> String {
    let Some(array) = spot.array.filter(|_| !spot.known.is_empty()) else {
        return spot.label();
    };
    let terms: Vec<String> = spot
        .known
        .iter()
        .map(|(name, literal)| {
            let value = crate::rewrite::literal::literal_text(literal);
            format!("{name} eq {value}")
        })
        .collect();
    let (head, rest) = spot.names.split_at(array.min(spot.names.len()));
    let rest: String = rest.iter().map(|name| format!(".{name}")).collect();
    format!("{}[{}]{rest}", label(head), terms.join(" and "))
}

/// Whether a row stands for free keys.
pub fn is_free(row: &Row) -> bool {
    row.names.last().is_some_and(|name| name == "*")
}
