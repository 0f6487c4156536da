//! Reads the dates of a post, and reports those that cannot be read.

use chrono::{DateTime, Datelike as _, FixedOffset, Utc};

use super::FrontMatterFields;
use super::custom_fields::for_each_field;
use crate::config::{Config, Field, NameStyle};
use crate::front_matter::date::{self, DateOptions};
use crate::front_matter::visibility_field_names::{self, FieldLimit};
use crate::front_matter::{FrontMatterValue, Node};
use crate::model::finding::{Rule, Severity};
use crate::model::post::{VisibilityEffect, VisibilityField};
use crate::text::collapse_whitespace;

/// Value of a date field.
pub(crate) enum DateValue {
    /// The date, with its offset as written, or that of the site's zone.
    Date(DateTime<FixedOffset>),
    /// The value cannot be read. An embargo or expiry is then unknown, so this marker hides the post.
    Unreadable(VisibilityField),
}

impl DateValue {
    /// Returns the date, or adds the marker of an unreadable one to `doubts`.
    pub(crate) fn date_or_push_marker(
        self,
        doubts: &mut Vec<VisibilityField>,
    ) -> Option<DateTime<FixedOffset>> {
        match self {
            DateValue::Date(date) => Some(date),
            DateValue::Unreadable(marker) => {
                doubts.push(marker);
                None
            }
        }
    }
}

/// Returns the options for parsing dates. Jekyll reads front matter with Ruby's YAML parser.
pub(crate) fn date_options(config: &Config) -> DateOptions {
    DateOptions {
        zone: config.site.timezone,
        z_is_local: config.content.z_is_local,
        plain_times_are_utc: config.content.names == NameStyle::Jekyll,
    }
}

/// Returns true for the generators whose YAML parser reads the 30th of February as a day in March. The builds of the
/// others fail.
fn rolls_days_over(names: NameStyle) -> bool {
    let fails = names.is_hugo() || names.is_zola() || names.is_pelican();
    !fails && names != NameStyle::Jekyll
}

/// Reads the dates under all names of the field, in the order of the names.
///
/// Names are matched in any spelling. Dates that limit visibility are also read within the maps that hold
/// a site's own fields.
pub(crate) fn read_dates(fields: &FrontMatterFields<'_>, field: Field) -> Vec<DateValue> {
    let names: Vec<&str> = fields.possible_field_names(field).collect();
    let order = |name: &str| {
        let mut names = names.iter();
        names.position(|known| visibility_field_names::is_same_spelling(name, known))
    };
    let mut found: Vec<(usize, &str, &Node)> = Vec::new();
    for (name, node) in fields.root.as_fields() {
        found.extend(order(name).map(|order| (order, name.as_str(), node)));
    }
    for (at, path) in names
        .iter()
        .enumerate()
        .filter(|(_, name)| name.contains('.'))
    {
        let mut nodes = Vec::new();
        fields.root.collect_at_path(path, &mut nodes);
        found.extend(nodes.into_iter().map(|node| (at, *path, node)));
    }
    found.sort_by_key(|(order, ..)| *order);
    let mut dates: Vec<DateValue> = found
        .into_iter()
        .filter_map(|(_, name, node)| read_date(fields, field, name, node))
        .collect();
    if matches!(field, Field::PublishDate | Field::Expires) {
        for_each_field("", fields.root, 0, &mut |name, node| {
            // Fields of the top level were read above.
            let Some((_, last)) = name.rsplit_once('.') else {
                return;
            };
            if visibility_field_names::limits_for_name(last, fields.config)
                .contains(&FieldLimit::Date(field))
            {
                dates.extend(read_date(fields, field, name, node));
            }
        });
    }
    dates
}

fn read_date(
    fields: &FrontMatterFields<'_>,
    field: Field,
    name: &str,
    node: &Node,
) -> Option<DateValue> {
    let value = match &node.value {
        FrontMatterValue::Null => return None,
        FrontMatterValue::Scalar(text) if text.trim().is_empty() => return None,
        FrontMatterValue::Scalar(text) => text.trim(),
        FrontMatterValue::List(_) | FrontMatterValue::Map(_) => "…",
    };
    let options = match node.is_plain {
        true => date_options(fields.config).for_plain_text(value),
        false => date_options(fields.config),
    };
    if let Some(date) = date::parse_date_with_offset(value, options) {
        lint_time_zone(fields, name, node, value, date.to_utc());
        return Some(DateValue::Date(date));
    }
    // A later start is safe. A later end would show the post too long.
    if node.is_plain
        && field == Field::Date
        && rolls_days_over(fields.config.content.names)
        && let Some(rolled) = date::roll_day_over(value)
        && let Some(date) = date::parse_date_with_offset(&rolled, options)
    {
        fields.report_finding(
            Severity::Warning,
            Rule::UnreadableDate,
            node,
            format!("`{name}` is a day that does not exist, and is read as `{rolled}`"),
            "write the day that you mean",
        );
        return Some(DateValue::Date(date));
    }
    // `published: false` is a marker, not a date that cannot be read.
    let is_marker = |limit: &FieldLimit| matches!(limit, FieldLimit::Marker(_));
    if visibility_field_names::limits_for_name(name, fields.config)
        .iter()
        .any(is_marker)
    {
        return None;
    }
    let reason = date::rejection_reason(value).map(|reason| format!(": {reason}"));
    fields.report_finding(
        Severity::Error,
        Rule::UnreadableDate,
        node,
        format!(
            "`{name}` is not a date: `{}`{}",
            collapse_whitespace(value),
            reason.unwrap_or_default()
        ),
        format!("write `{name}: 2024-05-01T10:00:00Z`"),
    );
    Some(DateValue::Unreadable(VisibilityField {
        field: name.to_owned(),
        value: collapse_whitespace(value),
        line: Some(node.line),
        effect: VisibilityEffect::Hides,
    }))
}

/// Suggests checking a time without a zone, and a `Z` that moves the date to another day.
///
/// Content tools often get both wrong.
fn lint_time_zone(
    fields: &FrontMatterFields<'_>,
    name: &str,
    node: &Node,
    value: &str,
    date: DateTime<Utc>,
) {
    if !fields.is_lint_mode() {
        return;
    }
    let site = &fields.config.site;
    let is_utc = node.is_plain && date_options(fields.config).is_plain_text_utc(value);
    if !site.timezone_is_set && !is_utc && date::has_time_without_zone(value) {
        fields.report_suggestion(
            Rule::ZonelessDate,
            node,
            format!("`{name}` has no zone and `site.timezone` is unset, so it is read as UTC"),
            "set `site.timezone`, or write the offset, as in `2024-05-01T10:00:00+02:00`",
        );
    }
    let local = date.with_timezone(&site.timezone);
    let is_suspect = value.ends_with(['Z', 'z']) && !fields.config.content.z_is_local;
    if is_suspect && local.num_days_from_ce() != date.num_days_from_ce() {
        fields.report_suggestion(
            Rule::SuspectZone,
            node,
            format!(
                "`{value}` is {} in `{}`, which is not the day that is written",
                local.format("%Y-%m-%d"),
                site.timezone
            ),
            "some content tools write `Z` after local time; if yours does, set `content.z_is_local`",
        );
    }
}
