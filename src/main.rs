//! Reads the command line, runs the command and returns its exit code.

use std::process::ExitCode;

use clap::Parser as _;
use courant::cli::dispatch;
use courant::cli::logging::{self, LogLineFormat};
use courant::cli::{Cli, LogFormat};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let _logging = logging::init_logging(match cli.log_format() {
        LogFormat::Human => LogLineFormat::Human,
        LogFormat::Json => LogLineFormat::Json,
    });
    dispatch::run_command(cli).into()
}
