//! The directory of a site into what made it, and into a configuration that serves its posts.
//!
//! Files are read and never run, and nothing is asked. What is read keeps its file and line, what is
//! guessed says why, and what stands in for something missing says so.

mod astro;
mod dates;
mod decap;
mod draft;
mod eleventy;
mod file;
mod gatsby;
mod hexo;
mod hugo;
mod identity;
mod jekyll;
mod language;
mod nuxt;
mod pages;
mod pattern;
mod published;
mod reader;
mod script;
mod sections;
pub mod setting;
mod settle;
mod suggest;
mod talk;
mod tree;
mod zola;

use std::io;
use std::path::{Path, PathBuf};

use crate::finding::Finding;
use draft::Draft;
use setting::{Setting, Source};
use tree::Tree;

/// What was found out of a site.
#[derive(Debug)]
pub struct Survey {
    /// The directory that was looked at.
    root: PathBuf,
    /// The tools that the site is made with, each with the file that tells it.
    pub makers: Vec<(&'static str, String)>,
    /// What is set, in the order of the file.
    pub settings: Vec<Setting>,
    /// What is worth a thought.
    pub suggestions: Vec<Setting>,
    /// What could not be read, or not be told in a configuration.
    pub findings: Vec<Finding>,
    /// How many posts there are, about.
    pub posts: usize,
    /// How many other pages lie beside them.
    pub others: usize,
    /// Those of them that have a title and a date, as posts have.
    pub(crate) left_out_posts: LeftOutPosts,
}

/// Files with a title and a date that the settings leave out.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOutPosts {
    /// How many there are; an estimate where only a sample of the files was read.
    pub(crate) count: usize,
    /// One of them, below the site's directory.
    pub(crate) example: String,
}

/// Why a directory cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// It cannot be listed.
    #[error("cannot read the directory `{}`", dir.display())]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No generator was recognised, and no file is a post.
    #[error("there are no posts in `{}`, and no generator's configuration", dir.display())]
    Nothing {
        /// The directory.
        dir: PathBuf,
    },
}

/// The generators, in the order in which they are looked for: those with a file of their own name
/// first. Each returns whether the site is made with it.
const GENERATORS: [fn(&mut Draft<'_>) -> bool; 8] = [
    gatsby::read,
    astro::read,
    nuxt::read,
    eleventy::read,
    zola::read,
    hugo::read,
    hexo::read,
    jekyll::read,
];

/// Looks at a directory.
///
/// # Errors
/// It cannot be listed, or there is nothing of a site in it.
pub fn survey(dir: &Path) -> Result<Survey, SurveyError> {
    let unreadable = |source| SurveyError::Unreadable {
        dir: dir.to_owned(),
        source,
    };
    std::fs::read_dir(dir).map_err(unreadable)?;
    let real = std::fs::canonicalize(dir).map_err(unreadable)?;
    let name = real
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let tree = Tree::new(dir);
    let mut draft = Draft::new(&tree);
    // The first that recognises the site as its own reads it.
    let _ = GENERATORS.iter().any(|read| read(&mut draft));
    decap::read(&mut draft);
    let posts = settle::settle(&mut draft);
    if draft.makers.is_empty() && draft.posts == 0 {
        return Err(SurveyError::Nothing {
            dir: dir.to_owned(),
        });
    }
    language::guess(&mut draft, &posts);
    identity::identify(&mut draft, &posts, &name.unwrap_or_default());
    suggest::suggest(&mut draft, &posts);
    let mut findings = draft.findings;
    for finding in &mut findings {
        finding.file = talk::place(dir, &finding.file, None);
    }
    Ok(Survey {
        root: dir.to_owned(),
        makers: draft.makers,
        settings: draft.settings.into_values().collect(),
        suggestions: draft.suggestions,
        findings,
        posts: draft.posts,
        others: draft.others,
        left_out_posts: draft.left_out_posts,
    })
}

impl Survey {
    /// The text of a configuration that lies in `dir`. Paths in it lead from there to the site.
    pub fn to_toml(&self, dir: &Path) -> String {
        file::text(self, dir)
    }

    /// What was found, where, and what was guessed, for people.
    pub fn summary(&self) -> String {
        talk::text(self)
    }

    /// What has to be replaced before the configuration is of use.
    pub fn placeholders(&self) -> impl Iterator<Item = &Setting> {
        self.settings
            .iter()
            .filter(|setting| matches!(setting.source, Source::Placeholder(_)))
    }
}
