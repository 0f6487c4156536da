//! Pages whose date stands under a name that nobody knows into the name of that field.

use std::collections::BTreeMap;

use super::draft::{Collection, Draft, Home};
use super::pages::Pages;
use super::setting::{Key, Refusal, Source, Value, judge};
use super::tree;
use crate::content::outline::{self, Value as Written};

/// A field, and who says that it holds the date.
pub(super) type Field = (String, Source);

/// The field: as the CMS says, or as the pages have it, where they have no other date.
pub(super) fn field(pages: &Pages, collection: Option<&Collection>) -> Option<Field> {
    let named = collection.and_then(|collection| collection.date.clone());
    let named = named.filter(|(field, _)| {
        let has = pages
            .read
            .iter()
            .any(|page| page.front.get(field).is_some());
        has && !outline::is_date_field(field)
    });
    if named.is_some() || pages.posts().next().is_some() {
        return named;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for page in &pages.read {
        let Written::Map(fields) = &page.front.value else {
            continue;
        };
        for (name, node) in fields {
            let says_other = ["mod", "upd", "edit", "last", "expir", "end"]
                .iter()
                .any(|part| name.to_lowercase().contains(part));
            if !says_other && outline::date_in(node).is_some() {
                *counts.entry(name).or_default() += 1;
            }
        }
    }
    let (name, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let why = format!("{count} pages have a date in it");
    (count * 2 > pages.read.len()).then(|| (name.to_owned(), Source::Guess(why)))
}

/// Sets the field, or says that there is no such setting.
pub(super) fn set(draft: &mut Draft<'_>, home: &Home, pages: &Pages, field: Field) {
    let (field, source) = field;
    let value = Value::Table(vec![("date".to_owned(), field.clone())]);
    if !matches!(judge(Key::Fields, &value), Err(Refusal::Unknown)) {
        return draft.set(Key::Fields, value, source);
    }
    let mut pages = pages.read.iter();
    let example = pages.find_map(|page| Some((page, page.front.get(&field)?)));
    let place = match (&source, example) {
        (Source::Guess(_), Some((page, node))) => {
            Source::line(&tree::join(&home.dir, &page.path), node.line)
        }
        _ => source,
    };
    draft.warn(
        &place,
        format!("posts have their date in `{field}`, which is not read"),
        "call the field `date`, in the posts and where they are made",
    );
}
