//! Where the reader stands in the text, and the tokens of the grammar.

use super::known::{MAX_DEPTH, MAX_LENGTH, MAX_TERMS, SyntaxError};
use crate::scim::document::{self, DocumentLimits};
use crate::scim::filter::Literal;
use crate::scim::value::Value;

pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    terms: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Result<Self, SyntaxError> {
        if text.len() > MAX_LENGTH {
            return Err(SyntaxError { at: MAX_LENGTH, message: "the text is too long" });
        }
        Ok(Self { text, at: 0, depth: 0, terms: 0 })
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn fail<T>(&self, message: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { at: self.at, message })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn at(&self, wanted: char) -> bool {
        self.rest().starts_with(wanted)
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.at(wanted);
        if found {
            self.at = self.at.saturating_add(wanted.len_utf8());
        }
        found
    }

    pub(super) fn blanks(&mut self) {
        let blank = self.rest().bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        self.at = self.at.saturating_add(blank.count());
    }

    /// Whether the text is read to its end; blanks may follow.
    pub(super) fn end(&mut self) -> Result<(), SyntaxError> {
        self.blanks();
        if self.is_done() { Ok(()) } else { self.fail("nothing more was expected here") }
    }

    /// Opens a level of nesting.
    pub(super) fn open(&mut self) -> Result<(), SyntaxError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH { self.fail("the filter is nested too deep") } else { Ok(()) }
    }

    pub(super) fn close(&mut self, bracket: char) -> Result<(), SyntaxError> {
        self.blanks();
        self.depth = self.depth.saturating_sub(1);
        if self.take(bracket) { Ok(()) } else { self.fail("a closing bracket is missing here") }
    }

    /// Counts one comparison.
    pub(super) fn term(&mut self) -> Result<(), SyntaxError> {
        self.terms = self.terms.saturating_add(1);
        if self.terms > MAX_TERMS {
            self.fail("the filter has too many comparisons")
        } else {
            Ok(())
        }
    }

    /// The longest run without blanks, quotes, commas and brackets; may be empty.
    pub(super) fn word(&mut self) -> &'t str {
        let word = self.peek_word();
        self.at = self.at.saturating_add(word.len());
        word
    }

    pub(super) fn peek_word(&self) -> &'t str {
        let rest = self.rest();
        let stop = |c: char| c.is_whitespace() || c.is_control() || "()[]\",\\".contains(c);
        rest.get(..rest.find(stop).unwrap_or(rest.len())).unwrap_or_default()
    }

    /// The longest run without quotes, commas and brackets, without the blanks around it: what a name
    /// with blanks can be where no operator may follow.
    pub(super) fn words(&mut self) -> &'t str {
        let rest = self.rest();
        let stop = |c: char| c.is_control() || "()[]\",\\".contains(c);
        let words =
            rest.get(..rest.find(stop).unwrap_or(rest.len())).unwrap_or_default().trim_end();
        self.at = self.at.saturating_add(words.len());
        words
    }

    /// Takes that word, in any case, if it is the next one.
    pub(super) fn keyword(&mut self, wanted: &str) -> bool {
        let found = self.peek_word().eq_ignore_ascii_case(wanted);
        if found {
            self.word();
        }
        found
    }

    /// Takes `not` where a parenthesis follows; elsewhere it is an attribute's name.
    pub(super) fn not(&mut self) -> bool {
        let start = self.at;
        if self.keyword("not") {
            self.blanks();
            if self.at('(') {
                return true;
            }
            self.at = start;
        }
        false
    }

    /// A comparison's value: a JSON literal, or with `lenient` a word without quotes. What looks like
    /// a value of another language is refused: as a text it would be like nothing, and find nobody.
    pub(super) fn literal(&mut self, lenient: bool) -> Result<Literal, SyntaxError> {
        let start = self.at;
        let token = if self.at('"') { self.quoted()? } else { self.bare() };
        let folded = token.to_ascii_lowercase();
        if matches!(folded.as_str(), "true" | "false" | "null") {
            return Ok(word_literal(&folded));
        }
        let fail = |message| Err(SyntaxError { at: start, message });
        match document::parse(token.as_bytes(), &DocumentLimits::depth(0)) {
            Ok(Value::String(text)) => return Ok(Literal::String(text.into_owned())),
            Ok(Value::Number(number)) => return Ok(Literal::Number(number.into_owned())),
            _ => {}
        }
        if token.starts_with(is_other_quote) || token.ends_with(is_other_quote) {
            return fail("a text stands in straight double quotes, as in userName eq \"ann\"");
        }
        if NOTHINGS.contains(&folded.as_str()) {
            return fail("no value is written null, and a text stands in double quotes");
        }
        match lenient && !token.is_empty() && !token.starts_with('"') {
            true => Ok(Literal::String(token.to_owned())),
            false => fail(
                "a text in double quotes, a number, true, false or null is needed here, as in \
                 userName eq \"ann\"",
            ),
        }
    }

    /// A value without quotes: up to a blank or a closing bracket.
    fn bare(&mut self) -> &'t str {
        let rest = self.rest();
        let stop = |c: char| c.is_whitespace() || c.is_control() || "()[]\"".contains(c);
        let token = rest.get(..rest.find(stop).unwrap_or(rest.len())).unwrap_or_default();
        self.at = self.at.saturating_add(token.len());
        token
    }

    /// A JSON string with its quotes.
    fn quoted(&mut self) -> Result<&'t str, SyntaxError> {
        let rest = self.rest();
        let mut escaped = false;
        for (at, byte) in rest.bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    let token = rest.get(..=at).unwrap_or_default();
                    self.at = self.at.saturating_add(token.len());
                    return Ok(token);
                }
                _ => {}
            }
        }
        self.fail("the string that begins here has no end")
    }
}

/// Words for "no value" and "no number" in other languages than JSON.
const NOTHINGS: [&str; 5] = ["none", "nil", "undefined", "nan", "infinity"];

/// Quotation marks that are not JSON's.
fn is_other_quote(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '«' | '»' | '‹' | '›' | '＂' | '＇' | '″' | '′')
        || ('\u{2018}'..='\u{201f}').contains(&c)
        || ('\u{300c}'..='\u{300f}').contains(&c)
        || ('\u{301d}'..='\u{301f}').contains(&c)
}

fn word_literal(word: &str) -> Literal {
    match word {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        _ => Literal::Null,
    }
}
