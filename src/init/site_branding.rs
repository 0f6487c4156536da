//! Finds the colour and the logo of a site: in its web manifest, its templates and style sheets, and among its icons.

use crate::detect::detected::DetectedSite;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{DataFile, list_items};
use crate::detect::site_tree::{SiteTree, join_paths, normalize_path};

/// Names of web app manifests (w3.org/TR/appmanifest).
const MANIFEST_NAMES: [&str; 3] = ["manifest.webmanifest", "site.webmanifest", "manifest.json"];
/// Directories whose files may be at the root of the site, besides the static directory.
const ROOT_DIRS: [&str; 6] = ["static", "public", "src", "assets", "source", ""];
/// Directories below those that usually hold the logo.
const PICTURE_DIRS: [&str; 5] = ["", "img", "images", "assets/img", "assets/images"];
/// Names of logos.
const LOGO_NAMES: [&str; 4] = ["logo.svg", "logo.png", "logo.webp", "logo.jpg"];
/// Names of icons, the best first.
const ICON_NAMES: [&str; 4] = [
    "favicon.svg",
    "icon.svg",
    "apple-touch-icon.png",
    "favicon.png",
];
/// Names of icons that feed readers show, the best first.
const FEED_ICON_NAMES: [&str; 4] = [
    "apple-touch-icon.png",
    "icon.png",
    "favicon.png",
    "favicon.ico",
];
/// Directories with templates and style sheets; the site's own come first.
const SOURCE_DIRS: [&str; 4] = ["", "_includes", "public", "themes"];
/// Extensions of templates and style sheets.
const SOURCE_EXTENSIONS: [&str; 10] = [
    "html", "htm", "njk", "liquid", "ejs", "astro", "vue", "css", "scss", "less",
];
/// Maximum templates and style sheets that are read.
const MAX_SOURCE_FILES: usize = 400;
/// Names of variables that hold the site's colour, without `--`, and with or without `color` in them.
const COLOR_NAMES: [&str; 4] = ["accent", "primary", "brand", "theme"];

/// Sets the colour of the site from its web manifest, else from a template, else from a style sheet.
pub(super) fn set_theme_color(draft: &mut DetectedSite<'_>) {
    if draft.has_setting(SettingKey::ThemeColor) {
        return;
    }
    let manifest = read_manifests(draft).into_iter().find_map(|(_, data)| {
        let (text, source) = data.first_text(&["theme_color"])?;
        Some((parse_vivid_color(&text)?, source))
    });
    if let Some((color, source)) = manifest.or_else(|| find_color_in_sources(draft.tree)) {
        draft.set_if_more_certain(SettingKey::ThemeColor, color, source);
    }
}

/// Finds a logo by its name in the usual directories, else an icon of the web manifest, else one by its name.
pub(super) fn find_logo(draft: &DetectedSite<'_>) -> Option<String> {
    find_file(draft, &LOGO_NAMES)
        .or_else(|| find_manifest_icon(draft))
        .or_else(|| find_file(draft, &ICON_NAMES))
}

/// Sets the icon and the logo that feeds show, if files with usual names are in the site's static directory.
pub(super) fn set_feed_images(draft: &mut DetectedSite<'_>) {
    let Some(SettingValue::Text(root)) = draft.setting_value(SettingKey::StaticDir).cloned() else {
        return;
    };
    for (key, names) in [
        (SettingKey::Icon, &FEED_ICON_NAMES[..]),
        (SettingKey::SiteLogo, &LOGO_NAMES[..]),
    ] {
        let paths = names
            .iter()
            .flat_map(|name| PICTURE_DIRS.map(|dir| join_paths(dir, name)));
        let found = paths.map(|path| (join_paths(&root, &path), path));
        if let Some((file, path)) = found.into_iter().find(|(file, _)| draft.tree.is_file(file)) {
            draft.set_if_more_certain(key, format!("/{path}"), SettingSource::from_file(&file));
        }
    }
}

fn find_file(draft: &DetectedSite<'_>, names: &[&str]) -> Option<String> {
    let roots = root_dirs(draft);
    names.iter().find_map(|name| {
        let dirs = roots.iter();
        let mut paths =
            dirs.flat_map(|root| PICTURE_DIRS.map(|dir| join_paths(&join_paths(root, dir), name)));
        paths.find(|path| draft.tree.is_file(path))
    })
}

/// Lists the directories whose files may be at the root of the site.
fn root_dirs(draft: &DetectedSite<'_>) -> Vec<String> {
    let own = match draft.setting_value(SettingKey::StaticDir) {
        Some(SettingValue::Text(dir)) => Some(dir.as_str()),
        _ => None,
    };
    own.into_iter()
        .chain(ROOT_DIRS)
        .map(str::to_owned)
        .collect()
}

/// Reads the web manifests, each with its directory.
fn read_manifests(draft: &DetectedSite<'_>) -> Vec<(String, DataFile)> {
    let mut manifests = Vec::new();
    for dir in root_dirs(draft) {
        for file in MANIFEST_NAMES.map(|name| join_paths(&dir, name)) {
            let text = draft.tree.read_text(&file).unwrap_or_default();
            if let Ok(data) = DataFile::parse_data("manifest.json", &text) {
                manifests.push((dir.clone(), DataFile { file, ..data }));
            }
        }
    }
    manifests
}

/// Finds the last icon that a web manifest lists: usually it is the largest.
fn find_manifest_icon(draft: &DetectedSite<'_>) -> Option<String> {
    read_manifests(draft).into_iter().find_map(|(dir, data)| {
        let mut icons = list_items(data.root.get("icons")).iter().rev();
        icons.find_map(|icon| {
            let path = join_paths(&dir, &normalize_path(icon.get("src")?.as_text()?)?);
            draft.tree.is_file(&path).then_some(path)
        })
    })
}

/// Finds the colour in `<meta name="theme-color">` of a template, else in a variable of a style sheet.
fn find_color_in_sources(tree: &SiteTree) -> Option<(String, SettingSource)> {
    let files = SOURCE_DIRS.iter().flat_map(|dir| {
        let below = tree.list_files_below(dir, |name| {
            let extension = name.rsplit_once('.').map(|(_, extension)| extension);
            extension.is_some_and(|extension| SOURCE_EXTENSIONS.contains(&extension))
        });
        below.into_iter().map(|path| join_paths(dir, &path))
    });
    let mut guess = None;
    for file in files.take(MAX_SOURCE_FILES) {
        let text = tree.read_beginning(&file).unwrap_or_default();
        if let Some((color, line)) = find_meta_color(&text) {
            return Some((color, SettingSource::from_line(&file, line)));
        }
        guess = guess.or_else(|| {
            let (name, color, line) = find_color_variable(&text)?;
            let why = format!("`{name}` in {file}, line {line}");
            Some((color, SettingSource::Guess(why)))
        });
    }
    guess
}

/// Finds the colour in `<meta name="theme-color" content="…">`, with its line.
fn find_meta_color(text: &str) -> Option<(String, usize)> {
    let (before, after) = text.split_once("theme-color")?;
    let begin = before.rfind('<')?;
    let end = text.len() - after.len() + after.find('>')?;
    let (_, content) = text.get(begin..end)?.split_once("content=")?;
    let color = content.split(['"', '\'']).nth(1)?;
    Some((parse_vivid_color(color)?, before.matches('\n').count() + 1))
}

/// Finds the first variable whose name means the site's colour: its name, colour and line.
fn find_color_variable(text: &str) -> Option<(&str, String, usize)> {
    let mut line = 1;
    for part in text.split_inclusive([';', '{', '}', '\n']) {
        let declaration = part.trim().trim_end_matches([';', '}']);
        let (name, value) = declaration.split_once(':').unwrap_or_default();
        let words = name.trim().split(['-', '_', '$', '@']);
        let mut words = words.filter(|word| !["", "color", "colour"].contains(word));
        let is_name = name.starts_with(['-', '$', '@'])
            && words.next().is_some_and(|word| COLOR_NAMES.contains(&word))
            && words.next().is_none();
        let color = value.split_whitespace().next().and_then(parse_vivid_color);
        if let Some(color) = color.filter(|_| is_name) {
            return Some((name.trim(), color, line));
        }
        line += part.matches('\n').count();
    }
    None
}

/// Parses a colour of three or six digits; `None` for white, black and greys, which are not the site's own.
fn parse_vivid_color(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix('#')?.to_ascii_lowercase();
    let digits: String = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        6 => digits,
        _ => return None,
    };
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_grey = digits.get(..2) == digits.get(2..4) && digits.get(2..4) == digits.get(4..);
    (is_hex && !is_grey).then(|| format!("#{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theme_color_is_read_from_templates() {
        let html = "<head>\n<meta content='#0A6' name=\"theme-color\">";
        assert_eq!(find_meta_color(html), Some(("#00aa66".to_owned(), 2)));
        for html in [
            "<meta name=\"theme-color\" content=\"#ffffff\">",
            "<meta name=\"theme-color\" content=\"{{ site.color }}\">",
            "theme-color",
        ] {
            assert_eq!(find_meta_color(html), None, "{html}");
        }
    }

    #[test]
    fn color_variable_of_a_style_sheet_is_found() {
        let css = ":root {\n  --text-primary: #123456;\n  --primary: #eee;\n  --accent-color: #c0392b;\n}";
        let expected = Some(("--accent-color", "#c0392b".to_owned(), 4));
        assert_eq!(find_color_variable(css), expected);
        let minified = find_color_variable(":root{--bg:#fff;--brand:#336699}").unwrap();
        assert_eq!(minified.1, "#336699");
        assert_eq!(find_color_variable("a:hover{color:#336699}"), None);
        assert_eq!(find_color_variable("$primary: rgb(1, 2, 3);"), None);
    }
}
