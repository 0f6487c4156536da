//! Defines the command line: commands, options and their help texts.

mod build;
mod changed_files;
mod check;
pub mod dispatch;
mod environment;
mod exit;
mod import_ids;
mod init;
pub mod logging;
pub mod open_file_limit;
mod print;
pub mod progress_bar;
mod serve;
pub mod systemd;
mod terminal;
mod why;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{Config, ListenAddress};

/// Live feeds, sitemap and social cards for a directory of Markdown posts.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Command to run; the default is `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `serve`.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Command of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the content directory, and publish each edit as soon as it is saved.
    Serve(ServeCommandArgs),
    /// List all problems of the content; exit with code 3 if any of them is an error.
    Check(CheckArgs),
    /// Write every output to a directory or object store, for hosts that only serve files.
    Build(BuildArgs),
    /// Inspect a site and write a configuration that serves its posts.
    Init(InitArgs),
    /// Import the ids of a former feed, so that readers of a moved site do not see old posts as new.
    ImportIds(ImportIdsArgs),
    /// Explain the state of a file or an address: if it is public, why, and which outputs contain it.
    Why(WhyArgs),
    /// Print the configuration in force, with the source of each value.
    Config(ConfigArgs),
    /// Print a JSON Schema of the configuration, for editors.
    Schema,
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print a manual page, in roff.
    Man(ManArgs),
}

/// Options of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Location of the configuration.
    #[command(flatten)]
    pub config: ConfigFileArgs,
    /// Format of the findings on stdout.
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub format: ReportFormat,
    /// Mildest severity, besides errors, that exits with code 3.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub deny: Option<DenyLevel>,
    /// Check only these files or directories, relative to the working directory or to the content directory.
    #[arg(value_name = "PATH", conflicts_with = "since")]
    pub paths: Vec<PathBuf>,
    /// Check only files that changed since this revision of git, committed or not.
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// List every finding. Without it, a rule with many findings is one entry with examples.
    #[arg(long)]
    pub all: bool,
    /// Write only the findings that cause exit code 3, and the counts of all.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Format of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people: each finding with its line, the marked text and a hint.
    Human,
    /// For programs: one JSON document, described in docs/check.md.
    Json,
    /// For GitHub Actions: workflow commands, which annotate the lines.
    Github,
    /// For code scanning: a SARIF 2.1.0 log.
    Sarif,
}

/// Severity that fails a check like an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DenyLevel {
    /// Warnings.
    Warnings,
    /// Notes and warnings.
    Notes,
}

/// Options of `build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Location of the configuration.
    #[command(flatten)]
    pub config: ConfigFileArgs,
    /// Write to this directory instead of `export.to`. It is created if it does not exist.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write nothing; list what would be written or deleted.
    #[arg(long)]
    pub dry_run: bool,
    /// Mildest severity of a finding, besides errors, that exits with code 3 and writes nothing.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub deny: Option<DenyLevel>,
    /// Write nothing to the terminal but warnings and errors.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Options of `why`.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// A file, an address, an id, or the end of a file's path.
    #[arg(value_name = "FILE|URL")]
    pub question: String,
    /// Location of the configuration.
    #[command(flatten)]
    pub config: ConfigFileArgs,
}

/// Options of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Location of the configuration.
    #[command(flatten)]
    pub config: ConfigFileArgs,
    /// Addresses that override the configuration.
    #[command(flatten)]
    pub addresses: AddressArgs,
    /// Print the annotated reference of all keys and defaults instead.
    #[arg(long, exclusive = true)]
    pub default: bool,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell that reads the script.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Command that the page is about. The default is the program itself.
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Location of the configuration.
    #[command(flatten)]
    pub config: ConfigFileArgs,
    /// Addresses that override the configuration.
    #[command(flatten)]
    pub addresses: AddressArgs,
    /// Open the home page in a browser when the first generation is published.
    #[arg(long)]
    pub open: bool,
    /// Format of log lines on stderr.
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

/// Options of `serve` behind its name.
#[derive(Debug, Args)]
pub struct ServeCommandArgs {
    /// Serve the site in this git repository instead: clone it, propose its configuration as `init` does,
    /// and fetch its changes each minute. `https://…`, `ssh://…`, `git@host:path`, `git://…` or `file:///…`.
    #[arg(value_name = "REPOSITORY", conflicts_with = "config")]
    pub repository: Option<String>,
    /// Keep the clone in this directory for the next start. The default is a temporary directory.
    #[arg(long, value_name = "DIR", requires = "repository")]
    pub state_dir: Option<PathBuf>,
    /// Options of every start.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Addresses that override the configuration.
#[derive(Debug, Clone, Args)]
pub struct AddressArgs {
    /// Listen on this address instead of `server.listen`: an IP address with a port, where port 0 picks
    /// a free one, or `unix:` and a path. Repeat the option for several addresses.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<ListenAddress>,
    /// Listen on this port of 127.0.0.1 instead of `server.listen`; 0 picks a free one.
    #[arg(long, value_name = "N", conflicts_with = "listen")]
    pub port: Option<u16>,
    /// Serve the admin page at this address instead of `admin.listen`; `off` disables it.
    #[arg(long, value_name = "ADDRESS")]
    pub admin_listen: Option<AdminListenAddress>,
}

impl AddressArgs {
    /// Returns the names of the options that override keys, by the path of the key.
    pub(crate) fn overridden_keys(&self) -> Vec<(&'static str, &'static str)> {
        let listen = match (self.port, self.listen.is_empty()) {
            (Some(_), _) => Some("--port"),
            (None, false) => Some("--listen"),
            (None, true) => None,
        };
        let admin = self
            .admin_listen
            .map(|_| ("admin.listen", "--admin-listen"));
        let listen = listen.map(|option| ("server.listen", option));
        listen.into_iter().chain(admin).collect()
    }

    /// Replaces the addresses of a configuration by those of the command line.
    pub(crate) fn override_addresses(&self, config: &mut Config) {
        if let Some(port) = self.port {
            config.server.listen = vec![ListenAddress::Tcp(([127, 0, 0, 1], port).into())];
        }
        if !self.listen.is_empty() {
            config.server.listen.clone_from(&self.listen);
        }
        if let Some(AdminListenAddress(address)) = self.admin_listen {
            config.admin.listen = address;
        }
    }
}

/// Address of the admin page; `None` disables it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdminListenAddress(pub Option<SocketAddr>);

impl FromStr for AdminListenAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<AdminListenAddress, &'static str> {
        match text {
            "off" => Ok(AdminListenAddress(None)),
            text => {
                let address = text
                    .parse()
                    .map_err(|_| "write `127.0.0.1:8081`, or `off`")?;
                Ok(AdminListenAddress(Some(address)))
            }
        }
    }
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people: one line of text, in colour on a terminal.
    Human,
    /// For programs: one JSON object per line.
    Json,
}

impl Cli {
    /// Returns the format of log lines.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            None => self.serve.log_format,
            Some(Command::Serve(args)) => args.serve.log_format,
            // Other commands log only failures.
            Some(_) => LogFormat::Human,
        }
    }
}

/// Options of `import-ids`.
#[derive(Debug, Args)]
pub struct ImportIdsArgs {
    /// Location of the configuration.
    #[command(flatten)]
    pub config: ConfigFileArgs,
    /// Write no file; print the new id map on stdout.
    #[arg(long)]
    pub dry_run: bool,
    /// If a feed and the id map differ on a post, use the id of the feed.
    #[arg(long)]
    pub replace: bool,
    /// List everything that could not be matched.
    #[arg(long)]
    pub verbose: bool,
    /// Feed file in RSS, Atom or JSON Feed format, optionally compressed with gzip; `-` is stdin. If
    /// several feeds, such as the pages of one, have an id for a post, the first one is used.
    #[arg(required = true, value_name = "FEED")]
    pub feeds: Vec<PathBuf>,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Directory of the site, which contains its generator's configuration.
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Write to this file, which must not exist yet. The default is in the site's directory: `config.toml`,
    /// or `courant.toml` if the generator uses that name itself, or `.courant.toml` if the generator might
    /// publish the file with the site.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print the configuration on stdout; write no file.
    #[arg(long)]
    pub print: bool,
}

/// Location of the configuration.
#[derive(Debug, Args)]
pub struct ConfigFileArgs {
    /// Configuration file; its paths are relative to it. The default is the first that exists of
    /// `.courant.toml`, `courant.toml` and `config.toml`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn command_line_is_consistent() {
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
    fn only_serve_sets_the_log_format() {
        let format = |args: &[&str]| {
            let args = ["courant"].iter().chain(args);
            Cli::parse_from(args).log_format()
        };
        let json = ["--log-format", "json"];
        assert_eq!(format(&json), LogFormat::Json);
        assert_eq!(format(&["serve", "--log-format", "json"]), LogFormat::Json);
        assert_eq!(format(&["serve"]), LogFormat::Human);
        assert_eq!(format(&["check"]), LogFormat::Human);
    }
}
