//! Measures the minimum cost of a start: listing and reading posts and parsing front matter.
//!
//! Uses courant's YAML parser, on all cores, without bodies and outputs.
//! `cargo bench --bench floor -- DIR` prints the milliseconds since `main`, and the posts and bytes
//! read. `benches/beside-hugo/start` runs it beside courant and Hugo.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the figure is the output")]

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use saphyr_parser::{Event, Parser};

fn main() {
    let start = Instant::now();
    let dir = std::env::args().skip(1).find(|arg| arg != "--bench");
    let dir = PathBuf::from(dir.expect("usage: floor DIR"));
    let files: Vec<PathBuf> = walkdir::WalkDir::new(dir)
        .into_iter()
        .map(|entry| entry.expect("the directory can be listed").into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    let sites: Vec<(Vec<String>, usize)> = files
        .par_iter()
        .map(|file| {
            let text = fs::read_to_string(file).expect("the post can be read");
            (parse_scalars(&text), text.len())
        })
        .collect();
    let elapsed = start.elapsed();
    let posts = sites
        .iter()
        .filter(|(fields, _)| !fields.is_empty())
        .count();
    let bytes: usize = sites.iter().map(|(_, bytes)| bytes).sum();
    println!(
        "{:.1} ms: {posts} posts, {bytes} bytes",
        elapsed.as_secs_f64() * 1e3
    );
}

/// Returns the YAML scalars between the fences.
fn parse_scalars(text: &str) -> Vec<String> {
    let front = text
        .strip_prefix("---\n")
        .and_then(|text| text.split_once("\n---\n"));
    let Some((front, _body)) = front else {
        return Vec::new();
    };
    Parser::new_from_str(front)
        .filter_map(|event| match event.expect("the front matter is YAML") {
            (Event::Scalar(text, ..), _) => Some(text.into_owned()),
            _ => None,
        })
        .collect()
}
