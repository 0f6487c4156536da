//! An answer into text for people.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Answer, OfPost};
use crate::config::Config;
use crate::finding::Finding;
use crate::post::{IdFrom, Post};
use crate::report::{self, printable};
use crate::site::visibility::State;

/// More outputs are counted.
const MOST_OUTPUTS: usize = 30;

/// What is said of an answer. `source` gives a line of a file, to show what decided.
pub fn answer_text(
    answer: &Answer<'_>,
    question: &str,
    config: &Config,
    source: impl Fn(&str, usize) -> Option<String>,
) -> String {
    match answer {
        Answer::Post(found) => of_post(found, config, source),
        Answer::NoPost {
            path,
            reason,
            findings,
        } => {
            let mut text = format!("{path}: no post\n\n");
            line(&mut text, "because", reason);
            told(&mut text, findings);
            text
        }
        Answer::Output(path, what) => format!("{path}: {what}\n"),
        Answer::Nothing(near) => nothing(near, &printable(question)),
    }
}

fn of_post(
    found: &OfPost<'_>,
    config: &Config,
    source: impl Fn(&str, usize) -> Option<String>,
) -> String {
    let (post, verdict) = (found.post, found.verdict);
    let (state, reason) = report::state(&verdict.state);
    let mut text = format!("{}: {state}", post.path);
    if !found.found.is_empty() {
        let _ = write!(text, " (found {})", found.found);
    }
    text.push_str("\n\n");
    line(&mut text, "because", &reason);
    if let Some(decided) = deciding_line(&verdict.state)
        && let Some(written) = source(&post.path, decided)
    {
        let written: String = written.trim_end().chars().take(100).collect();
        line(&mut text, "", &format!("{decided} | {written}"));
    }
    if let Some(next) = verdict.next_change {
        line(&mut text, "until", &date(next));
    }
    line(&mut text, "title", &post.title);
    line(&mut text, "permalink", &permalink(post, config));
    line(&mut text, "id", &id(post));
    line(&mut text, "published", &date(post.published));
    if let Some(updated) = post.updated {
        line(&mut text, "updated", &date(updated));
    }
    if let Some(expires) = post.expires() {
        line(&mut text, "expires", &date(expires));
    }
    for (number, alias) in post.aliases().iter().enumerate() {
        line(&mut text, if number == 0 { "formerly" } else { "" }, alias);
    }
    if found.outputs.is_empty() {
        line(&mut text, "in", "no output");
    }
    for (number, output) in found.outputs.iter().take(MOST_OUTPUTS).enumerate() {
        line(&mut text, if number == 0 { "in" } else { "" }, output);
    }
    if found.outputs.len() > MOST_OUTPUTS {
        let more = found.outputs.len() - MOST_OUTPUTS;
        line(&mut text, "", &format!("… and {more} more"));
    }
    told(&mut text, &found.findings);
    text
}

/// The line that decided, where it is one of the file's.
fn deciding_line(state: &State) -> Option<usize> {
    match state {
        State::Hidden(marker) | State::Unlisted(marker) => marker.line,
        _ => None,
    }
}

fn permalink(post: &Post, config: &Config) -> String {
    let link = &post.permalink;
    let from = match &link.field {
        Some(field) => format!("`{}`, line {}", field.name, field.line),
        None => format!("`site.permalinks`, `{}`", config.site.permalinks),
    };
    format!("{} ({from})", link.url)
}

fn id(post: &Post) -> String {
    let from = match post.id_from {
        IdFrom::Field(line) => format!("its own field, line {line}"),
        IdFrom::Ledger => "the ledger of ids".to_owned(),
        IdFrom::WrittenPermalink => "the permalink as it is written".to_owned(),
        IdFrom::Permalink => "the permalink".to_owned(),
    };
    format!("{} ({from})", post.id())
}

fn nothing(near: &[&Post], question: &str) -> String {
    let mut text = format!("nothing is at `{question}`\n");
    if !near.is_empty() {
        text.push_str("\nnearest:\n");
    }
    for post in near {
        let _ = writeln!(text, "  {}  {}", post.path, post.permalink.url);
    }
    text
}

fn told(text: &mut String, findings: &[&Finding]) {
    for finding in findings {
        text.push('\n');
        let _ = writeln!(
            text,
            "{}: {}",
            finding.severity,
            printable(&finding.to_string())
        );
        let _ = writeln!(text, "  hint: {}", printable(&finding.hint));
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    let clean = printable(value);
    let _ = writeln!(text, "  {name:<10} {clean}");
}

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
