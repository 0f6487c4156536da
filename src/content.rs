//! A directory of files into posts and findings.
//!
//! Nothing here fails as a whole because one file is bad, and nothing decides whether a post may
//! be seen.

mod address;
mod broken;
mod budget;
mod date;
mod dialect;
mod fields;
mod front_matter;
mod library;
mod markdown;
mod markup;
mod parse;
mod sanitize;
mod scan;

pub use library::{Library, LibraryError, Looked, Loss, Tally};
pub use parse::{Parsed, parse};
