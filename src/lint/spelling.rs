//! One category, tag or author under two spellings: two feeds, or one whose name changes with its
//! newest post.

use std::collections::BTreeMap;

use crate::finding::{Finding, Rule, Severity};
use crate::site::Site;
use crate::site::entry::{Entry, Term};

type Terms = fn(&Entry) -> &[Term];

/// The spellings that fewer posts have.
pub(super) fn two_spellings(site: &Site) -> Vec<Finding> {
    let kinds: [(&str, Terms); 3] = [
        ("category", Entry::categories),
        ("tag", Entry::tags),
        ("author", Entry::author_terms),
    ];
    kinds
        .into_iter()
        .flat_map(|(kind, terms)| of_kind(site, kind, terms))
        .collect()
}

fn of_kind(site: &Site, kind: &str, terms: Terms) -> Vec<Finding> {
    // By what is left of a slug without its hyphens: `OpenStack` and `Open Stack` are one.
    let mut groups: BTreeMap<String, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for entry in site.entries().iter() {
        for term in terms(entry) {
            let group = groups.entry(term.slug.replace('-', "")).or_default();
            let files = group.entry(&*term.label).or_default();
            files.push(entry.source());
        }
    }
    let mut findings = Vec::new();
    for spellings in groups.into_values().filter(|spellings| spellings.len() > 1) {
        let usual = spellings
            .iter()
            .max_by_key(|(label, files)| (files.len(), std::cmp::Reverse(**label)))
            .map(|(label, _)| *label);
        let Some(usual) = usual else { continue };
        for (label, files) in spellings.iter().filter(|(label, _)| **label != usual) {
            for file in files {
                findings.push(Finding {
                    file: (*file).to_owned(),
                    line: None,
                    mark: None,
                    severity: Severity::Warning,
                    rule: Rule::TwoSpellings,
                    message: format!("the {kind} `{label}` is `{usual}` in other posts"),
                    hint: format!("write `{usual}`, so that both are one"),
                });
            }
        }
    }
    findings
}
