//! Eleventy's configuration and data files into what they tell of the site.

use super::draft::{Draft, Home};
use super::pages::densest;
use super::pattern;
use super::reader::Code;
use super::script::Expression;
use super::setting::{Key, Source};
use super::tree;

const FILES: [&str; 6] = [
    ".eleventy.js",
    "eleventy.config.js",
    "eleventy.config.mjs",
    "eleventy.config.cjs",
    "eleventy.config.ts",
    ".eleventy.cjs",
];
/// What sites call the file of what they are.
const METADATA: [&str; 5] = ["metadata", "site", "meta", "config", "siteMetadata"];
const KINDS: [&str; 4] = ["js", "json", "cjs", "mjs"];

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    let Some(file) = draft.tree.first_file(&FILES) else {
        return false;
    };
    draft.made_by("Eleventy", file);
    let code = draft.code(file).unwrap_or_else(|| Code::read(file, ""));
    let written = code
        .text(code.script.ending("dir.input"))
        .map(|(dir, _)| dir);
    let set = || code.script.call("setInputDirectory").map(str::to_owned);
    let input = written.or_else(set).and_then(|dir| tree::tidy(&dir));
    let input = input.unwrap_or_default();
    let data = code
        .text(code.script.ending("dir.data"))
        .map_or_else(|| "_data".to_owned(), |(dir, _)| dir);
    if let Some(data) = tree::tidy(&format!("{input}/{data}")) {
        metadata(draft, &data);
    }
    static_dir(draft, &code);
    home(draft, &input);
    true
}

/// The title and its like, from the first file that has any.
fn metadata(draft: &mut Draft<'_>, dir: &str) {
    const NAMES: [(Key, &[&str]); 4] = [
        (Key::Title, &["title", "name", "siteName", "site_name"]),
        (
            Key::Url,
            &["url", "siteUrl", "baseUrl", "siteURL", "site_url"],
        ),
        (
            Key::Description,
            &["description", "siteDescription", "tagline"],
        ),
        (Key::Language, &["language", "lang", "locale"]),
    ];
    for name in METADATA {
        for kind in KINDS {
            let file = tree::join(dir, &format!("{name}.{kind}"));
            if !draft.tree.is_file(&file) {
                continue;
            }
            if kind == "json" {
                if let Some(data) = draft.data(&file) {
                    for (key, names) in NAMES {
                        draft.take(key, data.text(names));
                    }
                }
            } else if let Some(code) = draft.code(&file) {
                for (key, names) in NAMES {
                    let entries = names.iter().map(|name| code.script.at(name));
                    draft.take_code(key, &code, entries);
                }
            }
        }
    }
}

/// `addPassthroughCopy({ "public": "/" })`
fn static_dir(draft: &mut Draft<'_>, code: &Code) {
    for entry in code.script.entries() {
        let is_root = matches!(&entry.value, Expression::Text(to) if to == "/" || to == "./");
        let dir = entry
            .path
            .last()
            .filter(|_| is_root)
            .and_then(|dir| tree::tidy(dir));
        if let Some(dir) = dir.filter(|dir| !dir.is_empty() && draft.tree.is_dir(dir)) {
            draft.set(Key::StaticDir, dir, Source::line(&code.file, entry.line));
        }
    }
}

/// Where posts lie thickest below the input, and what address the data file beside them gives.
fn home(draft: &mut Draft<'_>, input: &str) {
    let Some(dir) = densest(draft.tree, input) else {
        return;
    };
    let below = tree::below(&dir, input).unwrap_or_default().to_owned();
    let source = Source::Guess(format!("most posts are in `{dir}`"));
    let home = Home::new(dir.clone(), source);
    let own = permalink(draft, &dir);
    let root = if below.is_empty() {
        String::new()
    } else {
        format!("/{below}")
    };
    let why = match below.as_str() {
        "" => "Eleventy makes addresses of paths".to_owned(),
        _ => "Eleventy makes addresses of paths below its input".to_owned(),
    };
    let (pattern, source) = match own {
        Some((Ok(pattern), source)) => (pattern, source),
        Some((Err(part), source)) => {
            let message = format!("`permalink` is computed, and could not be read: `{part}`");
            let hint = "write `site.permalinks`; its parts are in the annotated reference";
            draft.warn(&source, message, hint);
            (format!("{root}/:path/"), Source::Guess(why))
        }
        None => (format!("{root}/:path/"), Source::Rule(why)),
    };
    draft.homes.push(home.with(&pattern, source));
}

/// The `permalink` of a directory data file: `blog/blog.json`, `blog/blog.11tydata.js`.
fn permalink(draft: &mut Draft<'_>, dir: &str) -> Option<(Result<String, String>, Source)> {
    let name = dir.rsplit('/').next().unwrap_or_default();
    for kind in [
        "json",
        "11tydata.json",
        "11tydata.js",
        "11tydata.cjs",
        "11tydata.mjs",
    ] {
        let file = tree::join(dir, &format!("{name}.{kind}"));
        if !draft.tree.is_file(&file) {
            continue;
        }
        let found = if kind.ends_with("json") {
            draft.data(&file).and_then(|data| data.text(&["permalink"]))
        } else {
            let code = draft.code(&file)?;
            let entry = code.script.at("permalink");
            match entry.map(|entry| code.resolve(entry)) {
                Some((Expression::Text(text), source)) => Some((text, source)),
                Some((Expression::Computed(text), source)) => return Some((Err(text), source)),
                _ => None,
            }
        };
        if let Some((text, source)) = found {
            return Some((translated(&text), source));
        }
    }
    None
}

fn translated(permalink: &str) -> Result<String, String> {
    let permalink = permalink.strip_suffix("index.html").unwrap_or(permalink);
    let pattern = pattern::braces(permalink, |name| match name {
        "page.fileSlug" | "slug" => vec![":slug"],
        "page.filePathStem" => vec![":path"],
        "title" => vec![":title", ":slug"],
        "page.date.getFullYear()" => vec![":year"],
        _ => Vec::new(),
    })?;
    Ok(pattern.text)
}
