//! Describes a problem in a file: its location, its rule, and how to fix it.
//!
//! A faulty post yields a finding, never an error that stops the processing of other posts.

use std::fmt;

/// Problem in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path as the user knows it: below the content directory, or that of the configuration.
    pub file: String,
    /// Line number, counted from 1; `None` if the finding is about the whole file.
    pub line: Option<usize>,
    /// Text within the line to point at, as written there; `None` points at the whole line.
    pub highlight: Option<String>,
    /// Severity of the problem.
    pub severity: Severity,
    /// Rule that is broken.
    pub rule: Rule,
    /// Description of the problem: lower case, no full stop, names in backticks.
    pub message: String,
    /// Remedy, in the same style.
    pub hint: String,
}

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is not published although it was meant to be, or a setting is unusable.
    Error,
    /// Everything is published, but not quite as intended.
    Warning,
    /// Everything is published as intended, but could be improved. Only `check` reports it.
    Note,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Rules that findings refer to. Their names are part of the interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[doc = $doc])+ $variant,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)+];

            /// Returns the name under which the rule is documented.
            pub fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name,)+ }
            }

            /// Returns the description of the rule, one sentence.
            pub fn doc(self) -> &'static str {
                match self { $(Rule::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

rules! {
    /// A key of `config.toml` is unknown, missing, or has an invalid value.
    Config = "config",
    /// A directory cannot be listed.
    UnreadableDirectory = "unreadable-directory",
    /// A file cannot be read.
    UnreadableFile = "unreadable-file",
    /// A file is larger than the limit for posts.
    FileTooLarge = "file-too-large",
    /// A file is not UTF-8.
    NotUtf8 = "not-utf8",
    /// The text contains characters that XML 1.0 forbids.
    ForbiddenCharacter = "forbidden-character",
    /// The front matter cannot be parsed.
    FrontMatter = "front-matter",
    /// The front matter, expanded, is larger or deeper than its budget.
    FrontMatterBudget = "front-matter-budget",
    /// The file contains an unresolved merge conflict.
    MergeConflict = "merge-conflict",
    /// A file looks like a post but is not one.
    NotAPost = "not-a-post",
    /// A post has no title.
    MissingTitle = "missing-title",
    /// A post has no date.
    MissingDate = "missing-date",
    /// A date cannot be parsed.
    UnreadableDate = "unreadable-date",
    /// A field has a value of the wrong type.
    FieldType = "field-type",
    /// A marker that decides whether a post is public has an unreadable value.
    UnreadableMarker = "unreadable-marker",
    /// A permalink is not a usable URL.
    UnusablePermalink = "unusable-permalink",
    /// A permalink is relative.
    RelativePermalink = "relative-permalink",
    /// A permalink is not on the site's origin.
    ForeignPermalink = "foreign-permalink",
    /// A permalink contains the site's host in its path.
    RepeatedHost = "repeated-host",
    /// Two posts have the same permalink.
    DuplicatePermalink = "duplicate-permalink",
    /// Two posts have the same id.
    DuplicateId = "duplicate-id",
    /// Two posts, or a post and the site, have the same card path.
    DuplicateCard = "duplicate-card",
    /// An id is not an absolute IRI, which Atom requires.
    RelativeId = "relative-id",
    /// The front matter and the id file give a post different ids.
    IdsDiffer = "ids-differ",
    /// The id file names a file that does not exist.
    IdWithoutPost = "id-without-post",
    /// A modification date is in the future.
    FutureUpdate = "future-update",
    /// A post is scheduled for more than a year ahead.
    FarFutureDate = "far-future-date",
    /// A time has no time zone, and the site configures none.
    ZonelessDate = "zoneless-date",
    /// A `Z` after a time may be unintended, because it moves the post to a different day.
    SuspectZone = "suspect-zone",
    /// Something that looks like a visibility marker has no effect where it is written.
    StrayMarker = "stray-marker",
    /// A post has no description of its own.
    MissingDescription = "missing-description",
    /// A title is longer than previews and search results show.
    LongTitle = "long-title",
    /// A description is longer than previews show.
    LongDescription = "long-description",
    /// A field has leading or trailing whitespace.
    TrailingBlanks = "trailing-blanks",
    /// An address is not percent-encoded in its canonical form.
    PercentEncoding = "percent-encoding",
    /// An alias of a post is an address or alias of another post.
    DuplicateAlias = "duplicate-alias",
    /// One category, tag or author is spelled in two ways.
    TwoSpellings = "two-spellings",
    /// The length or the type of an enclosure is unknown.
    EnclosureLength = "enclosure-length",
    /// Two posts have the same enclosure.
    DuplicateEnclosure = "duplicate-enclosure",
    /// A podcast lacks what directories require.
    PodcastChannel = "podcast-channel",
    /// The artwork of a podcast is not what directories accept.
    PodcastArtwork = "podcast-artwork",
    /// A feed is so large that its oldest entries contain only their description.
    ShortenedFeed = "shortened-feed",
    /// A shortcode, template tag or component was left out.
    Shortcode = "shortcode",
    /// A link or image is relative to the file's path, which feed readers do not know.
    RelativeLink = "relative-link",
    /// An image in the body has no text alternative.
    MissingAlt = "missing-alt",
    /// The body cannot be sanitised in bounded time.
    BodyTooComplex = "body-too-complex",
    /// The body contains an image that is inlined as `data:`.
    InlineImage = "inline-image",
    /// A font file cannot be used for drawing.
    UnusableFont = "unusable-font",
    /// No font contains a character of a card.
    MissingGlyph = "missing-glyph",
    /// A card template cannot be read or parsed.
    CardTemplate = "card-template",
    /// The image of a post, or the logo, is not on disk.
    MissingPicture = "missing-picture",
    /// The image of a post, or the logo, cannot be drawn.
    UnusablePicture = "unusable-picture",
    /// An image is smaller than large previews need.
    SmallPicture = "small-picture",
    /// An image is larger than some networks accept.
    LargePicture = "large-picture",
    /// A broken file is served in its last valid version.
    LastGoodKept = "last-good-kept",
    /// A broken file contains a marker that hides it, so nothing of it is served.
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

/// Formats one line without the hint, for logs: `posts/a.md:4: no title [missing-title]`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place(), self.message, self.rule)
    }
}

impl Finding {
    /// Returns the file and, if known, the line: `posts/a.md:4`.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}
