//! Leaves out the files of a directory that the generator makes no page of.

use super::detected::ContentRoot;
use super::setting::SettingSource;
use super::site_tree::{self, SiteTree};

/// Pattern of files and directories whose name begins with `_`. In it `*` matches a slash, too.
const UNDERSCORES: &str = "**/_*";

/// Leaves out the Markdown files that a glob pattern of the generator does not match.
pub(super) fn retain_matches(
    home: &mut ContentRoot,
    tree: &SiteTree,
    pattern: &str,
    source: SettingSource,
) {
    // `@(md|mdx)` is `{md,mdx}`.
    let pattern = match pattern.split_once("@(") {
        Some((begin, rest)) => format!("{begin}{{{}", rest.replace('|', ",").replace(')', "}")),
        None => pattern.to_owned(),
    };
    let mut glob = globset::GlobBuilder::new(&pattern);
    let Ok(glob) = glob.literal_separator(true).build() else {
        return;
    };
    let glob = glob.compile_matcher();
    let files = tree.list_markdown_files(&home.dir);
    let mut left_out = files.iter().filter(|file| !glob.is_match(file)).peekable();
    if left_out.peek().is_none() {
        return;
    }
    let has_underscores = pattern.contains("[^_]");
    if has_underscores {
        home.exclude.push(UNDERSCORES.to_owned());
    }
    if has_underscores && left_out.all(|path| has_name_with(path, "_")) {
        return;
    }
    // In a pattern of the configuration `*` matches a slash, too.
    if !pattern.contains("**") {
        let dir = pattern.rsplit_once('/').map_or("", |(dir, _)| dir);
        home.exclude.push(site_tree::join_paths(dir, "*/*"));
    }
    home.include = Some((pattern, source));
}

/// Leaves out files whose name, or that of a directory, begins with `_`, if there are any.
pub(super) fn leave_out_underscores(home: &mut ContentRoot, tree: &SiteTree) {
    leave_out_names(home, tree, "_", UNDERSCORES);
}

/// Adds a pattern of files to leave out if a name in a path begins with `start`.
pub(super) fn leave_out_names(home: &mut ContentRoot, tree: &SiteTree, start: &str, pattern: &str) {
    let files = tree.list_markdown_files(&home.dir);
    if files.iter().any(|path| has_name_with(path, start)) {
        home.exclude.push(pattern.to_owned());
    }
}

fn has_name_with(path: &str, start: &str) -> bool {
    path.split('/').any(|name| name.starts_with(start))
}
