//! A `User-Agent` into what the program is called, and how many people it says that it reads for.
//!
//! Nobody is obliged to say the truth here, and nobody says it in the same form.

use memchr::memmem;

/// More than this no service has for one feed. Who says so is not believed at all.
const MOST_SUBSCRIBERS: u32 = 10_000_000;
/// A name is cut after so many words, and so many bytes.
const MOST_WORDS: usize = 3;
const MOST_BYTES: usize = 40;

/// What one that says nothing is called.
const NAMELESS: &str = "(no name)";

/// How many read by way of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    pub(super) subscribers: u32,
    /// The name that the service has for the feed, which it may know twice; may be empty.
    pub(super) feed_id: &'a str,
}

/// What the program is called, as a part of what it says. Allocates nothing.
pub(super) fn product(agent: &str) -> &str {
    let agent = agent.trim();
    let name = match agent.strip_prefix("Mozilla/") {
        Some(rest) => behind_mozilla(rest),
        None => name(agent),
    };
    if name.is_empty() { NAMELESS } else { name }
}

/// What calls itself Mozilla says who it is after `compatible`, or last.
fn behind_mozilla(rest: &str) -> &str {
    if let Some((_, named)) = rest.split_once("(compatible") {
        let named = name(named.trim_start_matches([';', ',', ' ']));
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
        let is_an_engine_s = matches!(word, "AppleWebKit" | "Gecko" | "Version" | "Mobile");
        let says_more = word != "Safari" || last == "Mozilla";
        if !is_an_engine_s && says_more {
            last = word;
        }
    }
    cut(last)
}

/// The first words, up to what is no name: a version, an address, a remark.
fn name(text: &str) -> &str {
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
        if count >= MOST_WORDS || is_remark || (count > 0 && (is_version || word.is_empty())) {
            break;
        }
        at += word.len();
        end = at;
        at += 1;
    }
    cut(text.get(..end).unwrap_or_default())
}

fn cut(name: &str) -> &str {
    let end = name.floor_char_boundary(MOST_BYTES);
    name.get(..end).unwrap_or_default()
}

/// The same, with nothing in it that could do harm where it is shown: no control characters, and none that
/// turn the direction of text.
pub(super) fn harmless(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    let plain = name.chars().map(|c| if is_plain(c) { c } else { '?' });
    plain.collect()
}

/// What a service says of how many it reads for, if it does: `12 subscribers`, `1 subscriber`,
/// `subscribers=12`.
pub(super) fn claim(agent: &str) -> Option<Claim<'_>> {
    // With a small letter or a large one before it.
    const WORD: &str = "ubscriber";
    let at = memmem::find(agent.as_bytes(), WORD.as_bytes())?;
    let before = agent.get(..at)?.strip_suffix(['s', 'S'])?;
    let after = agent.get(at + WORD.len()..)?;
    let after = after.strip_prefix('s').unwrap_or(after);
    if after.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let subscribers = number_at_end(before.trim_end_matches(' ')).or_else(|| {
        let value = after.trim_start_matches([' ', ':', '=']);
        number(
            value
                .split(|c: char| !c.is_ascii_digit() && c != ',')
                .next()?,
        )
    })?;
    Some(Claim {
        subscribers,
        feed_id: feed_id(agent).unwrap_or_default(),
    })
}

fn number_at_end(text: &str) -> Option<u32> {
    let rest = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',');
    // No part of a version, a name, or a number below zero.
    if rest.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return None;
    }
    number(text.get(rest.len()..)?)
}

/// A number, of whose thousands there may be commas.
fn number(text: &str) -> Option<u32> {
    let text = text.trim_matches(',');
    if text.is_empty() {
        return None;
    }
    let digits = text.chars().filter_map(|c| c.to_digit(10));
    let number = digits.fold(0_u32, |number, digit| {
        number.saturating_mul(10).saturating_add(digit)
    });
    (number <= MOST_SUBSCRIBERS).then_some(number)
}

/// `feed-id=…`, `feed-id:…`, `feedId: …`, or the number in an address of `NewsBlur`.
fn feed_id(agent: &str) -> Option<&str> {
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
    fn what_programs_are_called() {
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
            ("", NAMELESS),
            ("-", NAMELESS),
            ("  ", NAMELESS),
            ("(x)", NAMELESS),
            ("Лента Новостей/1.0", "Лента Новостей"),
        ];
        for (agent, name) in named {
            assert_eq!(product(agent), name, "{agent}");
        }
        assert_eq!(product(&"ж".repeat(100)), "ж".repeat(20));
        assert_eq!(harmless("a\u{1b}[31m\u{202e}b\u{85}"), "a?[31m?b?");
    }

    #[test]
    fn how_many_services_read_for() {
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
            let expected = Claim {
                subscribers,
                feed_id,
            };
            assert_eq!(claim(agent), Some(expected), "{agent}");
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
            assert_eq!(claim(agent), None, "{agent}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(agent in "\\PC{0,60}|(Mozilla/|[0-9, ]|subscribers?|feed-id|[(;/é)]){0,12}") {
            let name = product(&agent);
            prop_assert!(name.len() <= MOST_BYTES && !name.is_empty());
            let claim = claim(&agent);
            prop_assert!(claim.is_none_or(|claim| claim.subscribers <= MOST_SUBSCRIBERS));
        }
    }
}
