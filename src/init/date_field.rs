//! Finds the field that holds the date of pages if its name is not a usual one.

use std::collections::BTreeMap;

use crate::detect::detected::{CmsCollection, ContentRoot, DetectedSite};
use crate::detect::pages::MarkdownPages;
use crate::detect::setting::{
    InvalidSetting, SettingKey, SettingSource, SettingValue, validate_setting,
};
use crate::detect::site_tree;
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

/// Sets the field in the configuration, or warns if that has no such setting.
pub(super) fn set_date_field(
    draft: &mut DetectedSite<'_>,
    home: &ContentRoot,
    pages: &MarkdownPages,
    field: DateField,
) {
    let (field, source) = field;
    let value = SettingValue::Table(vec![("date".to_owned(), field.clone())]);
    if !matches!(
        validate_setting(SettingKey::Fields, &value),
        Err(InvalidSetting::UnknownKey)
    ) {
        return draft.set_if_more_certain(SettingKey::Fields, value, source);
    }
    let mut pages = pages.loaded.iter();
    let example = pages.find_map(|page| Some((page, page.front.get(&field)?)));
    let warning_source = match (&source, example) {
        (SettingSource::Guess(_), Some((page, node))) => {
            SettingSource::from_line(&site_tree::join_paths(&home.dir, &page.path), node.line)
        }
        _ => source,
    };
    draft.add_warning(
        &warning_source,
        format!("posts have their date in `{field}`, which is not read"),
        "rename the field to `date`, in the posts and in the tool that writes them",
    );
}
