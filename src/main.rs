//! The binary: reads the command line, runs the command, ends with its exit code.

use std::process::ExitCode;

use clap::Parser as _;
use courant::cli::{Cli, LogFormat};
use courant::command;
use courant::telemetry::{self, Form};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let _logging = telemetry::init(match cli.log_format() {
        LogFormat::Human => Form::Human,
        LogFormat::Json => Form::Json,
    });
    command::run(cli).into()
}
