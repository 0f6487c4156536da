//! Reports categories, tags and authors that are spelled in two ways.
//!
//! Each spelling may get a feed of its own, or the feed's title changes with its newest post.

use std::collections::BTreeMap;

use crate::model::finding::{Finding, Rule, Severity};
use crate::model::terms::Term;
use crate::site::Site;
use crate::site::entry::Entry;

/// Getter of an entry's terms.
type TermsGetter = fn(&Entry) -> &[Term];

/// Finds the spellings that fewer posts use.
pub(super) fn find_spelling_variants(site: &Site) -> Vec<Finding> {
    let kinds: [(&str, TermsGetter); 3] = [
        ("category", Entry::categories),
        ("tag", Entry::tags),
        ("author", Entry::author_terms),
    ];
    kinds
        .into_iter()
        .flat_map(|(kind, terms)| find_spellings_of_kind(site, kind, terms))
        .collect()
}

/// Finds the rarer spellings of one kind of term.
fn find_spellings_of_kind(site: &Site, kind: &str, terms: TermsGetter) -> Vec<Finding> {
    // Slugs are compared without hyphens, so that `OpenStack` equals `Open Stack`.
    let mut groups: BTreeMap<String, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for entry in site.listed_entries().iter() {
        for term in terms(entry) {
            let group = groups.entry(term.slug.replace('-', "")).or_default();
            let files = group.entry(&*term.label).or_default();
            files.push(entry.source_path());
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
                    highlight: None,
                    severity: Severity::Warning,
                    rule: Rule::TwoSpellings,
                    message: format!("the {kind} `{label}` is spelled `{usual}` in other posts"),
                    hint: format!("write `{usual}` in all posts"),
                });
            }
        }
    }
    findings
}
