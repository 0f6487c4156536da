//! What is served into the text that is read once, when a server starts.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::printable;
use crate::artifact::{ArtifactKey, FeedFormat, FeedScope};
use crate::config::{Config, Listen};
use crate::finding::Severity;
use crate::pipeline::Status;
use crate::site::visibility::{State, Verdict};
use crate::text::plural;

/// More of one kind are counted, not listed.
const MOST_LISTED: usize = 10;

/// What is served, what is not and why, and where: read once, when a server starts.
pub fn summary(
    config: &Config,
    status: &Status,
    verdicts: &[Verdict],
    addresses: &[Listen],
    operator: Option<SocketAddr>,
) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "courant {} serves `{}` from `{}`\n",
        env!("CARGO_PKG_VERSION"),
        config.site.title,
        config.content.dir.display()
    );
    let states = states(verdicts);
    let number = |name| {
        states
            .iter()
            .find(|(state, _)| *state == name)
            .map_or(0, |(_, lines)| lines.len())
    };
    let broken = status.tally.broken;
    let _ = writeln!(
        text,
        "  {} public, {} hidden, {} scheduled, {} broken",
        plural(number("public"), "post"),
        number("hidden"),
        number("scheduled"),
        broken
    );
    let rest = [
        ("expired", number("expired")),
        ("unlisted", number("unlisted")),
        ("shadowed", number("shadowed")),
        ("kept as last parsed", status.tally.kept),
    ];
    let rest: Vec<_> = rest
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if !rest.is_empty() {
        let _ = writeln!(text, "  {}", rest.join(", "));
    }
    let left_out = status.tally.not_required;
    for (count, why) in [
        (
            status.tally.others - left_out,
            "without the front matter of a post",
        ),
        (
            left_out,
            "left out by `content.require`, with a title and a date",
        ),
    ] {
        if count > 0 {
            let _ = writeln!(text, "  {} {why}", plural(count, "file"));
        }
    }
    text.push('\n');
    for (name, lines) in states.iter().filter(|(name, _)| *name != "public") {
        list(&mut text, name, lines);
    }
    let broken: Vec<_> = status
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    list(&mut text, "error", &broken);
    let warnings = status
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .count();
    if warnings > 0 {
        let _ = writeln!(
            text,
            "  {}; `courant check` lists everything with hints\n",
            plural(warnings, "warning")
        );
    }
    urls(&mut text, config, addresses);
    if let Some(address) = operator {
        let url = format!("http://{address}/");
        let _ = writeln!(text, "  for you alone: {url}, what is served and why");
    }
    printable::lines(&text)
}

fn urls(text: &mut String, config: &Config, addresses: &[Listen]) {
    let scheme = match config.server.tls {
        Some(_) => "https",
        None => "http",
    };
    let tcp = addresses.iter().find_map(|address| match address {
        Listen::Tcp(address) => Some(format!("{scheme}://{address}")),
        Listen::Unix(_) => None,
    });
    // No address of the web leads to a Unix socket.
    let base = tcp.unwrap_or_else(|| config.server.public_url.clone());
    let keys = [
        (ArtifactKey::Home, "the page for people"),
        (ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss), "RSS"),
        (ArtifactKey::Feed(FeedScope::Site, FeedFormat::Atom), "Atom"),
        (
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Json),
            "JSON Feed",
        ),
        (ArtifactKey::Sitemap, "sitemap"),
        (ArtifactKey::Robots, "crawlers' rules"),
        (ArtifactKey::Opml, "all feeds"),
        (
            ArtifactKey::CardPage("/".to_owned()),
            "the site's card; a post's is at `/cards` and its path",
        ),
    ];
    for (key, what) in keys {
        let url = format!("{base}{}", key.path());
        let _ = writeln!(text, "  {url:<40} {what}");
    }
    text.push('\n');
    if addresses.len() > 1 || matches!(addresses, [Listen::Unix(_)]) {
        let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "  listening on {}", all.join(", "));
    }
    let _ = writeln!(text, "  seen from outside as {}", config.server.public_url);
}

/// Each state's name with a line per post, in the order in which people ask.
fn states(verdicts: &[Verdict]) -> Vec<(&'static str, Vec<String>)> {
    let mut states: Vec<(&str, Vec<String>)> = [
        "public",
        "hidden",
        "scheduled",
        "expired",
        "unlisted",
        "shadowed",
    ]
    .map(|name| (name, Vec::new()))
    .into();
    for verdict in verdicts {
        let (name, reason) = state(&verdict.state);
        if let Some((_, lines)) = states.iter_mut().find(|(state, _)| *state == name) {
            lines.push(format!("{}: {reason}", verdict.path));
        }
    }
    states
}

/// The name of a state, and what decided it.
pub fn state(state: &State) -> (&'static str, String) {
    match state {
        State::Public => ("public", "nothing speaks against it".to_owned()),
        State::Hidden(marker) | State::Unlisted(marker) => {
            let name = if matches!(state, State::Hidden(_)) {
                "hidden"
            } else {
                "unlisted"
            };
            let line = marker
                .line
                .map(|line| format!(", line {line}"))
                .unwrap_or_default();
            (name, format!("`{}: {}`{line}", marker.field, marker.value))
        }
        State::Scheduled(due) => (
            "scheduled",
            format!("until {}", due.format("%Y-%m-%d %H:%M:%S UTC")),
        ),
        State::Expired(since) => (
            "expired",
            format!("since {}", since.format("%Y-%m-%d %H:%M:%S UTC")),
        ),
        State::Shadowed { by } => ("shadowed", format!("its address is that of `{by}`")),
    }
}

fn list(text: &mut String, name: &str, lines: &[String]) {
    for line in lines.iter().take(MOST_LISTED) {
        let _ = writeln!(text, "  {name:<10} {line}");
    }
    if lines.len() > MOST_LISTED {
        let _ = writeln!(
            text,
            "  {name:<10} … and {} more",
            lines.len() - MOST_LISTED
        );
    }
    if !lines.is_empty() {
        text.push('\n');
    }
}
