//! Serves live feeds, a sitemap and social cards for a directory of Markdown posts.
//!
//! The library exists so that the binary, the tests and the benchmarks share one crate; its API is
//! not stable. `ARCHITECTURE.md` describes the modules.

pub mod admin;
mod allocator;
pub mod announce;
mod atomic_file;
mod backoff;
pub mod cards;
pub mod check;
pub mod cli;
mod color;
pub mod config;
mod config_table;
mod conflicts;
pub mod detect;
pub mod export;
mod fields;
pub mod file_stamp;
pub mod front_matter;
pub mod generators;
pub mod git;
pub mod hash;
pub mod http;
mod http_client;
pub mod import;
pub mod init;
pub mod interner;
mod javascript;
mod kramdown;
pub mod library;
mod links;
pub mod markdown;
pub mod model;
mod parallel;
mod path_segments;
pub mod persistent;
pub mod post;
pub mod progress;
pub mod publish;
pub mod render;
mod repository_url;
pub mod server;
pub mod shortcodes;
pub mod site;
pub mod stats;
mod term_interner;
pub mod terminal_safe;
pub mod text;
pub mod thread_priority;
pub mod time_zone;
pub mod tls_provider;
pub mod url_path;
pub mod visibility;
pub mod watch;
