//! Chooses the directory that holds the posts, and finds how they differ from other pages there.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::date_field::{self, DateField};
use crate::detect::detected::{CmsCollection, ContentRoot, DetectedSite};
use crate::detect::pages::{LeftOutPosts, MarkdownPage, MarkdownPages, largest_post_dir};
use crate::detect::sections::{PageSections, language_dir_names};
use crate::detect::setting::{Setting, SettingKey, SettingSource, SettingValue};
use crate::detect::site_tree;
use crate::front_matter::is_restructured_post;
use crate::text::pluralize_count;

/// Fields that usually state the kind of a page.
const KIND_FIELDS: [&str; 3] = ["templateKey", "type", "contentType"];
/// Minimum number of posts in an excluded directory for a warning. One dated file may be no post.
const MIN_REPORTED_POSTS: usize = 2;

/// Sets the content directory, its permalinks and its filters, and returns the posts.
pub(super) fn locate_posts(draft: &mut DetectedSite<'_>) -> MarkdownPages {
    let collection = draft
        .cms_collections
        .iter()
        .find(|collection| draft.tree.is_dir(&collection.folder))
        .cloned();
    if draft.content_roots.is_empty() {
        guess_content_root(draft, collection.as_ref());
    }
    let (home, mut pages) = choose_content_root(draft, collection.as_ref());
    if !draft.tree.is_dir(&home.dir) {
        let shown = if home.dir.is_empty() { "." } else { &home.dir };
        let message = format!("the directory `{shown}` does not exist");
        let place = match &home.source {
            SettingSource::WrittenIn { .. } => home.source.clone(),
            _ => SettingSource::from_file(shown),
        };
        draft.add_warning(
            &place,
            message,
            "`content.dir` names it; create it before `courant serve`",
        );
    }
    draft.set_if_more_certain(SettingKey::Dir, home.dir.as_str(), home.source.clone());
    if home.has_file_routes {
        draft.settings.remove(&SettingKey::Names);
    }
    if let Some((pattern, source)) = home.permalinks.clone() {
        let mut patterns = vec![(String::new(), pattern.clone())];
        patterns.extend(home.dir_permalinks.iter().cloned());
        let value = match home.dir_permalinks.as_slice() {
            [] => SettingValue::Text(pattern),
            _ => SettingValue::Table(patterns),
        };
        draft.set_if_more_certain(SettingKey::Permalinks, value, source);
    }
    if !home.post_dirs.is_empty() {
        let value = SettingValue::List(list_included_patterns(&home).collect());
        draft.set_if_more_certain(SettingKey::Include, value, home.source.clone());
    }
    if let Some((_, source)) = home.hidden_files.first() {
        let patterns = home.hidden_files.iter().map(|(pattern, _)| pattern.clone());
        draft.exclude_files(patterns.collect(), source.clone());
    }
    if let Some((patterns, source)) = &home.include {
        let patterns = SettingValue::List(patterns.clone());
        draft.set_if_more_certain(SettingKey::Include, patterns, source.clone());
    }
    let why = "files that the generator leaves out".to_owned();
    draft.exclude_files(home.exclude.clone(), SettingSource::GeneratorDefault(why));
    require_post_field(draft, &home, collection.as_ref(), &pages);
    let required = draft.setting_value(SettingKey::Require).cloned();
    let all = pages.estimate_count(|_| true);
    if let Some(SettingValue::Table(fields)) = required {
        draft.left_out_posts = pages.retain_pages(&home.dir, |page| {
            fields
                .iter()
                .all(|(name, value)| page.has_field_value(name, value))
        });
    } else if !home.has_only_posts {
        narrow_to_post_sections(draft, &home, collection.as_ref(), &mut pages);
    }
    draft.post_count = pages.estimate_count(|page| page.has_date());
    draft.other_page_count = all - draft.post_count;
    if draft.post_count * 2 < all && home.has_post_name {
        let shown = if home.dir.is_empty() { "." } else { &home.dir };
        let message = format!("{} of {all} files have no date", draft.other_page_count);
        let hint = "write `date` into them, as courant takes no date from git";
        draft.add_warning(&SettingSource::from_file(shown), message, hint);
    }
    warn_of_unserved_collections(draft, &home, &pages);
    warn_of_restructured_posts(draft, &home.dir);
    pages
}

/// Warns of posts in reStructuredText, which is not read.
fn warn_of_restructured_posts(draft: &mut DetectedSite<'_>, dir: &str) {
    let mut files = draft
        .tree
        .list_files_below(dir, |name| name.ends_with(".rst"));
    files.retain(|path| {
        let path = site_tree::join_paths(dir, path);
        let text = draft.tree.read_beginning(&path);
        text.is_some_and(|text| is_restructured_post(&text))
    });
    if let Some(first) = files.first() {
        let posts = pluralize_count(files.len(), "post");
        draft.add_warning(
            &SettingSource::from_file(&site_tree::join_paths(dir, first)),
            format!("{posts} in reStructuredText, such as this file, will not be served"),
            "save them as Markdown",
        );
    }
}

fn list_included_patterns(home: &ContentRoot) -> impl Iterator<Item = String> {
    let dirs = home.post_dirs.iter();
    dirs.map(|dir| format!("{}/**", globset::escape(dir)))
}

/// Removes the pages that the generator makes no posts of.
fn retain_published_pages(home: &ContentRoot, pages: &mut MarkdownPages) {
    let posts = compile_globs(list_included_patterns(home));
    let hidden = compile_globs(home.hidden_files.iter().map(|(pattern, _)| pattern.clone()));
    pages.loaded.retain(|page| {
        let is_in_post_dir = home.post_dirs.is_empty() || posts.is_match(&page.path);
        is_in_post_dir && !hidden.is_match(&page.path)
    });
}

fn compile_globs(patterns: impl Iterator<Item = String>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in patterns.filter_map(|pattern| Glob::new(&pattern).ok()) {
        set.add(glob);
    }
    set.build().unwrap_or_default()
}

/// Guesses the content directory if no generator names one: the CMS's folder, or the directory with
/// most posts.
fn guess_content_root(draft: &mut DetectedSite<'_>, collection: Option<&CmsCollection>) {
    if let Some(collection) = collection {
        let mut home = ContentRoot::new(collection.folder.clone(), collection.source.clone());
        home.permalinks = collection.permalinks.clone();
        draft.content_roots.push(home);
    } else if let Some(dir) = largest_post_dir(draft.tree, "") {
        let shown = if dir.is_empty() { "." } else { &dir };
        let source = SettingSource::Guess(format!("most files with a date are in `{shown}`"));
        draft.content_roots.push(ContentRoot::new(dir, source));
    }
}

/// Chooses the directory that the CMS writes posts to, or one with a usual name, or the one with
/// most posts. Warns if further directories hold posts.
fn choose_content_root(
    draft: &mut DetectedSite<'_>,
    collection: Option<&CmsCollection>,
) -> (ContentRoot, MarkdownPages) {
    let mut homes: Vec<(ContentRoot, MarkdownPages, Option<DateField>)> =
        std::mem::take(&mut draft.content_roots)
            .into_iter()
            .map(|home| {
                let mut pages = MarkdownPages::read_sample(draft.tree, &home.dir);
                retain_published_pages(&home, &mut pages);
                pages.mark_language_dirs(&language_dir_names(draft));
                let field = date_field::find_date_field(&pages, collection);
                if let Some((field, _)) = &field {
                    pages.add_date_field(field);
                }
                (home, pages, field)
            })
            .collect();
    homes.sort_by_key(|(home, pages, _)| {
        let posts = pages.estimate_count(|page| page.has_date());
        let holds = collection.is_some_and(|collection| {
            site_tree::path_below(&collection.folder, &home.dir).is_some()
        });
        std::cmp::Reverse((holds, posts > 0, home.has_post_name, posts))
    });
    let mut homes = homes.into_iter();
    let (home, pages, field) = homes.next().unwrap_or_else(|| {
        let source = SettingSource::Placeholder("no posts were found".to_owned());
        let home = ContentRoot::new("content".to_owned(), source);
        (home, MarkdownPages::default(), None)
    });
    if let Some((field, source)) = field {
        draft.set_field("date", &field, source);
    }
    for (other, pages, _) in homes {
        let posts = pages.estimate_count(|page| page.has_date());
        let is_separate = site_tree::path_below(&other.dir, &home.dir).is_none()
            && site_tree::path_below(&home.dir, &other.dir).is_none();
        if posts >= MIN_REPORTED_POSTS && is_separate {
            draft.add_warning(
                &SettingSource::from_file(&other.dir),
                format!("{posts} files with a date are left out"),
                format!("`content.dir` is one directory, `{}`; if these are posts, move them there, or serve them with a configuration of their own", home.dir),
            );
        }
    }
    (home, pages)
}

/// Requires a field value that separates posts from other pages: one that the CMS sets, or that
/// nearly all posts have. A value that would exclude a likely post is only suggested.
fn require_post_field(
    draft: &mut DetectedSite<'_>,
    home: &ContentRoot,
    collection: Option<&CmsCollection>,
    pages: &MarkdownPages,
) {
    if home.has_only_posts {
        return;
    }
    if let Some(collection) = collection {
        let in_folder = |page: &MarkdownPage| {
            let path = site_tree::join_paths(&home.dir, &page.path);
            site_tree::path_below(&path, &collection.folder).is_some()
        };
        let posts: Vec<&MarkdownPage> =
            pages.dated_pages().filter(|page| in_folder(page)).collect();
        for field in &collection.fixed_fields {
            let holds = |page: &MarkdownPage| page.has_field_value(&field.name, &field.value);
            let holding = posts.iter().filter(|page| holds(page)).count();
            let separates_posts = KIND_FIELDS.contains(&field.name.as_str())
                || pages
                    .loaded
                    .iter()
                    .any(|page| !holds(page) && !page.has_date());
            if !separates_posts || posts.is_empty() || holding * 5 < posts.len() * 4 {
                continue;
            }
            let lost = if field.is_filter {
                // The CMS itself shows no other files as posts.
                LeftOutPosts::default()
            } else {
                let mut whole = pages.read_all(draft.tree, &home.dir);
                whole.retain_pages(&home.dir, |page| !in_folder(page) || holds(page))
            };
            let table = vec![(field.name.clone(), field.value.clone())];
            let count = format!("{holding} of {} posts have it", posts.len());
            return set_required_field(draft, table, field.source.clone(), &count, &lost);
        }
    }
    for field in KIND_FIELDS {
        if let Some((value, holding)) = common_post_value(pages, field) {
            let mut whole = pages.read_all(draft.tree, &home.dir);
            let lost = whole.retain_pages(&home.dir, |page| page.has_field_value(field, &value));
            let count = format!("{holding} of {} posts have it", pages.dated_pages().count());
            let source =
                SettingSource::Guess(format!("{count}, and other pages have a different value"));
            let table = vec![(field.to_owned(), value)];
            return set_required_field(draft, table, source, &count, &lost);
        }
    }
}

/// Sets `content.require`, or only suggests it if it would exclude files that look like posts.
fn set_required_field(
    draft: &mut DetectedSite<'_>,
    table: Vec<(String, String)>,
    source: SettingSource,
    count: &str,
    lost: &LeftOutPosts,
) {
    let value = SettingValue::Table(table);
    if lost.count == 0 {
        return draft.set_if_more_certain(SettingKey::Require, value, source);
    }
    let example = &lost.example;
    let files = match lost.count {
        1 => format!("a file with a title and a date, {example}"),
        files => format!("{files} files with a title and a date, such as {example}"),
    };
    draft.suggestions.push(Setting {
        key: SettingKey::Require,
        value,
        source: SettingSource::Guess(format!("{count}, but it would leave out {files}")),
    });
}

/// Returns the value that nearly all posts have in a field, and the number of posts with it; `None`
/// if no page has a different value.
fn common_post_value(pages: &MarkdownPages, field: &str) -> Option<(String, usize)> {
    let value_of = |page: &MarkdownPage| page.front.get(field)?.as_text().map(str::to_owned);
    let mut values: Vec<String> = pages.dated_pages().filter_map(value_of).collect();
    values.sort();
    let value = values
        .chunk_by(|a, b| a == b)
        .max_by_key(|same| same.len())
        .and_then(|same| same.first())?;
    let holding = pages
        .dated_pages()
        .filter(|page| page.has_field_value(field, value))
        .count();
    let nearly_all = holding * 5 >= pages.dated_pages().count() * 4;
    let mut other_values = pages.loaded.iter().filter_map(value_of);
    let differs = other_values.any(|other| other != *value);
    (nearly_all && differs).then(|| (value.clone(), holding))
}

/// Includes or excludes sections so that only posts remain.
fn narrow_to_post_sections(
    draft: &mut DetectedSite<'_>,
    home: &ContentRoot,
    collection: Option<&CmsCollection>,
    pages: &mut MarkdownPages,
) {
    let folder = collection.and_then(|collection| {
        let below = site_tree::path_below(&collection.folder, &home.dir)?;
        Some((below.to_owned(), collection.source.clone()))
    });
    let folder = folder.filter(|(below, _)| !below.is_empty());
    let named = draft.post_sections.clone();
    let mut sections = PageSections::classify_sections(pages, &named);
    if !sections.other_sections.is_empty() && pages.is_sample() {
        // A dated page may be among those that were not read.
        let mut whole = pages.read_all(draft.tree, &home.dir);
        retain_published_pages(home, &mut whole);
        whole.mark_language_dirs(&language_dir_names(draft));
        sections = PageSections::classify_sections(&whole, &named);
    }
    if let Some((below, _)) = &folder {
        let section = below.split('/').next().unwrap_or_default();
        sections.other_sections.retain(|other| other != section);
        if !sections.post_sections.iter().any(|known| known == section) {
            sections.post_sections.push(section.to_owned());
        }
    }
    if sections.other_sections.is_empty() || sections.post_sections.is_empty() {
        return;
    }
    let pattern = |section: &String| format!("{}/**", globset::escape(section));
    let shown: Vec<_> = sections
        .other_sections
        .iter()
        .map(|section| match section.as_str() {
            "" => "the top",
            section => section,
        })
        .take(3)
        .collect();
    let source = SettingSource::Guess(format!("other pages are in: {}", shown.join(", ")));
    if sections.post_sections.iter().any(String::is_empty) {
        let patterns = sections.other_sections.iter().map(pattern).collect();
        draft.exclude_files(patterns, source);
    } else {
        let patterns = sections.post_sections.iter().map(pattern).collect();
        draft.set_if_more_certain(SettingKey::Include, SettingValue::List(patterns), source);
    }
    draft.left_out_posts = pages.retain_pages(&home.dir, |page| {
        sections
            .post_sections
            .iter()
            .any(|section| section == page.top_section())
    });
}

/// Warns of collections of the CMS that are not served.
fn warn_of_unserved_collections(
    draft: &mut DetectedSite<'_>,
    home: &ContentRoot,
    pages: &MarkdownPages,
) {
    for other in draft.cms_collections.clone().into_iter().skip(1) {
        let is_served = pages.dated_pages().any(|page| {
            site_tree::path_below(&site_tree::join_paths(&home.dir, &page.path), &other.folder)
                .is_some()
        });
        let posts = || {
            MarkdownPages::read_sample(draft.tree, &other.folder)
                .estimate_count(|page| page.has_date())
        };
        if !is_served && other.date_field.is_some() && posts() > 0 {
            let message = format!("the posts of the collection `{}` are left out", other.name);
            let hint =
                "serve them with a configuration of their own, or include them by `[content]`";
            draft.add_warning(&other.source, message, hint);
        }
    }
}
