//! Runs `courant why`: explains the state of one file or address on stdout.

use std::fs;
use std::io::Write as _;

use super::environment::{find_config_file, read_clock};
use super::exit::CommandOutcome;
use crate::check::analysis::ContentAnalysis;
use crate::check::explain::{self, ExplainContext, Explanation, format_explanation, locate_file};
use crate::cli::WhyArgs;
use crate::config::Config;
use crate::progress::Progress;
use crate::publish::pipeline::PipelineError;
use crate::text::secret_lines::mask_secret_lines;

pub(super) fn explain_question(args: &WhyArgs) -> anyhow::Result<CommandOutcome> {
    let config = Config::load(&find_config_file(&args.config))?;
    let inspection = ContentAnalysis::analyze_content(&config, read_clock(), &Progress::default())
        .map_err(|error| super::serve::add_content_hint(PipelineError::from(error)))?;
    let posts: Vec<_> = inspection
        .library
        .published_posts()
        .map(AsRef::as_ref)
        .collect();
    let context = ExplainContext {
        config: &config,
        posts: &posts,
        evaluation: &inspection.evaluated,
        findings: &inspection.findings,
    };
    let answer = explain::explain_question(
        context,
        &args.question,
        locate_file(&args.question, &config),
    );
    let text = format_explanation(&answer, &args.question, &config, |path, line| {
        let text = fs::read_to_string(config.content.dir.join(path)).ok()?;
        let mut lines = mask_secret_lines(text.lines().map(str::to_owned));
        lines.nth(line.checked_sub(1)?)
    });
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(match answer {
        Explanation::NotFound(_) => CommandOutcome::Failure,
        _ => CommandOutcome::Success,
    })
}
