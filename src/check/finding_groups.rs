//! Groups the findings of a rule that many posts break, so that a list of findings can be read.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::model::finding::{Finding, Rule, Severity};

/// Findings of one rule that are listed one by one. More are one entry: they have a common cause, and would hide rare
/// findings.
const MAX_SINGLE_FINDINGS: usize = 4;
/// Examples of a group: they show what is common, and three messages fit a screen.
const MAX_EXAMPLES: usize = 3;
/// Examples of a group of errors. Each is about a post that is not published.
const MAX_ERROR_EXAMPLES: usize = 10;

/// Finding, or all findings of a rule and a severity.
#[derive(Debug)]
pub struct FindingGroup<'a> {
    /// First example.
    pub first: &'a Finding,
    /// Number of findings.
    pub count: usize,
    /// Number of files that they are about.
    pub file_count: usize,
    /// Findings to show, each with the number of findings of the same message. The commonest message comes first.
    pub examples: Vec<(&'a Finding, usize)>,
}

/// Groups findings: errors first, then in their order. Rules with many findings follow those of their severity, the
/// most frequent first.
pub fn group_findings<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
) -> Vec<FindingGroup<'a>> {
    let mut by_rule: HashMap<(Severity, Rule), Vec<&Finding>> = HashMap::new();
    let mut groups = Vec::new();
    let findings: Vec<&Finding> = findings.into_iter().collect();
    for finding in &findings {
        let of_rule = by_rule.entry((finding.severity, finding.rule)).or_default();
        of_rule.push(finding);
    }
    // Each error of the configuration is about a key of its own.
    by_rule
        .retain(|(_, rule), of_rule| of_rule.len() > MAX_SINGLE_FINDINGS && *rule != Rule::Config);
    for finding in findings {
        if !by_rule.contains_key(&(finding.severity, finding.rule)) {
            groups.push(FindingGroup::from_finding(finding));
        }
    }
    groups.extend(by_rule.into_values().filter_map(FindingGroup::from_many));
    // Stable, so single findings keep their order.
    groups.sort_by_key(|group| {
        let rule = (group.count > 1).then_some((Reverse(group.count), group.first.rule));
        (group.first.severity, rule)
    });
    groups
}

impl<'a> FindingGroup<'a> {
    /// Makes an entry of one finding.
    pub fn from_finding(finding: &'a Finding) -> FindingGroup<'a> {
        FindingGroup {
            first: finding,
            count: 1,
            file_count: 1,
            examples: vec![(finding, 1)],
        }
    }

    /// Makes one entry of findings. Its examples have different messages, if there are several.
    fn from_many(findings: Vec<&'a Finding>) -> Option<FindingGroup<'a>> {
        let mut by_message: HashMap<&str, usize> = HashMap::new();
        let ranked = findings.iter().map(|finding| {
            let seen = by_message.entry(&finding.message).or_default();
            *seen += 1;
            (*seen, *finding)
        });
        let mut ranked: Vec<(usize, &Finding)> = ranked.collect();
        let frequency = |finding: &Finding| by_message.get(&*finding.message).map_or(1, |n| *n);
        ranked.sort_by_cached_key(|(seen, finding)| (*seen, Reverse(frequency(finding))));
        let files: HashSet<&str> = findings.iter().map(|it| it.file.as_str()).collect();
        let (_, first) = *ranked.first()?;
        let limit = match first.severity {
            Severity::Error => MAX_ERROR_EXAMPLES,
            _ => MAX_EXAMPLES,
        };
        let shown = ranked.iter().take(limit);
        Some(FindingGroup {
            first,
            count: findings.len(),
            file_count: files.len(),
            examples: shown.map(|(_, it)| (*it, frequency(it))).collect(),
        })
    }

    /// Returns true if all findings have the same message.
    pub fn has_one_message(&self) -> bool {
        self.examples
            .first()
            .is_none_or(|(_, same)| *same == self.count)
    }

    /// Returns the message of all findings, or the description of their rule, with their number.
    pub fn message(&self) -> String {
        let message = &self.first.message;
        match self.count {
            1 => message.clone(),
            count if self.has_one_message() => format!("{count} × {message}"),
            count => {
                let doc = self.first.rule.doc().trim_end_matches('.');
                let (article, rest) = doc.split_at_checked(1).unwrap_or_default();
                format!("{count} × {}{rest}", article.to_lowercase())
            }
        }
    }

    /// Returns what an example adds to the message: its own one and how many findings have it.
    pub fn example_message(&self, example: (&Finding, usize)) -> Option<String> {
        match example {
            _ if self.has_one_message() => None,
            (finding, 1) => Some(finding.message.clone()),
            (finding, same) => Some(format!("{same} × {}", finding.message)),
        }
    }
}

/// Formats one line without the hint, for logs.
impl fmt::Display for FindingGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 1 {
            return self.first.fmt(f);
        }
        write!(f, "{} [{}]", self.message(), self.first.rule)?;
        for (number, example) in self.examples.iter().enumerate() {
            f.write_str(if number == 0 { ": " } else { "; " })?;
            f.write_str(&example.0.place())?;
            if let Some(message) = self.example_message(*example) {
                write!(f, " ({message})")?;
            }
        }
        Ok(())
    }
}
