//! Scripts of front matter that limits who sees a post. What holds: where the whole text hides the post on
//! 2025-01-01, the same text hides it when it is broken, wherever it breaks.
//!
//! Each five bytes are a field: its name, how that is spelled, its value, the form in which it is written, and
//! the map around it. The first two bytes say how the text breaks, and whether its end is missing.

#![no_main]

#[path = "../../tests/it/limiting_fields/names.rs"]
mod names;

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, TimeZone as _, Utc};
use courant::config::Config;
use courant::content::{Depth, Limits, Parsed, parse};
use courant::site::visibility::{State, judge};
use libfuzzer_sys::fuzz_target;
use names::{BREAKS, FIELDS, spell};

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let toml = "[site]\nurl = \"https://harbour.example\"\ntitle = \"The Harbour\"\n\
                [content.fields]\nhidden = [\"heldBack\", \"workflow.held\"]\n";
    Config::parse(toml, "config.toml", Path::new("/")).expect("the configuration is right")
});

/// Fields that hide nothing, between those that do.
const NEUTRAL: [&str; 6] = [
    "tags: [a, b]\n",
    "password:\n",
    "description: >\n  Status quo, or not.\n",
    "draft: false\n",
    "expires:\n",
    "aliases:\n  - /a/\n",
];

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).single().expect("a date")
}

/// One field as it is written, or nothing where the name is not read in such a place.
fn field(script: &[u8]) -> String {
    let [name, style, value, form, around] = script else {
        return String::new();
    };
    let (name, values) = FIELDS[usize::from(*name) % FIELDS.len()];
    let value = values[usize::from(*value) % values.len()];
    let is_flow = value.starts_with(['[', '{']);
    let written = spell(name, usize::from(*style));
    let field = match form % 10 {
        1 if !is_flow => format!("{written}:\n  {value}"),
        2 if !is_flow => format!("{written}: >-\n  {}", value.trim_matches('\'')),
        3 => format!("? {written}\n: {value}"),
        4 if !is_flow => format!("{written}: \"{}\"", value.trim_matches('\'')),
        5 => format!("{written}: {value} # not yet"),
        6 => format!("{written} : {value}"),
        7 if !is_flow => format!("{written}: &a {value}"),
        8 => format!("\"{}\":   {value}  ", written.trim_matches('\'')),
        9 if name.split(' ').count() > 1 => format!("{}\u{200b}: {value}", written.trim_matches('\'')),
        _ => format!("{written}: {value}"),
    };
    let indented = field.replace('\n', "\n  ");
    match around % 8 {
        0 => format!("params:\n  {indented}\n"),
        1 if form % 10 == 0 => format!("seo: {{a: b, {field}}}\n"),
        2 => format!("extra:\n  deeper:\n    {}\n", indented.replace('\n', "\n  ")),
        3 => format!("workflow:\n  held: {value}\n"),
        4 => NEUTRAL[usize::from(*style) % NEUTRAL.len()].to_owned(),
        _ => format!("{field}\n"),
    }
}

fn hides(limits: &Limits) -> bool {
    limits.hides || limits.start.is_some_and(|at| at > now()) || limits.end.is_some_and(|at| at <= now())
}

fuzz_target!(|script: &[u8]| {
    let Some(([at, end], fields)) = script.split_first_chunk() else {
        return;
    };
    let fields: String = fields.chunks(5).map(field).collect();
    let post = |before: &str, behind: &str, close: &str| {
        format!("---\n{before}title: A\ndate: 2024-05-01\n{fields}{behind}{close}\nText.\n")
    };
    let parsed = |text: &str| parse(text.as_bytes(), "a.md", &CONFIG, Depth::Outline);
    let whole_hides = match parsed(&post("", "", "---")) {
        Parsed::Post { post, .. } => {
            let (verdict, _) = judge(&post, CONFIG.hidden, now());
            verdict.state != State::Public
        }
        Parsed::Broken { limits, .. } => hides(&limits),
        _ => false,
    };
    let (before, behind) = BREAKS[usize::from(*at) % BREAKS.len()];
    let close = if end % 2 == 0 { "---" } else { "z: 1" };
    let text = post(before, behind, close);
    match parsed(&text) {
        Parsed::Broken { limits, .. } => {
            assert!(!whole_hides || hides(&limits), "shown when broken:\n{text}");
        }
        // Another break that is none: it hides by itself.
        Parsed::Post { post, .. } => {
            let (verdict, _) = judge(&post, CONFIG.hidden, now());
            assert!(!whole_hides || verdict.state != State::Public, "shown:\n{text}");
        }
        Parsed::Plain { limits } => assert!(!whole_hides || hides(&limits), "shown:\n{text}"),
        Parsed::Other { .. } => {}
    }
});
