//! Reads `[check]` of `config.toml`: rules that `courant check` ignores.

use crate::config_table::{ConfigErrors, ConfigTable};
use crate::model::finding::Rule;

pub(super) fn read_check(mut table: ConfigTable<'_, '_>, faults: &ConfigErrors<'_>) -> CheckConfig {
    let mut ignore = Vec::new();
    if let Some(written) = table.take_strings("ignore") {
        for name in &written.value {
            match Rule::ALL.iter().find(|rule| rule.name() == name) {
                Some(rule) => ignore.push(*rule),
                None => {
                    let closest = Rule::ALL
                        .iter()
                        .min_by_key(|rule| strsim::osa_distance(rule.name(), name));
                    let closest_name = closest.map_or("", |rule| rule.name());
                    faults.report_at(
                        &written,
                        &format!("is not a rule: `{name}`"),
                        format!("did you mean `{closest_name}`? docs/rules.md lists all rules"),
                    );
                }
            }
        }
    }
    table.reject_unknown();
    CheckConfig { ignore }
}

/// `[check]`: rules that `courant check` ignores.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckConfig {
    /// Rules whose warnings and notes are left out; errors are always reported.
    pub ignore: Vec<Rule>,
}
