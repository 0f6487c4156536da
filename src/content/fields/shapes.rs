//! Finds fields whose value has a shape that is not read.

use super::Fields;
use crate::config::Field;
use crate::content::front_matter::Value;
use crate::finding::{Rule, Severity};
use crate::text::{one_line, x_account};

/// Fields that hold others: of SEO plugins, Hugo, Zola, Jekyll's themes and Nuxt.
const OUTER_FIELDS: [&str; 9] = [
    "seo",
    "params",
    "extra",
    "taxonomies",
    "build",
    "_build",
    "cascade",
    "header",
    "head",
];

impl Fields<'_> {
    /// Speaks of fields that hold others and have another shape, so that nothing in them is read.
    pub(in crate::content) fn warn_of_shapes(&self) {
        for (name, node) in self.root.fields() {
            let known = OUTER_FIELDS
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known));
            let what = match &node.value {
                // A switch is a field of a site's own.
                Value::Scalar(text) => match text.trim() {
                    "" | "true" | "false" => continue,
                    _ => "text",
                },
                Value::List(items) if items.iter().all(|item| item.fields().is_empty()) => "a list",
                Value::List(_) if !name.eq_ignore_ascii_case("cascade") => "a list",
                _ => continue,
            };
            if known {
                self.note(
                    Severity::Warning,
                    Rule::FieldType,
                    node,
                    format!("`{name}` holds {what} where fields belong, so nothing in it is read"),
                    format!("write `{name}:` alone on its line, and its fields indented below it"),
                );
            }
        }
    }

    /// The account on X, as a name or an address.
    pub(in crate::content) fn x_account(&self) -> Option<String> {
        let (name, text, node) = self.named_text(Field::Twitter)?;
        let account = x_account(text);
        if account.is_none() {
            self.note(
                Severity::Warning,
                Rule::FieldType,
                node,
                format!(
                    "`{name}` is no account on X, and is left out: `{}`",
                    one_line(text)
                ),
                "write `@name`: at most 15 letters, digits and underscores",
            );
        }
        account
    }
}
