//! Defines the settings of `config.toml` that can be detected, with their sources.
//!
//! A value is validated by the configuration's own parser. Only accepted values are written, and
//! the parser's messages say why a value is rejected.

use std::fmt;
use std::path::Path;

use crate::config::Config;
use crate::text::quote_toml_string;

/// Declares the keys with their tables and names.
macro_rules! setting_keys {
    ($($table:literal { $($variant:ident = $name:literal,)+ })+) => {
        /// Key of a detectable setting, in the order of the configuration file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum SettingKey {
            $($(#[doc = concat!("`", $name, "` in the table `", $table, "`")] $variant,)+)+
        }

        impl SettingKey {
            /// Returns the table of the setting (`""` for none) and its name there.
            pub fn table_and_name(self) -> (&'static str, &'static str) {
                match self { $($(SettingKey::$variant => ($table, $name),)+)+ }
            }
        }
    };
}

setting_keys! {
    "site" {
        Url = "url",
        FormerUrls = "former_urls",
        Title = "title",
        Description = "description",
        Language = "language",
        Languages = "languages",
        Timezone = "timezone",
        Permalinks = "permalinks",
        LanguagePermalinks = "language_permalinks",
        RemoveHtml = "remove_html",
        Copyright = "copyright",
        Twitter = "twitter",
        ThemeColor = "theme_color",
        Icon = "icon",
        SiteLogo = "logo",
    }
    "content" {
        Dir = "dir",
        Include = "include",
        Exclude = "exclude",
        Require = "require",
        Rewrites = "rewrites",
        StaticDir = "static_dir",
        ZIsLocal = "z_is_local",
        Names = "names",
        FieldLines = "field_lines",
        DirectoryCategories = "directory_categories",
        DefaultCategory = "default_category",
        Emoji = "emoji",
        ExcerptSeparator = "excerpt_separator",
        Fields = "fields",
    }
    "cards" {
        Logo = "logo",
    }
    "podcast" {
        PodcastTitle = "title",
        PodcastDescription = "description",
        PodcastAuthor = "author",
        PodcastOwnerName = "owner_name",
        PodcastImage = "image",
        PodcastCategories = "categories",
        PodcastExplicit = "explicit",
        PodcastCopyright = "copyright",
        PodcastMediaUrl = "media_url",
    }
    "feed" {
        FeedAliases = "aliases",
    }
    "" {
        Author = "authors",
    }
}

/// Value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// String. A path is relative to the site's directory.
    Text(String),
    /// List of strings.
    List(Vec<String>),
    /// Names, each with a string.
    Table(Vec<(String, String)>),
    /// Boolean.
    Flag(bool),
}

/// Source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingSource {
    /// The value is written in a file.
    WrittenIn {
        /// Path relative to the site's directory.
        file: String,
        /// Line, counted from 1; `None` if the whole file is the source.
        line: Option<usize>,
    },
    /// The generator's default; the text describes it.
    GeneratorDefault(String),
    /// The value is likely; the text gives the reason.
    Guess(String),
    /// Nothing was found, and the value must be replaced.
    Placeholder(String),
}

/// Setting with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Key of the setting.
    pub key: SettingKey,
    /// Detected value.
    pub value: SettingValue,
    /// Source of the value.
    pub source: SettingSource,
}

impl SettingSource {
    /// Creates the source for a line of a file.
    pub(crate) fn from_line(file: &str, line: usize) -> SettingSource {
        SettingSource::WrittenIn {
            file: file.to_owned(),
            line: Some(line),
        }
    }

    /// Creates the source for a whole file, or for the presence of a directory.
    pub(crate) fn from_file(file: &str) -> SettingSource {
        SettingSource::WrittenIn {
            file: file.to_owned(),
            line: None,
        }
    }

    /// Returns a rank: a more certain value replaces a less certain one.
    pub(crate) fn certainty_rank(&self) -> u8 {
        match self {
            SettingSource::WrittenIn { .. } | SettingSource::GeneratorDefault(_) => 2,
            SettingSource::Guess(_) => 1,
            SettingSource::Placeholder(_) => 0,
        }
    }
}

impl SettingKey {
    /// Returns courant's default value.
    pub(crate) fn default_value(self) -> Option<SettingValue> {
        match self {
            SettingKey::Language => Some(SettingValue::Text("en".to_owned())),
            SettingKey::Timezone => Some(SettingValue::Text("UTC".to_owned())),
            SettingKey::Permalinks => Some(SettingValue::Text("/:path/".to_owned())),
            SettingKey::Dir => Some(SettingValue::Text("content".to_owned())),
            SettingKey::Names => Some(SettingValue::Text("as-written".to_owned())),
            _ => None,
        }
    }
}

/// Writes the dotted name.
impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.table_and_name() {
            ("", name) => f.write_str(name),
            (table, name) => write!(f, "{table}.{name}"),
        }
    }
}

/// Writes the value as TOML.
impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Text(text) => f.write_str(&quote_toml_string(text)),
            SettingValue::Flag(flag) => write!(f, "{flag}"),
            SettingValue::List(items) => {
                let items: Vec<_> = items.iter().map(|item| quote_toml_string(item)).collect();
                write!(f, "[{}]", items.join(", "))
            }
            SettingValue::Table(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| {
                        format!("{} = {}", quote_toml_key(name), quote_toml_string(value))
                    })
                    .collect();
                write!(f, "{{ {} }}", fields.join(", "))
            }
        }
    }
}

impl From<&str> for SettingValue {
    fn from(text: &str) -> SettingValue {
        SettingValue::Text(text.to_owned())
    }
}

impl From<String> for SettingValue {
    fn from(text: String) -> SettingValue {
        SettingValue::Text(text)
    }
}

/// Returns the lines of a setting in its TOML table.
pub(crate) fn setting_lines(key: SettingKey, value: &SettingValue) -> String {
    let (_, name) = key.table_and_name();
    match (key, value) {
        (SettingKey::Author, SettingValue::Table(fields)) => fields
            .iter()
            .map(|(name, value)| {
                format!("{} = {}\n", quote_toml_key(name), quote_toml_string(value))
            })
            .collect(),
        _ => format!("{name} = {value}\n"),
    }
}

/// Returns the heading of a setting's TOML table.
pub(crate) fn table_heading(key: SettingKey) -> String {
    match key.table_and_name() {
        ("", name) => format!("[[{name}]]"),
        (table, _) => format!("[{table}]"),
    }
}

/// Reason why a setting is not written.
pub(crate) enum InvalidSetting {
    /// The configuration has no such key.
    UnknownKey,
    /// The configuration rejects the value.
    InvalidValue {
        /// The parser's message.
        message: String,
        /// The parser's hint.
        hint: String,
    },
}

/// Parses a minimal configuration with the setting to see if it is accepted.
pub(crate) fn validate_setting(
    key: SettingKey,
    value: &SettingValue,
) -> Result<(), InvalidSetting> {
    let basis = match key {
        SettingKey::Url => "[site]\ntitle = \"Example\"\n",
        SettingKey::Title => "[site]\nurl = \"https://example.org\"\n",
        _ => "[site]\nurl = \"https://example.org\"\ntitle = \"Example\"\n",
    };
    let table = match key.table_and_name() {
        ("site", _) => String::new(),
        _ => table_heading(key),
    };
    let text = format!("{basis}{table}\n{}", setting_lines(key, value));
    let Err(findings) = Config::parse(&text, "", Path::new("")) else {
        return Ok(());
    };
    match findings.into_iter().next() {
        Some(finding) if finding.message.starts_with("unknown key") => {
            Err(InvalidSetting::UnknownKey)
        }
        Some(finding) => Err(InvalidSetting::InvalidValue {
            message: finding.message,
            hint: finding.hint,
        }),
        None => Ok(()),
    }
}

/// Returns true if `site.permalinks` accepts the pattern.
pub(crate) fn is_valid_permalink_pattern(pattern: &str) -> bool {
    validate_setting(SettingKey::Permalinks, &pattern.into()).is_ok()
}

fn quote_toml_key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare {
        name.to_owned()
    } else {
        quote_toml_string(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was_written(text in any::<String>()) {
            let text = crate::text::strip_forbidden_chars(text);
            let toml = format!(
                "[site]\nurl = \"https://example.org\"\ntitle = \"a\"\n{}[content]\n{}",
                setting_lines(SettingKey::Copyright, &text.as_str().into()),
                setting_lines(SettingKey::Require, &SettingValue::Table(vec![(text.clone(), text.clone())])),
            );
            let config = Config::parse(&toml, "a.toml", Path::new("")).unwrap();
            prop_assert_eq!(config.site.copyright.as_deref(), Some(text.as_str()));
            prop_assert_eq!(config.content.require, vec![(text.clone(), text)]);
        }
    }

    #[test]
    fn rejected_values_have_the_message_of_the_configuration() {
        assert!(validate_setting(SettingKey::Timezone, &"Europe/Lisbon".into()).is_ok());
        let refusal = validate_setting(SettingKey::Timezone, &"Mars/Olympus".into());
        assert!(
            matches!(&refusal, Err(InvalidSetting::InvalidValue { message, .. }) if message.contains("Mars/Olympus"))
        );
        assert!(validate_setting(SettingKey::Url, &"/".into()).is_err());
        assert!(validate_setting(SettingKey::Url, &"https://harbour.example".into()).is_ok());
        assert!(validate_setting(SettingKey::Title, &"A".into()).is_ok());
        let author = SettingValue::Table(vec![
            ("name".into(), "A".into()),
            ("twitter".into(), "a".into()),
        ]);
        assert!(validate_setting(SettingKey::Author, &author).is_ok());
        assert!(!is_valid_permalink_pattern("/:nothing/"));
    }
}
