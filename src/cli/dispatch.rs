//! Runs the command of the command line and maps its result to an exit code.
//!
//! With `main`, this is the only code that reads the clock and uses `anyhow` and exit codes.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use tracing::error;

use super::build;
use super::check;
use super::environment::{DEFAULT_CONFIG_FILE, working_directory};
use super::exit::{CommandOutcome, HintedError};
use super::import_ids;
use super::init;
use super::print;
use super::serve;
use super::terminal::{render_for_stderr, write_stderr};
use super::why;
use crate::check::report::Report;
use crate::cli::{Cli, Command, LogFormat};
use crate::config::ConfigError;
use crate::server::ActivationError;

impl From<CommandOutcome> for ExitCode {
    fn from(exit: CommandOutcome) -> ExitCode {
        ExitCode::from(match exit {
            CommandOutcome::Success => 0,
            CommandOutcome::Failure => 1,
            CommandOutcome::UsageError => 2,
            CommandOutcome::ErrorsFound => 3,
        })
    }
}

/// Runs the command and reports a failure on stderr.
pub fn run_command(cli: Cli) -> CommandOutcome {
    let format = cli.log_format();
    let result = match cli.command {
        None => serve::run_server(&cli.serve),
        Some(Command::Serve(args)) => match &args.repository {
            Some(url) => serve::run_repository(url, args.state_dir.as_deref(), &args.serve),
            None => serve::run_server(&args.serve),
        },
        Some(Command::Build(args)) => build::run_build(&args),
        Some(Command::Check(args)) => check::run_check(&args),
        Some(Command::ImportIds(args)) => import_ids::run_import_ids(&args),
        Some(Command::Why(args)) => why::explain_question(&args),
        Some(Command::Init(args)) => init::init_site(&args),
        Some(Command::Config(args)) => print::print_config(&args),
        Some(Command::Schema) => print::print_schema(),
        Some(Command::Completions(args)) => print::print_completions(&args),
        Some(Command::Man(args)) => print::print_man_page(&args),
    };
    result.unwrap_or_else(|error| {
        match format {
            LogFormat::Human => write_stderr(&format_error_chain(&error)),
            LogFormat::Json => log_error(&error),
        }
        if error.is::<ConfigError>() || error.is::<ActivationError>() {
            CommandOutcome::UsageError
        } else {
            CommandOutcome::Failure
        }
    })
}

/// Formats an error with each cause on a line of its own, and all findings of an invalid configuration.
fn format_error_chain(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Invalid { findings, .. }) => {
            let here = working_directory();
            text.push('\n');
            text.push_str(&render_for_stderr(&Report::from_config_findings(
                findings, &here,
            )));
        }
        Some(ConfigError::Read { path, source }) => {
            text.push_str(&format!("  hint: {}\n", unread_config_hint(path, source)));
        }
        None => {}
    }
    let hint = error
        .downcast_ref::<HintedError>()
        .map(|hint| hint.hint.as_str());
    let inherited = error.downcast_ref().map(ActivationError::hint);
    if let Some(hint) = hint.or(inherited) {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text
}

/// Returns the remedy for a configuration that cannot be read.
fn unread_config_hint(path: &Path, source: &io::Error) -> &'static str {
    let is_missing = source.kind() == io::ErrorKind::NotFound;
    if is_missing && path == Path::new(DEFAULT_CONFIG_FILE) {
        "run `courant init` here to write one for this site, or name the file with `--config FILE`"
    } else {
        "name the file with `--config FILE`"
    }
}

/// Logs an error for programs: one line per error of a configuration, or one line for any other error.
fn log_error(error: &anyhow::Error) {
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Invalid { findings, .. }) => {
            for finding in findings {
                error!(hint = finding.hint, "{finding}");
            }
        }
        Some(ConfigError::Read { path, source }) => {
            error!(hint = unread_config_hint(path, source), "{error:#}");
        }
        None => {
            let hint = error.downcast_ref::<HintedError>().map(|hint| &*hint.hint);
            error!(hint, "{error:#}");
        }
    }
}
