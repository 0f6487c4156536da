//! A judged site into findings about what no single file shows: two spellings of one thing, a date
//! that is a slip, a feed that had to be shortened.
//!
//! Only `check` asks for it; nothing here changes what is published.

mod feeds;
mod spelling;

use chrono::{DateTime, Days, Utc};

use crate::config::Config;
use crate::finding::{Finding, Rule, Severity};
use crate::render::CardImages;
use crate::site::Judged;
use crate::site::visibility::State;

/// A post that is scheduled for later is a slip of the pen.
const FAR: Days = Days::new(366);

/// Everything that the site as a whole could do better.
pub fn all(
    config: &Config,
    judged: &Judged,
    images: &dyn CardImages,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    let mut findings = far_dates(judged, now);
    findings.extend(spelling::two_spellings(&judged.site));
    findings.extend(feeds::shortened(config, &judged.site, images));
    findings
}

/// Findings without the advice on posts that nobody sees, nor is about to see.
pub fn relevant(mut findings: Vec<Finding>, judged: &Judged) -> Vec<Finding> {
    let unseen: std::collections::HashSet<&str> = judged
        .verdicts
        .iter()
        .filter(|verdict| {
            matches!(
                verdict.state,
                State::Hidden(_) | State::Expired(_) | State::Shadowed { .. }
            )
        })
        .map(|verdict| verdict.path.as_str())
        .collect();
    findings.retain(|finding| {
        finding.severity != Severity::Note || !unseen.contains(finding.file.as_str())
    });
    findings
}

fn far_dates(judged: &Judged, now: DateTime<Utc>) -> Vec<Finding> {
    let horizon = now.checked_add_days(FAR).unwrap_or(now);
    let far = |state: &State| match state {
        State::Scheduled(due) if *due > horizon => Some(*due),
        _ => None,
    };
    judged
        .verdicts
        .iter()
        .filter_map(|verdict| Some((verdict, far(&verdict.state)?)))
        .map(|(verdict, due)| Finding {
            file: verdict.path.clone(),
            line: None,
            mark: None,
            severity: Severity::Warning,
            rule: Rule::FarFutureDate,
            message: format!(
                "the post is scheduled for {}, more than a year ahead",
                due.format("%Y-%m-%d")
            ),
            hint: "look at the year; if the post is not to be seen, write `draft: true`".to_owned(),
        })
        .collect()
}
