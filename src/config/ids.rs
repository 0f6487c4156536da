//! The ledger of ids (`site.ids`, a TOML file beside `config.toml`) into the id of each post, and back.
//!
//! It holds what the readers of a site's former feed know its posts by. Those ids are nobody's to
//! mend: but for the characters that no feed can hold they stay as they are, byte for byte.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use url::Url;

use super::raw::{Faults, Written};
use crate::finding::Finding;
use crate::percent;
use crate::text::toml_string;

/// The ledger's name when the configuration does not say one.
const USUAL: &str = "ids.toml";

/// What stands at its head.
const HEAD: &str = "\
# The ids that readers of the former feed know the posts by, so that nothing is posted to them again.
# One line for each post: its file in the content directory, and the id. Front matter `id` goes first.
# `courant import-ids` writes this file anew: lines stay, comments do not.
";

/// The ids of a ledger.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ids {
    /// The file, absolute or relative to the working directory.
    pub file: PathBuf,
    /// Whether the configuration names it, so that it has to be there.
    pub is_named: bool,
    posts: BTreeMap<String, Id>,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id {
    /// The id.
    pub id: String,
    /// The line, counted from 1.
    pub line: usize,
    /// Whether it is an absolute IRI, as Atom asks for.
    pub is_iri: bool,
}

/// Which ledger is read with a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ledger {
    /// None: the text of the configuration is all there is.
    Unread,
    /// The one on disk, which has to be there if it is named.
    AsConfigured,
    /// The one on disk, if it is there yet.
    IfThere,
}

impl Ids {
    /// The id of a post, by its file below the content directory.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.posts.get(path).map(|id| id.id.as_str())
    }

    /// Every line, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Id)> {
        self.posts.iter().map(|(path, id)| (path.as_str(), id))
    }

    /// The same ledger with other ids in it.
    #[must_use]
    pub fn with(&self, ids: BTreeMap<String, String>) -> Ids {
        let head = HEAD.lines().count() + 1;
        let posts = ids.into_iter().enumerate().map(|(at, (path, id))| {
            let id = Id {
                is_iri: is_iri(&id),
                id,
                line: head + at + 1,
            };
            (path, id)
        });
        Ids {
            file: self.file.clone(),
            is_named: self.is_named,
            posts: posts.collect(),
        }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let lines = self
            .iter()
            .map(|(path, id)| format!("{} = {}\n", toml_string(path), toml_string(&id.id)));
        format!("{HEAD}\n{}", lines.collect::<String>())
    }

    /// Writes the file, whole or not at all; returns whether it had to be.
    ///
    /// # Errors
    /// It cannot be written; what was there is there still.
    pub fn save(&self) -> io::Result<bool> {
        let text = self.text();
        // Of a link its target is replaced, and the link stays.
        let file = fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let before = fs::metadata(&file).ok();
        if before.is_none() && self.posts.is_empty() {
            return Ok(false);
        }
        if fs::read(&file).is_ok_and(|bytes| bytes == text.as_bytes()) {
            return Ok(false);
        }
        let mut beside = OsString::from(file.as_os_str());
        beside.push(format!(".{}~", std::process::id()));
        let write = || {
            let mut new = File::create(&beside)?;
            new.write_all(text.as_bytes())?;
            if let Some(before) = &before {
                new.set_permissions(before.permissions())?;
            }
            new.sync_all()?;
            fs::rename(&beside, &file)
        };
        write().inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })?;
        Ok(true)
    }
}

/// Reads the ledger that `site.ids` names, or the usual one. Its faults are among the others'.
pub(super) fn read(
    faults: &Faults<'_>,
    section: usize,
    written: Option<&Written<String>>,
    config: &str,
    dir: &Path,
    ledger: Ledger,
) -> Ids {
    let file = match written {
        Some(written) => dir.join(&written.value),
        None => default_file(config, dir, ledger),
    };
    let mut ids = Ids {
        file,
        is_named: written.is_some(),
        posts: BTreeMap::new(),
    };
    if ledger == Ledger::Unread {
        return ids;
    }
    let name = ids.file.display().to_string();
    match bytes_of(&ids.file).map(String::from_utf8) {
        Ok(Ok(text)) => match parse(&text, &name) {
            Ok(posts) => ids.posts = posts,
            Err(findings) => faults.extend(findings),
        },
        Ok(Err(_)) => faults.push(
            written.map_or(section, |written| written.offset),
            format!("the ledger of ids `{name}` is not UTF-8"),
            "save the file as UTF-8",
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let (Some(written), Ledger::AsConfigured) = (written, ledger) {
                faults.at(
                    written,
                    &format!("names `{name}`, which is not there"),
                    "put the file there: without it every post is posted to readers again; or make it with `courant import-ids`",
                );
            }
        }
        Err(error) => faults.push(
            written.map_or(section, |written| written.offset),
            format!(
                "the ledger of ids `{name}` cannot be read: {}",
                error.to_string().to_lowercase()
            ),
            "`site.ids` names it, relative to this file",
        ),
    }
    ids
}

/// Finds the ledger that the configuration does not name. It names files of hidden posts, so beside a configuration
/// whose first character keeps generators from publishing it, the ledger begins with the same.
fn default_file(config: &str, dir: &Path, ledger: Ledger) -> PathBuf {
    let usual = dir.join(USUAL);
    let name = Path::new(config).file_name().unwrap_or_default();
    let hidden = match name.as_encoded_bytes().first() {
        Some(b'.') => dir.join(format!(".{USUAL}")),
        Some(b'_') => dir.join(format!("_{USUAL}")),
        _ => return usual,
    };
    // One that was there before goes on being read: without it every post is posted to readers again.
    let has_usual_only = ledger != Ledger::Unread && usual.is_file() && !hidden.is_file();
    if has_usual_only { usual } else { hidden }
}

/// The bytes of a file. A device or a pipe may have no end.
fn bytes_of(file: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    fs::read(file)
}

/// Reads the text of a ledger.
fn parse(text: &str, file: &str) -> Result<BTreeMap<String, Id>, Vec<Finding>> {
    let faults = Faults::new(file, text);
    let lines = faults
        .root()
        .every_string("write one line for each post: `\"path/of/post.md\" = \"the id\"`");
    let mut posts = BTreeMap::new();
    let mut owners: HashMap<String, String> = HashMap::new();
    for Written { value, offset, key } in lines {
        if value.trim().is_empty() {
            faults.push(
                offset,
                format!("the id of `{key}` is empty"),
                "delete the line, and the post has the id that courant gives it",
            );
            continue;
        }
        if let Some(owner) = owners.insert(value.clone(), key.clone()) {
            faults.push(
                offset,
                format!("the id of `{key}` is that of `{owner}` already: `{value}`"),
                "an id names one post: delete one of the two lines",
            );
        }
        let id = Id {
            is_iri: is_iri(&value),
            id: value,
            line: faults.line(offset),
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

/// RFC 4287 §4.2.6.
fn is_iri(id: &str) -> bool {
    Url::parse(id).is_ok() && percent::iri(id) == id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<(Option<usize>, String)> {
        let findings = parse(text, "ids.toml").expect_err("faults");
        findings
            .into_iter()
            .map(|finding| (finding.line, finding.message))
            .collect()
    }

    #[test]
    fn every_fault_has_its_line() {
        let text = "\"a.md\" = \"x\"\n\"b.md\" = 7\n\"c.md\" = \" \"\n\"d.md\" = \"x\"\ne.md = \"y\"\n\"a.md\" = \"z\"\n";
        assert_eq!(
            told(text),
            [
                (Some(2), "`b.md` takes a string, not the number `7`".into()),
                (Some(3), "the id of `c.md` is empty".into()),
                (
                    Some(4),
                    "the id of `d.md` is that of `a.md` already: `x`".into()
                ),
                (
                    Some(5),
                    "`e` takes a string, not a table of something else".into()
                ),
                (Some(6), "not valid TOML: duplicate key".into()),
            ]
        );
    }

    #[test]
    fn which_ids_atom_cannot_hold_is_known() {
        let text = "\"a\" = \"tag:e.org,2024:1\"\n\"b\" = \"42\"\n\"c\" = \"https://e.org/a b\"\n";
        let posts = parse(text, "ids.toml").unwrap();
        let are: Vec<_> = posts.values().map(|id| (id.line, id.is_iri)).collect();
        assert_eq!(are, [(1, true), (2, false), (3, false)]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ids in prop::collection::btree_map(any::<String>(), "\\PC*[^ ]|[\\x00-\\x7f]{1,8}x", 0..8)) {
            let mut seen = std::collections::HashSet::new();
            let ids: BTreeMap<_, _> = ids
                .into_iter()
                .map(|(path, id)| (path, clean(id)))
                .filter(|(_, id)| !id.trim().is_empty() && seen.insert(id.clone()))
                .collect();
            let ledger = Ids::default().with(ids);
            prop_assert_eq!(parse(&ledger.text(), "ids.toml").unwrap(), ledger.posts);
        }
    }
}
