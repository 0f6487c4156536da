//! Arguments into action: the wiring of each command, and what its end means to the caller.
//!
//! With `main`, the only code that has a clock, `anyhow` and exit codes.

mod check;
mod import_ids;
mod init;
mod serve;
mod why;

use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use tracing::error;

use crate::cli::{Cli, Command, ConfigFile, LogFormat};
use crate::config::ConfigError;
use crate::report::{Report, human};
use crate::server::CannotInherit;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked.
    Done,
    /// It failed.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// `check` found errors.
    Findings,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Findings => 3,
        })
    }
}

/// Runs what was asked for, and tells stderr why it failed if it did.
pub fn run(cli: Cli) -> Exit {
    let form = cli.log_format();
    let ended = match cli.command {
        None => serve::run(&cli.serve),
        Some(Command::Serve(args)) => serve::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::ImportIds(args)) => import_ids::run(&args),
        Some(Command::Why(args)) => why::run(&args),
        Some(Command::Init(args)) => init::run(&args),
    };
    ended.unwrap_or_else(|error| {
        let exit = if error.is::<ConfigError>() || error.is::<CannotInherit>() {
            Exit::Usage
        } else {
            Exit::Failed
        };
        match form {
            LogFormat::Human => tell(&explain(&error)),
            LogFormat::Json => log(&error),
        }
        exit
    })
}

/// The chain of an error once, each of its causes on a line; a configuration's faults whole.
fn explain(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Faults { findings, .. }) => {
            let here = here();
            text.push('\n');
            text.push_str(&human(&Report::of_config(findings, &here)));
        }
        Some(ConfigError::Read { .. }) => {
            text.push_str("  hint: name the file with `--config FILE`\n")
        }
        None => {}
    }
    let hint = error.downcast_ref::<Hint>().map(|hint| hint.hint.as_str());
    let inherited = error.downcast_ref().map(CannotInherit::hint);
    if let Some(hint) = hint.or(inherited) {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text
}

/// The same for programs: a line for each fault of a configuration, and one for all else.
fn log(error: &anyhow::Error) {
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Faults { findings, .. }) => {
            for finding in findings {
                error!(hint = finding.hint, "{finding}");
            }
        }
        _ => {
            let hint = error.downcast_ref::<Hint>().map(|hint| &*hint.hint);
            error!(hint, "{error:#}");
        }
    }
}

/// A failure of the machine's, with what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Hint {
    message: String,
    hint: String,
    source: Option<std::io::Error>,
}

/// The wall clock. Everything below is told the time by whoever calls it.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the clock comes in"
)]
fn clock() -> SystemTime {
    SystemTime::now()
}

/// Finds the configuration that is meant, by the names that `courant init` gives it.
fn config_file(args: &ConfigFile) -> PathBuf {
    match &args.config {
        Some(file) => file.clone(),
        None => [".courant.toml", "courant.toml", "config.toml"]
            .map(PathBuf::from)
            .into_iter()
            .find(|file| file.is_file())
            .unwrap_or_else(|| PathBuf::from("config.toml")),
    }
}

/// Findings as stderr has them.
fn human(report: &Report<'_>) -> String {
    let mut whole = Vec::new();
    // Memory takes all that is written.
    let _ = human::write(report, takes_colour(&std::io::stderr()), &mut whole);
    String::from_utf8_lossy(&whole).into_owned()
}

/// The directory that shown paths are relative to.
fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Whether a stream is a terminal whose user has nothing against colours.
fn takes_colour(stream: &impl IsTerminal) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !is_dumb && !is_set("NO_COLOR")
}

/// Talk goes to stderr. A reader that has gone away is no reason to fail.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
