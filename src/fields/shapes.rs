//! Reports fields whose value has a shape that is not read.

use super::FrontMatterFields;
use crate::config::Field;
use crate::front_matter::FrontMatterValue;
use crate::model::finding::{Rule, Severity};
use crate::text::{collapse_whitespace, parse_x_account};

/// Fields whose value is a map: of SEO plugins, Hugo, Zola, Jekyll's themes and Nuxt.
const MAP_FIELDS: [&str; 9] = [
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

/// Warns about fields that should be maps but are not, because nothing in them is read.
pub(crate) fn warn_non_map_fields(fields: &FrontMatterFields<'_>) {
    for (name, node) in fields.root.as_fields() {
        let known = MAP_FIELDS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        let what = match &node.value {
            // A switch is a custom field of the site.
            FrontMatterValue::Scalar(text) => match text.trim() {
                "" | "true" | "false" => continue,
                _ => "text",
            },
            // VitePress and Starlight list the elements of the page's head.
            FrontMatterValue::List(items)
                if name.eq_ignore_ascii_case("head")
                    && items.iter().all(|item| item.as_text().is_none()) =>
            {
                continue;
            }
            FrontMatterValue::List(items)
                if items.iter().all(|item| item.as_fields().is_empty()) =>
            {
                "a list"
            }
            FrontMatterValue::List(_) if !name.eq_ignore_ascii_case("cascade") => "a list",
            _ => continue,
        };
        if known {
            fields.report_finding(
                Severity::Warning,
                Rule::FieldType,
                node,
                format!("`{name}` holds {what} instead of fields, so nothing in it is read"),
                format!("write `{name}:` alone on its line, and its fields indented below it"),
            );
        }
    }
}

/// Reads the account on X, written as a name or a URL.
pub(crate) fn read_x_account(fields: &FrontMatterFields<'_>) -> Option<String> {
    let (name, text, node) = fields.first_named_text(Field::Twitter)?;
    let account = parse_x_account(text);
    if account.is_none() {
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            node,
            format!(
                "`{name}` is not an account on X and is left out: `{}`",
                collapse_whitespace(text)
            ),
            "write `@name`: at most 15 letters, digits and underscores",
        );
    }
    account
}
