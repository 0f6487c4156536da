//! The command line, as typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Listen;

/// Live feeds, sitemap and social cards for a directory of Markdown posts.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `serve`.
    #[command(flatten)]
    pub serve: Serve,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the content directory, and every edit of it as it is saved.
    Serve(Serve),
    /// List everything that is wrong with the content; exit code 3 if any of it is an error.
    Check(Check),
    /// Look at a site and write the configuration that serves its posts.
    Init(Init),
    /// Take over the ids of a former feed, so that a site that moves posts nothing to its readers again.
    ImportIds(ImportIds),
    /// Tell what is known of a file or an address: its state, what decided it, where it is.
    Why(Why),
}

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigFile,
    /// How findings are written to stdout.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// What ends with exit code 3 besides errors.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub deny: Option<Deny>,
    /// Write only findings that end with exit code 3, and the count of all.
    #[arg(long, short)]
    pub quiet: bool,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: each with its line, what of it is meant, and what to do.
    Human,
    /// For programs: one JSON document, as docs/check.md describes it.
    Json,
    /// For GitHub Actions: workflow commands, shown beside the lines.
    Github,
    /// For code scanners: a SARIF 2.1.0 log.
    Sarif,
}

/// What is as bad as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings.
    Warnings,
    /// Notes, and warnings.
    Notes,
}

/// Options of `why`.
#[derive(Debug, Args)]
pub struct Why {
    /// A file, an address, an id, or the end of a file's path.
    #[arg(value_name = "FILE|URL")]
    pub question: String,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Listen on this address instead of `server.listen`: one with a port, where 0 picks a free one, or
    /// `unix:` and a path. Give it several times for several.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<Listen>,
    /// Have the operator's page at this address instead of `admin.listen`; `off` is nowhere.
    #[arg(long, value_name = "ADDRESS")]
    pub admin_listen: Option<AdminListen>,
    /// How log lines are written to stderr.
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        env = "COURANT_LOG_FORMAT",
        hide_env_values = true,
        default_value_t = LogFormat::Human
    )]
    pub log_format: LogFormat,
}

/// Where the operator's page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdminListen(pub Option<SocketAddr>);

impl FromStr for AdminListen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<AdminListen, &'static str> {
        match text {
            "off" => Ok(AdminListen(None)),
            text => {
                let address = text
                    .parse()
                    .map_err(|_| "write `127.0.0.1:8081`, or `off`")?;
                Ok(AdminListen(Some(address)))
            }
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people: a line of text, coloured on a terminal.
    Human,
    /// For programs: one JSON object a line.
    Json,
}

impl Cli {
    /// How log lines are to be written.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            None => self.serve.log_format,
            Some(Command::Serve(serve)) => serve.log_format,
            // They write none, but when something is wrong.
            Some(_) => LogFormat::Human,
        }
    }
}

/// Options of `import-ids`.
#[derive(Debug, Args)]
pub struct ImportIds {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Write nothing; show on stdout what the ledger would be.
    #[arg(long)]
    pub dry_run: bool,
    /// Where a feed and the ledger differ on a post, take what the feed has.
    #[arg(long)]
    pub replace: bool,
    /// List every single thing that could not be matched.
    #[arg(long)]
    pub verbose: bool,
    /// The feed as a file, in RSS, Atom or JSON Feed, gzip'd or not; `-` is stdin. Of several, such as
    /// the pages of one, the first that has an id for a post goes before the others.
    #[arg(required = true, value_name = "FEED")]
    pub feeds: Vec<PathBuf>,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The site's directory, where its generator's configuration is.
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Write to this file, which must not be there yet. Where nothing is said, it is in the site's directory:
    /// `config.toml`, or `courant.toml` where that is a name of the generator's, or `.courant.toml` where the
    /// generator may publish the file with the site.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write to the standard output, and to no file.
    #[arg(long)]
    pub print: bool,
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// The configuration file; its paths are relative to it. Where nothing is said, the first that is there of
    /// `.courant.toml`, `courant.toml` and `config.toml`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default() {
        let cli = Cli::parse_from(["courant", "--config", "a.toml"]);
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.config.config, Some(PathBuf::from("a.toml")));
        assert_eq!(cli.log_format(), LogFormat::Human);
    }

    #[test]
    fn the_form_of_the_log_is_that_of_the_command_that_serves() {
        let form = |args: &[&str]| {
            let args = ["courant"].iter().chain(args);
            Cli::parse_from(args).log_format()
        };
        let json = ["--log-format", "json"];
        assert_eq!(form(&json), LogFormat::Json);
        assert_eq!(form(&["serve", "--log-format", "json"]), LogFormat::Json);
        assert_eq!(form(&["serve"]), LogFormat::Human);
        assert_eq!(form(&["check"]), LogFormat::Human);
    }
}
