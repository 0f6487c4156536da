//! Writes a site to measure: `cargo bench --bench generate_site -- DIR COUNT`.
//!
//! Measures nothing. `DIR/config.toml` is the configuration, and `DIR/content` holds the posts of 4
//! to 8 KB. The same arguments write the same bytes. `--japanese` writes one author in eight in a
//! script for which the binary has no font. `--no-pictures` writes posts without pictures.

#![allow(
    clippy::expect_used,
    reason = "a site that cannot be written is to stop"
)]
#![allow(clippy::print_stderr, reason = "the usage goes there")]

mod generate;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut options = generate::Options::default();
    let mut words = Vec::new();
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            // From cargo.
            "--bench" => {}
            "--japanese" => options.japanese = true,
            "--no-pictures" => options.pictures = false,
            _ => words.push(arg),
        }
    }
    let [dir, count] = words.as_slice() else {
        eprintln!("usage: generate_site DIR COUNT [--japanese] [--no-pictures]");
        return ExitCode::from(2);
    };
    let count = count.parse().expect("COUNT is a number");
    generate::write_site(Path::new(dir), count, options);
    ExitCode::SUCCESS
}
