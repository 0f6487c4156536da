//! Finds the field that holds the date of pages if its name is not a usual one.

use std::collections::BTreeMap;

use crate::detect::detected::CmsCollection;
use crate::detect::pages::MarkdownPages;
use crate::detect::setting::SettingSource;
use crate::front_matter::data_file::{self, FrontMatterValue as Written};

/// Name of the field that holds the date, and where that is known from.
pub(super) type DateField = (String, SettingSource);

/// Finds the date field: the one of the CMS, or, if no page has a usual date, the one that most
/// pages have.
pub(super) fn find_date_field(
    pages: &MarkdownPages,
    collection: Option<&CmsCollection>,
) -> Option<DateField> {
    let named = collection.and_then(|collection| collection.date_field.clone());
    let named = named.filter(|(field, _)| {
        let has = pages
            .loaded
            .iter()
            .any(|page| page.front.get(field).is_some());
        has && !data_file::is_date_field(field)
    });
    if named.is_some() || pages.dated_pages().next().is_some() {
        return named;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for page in &pages.loaded {
        let Written::Map(fields) = &page.front.value else {
            continue;
        };
        for (name, node) in fields {
            let is_other_date = ["mod", "upd", "edit", "last", "expir", "end"]
                .iter()
                .any(|part| name.to_lowercase().contains(part));
            if !is_other_date && data_file::parse_field_date(node).is_some() {
                *counts.entry(name).or_default() += 1;
            }
        }
    }
    let (name, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let why = format!("{count} pages have a date in it");
    (count * 2 > pages.loaded.len()).then(|| (name.to_owned(), SettingSource::Guess(why)))
}
