//! `courant check`: the findings to stdout, how many they are to stderr.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use super::{Exit, Hint, clock, config_file, here, takes_colour, tell};
use crate::cli::{Check, Deny, Format};
use crate::config::{Config, ConfigError};
use crate::finding::Severity;
use crate::inspection::Inspection;
use crate::pipeline::PipelineError;
use crate::progress::Progress;
use crate::report::{Report, bar, github, human, json, sarif};
use crate::text::plural;

pub(super) fn run(args: &Check) -> anyhow::Result<Exit> {
    let here = here();
    let config = match Config::load(&config_file(&args.config)) {
        Ok(config) => config,
        Err(error) => {
            let ConfigError::Faults { findings, .. } = &error else {
                return Err(error.into());
            };
            // They are findings as others are, and who reads those reads these.
            write(args, &Report::of_config(findings, &here))?;
            tell(&format!("error: {error}\n"));
            return Ok(Exit::Usage);
        }
    };
    let progress = Progress::default();
    let look = || Inspection::of(&config, clock(), &progress);
    let inspection = if io::stderr().is_terminal() && !args.quiet {
        bar::show(&progress, look)
    } else {
        look()
    };
    let inspection =
        inspection.map_err(|error| super::serve::no_content(PipelineError::from(error)))?;
    let mut report = Report::of_content(&config, &inspection, &here);
    let least = least_denied(args);
    if args.quiet {
        report = report.only(least);
    }
    write(args, &report)?;
    let posts = report.posts.unwrap_or_default().total();
    tell(&format!("{} in {}\n", report.counts, plural(posts, "post")));
    Ok(if report.counts.any(least) {
        Exit::Findings
    } else {
        Exit::Done
    })
}

/// The mildest severity that fails the check.
fn least_denied(args: &Check) -> Severity {
    match args.deny {
        None => Severity::Error,
        Some(Deny::Warnings) => Severity::Warning,
        Some(Deny::Notes) => Severity::Note,
    }
}

fn write(args: &Check, report: &Report<'_>) -> Result<(), Hint> {
    let stdout = io::stdout();
    let colour = takes_colour(&stdout);
    let mut out = BufWriter::new(stdout.lock());
    let written = match args.format {
        Format::Human => human::write(report, colour, &mut out),
        Format::Json => json::write(report, &mut out),
        Format::Github => github::write(report, &mut out),
        Format::Sarif => sarif::write(report, &mut out),
    };
    match written.and_then(|()| out.flush()) {
        // `courant check | head` is no failure of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Hint {
            message: "cannot write to stdout".to_owned(),
            hint: "make room where it goes, or send it elsewhere".to_owned(),
            source: Some(error),
        }),
        Ok(()) => Ok(()),
    }
}
