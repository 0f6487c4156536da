//! Detects, by file name, the copies that sync tools, file managers and merges leave beside a post.

/// File whose name marks it as a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileCopy {
    /// Name of the original file.
    pub(super) original: String,
    /// True if only copies have such names. If false, it is a copy only if the original exists.
    pub(super) is_certain: bool,
    /// True if it is no copy, but a resource of the page bundle whose `index` file is the original.
    pub(super) is_resource: bool,
}

/// Suffixes that file managers give to copies.
const COPY_SUFFIXES: [&str; 2] = [" - Copy", " copy"];
/// Suffixes of `git mergetool`, followed by a process id.
const MERGETOOL_SUFFIXES: [&str; 4] = ["_BACKUP_", "_BASE_", "_LOCAL_", "_REMOTE_"];
/// Suffixes of editors and version control. None is a language code, as in `post.en.md`.
const BACKUP_SUFFIXES: [&str; 5] = [".orig", ".bak", ".backup", ".old", ".mine"];
/// Maximum number of digits in the number of a copy, as in `post (2).md`. Longer numbers are years.
const MAX_COPY_DIGITS: usize = 2;

/// Detects a copy by its name. Returns `None` if the name is an ordinary one.
pub(super) fn detect_copy(name: &str) -> Option<FileCopy> {
    let (stem, extension) = name.rsplit_once('.')?;
    let copy = |original: &str, is_certain: bool| {
        let original = original.trim_end();
        (!original.is_empty()).then(|| FileCopy {
            original: format!("{original}.{extension}"),
            is_certain,
            is_resource: false,
        })
    };
    // Syncthing, and earlier versions of ownCloud.
    for mark in [".sync-conflict-", "_conflict-"] {
        if let Some((original, after)) = stem.split_once(mark)
            && has_timestamp_prefix(after)
        {
            return copy(original, true);
        }
    }
    // Dropbox and Nextcloud.
    if let Some((before, inside)) = stem
        .strip_suffix(')')
        .and_then(|stem| stem.rsplit_once('('))
    {
        let inside = inside.to_lowercase();
        if inside.contains("conflicted copy") || inside.starts_with("case conflict") {
            return copy(before, true);
        }
        if is_decimal_number(&inside) && inside.len() <= MAX_COPY_DIGITS {
            let before = before.trim_end();
            return copy(before.strip_suffix(" - Copy").unwrap_or(before), false);
        }
    }
    // Google Drive, and temporary files whose names begin with `~`, or `~$` for Microsoft Office.
    if let Some(original) = stem
        .strip_prefix("Copy of ")
        .or_else(|| stem.strip_prefix('~'))
    {
        return copy(original.trim_start_matches('$'), false);
    }
    let lower = stem.to_lowercase();
    for ending in BACKUP_SUFFIXES {
        if lower.ends_with(ending) {
            return copy(stem.get(..stem.len() - ending.len())?, false);
        }
    }
    // Conflict files of Subversion, and of recent versions of `git mergetool`.
    if let Some((original, side)) = stem.rsplit_once('.')
        && is_decimal_number(side.strip_prefix('r').unwrap_or(side))
    {
        let sides = MERGETOOL_SUFFIXES.map(|side| format!(".{}", side.trim_matches('_')));
        let before = sides.iter().find_map(|side| original.strip_suffix(side));
        if side.starts_with('r') || before.is_some() {
            return copy(before.unwrap_or(original), false);
        }
    }
    for ending in COPY_SUFFIXES {
        if let Some((original, after)) = stem.rsplit_once(ending)
            && (after.is_empty() || after.strip_prefix(' ').is_some_and(is_decimal_number))
        {
            return copy(original, false);
        }
    }
    for side in MERGETOOL_SUFFIXES {
        if let Some((original, number)) = stem.rsplit_once(side)
            && is_decimal_number(number)
        {
            return copy(original, false);
        }
    }
    None
}

/// Lists the prefixes of the names that copies of a file may have, for a search in a sorted list of names.
pub(super) fn copy_name_prefixes(name: &str) -> Vec<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    [
        " (", "(", " copy", " - Copy", "_B", "_LOCAL_", "_REMOTE_", ".",
    ]
    .iter()
    .map(|behind| format!("{stem}{behind}"))
    .chain(["Copy of ", "~", "~$"].map(|before| format!("{before}{stem}.")))
    .collect()
}

/// Returns true if a text begins with a date and a time, as in `20260112-003022`.
fn has_timestamp_prefix(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let [day, time] = [parts.next(), parts.next()].map(Option::unwrap_or_default);
    day.len() == 8
        && is_decimal_number(day)
        && time.len() >= 6
        && time.get(..6).is_some_and(is_decimal_number)
}

fn is_decimal_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_detected_by_name() {
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
            let expected = Some(FileCopy {
                original,
                is_certain: is_sure,
                is_resource: false,
            });
            assert_eq!(detect_copy(name), expected, "{name}");
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
            assert_eq!(detect_copy(name), None, "{name}");
        }
    }

    #[test]
    fn copy_prefixes_cover_all_copies() {
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
            let prefixes = copy_name_prefixes("x.md");
            assert!(
                prefixes
                    .iter()
                    .any(|prefix| copy.starts_with(prefix.as_str())),
                "{copy}"
            );
        }
    }
}
