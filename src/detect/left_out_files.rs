//! Leaves out the files of a directory that the generator makes no page of.

use globset::{GlobBuilder, GlobSetBuilder};

use super::detected::ContentRoot;
use super::setting::SettingSource;
use super::site_tree::{self, SiteTree};

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
