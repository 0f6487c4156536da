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

/// Where tools and sites keep fields of their own.
const NESTED: [&str; 5] = ["seo", "params", "extra", "meta", "custom"];

impl Fields<'_> {
    /// Everything that is said of visibility, each marker under the name it is written with.
    pub(in crate::content) fn markers(&self) -> Vec<Marker> {
        let mut markers = Vec::new();
        self.in_map("", self.root, &mut markers);
        for (name, node) in self.root.fields() {
            if NESTED
                .iter()
                .any(|nested| name.eq_ignore_ascii_case(nested))
            {
                self.in_map(&format!("{name}."), node, &mut markers);
            }
        }
        for (name, node) in self.nodes(Field::Hidden) {
            markers.extend(self.marker(name, node, MarkerKind::Hides));
        }
        markers.extend(self.of_tools());
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

    fn in_map(&self, prefix: &str, map: &Node, markers: &mut Vec<Marker>) {
        for (name, node) in map.fields() {
            // In flow style `hidePost:true` is a name without a value, and meant as one with.
            let (name, node) = match (name.split_once(':'), &node.value) {
                (Some((name, value)), Value::Null) => {
                    let value = Value::Scalar(value.to_owned());
                    (
                        name,
                        &Node {
                            line: node.line,
                            value,
                        },
                    )
                }
                _ => (name.as_str(), node),
            };
            if let Some(kind) = MarkerKind::of(name) {
                markers.extend(self.marker(&format!("{prefix}{name}"), node, kind));
            }
        }
    }

    /// What single tools have besides: words for states, and fields that say where a page is built.
    fn of_tools(&self) -> Vec<Marker> {
        let mut markers = Vec::new();
        for (name, node) in self.root.fields() {
            if let Some(text) = node.text()
                && let Some(kind) = MarkerKind::of_state(name, text)
            {
                markers.push(marker_of(name, text, node, kind));
            }
        }
        for outer in ["build", "_build"] {
            for (inner, kind) in [("render", MarkerKind::Shows), ("list", MarkerKind::Lists)] {
                let name = format!("{outer}.{inner}");
                let node = self.root.get(&name);
                markers.extend(node.and_then(|node| self.marker(&name, node, kind)));
            }
        }
        // Zola's, and Eleventy's way to write no page.
        for name in ["render", "permalink"] {
            if let Some(node) = self.root.get(name)
                && let Some(text) = node
                    .text()
                    .filter(|text| text.eq_ignore_ascii_case("false"))
            {
                markers.push(marker_of(name, text, node, MarkerKind::Shows));
            }
        }
        let name = "eleventyExcludeFromCollections";
        if let Some(node) = self.root.get(name) {
            // A list names the collections that it is to be left out of.
            let value = match &node.value {
                Value::Scalar(text) => text.trim(),
                _ => "true",
            };
            markers.push(marker_of(name, value, node, MarkerKind::Unlists));
        }
        markers
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
                let marker =
                    marker_of("", node.text().unwrap_or_default(), node, MarkerKind::Hides);
                marker.reading() == Reading::True
            };
            if MarkerKind::of(name).is_none()
                && let Some(known) = MarkerKind::nearest(name)
                && truthy(node)
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
            if NESTED
                .iter()
                .any(|nested| name.eq_ignore_ascii_case(nested))
            {
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
