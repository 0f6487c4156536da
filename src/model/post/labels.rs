//! Defines the labels of a post.

use std::sync::Arc;

/// List of labels; each label may be shared with other lists.
pub type Labels = Arc<[Arc<str>]>;
