//! Measures reading and rendering of one post, by shape, at one, two and four times a size.
//!
//! `cargo bench --bench one_post` prints a table in Markdown: milliseconds of CPU time, the ratio
//! for twice the size, and the findings of `check`. Twice the size should take at most twice as
//! long, or no longer if a bound is exceeded. `cargo bench --bench one_post -- 16` starts with 16
//! KiB.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the table is the output")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use courant::config::Config;
use courant::model::parse_mode::ParseMode;
use courant::post::{ParsedFile, parse_file};

/// Default size of the smallest post of each shape. The command line may give it in KiB.
const SMALLEST_POST_BYTES: usize = 32 * 1024;
const ROUNDS: u32 = 3;
/// Minimum duration of a round. The system may count CPU time in steps of 4 ms.
const MIN_ROUND_TIME: Duration = Duration::from_millis(60);

const SITE_CONFIG: &str = "[site]\nurl = \"https://e.example\"\ntitle = \"E\"\n";
const FRONT_MATTER: &str = "title: A\ndate: 2024-05-01\ndescription: B\n";

/// A shape's name, its file name, and a function from a size in bytes to the text.
type Shape = (&'static str, &'static str, fn(usize) -> String);

const SHAPES: [Shape; 32] = [
    ("prose", "a.md", |bytes| {
        post_with_body(&repeat_to_size(
            "Some words of a *text* that people write, with [links](/a).\nAnd more.\n\n",
            bytes,
        ))
    }),
    ("table, square", "a.md", |bytes| {
        let size = bytes / 8;
        post_with_body(&build_table(size, size))
    }),
    ("tables of 300 columns and 200 rows", "a.md", |bytes| {
        post_with_body(&repeat_to_size(
            &format!("{}\n", build_table(300, 200)),
            bytes,
        ))
    }),
    ("table of two columns", "a.md", |bytes| {
        post_with_body(&format!(
            "|a|b|\n|-|-|\n{}",
            repeat_to_size("|c|d|\n", bytes)
        ))
    }),
    ("tag with many attributes", "a.md", |bytes| {
        post_with_body(&format!("<a {}>b</a>", repeat_numbered("a#=b ", bytes)))
    }),
    ("tags with 500 attributes", "a.md", |bytes| {
        let tag = format!("<a {}>b</a> ", repeat_numbered("a#=b ", 4_000));
        post_with_body(&repeat_to_size(&tag, bytes))
    }),
    ("one word", "a.md", |bytes| {
        post_with_body(&repeat_to_size("w", bytes))
    }),
    ("web addresses in one word", "a.md", |bytes| {
        post_with_body(&repeat_to_size("http://a<", bytes))
    }),
    ("web addresses", "a.md", |bytes| {
        post_with_body(&repeat_to_size("http://a ", bytes))
    }),
    ("e-mail addresses", "a.md", |bytes| {
        post_with_body(&repeat_to_size("a@b.c ", bytes))
    }),
    ("emphasis", "a.md", |bytes| {
        post_with_body(&repeat_to_size("*a **b _c ", bytes))
    }),
    ("brackets", "a.md", |bytes| {
        post_with_body(&repeat_to_size("[", bytes))
    }),
    ("links that do not end", "a.md", |bytes| {
        post_with_body(&repeat_to_size("[a](", bytes))
    }),
    ("backticks", "a.md", |bytes| {
        post_with_body(&repeat_to_size("`a``b", bytes))
    }),
    ("definitions and references", "a.md", |bytes| {
        post_with_body(&format!(
            "{}\n{}",
            repeat_numbered("[a#]: /b\n", bytes / 2),
            repeat_numbered("[a#] ", bytes / 2)
        ))
    }),
    ("references to one footnote", "a.md", |bytes| {
        post_with_body(&format!("{}\n\n[^a]: b\n", repeat_to_size("[^a] ", bytes)))
    }),
    ("blank lines in nested lists", "a.md", |bytes| {
        post_with_body(&format!(
            "{}a\n{}",
            "- ".repeat(90),
            repeat_to_size("\n", bytes)
        ))
    }),
    ("nested quotes", "a.md", |bytes| {
        post_with_body(&repeat_to_size("> ", bytes))
    }),
    ("lists", "a.md", |bytes| {
        post_with_body(&repeat_to_size("- a\n  - b\n", bytes))
    }),
    ("HTML paragraphs", "a.md", |bytes| {
        post_with_body(&repeat_to_size("<p>a", bytes))
    }),
    ("HTML elements that stay open", "a.md", |bytes| {
        post_with_body(&repeat_to_size("<div>", bytes))
    }),
    ("HTML references", "a.md", |bytes| {
        post_with_body(&format!("<p>{}</p>", repeat_to_size("&nbsp;", bytes)))
    }),
    ("srcset of many candidates", "a.md", |bytes| {
        post_with_body(&format!(
            "<img src=a srcset=\"{}b\">",
            repeat_numbered("a# 1x, ", bytes)
        ))
    }),
    ("links to files", "a.md", |bytes| {
        post_with_body(&format!(
            "{}{}",
            repeat_to_size("x\n", bytes / 2),
            repeat_numbered("[a](b#.md)\n", bytes / 2)
        ))
    }),
    ("shortcodes", "a.md", |bytes| {
        post_with_body(&repeat_numbered("{{< a# >}}\n", bytes))
    }),
    ("braces", "a.md", |bytes| {
        post_with_body(&repeat_to_size("{{", bytes))
    }),
    ("modules of MDX", "a.mdx", |bytes| {
        post_with_body(&repeat_to_size("import {\n\n", bytes))
    }),
    ("`tags` as a text", "a.md", |bytes| {
        post_with_fields(&format!("tags: {}\n", repeat_numbered("a#,", bytes)))
    }),
    ("`aliases`", "a.md", |bytes| {
        post_with_fields(&format!(
            "aliases:\n{}",
            repeat_numbered("  - /a#\n", bytes)
        ))
    }),
    ("YAML fields", "a.md", |bytes| {
        post_with_fields(&repeat_numbered("a#: 1\n", bytes))
    }),
    ("TOML fields", "a.md", |bytes| {
        let fields = repeat_numbered("a# = 1\n", bytes);
        format!("+++\ntitle = \"A\"\ndate = 2024-05-01\n{fields}+++\n")
    }),
    ("JSON fields with escapes", "a.md", |bytes| {
        let fields = repeat_numbered(",\n\"\\u0061#\": 1", bytes);
        format!("{{\n\"title\": \"A\", \"date\": \"2024-05-01\"{fields}}}\n")
    }),
];

fn post_with_body(text: &str) -> String {
    format!("---\n{FRONT_MATTER}---\n{text}\n")
}

fn post_with_fields(fields: &str) -> String {
    format!("---\n{FRONT_MATTER}{fields}---\nbody\n")
}

fn repeat_to_size(part: &str, bytes: usize) -> String {
    part.repeat(bytes / part.len())
}

/// Repeats a part up to a size, with `#` replaced by a new number each time.
fn repeat_numbered(part: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(&part.replace('#', &number.to_string()));
        number += 1;
    }
    text
}

/// Builds a table whose rows have one cell.
fn build_table(columns: usize, rows: usize) -> String {
    format!(
        "|{}\n|{}\n{}",
        "a|".repeat(columns),
        "-|".repeat(columns),
        "|b|\n".repeat(rows)
    )
}

/// Returns the CPU time of this thread, without the time it waited for a CPU (Linux).
fn thread_cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("the system tells it");
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first number is that of nanoseconds"))
}

/// Parses and renders a post repeatedly. Returns the mean CPU time and the rules found.
fn measure_post(text: &str, path: &str, config: &Config) -> (Duration, String) {
    let start = thread_cpu_time();
    let (mut took, mut times) = (Duration::ZERO, 0);
    while took < MIN_ROUND_TIME {
        if let ParsedFile::Post { post, .. } =
            parse_file(text.as_bytes(), path, config, ParseMode::Metadata)
        {
            std::hint::black_box(post.body.render_content());
        }
        times += 1;
        took = thread_cpu_time().saturating_sub(start);
    }
    let mut rules: Vec<String> = match parse_file(text.as_bytes(), path, config, ParseMode::Lint) {
        ParsedFile::Post { findings, .. } | ParsedFile::Broken { findings, .. } => findings
            .iter()
            .map(|finding| finding.rule.to_string())
            .collect(),
        ParsedFile::NotAPost { .. } | ParsedFile::NoFrontMatter { .. } => Vec::new(),
    };
    rules.sort();
    rules.dedup();
    (took / times, rules.join(", "))
}

fn main() {
    let config = Config::parse(SITE_CONFIG, "config.toml", Path::new(""))
        .expect("the configuration is valid");
    let kibibytes = std::env::args().find_map(|argument| argument.parse::<usize>().ok());
    let smallest = kibibytes.map_or(SMALLEST_POST_BYTES, |kibibytes| kibibytes * 1024);
    println!("| shape | bytes | ms | twice the size | four times | found |");
    println!("|---|---:|---:|---:|---:|---|");
    for (name, path, make) in SHAPES {
        let measured: Vec<(usize, f64, String)> = [1, 2, 4]
            .into_iter()
            .map(|factor| {
                let text = make(factor * smallest);
                let mut rounds: Vec<(Duration, String)> = (0..ROUNDS)
                    .map(|_| measure_post(&text, path, &config))
                    .collect();
                rounds.sort();
                let (took, found) = rounds.swap_remove(0);
                (text.len(), took.as_secs_f64() * 1e3, found)
            })
            .collect();
        let [(bytes, once, _), (_, twice, _), (_, four, found)] = measured.as_slice() else {
            continue;
        };
        println!(
            "| {name} | {bytes} | {once:.1} | {twice:.1} (× {:.1}) | {four:.1} (× {:.1}) | {found} |",
            twice / once,
            four / twice
        );
    }
}
