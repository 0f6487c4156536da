//! Runs `courant build`: writes every output once, to a directory or the store of the configuration.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use super::environment::{find_config_file, read_clock, working_directory};
use super::exit::{CommandOutcome, HintedError};
use super::terminal::{render_for_stderr, write_stderr};
use crate::check::analysis::ContentAnalysis;
use crate::check::report::Report;
use crate::cli::{BuildArgs, DenyLevel, progress_bar};
use crate::config::{self, Config, ExportConfig};
use crate::export::{ExportError, ExportReport, ExportTarget, Exporter, OutputSet};
use crate::library::DeletionPolicy;
use crate::model::finding::Severity;
use crate::progress::Progress;
use crate::publish::pipeline::{Pipeline, PipelineError};
use crate::publish::snapshot::{Snapshot, SnapshotHandle};
use crate::server;
use crate::text::pluralize_count;

/// Conflicts that a warning lists by name.
const MAX_LISTED_CONFLICTS: usize = 20;
/// Attempts while other processes write to the same store. Each waits for its turn, so more would wait for long.
const MAX_ATTEMPTS: u32 = 5;

pub(super) fn run_build(args: &BuildArgs) -> anyhow::Result<CommandOutcome> {
    let config = Config::load(&find_config_file(&args.config))?;
    let export = choose_target(args, &config)?;
    if let Some(least) = args.deny
        && has_denied_findings(&config, least, args.quiet)?
    {
        return Ok(CommandOutcome::ErrorsFound);
    }
    let progress = Progress::default();
    let build = || export_once(args, &config, &export, &progress);
    let report = match io::stderr().is_terminal() && !args.quiet {
        true => progress_bar::run_with_progress_bar(&progress, build),
        false => build(),
    }?;
    if args.dry_run {
        print_plan(&report)?;
    }
    write_stderr(&format_warnings(&report));
    if !args.quiet {
        let prefix = if args.dry_run { "dry run: " } else { "" };
        write_stderr(&format!("{prefix}{report}\n"));
    }
    Ok(match report.failed.is_empty() {
        true => CommandOutcome::Success,
        false => CommandOutcome::Failure,
    })
}

/// Returns the settings of `--out`, or else of `[export]`.
fn choose_target(args: &BuildArgs, config: &Config) -> Result<ExportConfig, HintedError> {
    let Some(out) = &args.out else {
        return config.export.clone().ok_or_else(|| HintedError {
            message: "there is no directory or store to write to".to_owned(),
            hint: "name a directory with `--out DIR`, or set `export.to` in the configuration"
                .to_owned(),
            source: None,
        });
    };
    if config::is_inside(out, &config.content.dir) {
        return Err(HintedError {
            message: format!(
                "`{}` is inside `content.dir`, so the outputs would be read as content",
                out.display()
            ),
            hint: "name a directory outside it".to_owned(),
            source: None,
        });
    }
    Ok(ExportConfig::to_directory(out.clone()))
}

/// Returns true if the content has findings of this severity or worse, and writes them.
fn has_denied_findings(config: &Config, least: DenyLevel, is_quiet: bool) -> anyhow::Result<bool> {
    let least = match least {
        DenyLevel::Warnings => Severity::Warning,
        DenyLevel::Notes => Severity::Note,
    };
    let analysis = ContentAnalysis::analyze_content(config, read_clock(), &Progress::default())
        .map_err(|error| super::serve::add_content_hint(PipelineError::from(error)))?;
    let here = working_directory();
    let report = Report::from_content(config, &analysis, &here).retain_at_least(least);
    let is_denied = report.counts.has_at_least(least);
    if is_denied {
        if !is_quiet {
            write_stderr(&render_for_stderr(&report));
        }
        write_stderr(&format!("{}; nothing was written\n", report.counts));
    }
    Ok(is_denied)
}

/// Renders and writes all outputs, or lists what would be written.
fn export_once(
    args: &BuildArgs,
    config: &Config,
    export: &ExportConfig,
    progress: &Progress,
) -> anyhow::Result<ExportReport> {
    // The directory comes first, so that a wrong one is reported before long work.
    let target = match args.dry_run {
        true => ExportTarget::open_for_dry_run(export),
        false => ExportTarget::open(export),
    };
    let target = target.map_err(add_export_hint)?;
    let render = || {
        anyhow::Ok(OutputSet::from_snapshot(
            render_snapshot(config)?,
            config,
            &target,
        ))
    };
    let runtime = server::build_runtime()?;
    let mut exporter = Exporter::new(target.clone());
    if args.dry_run {
        let planned = runtime.block_on(exporter.plan(render()?));
        return planned.map_err(add_export_hint);
    }
    let mut attempts = 0;
    loop {
        // Rendering comes after the wait: another process may withdraw a post meanwhile.
        attempts += 1;
        let turn = runtime.block_on(exporter.wait_for_turn());
        turn.map_err(add_export_hint)?;
        let nothing_newer = || std::future::ready(None);
        let exported = runtime.block_on(exporter.export(render()?, progress, nothing_newer));
        match exported {
            Err(ExportError::Superseded { .. }) if attempts < MAX_ATTEMPTS => {}
            exported => return exported.map_err(add_export_hint),
        }
    }
}

fn render_snapshot(config: &Config) -> anyhow::Result<Arc<Snapshot>> {
    let handle = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(config.clone(), handle.clone());
    pipeline
        .refresh_all(read_clock(), DeletionPolicy::Immediate)
        .map_err(super::serve::add_content_hint)?;
    Ok(handle.load_snapshot())
}

fn add_export_hint(error: ExportError) -> anyhow::Error {
    let hint = error.hint();
    let mut message = error.to_string();
    for cause in error.list_causes() {
        message.push_str(&format!("\n  because: {cause}"));
    }
    HintedError {
        message,
        hint,
        source: None,
    }
    .into()
}

/// Writes the keys of a dry run to stdout, one a line.
fn print_plan(report: &ExportReport) -> Result<(), HintedError> {
    let mut out = io::stdout().lock();
    let kinds = [
        ("create", &report.created),
        ("change", &report.changed),
        ("delete", &report.deleted),
        ("conflict", &report.conflicts),
    ];
    let mut keys = kinds
        .iter()
        .flat_map(|(kind, keys)| keys.iter().map(move |key| (kind, key)));
    match keys.try_for_each(|(kind, key)| writeln!(out, "{kind} {key}")) {
        // `courant build --dry-run | head` closes the pipe early; that is not a failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(HintedError {
            message: "cannot write to stdout".to_owned(),
            hint: "free some disk space, or redirect stdout elsewhere".to_owned(),
            source: Some(error),
        }),
        _ => Ok(()),
    }
}

/// Formats warnings about outputs that were not written.
fn format_warnings(report: &ExportReport) -> String {
    let mut text = String::new();
    if !report.conflicts.is_empty() {
        text.push_str(&format!(
            "warning: {} not written, because another program wrote an object there:\n",
            pluralize_count(report.conflicts.len(), "output")
        ));
        for key in report.conflicts.iter().take(MAX_LISTED_CONFLICTS) {
            text.push_str(&format!("  {key}\n"));
        }
        if report.conflicts.len() > MAX_LISTED_CONFLICTS {
            text.push_str("  …; `--dry-run` lists all\n");
        }
        text.push_str("  hint: delete these if courant is to write them\n");
    }
    for reason in &report.failed {
        text.push_str(&format!("error: cannot render {reason}\n"));
    }
    for path in &report.skipped {
        text.push_str(&format!(
            "warning: no file or object can have the path `{path}`\n"
        ));
    }
    text
}
