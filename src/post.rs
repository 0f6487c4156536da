//! Parses the text of one file: its fields, address, visibility and body.

mod address;
mod address_template;
mod body_parser;
pub(crate) mod body_renderer;
pub(crate) mod broken_visibility;
mod compressed_body;
pub(crate) mod id_lookup;
mod merge_conflict;
pub mod parse;
mod path_info;
mod permalink_pattern;
pub(crate) mod post_builder;
mod preview_image;
mod title;

pub(crate) use crate::shortcodes::site_vars::SiteFiles;
pub use address::rebase_url;
pub use body_renderer::BodyRenderer;
pub use broken_visibility::VisibilityLimits;
pub use parse::{ParsedFile, parse_file, parse_with_renderer};
