//! Formats the results of `import-ids`: matches, conflicts and the written id map.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::import::feed_item::FeedItem;
use crate::import::id_import::{IdConflict, ImportResult, NamedFeed};
use crate::library::FileCounts;
use crate::text::{collapse_whitespace, pluralize_count, truncate_graphemes};

/// Maximum number of listed lines per kind; the rest is counted.
const MAX_LISTED_LINES: usize = 20;
/// Maximum length of a title, in graphemes: enough to recognize an item.
const MAX_TITLE_GRAPHEMES: usize = 70;

/// Formats what was read and matched. `all` lists every line.
pub fn format_import(import: &ImportResult, sources: &[NamedFeed], all: bool) -> String {
    let mut text = String::new();
    for NamedFeed {
        name,
        feed: archive,
    } in sources
    {
        let items = pluralize_count(archive.items.len(), "item");
        let _ = write!(text, "{}: {items} ({})", quote_text(name), archive.format);
        let different: HashSet<_> = archive.items.iter().map(|item| &item.id).collect();
        if different.len() < archive.items.len() {
            let _ = write!(text, ", {} different", different.len());
        }
        if archive.without_id > 0 {
            let _ = write!(
                text,
                ", and {} with neither id nor link",
                archive.without_id
            );
        }
        text.push('\n');
    }
    let found = import.matched_by.values().sum();
    let _ = writeln!(text, "\n{} found", pluralize_count(found, "post"));
    for (by, count) in &import.matched_by {
        let _ = writeln!(text, "{count:>6} by {}", by.display_name());
    }
    if import.default_ids > 0 {
        let _ = writeln!(
            text,
            "{:>6} with the default id, which is kept in case the address changes",
            import.default_ids
        );
    }
    text.push('\n');
    let most = if all { usize::MAX } else { MAX_LISTED_LINES };
    push_list(
        &mut text,
        "no post",
        import.unmatched_items.iter().map(format_item),
        most,
        "if one of them is a post, add its file and the item's id to the id map",
    );
    push_list(
        &mut text,
        "conflict",
        import.conflicts.iter().map(format_conflict),
        most,
        "write the right ids into the id map; `--replace` overwrites existing lines",
    );
    push_list(
        &mut text,
        "no item",
        import.reappearing.iter().map(|path| quote_text(path)),
        most,
        "the feed has older and newer posts than these, so readers will see them as new; if readers know them, add their ids to the id map",
    );
    let beyond = (import.older_than_feed > 0).then(|| {
        let posts = pluralize_count(import.older_than_feed, "post");
        format!("{posts} in courant's feeds, but older than the oldest item of the feed")
    });
    push_list(
        &mut text,
        "older",
        beyond.into_iter(),
        most,
        "readers may see them as new: make the former site's feed longer, or import its older pages too",
    );
    text
}

/// Formats the number of posts that cannot be parsed.
pub fn format_broken_posts(tally: FileCounts) -> String {
    match tally.broken {
        0 => String::new(),
        broken => format!(
            "{} broken and not matched\n  hint: fix the errors that `courant check` lists, then import again\n\n",
            posts_with_verb(broken)
        ),
    }
}

/// Formats what was written, or what would be written.
pub fn format_written_file(import: &ImportResult, is_written: bool, is_dry: bool) -> String {
    let ids = &import.ids;
    let file = quote_text(&ids.file.display().to_string());
    let mut counts = pluralize_count(ids.iter().count(), "id");
    for (count, what) in [(import.added, "new"), (import.replaced, "replaced")] {
        if count > 0 {
            let _ = write!(counts, ", {count} {what}");
        }
    }
    if is_dry {
        return format!("{file} would have {counts}; nothing was written\n");
    }
    if !is_written {
        return format!("{file} is unchanged: {counts}\n");
    }
    let hint = if ids.is_configured {
        "commit it with the configuration".to_owned()
    } else {
        let name = ids.file.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "commit it, and write `ids = \"{name}\"` in `[site]`, so that courant does not start if the file is missing"
        )
    };
    format!("wrote {file}: {counts}\n  hint: {hint}\n")
}

fn posts_with_verb(count: usize) -> String {
    let are = if count == 1 { "is" } else { "are" };
    format!("{} {are}", pluralize_count(count, "post"))
}

fn push_list(
    text: &mut String,
    name: &str,
    lines: impl ExactSizeIterator<Item = String>,
    most: usize,
    hint: &str,
) {
    let count = lines.len();
    for line in lines.take(most) {
        let _ = writeln!(text, "  {name:<10} {line}");
    }
    if count > most {
        let more = count - most;
        let _ = writeln!(
            text,
            "  {name:<10} … and {more} more; `--verbose` lists all"
        );
    }
    if count > 0 {
        let _ = writeln!(text, "  hint: {hint}\n");
    }
}

/// Formats an item: id, link and title.
fn format_item(item: &FeedItem) -> String {
    let mut text = quote_text(&item.id);
    if let Some(link) = item.link.as_ref().filter(|link| **link != item.id) {
        let _ = write!(text, " at {}", sanitize_line(link));
    }
    if !item.title.is_empty() {
        let _ = write!(
            text,
            ": {}",
            sanitize_line(&truncate_graphemes(&item.title, MAX_TITLE_GRAPHEMES))
        );
    }
    text
}

fn format_conflict(conflict: &IdConflict) -> String {
    match conflict {
        IdConflict::Ambiguous {
            source,
            by,
            items,
            posts,
        } => format!(
            "{}: {} could be {}, by {}",
            quote_text(source),
            join_names(items.iter().map(|item| item.id.as_str())),
            join_names(posts.iter().map(String::as_str)),
            by.display_name()
        ),
        IdConflict::SharedId { source, items } => format!(
            "{}: {} is the id of several links: {}",
            quote_text(source),
            items
                .first()
                .map(|item| quote_text(&item.id))
                .unwrap_or_default(),
            join_names(items.iter().filter_map(|item| item.link.as_deref()))
        ),
        IdConflict::DifferentId {
            source,
            post,
            kept,
            kept_by,
            rejected: other,
        } => format!(
            "{} keeps {} from {}; {} has {}",
            quote_text(post),
            quote_text(kept),
            kept_by
                .as_ref()
                .map_or_else(|| "the id map".to_owned(), |name| quote_text(name)),
            quote_text(source),
            quote_text(other)
        ),
        IdConflict::IdTaken { post, id, owner } => format!(
            "{} does not get {}, which is the id of {}",
            quote_text(post),
            quote_text(id),
            quote_text(owner)
        ),
    }
}

fn join_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MAX_NAMES: usize = 4;
    let names: Vec<_> = names.map(quote_text).collect();
    match names.get(..MAX_NAMES) {
        Some(first) if names.len() > MAX_NAMES => {
            format!("{} and {} more", first.join(", "), names.len() - MAX_NAMES)
        }
        _ => names.join(", "),
    }
}

fn quote_text(text: &str) -> String {
    format!("`{}`", sanitize_line(text))
}

/// Puts untrusted text on one line, without control characters.
fn sanitize_line(text: &str) -> String {
    collapse_whitespace(text)
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}
