//! What is worth a thought into lines that the file has as comments.

use super::decap;
use super::draft::Draft;
use super::pages::Pages;
use super::setting::{Key, Setting, Source, Value, judge};
use super::tree;
use crate::content::outline;

/// More would hide what is set.
const MOST: usize = 3;

pub(super) fn suggest(draft: &mut Draft<'_>, pages: &Pages) {
    if !draft.has(Key::Timezone) {
        let without = pages.count(|page| page.is_dated() && outline::is_without_zone(&page.front));
        if without > 0 {
            let why = format!("{without} posts have dates without a zone, which are read as UTC");
            offer(draft, Key::Timezone, "Europe/Lisbon".into(), why);
        }
    }
    if let Some(Source::Read { file, line }) = decap::writes_z_for_local(draft) {
        let line = line.unwrap_or_default();
        let why = format!("dates may be local time with a `Z`, by {file}, line {line}");
        offer(draft, Key::ZIsLocal, Value::Flag(true), why);
    }
    if let Some(logo) = logo(draft) {
        let why = "cards can bear the site's mark".to_owned();
        offer(draft, Key::Logo, logo.into(), why);
    }
    // An address is made of the path below the directory, and where that is on the site was not found.
    if draft.makers.is_empty() && !draft.has(Key::Permalinks) {
        let dir = match draft.settings.get(&Key::Dir).map(|setting| &setting.value) {
            Some(Value::Text(dir)) => dir.rsplit('/').next().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let own = pages.count(|page| page.is_dated() && outline::permalink(&page.front).is_some());
        if !dir.is_empty() && own < draft.posts {
            let why = format!("where posts are read, if it is below `/{dir}/`");
            offer(draft, Key::Permalinks, format!("/{dir}/:path/").into(), why);
        }
    }
    if !draft.has(Key::Language) {
        let why = "no file says which language the posts are in, so it is the default".to_owned();
        offer(draft, Key::Language, "en".into(), why);
    }
    draft.suggestions.truncate(MOST);
}

fn offer(draft: &mut Draft<'_>, key: Key, value: Value, why: String) {
    if judge(key, &value).is_ok() {
        draft.suggestions.push(Setting {
            key,
            value,
            source: Source::Guess(why),
        });
    }
}

/// A picture that is called a logo, where sites keep such.
fn logo(draft: &Draft<'_>) -> Option<String> {
    let top = match draft
        .settings
        .get(&Key::StaticDir)
        .map(|setting| &setting.value)
    {
        Some(Value::Text(dir)) => dir.clone(),
        _ => return None,
    };
    let dirs = ["", "img", "images", "assets", "assets/img", "assets/images"];
    let names = ["logo.svg", "logo.png", "logo.webp"];
    names
        .iter()
        .flat_map(|name| dirs.map(|dir| tree::join(&tree::join(&top, dir), name)))
        .find(|path| draft.tree.is_file(path))
}
