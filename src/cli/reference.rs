//! The reference pages of `docs/`, written from the program itself so that they cannot be stale.

use std::fmt::Write;

use clap::CommandFactory;

use super::arguments::Arguments;
use crate::diagnostic::Code;
use crate::ops::metrics::{Kind, METRICS};
use crate::{config, diagnostic, dialect, rewrite};

/// Every page: its file's name below `docs/`, and its text.
#[must_use]
pub fn pages() -> Vec<(&'static str, String)> {
    vec![("cli.md", cli()), ("diagnostics.md", diagnostics()), ("metrics.md", metrics())]
}

const WRITTEN: &str = "<!-- Written by the program: `BLESS=1 cargo test --test cli reference`. -->";

fn cli() -> String {
    let mut page = format!("# Command line\n\n{WRITTEN}\n");
    let mut command = Arguments::command().term_width(100);
    command.build();
    section(&mut page, &mut command);
    let verbs = |command: &mut clap::Command| {
        let all = command.get_subcommands_mut();
        all.filter(|verb| verb.get_name() != "help").map(|verb| verb.clone()).collect::<Vec<_>>()
    };
    for mut verb in verbs(&mut command) {
        section(&mut page, &mut verb);
        verbs(&mut verb).iter_mut().for_each(|inner| section(&mut page, inner));
    }
    page
}

fn section(page: &mut String, command: &mut clap::Command) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help: Vec<String> = command
        .render_long_help()
        .to_string()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    // Writing to a String does not fail.
    let _ = write!(page, "\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
}

fn diagnostics() -> String {
    let rooms: [(&str, &[Code]); 4] = [
        ("Any TOML file", diagnostic::CODES),
        ("Rules", rewrite::CODES),
        ("Schemas, dialects and cases", dialect::CODES),
        ("Configuration", config::CODES),
    ];
    let mut page = format!(
        "# Diagnostics\n\n{WRITTEN}\n\nEach mistake in rules and configuration has a code that \
         never gets a second meaning. `scim-gateway check` shows all of them at once, with the \
         place and a hint.\n"
    );
    for (room, codes) in rooms {
        let _ = write!(page, "\n## {room}\n\n| code | mistake |\n|---|---|\n");
        for Code { id, title } in codes {
            let _ = writeln!(page, "| {id} | {title} |");
        }
    }
    page
}

fn metrics() -> String {
    let mut page = format!(
        "# Metrics\n\n{WRITTEN}\n\nThe admin listener answers them at `/metrics`. Every label is \
         bounded.\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n"
    );
    for metric in METRICS {
        let kind = match metric.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram if metric.name.ends_with("_seconds") => "histogram, seconds",
            Kind::Histogram => "histogram",
        };
        let (name, labels, help) = (metric.name, metric.labels.join(", "), metric.help);
        let _ = writeln!(page, "| `{name}` | {kind} | {labels} | {help} |");
    }
    page
}
