//! The fields that limit who sees a post: one table, for text that parses and for text that is broken.
//!
//! A marker that only one of the two readers knew would leak: `broken` withdraws a post by the same
//! names by which `fields` hides it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::dialect::built_in;
use crate::config::{Config, Field};
use crate::post::MarkerKind;

/// Meaning of a field's name for who may see the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// The value is a marker.
    Marker(MarkerKind),
    /// The value is a marker where it plainly hides. Addresses and words stand there too.
    SharedMarker(MarkerKind),
    /// The value is a marker within Hugo's `build`.
    BuildMarker(MarkerKind),
    /// The value is a word for the state of the post.
    State,
    /// The value is one where it is a word that hides. Other words about the work on a text stand there too.
    SharedState,
    /// The value is a date before or after which the post is not shown.
    Date(Field),
}

/// The fields that limit, but for the dates, whose names are in [`built_in`].
const FIELDS: [(&str, Limit); 68] = [
    ("hidePost", Limit::Marker(MarkerKind::Hides)),
    ("hidden", Limit::Marker(MarkerKind::Hides)),
    ("draft", Limit::Marker(MarkerKind::Hides)),
    ("private", Limit::Marker(MarkerKind::Hides)),
    ("unpublished", Limit::Marker(MarkerKind::Hides)),
    ("isDraft", Limit::Marker(MarkerKind::Hides)),
    ("isHidden", Limit::Marker(MarkerKind::Hides)),
    ("headless", Limit::Marker(MarkerKind::Hides)),
    ("hide", Limit::Marker(MarkerKind::Hides)),
    ("wip", Limit::Marker(MarkerKind::Hides)),
    ("noPublish", Limit::Marker(MarkerKind::Hides)),
    ("published", Limit::Marker(MarkerKind::Shows)),
    ("visible", Limit::Marker(MarkerKind::Shows)),
    ("publish", Limit::Marker(MarkerKind::Shows)),
    ("isPublished", Limit::Marker(MarkerKind::Shows)),
    ("isPublic", Limit::Marker(MarkerKind::Shows)),
    ("public", Limit::Marker(MarkerKind::Shows)),
    ("unlisted", Limit::Marker(MarkerKind::Unlists)),
    (
        "eleventyExcludeFromCollections",
        Limit::Marker(MarkerKind::Unlists),
    ),
    ("noindex", Limit::Marker(MarkerKind::NoIndex)),
    ("sitemap", Limit::Marker(MarkerKind::InSitemap)),
    ("password", Limit::Marker(MarkerKind::Locks)),
    ("passwd", Limit::Marker(MarkerKind::Locks)),
    ("passphrase", Limit::Marker(MarkerKind::Locks)),
    ("passcode", Limit::Marker(MarkerKind::Locks)),
    ("passwordProtected", Limit::Marker(MarkerKind::Locks)),
    ("encrypt", Limit::Marker(MarkerKind::Locks)),
    ("encrypted", Limit::Marker(MarkerKind::Locks)),
    ("isEncrypted", Limit::Marker(MarkerKind::Locks)),
    ("protect", Limit::Marker(MarkerKind::Locks)),
    ("protected", Limit::Marker(MarkerKind::Locks)),
    ("isProtected", Limit::Marker(MarkerKind::Locks)),
    ("lock", Limit::Marker(MarkerKind::Locks)),
    ("locked", Limit::Marker(MarkerKind::Locks)),
    ("isLocked", Limit::Marker(MarkerKind::Locks)),
    ("secret", Limit::Marker(MarkerKind::Locks)),
    ("membersOnly", Limit::Marker(MarkerKind::Locks)),
    ("memberOnly", Limit::Marker(MarkerKind::Locks)),
    ("subscribersOnly", Limit::Marker(MarkerKind::Locks)),
    ("subscriberOnly", Limit::Marker(MarkerKind::Locks)),
    ("paywall", Limit::Marker(MarkerKind::Locks)),
    ("premium", Limit::Marker(MarkerKind::Locks)),
    ("internal", Limit::Marker(MarkerKind::Locks)),
    ("restricted", Limit::Marker(MarkerKind::Locks)),
    ("confidential", Limit::Marker(MarkerKind::Locks)),
    ("requireLogin", Limit::Marker(MarkerKind::Locks)),
    ("requiresLogin", Limit::Marker(MarkerKind::Locks)),
    ("requireAuth", Limit::Marker(MarkerKind::Locks)),
    ("requiresAuth", Limit::Marker(MarkerKind::Locks)),
    ("authRequired", Limit::Marker(MarkerKind::Locks)),
    ("loginRequired", Limit::Marker(MarkerKind::Locks)),
    ("status", Limit::State),
    ("visibility", Limit::State),
    ("state", Limit::State),
    ("access", Limit::State),
    ("publishStatus", Limit::State),
    ("publicationStatus", Limit::State),
    ("postStatus", Limit::State),
    ("workflow", Limit::SharedState),
    ("workflowState", Limit::SharedState),
    ("stage", Limit::SharedState),
    ("review", Limit::SharedState),
    ("reviewStatus", Limit::SharedState),
    ("contentStatus", Limit::SharedState),
    // Zola's, and Eleventy's way to write no page.
    ("render", Limit::SharedMarker(MarkerKind::Shows)),
    ("permalink", Limit::SharedMarker(MarkerKind::Shows)),
    ("render", Limit::BuildMarker(MarkerKind::Shows)),
    ("list", Limit::BuildMarker(MarkerKind::Lists)),
];

/// The fields that hold dates which limit, in the order in which one is the date of the post.
pub(super) const DATES: [Field; 3] = [Field::Date, Field::PublishDate, Field::Expires];

/// Limits by the spelling of each built-in name.
static BUILT_IN: LazyLock<HashMap<String, Vec<Limit>>> = LazyLock::new(|| {
    let mut limits: HashMap<String, Vec<Limit>> = HashMap::new();
    let dates = DATES.iter().flat_map(|field| {
        let names = built_in(*field).iter().filter(|name| !name.contains('.'));
        names.map(|name| (*name, Limit::Date(*field)))
    });
    for (name, limit) in FIELDS.into_iter().chain(dates) {
        limits.entry(spelling(name)).or_default().push(limit);
    }
    limits
});

/// Returns what a field of this name limits; nothing for most names. Only letters and digits count, in any
/// case: `hide_post` and `Hide-Post` are meant as `hidePost` is, and so is a name with an invisible
/// character in it, or with letters of other scripts that look the same.
pub(super) fn limits_of(name: &str, config: &Config) -> Vec<Limit> {
    let known = if name.is_ascii() {
        BUILT_IN.get(&spelling(name))
    } else {
        let mut names = BUILT_IN.iter();
        names.find_map(|(known, limits)| is_spelled(name, known).then_some(limits))
    };
    let mut limits = known.cloned().unwrap_or_default();
    limits.retain(|limit| match limit {
        Limit::Date(field) => config.content.fields.of(*field).is_none(),
        _ => true,
    });
    limits.extend(own_limits(config).filter_map(|(known, limit)| {
        let is_same = !known.contains('.') && is_spelled(name, known);
        is_same.then_some(limit)
    }));
    limits
}

/// Returns what the last part of the configuration's dotted names limits, where it is not known in which map it stands.
pub(super) fn limits_of_dotted(last: &str, config: &Config) -> impl Iterator<Item = Limit> {
    own_limits(config).filter_map(move |(known, limit)| {
        let (_, known) = known.rsplit_once('.')?;
        is_spelled(last, known).then_some(limit)
    })
}

/// Lists the names that the configuration gives to fields that limit.
fn own_limits(config: &Config) -> impl Iterator<Item = (&str, Limit)> {
    let dates = DATES.map(|field| (field, Limit::Date(field)));
    let hidden = (Field::Hidden, Limit::Marker(MarkerKind::Hides));
    dates
        .into_iter()
        .chain([hidden])
        .flat_map(|(field, limit)| {
            let names = config.content.fields.of(field).unwrap_or_default();
            names.iter().map(move |name| (name.as_str(), limit))
        })
}

/// Finds the marker that hides and is one letter away from a name.
pub(super) fn nearest_hiding_name(name: &str) -> Option<&'static str> {
    let written = spelling(name);
    let hides = |limit: Limit| limit == Limit::Marker(MarkerKind::Hides);
    let names = FIELDS.iter().filter(|(_, limit)| hides(*limit));
    names
        .map(|(known, _)| *known)
        .filter(|known| known.len().abs_diff(written.chars().count()) <= 1)
        .find(|known| strsim::osa_distance(&known.to_ascii_lowercase(), &written) == 1)
}

/// Words in names of dates before or after which something is not shown.
const START_WORDS: [&str; 8] = [
    "publi", "releas", "embargo", "schedul", "live", "avail", "start", "visible",
];
const END_WORDS: [&str; 12] = [
    "expir", "unpubl", "archiv", "valid", "until", "end", "sunset", "retire", "remove", "takedown",
    "withdraw", "delete",
];

/// Finds the side that a date under this name would limit, where the name is near to one of a date that limits.
pub(super) fn near_date_name(name: &str) -> Option<NearDate> {
    let written = spelling(name);
    let has_any = |words: &[&str]| words.iter().any(|word| written.contains(word));
    if has_any(&END_WORDS) {
        return Some(NearDate::End);
    }
    has_any(&START_WORDS).then_some(NearDate::Start)
}

/// The side that a date under a near name would limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NearDate {
    /// The post would not be shown before it.
    Start,
    /// The post would not be shown after it.
    End,
}

/// Tells whether a name is a known one, but for case and all that is neither letter nor digit.
pub(super) fn is_spelled(written: &str, known: &str) -> bool {
    // Each name of each post is compared with dozens, of which most begin with another letter.
    if let (Some(a), Some(b)) = (written.bytes().next(), known.bytes().next())
        && (a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && !a.eq_ignore_ascii_case(&b))
    {
        return false;
    }
    if written.is_ascii() && known.is_ascii() {
        return ascii_letters(written).eq(ascii_letters(known));
    }
    if written.is_ascii() || !known.is_ascii() {
        return letters(written).eq(letters(known));
    }
    // Letters of other scripts that look the same: no more than half of them.
    let pairs = letters(written).zip(letters(known));
    let is_same = |(a, b): (char, char)| a == b || !a.is_ascii();
    let foreign = letters(written).filter(|c| !c.is_ascii()).count();
    let length = letters(known).count();
    letters(written).count() == length && foreign * 2 <= length && pairs.into_iter().all(is_same)
}

fn spelling(name: &str) -> String {
    if name.is_ascii() {
        return ascii_letters(name).map(char::from).collect();
    }
    letters(name).collect()
}

fn ascii_letters(name: &str) -> impl Iterator<Item = u8> {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|byte| byte.to_ascii_lowercase())
}

fn letters(name: &str) -> impl Iterator<Item = char> {
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
        limits_of(name, &config("")).contains(&Limit::Marker(MarkerKind::Hides))
    }

    #[test]
    fn markers_are_known_in_any_spelling() {
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
    fn letters_that_look_the_same_are_the_same() {
        // The third letter is Cyrillic, and so are two of the next.
        for name in ["hi\u{501}ePost", "dr\u{430}ft", "hid\u{435}P\u{43e}st"] {
            assert!(hides(name), "{name}");
        }
        for name in ["тайна", "скрыто", "brouillon"] {
            assert!(!hides(name), "{name}");
        }
        assert_eq!(nearest_hiding_name("hidPost"), Some("hidePost"));
        assert_eq!(nearest_hiding_name("drafts"), Some("draft"));
        assert_eq!(nearest_hiding_name("title"), None);
    }

    #[test]
    fn dates_that_limit_are_known_in_any_spelling() {
        for name in [
            "publishDate",
            "publish-date",
            "PUBLISH_DATE",
            "scheduled-at",
            "goLive",
        ] {
            assert_eq!(
                limits_of(name, &config("")),
                [Limit::Date(Field::PublishDate)],
                "{name}"
            );
        }
        for name in ["expiryDate", "expiry-date", "Unpublish_Date", "validUntil"] {
            assert_eq!(
                limits_of(name, &config("")),
                [Limit::Date(Field::Expires)],
                "{name}"
            );
        }
        assert_eq!(near_date_name("end_date"), Some(NearDate::End));
        assert_eq!(near_date_name("eventStart"), Some(NearDate::Start));
        assert_eq!(near_date_name("title"), None);
    }

    #[test]
    fn names_of_the_configuration_are_known_too() {
        let config = config("hidden = [\"held\", \"cms.embargoed\"]\nexpires = \"best_before\"");
        let hides = Limit::Marker(MarkerKind::Hides);
        assert_eq!(limits_of("Held", &config), [hides]);
        assert_eq!(limits_of("embargoed", &config), []);
        assert!(limits_of_dotted("embargoed", &config).eq([hides]));
        assert_eq!(
            limits_of("best-before", &config),
            [Limit::Date(Field::Expires)]
        );
        assert_eq!(
            limits_of("expiryDate", &config),
            [],
            "it has another name here"
        );
    }
}
