//! Defines the values that every room shares: posts, findings, artifacts and their keys.

pub mod artifact;
pub mod card_image;
pub(crate) mod card_size;
pub mod commit_dates;
pub mod feed_filter;
pub mod finding;
pub(crate) mod locked_names;
pub mod markup;
pub mod moved_card;
pub mod name_style;
pub mod parse_mode;
pub mod podcast;
pub mod post;
pub mod post_changes;
pub mod posting_interval;
pub mod terms;
