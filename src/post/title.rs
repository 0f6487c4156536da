//! Makes and limits the title and the description of a post, and suggests shorter ones.

use unicode_segmentation::UnicodeSegmentation as _;

use super::path_info::PathInfo;
use super::permalink_pattern::strip_date_prefix;
use crate::config::Field;
use crate::fields::{FrontMatterFields, SourceSpan};
use crate::front_matter::date;
use crate::model::finding::{Rule, Severity};
use crate::text::{collapse_whitespace, truncate_encoded, truncate_graphemes};

/// Maximum characters of a title. A long title has a hundred.
const MAX_TITLE_GRAPHEMES: usize = 1000;
/// Maximum bytes of a title. It bounds characters with hundreds of combining marks.
const MAX_TITLE_BYTES: usize = 12_000;
/// Maximum bytes of a description, escaped for HTML: a hundred times the usual length. Feeds include it in full.
pub(super) const MAX_DESCRIPTION_BYTES: usize = 20_000;
/// Characters of a title that a preview on X shows.
const PREVIEW_TITLE_GRAPHEMES: usize = 70;
/// Characters of a description that a preview on X shows.
const PREVIEW_DESCRIPTION_GRAPHEMES: usize = 200;

/// Makes a title from the file name, as Jekyll does for a post without one, with a warning. Elsewhere the body must have
/// headings.
pub(super) fn title_from_file_name(
    fields: &FrontMatterFields<'_>,
    location: &PathInfo,
    has_subheading: bool,
) -> Option<String> {
    let name = Some(&location.name).filter(|_| location.is_in_posts || has_subheading)?;
    let words: Vec<String> = strip_date_prefix(name)
        .split(['-', '_', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        })
        .collect();
    let title = words.join(" ");
    if title.is_empty() || date::parse_date_prefix(&title).is_some() {
        return None;
    }
    fields.report_finding(
        Severity::Warning,
        Rule::MissingTitle,
        None,
        format!("there is no title, so the file name is used: `{title}`"),
        "write `title: …` in the front matter",
    );
    Some(title)
}

pub(super) fn truncate_title(fields: &FrontMatterFields<'_>, title: String) -> String {
    let short = truncate_encoded(
        &truncate_graphemes(&title, MAX_TITLE_GRAPHEMES),
        MAX_TITLE_BYTES,
    );
    if short != title {
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            None,
            format!("the title is longer than {MAX_TITLE_GRAPHEMES} characters and is truncated"),
            "move the text into the body; no feed reader or preview shows more than a line or two",
        );
    }
    short
}

pub(super) fn truncate_description(fields: &FrontMatterFields<'_>, description: String) -> String {
    let short = truncate_encoded(&description, MAX_DESCRIPTION_BYTES);
    if short != description {
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            None,
            format!(
                "the description is longer than {MAX_DESCRIPTION_BYTES} bytes and is truncated"
            ),
            "move the text into the body; a description is a sentence or two",
        );
    }
    short
}

/// Suggests shortening titles and descriptions that previews would cut, and adding a missing description.
/// `has_summary` is true if the body marks one.
pub(super) fn lint_title_and_description(
    fields: &FrontMatterFields<'_>,
    shown_title: &str,
    has_summary: bool,
) {
    let length = |text: &str| text.graphemes(true).count();
    let title_field = [Field::PreviewTitle, Field::Title]
        .into_iter()
        .find_map(|field| fields.first_named_text(field));
    if fields.is_lint_mode() && length(shown_title) > PREVIEW_TITLE_GRAPHEMES {
        let span = title_field.map(|(_, text, node)| SourceSpan::at_text(node.line, text));
        fields.report_suggestion(
            Rule::LongTitle,
            span.unwrap_or_default(),
            format!(
                "the title has {} characters, and previews show about {PREVIEW_TITLE_GRAPHEMES}",
                length(shown_title)
            ),
            "write a shorter one for previews as `seo: {title: …}`",
        );
    }
    match fields.first_named_text(Field::Description) {
        None if has_summary => {}
        None => fields.report_suggestion(
            Rule::MissingDescription,
            None,
            "there is no description, so the first paragraph is used",
            "write `description: …`, a sentence or two; previews and search results show it",
        ),
        Some((name, text, node))
            if fields.is_lint_mode() && length(&collapse_whitespace(text)) > PREVIEW_DESCRIPTION_GRAPHEMES =>
        {
            fields.report_suggestion(
                Rule::LongDescription,
                SourceSpan::at_text(node.line, text),
                format!(
                    "`{name}` has {} characters, and previews show about {PREVIEW_DESCRIPTION_GRAPHEMES}",
                    length(&collapse_whitespace(text))
                ),
                "write the most important part first, or shorten it",
            )
        }
        Some(_) => {}
    }
    if fields.is_lint_mode() {
        fields.lint_outer_spaces();
    }
}
