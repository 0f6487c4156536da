//! Reports problems that appear only once the site is built: two spellings of a term, a post
//! scheduled too far ahead, a feed that had to be shortened.
//!
//! Only `check` uses it. No lint changes what is published.

mod feed_size;
mod podcast;
mod spelling;

use chrono::{DateTime, Days, Utc};

use crate::config::Config;
use crate::model::finding::{Finding, Rule, Severity};
use crate::site::SiteEvaluation;
use crate::site::card_images::CardImageSource;
use crate::text::is_same_language;
use crate::visibility::PostState;

/// Posts that are scheduled further ahead than this probably have a mistyped year.
const FAR_FUTURE_DAYS: Days = Days::new(366);

/// Runs all lints on the site as a whole.
pub fn lint_site(
    config: &Config,
    evaluation: &SiteEvaluation,
    images: &dyn CardImageSource,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    let mut findings = find_far_future_dates(evaluation, now);
    findings.extend(find_unlisted_language(config));
    findings.extend(find_unserved_indexnow_key(config));
    findings.extend(podcast::find_enclosure_faults(
        config,
        &evaluation.site,
        images,
    ));
    findings.extend(podcast::find_podcast_faults(config, &evaluation.site, now));
    findings.extend(spelling::find_spelling_variants(&evaluation.site));
    findings.extend(feed_size::find_shortened_feeds(
        config,
        &evaluation.site,
        images,
    ));
    findings
}

/// Removes notes on posts that stay unpublished unless a file changes.
pub fn remove_notes_on_unpublished_posts(
    mut findings: Vec<Finding>,
    evaluation: &SiteEvaluation,
) -> Vec<Finding> {
    let unpublished: std::collections::HashSet<&str> = evaluation
        .post_evaluations
        .iter()
        .filter(|post| {
            matches!(
                post.state,
                PostState::Hidden(_) | PostState::Expired(_) | PostState::Shadowed { .. }
            )
        })
        .map(|post| post.path.as_str())
        .collect();
    findings.retain(|finding| {
        finding.severity != Severity::Note || !unpublished.contains(finding.file.as_str())
    });
    findings
}

/// Finds a `site.language` that `site.languages` lacks.
fn find_unlisted_language(config: &Config) -> Option<Finding> {
    let (language, listed) = (&config.site.language, &config.site.languages);
    let is_listed = listed.iter().any(|tag| tag.eq_ignore_ascii_case(language));
    if listed.is_empty() || is_listed {
        return None;
    }
    let same = listed.iter().find(|tag| is_same_language(tag, language));
    let tag = same.unwrap_or(language);
    Some(Finding {
        file: config.file.clone(),
        line: None,
        highlight: None,
        severity: Severity::Warning,
        rule: Rule::Config,
        message: format!("`site.language` `{language}` is not among `site.languages`"),
        hint: format!("write `{tag}` in both; posts in other languages are below `/<language>/`"),
    })
}

/// Finds an IndexNow key whose file search engines look for on a host that courant does not serve.
pub fn find_unserved_indexnow_key(config: &Config) -> Option<Finding> {
    let indexnow = config.announce.indexnow.as_ref();
    let indexnow = indexnow.filter(|indexnow| !indexnow.is_key_served)?;
    Some(Finding {
        file: config.file.clone(),
        line: None,
        highlight: None,
        severity: Severity::Warning,
        rule: Rule::Config,
        message: format!(
            "courant does not serve the IndexNow key file at `{}`",
            indexnow.key_url
        ),
        hint: format!(
            "put a file with the text `{}` there, for example into the static files of the site:              `server.public_url` is not above `site.url`",
            indexnow.key
        ),
    })
}

/// Finds posts that are scheduled implausibly far ahead.
fn find_far_future_dates(evaluation: &SiteEvaluation, now: DateTime<Utc>) -> Vec<Finding> {
    let horizon = now.checked_add_days(FAR_FUTURE_DAYS).unwrap_or(now);
    evaluation
        .post_evaluations
        .iter()
        .filter_map(|post| match post.state {
            PostState::Scheduled(due) if due > horizon => Some((post, due)),
            _ => None,
        })
        .map(|(post, due)| Finding {
            file: post.path.clone(),
            line: None,
            highlight: None,
            severity: Severity::Warning,
            rule: Rule::FarFutureDate,
            message: format!(
                "the post is scheduled for {}, more than a year ahead",
                due.format("%Y-%m-%d")
            ),
            hint: "check the year; to hide the post, write `draft: true`".to_owned(),
        })
        .collect()
}
