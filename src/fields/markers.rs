//! Collects the front matter fields that control visibility, as markers.
//!
//! Visibility itself is decided later, from the markers. A leak cannot be recalled, so markers are also read in
//! the maps that hold a site's own fields, and near misses are reported.

use super::custom_fields::{for_each_field, is_custom_field_map, is_hugo_build};
use super::dates::date_options;
use super::{FrontMatterFields, SourceSpan, list_items};
use crate::config::{Config, Field};
use crate::front_matter::date;
use crate::front_matter::visibility_field_names::{
    DateSide, FieldLimit, effect_in_feed_map, find_similar_hiding_name, guess_date_side,
    is_feed_map, is_same_spelling, limits_for_name,
};
use crate::front_matter::{FrontMatterValue, Node};
use crate::model::finding::{Rule, Severity};
use crate::model::post::{FlagValue, StrayDate, VisibilityEffect, VisibilityField};
use crate::text::collapse_whitespace;

/// Maximum dates under near-miss names that are kept of a post. More would report the same.
const MAX_STRAY_DATES_PER_POST: usize = 4;
/// Fields beside the `state` of a postal address.
const ADDRESS_FIELDS: [&str; 5] = ["city", "zip", "zipCode", "postalCode", "postcode"];

/// Collects the visibility markers, each under the name as written.
pub(crate) fn collect_visibility_markers(fields: &FrontMatterFields<'_>) -> Vec<VisibilityField> {
    let mut markers = Vec::new();
    for_each_field("", fields.root, 0, &mut |name, node| {
        read_markers(fields, name, node, &mut markers);
    });
    let own = fields
        .field_nodes(Field::Hidden)
        .filter(|(name, _)| name.contains('.'));
    for (name, node) in own {
        markers.extend(marker_from_node(
            fields,
            name,
            node,
            VisibilityEffect::Hides,
        ));
    }
    markers
}

/// Collects the markers of a section file that hide the posts below it. Each marker names the file.
///
/// A section that is a draft makes drafts of its posts, and Hugo's `cascade` sets fields of all of them.
pub(crate) fn collect_section_markers(
    fields: &FrontMatterFields<'_>,
    path: &str,
) -> Vec<VisibilityField> {
    let mut markers = collect_visibility_markers(fields);
    // A site's own fields concern only the page of the section.
    let is_of_all = |kind| matches!(kind, VisibilityEffect::Hides | VisibilityEffect::Restricts);
    markers.retain(|marker| is_of_all(marker.effect) && !marker.field.contains('.'));
    let cascades = fields.root.as_fields().iter();
    let cascades = cascades.filter(|(name, _)| name.eq_ignore_ascii_case("cascade"));
    for cascade in cascades.flat_map(|(_, node)| list_items(node)) {
        for_each_field("cascade.", cascade, 1, &mut |name, node| {
            read_markers(fields, name, node, &mut markers);
        });
    }
    markers.retain(|marker| marker.may_unpublish() || marker.leaves_feeds());
    for marker in &mut markers {
        marker.field = format!("{path}: {}", marker.field);
        marker.line = None;
    }
    markers
}

/// Adds the markers of one field.
fn read_markers(
    fields: &FrontMatterFields<'_>,
    name: &str,
    node: &Node,
    markers: &mut Vec<VisibilityField>,
) {
    // A dotted name is a field within another field.
    let (outer, last) = name.rsplit_once('.').unwrap_or(("", name));
    // Deep within a site's own data a lock or an unknown word seldom concerns the post.
    let is_deep = name.matches('.').count() > 1;
    let is_in_build = is_hugo_build(outer.rsplit('.').next().unwrap_or(outer));
    let depth = name.strip_prefix("cascade.").unwrap_or(name);
    let depth = depth.matches('.').count();
    let map = outer.rsplit('.').next().unwrap_or(outer);
    if depth < 3 && is_feed_map(map) && effect_in_feed_map(last).is_some() {
        // `read_feed_map` reads it.
        return;
    }
    for limit in limits_for_name(last, fields.config) {
        match limit {
            FieldLimit::BuildMarker(kind) if is_in_build => {
                markers.extend(marker_from_node(fields, name, node, kind));
            }
            FieldLimit::Marker(VisibilityEffect::Restricts) if is_deep => {}
            FieldLimit::SharedMarker(VisibilityEffect::InFeeds) if depth > 1 => {}
            FieldLimit::SharedMarker(VisibilityEffect::InFeeds) if node.as_text().is_none() => {
                read_feed_map(name, node, markers);
            }
            FieldLimit::Marker(kind) if !is_in_build => {
                markers.extend(marker_from_node(fields, name, node, kind));
            }
            FieldLimit::SharedMarker(kind) if !is_in_build => {
                let node = node.get("build").unwrap_or(node);
                let marker = node
                    .as_text()
                    .map(|text| new_marker(name, text, node, kind));
                markers.extend(marker.filter(VisibilityField::is_false_marker));
            }
            FieldLimit::Robots if !is_deep && forbids_indexing(node) => {
                markers.push(new_marker(name, "true", node, VisibilityEffect::NoIndex));
            }
            FieldLimit::State if !is_in_build => {
                let is_doubtful = !is_deep && !is_place(fields, outer, last, node);
                read_state_markers(fields, name, node, is_doubtful, markers)
            }
            FieldLimit::SharedState if !is_in_build => {
                read_state_markers(fields, name, node, false, markers)
            }
            _ => {}
        }
    }
}

/// Adds the markers in the map of a feed field. Other fields there, such as a title, are no markers.
fn read_feed_map(name: &str, map: &Node, markers: &mut Vec<VisibilityField>) {
    for (inner, node) in map.as_fields() {
        if let Some(effect) = effect_in_feed_map(inner) {
            let value = node.as_text().unwrap_or_default().trim();
            markers.push(new_marker(&format!("{name}.{inner}"), value, node, effect));
        }
    }
}

/// Returns true if `state` is part of a postal address: a city or a postal code is beside it, and it is written as a
/// name (`DC`).
fn is_place(fields: &FrontMatterFields<'_>, outer: &str, last: &str, node: &Node) -> bool {
    let map = match outer {
        "" => Some(fields.root),
        _ => fields.root.get(outer),
    };
    let has_text = |name: &&str| {
        let beside = map.and_then(|map| map.get(name)?.as_text());
        beside.is_some_and(|text| !text.trim().is_empty())
    };
    let is_name = |text: &str| text.trim_start().starts_with(char::is_uppercase);
    is_same_spelling(last, "state")
        && node.as_text().is_some_and(is_name)
        && ADDRESS_FIELDS.iter().any(has_text)
}

/// Adds the markers of state words: one word, a list, or the value of a choice.
///
/// Unknown words count only if `doubt_hides`.
fn read_state_markers(
    fields: &FrontMatterFields<'_>,
    name: &str,
    node: &Node,
    doubt_hides: bool,
    markers: &mut Vec<VisibilityField>,
) {
    let mut words: Vec<(&Node, &str)> = list_items(node)
        .map(|item| {
            let word = item.as_text().or_else(|| item.get("value")?.as_text());
            (item, word.unwrap_or_default())
        })
        .collect();
    if words.is_empty() {
        words.push((node, ""));
    }
    for (item, word) in words {
        let kind = parse_state(word, fields.config);
        if let Some(kind) =
            kind.filter(|kind| doubt_hides || *kind != VisibilityEffect::UnknownState)
        {
            markers.push(new_marker(name, word, item, kind));
        }
    }
}

/// Returns true if words or a map for search engines forbid indexing: `none` stands for `noindex, nofollow`.
fn forbids_indexing(node: &Node) -> bool {
    let is = |name: &str, value: &str| {
        let text = node.get(name).and_then(Node::as_text);
        text.is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    let is_noindex =
        |word: &str| word.eq_ignore_ascii_case("noindex") || word.eq_ignore_ascii_case("none");
    split_words(node).any(is_noindex) || is("index", "false") || is("noindex", "true")
}

/// Makes a marker of a field; `None` if the field does not concern visibility.
fn marker_from_node(
    fields: &FrontMatterFields<'_>,
    name: &str,
    node: &Node,
    kind: VisibilityEffect,
) -> Option<VisibilityField> {
    let value = match &node.value {
        // A list names the collections that exclude the post.
        FrontMatterValue::Null | FrontMatterValue::Map(_) | FrontMatterValue::List(_)
            if is_eleventy_exclusion(name) =>
        {
            "true".to_owned()
        }
        // Passwords must not reach a log.
        FrontMatterValue::Scalar(text) if kind == VisibilityEffect::Restricts => {
            mask_password(text).to_owned()
        }
        FrontMatterValue::Scalar(text) => text.trim().to_owned(),
        FrontMatterValue::Null => String::new(),
        // A map under `sitemap` holds hints for the sitemap, or `disable`.
        FrontMatterValue::Map(_) if kind == VisibilityEffect::InSitemap => {
            let names = ["disable", "exclude", "ignore"];
            let disable = names.iter().find_map(|name| node.get(name))?;
            let is = disable.as_text()?.eq_ignore_ascii_case("true");
            (!is).to_string()
        }
        FrontMatterValue::Map(fields)
            if kind == VisibilityEffect::Restricts && fields.is_empty() =>
        {
            String::new()
        }
        FrontMatterValue::List(items)
            if kind == VisibilityEffect::Restricts && items.is_empty() =>
        {
            String::new()
        }
        FrontMatterValue::Map(_) => "{…}".to_owned(),
        FrontMatterValue::List(_) => "[…]".to_owned(),
    };
    // Some tools write the date of publication as `published`.
    if kind == VisibilityEffect::Shows
        && date::parse_date(&value, date_options(fields.config)).is_some()
    {
        return None;
    }
    Some(new_marker(name, &value, node, kind))
}

/// Collects dates under names that resemble a publish or expiry date but have no effect.
pub(crate) fn find_stray_dates(fields: &FrontMatterFields<'_>) -> Vec<StrayDate> {
    let mut stray = Vec::new();
    for_each_field("", fields.root, 0, &mut |name, node| {
        let last = name.rsplit('.').next().unwrap_or(name);
        let is_known = || {
            Field::ALL.iter().any(|field| {
                let mut names = fields.field_names(*field);
                names.any(|known| known.eq_ignore_ascii_case(name) || is_same_spelling(last, known))
            })
        };
        let text = node.as_text().unwrap_or_default();
        if text.bytes().any(|byte| byte.is_ascii_digit())
            && let Some(near) = guess_date_side(last)
            && let Some(at) = date::parse_date(text, date_options(fields.config))
            && !is_known()
            && limits_for_name(last, fields.config).is_empty()
        {
            stray.push(StrayDate {
                field: collapse_whitespace(name),
                line: node.line,
                at,
                is_end: near == DateSide::End,
            });
        }
    });
    stray.truncate(MAX_STRAY_DATES_PER_POST);
    stray
}

/// Warns about fields that look like a marker but hide nothing: misspelled by one letter, or in a map that is
/// not read.
pub(crate) fn warn_misplaced_markers(fields: &FrontMatterFields<'_>, markers: &[VisibilityField]) {
    if markers.iter().any(VisibilityField::unpublishes_post) {
        return;
    }
    for (name, node) in fields.root.as_fields() {
        let truthy = |node: &Node| {
            node.as_text().is_some_and(|text| {
                let marker = new_marker("", text, node, VisibilityEffect::Hides);
                marker.parse_value() == FlagValue::True
            })
        };
        if truthy(node)
            && limits_for_name(name, fields.config).is_empty()
            && let Some(known) = find_similar_hiding_name(name)
        {
            fields.report_finding(
                Severity::Warning,
                Rule::StrayMarker,
                SourceSpan::at_text(node.line, name),
                format!(
                    "`{}` hides nothing, but is one letter away from `{known}`",
                    collapse_whitespace(name)
                ),
                format!("write `{known}` if the post is to be hidden"),
            );
        }
        if is_custom_field_map(name) || is_feed_map(name) {
            continue;
        }
        for (outer, inner, node) in nested_fields(name, node) {
            let hides = limits_for_name(inner, fields.config)
                .contains(&FieldLimit::Marker(VisibilityEffect::Hides));
            if hides && truthy(node) {
                fields.report_finding(
                    Severity::Warning,
                    Rule::StrayMarker,
                    SourceSpan::at_text(node.line, inner),
                    format!("`{}` within `{outer}` hides nothing", collapse_whitespace(inner)),
                    format!("write `{}: true` at the top level, or name the field in `content.fields.hidden`", collapse_whitespace(inner)),
                );
            }
        }
    }
}

/// Parses a word for the state of a post; `None` if it means public, by default or by configuration.
pub(crate) fn parse_state(word: &str, config: &Config) -> Option<VisibilityEffect> {
    let is_public = |known: &String| is_same_spelling(word, known) && !word.is_empty();
    if config.content.public_states.iter().any(is_public) {
        return None;
    }
    VisibilityEffect::from_state(word)
}

/// Masks a password, so that no log or page shows it. Words for true and false stay.
pub(crate) fn mask_password(text: &str) -> &str {
    let text = text.trim();
    let marker = VisibilityField {
        field: String::new(),
        value: text.to_owned(),
        line: None,
        effect: VisibilityEffect::Restricts,
    };
    let is_word = text.eq_ignore_ascii_case("true") || marker.parse_value() == FlagValue::False;
    if is_word { text } else { "…" }
}

fn is_eleventy_exclusion(name: &str) -> bool {
    name.ends_with("eleventyExcludeFromCollections")
}

/// Lists the fields of the maps directly in a field, or in its list, as outer name, inner name and node.
fn nested_fields<'a>(name: &'a str, node: &'a Node) -> Vec<(&'a str, &'a str, &'a Node)> {
    list_items(node)
        .flat_map(|item| item.as_fields())
        .map(|(inner, node)| (name, inner.as_str(), node))
        .collect()
}

fn new_marker(name: &str, value: &str, node: &Node, kind: VisibilityEffect) -> VisibilityField {
    VisibilityField {
        field: name.to_owned(),
        value: value.to_owned(),
        line: Some(node.line),
        effect: kind,
    }
}

fn split_words(node: &Node) -> impl Iterator<Item = &str> {
    list_items(node)
        .filter_map(Node::as_text)
        .flat_map(|text| text.split([',', ' ']))
        .map(str::trim)
}
