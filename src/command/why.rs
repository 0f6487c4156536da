//! `courant why`: what is known of one file or address, to stdout.

use std::fs;
use std::io::Write as _;

use super::{Exit, clock, config_file};
use crate::cli::Why;
use crate::config::Config;
use crate::inspection::Inspection;
use crate::pipeline::PipelineError;
use crate::progress::Progress;
use crate::why::{Answer, Known, answer_text, place};

pub(super) fn run(args: &Why) -> anyhow::Result<Exit> {
    let config = Config::load(&config_file(&args.config))?;
    let inspection = Inspection::of(&config, clock(), &Progress::default())
        .map_err(|error| super::serve::no_content(PipelineError::from(error)))?;
    let posts: Vec<_> = inspection.library.posts().map(AsRef::as_ref).collect();
    let known = Known {
        config: &config,
        posts: &posts,
        judged: &inspection.judged,
        findings: &inspection.findings,
    };
    let answer = known.answer(&args.question, place(&args.question, &config));
    let line_of = |path: &str, line: usize| {
        let text = fs::read_to_string(config.content.dir.join(path)).ok()?;
        text.lines().nth(line.checked_sub(1)?).map(str::to_owned)
    };
    let text = answer_text(&answer, &args.question, &config, line_of);
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(match answer {
        Answer::Nothing(_) => Exit::Failed,
        _ => Exit::Done,
    })
}
