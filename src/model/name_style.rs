//! Defines the styles of `content.names`, by which names become path segments.

/// `content.names`: the rule that makes path segments from file names, slugs, titles and categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameStyle {
    /// Names stay as they are; titles and categories become words joined by hyphens.
    AsWritten,
    /// Hugo.
    Hugo,
    /// Hugo with `disablePathToLower`.
    HugoCased,
    /// Hugo with `removePathAccents`.
    HugoUnaccented,
    /// Hugo with `disablePathToLower` and `removePathAccents`.
    HugoCasedUnaccented,
    /// Jekyll.
    Jekyll,
    /// Zola.
    Zola,
    /// Zola with `slugify.paths = "safe"`.
    ZolaSafe,
    /// Zola with `slugify.paths = "off"`.
    ZolaOff,
    /// Collections of Astro.
    Astro,
    /// Eleventy's filter `slugify` for titles and categories.
    Eleventy,
    /// Eleventy's former filter `slug` for titles and categories.
    EleventySlug,
    /// Hexo.
    Hexo,
    /// Hexo with `filename_case: 1`, which applies to categories.
    HexoLower,
    /// Hexo with `filename_case: 2`, which applies to categories.
    HexoUpper,
    /// Nuxt Content.
    Nuxt,
    /// The blog of Docusaurus.
    Docusaurus,
    /// The documents of Docusaurus.
    DocusaurusDocs,
    /// Pelican.
    Pelican,
    /// Pelican with `SLUGIFY_PRESERVE_CASE`.
    PelicanCased,
    /// Pelican with `SLUGIFY_USE_UNICODE`.
    PelicanUnicode,
    /// `VitePress`: as written, but the index of a directory is at the directory.
    VitePress,
}

impl NameStyle {
    /// Each style and its word in the configuration.
    pub const WORDS: [(&str, NameStyle); 22] = [
        ("as-written", NameStyle::AsWritten),
        ("hugo", NameStyle::Hugo),
        ("hugo-cased", NameStyle::HugoCased),
        ("hugo-unaccented", NameStyle::HugoUnaccented),
        ("hugo-cased-unaccented", NameStyle::HugoCasedUnaccented),
        ("jekyll", NameStyle::Jekyll),
        ("zola", NameStyle::Zola),
        ("zola-safe", NameStyle::ZolaSafe),
        ("zola-off", NameStyle::ZolaOff),
        ("astro", NameStyle::Astro),
        ("eleventy", NameStyle::Eleventy),
        ("eleventy-slug", NameStyle::EleventySlug),
        ("hexo", NameStyle::Hexo),
        ("hexo-lower", NameStyle::HexoLower),
        ("hexo-upper", NameStyle::HexoUpper),
        ("nuxt", NameStyle::Nuxt),
        ("docusaurus", NameStyle::Docusaurus),
        ("docusaurus-docs", NameStyle::DocusaurusDocs),
        ("pelican", NameStyle::Pelican),
        ("pelican-cased", NameStyle::PelicanCased),
        ("pelican-unicode", NameStyle::PelicanUnicode),
        ("vitepress", NameStyle::VitePress),
    ];

    /// Returns true for the styles of Hexo.
    pub(crate) fn is_hexo(self) -> bool {
        use NameStyle::{Hexo, HexoLower, HexoUpper};
        matches!(self, Hexo | HexoLower | HexoUpper)
    }

    /// Returns true for the styles of Hugo.
    pub(crate) fn is_hugo(self) -> bool {
        use NameStyle::{Hugo, HugoCased, HugoCasedUnaccented, HugoUnaccented};
        matches!(
            self,
            Hugo | HugoCased | HugoUnaccented | HugoCasedUnaccented
        )
    }

    /// Returns true for the styles of Pelican.
    pub(crate) fn is_pelican(self) -> bool {
        use NameStyle::{Pelican, PelicanCased, PelicanUnicode};
        matches!(self, Pelican | PelicanCased | PelicanUnicode)
    }

    /// Returns true for the styles of Zola.
    pub(crate) fn is_zola(self) -> bool {
        use NameStyle::{Zola, ZolaOff, ZolaSafe};
        matches!(self, Zola | ZolaSafe | ZolaOff)
    }
}
