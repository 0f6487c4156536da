//! Formats the summary that a server prints at its start.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::config::{Config, ListenAddress, SiteConfig};
use crate::model::artifact::{ArtifactKey, FeedFormat, FeedScope};
use crate::model::finding::Severity;
use crate::publish::pipeline::ContentStatus;
use crate::terminal_safe;
use crate::text::pluralize_count;
use crate::visibility::{PostEvaluation, PostState};

/// Maximum number of listed posts per state; the rest is counted.
const MAX_LISTED_LINES: usize = 10;

/// Formats which posts are served, which are not and why, and the URLs of the outputs.
pub fn format_summary(
    config: &Config,
    status: &ContentStatus,
    verdicts: &[PostEvaluation],
    addresses: &[ListenAddress],
    admin_address: Option<SocketAddr>,
) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "courant {} serves `{}` from `{}`\n",
        env!("CARGO_PKG_VERSION"),
        config.site.title,
        config.content.dir.display()
    );
    let states = group_by_state(verdicts);
    let number = |name| {
        states
            .iter()
            .find(|(state, _)| *state == name)
            .map_or(0, |(_, lines)| lines.len())
    };
    let broken = status.file_counts.broken;
    let _ = writeln!(
        text,
        "  {} public, {} hidden, {} scheduled, {} broken",
        pluralize_count(number("public"), "post"),
        number("hidden"),
        number("scheduled"),
        broken
    );
    let rest = [
        ("expired", number("expired")),
        ("unlisted", number("unlisted")),
        ("shadowed", number("shadowed")),
        ("kept as last parsed", status.file_counts.last_good),
    ];
    let rest: Vec<_> = rest
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if !rest.is_empty() {
        let _ = writeln!(text, "  {}", rest.join(", "));
    }
    let filtered = status.file_counts.filtered_out;
    for (count, reason) in [
        (
            status.file_counts.not_posts - filtered,
            "without the front matter of a post",
        ),
        (
            filtered,
            "with a title and a date, excluded by `content.require`",
        ),
    ] {
        if count > 0 {
            let _ = writeln!(text, "  {} {reason}", pluralize_count(count, "file"));
        }
    }
    text.push('\n');
    for (name, lines) in states.iter().filter(|(name, _)| *name != "public") {
        push_list(&mut text, name, lines);
    }
    let broken: Vec<_> = status
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    push_list(&mut text, "error", &broken);
    let warnings = status
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .count();
    if warnings > 0 {
        let _ = writeln!(
            text,
            "  {}; `courant check` lists all findings with hints\n",
            pluralize_count(warnings, "warning")
        );
    }
    push_urls(&mut text, config, addresses);
    if let Some(address) = admin_address {
        let url = format!("http://{address}/");
        let _ = writeln!(text, "  admin page: {url}");
    }
    terminal_safe::printable_text(&text)
}

/// Returns the URL of the first TCP address, or the public one if there is none.
pub fn local_base_url(config: &Config, addresses: &[ListenAddress]) -> String {
    let scheme = match config.server.tls {
        Some(_) => "https",
        None => "http",
    };
    let tcp = addresses.iter().find_map(|address| match address {
        ListenAddress::Tcp(address) => Some(format!("{scheme}://{address}")),
        ListenAddress::Unix(_) => None,
    });
    // No URL leads to a Unix socket.
    tcp.unwrap_or_else(|| config.server.public_url.clone())
}

fn push_urls(text: &mut String, config: &Config, addresses: &[ListenAddress]) {
    let base = local_base_url(config, addresses);
    let main_feed_key = |format| {
        let mut paths = config.feed.main.paths.iter();
        let path = paths.find(|(configured, _)| *configured == format);
        let scope = path.map_or(FeedScope::Site, |(_, path)| FeedScope::Custom(path.clone()));
        ArtifactKey::Feed(scope, format)
    };
    let keys = [
        (ArtifactKey::Home, "home page"),
        (main_feed_key(FeedFormat::Rss), "RSS"),
        (main_feed_key(FeedFormat::Atom), "Atom"),
        (main_feed_key(FeedFormat::Json), "JSON Feed"),
        (ArtifactKey::Sitemap, "sitemap"),
        (ArtifactKey::Robots, "rules for crawlers"),
        (ArtifactKey::Opml, "list of all feeds (OPML)"),
        (
            ArtifactKey::CardPage("/".to_owned()),
            "card of the site; cards of posts are at `/cards` and their path",
        ),
    ];
    for (key, what) in keys {
        let url = format!("{base}{}", key.url_path());
        let _ = writeln!(text, "  {url:<40} {what}");
    }
    if config.news.is_some() {
        let url = format!("{base}{}", ArtifactKey::NewsSitemap.url_path());
        let _ = writeln!(
            text,
            "  {url:<40} sitemap of the last two days, for Google News"
        );
    }
    if config.site.llms_txt {
        let url = format!("{base}{}", ArtifactKey::LlmsTxt.url_path());
        let _ = writeln!(text, "  {url:<40} list of the newest posts for agents");
    }
    for language in config.site.further_languages(&config.feed) {
        let home = ArtifactKey::LanguageHome(SiteConfig::language_segment(language));
        let url = format!("{base}{}", home.url_path());
        let _ = writeln!(
            text,
            "  {url:<40} home page with the feeds of the language `{language}`"
        );
    }
    text.push('\n');
    if addresses.len() > 1 || matches!(addresses, [ListenAddress::Unix(_)]) {
        let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "  listening on {}", all.join(", "));
    }
    let _ = writeln!(text, "  public URL: {}", config.server.public_url);
}

/// Groups the posts by state, with a line per post.
fn group_by_state(verdicts: &[PostEvaluation]) -> Vec<(&'static str, Vec<String>)> {
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
        let (name, reason) = describe_state(&verdict.state);
        if let Some((_, lines)) = states.iter_mut().find(|(state, _)| *state == name) {
            lines.push(format!("{}: {reason}", verdict.path));
        }
    }
    states
}

/// Returns the name of a state and its reason.
pub fn describe_state(state: &PostState) -> (&'static str, String) {
    match state {
        PostState::Public => ("public", "nothing hides it".to_owned()),
        PostState::Hidden(marker) | PostState::Unlisted(marker) => {
            let name = if matches!(state, PostState::Hidden(_)) {
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
        PostState::Scheduled(due) => (
            "scheduled",
            format!("until {}", due.format("%Y-%m-%d %H:%M:%S UTC")),
        ),
        PostState::Expired(since) => (
            "expired",
            format!("since {}", since.format("%Y-%m-%d %H:%M:%S UTC")),
        ),
        PostState::Shadowed { by } => ("shadowed", format!("`{by}` has the same address")),
    }
}

fn push_list(text: &mut String, name: &str, lines: &[String]) {
    for line in lines.iter().take(MAX_LISTED_LINES) {
        let _ = writeln!(text, "  {name:<10} {line}");
    }
    if lines.len() > MAX_LISTED_LINES {
        let _ = writeln!(
            text,
            "  {name:<10} … and {} more",
            lines.len() - MAX_LISTED_LINES
        );
    }
    if !lines.is_empty() {
        text.push('\n');
    }
}
