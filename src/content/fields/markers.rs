//! What a front matter says of the post's visibility, under whatever name, as markers.
//!
//! What they amount to is not decided here. A leak cannot be recalled, so markers are also read
//! where sites and tools keep fields of their own, and what only looks like one is spoken of.

use super::{Fields, items};
use crate::config::{Config, Field};
use crate::content::date;
use crate::content::front_matter::{Node, Value};
use crate::content::limits::{
    Limit, NearDate, is_spelled, limits_of, near_date_name, nearest_hiding_name,
};
use crate::finding::{Rule, Severity};
use crate::post::{Marker, MarkerKind, Reading, StrayDate};
use crate::text::one_line;

/// How deep fields of a site's own are looked into, in maps.
const MAX_DEPTH: usize = 4;
/// A post that has more dates of its own says the same of each.
const MAX_STRAY_DATES: usize = 4;
/// Where tools and sites keep fields of their own.
const NESTED: [&str; 5] = ["seo", "params", "extra", "meta", "custom"];

impl Fields<'_> {
    /// Collects everything that is said of visibility, each marker under the name it is written with.
    pub(in crate::content) fn markers(&self) -> Vec<Marker> {
        let mut markers = Vec::new();
        self.each_field("", self.root, 0, &mut |name, node| {
            self.read_markers(name, node, &mut markers);
        });
        let own = self
            .nodes(Field::Hidden)
            .filter(|(name, _)| name.contains('.'));
        for (name, node) in own {
            markers.extend(self.marker(name, node, MarkerKind::Hides));
        }
        let robots = ["robots", "seo.robots", "params.robots"]
            .iter()
            .find_map(|name| self.root.get(name));
        if let Some(node) =
            robots.filter(|node| words(node).any(|word| word.eq_ignore_ascii_case("noindex")))
        {
            markers.push(marker_of("robots", "true", node, MarkerKind::NoIndex));
        }
        markers
    }

    /// Collects the markers of a section's file that hide the posts below it: they are drafts where it is one, and
    /// Hugo's `cascade` holds fields of all of them. Each marker names the file.
    pub(in crate::content) fn section_markers(&self, path: &str) -> Vec<Marker> {
        let mut markers = self.markers();
        // Fields of a site's own are about the section's page.
        let is_of_all = |kind| matches!(kind, MarkerKind::Hides | MarkerKind::Locks);
        markers.retain(|marker| is_of_all(marker.kind) && !marker.field.contains('.'));
        let cascades = self.root.fields().iter();
        let cascades = cascades.filter(|(name, _)| name.eq_ignore_ascii_case("cascade"));
        for cascade in cascades.flat_map(|(_, node)| items(node)) {
            self.each_field("cascade.", cascade, 1, &mut |name, node| {
                self.read_markers(name, node, &mut markers);
            });
        }
        markers.retain(Marker::withdraws_or_is_in_doubt);
        for marker in &mut markers {
            marker.field = format!("{path}: {}", marker.field);
            marker.line = None;
        }
        markers
    }

    /// Calls `each` for the fields of the maps that hold a tool's or a site's own, with their dotted names.
    pub(super) fn each_nested_field(&self, each: &mut impl FnMut(&str, &Node)) {
        self.each_field("", self.root, 0, &mut |name, node| {
            if name.contains('.') {
                each(name, node);
            }
        });
    }

    /// Calls `each` for the fields of a map, and of the maps of a tool's or a site's own fields in it, and
    /// of theirs, with their dotted names.
    fn each_field(
        &self,
        prefix: &str,
        map: &Node,
        depth: usize,
        each: &mut impl FnMut(&str, &Node),
    ) {
        for (written, node) in map.fields() {
            // In flow style `hidePost:true` is a name without a value, and meant as one with.
            let glued = match &node.value {
                Value::Null => written.split_once(':'),
                _ => None,
            };
            let own_value = glued.map(|(_, value)| Node {
                line: node.line,
                value: Value::Scalar(value.to_owned()),
            });
            let name = glued.map_or(written.as_str(), |(name, _)| name);
            let node = own_value.as_ref().unwrap_or(node);
            let name = format!("{prefix}{name}");
            each(&name, node);
            let is_map = matches!(node.value, Value::Map(_) | Value::List(_));
            if is_map && depth < MAX_DEPTH && (depth > 0 || is_nested(written) || is_build(written))
            {
                for inner in items(node) {
                    self.each_field(&format!("{name}."), inner, depth + 1, each);
                }
            }
        }
    }

    /// Adds the markers of one field.
    fn read_markers(&self, name: &str, node: &Node, markers: &mut Vec<Marker>) {
        // A dotted name is that of a field within another.
        let (outer, last) = name.rsplit_once('.').unwrap_or(("", name));
        // Deep within a site's own data a lock or an unknown word is more often about something else.
        let is_deep = name.matches('.').count() > 1;
        let is_in_build = is_build(outer.rsplit('.').next().unwrap_or(outer));
        for limit in limits_of(last, self.config) {
            match limit {
                Limit::BuildMarker(kind) if is_in_build => {
                    markers.extend(self.marker(name, node, kind));
                }
                Limit::Marker(MarkerKind::Locks) if is_deep => {}
                Limit::Marker(kind) if !is_in_build => {
                    markers.extend(self.marker(name, node, kind));
                }
                Limit::SharedMarker(kind) if !is_in_build => {
                    let node = node.get("build").unwrap_or(node);
                    let marker = node.text().map(|text| marker_of(name, text, node, kind));
                    markers.extend(marker.filter(Marker::surely_hides));
                }
                Limit::State if !is_in_build => self.read_state(name, node, !is_deep, markers),
                Limit::SharedState if !is_in_build => self.read_state(name, node, false, markers),
                _ => {}
            }
        }
    }

    /// Adds the markers of the words for the state of a post: one, a list of some, or the value of a choice. Those that are not known
    /// count where `doubt_hides`.
    fn read_state(&self, name: &str, node: &Node, doubt_hides: bool, markers: &mut Vec<Marker>) {
        let mut words: Vec<(&Node, &str)> = items(node)
            .map(|item| {
                let word = item.text().or_else(|| item.get("value")?.text());
                (item, word.unwrap_or_default())
            })
            .collect();
        if words.is_empty() {
            words.push((node, ""));
        }
        for (item, word) in words {
            let kind = state_of(word, self.config);
            if let Some(kind) = kind.filter(|kind| doubt_hides || *kind != MarkerKind::State) {
                markers.push(marker_of(name, word, item, kind));
            }
        }
    }

    fn marker(&self, name: &str, node: &Node, kind: MarkerKind) -> Option<Marker> {
        let value = match &node.value {
            // A list names the collections that the post is to be left out of.
            Value::Null | Value::Map(_) | Value::List(_) if is_eleventys(name) => "true".to_owned(),
            // What opens a lock is in no log.
            Value::Scalar(text) if kind == MarkerKind::Locks => masked(text).to_owned(),
            Value::Scalar(text) => text.trim().to_owned(),
            Value::Null => String::new(),
            // A map under `sitemap` holds hints for the sitemap, or `disable`.
            Value::Map(_) if kind == MarkerKind::InSitemap => {
                let disable = node.get("disable").or_else(|| node.get("exclude"))?;
                let is = disable.text()?.eq_ignore_ascii_case("true");
                (!is).to_string()
            }
            Value::Map(fields) if kind == MarkerKind::Locks && fields.is_empty() => String::new(),
            Value::List(items) if kind == MarkerKind::Locks && items.is_empty() => String::new(),
            Value::Map(_) => "{…}".to_owned(),
            Value::List(_) => "[…]".to_owned(),
        };
        // Some tools write the date of publication as `published`.
        if kind == MarkerKind::Shows && date::parse(&value, self.clock()).is_some() {
            return None;
        }
        Some(marker_of(name, &value, node, kind))
    }

    /// Collects dates under names that are near to those of dates that limit, and limit nothing.
    pub(in crate::content) fn stray_dates(&self) -> Vec<StrayDate> {
        let mut stray = Vec::new();
        self.each_field("", self.root, 0, &mut |name, node| {
            let last = name.rsplit('.').next().unwrap_or(name);
            let is_known = || {
                Field::ALL.iter().any(|field| {
                    let mut names = self.names(*field);
                    names.any(|known| known.eq_ignore_ascii_case(name) || is_spelled(last, known))
                })
            };
            if let Some(near) = near_date_name(last)
                && let Some(at) = node.text().and_then(|text| date::parse(text, self.clock()))
                && !is_known()
                && limits_of(last, self.config).is_empty()
            {
                stray.push(StrayDate {
                    field: one_line(name),
                    line: node.line,
                    at,
                    is_end: near == NearDate::End,
                });
            }
        });
        stray.truncate(MAX_STRAY_DATES);
        stray
    }

    /// Speaks of what is meant as a marker and is none: one letter away, or where none is read.
    pub(in crate::content) fn warn_misplaced_markers(&self, markers: &[Marker]) {
        if markers.iter().any(Marker::surely_withdraws) {
            return;
        }
        for (name, node) in self.root.fields() {
            let truthy = |node: &Node| {
                node.text().is_some_and(|text| {
                    let marker = marker_of("", text, node, MarkerKind::Hides);
                    marker.reading() == Reading::True
                })
            };
            if truthy(node)
                && limits_of(name, self.config).is_empty()
                && let Some(known) = nearest_hiding_name(name)
            {
                self.note(
                    Severity::Warning,
                    Rule::StrayMarker,
                    super::Place::mark(node.line, name),
                    format!(
                        "`{}` hides nothing, and is nearly `{known}`",
                        one_line(name)
                    ),
                    format!("write `{known}` if the post is to be hidden"),
                );
            }
            if is_nested(name) {
                continue;
            }
            for (outer, inner, node) in nested(name, node) {
                let hides =
                    limits_of(inner, self.config).contains(&Limit::Marker(MarkerKind::Hides));
                if hides && truthy(node) {
                    self.note(
                        Severity::Warning,
                        Rule::StrayMarker,
                        super::Place::mark(node.line, inner),
                        format!("`{}` within `{outer}` hides nothing", one_line(inner)),
                        format!("write `{}: true` at the top level, or name the field in `content.fields.hidden`", one_line(inner)),
                    );
                }
            }
        }
    }
}

/// Reads a word for the state of a post; `None` where it means public, here or everywhere.
pub(in crate::content) fn state_of(word: &str, config: &Config) -> Option<MarkerKind> {
    let is_public = |known: &String| is_spelled(word, known) && !word.is_empty();
    if config.content.public_states.iter().any(is_public) {
        return None;
    }
    MarkerKind::of_state(word)
}

/// Masks the value of a lock, so that no log and no page shows it.
pub(in crate::content) fn masked(text: &str) -> &str {
    let text = text.trim();
    let marker = Marker {
        field: String::new(),
        value: text.to_owned(),
        line: None,
        kind: MarkerKind::Locks,
    };
    let is_word = text.eq_ignore_ascii_case("true") || marker.reading() == Reading::False;
    if is_word { text } else { "…" }
}

/// Tells whether a field says where Hugo builds a page.
pub(in crate::content) fn is_build(name: &str) -> bool {
    is_spelled(name, "build")
}

fn is_eleventys(name: &str) -> bool {
    name.ends_with("eleventyExcludeFromCollections")
}

fn is_nested(name: &str) -> bool {
    NESTED
        .iter()
        .any(|nested| name.eq_ignore_ascii_case(nested))
}

/// The fields of maps below a field, one level and lists deep.
fn nested<'a>(name: &'a str, node: &'a Node) -> Vec<(&'a str, &'a str, &'a Node)> {
    items(node)
        .flat_map(|item| item.fields())
        .map(|(inner, node)| (name, inner.as_str(), node))
        .collect()
}

fn marker_of(name: &str, value: &str, node: &Node, kind: MarkerKind) -> Marker {
    Marker {
        field: name.to_owned(),
        value: value.to_owned(),
        line: Some(node.line),
        kind,
    }
}

fn words(node: &Node) -> impl Iterator<Item = &str> {
    items(node)
        .filter_map(Node::text)
        .flat_map(|text| text.split([',', ' ']))
        .map(str::trim)
}
