//! Detects a Nuxt Content site and reads its configuration.

use super::detected::{ContentRoot, DetectedSite};
use super::setting::{SettingKey, SettingSource};

const CONFIG_FILES: [&str; 4] = [
    "nuxt.config.ts",
    "nuxt.config.js",
    "nuxt.config.mjs",
    "nuxt.config.mts",
];

/// Reads the settings of a Nuxt Content site. Returns false if there is no Nuxt configuration file.
pub(super) fn read_nuxt_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(file) = draft.tree.first_existing_file(&CONFIG_FILES) else {
        return false;
    };
    draft.record_tool("Nuxt Content", file);
    if let Some(code) = draft.read_script_file(file) {
        for (key, names) in [
            (
                SettingKey::Url,
                ["site.url", "runtimeConfig.public.siteUrl", "i18n.baseUrl"].as_slice(),
            ),
            (
                SettingKey::Title,
                &["site.name", "app.head.title", "head.title"],
            ),
            (
                SettingKey::Description,
                &["site.description", "runtimeConfig.public.siteDescription"],
            ),
            (
                SettingKey::Language,
                &[
                    "app.head.htmlAttrs.lang",
                    "head.htmlAttrs.lang",
                    "site.defaultLocale",
                    "i18n.defaultLocale",
                ],
            ),
        ] {
            let entries = names.iter().map(|name| code.script.entry_at(name));
            draft.set_from_script(key, &code, entries);
        }
    }
    if draft.tree.is_dir("public") {
        let why = "Nuxt serves the files in `public` from the site's root";
        draft.set_if_more_certain(
            SettingKey::StaticDir,
            "public",
            SettingSource::GeneratorDefault(why.to_owned()),
        );
    }
    let why = "Nuxt Content builds pages from the files in `content`".to_owned();
    let content_root = ContentRoot::new("content".to_owned(), SettingSource::GeneratorDefault(why));
    let why = "Nuxt's addresses have no trailing slash".to_owned();
    draft
        .content_roots
        .push(content_root.with_permalinks("/:path", SettingSource::GeneratorDefault(why)));
    draft.set_names("nuxt", None);
    true
}
