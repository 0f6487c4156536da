//! The binary: reads the command line, runs the command, ends with its exit code.

use std::process::ExitCode;

use clap::Parser as _;
use courant::cli::Cli;
use courant::{command, telemetry};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let _logging = telemetry::init();
    command::run(cli).into()
}
