//! Hexo's `_config.yml` into what it tells of the site.

use super::draft::{Draft, Home};
use super::pattern;
use super::setting::{Key, Source};
use super::tree;

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    // Jekyll's configuration has the same name; its posts are elsewhere.
    let file = draft.tree.first_file(&["_config.yml", "_config.yaml"]);
    let package = draft.tree.text("package.json").unwrap_or_default();
    let Some(file) = file.filter(|_| package.contains("\"hexo\"")) else {
        return false;
    };
    draft.made_by("Hexo", file);
    let data = draft.data(file);
    let text = |paths: &[&str]| data.as_ref().and_then(|data| data.text(paths));
    draft.take(Key::Url, text(&["url"]));
    draft.take(Key::Title, text(&["title"]));
    draft.take(Key::Description, text(&["description", "subtitle"]));
    draft.take(Key::Language, text(&["language"]));
    draft.take(Key::Timezone, text(&["timezone"]));
    let top = text(&["source_dir"]).and_then(|(dir, _)| tree::tidy(&dir));
    let top = top.unwrap_or_else(|| "source".to_owned());
    if draft.tree.is_dir(&top) {
        let why = format!("Hexo serves what else is in `{top}` from the root of the site");
        draft.set(Key::StaticDir, top.as_str(), Source::Rule(why));
    }
    let why = format!("Hexo makes posts of what is in `{top}/_posts`");
    let home = Home::of_posts(tree::join(&top, "_posts"), Source::Rule(why));
    let (written, source) = text(&["permalink"]).unwrap_or_else(|| {
        let why = "Hexo's own form of addresses".to_owned();
        (":year/:month/:day/:title/".to_owned(), Source::Rule(why))
    });
    let translated = pattern::colons(&written, |name| match name {
        "title" => vec![":path"],
        "name" => vec![":slug"],
        "post_title" => vec![":title", ":slug"],
        "category" => vec![":categories", ":category"],
        "year" => vec![":year"],
        "month" => vec![":month"],
        "day" => vec![":day"],
        "i_month" => vec![":i_month"],
        "i_day" => vec![":i_day"],
        "hour" => vec![":hour"],
        "minute" => vec![":minute"],
        "second" => vec![":second"],
        _ => Vec::new(),
    });
    let home = match translated {
        Ok(pattern) => home.with(&pattern.text, source),
        Err(part) => {
            let message =
                format!("`permalink` is `{written}`, and no address can be made of `{part}`");
            let hint = "write `permalink` into each post, or `site.permalinks` with other parts";
            draft.warn(&source, message, hint);
            home
        }
    };
    draft.homes.push(home);
    true
}
