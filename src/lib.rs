//! courant turns a directory of posts into live feeds, a sitemap and social cards.
//!
//! The library exists so that the binary, the tests and the benchmarks share one house; it makes
//! no promise of stability. `ARCHITECTURE.md` is the map.

pub mod access_log;
pub mod admin;
mod allocator;
pub mod archive;
pub mod artifact;
pub mod cli;
pub mod collection;
pub mod command;
pub mod config;
pub mod content;
pub mod descriptors;
pub mod finding;
pub mod fingerprint;
pub mod font;
pub mod gallery;
pub mod inspection;
pub mod interner;
pub mod lint;
pub mod percent;
pub mod picture;
pub mod pipeline;
pub mod post;
pub mod priority;
pub mod progress;
pub mod render;
pub mod report;
pub mod server;
pub mod service;
pub mod site;
pub mod snapshot;
pub mod stamp;
pub mod studio;
pub mod survey;
pub mod telemetry;
pub mod text;
pub mod watch;
pub mod why;
pub mod zone;
