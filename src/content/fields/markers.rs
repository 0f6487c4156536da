//! What a front matter says of the post's visibility, under whatever name, as markers.
//!
//! What they amount to is not decided here.

use super::{Fields, items};
use crate::content::date;
use crate::content::front_matter::{Node, Value};
use crate::post::{Marker, MarkerKind};

impl Fields<'_> {
    /// Everything that is said of visibility, each marker under the name it is written with.
    pub(in crate::content) fn markers(&self) -> Vec<Marker> {
        let Value::Map(fields) = &self.root.value else {
            return Vec::new();
        };
        let mut markers = Vec::new();
        for (name, node) in fields {
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
            let Some(kind) = MarkerKind::of(name) else {
                continue;
            };
            if let Some(marker) = self.marker(name, node, kind) {
                markers.push(marker);
            }
        }
        let robots = ["robots", "seo.robots"]
            .iter()
            .find_map(|name| self.root.get(name));
        if let Some(node) =
            robots.filter(|node| words(node).any(|word| word.eq_ignore_ascii_case("noindex")))
        {
            markers.push(Marker {
                field: "robots".into(),
                value: "true".into(),
                line: Some(node.line),
                kind: MarkerKind::NoIndex,
            });
        }
        if let Some(marker) = self
            .root
            .get("seo.noindex")
            .and_then(|node| self.marker("seo.noindex", node, MarkerKind::NoIndex))
        {
            markers.push(marker);
        }
        markers
    }

    fn marker(&self, name: &str, node: &Node, kind: MarkerKind) -> Option<Marker> {
        let value = match &node.value {
            Value::Scalar(text) => text.trim().to_owned(),
            Value::Null => String::new(),
            // A map under `sitemap` holds hints for the sitemap, not a word on whether to be in it.
            Value::Map(_) if kind == MarkerKind::InSitemap => return None,
            Value::Map(_) => "{…}".to_owned(),
            Value::List(_) => "[…]".to_owned(),
        };
        // Some tools write the date of publication as `published`.
        if kind == MarkerKind::Shows && date::parse(&value, self.zone).is_some() {
            return None;
        }
        Some(Marker {
            field: name.to_owned(),
            value,
            line: Some(node.line),
            kind,
        })
    }
}

fn words(node: &Node) -> impl Iterator<Item = &str> {
    items(node)
        .filter_map(Node::text)
        .flat_map(|text| text.split([',', ' ']))
        .map(str::trim)
}
