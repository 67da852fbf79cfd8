//! The reader of JSON text (RFC 8259) that a document is made of. A text without escapes, and every
//! number, is borrowed as it stands; no JSON library at hand hands out a number's text.
//!
//! It knows no names and no schemas: an object holds its members in their order, each name once.

use std::borrow::Cow;

use super::number::{Number, extent};
use super::value::{Object, Value};

/// What a body may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Objects and arrays inside each other; the outermost is 1. More than 120 count as 120.
    pub max_depth: usize,
    /// Values in one array.
    pub max_elements: usize,
}

impl DocumentLimits {
    /// As deep as that, and arrays of any length.
    pub const fn depth(max_depth: usize) -> Self {
        Self { max_depth, max_elements: usize::MAX }
    }
}

/// Why a text is not a document, and at which byte.
pub(super) struct Refused {
    pub at: usize,
    pub why: Why,
}

pub(super) enum Why {
    /// It breaks the grammar, or ends too early: at its last byte.
    Grammar,
    TooDeep,
    TooMany,
    Duplicate(String),
    Trailing,
}

/// Reads a whole text as one value within the limits.
pub(super) fn read(text: &str, limits: DocumentLimits) -> Result<Value<'_>, Refused> {
    let mut reader = Reader { text, at: 0, most: limits.max_elements };
    reader.blanks();
    let value = reader.value(limits.max_depth)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.refuse(Why::Trailing));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Values in one array.
    most: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, left: usize) -> Result<Value<'a>, Refused> {
        match self.peek() {
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'{') => self.object(left),
            Some(b'[') => self.array(left),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.refuse(Why::Grammar)),
        }
    }

    fn object(&mut self, left: usize) -> Result<Value<'a>, Refused> {
        let left = self.inner(left)?;
        let mut object = Object::new();
        if self.opens(b'}') {
            return Ok(Value::Object(object));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.refuse(Why::Grammar));
            }
            let start = self.at;
            let name = self.string()?;
            if object.get_exact(&name).is_some() {
                return Err(Refused { at: start, why: Why::Duplicate(name.into_owned()) });
            }
            self.blanks();
            if !self.takes(b':') {
                return Err(self.refuse(Why::Grammar));
            }
            self.blanks();
            object.push(name, self.value(left)?);
            if !self.goes_on(b'}')? {
                return Ok(Value::Object(object));
            }
        }
    }

    fn array(&mut self, left: usize) -> Result<Value<'a>, Refused> {
        let left = self.inner(left)?;
        let mut elements = Vec::new();
        if self.opens(b']') {
            return Ok(Value::Array(elements));
        }
        loop {
            if elements.len() >= self.most {
                return Err(self.refuse(Why::TooMany));
            }
            elements.push(self.value(left)?);
            if !self.goes_on(b']')? {
                return Ok(Value::Array(elements));
            }
        }
    }

    /// Takes an opening bracket, and the closing one if nothing is between them.
    fn opens(&mut self, close: u8) -> bool {
        self.at = self.at.saturating_add(1);
        self.blanks();
        self.takes(close)
    }

    /// After a value: whether a comma and one more follow, or the end.
    fn goes_on(&mut self, close: u8) -> Result<bool, Refused> {
        self.blanks();
        if self.takes(close) {
            return Ok(false);
        }
        if !self.takes(b',') {
            return Err(self.refuse(Why::Grammar));
        }
        self.blanks();
        Ok(true)
    }

    fn number(&mut self) -> Result<Value<'a>, Refused> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let broken = |at| Refused { at: self.at.saturating_add(at), why: Why::Grammar };
        let length = extent(rest.as_bytes()).map_err(broken)?;
        let text = rest.get(..length).and_then(Number::read).ok_or_else(|| broken(0))?;
        self.at = self.at.saturating_add(length);
        Ok(Value::Number(text))
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Refused> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let same = rest.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
        self.at = self.at.saturating_add(same);
        if same == word.len() { Ok(value) } else { Err(self.refuse(Why::Grammar)) }
    }

    /// A string, from its first quote to behind its last.
    fn string(&mut self) -> Result<Cow<'a, str>, Refused> {
        let start = self.at;
        let mut escaped = false;
        self.at = self.at.saturating_add(1);
        loop {
            self.at = self.at.saturating_add(plain(self.rest()));
            match self.peek() {
                Some(b'"') => break,
                // What follows a backslash, a quote too, is judged where the escapes are read.
                Some(b'\\') => {
                    escaped = true;
                    self.at = self.at.saturating_add(2);
                }
                _ => return Err(self.refuse(Why::Grammar)),
            }
        }
        let (first, last) = (start.saturating_add(1), self.at);
        self.at = self.at.saturating_add(1);
        let broken = || Refused { at: start, why: Why::Grammar };
        if escaped {
            let quoted = self.text.get(start..self.at).ok_or_else(broken)?;
            return serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| broken());
        }
        self.text.get(first..last).map(Cow::Borrowed).ok_or_else(broken)
    }

    fn inner(&self, left: usize) -> Result<usize, Refused> {
        left.checked_sub(1).ok_or_else(|| self.refuse(Why::TooDeep))
    }

    fn blanks(&mut self) {
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        self.at = self.at.saturating_add(self.rest().iter().take_while(blank).count());
    }

    fn takes(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at = self.at.saturating_add(usize::from(there));
        there
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn refuse(&self, why: Why) -> Refused {
        Refused { at: self.at.min(self.text.len()), why }
    }
}

/// How many bytes come before a quote, a backslash or a control character, which is what JSON escapes:
/// eight at a time.
pub(super) fn plain(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, rest) = text.as_chunks::<8>();
    let mut before = 0_usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = zero(word ^ ONES.wrapping_mul(u64::from(b'"')));
        let escape = zero(word ^ ONES.wrapping_mul(u64::from(b'\\')));
        let control = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word;
        // The first byte that is marked is one; of those behind it, a borrow may mark others.
        let special = (quote | escape | control) & HIGH;
        if special != 0 {
            return before.saturating_add(special.trailing_zeros() as usize / 8);
        }
        before = before.saturating_add(8);
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    before.saturating_add(rest.iter().position(ends).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever it stands, and whatever stands behind it, the first byte that JSON escapes is found.
    #[test]
    fn what_needs_no_escape_ends_at_the_first_byte_that_does() {
        let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        for byte in 0..=u8::MAX {
            for at in 0..20 {
                for behind in [b'a', b'!', b'#', b'[', b']', 0x20, 0x7f, 0x80, 0xff, b'"', 0] {
                    let mut text = vec![b'a'; at];
                    text.extend([byte, behind, b'"', behind]);
                    let wanted = text.iter().position(ends).unwrap_or(text.len());
                    assert_eq!(plain(&text), wanted, "{text:?}");
                }
            }
        }
    }
}
