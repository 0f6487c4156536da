//! `[check]`: which rules `courant check` does not speak of.

use super::Check;
use super::raw::{Faults, Table};
use crate::finding::Rule;

pub(super) fn check(mut table: Table<'_, '_>, faults: &Faults<'_>) -> Check {
    let mut ignore = Vec::new();
    if let Some(written) = table.strings("ignore") {
        for name in &written.value {
            match Rule::ALL.iter().find(|rule| rule.name() == name) {
                Some(rule) => ignore.push(*rule),
                None => {
                    let near = Rule::ALL
                        .iter()
                        .min_by_key(|rule| strsim::osa_distance(rule.name(), name));
                    let near = near.map_or("", |rule| rule.name());
                    faults.at(
                        &written,
                        &format!("names no rule: `{name}`"),
                        format!("did you mean `{near}`? docs/rules.md has all of them"),
                    );
                }
            }
        }
    }
    table.finish();
    Check { ignore }
}
