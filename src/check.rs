//! Reports what is wrong with the content, and explains the state of a post.

pub mod analysis;
pub mod explain;
pub mod file_selection;
pub mod finding_groups;
pub mod lint;
pub mod report;
