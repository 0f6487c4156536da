//! Detects whether the generator of a site replaces `:smile:` by an emoji.

use crate::detect::detected::DetectedSite;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};

/// Plugins that do it, and the files that name them.
const EMOJI_PLUGINS: [(&str, &str); 8] = [
    ("package.json", "remark-emoji"),
    ("package.json", "gemoji"),
    ("package.json", "markdown-it-emoji"),
    ("package.json", "hexo-filter-github-emojis"),
    ("package.json", "gatsby-remark-emoji"),
    ("_config.yml", "jemoji"),
    ("_config.yml", "enable_gemoji: true"),
    ("Gemfile", "jemoji"),
];
/// Generators that do it without a plugin.
const EMOJI_GENERATORS: [&str; 3] = ["Docusaurus", "Nuxt Content", "VitePress"];

/// Sets `content.emoji` if a plugin or the generator replaces names of emoji.
pub(super) fn detect_emoji(site: &mut DetectedSite<'_>) {
    for (file, plugin) in EMOJI_PLUGINS {
        let text = site.tree.read_text(file).unwrap_or_default();
        let mut lines = text.lines().enumerate();
        let is_active = |line: &str| !line.trim_start().starts_with('#') && line.contains(plugin);
        if let Some((line, _)) = lines.find(|(_, line)| is_active(line)) {
            let source = SettingSource::from_line(file, line + 1);
            return site.set_if_more_certain(SettingKey::Emoji, SettingValue::Flag(true), source);
        }
    }
    let mut tools = site.tools.iter();
    if let Some((tool, _)) = tools.find(|(tool, _)| EMOJI_GENERATORS.contains(tool)) {
        let why = format!("{tool} replaces `:smile:` by an emoji");
        let source = SettingSource::GeneratorDefault(why);
        site.set_if_more_certain(SettingKey::Emoji, SettingValue::Flag(true), source);
    }
}
