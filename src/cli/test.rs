//! `test`: the examples of every dialect's page, run through the engine.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value as Json, json};

use super::options::Format;
use super::output::{complain, failed, mistakes, say};
use crate::diagnostic::{Mistakes, Source};
use crate::dialect::cases::{Case, bless, cases};
use crate::dialect::{Dialects, hold_a_dialect};
use crate::gateway::pair::Kind;
use crate::gateway::report::{Mismatch, Stage};

/// The most blocks that one page is given anew.
const MOST: usize = 1_000;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// A folder of dialects, laid over those inside the program: DIR/<dialect>/*.toml and cases.md.
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Write what the engine makes into the computed blocks of DIR's pages. Blocks with a source are
    /// written by hand, and stay.
    #[arg(long, requires = "directory")]
    bless: bool,
}

/// One page and what came of it.
struct Page {
    name: String,
    /// Whether the dialect has one.
    there: bool,
    ran: usize,
    wrong: Vec<(Case, Mismatch)>,
    blessed: usize,
}

pub(super) fn test(options: &Options, format: Format) -> ExitCode {
    if let Some(why) = options.directory.as_deref().and_then(nothing) {
        return failed(&why, format);
    }
    let dialects = match &options.directory {
        Some(directory) => Dialects::with_directory(directory),
        None => Dialects::embedded(),
    };
    match dialects.and_then(|dialects| pages(&dialects, options)) {
        Ok(pages) => print(&pages, format),
        Err(found) => {
            mistakes(&found, format);
            ExitCode::FAILURE
        }
    }
}

/// Why there is nothing of one's own to try in a folder that can be read.
fn nothing(directory: &Path) -> Option<String> {
    if !directory.is_dir() || hold_a_dialect(directory) {
        return None;
    }
    let mut why = format!("there is no <dialect>/dialect.toml below {}", directory.display());
    if directory.join("dialect.toml").is_file() {
        let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = match parent {
            // `.` and `..` are what they stand for.
            _ if directory.file_name().is_none() => directory.join("..").display().to_string(),
            Some(parent) => parent.display().to_string(),
            None => ".".to_owned(),
        };
        why.push_str(&format!(": did you mean its parent, {parent}?"));
    }
    Some(why)
}

fn pages(dialects: &Dialects, options: &Options) -> Result<Vec<Page>, Mistakes> {
    let sources = || dialects.sources().iter().filter(|source| source.name.ends_with("/cases.md"));
    let of = |source: &Source| Path::new(&*source.name).parent()?.file_name().map(OsString::from);
    let there: BTreeSet<OsString> = sources().filter_map(of).collect();
    let lacking = dialects.names().filter(|name| !there.contains(OsStr::new(name)));
    let folder = options.directory.as_deref().unwrap_or(Path::new("rules"));
    let absent = lacking.map(|name| {
        let name = folder.join(name).join("cases.md").display().to_string();
        Ok(Page { name, there: false, ran: 0, wrong: Vec::new(), blessed: 0 })
    });
    sources().map(|source| page(dialects, source, options)).chain(absent).collect()
}

fn page(dialects: &Dialects, source: &Source, options: &Options) -> Result<Page, Mistakes> {
    let folder = Path::new(&*source.name).parent().and_then(Path::file_name);
    let dialect = folder.and_then(|name| dialects.named(&name.to_string_lossy()));
    let plain = dialects.named("scim");
    let stage = |kind: Kind| {
        let (plain, dialect) = plain.zip(dialect)?;
        Stage::new(dialects.canonical_of(kind.name())?, plain, dialect, kind)
    };
    let stages: Vec<_> =
        Kind::ALL.into_iter().filter_map(|k| Some((k.name(), stage(k)?))).collect();
    let own = options.directory.as_deref().is_some_and(|d| Path::new(&*source.name).starts_with(d));
    let mut page =
        Page { name: source.name.to_string(), there: true, ran: 0, wrong: Vec::new(), blessed: 0 };
    if stages.is_empty() {
        return Ok(page);
    }
    let run = |case: &Case| {
        let stage = stages.iter().find(|(name, _)| *name == case.resource());
        stage.map_or_else(|| vec![unknown(case)], |(_, stage)| stage.run(case))
    };
    let mut text = source.text.to_string();
    for _ in 0..MOST {
        let current = Source::new(source.name.as_ref(), text.as_str());
        let (found, diagnostics) = cases(&current);
        if !diagnostics.is_empty() {
            return Err(Mistakes { diagnostics, sources: vec![current] });
        }
        page.ran = found.len();
        page.wrong = found
            .iter()
            .flat_map(|case| run(case).into_iter().map(|wrong| (case.clone(), wrong)))
            .collect();
        let computed = page.wrong.iter().find(|(_, wrong)| wrong.source.is_none());
        let Some((case, wrong)) = computed.filter(|_| options.bless && own) else { break };
        match bless(&text, case, wrong.block, &wrong.got) {
            Ok(new) => text = new,
            Err(refusal) => {
                complain(&format!("{}:{}: {refusal}", source.name, case.line));
                break;
            }
        }
        page.blessed += 1;
    }
    if page.blessed > 0 && std::fs::write(&*source.name, &text).is_err() {
        complain(&format!("error: {} cannot be written", source.name));
    }
    Ok(page)
}

/// A case about resources that the dialect does not have.
fn unknown(case: &Case) -> Mismatch {
    let expected = case.blocks.first().map(|block| block.text.clone()).unwrap_or_default();
    let got = format!("the dialect has no {}", case.resource());
    Mismatch { block: 0, expected, got, source: Some("there is nothing to compare".to_owned()) }
}

fn print(pages: &[Page], format: Format) -> ExitCode {
    let wrong: usize = pages.iter().map(|page| page.wrong.len()).sum();
    match format {
        Format::Json => say(&Json::Array(pages.iter().map(as_json).collect()).to_string()),
        Format::Text => {
            for page in pages {
                if !page.there {
                    say(&format!("{}: no such page: nothing of this dialect was tried", page.name));
                    continue;
                }
                page.wrong.iter().for_each(|(case, wrong)| difference(page, case, wrong));
                let blessed = match page.blessed {
                    0 => String::new(),
                    1 => ", 1 block written anew".to_owned(),
                    blessed => format!(", {blessed} blocks written anew"),
                };
                let failed = page.wrong.len();
                let differ = if failed == 1 { "differs" } else { "differ" };
                let ran =
                    if page.ran == 1 { "1 case".to_owned() } else { format!("{} cases", page.ran) };
                say(&format!("{}: {ran}, {failed} {differ}{blessed}", page.name));
            }
        }
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn difference(page: &Page, case: &Case, wrong: &Mismatch) {
    let Case { name, line, .. } = case;
    say(&format!("{}:{line}: {name}", page.name));
    match &wrong.source {
        Some(source) => say(&format!("  the block is by hand ({source}): correct the rules")),
        None => say("  the block is computed: correct the rules, or write it anew with --bless"),
    }
    diff(&lines(&wrong.expected), &lines(&wrong.got)).iter().for_each(|line| say(line));
}

/// JSON line by line; other text as it is.
fn lines(text: &str) -> Vec<String> {
    let json = serde_json::from_str::<Json>(text).ok();
    let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    pretty.as_deref().unwrap_or(text.trim()).lines().map(str::to_owned).collect()
}

/// What is only in the page (-), only made (+), or in both, by the longest common subsequence.
fn diff(page: &[String], made: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let (mut page, mut made) = (page, made);
    while let (Some((p, page_rest)), Some((m, made_rest))) =
        (page.split_first(), made.split_first())
    {
        if p == m {
            out.push(format!("    {p}"));
            (page, made) = (page_rest, made_rest);
        } else if common(page_rest, made) >= common(page, made_rest) {
            out.push(format!("  - {p}"));
            page = page_rest;
        } else {
            out.push(format!("  + {m}"));
            made = made_rest;
        }
    }
    out.extend(page.iter().map(|line| format!("  - {line}")));
    out.extend(made.iter().map(|line| format!("  + {line}")));
    out
}

/// The length of the longest common subsequence of the next lines.
fn common(a: &[String], b: &[String]) -> usize {
    const WINDOW: usize = 200;
    let b: Vec<&String> = b.iter().take(WINDOW).collect();
    let mut row = vec![0_usize; b.len() + 1];
    for line in a.iter().take(WINDOW) {
        let mut diagonal = 0;
        let mut left = 0;
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            *cell = if line == *other { diagonal + 1 } else { above.max(left) };
            (diagonal, left) = (above, *cell);
        }
    }
    row.last().copied().unwrap_or_default()
}

fn as_json(page: &Page) -> Json {
    let wrong = page.wrong.iter().map(|(case, wrong)| {
        json!({
            "case": case.name, "line": case.line, "expected": wrong.expected, "got": wrong.got,
            "source": wrong.source,
        })
    });
    json!({
        "page": page.name, "there": page.there, "cases": page.ran, "blessed": page.blessed,
        "differ": wrong.collect::<Vec<_>>(),
    })
}
