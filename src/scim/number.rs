//! A JSON number, carried by its text: what is only carried is never rounded.
//!
//! Two numbers are equal, and ordered, by their value: `3`, `3.0` and `30e-1` are one number. The
//! comparison is exact for any length of text; no float is made for it. Only where an exponent has
//! more than 18 digits are numbers of one size told apart by their text.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::work::step;

/// A number in JSON's grammar (RFC 8259 section 6), of any size and precision.
#[derive(Clone, Debug)]
pub struct Number<'a>(Cow<'a, str>);

impl<'a> Number<'a> {
    /// The number that a text is; none where it is not one in JSON's grammar.
    pub fn read(text: &'a str) -> Option<Self> {
        (extent(text.as_bytes()) == Ok(text.len())).then_some(Self(Cow::Borrowed(text)))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number, if it is a whole one that an `i64` holds, however it is written.
    pub fn as_i64(&self) -> Option<i64> {
        self.whole().and_then(|text| text.parse().ok())
    }

    /// The number, if it is a whole one that a `u64` holds, however it is written.
    pub fn as_u64(&self) -> Option<u64> {
        self.whole().and_then(|text| text.parse().ok())
    }

    /// Whether it has no fraction, however it is written.
    pub fn is_whole(&self) -> bool {
        Normal::of(&self.0).is_whole()
    }

    /// A whole number as digits alone: `3` for `3.0`. None for a fraction, and for a number of more
    /// than 40 digits that is not written so already.
    pub fn whole(&self) -> Option<Cow<'_, str>> {
        const MOST: i128 = 40;
        let plain = self.0.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if plain && &*self.0 != "-0" {
            return Some(Cow::Borrowed(&self.0));
        }
        let normal = Normal::of(&self.0);
        if !normal.is_whole() || normal.point > MOST {
            return None;
        }
        let mut text = String::from(if normal.negative { "-" } else { "" });
        text.extend(normal.digits().map(char::from));
        let zeros = normal.point.saturating_sub(normal.length as i128);
        text.extend((0..zeros).map(|_| '0'));
        if normal.length == 0 {
            text.push('0');
        }
        Some(Cow::Owned(text))
    }

    /// A text that two equal numbers share, and no others.
    pub fn normal(&self) -> String {
        let normal = Normal::of(&self.0);
        let sign = if normal.negative { "-" } else { "" };
        let digits: String = normal.digits().map(char::from).collect();
        format!("{sign}{digits}e{}{}", normal.point, normal.beyond)
    }

    /// The same number, borrowing its text.
    pub fn borrowed(&self) -> Number<'_> {
        Number(Cow::Borrowed(&self.0))
    }

    pub fn into_owned(self) -> Number<'static> {
        Number(Cow::Owned(self.0.into_owned()))
    }
}

/// By value.
impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number<'_> {}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        step(1);
        if self.0 == other.0 {
            return Ordering::Equal;
        }
        Normal::of(&self.0).cmp(&Normal::of(&other.0))
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Number<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal().hash(state);
    }
}

impl fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<serde_json::Number> for Number<'static> {
    fn from(number: serde_json::Number) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

impl From<u64> for Number<'static> {
    fn from(number: u64) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

impl From<i64> for Number<'static> {
    fn from(number: i64) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

/// How many bytes of a text are the number that it begins with.
///
/// # Errors
/// Where the text leaves the grammar before a number is complete.
pub(super) fn extent(text: &[u8]) -> Result<usize, usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = from.saturating_add(count);
        if count == 0 { Err(from) } else { Ok(end) }
    };
    let is = |at: usize, wanted: &[u8]| text.get(at).is_some_and(|byte| wanted.contains(byte));
    let start = usize::from(is(0, b"-"));
    let mut end = digits(start)?;
    let after_zero = start.saturating_add(1);
    if is(start, b"0") && end > after_zero {
        return Err(after_zero);
    }
    if is(end, b".") {
        end = digits(end.saturating_add(1))?;
    }
    if is(end, b"eE") {
        let sign = end.saturating_add(1);
        end = digits(sign.saturating_add(usize::from(is(sign, b"+-"))))?;
    }
    Ok(end)
}

/// The value of a number's text: 0.DIGITS times ten to the power of `point`.
struct Normal<'n> {
    negative: bool,
    /// The digits before and after the point, together without zeros at either end.
    before: &'n [u8],
    after: &'n [u8],
    length: usize,
    point: i128,
    /// An exponent that is too long to be reckoned with; `point` is then as far as it goes.
    beyond: &'n str,
}

impl<'n> Normal<'n> {
    fn of(text: &'n str) -> Self {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (negative, mantissa) =
            mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let after = after.trim_end_matches('0');
        let whole = before.trim_start_matches('0');
        let digits = if whole.is_empty() { after.trim_start_matches('0') } else { after };
        let before = if digits.is_empty() { whole.trim_end_matches('0') } else { whole };
        let length = before.len().saturating_add(digits.len());
        if length == 0 {
            return Self { negative: false, before: &[], after: &[], length, point: 0, beyond: "" };
        }
        let zeros = after.len().saturating_sub(digits.len());
        let shift = (whole.len() as i128).saturating_sub(zeros as i128);
        let (scale, beyond) = scale(exponent);
        let point = scale.saturating_add(shift);
        let (before, after) = (before.as_bytes(), digits.as_bytes());
        Self { negative, before, after, length, point, beyond }
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.before.iter().chain(self.after).copied()
    }

    fn is_whole(&self) -> bool {
        self.point >= self.length as i128
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |one: &Self| match (one.length, one.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        let size = || {
            let digits = || self.digits().cmp(other.digits());
            let beyond = || self.beyond.cmp(other.beyond);
            self.point.cmp(&other.point).then_with(digits).then_with(beyond)
        };
        sign(self)
            .cmp(&sign(other))
            .then_with(|| if self.negative { size().reverse() } else { size() })
    }
}

/// An exponent's value, and its digits where they are too many for one.
fn scale(text: &str) -> (i128, &str) {
    const FAR: i128 = i128::MAX / 2;
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
    let size = match digits.len() {
        0 => Some(0),
        1..=18 => digits.parse().ok(),
        _ => None,
    };
    let beyond = if size.is_none() { digits } else { "" };
    let size = size.unwrap_or(FAR);
    (if text.starts_with('-') { size.saturating_neg() } else { size }, beyond)
}
