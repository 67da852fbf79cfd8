//! `man`: the command line as manual pages, one a verb.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Command;
use clap_mangen::Man;

use super::output::{fail, say};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    _plain: super::options::Plain,
    /// The folder of the pages; made where it is missing. Pages of before are written anew.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Of the command line.
pub(super) fn man(options: &Options, command: Command) -> ExitCode {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    match written(&command, &options.folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err((place, why)) => fail(&format!("{} cannot be written: {why}", place.display())),
    }
}

/// Writes the page of a command and of all below it, and says where each is.
fn written(command: &Command, folder: &Path) -> Result<(), (PathBuf, ErrorKind)> {
    std::fs::create_dir_all(folder).map_err(|error| (folder.to_owned(), error.kind()))?;
    let page = Man::new(command.clone()).manual("SCIM Gateway");
    let place = folder.join(page.get_filename());
    page.generate_to(folder).map_err(|error| (place.clone(), error.kind()))?;
    say(&place.display().to_string());
    command.get_subcommands().try_for_each(|verb| written(verb, folder))
}
