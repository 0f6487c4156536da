//! A survey in the making: what the readers of each tool's files put together.
//!
//! Of two values for one setting the surer one stays, and of two as sure the first.

use std::collections::BTreeMap;

use super::LeftOutPosts;
use super::reader::{Code, Data};
use super::script::{Entry, Expression};
use super::setting::{Key, Refusal, Setting, Source, Value, judge};
use super::tree::{NoText, Tree};
use crate::content::outline::{self, Node};
use crate::finding::{Finding, Rule, Severity};
use crate::text::{one_line, x_account};

/// What of a site is known so far.
#[derive(Debug)]
pub(super) struct Draft<'t> {
    pub(super) tree: &'t Tree,
    /// The tools that were recognised, each with the file that tells it.
    pub(super) makers: Vec<(&'static str, String)>,
    pub(super) settings: BTreeMap<Key, Setting>,
    /// Lines that the file has as comments.
    pub(super) suggestions: Vec<Setting>,
    pub(super) findings: Vec<Finding>,
    /// Directories that the generator makes pages of.
    pub(super) homes: Vec<Home>,
    /// Directories that the CMS puts posts into.
    pub(super) collections: Vec<Collection>,
    /// Web addresses that the site's files name as its own.
    pub(super) addresses: Vec<(String, Source)>,
    /// The sections that the generator is told to list as posts.
    pub(super) sections_of_posts: Vec<String>,
    /// The generator, if it makes addresses of file names by more than leaving out the extension.
    pub(super) tidies_names: Option<&'static str>,
    /// How many posts there are.
    pub(super) posts: usize,
    /// How many other pages there are beside them.
    pub(super) others: usize,
    /// Those of them that have a title and a date.
    pub(super) left_out_posts: LeftOutPosts,
}

/// A directory that the generator makes pages of, and how it makes their addresses.
#[derive(Debug, Clone)]
pub(super) struct Home {
    /// Below the site's directory.
    pub(super) dir: String,
    /// Who says so.
    pub(super) source: Source,
    /// Whether its name is one that posts are kept under.
    pub(super) is_named: bool,
    /// Whether the generator makes a post of every file in it.
    pub(super) has_only_posts: bool,
    /// The pattern of the addresses, where it is not that of the path, and who says so.
    pub(super) permalinks: Option<(String, Source)>,
}

/// A directory that a CMS puts posts into.
#[derive(Debug, Clone)]
pub(super) struct Collection {
    /// Its name in the CMS.
    pub(super) name: String,
    /// Below the site's directory.
    pub(super) folder: String,
    /// Where the folder is written.
    pub(super) source: Source,
    /// Fields that every post of it has with one value.
    pub(super) fixed: Vec<FixedField>,
    /// The field that holds the date.
    pub(super) date: Option<(String, Source)>,
    /// The pattern of the addresses.
    pub(super) permalinks: Option<(String, Source)>,
}

/// A field that every post of a collection has with one value.
#[derive(Debug, Clone)]
pub(super) struct FixedField {
    pub(super) name: String,
    pub(super) value: String,
    /// Where the value is written.
    pub(super) source: Source,
    /// Whether the CMS selects the posts of the folder by it.
    pub(super) is_filter: bool,
}

impl Home {
    pub(super) fn new(dir: String, source: Source) -> Home {
        let last = dir.rsplit('/').next().unwrap_or_default();
        Home {
            is_named: is_name_for_posts(last),
            has_only_posts: false,
            dir,
            source,
            permalinks: None,
        }
    }

    /// A directory whose files are all posts by the generator's rule.
    pub(super) fn of_posts(dir: String, source: Source) -> Home {
        Home {
            has_only_posts: true,
            ..Home::new(dir, source)
        }
    }

    pub(super) fn with(self, pattern: &str, source: Source) -> Home {
        Home {
            permalinks: Some((pattern.to_owned(), source)),
            ..self
        }
    }
}

/// Whether posts are kept under a name, on most sites that use it.
pub(super) fn is_name_for_posts(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "blog",
        "blogs",
        "post",
        "posts",
        "_posts",
        "article",
        "articles",
        "news",
        "writing",
        "journal",
        "stories",
        "story",
        "entries",
        "blogposts",
    ];
    let name = name.to_lowercase();
    let letters: String = name.chars().filter(|c| *c != '-' && *c != '_').collect();
    NAMES.contains(&name.as_str()) || NAMES.contains(&letters.as_str())
}

impl<'t> Draft<'t> {
    pub(super) fn new(tree: &'t Tree) -> Draft<'t> {
        Draft {
            tree,
            makers: Vec::new(),
            settings: BTreeMap::new(),
            suggestions: Vec::new(),
            findings: Vec::new(),
            homes: Vec::new(),
            collections: Vec::new(),
            addresses: Vec::new(),
            sections_of_posts: Vec::new(),
            tidies_names: None,
            posts: 0,
            others: 0,
            left_out_posts: LeftOutPosts::default(),
        }
    }

    pub(super) fn made_by(&mut self, name: &'static str, file: &str) {
        self.makers.push((name, file.to_owned()));
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.settings.contains_key(&key)
    }

    /// Sets a key, if the value will do and nothing surer is known.
    pub(super) fn set(&mut self, key: Key, value: impl Into<Value>, source: Source) {
        let mut value = value.into();
        if let Value::Text(text) = &mut value {
            *text = match key {
                Key::Dir | Key::StaticDir | Key::Logo => std::mem::take(text),
                Key::Language => one_line(text).replace('_', "-"),
                Key::Twitter => x_account(text).unwrap_or_else(|| one_line(text)),
                _ => one_line(text),
            };
            if text.is_empty() && !matches!(key, Key::Dir | Key::StaticDir) {
                return;
            }
            if key == Key::Url && self.is_placeholder(text, &source) {
                return;
            }
        }
        let known = self.settings.get(&key);
        if known.is_some_and(|known| known.source.certainty() >= source.certainty()) {
            return;
        }
        match judge(key, &value) {
            Ok(()) => {
                self.settings.insert(key, Setting { key, value, source });
            }
            // A setting that there is not is none that anybody misses.
            Err(Refusal::Unknown) => {}
            Err(Refusal::Unusable { message, hint }) => self.warn(&source, message, hint),
        }
    }

    /// Sets a key to what was found, if anything was.
    pub(super) fn take(&mut self, key: Key, found: Option<(String, Source)>) {
        if let Some((text, source)) = found {
            self.set(key, text, source);
        }
    }

    /// Sets a key to what a script has under the first of some names that says it.
    pub(super) fn take_code<'e>(
        &mut self,
        key: Key,
        code: &Code,
        entries: impl IntoIterator<Item = Option<&'e Entry>>,
    ) {
        let mut computed = None;
        for entry in entries.into_iter().flatten() {
            match code.resolve(entry) {
                (Expression::Text(text), source) => return self.set(key, text, source),
                (Expression::Otherwise(text), Source::Read { file, line }) => {
                    let line = line.unwrap_or_default();
                    let why = format!("{file}, line {line}, where the environment may say another");
                    return self.set(key, text, Source::Guess(why));
                }
                (
                    Expression::Computed(written)
                    | Expression::Reference(written)
                    | Expression::Template(written),
                    source,
                ) => {
                    computed.get_or_insert((written, source));
                }
                _ => {}
            }
        }
        if let Some((written, source)) = computed {
            self.warn(
                &source,
                format!("`{key}` is computed, and could not be read: `{written}`"),
                format!("see that `{key}` is right in the file that was written"),
            );
        }
    }

    /// Takes what the page at the top of the content says of the site.
    pub(super) fn home_page(&mut self, file: &str) {
        let text = self.tree.beginning(file).unwrap_or_default();
        if let Some(front) = outline::front_matter(&text) {
            for (key, name) in [(Key::Title, "title"), (Key::Description, "description")] {
                self.take(key, front.get(name).and_then(|node| found(file, node)));
            }
        }
    }

    /// Notes what is wrong with a file of the site's.
    pub(super) fn warn(
        &mut self,
        source: &Source,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let (file, line) = match source {
            Source::Read { file, line } => (file.clone(), *line),
            Source::Rule(_) | Source::Guess(_) | Source::Placeholder(_) => return,
        };
        self.findings.push(Finding {
            file,
            line,
            mark: None,
            severity: Severity::Warning,
            rule: Rule::Config,
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// The text of a file; `None` where there is none, with a finding where there should be.
    pub(super) fn text(&mut self, file: &str) -> Option<String> {
        match self.tree.text(file) {
            Ok(text) => Some(text),
            Err(NoText::Missing) => None,
            Err(NoText::Unusable { reason, line }) => {
                let source = Source::Read {
                    file: file.to_owned(),
                    line,
                };
                self.warn(
                    &source,
                    format!("cannot be read: {}", one_line(&reason)),
                    "what it says of the site is left out; mend it and run `courant init` again",
                );
                None
            }
        }
    }

    /// A data file, parsed; `None`, with a finding, where it cannot be.
    pub(super) fn data(&mut self, file: &str) -> Option<Data> {
        let text = self.text(file)?;
        match Data::read(file, &text) {
            Ok(data) => Some(data),
            Err(fault) => {
                self.warn(
                    &Source::line(file, fault.line),
                    format!("the file {}", fault.message),
                    "what it says of the site is left out; mend it and run `courant init` again",
                );
                None
            }
        }
    }

    /// A script.
    pub(super) fn code(&mut self, file: &str) -> Option<Code> {
        let text = self.text(file)?;
        Some(Code::read(file, &text))
    }

    /// An address that stands in a configuration until somebody writes the site's own.
    fn is_placeholder(&mut self, url: &str, source: &Source) -> bool {
        let host = url.split("://").nth(1).unwrap_or(url);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let host = host.trim_start_matches("www.").to_lowercase();
        const HOSTS: [&str; 9] = [
            "example.com",
            "example.org",
            "example.net",
            "localhost",
            "127.0.0.1",
            "0.0.0.0",
            "yourdomain.com",
            "yoursite.com",
            "your-site.com",
        ];
        let is = HOSTS.contains(&host.as_str());
        if is {
            self.warn(
                source,
                format!("`{}` is not the address of a site", one_line(url)),
                "write the site's own address there, and as `site.url`",
            );
        }
        is
    }
}

/// A node's text, and where it stands.
pub(super) fn found(file: &str, node: &Node) -> Option<(String, Source)> {
    Some((node.text()?.to_owned(), Source::line(file, node.line)))
}
