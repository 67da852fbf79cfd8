//! What a resource must satisfy, with constants folded away.

use crate::scim::filter::Filter;

/// What a resource must satisfy, in the client's words.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    Always,
    Never,
    Test(Filter),
}

/// What is known without a test.
pub fn constant(holds: bool) -> Truth {
    if holds { Truth::Always } else { Truth::Never }
}

/// The opposite.
pub fn negated(truth: Truth) -> Truth {
    match truth {
        Truth::Always => Truth::Never,
        Truth::Never => Truth::Always,
        Truth::Test(inner) => Truth::Test(Filter::Not(Box::new(inner))),
    }
}

/// Folds constants; `and` or `or`.
pub fn joined(truths: Vec<Truth>, and: bool) -> Truth {
    let (zero, one) =
        if and { (Truth::Never, Truth::Always) } else { (Truth::Always, Truth::Never) };
    if truths.contains(&zero) {
        return zero;
    }
    let mut tests: Vec<Filter> = truths
        .into_iter()
        .filter_map(|truth| match truth {
            Truth::Test(test) => Some(test),
            Truth::Always | Truth::Never => None,
        })
        .collect();
    match (tests.len(), tests.pop()) {
        (_, None) => one,
        (1, Some(only)) => Truth::Test(only),
        (_, Some(last)) => {
            tests.push(last);
            Truth::Test(if and { Filter::And(tests) } else { Filter::Or(tests) })
        }
    }
}
