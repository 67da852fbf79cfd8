//! Diagnostics as text for people and as JSON for programs.
//!
//! It does not decide what is printed where: it returns text and data.

use std::ops::Range;

use ariadne::{Config, IndexType, Label as Mark, Report, ReportKind};
use serde_json::json;

use super::report::{Diagnostic, Label, Severity};
use super::source::Source;

/// The longest line that is drawn, in bytes.
const LONGEST_LINE: usize = 1000;

/// The diagnostics as text for people, each with file, line and column, the text underlined, and the
/// hint. A label of a file that is not among the sources is written as a note, and one on a very long
/// line without the line.
pub fn text(diagnostics: &[Diagnostic], sources: &[Source], colours: bool) -> String {
    let mut out = Vec::new();
    for diagnostic in diagnostics {
        if !drawn(diagnostic, sources, colours, &mut out) {
            out.extend_from_slice(plain(diagnostic, sources).as_bytes());
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The diagnostics as a JSON array of `code`, `severity`, `message`, `labels` (`file`, `line`,
/// `column`, `text`) and `hint` (which may be `null`).
pub fn json(diagnostics: &[Diagnostic], sources: &[Source]) -> serde_json::Value {
    diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "code": diagnostic.code.id,
                "severity": severity(diagnostic.severity),
                "message": diagnostic.message,
                "labels": diagnostic.labels.iter().map(|l| label(l, sources)).collect::<Vec<_>>(),
                "hint": diagnostic.hint,
            })
        })
        .collect()
}

fn label(label: &Label, sources: &[Source]) -> serde_json::Value {
    let position = find(label, sources).map(|source| source.position(label.span.start));
    json!({
        "file": &*label.file,
        "line": position.map(|at| at.line),
        "column": position.map(|at| at.column),
        "text": label.text,
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn find<'s>(label: &Label, sources: &'s [Source]) -> Option<&'s Source> {
    sources.iter().find(|source| source.name == label.file)
}

/// Draws the diagnostic over its sources; false where it has no place in any of them.
fn drawn(d: &Diagnostic, sources: &[Source], colours: bool, out: &mut Vec<u8>) -> bool {
    let placed = || d.labels.iter().filter_map(|l| Some((l, find(l, sources)?)));
    let Some((first, source)) = placed().next() else { return false };
    if placed().any(|(label, source)| longest_line(label, source) > LONGEST_LINE) {
        return false;
    }
    let kind = match d.severity {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
    };
    let config = Config::default().with_color(colours).with_index_type(IndexType::Char);
    let mut report = Report::build(kind, (source.name.to_string(), inside(first, source)))
        .with_config(config)
        .with_code(d.code.id)
        .with_message(&d.message);
    let mut marks: Vec<_> = placed().collect();
    marks.sort_by_key(|(label, _)| (&label.file, label.span.start));
    for (label, source) in marks {
        let span = (source.name.to_string(), inside(label, source));
        report.add_label(Mark::new(span).with_message(&label.text));
    }
    for label in d.labels.iter().filter(|label| find(label, sources).is_none()) {
        report.add_note(format!("{}: {}", label.file, label.text));
    }
    if let Some(hint) = &d.hint {
        report.set_help(hint);
    }
    let texts = sources.iter().map(|s| (s.name.to_string(), s.text.to_string()));
    report.finish().write(ariadne::sources(texts), &mut *out).is_ok()
}

/// The length of the longest line that the label touches.
fn longest_line(label: &Label, source: &Source) -> usize {
    let (start, end) = (source.boundary(label.span.start), source.boundary(label.span.end));
    let before = source.text.get(..start).and_then(|text| text.rsplit('\n').next());
    let after = source.text.get(end.max(start)..).and_then(|text| text.split('\n').next());
    let inside = source.text.get(start..end.max(start)).unwrap_or_default();
    let longest = inside.split('\n').map(str::len).max().unwrap_or_default();
    before.map_or(0, str::len) + longest + after.map_or(0, str::len)
}

fn plain(diagnostic: &Diagnostic, sources: &[Source]) -> String {
    let Diagnostic { code, severity: level, message, labels, hint } = diagnostic;
    let mut text = format!("[{}] {}: {message}\n", code.id, severity(*level));
    for label in labels {
        let at = find(label, sources).map(|source| source.position(label.span.start));
        let at = at.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        text.push_str(&format!("  {}{at}: {}\n", label.file, label.text));
    }
    if let Some(hint) = hint {
        text.push_str(&format!("  Help: {hint}\n"));
    }
    text
}

/// The label's span in characters, inside the text: ariadne cuts characters apart if given bytes.
fn inside(label: &Label, source: &Source) -> Range<usize> {
    let characters = |offset: usize| {
        let before = source.text.get(..source.boundary(offset)).unwrap_or_default();
        before.chars().count()
    };
    let start = characters(label.span.start);
    start..characters(label.span.end).max(start)
}
