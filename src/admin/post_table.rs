//! Builds the table of posts that the admin pages show, with states, findings and counts.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::check::report;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::post::Post;
use crate::publish::pipeline::ContentOverview;
use crate::visibility::PostEvaluation;

/// States of a post, in the order of the page.
pub(super) const POST_STATES: [&str; 7] = [
    "public",
    "hidden",
    "scheduled",
    "expired",
    "unlisted",
    "shadowed",
    "broken",
];

/// Posts, counts and findings that the pages show.
#[derive(Debug)]
pub(super) struct PostTable {
    pub(super) overview: ContentOverview,
    /// All posts, newest first, after the files that cannot be parsed as posts.
    pub(super) rows: Vec<PostRow>,
    /// Number of posts by state.
    pub(super) state_counts: BTreeMap<&'static str, usize>,
    /// Errors and warnings; notes are left out.
    pub(super) findings: Vec<Finding>,
}

/// Row of the table: one post, or one broken file.
#[derive(Debug)]
pub(super) struct PostRow {
    pub(super) path: String,
    pub(crate) title: String,
    pub(crate) url: Option<String>,
    pub(super) state: &'static str,
    pub(super) reason: String,
    pub(super) published: Option<DateTime<Utc>>,
    pub(super) next_change: Option<DateTime<Utc>>,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    /// Title, path and URL in lower case, for the search.
    search_text: String,
}

impl PostRow {
    fn from_post(post: &Post, verdict: &PostEvaluation) -> PostRow {
        let (state, reason) = report::describe_state(&verdict.state);
        PostRow {
            path: post.path.to_string(),
            title: post.title.to_string(),
            url: Some(post.permalink.url.to_string()),
            state,
            reason,
            published: Some(post.published_at),
            next_change: verdict.next_change,
            errors: 0,
            warnings: 0,
            search_text: format!("{} {} {}", post.title, post.path, post.permalink.url)
                .to_lowercase(),
        }
    }

    /// Creates the row of a file that cannot be parsed as a post.
    fn from_finding(finding: &Finding) -> PostRow {
        let line = finding.line.map(|line| format!(", line {line}"));
        PostRow {
            path: finding.file.clone(),
            title: finding.file.clone(),
            url: None,
            state: "broken",
            reason: format!("{}{}", finding.message, line.unwrap_or_default()),
            published: None,
            next_change: None,
            errors: 0,
            warnings: 0,
            search_text: finding.file.to_lowercase(),
        }
    }

    /// Returns true if the row contains all of these lower-case words.
    pub(super) fn has_words(&self, words: &[String]) -> bool {
        words
            .iter()
            .all(|word| self.search_text.contains(word.as_str()))
    }
}

impl PostTable {
    /// Builds the table.
    pub(super) fn from_overview(overview: ContentOverview) -> PostTable {
        let verdicts = &overview.evaluated.post_evaluations;
        let verdicts: HashMap<&str, &PostEvaluation> = verdicts
            .iter()
            .map(|verdict| (verdict.path.as_str(), verdict))
            .collect();
        let mut rows: Vec<PostRow> = overview
            .posts
            .iter()
            .filter_map(|post| Some(PostRow::from_post(post, verdicts.get(&*post.path)?)))
            .collect();
        let findings: Vec<Finding> = overview
            .status
            .findings
            .iter()
            .filter(|finding| finding.severity != Severity::Note)
            .cloned()
            .collect();
        let mut by_file: HashMap<&str, (usize, usize)> = HashMap::new();
        for finding in &findings {
            let (errors, warnings) = by_file.entry(&finding.file).or_default();
            match finding.severity {
                Severity::Error => *errors += 1,
                _ => *warnings += 1,
            }
        }
        let mut broken: BTreeMap<&str, PostRow> = BTreeMap::new();
        for finding in &findings {
            let is_a_post = verdicts.contains_key(finding.file.as_str());
            if finding.severity == Severity::Error
                && !is_a_post
                && is_about_post(finding, &overview)
            {
                broken
                    .entry(&finding.file)
                    .or_insert_with(|| PostRow::from_finding(finding));
            }
        }
        rows.extend(broken.into_values());
        for row in &mut rows {
            if let Some((errors, warnings)) = by_file.get(row.path.as_str()) {
                (row.errors, row.warnings) = (*errors, *warnings);
            }
        }
        // Broken files have no date and come first.
        let key = |row: &PostRow| row.published.unwrap_or(DateTime::<Utc>::MAX_UTC);
        rows.sort_by(|a, b| key(b).cmp(&key(a)).then_with(|| a.path.cmp(&b.path)));
        let mut state_counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for row in &rows {
            *state_counts.entry(row.state).or_default() += 1;
        }
        PostTable {
            rows,
            state_counts,
            findings,
            overview,
        }
    }

    /// Counts the posts with a state.
    pub(super) fn count_in_state(&self, state: &str) -> usize {
        self.state_counts.get(state).copied().unwrap_or_default()
    }

    /// Finds the row of a file.
    pub(super) fn find_row(&self, path: &str) -> Option<&PostRow> {
        self.rows.iter().find(|row| row.path == path)
    }

    /// Counts the errors or the warnings.
    pub(super) fn count_by_severity(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Counts all findings by rule and severity, notes included.
    pub(super) fn count_by_rule(&self) -> BTreeMap<(Rule, Severity), u64> {
        let mut rules = BTreeMap::new();
        for finding in self.overview.status.findings.iter() {
            *rules.entry((finding.rule, finding.severity)).or_default() += 1;
        }
        rules
    }
}

/// Returns true if a finding is about a post's file, and not about the site or its configuration.
fn is_about_post(finding: &Finding, overview: &ContentOverview) -> bool {
    let is_about_site = matches!(
        finding.rule,
        Rule::Config
            | Rule::UnreadableDirectory
            | Rule::UnusableFont
            | Rule::CardTemplate
            | Rule::IdWithoutPost
            | Rule::IdsDiffer
    );
    !is_about_site && finding.file != overview.config.file
}
