//! Reads `[content.fields]` of `config.toml`: names of front matter fields that replace the built-in
//! ones.

use std::collections::BTreeMap;

use crate::config_table::{ConfigErrors, ConfigTable};

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $key:literal,)+) => {
        /// Meaning of a front matter field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($(#[$doc])* $variant,)+ }

        impl Field {
            /// All fields.
            pub const ALL: &[Field] = &[$(Field::$variant,)+];

            /// Returns the key in `[content.fields]`.
            pub fn key(self) -> &'static str {
                match self { $(Field::$variant => $key,)+ }
            }
        }
    };
}

fields! {
    /// Title.
    Title = "title",
    /// Title for previews, if it is different.
    PreviewTitle = "preview_title",
    /// Date of the post.
    Date = "date",
    /// Time before which the post is not published.
    PublishDate = "publish_date",
    /// Time of the last change.
    Updated = "updated",
    /// Time after which the post is no longer published.
    Expires = "expires",
    /// Author.
    Author = "author",
    /// Category: a site has few of them.
    Category = "category",
    /// Tags: a site has many of them.
    Tags = "tags",
    /// Description of one or two sentences.
    Description = "description",
    /// Preview image.
    Image = "image",
    /// Alternative text of the preview image.
    ImageAlt = "image_alt",
    /// Audio, video or another file that comes with the post.
    Enclosure = "enclosure",
    /// Last segment of the permalink.
    Slug = "slug",
    /// Permalink.
    Permalink = "permalink",
    /// URL of the original, if the post is a copy.
    Canonical = "canonical",
    /// URL of the page elsewhere that the post is about.
    ExternalUrl = "external_url",
    /// Id in feeds.
    Id = "id",
    /// Language.
    Language = "language",
    /// X account of the author.
    Twitter = "twitter",
    /// Former addresses.
    Aliases = "aliases",
    /// Key that translations of a post share.
    TranslationKey = "translation_key",
    /// Additional fields that hide the post when they are true.
    Hidden = "hidden",
}

/// Configured field names that replace the built-in ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldNames(BTreeMap<Field, Vec<String>>);

impl FieldNames {
    /// Returns the names of a field, which may be dotted paths. `None` means the built-in names.
    pub fn names_for(&self, field: Field) -> Option<&[String]> {
        self.0.get(&field).map(Vec::as_slice)
    }
}

pub(super) fn read_field_names(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
) -> FieldNames {
    let mut names = BTreeMap::new();
    for field in Field::ALL {
        let Some(written) = table.take_string_or_list(field.key()) else {
            continue;
        };
        if written.value.is_empty() || !written.value.iter().all(|name| is_dotted_path(name)) {
            faults.report_at(
                &written,
                "is not a field name",
                format!("write `{} = \"name\"`, or `\"outer.inner\"`", field.key()),
            );
            continue;
        }
        names.insert(*field, written.value);
    }
    table.reject_unknown();
    FieldNames(names)
}

fn is_dotted_path(name: &str) -> bool {
    name.split('.').all(|part| !part.trim().is_empty())
}
