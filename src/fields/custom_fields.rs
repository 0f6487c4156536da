//! Iterates over the fields of a front matter, also within the maps that hold a site's own fields.

use std::borrow::Cow;

use super::list_items;
use crate::front_matter::visibility_field_names::is_same_spelling;
use crate::front_matter::{FrontMatterValue, Node};

/// Maximum depth of maps in which a site's own fields are read.
const MAX_CUSTOM_FIELD_DEPTH: usize = 4;
/// Maps in which tools and sites keep fields of their own.
const CUSTOM_FIELD_MAPS: [&str; 5] = ["seo", "params", "extra", "meta", "custom"];

/// Calls `each` with dotted name and node for each field of a map, and recursively for those in the maps
/// that hold a site's own fields.
pub(crate) fn for_each_field(
    prefix: &str,
    map: &Node,
    depth: usize,
    each: &mut impl FnMut(&str, &Node),
) {
    for (written, node) in map.as_fields() {
        // In flow style YAML reads `hidePost:true` as a name without a value. The author means a value.
        let glued = match &node.value {
            FrontMatterValue::Null => written.split_once(':'),
            _ => None,
        };
        let own_value = glued.map(|(_, value)| Node {
            line: node.line,
            value: FrontMatterValue::Scalar(value.to_owned()),
            is_plain: true,
        });
        let name = glued.map_or(written.as_str(), |(name, _)| name);
        let node = own_value.as_ref().unwrap_or(node);
        let name = match prefix {
            "" => Cow::Borrowed(name),
            _ => Cow::Owned(format!("{prefix}{name}")),
        };
        each(&name, node);
        let is_map = matches!(
            node.value,
            FrontMatterValue::Map(_) | FrontMatterValue::List(_)
        );
        if is_map
            && depth < MAX_CUSTOM_FIELD_DEPTH
            && (depth > 0 || is_custom_field_map(written) || is_hugo_build(written))
        {
            for inner in list_items(node) {
                for_each_field(&format!("{name}."), inner, depth + 1, each);
            }
        }
    }
}

/// Returns true for Hugo's `build` map, which controls where a page is published.
pub(crate) fn is_hugo_build(name: &str) -> bool {
    is_same_spelling(name, "build")
}

pub(crate) fn is_custom_field_map(name: &str) -> bool {
    CUSTOM_FIELD_MAPS
        .iter()
        .any(|nested| name.eq_ignore_ascii_case(nested))
}
