//! The configuration of a site with Nuxt Content into what it tells of the site.

use super::draft::{Draft, Home};
use super::pages::Pages;
use super::setting::{Key, Source};

const FILES: [&str; 4] = [
    "nuxt.config.ts",
    "nuxt.config.js",
    "nuxt.config.mjs",
    "nuxt.config.mts",
];

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    let Some(file) = draft.tree.first_file(&FILES) else {
        return false;
    };
    draft.made_by("Nuxt Content", file);
    if let Some(code) = draft.code(file) {
        for (key, names) in [
            (
                Key::Url,
                ["site.url", "runtimeConfig.public.siteUrl", "i18n.baseUrl"].as_slice(),
            ),
            (Key::Title, &["site.name", "app.head.title", "head.title"]),
            (
                Key::Description,
                &["site.description", "runtimeConfig.public.siteDescription"],
            ),
            (
                Key::Language,
                &[
                    "app.head.htmlAttrs.lang",
                    "head.htmlAttrs.lang",
                    "site.defaultLocale",
                    "i18n.defaultLocale",
                ],
            ),
        ] {
            let entries = names.iter().map(|name| code.script.at(name));
            draft.take_code(key, &code, entries);
        }
    }
    if draft.tree.is_dir("public") {
        let why = "Nuxt serves what is in `public` from the root of the site";
        draft.set(Key::StaticDir, "public", Source::Rule(why.to_owned()));
    }
    let why = "Nuxt Content makes pages of what is in `content`".to_owned();
    let home = Home::new("content".to_owned(), Source::Rule(why));
    let why = "Nuxt makes addresses without a slash at the end".to_owned();
    numbered(draft, &home.dir);
    draft.homes.push(home.with("/:path", Source::Rule(why)));
    draft.tidies_names = Some("Nuxt Content");
    true
}

/// A number before a name orders pages, and is not in the address.
fn numbered(draft: &mut Draft<'_>, dir: &str) {
    let is_numbered = |name: &str| {
        let number = name.split_once('.').map(|(number, _)| number);
        number.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let pages = Pages::read(draft.tree, dir);
    let mut posts = pages.posts();
    if let Some(page) = posts.find(|page| page.path.split('/').any(is_numbered)) {
        draft.warn(
            &Source::file(&format!("{dir}/{}", page.path)),
            "Nuxt Content leaves the number before a name out of the address",
            "write `permalink` into the posts that have one",
        );
    }
}
