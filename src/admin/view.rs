//! All that is known into rows that a page shows some of. Made once for each news, when somebody looks.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::finding::{Finding, Rule, Severity};
use crate::pipeline::Overview;
use crate::post::Post;
use crate::report;
use crate::site::visibility::Verdict;

/// Every state that a post can be in, in the order in which people ask.
pub(super) const STATES: [&str; 7] = [
    "public",
    "hidden",
    "scheduled",
    "expired",
    "unlisted",
    "shadowed",
    "broken",
];

/// What the pages show.
#[derive(Debug)]
pub(super) struct View {
    pub(super) overview: Overview,
    /// Every post and every file that would be one, the newest first, what is broken before all.
    pub(super) rows: Vec<Row>,
    /// How many are in which state.
    pub(super) counts: BTreeMap<&'static str, usize>,
    /// What is wrong, as the state says.
    pub(super) findings: Vec<Finding>,
}

/// One post.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) path: String,
    pub(super) title: String,
    pub(super) url: Option<String>,
    pub(super) state: &'static str,
    pub(super) reason: String,
    pub(super) published: Option<DateTime<Utc>>,
    pub(super) next_change: Option<DateTime<Utc>>,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    /// What a search looks in, in lower case.
    haystack: String,
}

impl Row {
    fn new(post: &Post, verdict: &Verdict) -> Row {
        let (state, reason) = report::state(&verdict.state);
        Row {
            path: post.path.to_string(),
            title: post.title.to_string(),
            url: Some(post.permalink.url.to_string()),
            state,
            reason,
            published: Some(post.published),
            next_change: verdict.next_change,
            errors: 0,
            warnings: 0,
            haystack: format!("{} {} {}", post.title, post.path, post.permalink.url).to_lowercase(),
        }
    }

    fn broken(finding: &Finding) -> Row {
        let line = finding.line.map(|line| format!(", line {line}"));
        Row {
            path: finding.file.clone(),
            title: finding.file.clone(),
            url: None,
            state: "broken",
            reason: format!("{}{}", finding.message, line.unwrap_or_default()),
            published: None,
            next_change: None,
            errors: 0,
            warnings: 0,
            haystack: finding.file.to_lowercase(),
        }
    }

    /// Whether all of these words are in it, which are in lower case.
    pub(super) fn has(&self, words: &[String]) -> bool {
        words
            .iter()
            .all(|word| self.haystack.contains(word.as_str()))
    }
}

impl View {
    pub(super) fn of(overview: Overview) -> View {
        let verdicts = &overview.judged.verdicts;
        let verdicts: HashMap<&str, &Verdict> = verdicts
            .iter()
            .map(|verdict| (verdict.path.as_str(), verdict))
            .collect();
        let mut rows: Vec<Row> = overview
            .posts
            .iter()
            .filter_map(|post| Some(Row::new(post, verdicts.get(&*post.path)?)))
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
        let mut broken: BTreeMap<&str, Row> = BTreeMap::new();
        for finding in &findings {
            let is_a_post = verdicts.contains_key(finding.file.as_str());
            if finding.severity == Severity::Error && !is_a_post && is_of_a_post(finding, &overview)
            {
                broken
                    .entry(&finding.file)
                    .or_insert_with(|| Row::broken(finding));
            }
        }
        rows.extend(broken.into_values());
        for row in &mut rows {
            if let Some((errors, warnings)) = by_file.get(row.path.as_str()) {
                (row.errors, row.warnings) = (*errors, *warnings);
            }
        }
        let key = |row: &Row| row.published.unwrap_or(DateTime::<Utc>::MAX_UTC);
        rows.sort_by(|a, b| key(b).cmp(&key(a)).then_with(|| a.path.cmp(&b.path)));
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for row in &rows {
            *counts.entry(row.state).or_default() += 1;
        }
        View {
            rows,
            counts,
            findings,
            overview,
        }
    }

    pub(super) fn count(&self, state: &str) -> usize {
        self.counts.get(state).copied().unwrap_or_default()
    }

    pub(super) fn row(&self, path: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.path == path)
    }

    /// How many findings there are of a severity.
    pub(super) fn found(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// How many findings there are by rule.
    pub(super) fn by_rule(&self) -> BTreeMap<(Rule, Severity), u64> {
        let mut rules = BTreeMap::new();
        for finding in self.overview.status.findings.iter() {
            *rules.entry((finding.rule, finding.severity)).or_default() += 1;
        }
        rules
    }
}

/// Whether a finding is about a file that would be a post.
fn is_of_a_post(finding: &Finding, overview: &Overview) -> bool {
    let is_of_the_site = matches!(
        finding.rule,
        Rule::Config
            | Rule::UnreadableDirectory
            | Rule::UnusableFont
            | Rule::CardTemplate
            | Rule::IdWithoutPost
            | Rule::IdsDiffer
    );
    !is_of_the_site && finding.file != overview.config.file
}
