//! What `import-ids` found, could not find and wrote, into text for people.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::archive::Item;
use crate::archive::import::{Conflict, Import, Source};
use crate::content::Tally;
use crate::text::{cut, one_line, plural};

/// More of one kind are counted, not listed.
const MOST_LISTED: usize = 20;
/// Enough to know an item by.
const TITLE_GRAPHEMES: usize = 70;

/// What was read, and what became of it; with `all` every single thing is listed.
pub fn import(import: &Import, sources: &[Source], all: bool) -> String {
    let mut text = String::new();
    for Source { name, archive } in sources {
        let items = plural(archive.items.len(), "item");
        let _ = write!(text, "{}: {items} ({})", quoted(name), archive.format);
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
    let found = import.found.values().sum();
    let _ = writeln!(text, "\n{} found", plural(found, "post"));
    for (by, count) in &import.found {
        let _ = writeln!(text, "{count:>6} by {}", by.name());
    }
    if import.same > 0 {
        let _ = writeln!(
            text,
            "{:>6} with the id that courant would give; it is kept, should the address change",
            import.same
        );
    }
    text.push('\n');
    let most = if all { usize::MAX } else { MOST_LISTED };
    list(
        &mut text,
        "no post",
        import.strays.iter().map(item),
        most,
        "where one of them is a post, write its file and the item's id into the ledger",
    );
    list(
        &mut text,
        "conflict",
        import.conflicts.iter().map(conflict),
        most,
        "write the right ids into the ledger; what is there stays, unless `--replace` is given",
    );
    list(
        &mut text,
        "no item",
        import.again.iter().map(|path| quoted(path)),
        most,
        "the feed has older and newer posts than these, which readers will see as new; if they know them, write their ids into the ledger",
    );
    let beyond = (import.beyond > 0).then(|| {
        let posts = plural(import.beyond, "post");
        format!("{posts} in courant's feeds, and before the oldest that the feed has")
    });
    list(
        &mut text,
        "older",
        beyond.into_iter(),
        most,
        "readers may see them as new: have the former site write a longer feed, or import its older pages too",
    );
    text
}

/// Files that would be posts, and cannot be read.
pub fn left_out(tally: Tally) -> String {
    match tally.broken {
        0 => String::new(),
        broken => format!(
            "{} broken and found in no feed\n  hint: mend what `courant check` lists, then import again\n\n",
            are(broken)
        ),
    }
}

/// What was written, or would be.
pub fn written(import: &Import, is_written: bool, is_dry: bool) -> String {
    let ids = &import.ids;
    let file = quoted(&ids.file.display().to_string());
    let mut counts = plural(ids.iter().count(), "id");
    for (count, what) in [(import.added, "new"), (import.replaced, "replaced")] {
        if count > 0 {
            let _ = write!(counts, ", {count} {what}");
        }
    }
    if is_dry {
        return format!("{file} would have {counts}; nothing is written\n");
    }
    if !is_written {
        return format!("{file} stays as it is: {counts}\n");
    }
    let hint = if ids.is_named {
        "commit it with the configuration".to_owned()
    } else {
        let name = ids.file.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "commit it, and write `ids = \"{name}\"` in `[site]`, so that courant does not start without it"
        )
    };
    format!("{file} is written: {counts}\n  hint: {hint}\n")
}

fn are(count: usize) -> String {
    let are = if count == 1 { "is" } else { "are" };
    format!("{} {are}", plural(count, "post"))
}

fn list(
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

/// The id, and what people know an item by.
fn item(item: &Item) -> String {
    let mut text = quoted(&item.id);
    if let Some(link) = item.link.as_ref().filter(|link| **link != item.id) {
        let _ = write!(text, " at {}", shown(link));
    }
    if !item.title.is_empty() {
        let _ = write!(text, ": {}", shown(&cut(&item.title, TITLE_GRAPHEMES)));
    }
    text
}

fn conflict(conflict: &Conflict) -> String {
    let ids = |items: &[Item]| each(items.iter().map(|item| item.id.as_str()));
    match conflict {
        Conflict::Tie {
            source,
            by,
            items,
            posts,
        } => format!(
            "{}: {} could be {}, by {}",
            quoted(source),
            ids(items),
            each(posts.iter().map(String::as_str)),
            by.name()
        ),
        Conflict::Shared { source, items } => format!(
            "{}: {} has one id for {}",
            quoted(source),
            items
                .first()
                .map(|item| quoted(&item.id))
                .unwrap_or_default(),
            each(items.iter().filter_map(|item| item.link.as_deref()))
        ),
        Conflict::Differs {
            source,
            post,
            kept,
            kept_by,
            other,
        } => format!(
            "{} keeps {} of {}; in {} it is {}",
            quoted(post),
            quoted(kept),
            kept_by
                .as_ref()
                .map_or_else(|| "the ledger".to_owned(), |name| quoted(name)),
            quoted(source),
            quoted(other)
        ),
        Conflict::Taken { post, id, owner } => format!(
            "{} goes without {}, which is the id of {}",
            quoted(post),
            quoted(id),
            quoted(owner)
        ),
    }
}

fn each<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 4;
    let names: Vec<_> = names.map(quoted).collect();
    match names.get(..MOST) {
        Some(first) if names.len() > MOST => {
            format!("{} and {} more", first.join(", "), names.len() - MOST)
        }
        _ => names.join(", "),
    }
}

fn quoted(text: &str) -> String {
    format!("`{}`", shown(text))
}

/// What others wrote is on one line, and gives the terminal no orders.
fn shown(text: &str) -> String {
    one_line(text).chars().filter(|c| !c.is_control()).collect()
}
