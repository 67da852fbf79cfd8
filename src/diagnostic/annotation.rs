//! The comments of an annotated TOML file: what each says of the key on its line.
//!
//! A comment at the end of a line is about every key on that line. It goes on over the lines below that are
//! nothing but a comment and stand at least eight blanks to the right. It may begin with `required`, and may
//! say `Default: …`; where it says neither, the value that is shown is the default.

use std::ops::Range;

use serde_json::Value;

/// How far to the right a comment begins that goes on.
const INDENTED: usize = 8;

/// What the comment at a key says.
#[derive(Clone, Debug)]
pub(super) struct Told {
    text: String,
    /// The value at the key, where it is a simple one.
    shown: Option<Value>,
    /// Whether it is about this key alone.
    pub(super) own: bool,
}

impl Told {
    /// `None` where there is no comment on the key's line.
    pub(super) fn at(source: &str, key: Range<usize>, shown: Option<Value>) -> Option<Self> {
        let (before, after) = (source.get(..key.start)?, source.get(key.end..)?);
        let before = before.rsplit('\n').next().unwrap_or_default().trim_start();
        let own = before.is_empty() || before.starts_with('[') && after.starts_with(']');
        let mut lines = after.lines();
        let mut text = comment(lines.next()?)?.to_owned();
        for more in lines.map_while(continued) {
            text.push(' ');
            text.push_str(more);
        }
        Some(Self { text, shown, own }).filter(|told| !told.text.is_empty())
    }

    /// For people. That a key is required is said elsewhere, unless it is all that is said.
    pub(super) fn description(&self) -> &str {
        let rest = self.text.strip_prefix("required").unwrap_or(&self.text);
        let rest = rest.trim_start_matches([':', ';', ' ']);
        if rest.is_empty() { &self.text } else { rest }
    }

    /// What holds where the key is not there, if it is a simple value that `takes` has. Of a word in the
    /// comment it is asked whether it is a `word` of the key.
    pub(super) fn default(
        &self,
        word: impl Fn(&str) -> bool,
        takes: impl Fn(&Value) -> bool,
    ) -> Option<Value> {
        if self.text.starts_with("required") {
            return None;
        }
        let Some((_, said)) =
            self.text.split_once("Default: ").or_else(|| self.text.split_once("default: "))
        else {
            return self.shown.clone().filter(takes);
        };
        if let Some(quoted) = said.strip_prefix('"') {
            let text = quoted.split('"').next().unwrap_or_default();
            return Some(Value::from(text)).filter(takes);
        }
        let said = said.split([';', ',', ' ', ')']).next()?.trim_end_matches('.');
        match said.parse::<Value>() {
            Ok(value) => Some(value).filter(takes),
            Err(_) => word(said).then(|| Value::from(said)),
        }
    }
}

/// The comment of a line, which may begin within a key but not within a value.
fn comment(line: &str) -> Option<&str> {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in line.char_indices() {
        match quote {
            None if c == '#' => return line.get(at + 1..).map(str::trim),
            None if ['"', '\''].contains(&c) => quote = Some(c),
            Some('"') if escaped || c == '\\' => escaped = !escaped,
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

fn continued(line: &str) -> Option<&str> {
    // In a block that is itself a comment.
    let line = line.strip_prefix('#').unwrap_or(line);
    let inner = line.trim_start_matches(' ');
    let more = inner.strip_prefix('#')?.trim();
    (line.len() - inner.len() >= INDENTED && !more.is_empty()).then_some(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
a = 1 # one
b = \"x # y\" # two; Default: 3
                # and more
    # not of it
c = { d = true } # required; four
e = [ # five. Default: \"z\"; whatever
]
f = 'it''#' # Default: word, or not
g = 7
[h.i] # six
";

    fn told(key: &str, shown: Option<Value>) -> Option<Told> {
        let at = TEXT.find(key).unwrap();
        Told::at(TEXT, at..at + 1, shown)
    }

    #[test]
    fn a_comment_is_about_the_keys_of_its_line_and_goes_on_below() {
        for (key, text) in [
            ("a =", "one"),
            ("b =", "two; Default: 3 and more"),
            ("c =", "four"),
            ("d =", "four"),
            ("e =", "five. Default: \"z\"; whatever"),
            ("h.", "six"),
            ("i]", "six"),
        ] {
            assert_eq!(told(key, None).unwrap().description(), text, "{key}");
        }
        assert!(told("g =", None).is_none());
        for (key, own) in
            [("a =", true), ("c =", true), ("d =", false), ("h.", false), ("i]", true)]
        {
            assert_eq!(told(key, None).unwrap().own, own, "{key}");
        }
    }

    #[test]
    fn the_default_is_what_is_said_or_else_what_is_shown() {
        let default = |key, shown: Option<i32>| {
            let told = told(key, shown.map(Value::from)).unwrap();
            told.default(|word| word == "word", |_| true).map(|value| value.to_string())
        };
        assert_eq!(default("a =", Some(1)).as_deref(), Some("1"));
        assert_eq!(default("b =", Some(1)).as_deref(), Some("3"));
        assert_eq!(default("c =", Some(1)), None);
        assert_eq!(default("e =", None).as_deref(), Some("\"z\""));
        assert_eq!(default("f =", Some(1)).as_deref(), Some("\"word\""));
        let none = told("b =", None).unwrap().default(|_| false, |_| false);
        assert_eq!(none, None);
    }
}
