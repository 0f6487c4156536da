//! Fuzzes the text of a post, with a repeated part.
//!
//! Invariant: peak and total memory for parsing and rendering stay within a constant plus a
//! multiple of the post's size. The allocator counts the bytes, so the outcome does not depend on
//! the machine.
//!
//! The first byte chooses the text: a Markdown body, an MDX body, or front matter. The second and
//! third give the repetitions of the middle of three parts, which are separated by zero bytes.
//! Twice the repetitions must not allocate more than three times as much.
//!
//! Slow inputs without much memory are found by libFuzzer's `-timeout`, which `fuzz/run` sets.

#![no_main]

use std::ffi::CStr;
use std::path::Path;
use std::ptr::{self, null_mut};
use std::sync::LazyLock;

use courant::config::Config;
use courant::model::parse_mode::ParseMode;
use courant::post::{ParsedFile, parse_file};
use libfuzzer_sys::fuzz_target;
use tikv_jemalloc_sys::mallctl;

/// Maximum size of a post in bytes. Larger posts meet the same limits and only take longer.
const MAX_POST_BYTES: usize = 192 * 1024;
/// Constant part of the peak bytes: the nodes of 400,000 steps, and HTML up to its limit.
const PEAK_BASE_BYTES: usize = 96 << 20;
/// Peak bytes per byte of the post.
const PEAK_BYTES_PER_BYTE: usize = 500;
/// Constant part of the total bytes.
const TOTAL_BASE_BYTES: usize = 512 << 20;
/// Total bytes per byte of the post.
const TOTAL_BYTES_PER_BYTE: usize = 4_000;
/// Slack for the doubled post, since buffers grow in steps.
const DOUBLING_SLACK_BYTES: usize = 16 << 20;

/// Allocator statistic: bytes that the thread has allocated in total.
const TOTAL_STATISTIC: &CStr = c"thread.allocated";
/// Allocator statistic: peak bytes of the thread since the last reset.
const PEAK_STATISTIC: &CStr = c"thread.peak.read";
const RESET_PEAK: &CStr = c"thread.peak.reset";

/// Reads a statistic of courant's allocator, or sends it a command if `count` is `None`.
fn call_mallctl(name: &CStr, count: Option<&mut u64>) {
    let mut size = size_of::<u64>();
    let (at, length) = match count {
        Some(count) => (ptr::from_mut(count).cast(), &raw mut size),
        None => (null_mut(), null_mut()),
    };
    // SAFETY: the name ends with NUL, and every statistic that is read is a `u64`.
    let refused = unsafe { mallctl(name.as_ptr(), at, length, null_mut(), 0) };
    assert_eq!(refused, 0, "the allocator has statistics");
}

fn read_statistic(name: &CStr) -> usize {
    let mut count = 0;
    call_mallctl(name, Some(&mut count));
    usize::try_from(count).expect("a count of bytes fits")
}

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let toml = "[site]\nurl = \"https://e.example\"\ntitle = \"E\"\n";
    Config::parse(toml, "config.toml", Path::new("")).expect("the configuration is valid")
});

fuzz_target!(|input: &[u8]| {
    let [kind, high, low, parts @ ..] = input else {
        return;
    };
    let text = String::from_utf8_lossy(parts);
    let mut parts = text.splitn(3, '\0');
    let mut part = || parts.next().unwrap_or_default();
    let (before, repeated, after) = (part(), part(), part());
    let times = usize::from(u16::from_be_bytes([*high, *low]));
    let post = |times: usize| {
        let text = [before, &repeated.repeat(times), after].concat();
        match kind % 4 {
            0 | 1 => format!("---\ntitle: A\ndate: 2024-05-01\n---\n{text}"),
            2 => format!("---\ndate: 2024-05-01\n---\n{text}"),
            _ => format!("---\ntitle: A\ndate: 2024-05-01\n{text}\n---\nbody\n"),
        }
    };
    let path = if kind % 4 == 1 { "a.mdx" } else { "a.md" };
    if before.len() + repeated.len() * times * 2 + after.len() > MAX_POST_BYTES {
        return;
    }
    let once = measure_total_bytes(&post(times), path);
    let twice = measure_total_bytes(&post(times * 2), path);
    assert!(
        twice <= 3 * once + DOUBLING_SLACK_BYTES,
        "twice the post allocates {twice} bytes, once {once}"
    );
});

/// Parses and renders a post, checks its memory, and returns the total bytes allocated.
fn measure_total_bytes(post: &str, path: &str) -> usize {
    LazyLock::force(&CONFIG);
    let before = read_statistic(TOTAL_STATISTIC);
    call_mallctl(RESET_PEAK, None);
    for mode in [ParseMode::Metadata, ParseMode::Lint] {
        if let ParsedFile::Post { post, .. } = parse_file(post.as_bytes(), path, &CONFIG, mode) {
            post.body.render_content();
        }
    }
    let (peak, total) = (
        read_statistic(PEAK_STATISTIC),
        read_statistic(TOTAL_STATISTIC) - before,
    );
    let size = post.len();
    assert!(
        peak <= PEAK_BASE_BYTES + PEAK_BYTES_PER_BYTE * size,
        "a post of {size} bytes has a peak of {peak} bytes"
    );
    assert!(
        total <= TOTAL_BASE_BYTES + TOTAL_BYTES_PER_BYTE * size,
        "a post of {size} bytes allocates {total} bytes in total"
    );
    total
}
