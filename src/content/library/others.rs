//! Files that are no posts: copies of posts, and those that have no front matter or not the one that is asked for.

use std::ops::Bound;

use super::Library;
use crate::content::copies::{copy_of, copy_prefixes};
use crate::content::foreign::some_names;
use crate::content::known::{State, warning};
use crate::finding::{Finding, Rule, Severity};

impl Library {
    /// The files that are known to have the names of copies of a file.
    pub(super) fn copies_of(&self, path: &str) -> Vec<String> {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_copy = |other: &str| {
            let (other_dir, other) = other.rsplit_once('/').unwrap_or(("", other));
            other_dir == dir && copy_of(other).is_some_and(|copy| copy.original == name)
        };
        let in_dir = |prefix: String| match dir {
            "" => prefix,
            _ => format!("{dir}/{prefix}"),
        };
        let of_files = copy_prefixes(name)
            .into_iter()
            .map(in_dir)
            .flat_map(|prefix| {
                let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
                let files = self.files.range::<str, _>(from);
                files
                    .map(|(path, _)| path.to_string())
                    .take_while(|path| path.starts_with(&prefix))
                    .collect::<Vec<_>>()
            });
        // Those that are no posts now.
        let found = self.findings.iter().map(|finding| finding.file.clone());
        of_files.chain(found).filter(|path| is_copy(path)).collect()
    }

    /// Names some of the files that are no posts and of which nothing else is said.
    pub(super) fn findings_of_others(&self) -> Vec<Finding> {
        let of_state = |state: State| -> Vec<&str> {
            let files = self.files.iter();
            files
                .filter(|(_, known)| known.state == state && known.findings.is_empty())
                .map(|(path, _)| &**path)
                .collect()
        };
        let note = |files: Vec<&str>, message: String, hint: &str| {
            files.first().map(|file| Finding {
                severity: Severity::Note,
                ..warning(file, Rule::NotAPost, None, message, hint)
            })
        };
        let plain = of_state(State::Plain);
        let of_plain = match plain.len() {
            1 => "has no front matter, so it is no post".to_owned(),
            count => format!(
                "{count} files have no front matter, so they are no posts: {}",
                some_names(&plain)
            ),
        };
        let not_required = of_state(State::NotRequired);
        let of_not_required = match not_required.len() {
            1 => "has a title and a date, and `content.require` leaves it out".to_owned(),
            count => format!(
                "{count} files have a title and a date, and `content.require` leaves them out: {}",
                some_names(&not_required)
            ),
        };
        let notes = [
            note(
                plain,
                of_plain,
                "leave them out with `content.exclude`, or write front matter if they are posts",
            ),
            note(
                not_required,
                of_not_required,
                "see whether `content.require` asks for more than all posts have",
            ),
        ];
        notes.into_iter().flatten().collect()
    }
}
