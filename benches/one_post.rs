//! What one post costs to read and to render, by its shape, at a size and at twice and four times that.
//!
//! `cargo bench --bench one_post` prints a table in Markdown: milliseconds of processor time, how much longer twice the
//! size takes, and what `check` finds. Twice the size is to take twice as long, or as long as before where a bound is exceeded.
//! `cargo bench --bench one_post -- 16` starts with sixteen KiB.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the table is the output")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use courant::config::Config;
use courant::content::{Depth, Parsed, parse};

/// Bytes of the smallest post of each shape, unless the command line says so many KiB.
const BYTES: usize = 32 * 1024;
const ROUNDS: u32 = 3;
/// What a round takes at least: the system counts processor time in steps of four milliseconds.
const ROUND: Duration = Duration::from_millis(60);

const CONFIG: &str = "[site]\nurl = \"https://e.example\"\ntitle = \"E\"\n";
const FRONT: &str = "title: A\ndate: 2024-05-01\ndescription: B\n";

/// A file of about so many bytes.
type Shape = (&'static str, &'static str, fn(usize) -> String);

const SHAPES: [Shape; 32] = [
    ("prose", "a.md", |bytes| {
        body(&repeat(
            "Some words of a *text* that people write, with [links](/a).\nAnd more.\n\n",
            bytes,
        ))
    }),
    ("table, square", "a.md", |bytes| {
        let size = bytes / 8;
        body(&table(size, size))
    }),
    ("tables of 300 columns and 200 rows", "a.md", |bytes| {
        body(&repeat(&format!("{}\n", table(300, 200)), bytes))
    }),
    ("table of two columns", "a.md", |bytes| {
        body(&format!("|a|b|\n|-|-|\n{}", repeat("|c|d|\n", bytes)))
    }),
    ("tag with many attributes", "a.md", |bytes| {
        body(&format!("<a {}>b</a>", numbered("a#=b ", bytes)))
    }),
    ("tags with 500 attributes", "a.md", |bytes| {
        let tag = format!("<a {}>b</a> ", numbered("a#=b ", 4_000));
        body(&repeat(&tag, bytes))
    }),
    ("one word", "a.md", |bytes| body(&repeat("w", bytes))),
    ("web addresses in one word", "a.md", |bytes| {
        body(&repeat("http://a<", bytes))
    }),
    ("web addresses", "a.md", |bytes| {
        body(&repeat("http://a ", bytes))
    }),
    ("e-mail addresses", "a.md", |bytes| {
        body(&repeat("a@b.c ", bytes))
    }),
    ("emphasis", "a.md", |bytes| {
        body(&repeat("*a **b _c ", bytes))
    }),
    ("brackets", "a.md", |bytes| body(&repeat("[", bytes))),
    ("links that do not end", "a.md", |bytes| {
        body(&repeat("[a](", bytes))
    }),
    ("backticks", "a.md", |bytes| body(&repeat("`a``b", bytes))),
    ("definitions and references", "a.md", |bytes| {
        body(&format!(
            "{}\n{}",
            numbered("[a#]: /b\n", bytes / 2),
            numbered("[a#] ", bytes / 2)
        ))
    }),
    ("references to one footnote", "a.md", |bytes| {
        body(&format!("{}\n\n[^a]: b\n", repeat("[^a] ", bytes)))
    }),
    ("blank lines in nested lists", "a.md", |bytes| {
        body(&format!("{}a\n{}", "- ".repeat(90), repeat("\n", bytes)))
    }),
    ("nested quotes", "a.md", |bytes| body(&repeat("> ", bytes))),
    ("lists", "a.md", |bytes| {
        body(&repeat("- a\n  - b\n", bytes))
    }),
    ("HTML paragraphs", "a.md", |bytes| {
        body(&repeat("<p>a", bytes))
    }),
    ("HTML elements that stay open", "a.md", |bytes| {
        body(&repeat("<div>", bytes))
    }),
    ("HTML references", "a.md", |bytes| {
        body(&format!("<p>{}</p>", repeat("&nbsp;", bytes)))
    }),
    ("srcset of many candidates", "a.md", |bytes| {
        body(&format!(
            "<img src=a srcset=\"{}b\">",
            numbered("a# 1x, ", bytes)
        ))
    }),
    ("links to files", "a.md", |bytes| {
        body(&format!(
            "{}{}",
            repeat("x\n", bytes / 2),
            numbered("[a](b#.md)\n", bytes / 2)
        ))
    }),
    ("shortcodes", "a.md", |bytes| {
        body(&numbered("{{< a# >}}\n", bytes))
    }),
    ("braces", "a.md", |bytes| body(&repeat("{{", bytes))),
    ("modules of MDX", "a.mdx", |bytes| {
        body(&repeat("import {\n\n", bytes))
    }),
    ("`tags` as a text", "a.md", |bytes| {
        front(&format!("tags: {}\n", numbered("a#,", bytes)))
    }),
    ("`aliases`", "a.md", |bytes| {
        front(&format!("aliases:\n{}", numbered("  - /a#\n", bytes)))
    }),
    ("YAML fields", "a.md", |bytes| {
        front(&numbered("a#: 1\n", bytes))
    }),
    ("TOML fields", "a.md", |bytes| {
        let fields = numbered("a# = 1\n", bytes);
        format!("+++\ntitle = \"A\"\ndate = 2024-05-01\n{fields}+++\n")
    }),
    ("JSON fields with escapes", "a.md", |bytes| {
        let fields = numbered(",\n\"\\u0061#\": 1", bytes);
        format!("{{\n\"title\": \"A\", \"date\": \"2024-05-01\"{fields}}}\n")
    }),
];

fn body(text: &str) -> String {
    format!("---\n{FRONT}---\n{text}\n")
}

fn front(fields: &str) -> String {
    format!("---\n{FRONT}{fields}---\nbody\n")
}

fn repeat(part: &str, bytes: usize) -> String {
    part.repeat(bytes / part.len())
}

/// A part again and again, each time with another number in the place of `#`.
fn numbered(part: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(&part.replace('#', &number.to_string()));
        number += 1;
    }
    text
}

/// A table whose rows have one cell.
fn table(columns: usize, rows: usize) -> String {
    format!(
        "|{}\n|{}\n{}",
        "a|".repeat(columns),
        "-|".repeat(columns),
        "|b|\n".repeat(rows)
    )
}

/// What the thread has had of a processor, which does not grow while others have it (Linux).
fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("the system tells it");
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first number is that of nanoseconds"))
}

/// All that happens to a post that is listed and published, and what is found in it.
fn read(text: &str, path: &str, config: &Config) -> (Duration, String) {
    let start = processor_time();
    let (mut took, mut times) = (Duration::ZERO, 0);
    while took < ROUND {
        if let Parsed::Post { post, .. } = parse(text.as_bytes(), path, config, Depth::Outline) {
            std::hint::black_box(post.body.content());
        }
        times += 1;
        took = processor_time().saturating_sub(start);
    }
    let mut rules: Vec<String> = match parse(text.as_bytes(), path, config, Depth::Check) {
        Parsed::Post { findings, .. } | Parsed::Broken { findings, .. } => findings
            .iter()
            .map(|finding| finding.rule.to_string())
            .collect(),
        Parsed::Other { .. } | Parsed::Plain { .. } => Vec::new(),
    };
    rules.sort();
    rules.dedup();
    (took / times, rules.join(", "))
}

fn main() {
    let config =
        Config::parse(CONFIG, "config.toml", Path::new("")).expect("the configuration is valid");
    let kibibytes = std::env::args().find_map(|argument| argument.parse::<usize>().ok());
    let smallest = kibibytes.map_or(BYTES, |kibibytes| kibibytes * 1024);
    println!("| shape | bytes | ms | twice the size | four times | found |");
    println!("|---|---:|---:|---:|---:|---|");
    for (name, path, make) in SHAPES {
        let measured: Vec<(usize, f64, String)> = [1, 2, 4]
            .into_iter()
            .map(|factor| {
                let text = make(factor * smallest);
                let mut rounds: Vec<(Duration, String)> =
                    (0..ROUNDS).map(|_| read(&text, path, &config)).collect();
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
