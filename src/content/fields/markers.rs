//! What a front matter says of the post's visibility, under whatever name, as markers.
//!
//! What they amount to is not decided here. A leak cannot be recalled, so markers are also read
//! where sites and tools keep fields of their own, and what only looks like one is spoken of.

use super::{Fields, items};
use crate::config::Field;
use crate::content::date;
use crate::content::front_matter::{Node, Value};
use crate::finding::{Rule, Severity};
use crate::post::{Marker, MarkerKind, Reading};
use crate::text::one_line;

/// How deep fields of a site's own are looked into.
const MOST_NESTED: usize = 4;
/// Where tools and sites keep fields of their own.
const NESTED: [&str; 5] = ["seo", "params", "extra", "meta", "custom"];

impl Fields<'_> {
    /// Everything that is said of visibility, each marker under the name it is written with.
    pub(in crate::content) fn markers(&self) -> Vec<Marker> {
        let mut markers = Vec::new();
        self.in_map("", self.root, 0, &mut markers);
        for (name, node) in self.nodes(Field::Hidden) {
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

    /// What the file of a section says of the posts below it: they are drafts where it is one, and Hugo's
    /// `cascade` holds fields of all of them. Each marker names the file.
    pub(in crate::content) fn withheld(&self, path: &str) -> Vec<Marker> {
        let mut markers = Vec::new();
        self.in_map("", self.root, 0, &mut markers);
        // Fields of a site's own are about the section's page.
        markers.retain(|marker| marker.kind == MarkerKind::Hides && !marker.field.contains('.'));
        for cascade in self.root.get("cascade").into_iter().flat_map(items) {
            self.in_map("cascade.", cascade, 1, &mut markers);
        }
        markers.retain(|marker| marker.surely_withdraws() || marker.is_in_doubt());
        for marker in &mut markers {
            marker.field = format!("{path}: {}", marker.field);
            marker.line = None;
        }
        markers
    }

    /// What a map says, and the maps of a tool's or a site's own fields in it, and theirs.
    fn in_map(&self, prefix: &str, map: &Node, depth: usize, markers: &mut Vec<Marker>) {
        self.of_tools(prefix, map, markers);
        for (written, node) in map.fields() {
            // In flow style `hidePost:true` is a name without a value, and meant as one with.
            let glued = match &node.value {
                Value::Null => written.split_once(':'),
                _ => None,
            };
            let (name, node) = match glued {
                Some((name, value)) => {
                    let value = Value::Scalar(value.to_owned());
                    (
                        name,
                        &Node {
                            line: node.line,
                            value,
                        },
                    )
                }
                None => (written.as_str(), node),
            };
            // A dotted name is that of a field within another.
            let last = name.rsplit('.').next().unwrap_or(name);
            let full = || format!("{prefix}{name}");
            if let Some(kind) = MarkerKind::of(last) {
                markers.extend(self.marker(&full(), node, kind));
            }
            let is_deep = matches!(node.value, Value::Map(_) | Value::List(_));
            if is_deep && depth < MOST_NESTED && (depth > 0 || is_nested(name)) {
                for inner in items(node) {
                    self.in_map(&format!("{}.", full()), inner, depth + 1, markers);
                }
            }
        }
    }

    /// What single tools have besides: words for states, and fields that say where a page is built.
    fn of_tools(&self, prefix: &str, map: &Node, markers: &mut Vec<Marker>) {
        for (name, node) in map.fields() {
            // As a word, a list of one, or the value of a choice.
            for item in items(node) {
                let word = item.text().or_else(|| item.get("value")?.text());
                if let Some(text) = word
                    && let Some(kind) = MarkerKind::of_state(name, text)
                {
                    markers.push(marker_of(&format!("{prefix}{name}"), text, item, kind));
                }
            }
        }
        for outer in ["build", "_build"] {
            for (inner, kind) in [("render", MarkerKind::Shows), ("list", MarkerKind::Lists)] {
                let node = map.get(outer).and_then(|node| node.get(inner));
                let name = || format!("{prefix}{outer}.{inner}");
                markers.extend(node.and_then(|node| self.marker(&name(), node, kind)));
            }
        }
        // Zola's, and Eleventy's way to write no page.
        for name in ["render", "permalink"] {
            let Some(node) = map.get(name) else {
                continue;
            };
            let node = node.get("build").unwrap_or(node);
            let name = format!("{prefix}{name}");
            let marker = node
                .text()
                .map(|text| marker_of(&name, text, node, MarkerKind::Shows));
            // Addresses and words stand there too, so that what is neither true nor false is no doubt.
            markers.extend(marker.filter(Marker::surely_hides));
        }
        let name = "eleventyExcludeFromCollections";
        if let Some(node) = map.get(name) {
            // A list names the collections that it is to be left out of.
            let value = match &node.value {
                Value::Scalar(text) => text.trim(),
                _ => "true",
            };
            markers.push(marker_of(
                &format!("{prefix}{name}"),
                value,
                node,
                MarkerKind::Unlists,
            ));
        }
    }

    fn marker(&self, name: &str, node: &Node, kind: MarkerKind) -> Option<Marker> {
        let value = match &node.value {
            Value::Scalar(text) => text.trim().to_owned(),
            Value::Null => String::new(),
            // A map under `sitemap` holds hints for the sitemap, or `disable`.
            Value::Map(_) if kind == MarkerKind::InSitemap => {
                let disable = node.get("disable").or_else(|| node.get("exclude"))?;
                let is = disable.text()?.eq_ignore_ascii_case("true");
                (!is).to_string()
            }
            Value::Map(_) => "{…}".to_owned(),
            Value::List(_) => "[…]".to_owned(),
        };
        // Some tools write the date of publication as `published`.
        if kind == MarkerKind::Shows && date::parse(&value, self.clock()).is_some() {
            return None;
        }
        Some(marker_of(name, &value, node, kind))
    }

    /// Speaks of what is meant as a marker and is none: one letter away, or where none is read.
    pub(in crate::content) fn warn_of_stray_markers(&self, markers: &[Marker]) {
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
                && MarkerKind::of(name).is_none()
                && let Some(known) = MarkerKind::nearest(name)
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
                let hides = MarkerKind::of(inner) == Some(MarkerKind::Hides);
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
