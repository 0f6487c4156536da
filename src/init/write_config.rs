//! Writes the text of a `config.toml`: each setting that differs from its default, below a comment
//! with its source.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use super::proposed_config::ProposedConfig;
use crate::detect::setting::{
    Setting, SettingKey, SettingSource, SettingValue, setting_lines, table_heading,
};
use crate::detect::site_tree;
use crate::text::{collapse_whitespace, strip_forbidden_chars};

/// Returns the text of a configuration file for a directory.
pub fn format_config(survey: &ProposedConfig, dir: &Path) -> String {
    let way = relative_path(dir, &survey.root);
    let makers: Vec<_> = survey.tools.iter().map(|(name, _)| *name).collect();
    let made = match makers.as_slice() {
        [] => String::new(),
        makers => format!(" made with {}", makers.join(" and ")),
    };
    let mut text = format!("# Configuration of courant for a site{made}, by `courant init`.\n");
    let mut last = String::new();
    let set = survey.settings.iter().map(|setting| (setting, ""));
    let offered = survey.suggestions.iter().map(|setting| (setting, "# "));
    let mut all: Vec<_> = set.chain(offered).collect();
    all.sort_by_key(|(setting, _)| setting.key);
    for (setting, before) in all {
        let value = relocated_value(setting, &way);
        if before.is_empty() && setting.key.default_value().as_ref() == Some(&value) {
            continue;
        }
        let heading = table_heading(setting.key);
        if heading != last || setting.key == SettingKey::Author {
            let _ = write!(text, "\n{heading}\n");
            last = heading;
        }
        let comment = match &setting.source {
            // A suggestion is marked as a comment already, so it is not called a guess.
            SettingSource::Guess(why) if !before.is_empty() => to_comment_line(why),
            source => source_comment(source),
        };
        let _ = writeln!(text, "# {comment}");
        for line in setting_lines(setting.key, &value).lines() {
            let _ = writeln!(text, "{before}{line}");
        }
    }
    text.push_str(
        "\n# The annotated reference, `config.toml` in courant's repository, lists all other settings and\n# their defaults.\n",
    );
    text
}

/// Returns the source of a value as one line of a comment.
fn source_comment(source: &SettingSource) -> String {
    let text = match source {
        SettingSource::WrittenIn { file, line } => match line {
            Some(line) => format!("{file}, line {line}"),
            None => format!("from {file}"),
        },
        SettingSource::GeneratorDefault(why) => why.clone(),
        SettingSource::Guess(why) => format!("a guess: {why}"),
        SettingSource::Placeholder(why) => format!("replace this: {why}"),
    };
    to_comment_line(&text)
}

/// Removes control characters, which file names may contain and TOML comments may not.
fn to_comment_line(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    collapse_whitespace(&strip_forbidden_chars(text))
}

/// Returns a value as it is written: a path becomes relative to the configuration file.
fn relocated_value(setting: &Setting, way: &str) -> SettingValue {
    match (&setting.value, setting.key) {
        (SettingValue::Text(path), SettingKey::Dir | SettingKey::StaticDir | SettingKey::Logo) => {
            let path = site_tree::join_paths(way, path);
            SettingValue::Text(if path.is_empty() {
                ".".to_owned()
            } else {
                path
            })
        }
        (value, _) => value.clone(),
    }
}

/// Resolves the symlinks of a path; returns the path itself if it does not exist.
pub(super) fn resolve_path(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns the relative path from one directory to another, separated by `/`; the whole path if
/// there is no relative one.
fn relative_path(from: &Path, to: &Path) -> String {
    let (from, to) = (resolve_path(from), resolve_path(to));
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
    fn relative_paths_lead_down_up_and_across() {
        for (from, to, expected) in [
            ("/a/b", "/a/b", ""),
            ("/a", "/a/b/c", "b/c"),
            ("/a/b/c", "/a", "../.."),
            ("/a/x", "/a/y/z", "../y/z"),
        ] {
            assert_eq!(
                relative_path(Path::new(from), Path::new(to)),
                expected,
                "{from} {to}"
            );
        }
    }

    #[test]
    fn comment_stays_on_one_line() {
        let source = SettingSource::Guess("a\nurl = \"b\"\u{7f}\r".to_owned());
        assert_eq!(source_comment(&source), "a guess: aurl = \"b\"");
    }
}
