//! A survey into the text of a `config.toml`: what differs from the defaults, each line below where
//! it comes from.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use super::Survey;
use super::setting::{Key, Setting, Source, Value, heading, lines};
use super::tree;
use crate::text::{clean, one_line};

/// The text of a configuration that lies in a directory.
pub(super) fn text(survey: &Survey, dir: &Path) -> String {
    let way = way(dir, &survey.root);
    let makers: Vec<_> = survey.makers.iter().map(|(name, _)| *name).collect();
    let made = match makers.as_slice() {
        [] => String::new(),
        makers => format!(" made with {}", makers.join(" and ")),
    };
    let mut text = format!("# The configuration of courant for a site{made}, by `courant init`.\n");
    let mut last = String::new();
    let set = survey.settings.iter().map(|setting| (setting, ""));
    let offered = survey.suggestions.iter().map(|setting| (setting, "# "));
    let mut all: Vec<_> = set.chain(offered).collect();
    all.sort_by_key(|(setting, _)| setting.key);
    for (setting, before) in all {
        let value = placed(setting, &way);
        if before.is_empty() && setting.key.default().as_ref() == Some(&value) {
            continue;
        }
        let heading = heading(setting.key);
        if heading != last {
            let _ = write!(text, "\n{heading}\n");
            last = heading;
        }
        let comment = match &setting.source {
            // What is only offered is no guess.
            Source::Guess(why) if !before.is_empty() => one_comment(why),
            source => comment(source),
        };
        let _ = writeln!(text, "# {comment}");
        for line in lines(setting.key, &value).lines() {
            let _ = writeln!(text, "{before}{line}");
        }
    }
    text.push_str(
        "\n# Every other setting, and its default: the annotated reference, `config.toml` in courant's\n# repository.\n",
    );
    text
}

/// Where a value came from, in a line.
fn comment(source: &Source) -> String {
    let text = match source {
        Source::Read { file, line } => match line {
            Some(line) => format!("{file}, line {line}"),
            None => format!("by {file}"),
        },
        Source::Rule(why) => why.clone(),
        Source::Guess(why) => format!("a guess: {why}"),
        Source::Placeholder(why) => format!("replace this: {why}"),
    };
    one_comment(&text)
}

/// TOML allows no control characters in comments, and names of files may hold any.
fn one_comment(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    one_line(&clean(text))
}

/// A value as it is written: a path leads from the file to the site.
fn placed(setting: &Setting, way: &str) -> Value {
    match (&setting.value, setting.key) {
        (Value::Text(path), Key::Dir | Key::StaticDir | Key::Logo) => {
            let path = tree::join(way, path);
            Value::Text(if path.is_empty() {
                ".".to_owned()
            } else {
                path
            })
        }
        (value, _) => value.clone(),
    }
}

/// Resolves the links of a path; the path itself where it does not exist.
pub(super) fn real(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The way from one directory to another, with `/` between its parts; the whole path where there is
/// none.
fn way(from: &Path, to: &Path) -> String {
    let (from, to) = (real(from), real(to));
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    let ups = from.components().skip(shared).map(|_| Component::ParentDir);
    let downs = to.components().skip(shared);
    let way: PathBuf = ups.chain(downs).collect();
    way.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_lead_down_up_and_across() {
        for (from, to, expected) in [
            ("/a/b", "/a/b", ""),
            ("/a", "/a/b/c", "b/c"),
            ("/a/b/c", "/a", "../.."),
            ("/a/x", "/a/y/z", "../y/z"),
        ] {
            assert_eq!(way(Path::new(from), Path::new(to)), expected, "{from} {to}");
        }
    }

    #[test]
    fn a_comment_stays_one() {
        let source = Source::Guess("a\nurl = \"b\"\u{7f}\r".to_owned());
        assert_eq!(comment(&source), "a guess: aurl = \"b\"");
    }
}
