//! Zola's `config.toml` into what it tells of the site.

use super::draft::{Draft, Home};
use super::pages::Pages;
use super::reader::{Data, fields};
use super::setting::{Key, Source, Value, is_pattern};
use crate::content::outline;

const FILES: [&str; 2] = ["zola.toml", "config.toml"];

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    let Some(file) = draft.tree.first_file(&FILES) else {
        return false;
    };
    // `templates` and `sass` tell it too, where the file is broken.
    let looks_so = ["templates", "sass"]
        .iter()
        .any(|dir| draft.tree.is_dir(dir))
        && draft.tree.is_dir("content");
    let text = draft.tree.text(file).unwrap_or_default();
    let is = match Data::read(file, &text) {
        Ok(data) => data.root.get("base_url").is_some(),
        Err(_) => looks_so,
    };
    if !is {
        return false;
    }
    draft.made_by("Zola", file);
    let data = draft.data(file);
    if let Some(data) = &data {
        draft.take(Key::Url, data.text(&["base_url"]));
        draft.take(Key::Title, data.text(&["title"]));
        draft.take(Key::Description, data.text(&["description"]));
        draft.take(Key::Language, data.text(&["default_language"]));
        draft.take(
            Key::Twitter,
            data.text(&["extra.twitter", "extra.social.twitter"]),
        );
        languages(draft, data);
    }
    if draft.tree.is_dir("static") {
        let why = "Zola serves what is in `static` from the root of the site";
        draft.set(Key::StaticDir, "static", Source::Rule(why.to_owned()));
    }
    let keeps_days = data
        .as_ref()
        .and_then(|data| data.text(&["slugify.paths_keep_dates"]))
        .is_some_and(|(is, _)| is == "true");
    home(draft, keeps_days);
    draft.home_page("content/_index.md");
    draft.tidies_names = Some("Zola");
    true
}

fn languages(draft: &mut Draft<'_>, data: &Data) {
    let others = fields(data.root.get("languages"));
    let Some((_, first)) = others.first() else {
        return;
    };
    let default = data.text(&["default_language"]).map(|(text, _)| text);
    let default = default.unwrap_or_else(|| "en".to_owned());
    let mut names = vec![default.clone()];
    names.extend(
        others
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| *name != default),
    );
    if names.len() > 1 {
        draft.set(Key::Languages, Value::List(names), data.source(first));
    }
}

/// Zola leaves the day before a name out of the address.
fn home(draft: &mut Draft<'_>, keeps_days: bool) {
    let why = "Zola makes pages of what is in `content`".to_owned();
    let home = Home::new("content".to_owned(), Source::Rule(why));
    let pages = Pages::read(draft.tree, &home.dir);
    let mut days = pages
        .posts()
        .filter(|page| outline::begins_with_day(page.name()));
    let Some(example) = days.next().filter(|_| !keeps_days) else {
        draft.homes.push(home);
        return;
    };
    let mut dirs: Vec<&str> = pages.posts().map(|page| page.dir()).collect();
    dirs.sort_unstable();
    dirs.dedup();
    let why = "Zola leaves the day before a name out of the address";
    let pattern = match dirs.as_slice() {
        _ if is_pattern("/:dir/:slug/") => Some("/:dir/:slug/".to_owned()),
        [""] => Some("/:slug/".to_owned()),
        [dir] => Some(format!("/{dir}/:slug/")),
        _ => None,
    };
    if let Some(pattern) = pattern {
        draft
            .homes
            .push(home.with(&pattern, Source::Rule(why.to_owned())));
        return;
    }
    draft.warn(
        &Source::file(&format!("content/{}", example.path)),
        format!("{why}, and posts of several directories are named by days"),
        "write `path` into those posts, or keep them in one directory",
    );
    draft.homes.push(home);
}
