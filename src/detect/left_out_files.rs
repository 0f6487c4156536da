//! Leaves out the files of a directory that the generator makes no page of.

use globset::{GlobBuilder, GlobSetBuilder};

use super::detected::{ContentRoot, DetectedSite};
use super::setting::SettingSource;
use super::site_tree::{self, SiteTree};
use crate::javascript::ScriptExpression;

/// Pattern of files and directories whose name begins with `_`. In it `*` matches a slash, too.
const UNDERSCORES: &str = "**/_*";

/// Leaves out the files of posts that no glob pattern of the generator matches.
pub(crate) fn retain_matches(
    home: &mut ContentRoot,
    tree: &SiteTree,
    patterns: &[&str],
    source: SettingSource,
) {
    let mut set = GlobSetBuilder::new();
    let mut texts: Vec<String> = Vec::new();
    for pattern in patterns {
        // `@(md|mdx)` is `{md,mdx}`.
        let text = match pattern.split_once("@(") {
            Some((begin, rest)) => {
                format!("{begin}{{{}", rest.replace('|', ",").replace(')', "}"))
            }
            None => (*pattern).to_owned(),
        };
        if let Ok(glob) = GlobBuilder::new(&text).literal_separator(true).build() {
            set.add(glob);
            texts.push(text);
        }
    }
    let (Ok(set), Some(first)) = (set.build(), texts.first()) else {
        return;
    };
    let files = tree.list_post_files(&home.dir);
    let mut left_out = files.iter().filter(|file| !set.is_match(file)).peekable();
    if left_out.peek().is_none() {
        return;
    }
    let has_underscores = texts.iter().any(|text| text.contains("[^_]"));
    if has_underscores {
        home.exclude.push(UNDERSCORES.to_owned());
    }
    if has_underscores && left_out.all(|path| has_name_with(path, "_")) {
        return;
    }
    // In a pattern of the configuration `*` matches a slash, too.
    let mut dirs = texts
        .iter()
        .map(|text| text.rsplit_once('/').map_or("", |(dir, _)| dir));
    let dir = dirs.next().unwrap_or_default();
    if !first.contains("**") && dirs.all(|other| other == dir) {
        home.exclude.push(site_tree::join_paths(dir, "*/*"));
    }
    home.include = Some((texts, source));
}

/// Leaves out the files that some patterns match, relative to the content. A pattern that is not a glob is reported.
pub(crate) fn leave_out_matches(
    home: &mut ContentRoot,
    draft: &mut DetectedSite<'_>,
    patterns: impl IntoIterator<Item = String>,
    source: &SettingSource,
) {
    for written in patterns {
        let mut pattern = written.trim_start_matches("./").to_owned();
        if pattern.ends_with('/') {
            pattern.push_str("**");
        }
        // `!(a)` and `@(a|b)` are valid here, and match other files.
        let is_extended = ["!(", "@(", "+(", "?(", "*("]
            .iter()
            .any(|sign| pattern.contains(sign));
        let is_glob = !is_extended && !pattern.starts_with('!');
        if is_glob && GlobBuilder::new(&pattern).build().is_ok() {
            home.exclude.push(pattern);
        } else if !pattern.is_empty() {
            warn_of_unread_files(draft, source, &format!("`{written}`"));
        }
    }
}

/// Leaves out the files that an option of a script matches. Parts that are not text are reported.
pub(crate) fn leave_out_listed(
    home: &mut ContentRoot,
    draft: &mut DetectedSite<'_>,
    name: &str,
    found: Option<(ScriptExpression, SettingSource)>,
) {
    let Some((value, source)) = found else { return };
    let (patterns, is_whole) = match value {
        ScriptExpression::TextList(patterns) => (patterns, true),
        ScriptExpression::Text(pattern) => (vec![pattern], true),
        ScriptExpression::PartialList(patterns) => (patterns, false),
        _ => (Vec::new(), false),
    };
    leave_out_matches(home, draft, patterns, &source);
    if !is_whole {
        warn_of_unread_files(
            draft,
            &source,
            &format!("`{name}`, which is not only text,"),
        );
    }
}

/// Warns that the generator leaves out files by a rule that could not be read.
pub(crate) fn warn_of_unread_files(
    draft: &mut DetectedSite<'_>,
    source: &SettingSource,
    written: &str,
) {
    draft.add_warning(
        source,
        format!("posts that the generator leaves out by {written} may be public"),
        "this rule could not be converted: write patterns of the posts that it leaves out into `content.exclude`",
    );
}

/// Leaves out files whose name, or that of a directory, begins with `_`, if there are any.
pub(crate) fn leave_out_underscores(home: &mut ContentRoot, tree: &SiteTree) {
    leave_out_names(home, tree, "_", UNDERSCORES);
}

/// Adds a pattern of files to leave out if a name in a path begins with `start`.
pub(crate) fn leave_out_names(home: &mut ContentRoot, tree: &SiteTree, start: &str, pattern: &str) {
    let files = tree.list_post_files(&home.dir);
    if files.iter().any(|path| has_name_with(path, start)) {
        home.exclude.push(pattern.to_owned());
    }
}

fn has_name_with(path: &str, start: &str) -> bool {
    path.split('/').any(|name| name.starts_with(start))
}
