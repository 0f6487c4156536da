//! `courant check`: every finding, to stdout.

use std::io::{self, Write as _};
use std::path::Path;

use super::{Exit, clock, tell};
use crate::config::Config;
use crate::content::Loss;
use crate::finding::Severity;
use crate::pipeline::Pipeline;
use crate::report;
use crate::snapshot::Current;

pub(super) fn run(config: &Path) -> anyhow::Result<Exit> {
    let mut pipeline = Pipeline::new(Config::load(config)?, Current::default());
    pipeline
        .run(clock(), Loss::IsBelieved)
        .map_err(super::serve::no_content)?;
    let status = pipeline.status();
    let text: Vec<_> = status.findings.iter().map(report::finding).collect();
    match io::stdout().write_all(text.join("\n").as_bytes()) {
        // `courant check | head` is no failure of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    let files = status.tally.posts + status.tally.broken + status.tally.kept;
    tell(&format!(
        "{} in {files} {}\n",
        report::count(&status.findings),
        if files == 1 { "post" } else { "posts" }
    ));
    let has_errors = status
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(if has_errors {
        Exit::Findings
    } else {
        Exit::Done
    })
}
