//! Formats an explanation as text for people.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Explanation, PostExplanation};
use crate::check::report;
use crate::config::Config;
use crate::model::finding::Finding;
use crate::model::post::{IdSource, Post};
use crate::terminal_safe::printable_line as printable;
use crate::visibility::PostState;

/// Maximum number of listed outputs; the rest is counted.
const MAX_LISTED_OUTPUTS: usize = 30;

/// Formats an explanation. `source` returns a line of a file, which is quoted as the reason.
pub fn format_explanation(
    answer: &Explanation<'_>,
    question: &str,
    config: &Config,
    source: impl Fn(&str, usize) -> Option<String>,
) -> String {
    match answer {
        Explanation::Post(found) => format_post(found, config, source),
        Explanation::NotAPost {
            path,
            reason,
            findings,
        } => {
            let mut text = format!("{path}: not a post\n\n");
            push_line(&mut text, "because", reason);
            push_findings(&mut text, findings);
            text
        }
        Explanation::Output(path, what) => format!("{path}: {what}\n"),
        Explanation::NotFound(near) => format_not_found(near, &printable(question)),
    }
}

fn format_post(
    found: &PostExplanation<'_>,
    config: &Config,
    source: impl Fn(&str, usize) -> Option<String>,
) -> String {
    let (post, verdict) = (found.post, found.evaluation);
    let (state, reason) = report::describe_state(&verdict.state);
    let mut text = format!("{}: {state}", post.path);
    if !found.found_by.is_empty() {
        let _ = write!(text, " (found {})", found.found_by);
    }
    text.push_str("\n\n");
    push_line(&mut text, "because", &reason);
    if let Some(decided) = deciding_line(&verdict.state)
        && let Some(written) = source(&post.path, decided)
    {
        let written: String = written.trim_end().chars().take(100).collect();
        push_line(&mut text, "", &format!("{decided} | {written}"));
    }
    if let Some(next) = verdict.next_change {
        push_line(&mut text, "until", &format_date(next));
    }
    push_line(&mut text, "title", &post.title);
    push_line(&mut text, "permalink", &format_permalink(post, config));
    if let Some(original) = post.canonical_url() {
        let reason = format!("{original} (so the post is not in the sitemap)");
        push_line(&mut text, "canonical", &reason);
    }
    push_line(&mut text, "id", &format_id(post));
    push_line(&mut text, "published", &format_date(post.published_at));
    if let Some(updated) = post.updated_at {
        push_line(&mut text, "updated", &format_date(updated));
    }
    if let Some(expires) = post.expires_at() {
        push_line(&mut text, "expires", &format_date(expires));
    }
    let lists: [(&str, Vec<&str>); 5] = [
        ("authors", post.authors.iter().map(|it| &*it.name).collect()),
        (
            "categories",
            post.categories.iter().map(|it| &**it).collect(),
        ),
        ("tags", post.tags.iter().map(|it| &**it).collect()),
        ("language", post.language().into_iter().collect()),
        (
            "picture",
            post.images.first().map(|it| &*it.url).into_iter().collect(),
        ),
    ];
    for (name, values) in lists.iter().filter(|(_, values)| !values.is_empty()) {
        push_line(&mut text, name, &values.join(", "));
    }
    for (number, alias) in post.aliases().iter().enumerate() {
        push_line(&mut text, if number == 0 { "formerly" } else { "" }, alias);
    }
    let mut markers = post.visibility_fields.iter();
    if let Some(marker) = markers.find(|marker| marker.leaves_feeds()) {
        let line = marker.line.map(|line| format!(", line {line}"));
        let written = format!("none (`{}: {}`", marker.field, marker.value);
        let line = line.unwrap_or_default();
        push_line(&mut text, "feeds", &format!("{written}{line})"));
    }
    if found.outputs.is_empty() {
        push_line(&mut text, "in", "no output");
    }
    for (number, output) in found.outputs.iter().take(MAX_LISTED_OUTPUTS).enumerate() {
        push_line(&mut text, if number == 0 { "in" } else { "" }, output);
    }
    if found.outputs.len() > MAX_LISTED_OUTPUTS {
        let more = found.outputs.len() - MAX_LISTED_OUTPUTS;
        push_line(&mut text, "", &format!("… and {more} more"));
    }
    push_findings(&mut text, &found.findings);
    text
}

/// Returns the line of the field that decided the state.
fn deciding_line(state: &PostState) -> Option<usize> {
    match state {
        PostState::Hidden(marker) | PostState::Unlisted(marker) => marker.line,
        _ => None,
    }
}

fn format_permalink(post: &Post, config: &Config) -> String {
    let link = &post.permalink;
    let from = match &link.field {
        Some(field) => format!("`{}`, line {}", field.name, field.line),
        None => format!(
            "`site.permalinks`, `{}`",
            config.site.permalinks.pattern_for(&post.path)
        ),
    };
    format!("{} ({from})", link.url)
}

fn format_id(post: &Post) -> String {
    let from = match post.id_source {
        IdSource::Field(line) => format!("front matter, line {line}"),
        IdSource::IdMap => "the id map".to_owned(),
        IdSource::WrittenPermalink => "the permalink as written".to_owned(),
        IdSource::Permalink => "the permalink".to_owned(),
    };
    format!("{} ({from})", post.id())
}

fn format_not_found(near: &[&Post], question: &str) -> String {
    let mut text = format!("nothing found at `{question}`\n");
    if !near.is_empty() {
        text.push_str("\nsimilar posts:\n");
    }
    for post in near {
        let _ = writeln!(text, "  {}  {}", post.path, post.permalink.url);
    }
    text
}

fn push_findings(text: &mut String, findings: &[&Finding]) {
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

fn push_line(text: &mut String, name: &str, value: &str) {
    let clean = printable(value);
    let _ = writeln!(text, "  {name:<10} {clean}");
}

fn format_date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
