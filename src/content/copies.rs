//! Recognises, by their names, the copies that sync tools, file managers and merges leave beside a post.

/// A file whose name is that of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileCopy {
    /// The name of the file that it is a copy of.
    pub(super) original: String,
    /// Whether nothing else has such a name, so that it is a copy though the other file is gone.
    pub(super) is_sure: bool,
}

/// What file managers write behind the name of a copy.
const COPY_ENDINGS: [&str; 2] = [" - Copy", " copy"];
/// What `git mergetool` writes behind the name, before a number.
const MERGE_SIDES: [&str; 4] = ["_BACKUP_", "_BASE_", "_LOCAL_", "_REMOTE_"];
/// What editors and version control write behind the name, and is no language.
const BACKUP_ENDINGS: [&str; 5] = [".orig", ".bak", ".backup", ".old", ".mine"];
/// Longer numbers in brackets are years.
const MAX_COPY_DIGITS: usize = 2;

/// What a file of this name is a copy of, if it is one.
pub(super) fn copy_of(name: &str) -> Option<FileCopy> {
    let (stem, extension) = name.rsplit_once('.')?;
    let copy = |original: &str, is_sure: bool| {
        let original = original.trim_end();
        (!original.is_empty()).then(|| FileCopy {
            original: format!("{original}.{extension}"),
            is_sure,
        })
    };
    // Syncthing's, and ownCloud's of old.
    for mark in [".sync-conflict-", "_conflict-"] {
        if let Some((original, behind)) = stem.split_once(mark)
            && begins_with_time(behind)
        {
            return copy(original, true);
        }
    }
    // Dropbox's and Nextcloud's.
    if let Some((before, inside)) = stem
        .strip_suffix(')')
        .and_then(|stem| stem.rsplit_once('('))
    {
        let inside = inside.to_lowercase();
        if inside.contains("conflicted copy") || inside.starts_with("case conflict") {
            return copy(before, true);
        }
        if is_number(&inside) && inside.len() <= MAX_COPY_DIGITS {
            let before = before.trim_end();
            return copy(before.strip_suffix(" - Copy").unwrap_or(before), false);
        }
    }
    if let Some(original) = stem
        .strip_prefix("Copy of ")
        .or_else(|| stem.strip_prefix('~'))
    {
        return copy(original.trim_start_matches('$'), false);
    }
    let lower = stem.to_lowercase();
    for ending in BACKUP_ENDINGS {
        if lower.ends_with(ending) {
            return copy(stem.get(..stem.len() - ending.len())?, false);
        }
    }
    // Subversion's sides of a conflict, and those of `git mergetool` of late.
    if let Some((original, side)) = stem.rsplit_once('.')
        && is_number(side.strip_prefix('r').unwrap_or(side))
    {
        let sides = MERGE_SIDES.map(|side| format!(".{}", side.trim_matches('_')));
        let before = sides.iter().find_map(|side| original.strip_suffix(side));
        if side.starts_with('r') || before.is_some() {
            return copy(before.unwrap_or(original), false);
        }
    }
    for ending in COPY_ENDINGS {
        if let Some((original, behind)) = stem.rsplit_once(ending)
            && (behind.is_empty() || behind.strip_prefix(' ').is_some_and(is_number))
        {
            return copy(original, false);
        }
    }
    for side in MERGE_SIDES {
        if let Some((original, number)) = stem.rsplit_once(side)
            && is_number(number)
        {
            return copy(original, false);
        }
    }
    None
}

/// The beginnings of the names that copies of a file may have, for a search in a sorted list.
pub(super) fn copy_prefixes(name: &str) -> Vec<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    [
        " (", "(", " copy", " - Copy", "_B", "_LOCAL_", "_REMOTE_", ".",
    ]
    .iter()
    .map(|behind| format!("{stem}{behind}"))
    .chain(["Copy of ", "~", "~$"].map(|before| format!("{before}{stem}.")))
    .collect()
}

/// Whether a text begins with a day and a time, as in `20260112-003022`.
fn begins_with_time(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let [day, time] = [parts.next(), parts.next()].map(Option::unwrap_or_default);
    day.len() == 8 && is_number(day) && time.len() >= 6 && time.get(..6).is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_copies_are_told_from_names_of_posts() {
        for (name, is_sure) in [
            ("x.sync-conflict-20260112-003022-ABCDEFG.md", true),
            ("x (Ada's conflicted copy 2026-05-01).md", true),
            ("x (conflicted copy 2026-05-01 101010).md", true),
            ("x (Case Conflict 1).md", true),
            ("x_conflict-20180417-123456.md", true),
            ("x (1).md", false),
            ("x.orig.md", false),
            ("x.BAK.md", false),
            ("x.LOCAL.1234.md", false),
            ("x.r123.md", false),
            ("~x.md", false),
            ("~$x.md", false),
            ("x(2).md", false),
            ("x copy.md", false),
            ("x copy 2.md", false),
            ("Copy of x.md", false),
            ("x - Copy.md", false),
            ("x - Copy (2).md", false),
            ("x_BACKUP_1234.md", false),
            ("x_REMOTE_1.md", false),
        ] {
            let original = "x.md".to_owned();
            let expected = Some(FileCopy { original, is_sure });
            assert_eq!(copy_of(name), expected, "{name}");
        }
        for name in [
            "x.md",
            "x (2024).md",
            "x (part one).md",
            "x 2.md",
            "xcopy.md",
            "how to copy files.md",
            "sync-conflict-in-git.md",
            "x.sync-conflict-soon.md",
            "resolve_conflict-by-hand.md",
            "base_64.md",
            "x_LOCAL_.md",
            "(1).md",
            "copy.md",
            "README",
        ] {
            assert_eq!(copy_of(name), None, "{name}");
        }
    }

    #[test]
    fn copies_have_one_of_the_prefixes() {
        for copy in [
            "x (1).md",
            "x(2).md",
            "x copy.md",
            "x copy 2.md",
            "Copy of x.md",
            "x - Copy.md",
            "x - Copy (2).md",
            "x_BACKUP_1.md",
            "x_BASE_1.md",
            "x_LOCAL_1.md",
            "x_REMOTE_1.md",
        ] {
            let prefixes = copy_prefixes("x.md");
            assert!(
                prefixes
                    .iter()
                    .any(|prefix| copy.starts_with(prefix.as_str())),
                "{copy}"
            );
        }
    }
}
