//! Collects what the files of a site tell about it, for the readers of each generator.
//!
//! A value that was read keeps its file and line.

pub(crate) mod detected;
pub(crate) mod left_out_files;
pub(crate) mod page_routes;
pub(crate) mod pages;
pub(crate) mod path_replacement;
pub(crate) mod permalink_syntax;
mod placeholder_url;
pub(crate) mod podcast;
pub(crate) mod python_settings;
pub(crate) mod sections;
pub mod setting;
pub(crate) mod site_file;
pub(crate) mod site_tree;
