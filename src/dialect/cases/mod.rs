//! `cases.md`: executed examples, which are also the dialect's page for people.
//!
//! A `##` heading is a case; its fenced blocks are what goes in and what comes out. It reads and
//! updates them and does not run them.

mod bless;
mod info;

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::diagnostic::{Code, Diagnostic, Source, sort};
use crate::rewrite::translate::Message;

use super::code::{CASE_JSON, CASE_NAME, CASE_OUTSIDE};

pub use bless::{Refusal, bless};
pub use info::{Direction, Kind};

/// One example.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The heading's text.
    pub name: String,
    /// One-based.
    pub line: u32,
    pub blocks: Vec<Block>,
}

/// One fenced block of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub kind: Kind,
    /// The message that the block is, from `operation=`.
    pub message: Option<Message>,
    pub direction: Option<Direction>,
    /// The resource type's name, from `resource=`; of users where no block of the case says it.
    pub resource: Option<&'static str>,
    /// Where a block written by hand comes from: a vendor page's URL or a seed's name. Such a block
    /// is never updated.
    pub source: Option<String>,
    pub text: String,
    /// Where the text stands in the file, in bytes.
    pub span: Range<usize>,
}

/// Reads the cases of a file, with all mistakes. A block that has a mistake is left out.
pub fn cases(source: &Source) -> (Vec<Case>, Vec<Diagnostic>) {
    let mut reading = Reading { source, cases: Vec::new(), open: None, found: Vec::new() };
    for (event, range) in Parser::new(&source.text).into_offset_iter() {
        reading.event(event, range);
    }
    let mut found = reading.found;
    sort(&mut found);
    (reading.cases, found)
}

impl Case {
    /// The name of the resource type that the case is about.
    pub fn resource(&self) -> &'static str {
        self.blocks.iter().find_map(|block| block.resource).unwrap_or("User")
    }
}

struct Reading<'s> {
    source: &'s Source,
    cases: Vec<Case>,
    open: Option<Open>,
    found: Vec<Diagnostic>,
}

/// What the events that come next belong to.
enum Open {
    Heading { name: String, range: Range<usize> },
    Block { info: String, text: String, range: Range<usize>, content: Option<Range<usize>> },
}

impl Reading<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => {
                self.open = Some(Open::Heading { name: String::new(), range });
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let info = info.into_string();
                self.open = Some(Open::Block { info, text: String::new(), range, content: None });
            }
            Event::Text(part) | Event::Code(part) => self.text(&part, range),
            Event::End(TagEnd::Heading(HeadingLevel::H2) | TagEnd::CodeBlock) => self.close(),
            _ => {}
        }
    }

    fn text(&mut self, part: &str, range: Range<usize>) {
        match &mut self.open {
            Some(Open::Heading { name, .. }) => name.push_str(part),
            Some(Open::Block { text, content, .. }) => {
                text.push_str(part);
                let start = content.as_ref().map_or(range.start, |content| content.start);
                *content = Some(start..range.end);
            }
            None => {}
        }
    }

    fn close(&mut self) {
        match self.open.take() {
            Some(Open::Heading { name, range }) => self.case(name, range),
            Some(Open::Block { info, text, range, content }) => {
                let content = content.unwrap_or_else(|| self.empty(&range));
                self.block(&info, text, range, content);
            }
            None => {}
        }
    }

    fn case(&mut self, name: String, range: Range<usize>) {
        if self.cases.iter().any(|case| case.name == name) {
            let message = format!("two cases are named `{name}`");
            self.report(CASE_NAME, range.clone(), message, "again here", "give each its own name");
        }
        let line = self.source.position(range.start).line;
        self.cases.push(Case { name, line, blocks: Vec::new() });
    }

    fn block(&mut self, info: &str, text: String, range: Range<usize>, content: Range<usize>) {
        let info = match info::read(info) {
            Ok(Some(info)) => info,
            Ok(None) => return,
            Err(refusals) => {
                for (code, message, hint) in refusals {
                    self.report(code, self.first_line(&range), message, "this block", &hint);
                }
                return;
            }
        };
        if info.kind.is_json()
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text)
        {
            let at = self.error_place(&content, &error);
            let hint = "a block whose information begins with `json` is JSON";
            return self.report(CASE_JSON, at, "this block is not JSON", error.to_string(), hint);
        }
        let Some(case) = self.cases.last_mut() else {
            let hint = "write a `##` heading above it, which names the case";
            let at = self.first_line(&range);
            return self.report(CASE_OUTSIDE, at, "this block belongs to no case", "here", hint);
        };
        let info::Info { kind, message, direction, resource, source } = info;
        let span = content;
        case.blocks.push(Block { kind, message, direction, resource, source, text, span });
    }

    /// Where the text of a block without any would stand.
    fn empty(&self, range: &Range<usize>) -> Range<usize> {
        let at = self.first_line(range).end.saturating_add(1).min(self.source.text.len());
        at..at
    }

    fn first_line(&self, range: &Range<usize>) -> Range<usize> {
        let block = self.source.text.get(range.clone()).unwrap_or_default();
        let line = block.lines().next().unwrap_or_default();
        range.start..range.start + line.len()
    }

    /// The line in the file that a JSON error speaks of.
    fn error_place(&self, content: &Range<usize>, error: &serde_json::Error) -> Range<usize> {
        let text = self.source.text.get(content.clone()).unwrap_or_default();
        let lines = text.split_inclusive('\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
        let line = text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let start = content.start + before;
        start..start + line.len()
    }

    fn report(
        &mut self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        hint: &str,
    ) {
        let diagnostic = Diagnostic::error(code, message);
        self.found.push(diagnostic.at(&self.source.name, span, label).with_hint(hint));
    }
}
