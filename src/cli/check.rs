//! `check`: every mistake of a configuration, and nothing served.

use std::path::Path;
use std::process::ExitCode;

use super::Format;
use super::load::load;
use super::output::{mistakes, say};

pub(super) fn check(config: &Path, format: Format) -> ExitCode {
    let loaded = match load(config) {
        Ok(loaded) => loaded,
        Err(found) => {
            mistakes(&found, format);
            return ExitCode::FAILURE;
        }
    };
    let warnings = loaded.warnings;
    match format {
        Format::Json => mistakes(&warnings, format),
        Format::Text => {
            if !warnings.diagnostics.is_empty() {
                mistakes(&warnings, format);
            }
            let routes = loaded.gateway.routes();
            for route in routes {
                let spec = &route.spec;
                say(&format!("{}  {} -> {}", spec.name, spec.client.title, spec.upstream.title));
            }
            say(&format!("{} routes, no mistakes; rules {}", routes.len(), loaded.rules_hash));
        }
    }
    ExitCode::SUCCESS
}
