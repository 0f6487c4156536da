//! Lists the integration tests, one module per promise to users.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a failed test may panic, and no other crate uses these modules"
)]

mod access_log;
mod addresses;
mod admin;
mod again;
mod announce;
mod build;
mod cards;
mod check;
mod cli;
mod codings;
mod config;
mod content;
mod cost;
mod delta;
mod dialects;
mod export;
mod feed_aliases;
mod feed_page;
mod feed_set;
mod feeds;
mod fit_text;
mod front_matter;
mod full_house;
mod gallery;
mod git;
mod hides;
mod import_ids;
mod init;
mod init_addresses;
mod init_fields;
mod init_generators;
mod init_layouts;
mod large;
mod last_good;
mod limiting_fields;
mod limits;
mod links;
mod lints;
mod listen;
mod locked_sections;
mod logs;
mod many;
mod model;
mod output_version;
mod pages;
mod pixels;
mod podcasts;
mod reload;
#[cfg(target_os = "linux")]
mod restart;
mod rules;
mod serve;
mod server_room;
mod service;
mod site_files;
mod sitemap;
mod support;
mod tidy;
mod traffic;
mod visibility;
mod watch;
mod why;
mod wording;
