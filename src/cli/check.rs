//! Runs `courant check`: writes the findings to stdout and their counts to stderr.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use super::environment::{find_config_file, read_clock, working_directory};
use super::exit::{CommandOutcome, HintedError};
use super::terminal::{has_colours, write_stderr};
use crate::check::analysis::ContentAnalysis;
use crate::check::report::{Report, github, human, json, sarif};
use crate::cli::progress_bar;
use crate::cli::{CheckArgs, DenyLevel, ReportFormat};
use crate::config::{Config, ConfigError};
use crate::model::finding::Severity;
use crate::progress::Progress;
use crate::publish::pipeline::PipelineError;
use crate::text::pluralize_count;

pub(super) fn run_check(args: &CheckArgs) -> anyhow::Result<CommandOutcome> {
    let here = working_directory();
    let config = match Config::load(&find_config_file(&args.config)) {
        Ok(config) => config,
        Err(error) => {
            let ConfigError::Invalid { findings, .. } = &error else {
                return Err(error.into());
            };
            // Errors of the configuration are reported in the same format as other findings.
            write_report(args, &Report::from_config_findings(findings, &here))?;
            write_stderr(&format!("error: {error}\n"));
            return Ok(CommandOutcome::UsageError);
        }
    };
    let progress = Progress::default();
    let inspect = || ContentAnalysis::analyze_content(&config, read_clock(), &progress);
    let inspection = if io::stderr().is_terminal() && !args.quiet {
        progress_bar::run_with_progress_bar(&progress, inspect)
    } else {
        inspect()
    };
    let inspection =
        inspection.map_err(|error| super::serve::add_content_hint(PipelineError::from(error)))?;
    let mut report = Report::from_content(&config, &inspection, &here);
    let least = least_denied_severity(args);
    if args.quiet {
        report = report.retain_at_least(least);
    }
    write_report(args, &report)?;
    let posts = report.posts.unwrap_or_default().total_posts();
    write_stderr(&format!(
        "{} in {}\n",
        report.counts,
        pluralize_count(posts, "post")
    ));
    Ok(if report.counts.has_at_least(least) {
        CommandOutcome::ErrorsFound
    } else {
        CommandOutcome::Success
    })
}

/// Returns the mildest severity that fails the check.
fn least_denied_severity(args: &CheckArgs) -> Severity {
    match args.deny {
        None => Severity::Error,
        Some(DenyLevel::Warnings) => Severity::Warning,
        Some(DenyLevel::Notes) => Severity::Note,
    }
}

fn write_report(args: &CheckArgs, report: &Report<'_>) -> Result<(), HintedError> {
    let stdout = io::stdout();
    let colour = has_colours(&stdout);
    let mut out = BufWriter::new(stdout.lock());
    let written = match args.format {
        ReportFormat::Human => human::write_human(report, colour, &mut out),
        ReportFormat::Json => json::write_json(report, &mut out),
        ReportFormat::Github => github::write_workflow_commands(report, &mut out),
        ReportFormat::Sarif => sarif::write_sarif(report, &mut out),
    };
    match written.and_then(|()| out.flush()) {
        // `courant check | head` closes the pipe early; that is not a failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(HintedError {
            message: "cannot write to stdout".to_owned(),
            hint: "free some disk space, or redirect stdout elsewhere".to_owned(),
            source: Some(error),
        }),
        Ok(()) => Ok(()),
    }
}
