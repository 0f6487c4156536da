//! Any text as a post, a part of it again and again. What holds: however the post is made, the memory that
//! reading and rendering it asks for, at once and in all, is within a multiple of its size and a constant. Each is
//! a count of bytes by the allocator, and no clock, so that the same input has the same outcome everywhere.
//!
//! The first byte says what the text is: a body, one of MDX, or front matter. The second and the third say how
//! often the middle of three parts is repeated. The parts end with a zero byte each. Twice the
//! repetitions are read too: they may not ask for more than three times as much.
//!
//! What takes long and asks for no memory is found by libFuzzer's `-timeout`, which `fuzz/run` sets.

#![no_main]

use std::ffi::CStr;
use std::path::Path;
use std::ptr::{self, null_mut};
use std::sync::LazyLock;

use courant::config::Config;
use courant::content::{Depth, Parsed, parse};
use libfuzzer_sys::fuzz_target;
use tikv_jemalloc_sys::mallctl;

/// Bytes of a post: beyond that no bound is new, and each run takes longer.
const MAX_BYTES: usize = 192 * 1024;
/// Bytes at once, whatever the size: the nodes of 400,000 steps, and HTML up to its bound.
const MAX_AT_ONCE: usize = 96 << 20;
/// Bytes at once, for each of the post.
const MAX_AT_ONCE_PER_BYTE: usize = 500;
/// Bytes in all, whatever the size.
const MAX_IN_ALL: usize = 512 << 20;
/// Bytes in all, for each of the post.
const MAX_IN_ALL_PER_BYTE: usize = 4_000;
/// Where twice the post may ask for more than three times as much: buffers grow in steps.
const ALWAYS_FREE: usize = 16 << 20;

/// Bytes that the thread has asked for in all.
const IN_ALL: &CStr = c"thread.allocated";
/// The most bytes that the thread has had at once since the last reset.
const AT_ONCE: &CStr = c"thread.peak.read";
const RESET: &CStr = c"thread.peak.reset";

/// Asks the allocator that courant brings for one of its counts, or gives it a command.
fn ask(name: &CStr, count: Option<&mut u64>) {
    let mut size = size_of::<u64>();
    let (at, length) = match count {
        Some(count) => (ptr::from_mut(count).cast(), &raw mut size),
        None => (null_mut(), null_mut()),
    };
    // SAFETY: the name ends with NUL, and a count is a `u64` wherever it is asked for.
    let refused = unsafe { mallctl(name.as_ptr(), at, length, null_mut(), 0) };
    assert_eq!(refused, 0, "the allocator counts");
}

fn count(name: &CStr) -> usize {
    let mut count = 0;
    ask(name, Some(&mut count));
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
    if before.len() + repeated.len() * times * 2 + after.len() > MAX_BYTES {
        return;
    }
    let once = in_all(&post(times), path);
    let twice = in_all(&post(times * 2), path);
    assert!(
        twice <= 3 * once + ALWAYS_FREE,
        "twice the post asks for {twice} bytes, once for {once}"
    );
});

/// How many bytes in all a post asks for.
fn in_all(post: &str, path: &str) -> usize {
    LazyLock::force(&CONFIG);
    let before = count(IN_ALL);
    ask(RESET, None);
    for depth in [Depth::Outline, Depth::Check] {
        if let Parsed::Post { post, .. } = parse(post.as_bytes(), path, &CONFIG, depth) {
            post.body.content().expect("the body is at hand");
        }
    }
    let (at_once, in_all) = (count(AT_ONCE), count(IN_ALL) - before);
    let size = post.len();
    assert!(
        at_once <= MAX_AT_ONCE + MAX_AT_ONCE_PER_BYTE * size,
        "{size} bytes ask for {at_once} at once"
    );
    assert!(
        in_all <= MAX_IN_ALL + MAX_IN_ALL_PER_BYTE * size,
        "{size} bytes ask for {in_all} in all"
    );
    in_all
}
