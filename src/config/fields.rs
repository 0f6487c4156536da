//! `[content.fields]`: which front matter fields mean what, where a site's are not those that courant
//! knows.

use std::collections::BTreeMap;

use super::raw::{Faults, Table};

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $key:literal,)+) => {
        /// What a field of front matter is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($(#[$doc])* $variant,)+ }

        impl Field {
            /// Every one.
            pub const ALL: &[Field] = &[$(Field::$variant,)+];

            /// Its key in `[content.fields]`.
            pub fn key(self) -> &'static str {
                match self { $(Field::$variant => $key,)+ }
            }
        }
    };
}

fields! {
    /// The title.
    Title = "title",
    /// The title for previews, where it is another.
    PreviewTitle = "preview_title",
    /// The date that the post bears.
    Date = "date",
    /// Not before this.
    PublishDate = "publish_date",
    /// The last change.
    Updated = "updated",
    /// From when on it is no longer shown.
    Expires = "expires",
    /// Who wrote it.
    Author = "author",
    /// What it is about, in a few words that a site has few of.
    Category = "category",
    /// What it is about, in words that a site has many of.
    Tags = "tags",
    /// A sentence or two.
    Description = "description",
    /// The picture that stands for it.
    Image = "image",
    /// What that picture shows.
    ImageAlt = "image_alt",
    /// The last part of its address.
    Slug = "slug",
    /// Its address.
    Permalink = "permalink",
    /// Its id in feeds.
    Id = "id",
    /// Its language.
    Language = "language",
    /// Its author's X account.
    Twitter = "twitter",
    /// The addresses it used to have.
    Aliases = "aliases",
    /// What it has in common with its translations.
    TranslationKey = "translation_key",
    /// Further fields that hide it when they are true.
    Hidden = "hidden",
}

/// The names that a configuration gives in place of the built-in ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldNames(BTreeMap<Field, Vec<String>>);

impl FieldNames {
    /// The names of a field, dotted paths among them; `None` where the built-in ones hold.
    pub fn of(&self, field: Field) -> Option<&[String]> {
        self.0.get(&field).map(Vec::as_slice)
    }
}

pub(super) fn fields(mut table: Table<'_, '_>, faults: &Faults<'_>) -> FieldNames {
    let mut names = BTreeMap::new();
    for field in Field::ALL {
        let Some(written) = table.string_or_strings(field.key()) else {
            continue;
        };
        let is_path = |name: &String| name.split('.').all(|part| !part.trim().is_empty());
        if written.value.is_empty() || !written.value.iter().all(is_path) {
            faults.at(
                &written,
                "names no field",
                format!("write `{} = \"name\"`, or `\"outer.inner\"`", field.key()),
            );
            continue;
        }
        names.insert(*field, written.value);
    }
    table.finish();
    FieldNames(names)
}
