//! Runs `courant check`: writes the findings to stdout and their counts to stderr.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use super::changed_files::list_changed_files;
use super::environment::{find_config_file, read_clock, working_directory};
use super::exit::{CommandOutcome, HintedError};
use super::terminal::{has_colours, write_stderr};
use crate::check::analysis::ContentAnalysis;
use crate::check::file_selection::FileSelection;
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
    let selection = select_files(args, &config)?;
    let progress = Progress::default();
    let inspect = || ContentAnalysis::analyze_content(&config, read_clock(), &progress);
    let inspection = if io::stderr().is_terminal() && !args.quiet {
        progress_bar::run_with_progress_bar(&progress, inspect)
    } else {
        inspect()
    };
    let mut inspection =
        inspection.map_err(|error| super::serve::add_content_hint(PipelineError::from(error)))?;
    if let Some(selection) = &selection {
        selection.retain_findings(&mut inspection.findings, &config);
    }
    let mut report = Report::from_content(&config, &inspection, &here);
    report.lists_all = args.all;
    let least = least_denied_severity(args);
    if args.quiet {
        report = report.retain_at_least(least);
    }
    write_report(args, &report)?;
    let posts = report.posts.unwrap_or_default().total_posts();
    let scope = match selection {
        Some(_) => "the selected files".to_owned(),
        None => pluralize_count(posts, "post"),
    };
    write_stderr(&format!("{} in {scope}\n", report.counts));
    Ok(if report.counts.has_at_least(least) {
        CommandOutcome::ErrorsFound
    } else {
        CommandOutcome::Success
    })
}

/// Returns the files that the arguments select; `None` selects all.
fn select_files(args: &CheckArgs, config: &Config) -> Result<Option<FileSelection>, HintedError> {
    let paths = match &args.since {
        Some(revision) => list_changed_files(&config.content.dir, revision)?,
        None if args.paths.is_empty() => return Ok(None),
        None => args.paths.clone(),
    };
    let mut selection = FileSelection::default();
    for path in paths {
        // A file that changed may be a link that leads nowhere.
        if !selection.add_path(&path, config) && args.since.is_none() {
            return Err(HintedError {
                message: format!("`{}` does not exist", path.display()),
                hint: "name files or directories, relative to the working directory or to `content.dir`".to_owned(),
                source: None,
            });
        }
    }
    Ok(Some(selection))
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
