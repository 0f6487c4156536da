//! Detects a Nuxt Content site and reads its configuration.

use super::detected::{ContentRoot, DetectedSite};
use super::pages::MarkdownPages;
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
    draft.set_static_dir("public", "Nuxt");
    let why = "Nuxt Content builds pages from the files in `content`".to_owned();
    let content_root = ContentRoot::new("content".to_owned(), SettingSource::GeneratorDefault(why));
    let why = "Nuxt's addresses have no trailing slash".to_owned();
    warn_of_numbered_names(draft, &content_root.dir);
    draft
        .content_roots
        .push(content_root.with_permalinks("/:path", SettingSource::GeneratorDefault(why)));
    draft.name_normalizer = Some("Nuxt Content");
    true
}

/// Warns of numbers at the start of file and directory names. Nuxt Content sorts by them and leaves them out of the
/// address.
fn warn_of_numbered_names(draft: &mut DetectedSite<'_>, dir: &str) {
    let pages = MarkdownPages::read_sample(draft.tree, dir);
    let mut posts = pages.dated_pages();
    if let Some(page) = posts.find(|page| page.path.split('/').any(has_number_prefix)) {
        draft.add_warning(
            &SettingSource::from_file(&format!("{dir}/{}", page.path)),
            "Nuxt Content leaves the number at the start of a name out of the address",
            "write `permalink` into the posts that have such a number in their path",
        );
    }
}

/// Returns true for a name such as `2.post`.
fn has_number_prefix(name: &str) -> bool {
    let number = name.split_once('.').map(|(number, _)| number);
    number.is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
