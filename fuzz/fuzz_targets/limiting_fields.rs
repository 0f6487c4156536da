//! Fuzzes front matter that limits a post's audience.
//!
//! Invariant: if the valid text hides the post on 2025-01-01, the broken text hides it too,
//! wherever it breaks.
//!
//! Each five bytes are a field: its name, the spelling, its value, the YAML form, and the map
//! around it. The first two bytes choose how the text breaks, and whether its closing fence is
//! missing.

#![no_main]

#[path = "../../tests/it/limiting_fields/names.rs"]
mod names;

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, TimeZone as _, Utc};
use courant::config::Config;
use courant::model::parse_mode::ParseMode;
use courant::post::{ParsedFile, VisibilityLimits, parse_file};
use courant::visibility::{PostState, evaluate_visibility};
use libfuzzer_sys::fuzz_target;
use names::{HIDING_FIELDS, YAML_BREAKS, spell_field_name};

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let toml = "[site]\nurl = \"https://harbour.example\"\ntitle = \"The Harbour\"\n\
                [content.fields]\nhidden = [\"heldBack\", \"workflow.held\"]\n";
    Config::parse(toml, "config.toml", Path::new("/")).expect("the configuration is right")
});

/// Fields that hide nothing, mixed with those that do.
const NEUTRAL_FIELDS: [&str; 6] = [
    "tags: [a, b]\n",
    "password:\n",
    "description: >\n  Status quo, or not.\n",
    "draft: false\n",
    "expires:\n",
    "aliases:\n  - /a/\n",
];

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0)
        .single()
        .expect("a date")
}

/// Writes the field that five bytes describe, or nothing if they are fewer.
fn write_field(script: &[u8]) -> String {
    let [name, style, value, form, around] = script else {
        return String::new();
    };
    let (name, values) = HIDING_FIELDS[usize::from(*name) % HIDING_FIELDS.len()];
    let value = values[usize::from(*value) % values.len()];
    let is_flow = value.starts_with(['[', '{']);
    let written = spell_field_name(name, usize::from(*style));
    let field = match form % 10 {
        1 if !is_flow => format!("{written}:\n  {value}"),
        2 if !is_flow => format!("{written}: >-\n  {}", value.trim_matches('\'')),
        3 => format!("? {written}\n: {value}"),
        4 if !is_flow => format!("{written}: \"{}\"", value.trim_matches('\'')),
        5 => format!("{written}: {value} # not yet"),
        6 => format!("{written} : {value}"),
        7 if !is_flow => format!("{written}: &a {value}"),
        8 => format!("\"{}\":   {value}  ", written.trim_matches('\'')),
        9 if name.split(' ').count() > 1 => {
            format!("{}\u{200b}: {value}", written.trim_matches('\''))
        }
        _ => format!("{written}: {value}"),
    };
    let indented = field.replace('\n', "\n  ");
    match around % 8 {
        0 => format!("params:\n  {indented}\n"),
        1 if form % 10 == 0 => format!("seo: {{a: b, {field}}}\n"),
        2 => format!(
            "extra:\n  deeper:\n    {}\n",
            indented.replace('\n', "\n  ")
        ),
        3 => format!("workflow:\n  held: {value}\n"),
        4 => NEUTRAL_FIELDS[usize::from(*style) % NEUTRAL_FIELDS.len()].to_owned(),
        _ => format!("{field}\n"),
    }
}

fn is_hidden(limits: &VisibilityLimits) -> bool {
    limits.hides
        || limits.start.is_some_and(|at| at > now())
        || limits.end.is_some_and(|at| at <= now())
}

fuzz_target!(|script: &[u8]| {
    let Some(([at, end], fields)) = script.split_first_chunk() else {
        return;
    };
    let fields: String = fields.chunks(5).map(write_field).collect();
    let post = |before: &str, behind: &str, close: &str| {
        format!("---\n{before}title: A\ndate: 2024-05-01\n{fields}{behind}{close}\nText.\n")
    };
    let parsed = |text: &str| parse_file(text.as_bytes(), "a.md", &CONFIG, ParseMode::Metadata);
    let whole_hides = match parsed(&post("", "", "---")) {
        ParsedFile::Post { post, .. } => {
            let (evaluation, _) = evaluate_visibility(&post, CONFIG.hidden_posts, now());
            evaluation.state != PostState::Public
        }
        ParsedFile::Broken { limits, .. } => is_hidden(&limits),
        _ => false,
    };
    let (before, behind) = YAML_BREAKS[usize::from(*at) % YAML_BREAKS.len()];
    let close = if end % 2 == 0 { "---" } else { "z: 1" };
    let text = post(before, behind, close);
    match parsed(&text) {
        ParsedFile::Broken { limits, .. } => {
            assert!(
                !whole_hides || is_hidden(&limits),
                "shown when broken:\n{text}"
            );
        }
        // The text still parses, so the field itself must hide the post.
        ParsedFile::Post { post, .. } => {
            let (evaluation, _) = evaluate_visibility(&post, CONFIG.hidden_posts, now());
            assert!(
                !whole_hides || evaluation.state != PostState::Public,
                "shown:\n{text}"
            );
        }
        ParsedFile::NoFrontMatter { limits, .. } => {
            assert!(!whole_hides || is_hidden(&limits), "shown:\n{text}")
        }
        ParsedFile::NotAPost { .. } => {}
    }
});
