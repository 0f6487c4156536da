//! Lists the fields that limit the visibility of a post: one table for text that parses and for broken text.
//!
//! A marker known to only one of the two readers would leak, so both must use the same names.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::field_names::default_names;
use crate::config::{Config, Field};
use crate::model::post::VisibilityEffect;

/// Effect of a field on the visibility of the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldLimit {
    /// The value is a marker.
    Marker(VisibilityEffect),
    /// The value is a marker only if it clearly hides. The field may also hold URLs and other words.
    SharedMarker(VisibilityEffect),
    /// The value is a marker within Hugo's `build`.
    BuildMarker(VisibilityEffect),
    /// The value is a list of words or a map for search engines, of which some forbid indexing.
    Robots,
    /// The value is a word for the state of the post.
    State,
    /// The value is a state only if it is a word that hides. The field may also hold words about the workflow.
    SharedState,
    /// The value is a date before or after which the post is not shown.
    Date(Field),
}

/// Fields that limit visibility, except dates, which have their default names elsewhere.
const LIMITING_FIELDS: [(&str, FieldLimit); 74] = [
    ("hidePost", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("hidden", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("draft", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("private", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("unpublished", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("isDraft", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("isHidden", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("headless", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("hide", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("wip", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("noPublish", FieldLimit::Marker(VisibilityEffect::Hides)),
    ("published", FieldLimit::Marker(VisibilityEffect::Shows)),
    ("visible", FieldLimit::Marker(VisibilityEffect::Shows)),
    ("publish", FieldLimit::Marker(VisibilityEffect::Shows)),
    ("isPublished", FieldLimit::Marker(VisibilityEffect::Shows)),
    ("isPublic", FieldLimit::Marker(VisibilityEffect::Shows)),
    ("public", FieldLimit::Marker(VisibilityEffect::Shows)),
    ("unlisted", FieldLimit::Marker(VisibilityEffect::Unlists)),
    (
        "eleventyExcludeFromCollections",
        FieldLimit::Marker(VisibilityEffect::Unlists),
    ),
    ("noindex", FieldLimit::Marker(VisibilityEffect::NoIndex)),
    (
        "robotsNoIndex",
        FieldLimit::Marker(VisibilityEffect::NoIndex),
    ),
    (
        "sitemapExclude",
        FieldLimit::Marker(VisibilityEffect::NoIndex),
    ),
    (
        "excludeFromSitemap",
        FieldLimit::Marker(VisibilityEffect::NoIndex),
    ),
    ("robots", FieldLimit::Robots),
    ("metaRobots", FieldLimit::Robots),
    ("googlebot", FieldLimit::Robots),
    ("sitemap", FieldLimit::Marker(VisibilityEffect::InSitemap)),
    ("password", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("passwd", FieldLimit::Marker(VisibilityEffect::Restricts)),
    (
        "passphrase",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    ("passcode", FieldLimit::Marker(VisibilityEffect::Restricts)),
    (
        "passwordProtected",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    ("encrypt", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("encrypted", FieldLimit::Marker(VisibilityEffect::Restricts)),
    (
        "isEncrypted",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    ("protect", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("protected", FieldLimit::Marker(VisibilityEffect::Restricts)),
    (
        "isProtected",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    ("lock", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("locked", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("isLocked", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("secret", FieldLimit::Marker(VisibilityEffect::Restricts)),
    (
        "membersOnly",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "memberOnly",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "subscribersOnly",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "subscriberOnly",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    ("paywall", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("premium", FieldLimit::Marker(VisibilityEffect::Restricts)),
    ("internal", FieldLimit::Marker(VisibilityEffect::Restricts)),
    (
        "restricted",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "confidential",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "requireLogin",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "requiresLogin",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "requireAuth",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "requiresAuth",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "authRequired",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    (
        "loginRequired",
        FieldLimit::Marker(VisibilityEffect::Restricts),
    ),
    ("status", FieldLimit::State),
    ("visibility", FieldLimit::State),
    ("state", FieldLimit::State),
    ("access", FieldLimit::State),
    ("publishStatus", FieldLimit::State),
    ("publicationStatus", FieldLimit::State),
    ("postStatus", FieldLimit::State),
    ("workflow", FieldLimit::SharedState),
    ("workflowState", FieldLimit::SharedState),
    ("stage", FieldLimit::SharedState),
    ("review", FieldLimit::SharedState),
    ("reviewStatus", FieldLimit::SharedState),
    ("contentStatus", FieldLimit::SharedState),
    // In Zola and Eleventy these can say that no page is written.
    ("render", FieldLimit::SharedMarker(VisibilityEffect::Shows)),
    (
        "permalink",
        FieldLimit::SharedMarker(VisibilityEffect::Shows),
    ),
    ("render", FieldLimit::BuildMarker(VisibilityEffect::Shows)),
    ("list", FieldLimit::BuildMarker(VisibilityEffect::Lists)),
];

/// Nouns in names of fields that keep a post out of the feeds.
const FEED_NOUNS: [&str; 5] = ["feed", "feeds", "rss", "rssFeed", "rssFeeds"];
/// Words before such a noun, as in `excludeFromFeed`.
const WORDS_BEFORE_FEED: [&str; 16] = [
    "excludeFrom",
    "excludedFrom",
    "hideFrom",
    "hideIn",
    "hiddenFrom",
    "hiddenIn",
    "omitFrom",
    "removeFrom",
    "skipIn",
    "ignoreIn",
    "notIn",
    "exclude",
    "hide",
    "disable",
    "skip",
    "no",
];
/// Words after such a noun, as in `rss_ignore`.
const WORDS_AFTER_FEED: [&str; 8] = [
    "exclude", "excluded", "hide", "hidden", "ignore", "skip", "disable", "disabled",
];
/// Words before such a noun in names of fields that are false if the post is in no feed, as in `includeInFeeds`.
const WORDS_BEFORE_IN_FEED: [&str; 6] =
    ["includeIn", "includedIn", "showIn", "listIn", "addTo", "in"];

/// Lists the fields that decide whether the post is in feeds. `feed` may also hold an address or a map.
fn feed_fields() -> impl Iterator<Item = (String, FieldLimit)> {
    let out = FieldLimit::Marker(VisibilityEffect::OutOfFeeds);
    let included = FieldLimit::Marker(VisibilityEffect::InFeeds);
    FEED_NOUNS.into_iter().flat_map(move |noun| {
        let before = WORDS_BEFORE_FEED.map(|word| (format!("{word}{noun}"), out));
        let after = WORDS_AFTER_FEED.map(|word| (format!("{noun}{word}"), out));
        let within = WORDS_BEFORE_IN_FEED.map(|word| (format!("{word}{noun}"), included));
        let shared = FieldLimit::SharedMarker(VisibilityEffect::InFeeds);
        let names = before.into_iter().chain(after).chain(within);
        names.chain([(noun.to_owned(), shared)])
    })
}

/// Returns the effect of a field within the map of a feed field: `rss: {exclude: true}`.
pub(crate) fn effect_in_feed_map(name: &str) -> Option<VisibilityEffect> {
    let is = |words: &[&str]| words.iter().any(|word| is_same_spelling(name, word));
    if is(&WORDS_AFTER_FEED) {
        return Some(VisibilityEffect::OutOfFeeds);
    }
    is(&["include", "included", "enable", "enabled", "show"]).then_some(VisibilityEffect::InFeeds)
}

/// Returns true if a field of this name may hold a map that keeps the post out of the feeds.
pub(crate) fn is_feed_map(name: &str) -> bool {
    FEED_NOUNS.iter().any(|noun| is_same_spelling(name, noun))
}

/// Date fields that limit visibility. The first one found is the date of the post.
pub(super) const LIMITING_DATE_FIELDS: [Field; 3] =
    [Field::Date, Field::PublishDate, Field::Expires];

/// Limits by the spelling of each built-in name.
static LIMITS_BY_SPELLING: LazyLock<HashMap<String, Vec<FieldLimit>>> = LazyLock::new(|| {
    let mut limits: HashMap<String, Vec<FieldLimit>> = HashMap::new();
    let dates = LIMITING_DATE_FIELDS.iter().flat_map(|field| {
        let names = default_names(*field)
            .iter()
            .filter(|name| !name.contains('.'));
        names.map(|name| (*name, FieldLimit::Date(*field)))
    });
    let fixed = LIMITING_FIELDS.into_iter().chain(dates);
    let fixed = fixed.map(|(name, limit)| (name.to_owned(), limit));
    for (name, limit) in fixed.chain(feed_fields()) {
        let name = normalize_spelling(&name);
        limits.entry(name).or_default().push(limit);
    }
    limits
});

/// Returns the limits that a field of this name sets; none for most names.
///
/// Only letters and digits count, in any case: `hide_post` and `Hide-Post` match `hidePost`. So does a name with an
/// invisible character in it, or with letters of other scripts that look the same.
pub(crate) fn limits_for_name(name: &str, config: &Config) -> Vec<FieldLimit> {
    let mut limits = default_limits(name);
    limits.retain(|limit| match limit {
        FieldLimit::Date(field) => config.content.fields.names_for(*field).is_none(),
        _ => true,
    });
    limits.extend(configured_limits(config).filter_map(|(known, limit)| {
        let is_same = !known.contains('.') && is_same_spelling(name, known);
        is_same.then_some(limit)
    }));
    limits
}

/// Returns the limits that a field of this name sets without a configuration.
pub(crate) fn default_limits(name: &str) -> Vec<FieldLimit> {
    let known = if name.is_ascii() {
        LIMITS_BY_SPELLING.get(&normalize_spelling(name))
    } else {
        let mut names = LIMITS_BY_SPELLING.iter();
        names.find_map(|(known, limits)| is_same_spelling(name, known).then_some(limits))
    };
    known.cloned().unwrap_or_default()
}

/// Returns the limits of configured dotted names that end in `last`, for text in which the enclosing map is unknown.
pub(crate) fn limits_for_last_name_part(
    last: &str,
    config: &Config,
) -> impl Iterator<Item = FieldLimit> {
    configured_limits(config).filter_map(move |(known, limit)| {
        let (_, known) = known.rsplit_once('.')?;
        is_same_spelling(last, known).then_some(limit)
    })
}

/// Lists the configured names of fields that limit visibility.
fn configured_limits(config: &Config) -> impl Iterator<Item = (&str, FieldLimit)> {
    let dates = LIMITING_DATE_FIELDS.map(|field| (field, FieldLimit::Date(field)));
    let hidden = (Field::Hidden, FieldLimit::Marker(VisibilityEffect::Hides));
    dates
        .into_iter()
        .chain([hidden])
        .flat_map(|(field, limit)| {
            let names = config.content.fields.names_for(field).unwrap_or_default();
            names.iter().map(move |name| (name.as_str(), limit))
        })
}

/// Finds a hiding field whose name differs from this one by one letter.
pub(crate) fn find_similar_hiding_name(name: &str) -> Option<&'static str> {
    let written = normalize_spelling(name);
    let hides = |limit: FieldLimit| limit == FieldLimit::Marker(VisibilityEffect::Hides);
    let names = LIMITING_FIELDS.iter().filter(|(_, limit)| hides(*limit));
    names
        .map(|(known, _)| *known)
        .filter(|known| known.len().abs_diff(written.chars().count()) <= 1)
        .find(|known| strsim::osa_distance(&known.to_ascii_lowercase(), &written) == 1)
}

/// Parts of names that suggest a date before which something is not shown.
const START_WORDS: [&str; 8] = [
    "publi", "releas", "embargo", "schedul", "live", "avail", "start", "visible",
];
/// Parts of names that suggest a date after which something is not shown.
const END_WORDS: [&str; 12] = [
    "expir", "unpubl", "archiv", "valid", "until", "end", "sunset", "retire", "remove", "takedown",
    "withdraw", "delete",
];

/// Guesses from a name whether its date is a start or an end; `None` if the name suggests neither.
pub(crate) fn guess_date_side(name: &str) -> Option<DateSide> {
    let written = normalize_spelling(name);
    let has_any = |words: &[&str]| words.iter().any(|word| written.contains(word));
    if has_any(&END_WORDS) {
        return Some(DateSide::End);
    }
    has_any(&START_WORDS).then_some(DateSide::Start)
}

/// Side of the visible period that a date limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateSide {
    /// The post would not be shown before it.
    Start,
    /// The post would not be shown after it.
    End,
}

/// Set of the first letters of names. A post is searched for hundreds of names, most of which begin with other letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Initials(u32);

impl Initials {
    /// Collects the first letters of names.
    pub(crate) fn of_names<'n>(names: impl Iterator<Item = &'n str>) -> Initials {
        Initials(names.fold(0, |bits, name| bits | Initials::of_name(name).0))
    }

    /// Returns all letters for a name that does not begin with an ASCII letter, as only its second character may count.
    fn of_name(name: &str) -> Initials {
        match name.bytes().next() {
            Some(letter) if letter.is_ascii_alphabetic() => Initials(1 << (letter & 0x1f)),
            _ => Initials(u32::MAX),
        }
    }

    /// Returns false if no name of the set is spelled like this one.
    pub(crate) fn may_include(self, name: &str) -> bool {
        self.0 & Initials::of_name(name).0 != 0
    }
}

/// Returns true if two names are equal apart from case and characters other than letters and digits.
pub(crate) fn is_same_spelling(written: &str, known: &str) -> bool {
    if !Initials::of_name(written).may_include(known) {
        return false;
    }
    if written.is_ascii() && known.is_ascii() {
        return lowercase_ascii_letters(written).eq(lowercase_ascii_letters(known));
    }
    if written.is_ascii() || !known.is_ascii() {
        return lowercase_letters(written).eq(lowercase_letters(known));
    }
    // Up to half of the letters may be of other scripts; they count as look-alikes.
    let pairs = lowercase_letters(written).zip(lowercase_letters(known));
    let is_same = |(a, b): (char, char)| a == b || !a.is_ascii();
    let foreign = lowercase_letters(written).filter(|c| !c.is_ascii()).count();
    let length = lowercase_letters(known).count();
    lowercase_letters(written).count() == length
        && foreign * 2 <= length
        && pairs.into_iter().all(is_same)
}

fn normalize_spelling(name: &str) -> String {
    if name.is_ascii() {
        return lowercase_ascii_letters(name).map(char::from).collect();
    }
    lowercase_letters(name).collect()
}

fn lowercase_ascii_letters(name: &str) -> impl Iterator<Item = u8> {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|byte| byte.to_ascii_lowercase())
}

fn lowercase_letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(fields: &str) -> Config {
        let toml =
            format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content.fields]\n{fields}\n");
        Config::parse(&toml, "config.toml", std::path::Path::new("/")).unwrap()
    }

    fn hides(name: &str) -> bool {
        limits_for_name(name, &config("")).contains(&FieldLimit::Marker(VisibilityEffect::Hides))
    }

    #[test]
    fn markers_match_in_any_spelling() {
        for name in [
            "hidePost",
            "HIDEPOST",
            "hide_post",
            "hide-post",
            "hide post",
            "hidePost\u{a0}",
            "\u{feff}hidePost\u{200b}",
        ] {
            assert!(hides(name), "{name}");
        }
        for name in ["hidePosts", "", "_", "title", "hidePostUntil"] {
            assert!(!hides(name), "{name}");
        }
    }

    #[test]
    fn lookalike_letters_match() {
        // The third letter is Cyrillic, and so are two of the next.
        for name in ["hi\u{501}ePost", "dr\u{430}ft", "hid\u{435}P\u{43e}st"] {
            assert!(hides(name), "{name}");
        }
        for name in ["тайна", "скрыто", "brouillon"] {
            assert!(!hides(name), "{name}");
        }
        assert_eq!(find_similar_hiding_name("hidPost"), Some("hidePost"));
        assert_eq!(find_similar_hiding_name("drafts"), Some("draft"));
        assert_eq!(find_similar_hiding_name("title"), None);
    }

    #[test]
    fn limiting_dates_match_in_any_spelling() {
        for name in [
            "publishDate",
            "publish-date",
            "PUBLISH_DATE",
            "scheduled-at",
            "goLive",
        ] {
            assert_eq!(
                limits_for_name(name, &config("")),
                [FieldLimit::Date(Field::PublishDate)],
                "{name}"
            );
        }
        for name in ["expiryDate", "expiry-date", "Unpublish_Date", "validUntil"] {
            assert_eq!(
                limits_for_name(name, &config("")),
                [FieldLimit::Date(Field::Expires)],
                "{name}"
            );
        }
        assert_eq!(guess_date_side("end_date"), Some(DateSide::End));
        assert_eq!(guess_date_side("eventStart"), Some(DateSide::Start));
        assert_eq!(guess_date_side("title"), None);
    }

    #[test]
    fn configured_names_replace_date_defaults() {
        let config = config("hidden = [\"held\", \"cms.embargoed\"]\nexpires = \"best_before\"");
        let hides = FieldLimit::Marker(VisibilityEffect::Hides);
        assert_eq!(limits_for_name("Held", &config), [hides]);
        assert_eq!(limits_for_name("embargoed", &config), []);
        assert!(limits_for_last_name_part("embargoed", &config).eq([hides]));
        assert_eq!(
            limits_for_name("best-before", &config),
            [FieldLimit::Date(Field::Expires)]
        );
        assert_eq!(
            limits_for_name("expiryDate", &config),
            [],
            "it has another name here"
        );
    }
}
