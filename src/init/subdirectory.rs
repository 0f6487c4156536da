//! Finds a site that a repository keeps in a subdirectory.

use crate::detect::detected::DetectedSite;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_tree::{SiteTree, join_paths};

/// Directories that repositories usually keep their site in.
const SITE_DIRS: [&str; 8] = [
    "site", "website", "docs", "www", "web", "blog", "core", "src",
];

/// Lists the subdirectories that may be a site.
pub(super) fn list_site_dirs(tree: &SiteTree) -> Vec<String> {
    let usual = SITE_DIRS.iter().map(ToString::to_string);
    let packages = tree.list_dirs("packages").into_iter();
    usual
        .filter(|dir| tree.is_dir(dir))
        .chain(packages.map(|name| join_paths("packages", &name)))
        .collect()
}

/// Makes all paths relative to the directory that has the site in its subdirectory `subdir`.
pub(super) fn prefix_paths(site: &mut DetectedSite<'_>, subdir: &str) {
    let move_up = |path: &mut String| *path = join_paths(subdir, path);
    site.tools.iter_mut().for_each(|(_, file)| move_up(file));
    for finding in &mut site.findings {
        move_up(&mut finding.file);
        finding.message = prefix_paths_in_text(&finding.message, site.tree, subdir);
    }
    if site.left_out_posts.count > 0 {
        move_up(&mut site.left_out_posts.example);
    }
    for setting in site.settings.values_mut().chain(&mut site.suggestions) {
        match &mut setting.source {
            SettingSource::WrittenIn { file, .. } => move_up(file),
            SettingSource::GeneratorDefault(why)
            | SettingSource::Guess(why)
            | SettingSource::Placeholder(why) => {
                *why = prefix_paths_in_text(why, site.tree, subdir);
            }
        }
        if let SettingValue::Text(path) = &mut setting.value
            && matches!(
                setting.key,
                SettingKey::Dir | SettingKey::StaticDir | SettingKey::Logo
            )
        {
            move_up(path);
        }
    }
}

/// Makes the paths in a text relative to the directory above: names of files, and of directories between backticks.
fn prefix_paths_in_text(text: &str, tree: &SiteTree, subdir: &str) -> String {
    if subdir.is_empty() {
        return text.to_owned();
    }
    let mut moved = String::with_capacity(text.len());
    let mut is_quoted = false;
    for piece in text.split_inclusive(['`', ' ', ',', ':']) {
        let word = piece.trim_end_matches(['`', ' ', ',', ':']);
        let is_dir = is_quoted && tree.is_dir(word);
        if !word.is_empty() && (is_dir || tree.is_file(word)) {
            moved.push_str(subdir);
            moved.push_str(if word == "." { "" } else { "/" });
        }
        moved.push_str(if is_dir && word == "." {
            piece.get(1..).unwrap_or(piece)
        } else {
            piece
        });
        is_quoted ^= piece.ends_with('`');
    }
    moved
}
