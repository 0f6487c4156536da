//! Parses a `User-Agent`: the program's name, and the number of subscribers that it reports.
//!
//! There is no standard for either, and the values are not verified.

use memchr::memmem;

/// Maximum plausible number of subscribers of one feed. Larger reports are ignored.
const MAX_SUBSCRIBERS: u32 = 10_000_000;
/// Maximum words of a name; the rest is cut off.
const MAX_NAME_WORDS: usize = 3;
/// Maximum bytes of a name; the rest is cut off.
const MAX_NAME_BYTES: usize = 40;

/// Name of a program whose `User-Agent` has none.
const UNKNOWN_AGENT_NAME: &str = "(no name)";

/// Number of subscribers that a service reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SubscriberClaim<'a> {
    pub(super) subscribers: u32,
    /// The service's id for the feed, which it may have twice under different ids; may be empty.
    pub(super) feed_id: &'a str,
}

/// Returns the program's name, a part of `agent`. Allocates nothing.
pub(super) fn product_name(agent: &str) -> &str {
    let agent = agent.trim();
    let name = match agent.strip_prefix("Mozilla/") {
        Some(rest) => product_after_mozilla(rest),
        None => leading_name(agent),
    };
    if name.is_empty() {
        UNKNOWN_AGENT_NAME
    } else {
        name
    }
}

/// Finds the name of a program that calls itself Mozilla: after `compatible`, or the last product.
fn product_after_mozilla(rest: &str) -> &str {
    if let Some((_, named)) = rest.split_once("(compatible") {
        let named = leading_name(named.trim_start_matches([';', ',', ' ']));
        if !named.is_empty() {
            return named;
        }
    }
    let mut depth = 0_usize;
    let mut last = "Mozilla";
    for word in rest.split(' ').skip(1) {
        let is_outside = depth == 0 && !word.starts_with('(');
        depth += word.matches('(').count();
        depth = depth.saturating_sub(word.matches(')').count());
        let Some((word, _)) = word.split_once('/').filter(|_| is_outside) else {
            continue;
        };
        let is_engine = matches!(word, "AppleWebKit" | "Gecko" | "Version" | "Mobile");
        let is_more_specific = word != "Safari" || last == "Mozilla";
        if !is_engine && is_more_specific {
            last = word;
        }
    }
    truncate_name(last)
}

/// Returns the first words, up to a version, an address or a remark.
fn leading_name(text: &str) -> &str {
    let scheme = ["http://", "https://"].into_iter().find(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let text = scheme
        .and_then(|scheme| text.get(scheme.len()..))
        .unwrap_or(text);
    let end = text.find(['/', '(', ')', ';', ',', '"']);
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    let mut end = 0;
    let mut at = 0;
    for (count, word) in text.split(' ').enumerate() {
        let begins = |what: fn(char) -> bool| word.starts_with(what);
        let is_version = begins(|c| c.is_ascii_digit())
            || word
                .strip_prefix('v')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let is_remark = begins(|c| !c.is_alphanumeric()) || word.contains([':', '=', '@']);
        if count >= MAX_NAME_WORDS || is_remark || (count > 0 && (is_version || word.is_empty())) {
            break;
        }
        at += word.len();
        end = at;
        at += 1;
    }
    truncate_name(text.get(..end).unwrap_or_default())
}

fn truncate_name(name: &str) -> &str {
    let end = name.floor_char_boundary(MAX_NAME_BYTES);
    name.get(..end).unwrap_or_default()
}

/// Replaces all characters but letters, digits, ASCII punctuation and spaces, such as control characters and those
/// that change the direction of text.
pub(super) fn sanitize_name(name: &str) -> String {
    name.chars()
        .map(|c| if is_printable(c) { c } else { '?' })
        .collect()
}

fn is_printable(c: char) -> bool {
    c.is_alphanumeric() || c.is_ascii_graphic() || c == ' '
}

/// Parses the number of subscribers, if there is one: `12 subscribers`, `1 subscriber`, `subscribers=12`.
pub(super) fn parse_subscribers(agent: &str) -> Option<SubscriberClaim<'_>> {
    // Without the first letter, which may be upper or lower case.
    const WORD: &str = "ubscriber";
    let at = memmem::find(agent.as_bytes(), WORD.as_bytes())?;
    let before = agent.get(..at)?.strip_suffix(['s', 'S'])?;
    let after = agent.get(at + WORD.len()..)?;
    let after = after.strip_prefix('s').unwrap_or(after);
    if after.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let subscribers = parse_trailing_number(before.trim_end_matches(' ')).or_else(|| {
        let value = after.trim_start_matches([' ', ':', '=']);
        parse_number(
            value
                .split(|c: char| !c.is_ascii_digit() && c != ',')
                .next()?,
        )
    })?;
    Some(SubscriberClaim {
        subscribers,
        feed_id: find_feed_id(agent).unwrap_or_default(),
    })
}

fn parse_trailing_number(text: &str) -> Option<u32> {
    let rest = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',');
    // Must not be a part of a version, a name or a negative number.
    if rest.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return None;
    }
    parse_number(text.get(rest.len()..)?)
}

/// Parses a number that may have commas between thousands; `None` if it is implausibly large.
fn parse_number(text: &str) -> Option<u32> {
    let text = text.trim_matches(',');
    if text.is_empty() {
        return None;
    }
    let digits = text.chars().filter_map(|c| c.to_digit(10));
    let number = digits.fold(0_u32, |number, digit| {
        number.saturating_mul(10).saturating_add(digit)
    });
    (number <= MAX_SUBSCRIBERS).then_some(number)
}

/// Finds the id in `feed-id=…`, `feed-id:…`, `feedId: …`, or in the URL that `NewsBlur` sends.
fn find_feed_id(agent: &str) -> Option<&str> {
    const NAMES: [&str; 4] = ["feed-id", "feedId", "feedid", "/site/"];
    let (at, name) = NAMES
        .iter()
        .find_map(|name| Some((agent.find(name)?, name)))?;
    let rest = agent.get(at + name.len()..)?;
    let rest = rest.trim_start_matches([':', '=', ' ']);
    let end = rest.find([';', ',', ' ', ')', '/']);
    rest.get(..end.unwrap_or(rest.len()))
        .filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn program_names_are_parsed() {
        const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
            (KHTML, like Gecko) Version/17.1 Safari/605.1.15";
        const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
            Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0";
        const GOOGLEBOT: &str = "Mozilla/5.0 (Linux; Android 6.0.1) AppleWebKit/537.36 (KHTML, like \
            Gecko) Chrome/120.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://g.com/bot.html)";
        let named = [
            (
                "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)",
                "Feedly",
            ),
            (
                "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 5 subscribers)",
                "BazQux",
            ),
            (
                "Mozilla/5.0 (compatible; theoldreader.com; 10 subscribers; feed-id=0a1b2c)",
                "theoldreader.com",
            ),
            (
                "NewsBlur Feed Fetcher - 54 subscribers - http://www.newsblur.com/site/6/harbour",
                "NewsBlur Feed Fetcher",
            ),
            ("Feedbin feed-id:1373711 - 45 subscribers", "Feedbin"),
            (
                "Tiny Tiny RSS/20.05 (Unsupported) (http://tt-rss.org/)",
                "Tiny Tiny RSS",
            ),
            (
                "NetNewsWire (RSS Reader; https://netnewswire.com/)",
                "NetNewsWire",
            ),
            ("FreshRSS/1.20.1 (Linux; https://freshrss.org)", "FreshRSS"),
            ("Superfeedr bot/2.0 http://superfeedr.com", "Superfeedr bot"),
            (
                "UniversalFeedParser/5.2.1 +https://code.google.com/p/feedparser/",
                "UniversalFeedParser",
            ),
            ("Miniflux", "Miniflux"),
            ("Reader v2.1", "Reader"),
            ("a b c d e f", "a b c"),
            ("curl/8.5.0", "curl"),
            ("https://reader.example/bot", "reader.example"),
            (SAFARI, "Safari"),
            (EDGE, "Edg"),
            (GOOGLEBOT, "Googlebot"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                "Firefox",
            ),
            ("Mozilla/5.0", "Mozilla"),
            ("Mozilla/5.0 (compatible)", "Mozilla"),
            ("", UNKNOWN_AGENT_NAME),
            ("-", UNKNOWN_AGENT_NAME),
            ("  ", UNKNOWN_AGENT_NAME),
            ("(x)", UNKNOWN_AGENT_NAME),
            ("Лента Новостей/1.0", "Лента Новостей"),
        ];
        for (agent, name) in named {
            assert_eq!(product_name(agent), name, "{agent}");
        }
        assert_eq!(product_name(&"ж".repeat(100)), "ж".repeat(20));
        assert_eq!(sanitize_name("a\u{1b}[31m\u{202e}b\u{85}"), "a?[31m?b?");
    }

    #[test]
    fn subscriber_numbers_are_parsed() {
        let said = [
            (
                "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)",
                16,
                "",
            ),
            (
                "Mozilla/5.0 (compatible; inoreader.com; 12 subscribers)",
                12,
                "",
            ),
            (
                "Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 3 subscribers; )",
                3,
                "",
            ),
            (
                "NewsBlur Feed Fetcher - 54 subscribers - http://www.newsblur.com/site/6/harbour (Mozilla/5.0)",
                54,
                "6",
            ),
            (
                "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 5 subscribers)",
                5,
                "",
            ),
            ("Feedbin feed-id:1373711 - 45 subscribers", 45, "1373711"),
            (
                "Mozilla/5.0 (compatible; theoldreader.com; 1 subscribers; feed-id=0a1b2c)",
                1,
                "0a1b2c",
            ),
            (
                "Netvibes (http://www.netvibes.com/; 7 subscribers; feedId: 12345)",
                7,
                "12345",
            ),
            ("Reader/1.0 (1 subscriber)", 1, ""),
            ("Reader/1.0 (0 subscribers)", 0, ""),
            ("Reader/1.0; Subscribers: 17", 17, ""),
            ("Reader/1.0; subscribers=17; feedid=9", 17, "9"),
            ("Reader/1.0 (1,234 subscribers)", 1_234, ""),
            ("Reader/1.0 (10000000 subscribers)", 10_000_000, ""),
        ];
        for (agent, subscribers, feed_id) in said {
            let expected = SubscriberClaim {
                subscribers,
                feed_id,
            };
            assert_eq!(parse_subscribers(agent), Some(expected), "{agent}");
        }
        let nothing = [
            "Reader/1.0",
            "subscribers",
            "ubscribers",
            "many subscribers",
            "Reader/1.0 (10000001 subscribers)",
            "Reader/1.0 (99999999999999999999999999 subscribers)",
            "Reader/1.0 (-5 subscribers)",
            "Reader/1.0 (v1.5 subscribers)",
            "Reader5 subscribers",
            "Reader,5 subscribers",
            "5 subscriberships",
            ",,, subscribers",
            "",
        ];
        for agent in nothing {
            assert_eq!(parse_subscribers(agent), None, "{agent}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(agent in "\\PC{0,60}|(Mozilla/|[0-9, ]|subscribers?|feed-id|[(;/é)]){0,12}") {
            let name = product_name(&agent);
            prop_assert!(name.len() <= MAX_NAME_BYTES && !name.is_empty());
            let claim = parse_subscribers(&agent);
            prop_assert!(claim.is_none_or(|claim| claim.subscribers <= MAX_SUBSCRIBERS));
        }
    }
}
