//! Directories that may hold the posts into the one that does, and what tells posts from the other
//! pages there.

use super::LeftOutPosts;
use super::dates::{self, Field};
use super::draft::{Collection, Draft, Home};
use super::pages::{Page, Pages, densest};
use super::sections::Sections;
use super::setting::{Key, Setting, Source, Value};
use super::tree;
use crate::content::outline;

/// Fields that say what kind of page a page is.
const KINDS: [&str; 3] = ["templateKey", "type", "contentType"];
/// How many posts a directory has to hold to be worth a word when it is left out.
const WORTH_A_WORD: usize = 2;

/// Settles where posts are, and returns them.
pub(super) fn settle(draft: &mut Draft<'_>) -> Pages {
    let collection = draft
        .collections
        .iter()
        .find(|collection| draft.tree.is_dir(&collection.folder))
        .cloned();
    if draft.homes.is_empty() {
        guess_home(draft, collection.as_ref());
    }
    let (home, mut pages) = choose(draft, collection.as_ref());
    if !draft.tree.is_dir(&home.dir) {
        let shown = if home.dir.is_empty() { "." } else { &home.dir };
        let message = format!("the directory `{shown}` is not there");
        let place = match &home.source {
            Source::Read { .. } => home.source.clone(),
            _ => Source::file(shown),
        };
        draft.warn(
            &place,
            message,
            "`content.dir` names it; make it before `courant serve`",
        );
    }
    draft.set(Key::Dir, home.dir.as_str(), home.source.clone());
    if let Some((pattern, source)) = &home.permalinks {
        draft.set(Key::Permalinks, pattern.as_str(), source.clone());
    }
    require(draft, &home, collection.as_ref(), &pages);
    let required = draft
        .settings
        .get(&Key::Require)
        .map(|setting| setting.value.clone());
    let all = pages.count(|_| true);
    if let Some(Value::Table(fields)) = required {
        draft.left_out_posts = pages.keep(&home.dir, |page| {
            fields.iter().all(|(name, value)| page.holds(name, value))
        });
    } else if !home.has_only_posts {
        narrow(draft, &home, collection.as_ref(), &mut pages);
    }
    draft.posts = pages.count(|page| page.is_dated());
    draft.others = all - draft.posts;
    names(draft, &home, &pages);
    left_out(draft, &home, &pages);
    pages
}

/// Without a word of a generator's: what the CMS says, or where posts lie thickest.
fn guess_home(draft: &mut Draft<'_>, collection: Option<&Collection>) {
    if let Some(collection) = collection {
        let mut home = Home::new(collection.folder.clone(), collection.source.clone());
        home.permalinks = collection.permalinks.clone();
        draft.homes.push(home);
    } else if let Some(dir) = densest(draft.tree, "") {
        let shown = if dir.is_empty() { "." } else { &dir };
        let source = Source::Guess(format!("most files with a date are in `{shown}`"));
        draft.homes.push(Home::new(dir, source));
    }
}

/// The directory that the CMS puts posts into, or that is named as one of posts, or holds most.
fn choose(draft: &mut Draft<'_>, collection: Option<&Collection>) -> (Home, Pages) {
    let mut homes: Vec<(Home, Pages, Option<Field>)> = std::mem::take(&mut draft.homes)
        .into_iter()
        .map(|home| {
            let mut pages = Pages::read(draft.tree, &home.dir);
            let field = dates::field(&pages, collection);
            if let Some((field, _)) = &field {
                pages.date_by(field);
            }
            (home, pages, field)
        })
        .collect();
    homes.sort_by_key(|(home, pages, _)| {
        let posts = pages.count(|page| page.is_dated());
        let holds = collection
            .is_some_and(|collection| tree::below(&collection.folder, &home.dir).is_some());
        std::cmp::Reverse((holds, posts > 0, home.is_named, posts))
    });
    let mut homes = homes.into_iter();
    let (home, pages, field) = homes.next().unwrap_or_else(|| {
        let source = Source::Placeholder("no posts were found".to_owned());
        let home = Home::new("content".to_owned(), source);
        (home, Pages::default(), None)
    });
    if let Some(field) = field {
        dates::set(draft, &home, &pages, field);
    }
    for (other, pages, _) in homes {
        let posts = pages.count(|page| page.is_dated());
        let apart = tree::below(&other.dir, &home.dir).is_none()
            && tree::below(&home.dir, &other.dir).is_none();
        if posts >= WORTH_A_WORD && apart {
            draft.warn(
                &Source::file(&other.dir),
                format!("{posts} files with a date are left out"),
                format!("`content.dir` is one directory, `{}`; where these are posts, move them there, or serve them with a configuration of their own", home.dir),
            );
        }
    }
    (home, pages)
}

/// Requires the field that tells posts from the other pages: as the CMS says, or as all posts have it.
/// One that would leave out what looks like a post is only suggested.
fn require(draft: &mut Draft<'_>, home: &Home, collection: Option<&Collection>, pages: &Pages) {
    if home.has_only_posts {
        return;
    }
    if let Some(collection) = collection {
        let in_folder = |page: &Page| {
            let path = tree::join(&home.dir, &page.path);
            tree::below(&path, &collection.folder).is_some()
        };
        let posts: Vec<&Page> = pages.posts().filter(|page| in_folder(page)).collect();
        for field in &collection.fixed {
            let holds = |page: &Page| page.holds(&field.name, &field.value);
            let holding = posts.iter().filter(|page| holds(page)).count();
            let tells = KINDS.contains(&field.name.as_str())
                || pages
                    .read
                    .iter()
                    .any(|page| !holds(page) && !page.is_dated());
            if !tells || posts.is_empty() || holding * 5 < posts.len() * 4 {
                continue;
            }
            let lost = if field.is_filter {
                // The CMS itself takes no others for posts.
                LeftOutPosts::default()
            } else {
                let mut whole = pages.whole(draft.tree, &home.dir);
                whole.keep(&home.dir, |page| !in_folder(page) || holds(page))
            };
            let table = vec![(field.name.clone(), field.value.clone())];
            let count = format!("{holding} of {} posts have it", posts.len());
            return require_unless_lost(draft, table, field.source.clone(), &count, &lost);
        }
    }
    for field in KINDS {
        if let Some((value, holding)) = kind_of_posts(pages, field) {
            let mut whole = pages.whole(draft.tree, &home.dir);
            let lost = whole.keep(&home.dir, |page| page.holds(field, &value));
            let count = format!("{holding} of {} posts have it", pages.posts().count());
            let source = Source::Guess(format!("{count}, and other pages another"));
            let table = vec![(field.to_owned(), value)];
            return require_unless_lost(draft, table, source, &count, &lost);
        }
    }
}

/// Sets `content.require`, or suggests it where it would leave out what looks like a post.
fn require_unless_lost(
    draft: &mut Draft<'_>,
    table: Vec<(String, String)>,
    source: Source,
    count: &str,
    lost: &LeftOutPosts,
) {
    let value = Value::Table(table);
    if lost.count == 0 {
        return draft.set(Key::Require, value, source);
    }
    let example = &lost.example;
    let files = match lost.count {
        1 => format!("a file with a title and a date, {example}"),
        files => format!("{files} files with a title and a date, such as {example}"),
    };
    draft.suggestions.push(Setting {
        key: Key::Require,
        value,
        source: Source::Guess(format!("{count}, but it would leave out {files}")),
    });
}

/// The value that nearly all posts have in a field, where other pages have another, with how many
/// have it.
fn kind_of_posts(pages: &Pages, field: &str) -> Option<(String, usize)> {
    let value_of = |page: &Page| page.front.get(field)?.text().map(str::to_owned);
    let mut values: Vec<String> = pages.posts().filter_map(value_of).collect();
    values.sort();
    let value = values
        .chunk_by(|a, b| a == b)
        .max_by_key(|same| same.len())
        .and_then(|same| same.first())?;
    let holding = pages
        .posts()
        .filter(|page| page.holds(field, value))
        .count();
    let differs = |page: &Page| value_of(page).is_some_and(|other| other != *value);
    let nearly_all = holding * 5 >= pages.posts().count() * 4;
    (nearly_all && pages.read.iter().any(differs)).then(|| (value.clone(), holding))
}

/// What tells posts from the other pages by where they are.
fn narrow(draft: &mut Draft<'_>, home: &Home, collection: Option<&Collection>, pages: &mut Pages) {
    let folder = collection.and_then(|collection| {
        let below = tree::below(&collection.folder, &home.dir)?;
        Some((below.to_owned(), collection.source.clone()))
    });
    let folder = folder.filter(|(below, _)| !below.is_empty());
    let named = draft.sections_of_posts.clone();
    let mut sections = Sections::of(pages, &named);
    if let Some((below, _)) = &folder {
        let section = below.split('/').next().unwrap_or_default();
        sections.others.retain(|other| other != section);
        if !sections.posts.iter().any(|known| known == section) {
            sections.posts.push(section.to_owned());
        }
    }
    if sections.others.is_empty() || sections.posts.is_empty() {
        return;
    }
    let pattern = |section: &String| format!("{}/**", globset::escape(section));
    let shown: Vec<_> = sections
        .others
        .iter()
        .map(|section| match section.as_str() {
            "" => "the top",
            section => section,
        })
        .take(3)
        .collect();
    let source = Source::Guess(format!("other pages are in: {}", shown.join(", ")));
    if sections.posts.iter().any(String::is_empty) {
        let patterns = sections.others.iter().map(pattern).collect();
        draft.set(Key::Exclude, Value::List(patterns), source);
    } else {
        let patterns = sections.posts.iter().map(pattern).collect();
        draft.set(Key::Include, Value::List(patterns), source);
    }
    draft.left_out_posts = pages.keep(&home.dir, |page| {
        sections
            .posts
            .iter()
            .any(|section| section == page.section())
    });
}

/// Says where the names of files make other addresses than the generator does.
fn names(draft: &mut Draft<'_>, home: &Home, pages: &Pages) {
    let Some(generator) = draft.tidies_names else {
        return;
    };
    let has_own =
        |page: &Page| outline::permalink(&page.front).is_some() || page.front.get("slug").is_some();
    let is_odd = |c: char| {
        c.is_uppercase() || c.is_whitespace() || (c.is_ascii_punctuation() && !"-_.".contains(c))
    };
    let mut odd = pages
        .posts()
        .filter(|page| !has_own(page) && page.name().contains(is_odd));
    let Some(page) = odd.next() else {
        return;
    };
    let count = odd.count() + 1;
    let message = format!(
        "{generator} tidies names in addresses, and {count} {} named as `{}` is",
        if count == 1 { "post is" } else { "posts are" },
        page.name()
    );
    let place = Source::file(&tree::join(&home.dir, &page.path));
    let hint = "give them `slug`, or rename the files: letters in lower case, digits and hyphens";
    draft.warn(&place, message, hint);
}

/// Says which collections of the CMS are not served.
fn left_out(draft: &mut Draft<'_>, home: &Home, pages: &Pages) {
    for other in draft.collections.clone().into_iter().skip(1) {
        let is_served = pages
            .posts()
            .any(|page| tree::below(&tree::join(&home.dir, &page.path), &other.folder).is_some());
        let posts = || Pages::read(draft.tree, &other.folder).count(|page| page.is_dated());
        if !is_served && other.date.is_some() && posts() > 0 {
            let message = format!("the posts of the collection `{}` are left out", other.name);
            let hint = "serve them with a configuration of their own, or see that `[content]` lets them in";
            draft.warn(&other.source, message, hint);
        }
    }
}
