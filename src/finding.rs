//! What is wrong with a file, where, and what to do about it.
//!
//! A bad post is a value of this type, never an error that stops the rest.

use std::fmt;

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, as the user knows it: below the content directory, or the configuration's path.
    pub file: String,
    /// The line it is about, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What of that line it is about, as it is written there; `None` is all of it.
    pub mark: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Which rule it breaks.
    pub rule: Rule,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// What to do about it, in the same style.
    pub hint: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is not published that was meant to be, or a setting is not usable.
    Error,
    /// Everything is published, not quite as it was meant.
    Warning,
    /// Everything is published as it was meant, and could do better. Only `check` speaks of it.
    Note,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The rules that findings are about. The name is part of the interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[doc = $doc])+ $variant,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)+];

            /// The name it is documented under.
            pub fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name,)+ }
            }

            /// What it is that was found, in a sentence.
            pub fn doc(self) -> &'static str {
                match self { $(Rule::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

rules! {
    /// A key of `config.toml` is unknown, missing, or holds what it cannot.
    Config = "config",
    /// A directory cannot be listed.
    UnreadableDirectory = "unreadable-directory",
    /// A file cannot be read.
    UnreadableFile = "unreadable-file",
    /// A file is larger than a post can be.
    FileTooLarge = "file-too-large",
    /// A file is not UTF-8.
    NotUtf8 = "not-utf8",
    /// The text holds characters that XML 1.0 forbids.
    ForbiddenCharacter = "forbidden-character",
    /// The front matter does not parse.
    FrontMatter = "front-matter",
    /// The front matter, expanded, is larger or deeper than its budget.
    FrontMatterBudget = "front-matter-budget",
    /// A merge stopped in the file, which holds both sides.
    MergeConflict = "merge-conflict",
    /// A file looks like a post and is none.
    NotAPost = "not-a-post",
    /// A post has no title.
    MissingTitle = "missing-title",
    /// A post has no date.
    MissingDate = "missing-date",
    /// A date cannot be read.
    UnreadableDate = "unreadable-date",
    /// A field has a value of a kind that cannot be used for it.
    FieldType = "field-type",
    /// A marker that decides whether a post is public cannot be read.
    UnreadableMarker = "unreadable-marker",
    /// A permalink is not a URL that can be used.
    UnusablePermalink = "unusable-permalink",
    /// A permalink is relative.
    RelativePermalink = "relative-permalink",
    /// A permalink lies on an origin that is not the site's.
    ForeignPermalink = "foreign-permalink",
    /// A permalink has the site's host in its path.
    RepeatedHost = "repeated-host",
    /// Two posts claim one permalink.
    DuplicatePermalink = "duplicate-permalink",
    /// Two posts claim one id.
    DuplicateId = "duplicate-id",
    /// Two posts, or a post and the site, claim one card path.
    DuplicateCard = "duplicate-card",
    /// An id is not an absolute IRI, which Atom asks for.
    RelativeId = "relative-id",
    /// The front matter and the ledger of ids give a post two ids.
    IdsDiffer = "ids-differ",
    /// The ledger of ids names a file that is not there.
    IdWithoutPost = "id-without-post",
    /// A modification date lies ahead.
    FutureUpdate = "future-update",
    /// A date lies years ahead.
    FarFutureDate = "far-future-date",
    /// A time names no zone, and the site none either.
    ZonelessDate = "zoneless-date",
    /// A `Z` behind a time may not be meant: with it, the post bears another day.
    SuspectZone = "suspect-zone",
    /// Something that looks like a marker of visibility is not where markers are read.
    StrayMarker = "stray-marker",
    /// A post has no description of its own.
    MissingDescription = "missing-description",
    /// A title is longer than previews and search results show.
    LongTitle = "long-title",
    /// A description is longer than previews show.
    LongDescription = "long-description",
    /// A field has blanks at its ends.
    TrailingBlanks = "trailing-blanks",
    /// An address is not percent-encoded the way it is compared.
    PercentEncoding = "percent-encoding",
    /// A former address of a post is the address of another.
    DuplicateAlias = "duplicate-alias",
    /// One category, tag or author is spelled in two ways.
    TwoSpellings = "two-spellings",
    /// A feed is so large that its oldest entries carry their description only.
    ShortenedFeed = "shortened-feed",
    /// A shortcode, template tag or component was left out.
    Shortcode = "shortcode",
    /// A link or picture is addressed by the place of the file, which readers do not know.
    RelativeLink = "relative-link",
    /// A picture of the body says nothing to those who cannot see it.
    MissingAlt = "missing-alt",
    /// The body cannot be sanitised in bounded time.
    BodyTooComplex = "body-too-complex",
    /// The body holds an image inlined as `data:`.
    InlineImage = "inline-image",
    /// A font file cannot be drawn with.
    UnusableFont = "unusable-font",
    /// No font has a character of a card.
    MissingGlyph = "missing-glyph",
    /// A template of cards does not parse, or cannot be read.
    CardTemplate = "card-template",
    /// The picture of a post, or the logo, is not on disk.
    MissingPicture = "missing-picture",
    /// The picture of a post, or the logo, is none that can be drawn.
    UnusablePicture = "unusable-picture",
    /// A picture is smaller than previews draw large.
    SmallPicture = "small-picture",
    /// A picture is larger than some networks take.
    LargePicture = "large-picture",
    /// A broken file is served as it last parsed.
    LastGoodKept = "last-good-kept",
    /// A file that broke carries a truthy marker, so nothing of it is served.
    BrokenAndHidden = "broken-and-hidden",
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One line without the hint, for logs: `posts/a.md:4: no title [missing-title]`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {} [{}]", self.message, self.rule)
    }
}
