//! Reads and writes the id map, a TOML file with feed ids of posts. `site.ids` names it; by default it is
//! `ids.toml` beside the configuration.
//!
//! It holds the ids that subscribers of a site's former feed know its posts by. These ids stay as
//! they are, byte for byte, except for characters that no feed may contain.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use url::Url;

use crate::atomic_file::replace_file;
use crate::config_table::{ConfigErrors, Spanned};
use crate::model::finding::Finding;
use crate::text::quote_toml_string;
use crate::url_path;

/// Default file name of the id map.
const DEFAULT_FILE_NAME: &str = "ids.toml";

/// Comment at the start of the file.
const FILE_COMMENT: &str = "\
# The ids by which readers of the former feed know the posts, so that no old post is new to them.
# One line per post: its file in the content directory, and its id. An `id` in front matter wins.
# `courant import-ids` rewrites this file: it keeps the lines, but not the comments.
";

/// Feed ids by post.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IdMap {
    /// File of the map, absolute or relative to the working directory.
    pub file: PathBuf,
    /// True if the configuration names the file, which then must exist.
    pub is_configured: bool,
    ids_by_path: BTreeMap<String, MappedId>,
}

/// One line of the id map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedId {
    /// Feed id of the post.
    pub id: String,
    /// Line number, from 1.
    pub line: usize,
    /// True if the id is an absolute IRI, which Atom requires.
    pub is_iri: bool,
}

/// Mode of reading the id map when a configuration is loaded: whether it is read, and whether the file must exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdMapReadMode {
    /// The file is not read.
    NotRead,
    /// The file is read, and must exist if the configuration names it.
    RequireIfConfigured,
    /// The file is read if it exists.
    IfExists,
}

impl IdMap {
    /// Returns the id of a post, by its path relative to the content directory.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.ids_by_path.get(path).map(|id| id.id.as_str())
    }

    /// Lists all lines in the order of the posts' paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MappedId)> {
        self.ids_by_path
            .iter()
            .map(|(path, id)| (path.as_str(), id))
    }

    /// Returns a map of the same file with these ids.
    #[must_use]
    pub fn with_ids(&self, ids: BTreeMap<String, String>) -> IdMap {
        let comment_lines = FILE_COMMENT.lines().count() + 1;
        let posts = ids.into_iter().enumerate().map(|(at, (path, id))| {
            let id = MappedId {
                is_iri: is_absolute_iri(&id),
                id,
                line: comment_lines + at + 1,
            };
            (path, id)
        });
        IdMap {
            file: self.file.clone(),
            is_configured: self.is_configured,
            ids_by_path: posts.collect(),
        }
    }

    /// Renders the text of the file.
    pub fn to_toml(&self) -> String {
        let lines = self.iter().map(|(path, id)| {
            format!(
                "{} = {}\n",
                quote_toml_string(path),
                quote_toml_string(&id.id)
            )
        });
        format!("{FILE_COMMENT}\n{}", lines.collect::<String>())
    }

    /// Writes the file atomically. Returns false if it already had this text.
    ///
    /// # Errors
    /// The file cannot be written; the old one is unchanged.
    pub fn save_if_changed(&self) -> io::Result<bool> {
        let text = self.to_toml();
        // A symbolic link stays: its target is replaced.
        let file = fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let before = fs::metadata(&file).ok();
        if before.is_none() && self.ids_by_path.is_empty() {
            return Ok(false);
        }
        if fs::read(&file).is_ok_and(|bytes| bytes == text.as_bytes()) {
            return Ok(false);
        }
        replace_file(&file, text.as_bytes(), before.as_ref())?;
        Ok(true)
    }
}

/// Reads the id map that `site.ids` names, or the default one. Adds its errors to `faults`.
pub(crate) fn read_id_map(
    faults: &ConfigErrors<'_>,
    section_offset: usize,
    configured_file: Option<&Spanned<String>>,
    config_path: &str,
    dir: &Path,
    read_mode: IdMapReadMode,
) -> IdMap {
    let file = match configured_file {
        Some(written) => dir.join(&written.value),
        None => default_map_file(config_path, dir, read_mode),
    };
    let mut ids = IdMap {
        file,
        is_configured: configured_file.is_some(),
        ids_by_path: BTreeMap::new(),
    };
    if read_mode == IdMapReadMode::NotRead {
        return ids;
    }
    let name = ids.file.display().to_string();
    match read_regular_file(&ids.file).map(String::from_utf8) {
        Ok(Ok(text)) => match parse_id_map(&text, &name) {
            Ok(posts) => ids.ids_by_path = posts,
            Err(findings) => faults.extend(findings),
        },
        Ok(Err(_)) => faults.push_error(
            configured_file.map_or(section_offset, |written| written.offset),
            format!("the id map `{name}` is not UTF-8"),
            "save the file as UTF-8",
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let (Some(written), IdMapReadMode::RequireIfConfigured) =
                (configured_file, read_mode)
            {
                faults.report_at(
                    written,
                    &format!("names `{name}`, which does not exist"),
                    "restore the file, or create it with `courant import-ids`: without it readers see every post as new",
                );
            }
        }
        Err(error) => faults.push_error(
            configured_file.map_or(section_offset, |written| written.offset),
            format!(
                "the id map `{name}` cannot be read: {}",
                error.to_string().to_lowercase()
            ),
            "`site.ids` names it, relative to this file",
        ),
    }
    ids
}

/// Returns the default file of the id map.
///
/// The map lists files of hidden posts. Static site generators do not publish a configuration whose name begins
/// with `.` or `_`, so the map's name then begins with the same character.
fn default_map_file(config_path: &str, dir: &Path, read_mode: IdMapReadMode) -> PathBuf {
    let visible = dir.join(DEFAULT_FILE_NAME);
    let name = Path::new(config_path).file_name().unwrap_or_default();
    let hidden = match name.as_encoded_bytes().first() {
        Some(b'.') => dir.join(format!(".{DEFAULT_FILE_NAME}")),
        Some(b'_') => dir.join(format!("_{DEFAULT_FILE_NAME}")),
        _ => return visible,
    };
    // An existing map is still read: without it readers would see every post as new.
    let has_only_visible =
        read_mode != IdMapReadMode::NotRead && visible.is_file() && !hidden.is_file();
    if has_only_visible { visible } else { hidden }
}

/// Reads a regular file. Fails for devices and pipes, which may never end.
fn read_regular_file(file: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    fs::read(file)
}

/// Parses the text of an id map.
fn parse_id_map(text: &str, file: &str) -> Result<BTreeMap<String, MappedId>, Vec<Finding>> {
    let faults = ConfigErrors::new(file, text);
    let lines = faults
        .parse_root()
        .into_string_entries("write one line for each post: `\"path/of/post.md\" = \"the id\"`");
    let mut posts = BTreeMap::new();
    let mut post_by_id: HashMap<String, String> = HashMap::new();
    for Spanned {
        value, offset, key, ..
    } in lines
    {
        if value.trim().is_empty() {
            faults.push_error(
                offset,
                format!("the id of `{key}` is empty"),
                "delete the line, and the post gets its default id",
            );
            continue;
        }
        if let Some(owner) = post_by_id.insert(value.clone(), key.clone()) {
            faults.push_error(
                offset,
                format!("the id of `{key}` is already used by `{owner}`: `{value}`"),
                "an id names one post: delete one of the two lines",
            );
        }
        let id = MappedId {
            is_iri: is_absolute_iri(&value),
            id: value,
            line: faults.line_at(offset),
        };
        posts.insert(key, id);
    }
    let findings = faults.into_findings();
    if findings.is_empty() {
        Ok(posts)
    } else {
        Err(findings)
    }
}

/// Returns true if an id is an absolute IRI (RFC 4287 §4.2.6).
fn is_absolute_iri(id: &str) -> bool {
    Url::parse(id).is_ok() && url_path::escape_iri(id) == id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::strip_forbidden_chars;
    use proptest::prelude::*;

    fn parse_errors(text: &str) -> Vec<(Option<usize>, String)> {
        let findings = parse_id_map(text, "ids.toml").expect_err("errors");
        findings
            .into_iter()
            .map(|finding| (finding.line, finding.message))
            .collect()
    }

    #[test]
    fn errors_have_line_numbers() {
        let text = "\"a.md\" = \"x\"\n\"b.md\" = 7\n\"c.md\" = \" \"\n\"d.md\" = \"x\"\ne.md = \"y\"\n\"a.md\" = \"z\"\n";
        assert_eq!(
            parse_errors(text),
            [
                (
                    Some(2),
                    "`b.md` must be a string, not the number `7`".into()
                ),
                (Some(3), "the id of `c.md` is empty".into()),
                (
                    Some(4),
                    "the id of `d.md` is already used by `a.md`: `x`".into()
                ),
                (
                    Some(5),
                    "`e` must be a string, not a table of other values".into()
                ),
                (Some(6), "not valid TOML: duplicate key".into()),
            ]
        );
    }

    #[test]
    fn ids_that_are_not_iris_are_marked() {
        let text = "\"a\" = \"tag:e.org,2024:1\"\n\"b\" = \"42\"\n\"c\" = \"https://e.org/a b\"\n";
        let posts = parse_id_map(text, "ids.toml").unwrap();
        let lines: Vec<_> = posts.values().map(|id| (id.line, id.is_iri)).collect();
        assert_eq!(lines, [(1, true), (2, false), (3, false)]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ids in prop::collection::btree_map(any::<String>(), "\\PC*[^ ]|[\\x00-\\x7f]{1,8}x", 0..8)) {
            let mut seen = std::collections::HashSet::new();
            let ids: BTreeMap<_, _> = ids
                .into_iter()
                .map(|(path, id)| (path, strip_forbidden_chars(id)))
                .filter(|(_, id)| !id.trim().is_empty() && seen.insert(id.clone()))
                .collect();
            let map = IdMap::default().with_ids(ids);
            prop_assert_eq!(parse_id_map(&map.to_toml(), "ids.toml").unwrap(), map.ids_by_path);
        }
    }
}
