//! Prints what is made from the command line or the configuration: completions and manual pages.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::environment::find_config_file;
use super::exit::{CommandOutcome, HintedError};
use super::{Cli, CompletionsArgs, ConfigArgs, ManArgs};
use crate::config::{Config, ConfigError};
use crate::config_reference::{ConfigOverride, REFERENCE, config_schema, format_config_in_force};

pub(super) fn print_completions(args: &CompletionsArgs) -> anyhow::Result<CommandOutcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "courant", &mut script);
    print_bytes(&script)
}

pub(super) fn print_man_page(args: &ManArgs) -> anyhow::Result<CommandOutcome> {
    let mut program = Cli::command();
    program.build();
    let command = match &args.command {
        None => &program,
        Some(name) => program.find_subcommand(name).ok_or_else(|| HintedError {
            message: format!("there is no command `{name}`"),
            hint: "`courant --help` lists all commands".to_owned(),
            source: None,
        })?,
    };
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    print_bytes(&page)
}

pub(super) fn print_config(args: &ConfigArgs) -> anyhow::Result<CommandOutcome> {
    if args.default {
        return print_bytes(REFERENCE.as_bytes());
    }
    let path = find_config_file(&args.config);
    let mut config = Config::load(&path)?;
    args.addresses.override_addresses(&mut config);
    let overridden = args.addresses.overridden_keys().into_iter();
    let overrides: Vec<ConfigOverride> = overridden
        .map(|(path, source)| ConfigOverride {
            path,
            value: match path {
                "server.listen" => {
                    let addresses = config.server.listen.iter();
                    let quoted: Vec<_> = addresses
                        .map(|one| format!("{:?}", one.to_string()))
                        .collect();
                    format!("[{}]", quoted.join(", "))
                }
                _ => format!(
                    "{:?}",
                    config
                        .admin
                        .listen
                        .map(|one| one.to_string())
                        .unwrap_or_default()
                ),
            },
            source,
        })
        .collect();
    let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read {
        path: path.clone(),
        source,
    })?;
    let shown = path.display().to_string();
    print_bytes(format_config_in_force(&text, &shown, &overrides).as_bytes())
}

pub(super) fn print_schema() -> anyhow::Result<CommandOutcome> {
    print_bytes(format!("{:#}\n", config_schema()).as_bytes())
}

/// Writes to stdout. A pipe that was closed early, as by `head`, is no failure.
fn print_bytes(bytes: &[u8]) -> anyhow::Result<CommandOutcome> {
    match io::stdout().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(CommandOutcome::Success),
    }
}
