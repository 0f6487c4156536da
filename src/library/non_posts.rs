//! Reports files that are not posts: copies, files without front matter, and filtered ones.

use super::file_table::FileTable;
use super::shared_findings::SharedFindings;
use crate::library::copy_names::{copy_name_prefixes, detect_copy};
use crate::library::file_record::FileState;
use crate::library::foreign_formats::format_some_paths;
use crate::library::new_finding::warning_finding;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::markup::Markup;
use crate::text::pluralize_count;

/// Returns the known files whose names mark them as copies of a file.
pub(super) fn known_copies(files: &FileTable, shared: &SharedFindings, path: &str) -> Vec<String> {
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_copy = |other: &str| {
        let (other_dir, other) = other.rsplit_once('/').unwrap_or(("", other));
        other_dir == dir && detect_copy(other).is_some_and(|copy| copy.original == name)
    };
    let in_dir = |prefix: String| match dir {
        "" => prefix,
        _ => format!("{dir}/{prefix}"),
    };
    let of_files = copy_name_prefixes(name)
        .into_iter()
        .map(in_dir)
        .flat_map(|prefix| {
            files
                .with_prefix(prefix)
                .map(|(path, _)| path.to_string())
                .collect::<Vec<_>>()
        });
    // A new `index` file makes its directory a page bundle.
    let is_index = name.starts_with("index.") && !dir.is_empty();
    if is_index {
        let below = files.with_prefix(format!("{dir}/"));
        return below.map(|(path, _)| path.to_string()).collect();
    }
    // Copies that are not posts now have a finding instead of a record.
    let found = shared.directory_paths().map(str::to_owned);
    of_files.chain(found).filter(|path| is_copy(path)).collect()
}

/// Reports files that are not posts and have no other finding, a few of them by name.
pub(super) fn lint_other_files(files: &FileTable) -> Vec<Finding> {
    let files_in_state = |state: FileState| -> Vec<&str> {
        files
            .iter()
            .filter(|(_, known)| known.state == state && known.findings.is_empty())
            .map(|(path, _)| &**path)
            .collect()
    };
    let note = |rule: Rule, files: Vec<&str>, message: String, hint: &str| {
        files.first().map(|file| Finding {
            severity: Severity::Note,
            ..warning_finding(file, rule, None, message, hint)
        })
    };
    let mut without_front_matter = files_in_state(FileState::NoFrontMatter);
    let has_markup = |path: &str, is: fn(Markup) -> bool| Markup::from_path(path).is_some_and(is);
    without_front_matter.retain(|path| !has_markup(path, Markup::is_rarely_post));
    let unrendered: Vec<&str> = files
        .iter()
        .filter(|(path, known)| {
            known.state == FileState::Post && has_markup(path, |is| is == Markup::AsciiDoc)
        })
        .map(|(path, _)| &**path)
        .collect();
    let of_unrendered = format!(
        "feeds have only the description of {} in AsciiDoc, and a link: {}",
        pluralize_count(unrendered.len(), "post"),
        format_some_paths(&unrendered)
    );
    let of_plain = match without_front_matter.len() {
        1 => "has no front matter, so it is not a post".to_owned(),
        count => format!(
            "{count} files have no front matter, so they are not posts: {}",
            format_some_paths(&without_front_matter)
        ),
    };
    let filtered_out = files_in_state(FileState::FilteredOut);
    let of_not_required = match filtered_out.len() {
        1 => "has a title and a date, but `content.require` excludes it".to_owned(),
        count => format!(
            "{count} files have a title and a date, but `content.require` excludes them: {}",
            format_some_paths(&filtered_out)
        ),
    };
    let notes = [
        note(
            Rule::NotAPost,
            without_front_matter,
            of_plain,
            "exclude them with `content.exclude`, or add front matter if they are posts",
        ),
        note(
            Rule::Shortcode,
            unrendered,
            of_unrendered,
            "write a `description` in each, or save them as Markdown or HTML",
        ),
        note(
            Rule::NotAPost,
            filtered_out,
            of_not_required,
            "check whether `content.require` asks for a field that some posts lack",
        ),
    ];
    notes.into_iter().flatten().collect()
}
