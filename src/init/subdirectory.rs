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
    }
    if site.left_out_posts.count > 0 {
        move_up(&mut site.left_out_posts.example);
    }
    for setting in site.settings.values_mut().chain(&mut site.suggestions) {
        if let SettingSource::WrittenIn { file, .. } = &mut setting.source {
            move_up(file);
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
