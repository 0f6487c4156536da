//! What was found out of a site into settings of `config.toml`, each with where it came from.
//!
//! Whether a value will do is asked of the configuration itself: what it would not read is not
//! written, and its own words say why.

use std::fmt;
use std::path::Path;

use crate::config::Config;
use crate::text::toml_string;

/// A setting that a site can tell, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `site.url`
    Url,
    /// `site.former_urls`
    FormerUrls,
    /// `site.title`
    Title,
    /// `site.description`
    Description,
    /// `site.language`
    Language,
    /// `site.languages`
    Languages,
    /// `site.timezone`
    Timezone,
    /// `site.permalinks`
    Permalinks,
    /// `site.copyright`
    Copyright,
    /// `site.twitter`
    Twitter,
    /// `site.theme_color`
    ThemeColor,
    /// `content.dir`
    Dir,
    /// `content.include`
    Include,
    /// `content.exclude`
    Exclude,
    /// `content.require`
    Require,
    /// `content.static_dir`
    StaticDir,
    /// `content.z_is_local`
    ZIsLocal,
    /// `content.fields`
    Fields,
    /// `cards.logo`
    Logo,
    /// `[[authors]]`
    Author,
}

/// What a setting is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string. That of a path is relative to the site's directory.
    Text(String),
    /// A list of strings.
    List(Vec<String>),
    /// Names with a string each.
    Table(Vec<(String, String)>),
    /// Yes or no.
    Flag(bool),
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is written in a file.
    Read {
        /// The file, below the site's directory.
        file: String,
        /// The line, counted from 1, where the value is all of a line's.
        line: Option<usize>,
    },
    /// It is how the generator works, which is said here in a few words.
    Rule(String),
    /// It is likely, for the reason that is said here.
    Guess(String),
    /// It stands in for what was not found.
    Placeholder(String),
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Which.
    pub key: Key,
    /// To what.
    pub value: Value,
    /// Whence.
    pub source: Source,
}

impl Source {
    /// A line of a file.
    pub(super) fn line(file: &str, line: usize) -> Source {
        Source::Read {
            file: file.to_owned(),
            line: Some(line),
        }
    }

    /// A file, or a directory, by its being there.
    pub(super) fn file(file: &str) -> Source {
        Source::Read {
            file: file.to_owned(),
            line: None,
        }
    }

    /// How sure the value is; more replaces less.
    pub(super) fn certainty(&self) -> u8 {
        match self {
            Source::Read { .. } | Source::Rule(_) => 2,
            Source::Guess(_) => 1,
            Source::Placeholder(_) => 0,
        }
    }
}

impl Key {
    /// The table that holds it, and its name there.
    pub fn place(self) -> (&'static str, &'static str) {
        match self {
            Key::Url => ("site", "url"),
            Key::FormerUrls => ("site", "former_urls"),
            Key::Title => ("site", "title"),
            Key::Description => ("site", "description"),
            Key::Language => ("site", "language"),
            Key::Languages => ("site", "languages"),
            Key::Timezone => ("site", "timezone"),
            Key::Permalinks => ("site", "permalinks"),
            Key::Copyright => ("site", "copyright"),
            Key::Twitter => ("site", "twitter"),
            Key::ThemeColor => ("site", "theme_color"),
            Key::Dir => ("content", "dir"),
            Key::Include => ("content", "include"),
            Key::Exclude => ("content", "exclude"),
            Key::Require => ("content", "require"),
            Key::StaticDir => ("content", "static_dir"),
            Key::ZIsLocal => ("content", "z_is_local"),
            Key::Fields => ("content", "fields"),
            Key::Logo => ("cards", "logo"),
            Key::Author => ("", "authors"),
        }
    }

    /// The value that it has when it is not written.
    pub(super) fn default(self) -> Option<Value> {
        match self {
            Key::Language => Some(Value::Text("en".to_owned())),
            Key::Timezone => Some(Value::Text("UTC".to_owned())),
            Key::Permalinks => Some(Value::Text("/:path/".to_owned())),
            Key::Dir => Some(Value::Text("content".to_owned())),
            _ => None,
        }
    }
}

/// The dotted name.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            ("", name) => f.write_str(name),
            (table, name) => write!(f, "{table}.{name}"),
        }
    }
}

/// As TOML writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(&toml_string(text)),
            Value::Flag(is) => write!(f, "{is}"),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|item| toml_string(item)).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Value::Table(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| {
                        format!("{} = {}", bare_or_quoted(name), toml_string(value))
                    })
                    .collect();
                write!(f, "{{ {} }}", fields.join(", "))
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

/// The lines of a setting, as they stand in the table it belongs to.
pub(super) fn lines(key: Key, value: &Value) -> String {
    let (_, name) = key.place();
    match (key, value) {
        (Key::Author, Value::Table(fields)) => fields
            .iter()
            .map(|(name, value)| format!("{} = {}\n", bare_or_quoted(name), toml_string(value)))
            .collect(),
        _ => format!("{name} = {value}\n"),
    }
}

/// The heading that a table has.
pub(super) fn heading(key: Key) -> String {
    match key.place() {
        ("", name) => format!("[[{name}]]"),
        (table, _) => format!("[{table}]"),
    }
}

/// Why a setting is not to be written.
pub(super) enum Refusal {
    /// There is no such key.
    Unknown,
    /// The value will not do: what is wrong with it, and what to do.
    Unusable {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
}

/// Asks the configuration whether it would read a setting.
pub(super) fn judge(key: Key, value: &Value) -> Result<(), Refusal> {
    let basis = match key {
        Key::Url => "[site]\ntitle = \"Example\"\n",
        Key::Title => "[site]\nurl = \"https://example.org\"\n",
        _ => "[site]\nurl = \"https://example.org\"\ntitle = \"Example\"\n",
    };
    let table = match key.place() {
        ("site", _) => String::new(),
        _ => heading(key),
    };
    let text = format!("{basis}{table}\n{}", lines(key, value));
    let Err(findings) = Config::parse(&text, "", Path::new("")) else {
        return Ok(());
    };
    match findings.into_iter().next() {
        Some(finding) if finding.message.starts_with("unknown key") => Err(Refusal::Unknown),
        Some(finding) => Err(Refusal::Unusable {
            message: finding.message,
            hint: finding.hint,
        }),
        None => Ok(()),
    }
}

/// Whether permalinks can be made of a pattern.
pub(super) fn is_pattern(pattern: &str) -> bool {
    judge(Key::Permalinks, &pattern.into()).is_ok()
}

fn bare_or_quoted(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare {
        name.to_owned()
    } else {
        toml_string(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was_written(text in any::<String>()) {
            let text = crate::text::clean(text);
            let toml = format!(
                "[site]\nurl = \"https://example.org\"\ntitle = \"a\"\n{}[content]\n{}",
                lines(Key::Copyright, &text.as_str().into()),
                lines(Key::Require, &Value::Table(vec![(text.clone(), text.clone())])),
            );
            let config = Config::parse(&toml, "a.toml", Path::new("")).unwrap();
            prop_assert_eq!(config.site.copyright.as_deref(), Some(text.as_str()));
            prop_assert_eq!(config.content.require, vec![(text.clone(), text)]);
        }
    }

    #[test]
    fn the_configuration_says_what_it_would_not_read() {
        assert!(judge(Key::Timezone, &"Europe/Lisbon".into()).is_ok());
        let refusal = judge(Key::Timezone, &"Mars/Olympus".into());
        assert!(
            matches!(&refusal, Err(Refusal::Unusable { message, .. }) if message.contains("Mars/Olympus"))
        );
        assert!(judge(Key::Url, &"/".into()).is_err());
        assert!(judge(Key::Url, &"https://harbour.example".into()).is_ok());
        assert!(judge(Key::Title, &"A".into()).is_ok());
        let author = Value::Table(vec![
            ("name".into(), "A".into()),
            ("twitter".into(), "a".into()),
        ]);
        assert!(judge(Key::Author, &author).is_ok());
        assert!(!is_pattern("/:nothing/"));
    }
}
