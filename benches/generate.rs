//! Generates posts that look like those of a real site, the same in every run.
//!
//! A post is a function of its number and the options: 4 to 8 KB of Markdown with headings, links,
//! pictures, lists, code and a table, and front matter that courant and Hugo read the same way.
//! Higher numbers are newer; a hundred posts share a directory. All dates are past.

#![allow(dead_code, reason = "each benchmark includes what it needs of it")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use courant::config::Config;

const WORDS: [&str; 48] = [
    "harbour",
    "tide",
    "pier",
    "boat",
    "light",
    "rope",
    "the",
    "a",
    "of",
    "and",
    "under",
    "before",
    "winter",
    "morning",
    "keeper",
    "chart",
    "sail",
    "anchor",
    "slowly",
    "often",
    "measured",
    "painted",
    "returns",
    "carries",
    "Möwe",
    "água",
    "північ",
    "&",
    "salt",
    "timber",
    "oak",
    "signal",
    "north",
    "wind",
    "crew",
    "market",
    "stone",
    "bridge",
    "between",
    "after",
    "quiet",
    "long",
    "small",
    "repaired",
    "written",
    "kept",
    "every",
    "nobody's",
];
const CATEGORIES: [&str; 12] = [
    "News & Announcements",
    "Engineering",
    "Stories",
    "Finance",
    "Weather",
    "C++",
    "Repairs",
    "People",
    "Birds",
    "Regattas",
    "History",
    "Safety",
];
const TAGS: [&str; 12] = [
    "knots", "varnish", "dredging", "fog", "ropes", "gulls", "charts", "diesel", "lamps", "nets",
    "oars", "ice",
];
const AUTHORS: [&str; 8] = [
    "Mira Halloway",
    "Tomás Quell",
    "Олена Мороз",
    "Ines Varga",
    "Olu Adeyemi",
    "Wren Castell",
    "Jon Ask",
    "Petra Lindqvist",
];

/// Author that replaces one of them on request. No font in the binary has the script.
const JAPANESE_AUTHOR: &str = "佐伯ひかり";

/// The configuration of the generated site.
const SITE_CONFIG: &str = r#"[site]
url = "https://harbour.example"
title = "The Harbour"
description = "News and stories from a small harbour"
timezone = "Europe/Lisbon"
image = "/img/harbour.jpg"
[content]
dir = "content"
require = { templateKey = "blog-post" }
[[authors]]
name = "Mira Halloway"
url = "https://harbour.example/people/mira"
"#;

/// Options of the generated posts.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// True if one author in eight is Japanese, so that system fonts are loaded.
    pub(crate) japanese: bool,
    /// True if posts name and contain pictures. Without pictures every card is drawn.
    pub(crate) pictures: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            japanese: false,
            pictures: true,
        }
    }
}

/// Returns an instant after the date of every post.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(4_102_444_800)
}

/// Linear congruential generator with Knuth's MMIX constants. The weak low bits are not used.
struct Random(u64);

impl Random {
    fn next_below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = self.next_below(of.len());
        of.get(at).copied().unwrap_or_default()
    }

    fn next_words(&mut self, count: usize) -> String {
        let words: Vec<_> = (0..count).map(|_| self.pick(&WORDS)).collect();
        words.join(" ")
    }
}

/// Parses the configuration of a site in `dir`.
pub(crate) fn parse_config(dir: &Path) -> Config {
    Config::parse(SITE_CONFIG, "config.toml", dir).expect("the configuration is right")
}

/// Returns a post's path below the content directory.
pub(crate) fn post_path(number: usize) -> String {
    format!("{:03}/post-{number:05}.md", number / 100)
}

/// Returns the path of a post's card page.
pub(crate) fn card_path(number: usize) -> String {
    format!("/cards{}", post_permalink(number))
}

fn post_permalink(number: usize) -> String {
    format!("/blog/post-{number:05}/")
}

/// Returns a post of 4 to 8 KB.
pub(crate) fn post_text(number: usize) -> String {
    post_with_title(number, &post_title(number))
}

/// Returns a post with the given title.
pub(crate) fn post_with_title(number: usize, title: &str) -> String {
    build_post(number, title, post_size(number), Options::default())
}

/// Returns a post that its front matter hides.
pub(crate) fn hidden_post(number: usize) -> String {
    post_text(number).replacen("draft: false", "draft: true", 1)
}

/// Returns a post of about `bytes` bytes.
pub(crate) fn post_with_size(number: usize, bytes: usize) -> String {
    build_post(number, &post_title(number), bytes, Options::default())
}

/// Writes a site of `count` posts below `dir` and returns its configuration file.
pub(crate) fn write_site(dir: &Path, count: usize, options: Options) -> PathBuf {
    let content = dir.join("content");
    for number in 0..count {
        let file = content.join(post_path(number));
        if number % 100 == 0 {
            let parent = file.parent().expect("a post is in a directory");
            fs::create_dir_all(parent).expect("a directory can be made");
        }
        let text = build_post(number, &post_title(number), post_size(number), options);
        fs::write(file, text).expect("a post can be written");
    }
    let file = dir.join("config.toml");
    fs::write(&file, SITE_CONFIG).expect("the configuration can be written");
    file
}

fn post_size(number: usize) -> usize {
    4_096 + Random(number as u64).next_below(4_096)
}

fn post_title(number: usize) -> String {
    let mut random = Random(number as u64 ^ 0x5eed);
    let count = 3 + random.next_below(6);
    format!("Post {number}: {}", random.next_words(count))
}

fn build_post(number: usize, title: &str, bytes: usize, options: Options) -> String {
    let mut random = Random((number as u64).wrapping_mul(0x9e37_79b9) ^ 0xc0de);
    let mut text = build_front_matter(&mut random, number, title, options);
    let mut part = 0;
    while text.len() < bytes {
        if part % 8 != 3 || options.pictures {
            text.push('\n');
            append_body_part(&mut text, &mut random, number, part);
        }
        part += 1;
    }
    text
}

fn build_front_matter(random: &mut Random, number: usize, title: &str, options: Options) -> String {
    // Fifty minutes apart, so that a hundred thousand posts take nine years and a half, from 2014.
    let date = DateTime::from_timestamp(1_388_534_400 + number as i64 * 3_000, 0)
        .expect("the date is in range")
        .format("%Y-%m-%dT%H:%M:%SZ");
    let author = match random.next_below(AUTHORS.len()) {
        2 if options.japanese => JAPANESE_AUTHOR,
        at => AUTHORS.get(at).copied().unwrap_or_default(),
    };
    let mut text = format!(
        "---\ntemplateKey: blog-post\ntitle: \"{title}\"\ndate: {date}\nurl: {}\ndescription: \"{}\"\nauthors:\n  - {author}\n",
        post_permalink(number),
        random.next_words(18),
    );
    let first = random.next_below(CATEGORIES.len());
    text.push_str("categories:\n");
    for step in 0..=random.next_below(3) {
        let label = CATEGORIES.get((first + 5 * step) % CATEGORIES.len());
        let _ = writeln!(text, "  - {}", label.copied().unwrap_or_default());
    }
    let _ = writeln!(text, "tags: [{}]", random.pick(&TAGS));
    if options.pictures {
        let alt = random.pick(&WORDS);
        let _ = writeln!(
            text,
            "image: /img/{number}/cover.jpg\nimageAlt: \"A {alt} in the morning\""
        );
    }
    text.push_str("draft: false\n---\n");
    text
}

fn append_body_part(text: &mut String, random: &mut Random, number: usize, part: usize) {
    let _ = match part % 8 {
        0 | 2 | 5 => {
            let (before, linked, after) = (
                random.next_words(40),
                random.next_words(3),
                random.next_words(30),
            );
            let other = random.next_below(number + 1);
            writeln!(
                text,
                "{before} [{linked}]({}) {after}, **{}** and `{}`.",
                post_permalink(other),
                random.next_words(2),
                random.pick(&WORDS)
            )
        }
        1 => writeln!(text, "## {}", random.next_words(5)),
        3 => writeln!(
            text,
            "![{}](/img/{number}/{part}.jpg)\n\n<img src=\"https://img.example/{number}-{part}.png\" width=\"640\" alt=\"{}\">",
            random.next_words(4),
            random.next_words(3)
        ),
        4 => {
            let _ = writeln!(
                text,
                "| Name | Height (m) | Note |\n|------|-----------:|------|"
            );
            for _ in 0..5 {
                let (name, height) = (random.pick(&WORDS), random.next_below(900));
                let _ = writeln!(text, "| {name} | {height} | {} |", random.next_words(4));
            }
            Ok(())
        }
        6 => writeln!(
            text,
            "```rust\nfn {}_{part}(x: &[u8]) -> Option<u8> {{\n    x.iter().filter(|b| **b < {}).max().copied()\n}}\n```",
            random.pick(&["tide", "pier", "boat"]),
            random.next_below(255)
        ),
        _ => writeln!(
            text,
            "- {}\n- {} <https://tide.example/{number}>\n- [x] {}\n",
            random.next_words(8),
            random.next_words(6),
            random.next_words(9)
        ),
    };
}
