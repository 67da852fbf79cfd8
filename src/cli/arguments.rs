//! The command line itself: which verbs there are, and which file answers each.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use super::options::{Format, Plain};
use super::{
    audit, check, completions, demo, examples, explain, losses, man, output, run, sandbox, schema,
    test, translate,
};

/// A SCIM gateway: a reverse proxy that translates between SCIM dialects by declarative rules.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// How results and diagnostics are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve every route of a configuration until SIGTERM or SIGINT.
    ///
    /// Prints, for each route, what it is and a curl command that lists users through it; before a sandbox,
    /// also one that creates a user. Reads the configuration
    /// again on SIGHUP, when its files change, and on `POST /reload` at the admin listener. Exits with
    /// 1 where the configuration has a mistake or an address is taken.
    #[command(after_help = examples::RUN)]
    Run(run::Options),
    /// Play README's exchange over HTTP on the shipped configuration, and show it.
    ///
    /// The gateway takes a free port, its upstreams are simulators inside the program, and nothing is
    /// left behind. Exits with 1 where the answer is not the one that README prints.
    #[command(after_help = examples::DEMO)]
    Demo(Plain),
    /// Report every mistake of a configuration, its dialects, overlays and cases, and serve nothing.
    ///
    /// All of them in one run: none hides another, but where a file is no TOML at all. Secrets are read
    /// too, so that what passes here starts. With --format json one object, whatever comes of it:
    /// `outcome` (passed or failed), `errors` and `warnings` (numbers), `diagnostics`, `rules` (their
    /// hash; null where there is a mistake), `routes` (none then) and
    /// `moved` (what --since asks for). Exits with 1 where there is a mistake, and, with
    /// --deny-warnings, where there is a warning.
    #[command(after_help = examples::CHECK)]
    Check(check::Options),
    /// Translate one document along a route and print what the other side gets; make no call.
    ///
    /// Requests go from the client's words to the upstream's, answers the other way. What is lost is
    /// told on standard error. Exits with 1 where the gateway would refuse the document.
    #[command(after_help = examples::TRANSLATE)]
    Translate(translate::Options),
    /// Tell which rule, in which file and line, does what with a body, a PATCH, a filter or a path.
    ///
    /// Each value of the client's is followed to the canonical form and to the upstream. Only places
    /// are printed, unless --values is given. Makes no call.
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::Options),
    /// Report what a route carries, shares, loses, keeps and guards, whatever the request.
    ///
    /// Of all routes of the configuration, unless one is named.
    #[command(after_help = examples::LOSSES)]
    Losses(losses::Options),
    /// Run the examples of every dialect's page (cases.md) through the engine, and show what differs.
    ///
    /// Exits with 1 where a block is not what the engine makes of the others. Tries your own rules
    /// before they serve.
    #[command(after_help = examples::TEST)]
    Test(test::Options),
    /// Serve one embedded vendor simulator over HTTP, to try clients against.
    #[command(after_help = examples::SANDBOX)]
    Sandbox(sandbox::Options),
    /// Print the JSON Schema of a configuration, or of a dialect's files, for editors.
    ///
    /// Draft 2020-12. It is made of what the readers ask for while they read the annotated references
    /// (config.toml, docs/dialects.md), so it names every key that they know and no other, with the
    /// description and default that stand there. What only `check` can know (places, names, files) is not in
    /// it. An editor with taplo takes it from `#:schema config.schema.json`, the first line of a TOML file.
    #[command(after_help = examples::SCHEMA)]
    Schema(schema::Options),
    /// Print what a shell reads to complete verbs, options and file names.
    ///
    /// Where it goes is the shell's to say; a packaged program brings it along.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Options),
    /// Write the command line as manual pages, one a verb, and print their names.
    #[command(after_help = examples::MAN)]
    Man(man::Options),
    /// Look at the record of writes, `[audit]`.
    #[command(subcommand)]
    Audit(audit::Verb),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let Arguments { verb, format } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return asked(&told),
    };
    let code = match verb {
        // They serve, whether or not anybody reads what they print.
        Verb::Run(options) => return run::run(&options, format),
        Verb::Sandbox(options) => return sandbox::sandbox(&options),
        Verb::Demo(Plain { .. }) => demo::demo(),
        Verb::Check(options) => check::check(&options, format),
        Verb::Translate(options) => translate::translate(&options, format),
        Verb::Explain(options) => explain::explain(&options, format),
        Verb::Losses(options) => losses::losses(&options, format),
        Verb::Test(options) => test::test(&options, format),
        Verb::Schema(options) => schema::schema(&options),
        Verb::Completions(options) => completions::completions(&options, Arguments::command()),
        Verb::Man(options) => man::man(&options, Arguments::command()),
        Verb::Audit(verb) => audit::audit(&verb, format),
    };
    output::ended(code)
}

/// Prints the help or the version that was asked for, or what is wrong with the command line.
fn asked(told: &clap::Error) -> ExitCode {
    let printed = told.print();
    if !told.use_stderr() {
        output::said(printed);
    }
    output::ended(ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2)))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }

    #[test]
    fn each_verbs_help_ends_in_examples_that_are_command_lines_of_it() {
        let mut verbs = Vec::new();
        for verb in super::Arguments::command().get_subcommands() {
            match verb.get_subcommands().count() {
                0 => verbs.push((verb.get_name().to_owned(), verb.clone())),
                _ => verbs.extend(verb.get_subcommands().map(|inner| {
                    (format!("{} {}", verb.get_name(), inner.get_name()), inner.clone())
                })),
            }
        }
        assert!(verbs.len() >= 10, "{verbs:?}");
        for (name, verb) in verbs {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
            let examples: Vec<&str> = lines.collect();
            assert!(help.starts_with("Examples:") && !examples.is_empty(), "{name}: {help}");
            for example in examples {
                let start = format!("scim-gateway {name}");
                assert!(example.starts_with(&start), "{name}: {example}");
                // What comes in or goes out by a file is no argument.
                let line = example.split(['<', '>']).next().unwrap_or_default();
                let read = super::Arguments::try_parse_from(crate::cli::demo::words(line));
                assert!(read.is_ok(), "{example}: {read:?}");
            }
        }
    }
}
