//! What is new of a feed, for readers that ask for no more (RFC 3229).

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::support::{Response, Served, TestSite};

const FEEDS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];
const POSTS: usize = 120;

fn post(number: usize, title: &str) -> String {
    let (month, day) = (1 + number / 28, 1 + number % 28);
    format!("---\ntitle: {title} {number}\ndate: 2024-{month:02}-{day:02}\n---\nText {number}.\n")
}

fn site() -> Served {
    let site = TestSite::new().config("[feed]\nlimit = 100\n");
    let site = (0..POSTS).fold(site, |site, number| {
        site.post(&format!("{number}.md"), post(number, "Old"))
    });
    site.serve()
}

/// What each feed is called now.
fn tags(served: &Served) -> Vec<String> {
    let tag = |path: &&str| served.get(path).header("etag").unwrap().to_owned();
    FEEDS.iter().map(tag).collect()
}

fn ask(served: &Served, path: &str, tag: &str) -> Response {
    served.request("GET", path, &[("A-IM", "feed"), ("If-None-Match", tag)])
}

fn edit(served: &Served, number: usize, title: &str) {
    served.save(&format!("{number}.md"), &post(number, title));
    let title = format!("{title} {number}");
    served.until("the edit is served", |served| served.serves(&title));
}

/// The titles of a document's entries. That it can be read is a test by itself.
fn titles(path: &str, text: &str) -> Vec<String> {
    match path {
        "/rss.xml" => {
            let channel = rss::Channel::read_from(text.as_bytes()).unwrap();
            let title = |item: &rss::Item| item.title().unwrap().to_owned();
            channel.items().iter().map(title).collect()
        }
        "/atom.xml" => {
            let feed: atom_syndication::Feed = text.parse().unwrap();
            let title = |entry: &atom_syndication::Entry| entry.title().to_string();
            feed.entries().iter().map(title).collect()
        }
        _ => {
            let feed: serde_json::Value = serde_json::from_str(text).unwrap();
            let items = feed["items"].as_array().unwrap().iter();
            items
                .map(|item| item["title"].as_str().unwrap().to_owned())
                .collect()
        }
    }
}

#[test]
fn who_says_what_it_has_gets_what_is_new_in_a_document_of_its_own() {
    let served = site();
    let before = tags(&served);
    edit(&served, 119, "New");
    edit(&served, 60, "Other");
    for (path, tag) in FEEDS.iter().zip(&before) {
        let full = served.get(path);
        let new = ask(&served, path, tag);
        assert_eq!(new.status, 226, "{path}");
        assert_eq!(new.header("im"), Some("feed"));
        assert_eq!(new.header("delta-base"), Some(tag.as_str()));
        assert_eq!(new.header("etag"), full.header("etag"), "{path}");
        assert_eq!(new.header("cache-control"), Some("private, no-store"));
        assert_eq!(new.header("content-type"), full.header("content-type"));
        let all = titles(path, &full.text());
        let titles = titles(path, &new.text());
        assert_eq!(all.len(), 100);
        assert!(titles.len() < all.len() / 2, "{path}: {titles:?}");
        for edited in ["New 119", "Other 60"] {
            assert!(
                titles.iter().any(|title| title == edited),
                "{path}: {titles:?}"
            );
        }
        assert!(titles.iter().all(|title| all.contains(title)), "{path}");
        // With what it has now it has all.
        let again = ask(&served, path, new.header("etag").unwrap());
        assert_eq!(again.status, 304, "{path}");
    }
}

fn varies_by_a_im(answer: &Response) -> bool {
    let vary = answer.header("vary").unwrap_or_default();
    vary.split(',').any(|name| name.trim() == "A-IM")
}

#[test]
fn feeds_vary_by_a_im_in_every_answer() {
    let served = site();
    let before = tags(&served);
    edit(&served, 119, "New");
    for (path, tag) in FEEDS.iter().zip(&before) {
        let now = served.get(path);
        let same = [("If-None-Match", now.header("etag").unwrap())];
        let answers = [
            (served.request("GET", path, &same), 304),
            (ask(&served, path, tag), 226),
            (ask(&served, path, "\"unknown\""), 200),
            (now, 200),
        ];
        for (answer, status) in answers {
            assert_eq!(answer.status, status, "{path}");
            assert!(varies_by_a_im(&answer), "{path}: {answer:?}");
        }
    }
    assert!(!varies_by_a_im(&served.get("/sitemap.xml")));
    let boats = site_of_boats();
    for path in TERM_FEEDS {
        assert!(varies_by_a_im(&boats.get(path)), "{path}");
        assert!(!varies_by_a_im(&boats.get(&format!("{path}?archive=1"))));
    }
}

#[test]
fn shared_caches_keep_nothing_of_who_accepts_deltas() {
    let served = site();
    let tag = tags(&served).remove(0);
    let policy = |fields: &[(&str, &str)]| {
        let answer = served.request("GET", "/rss.xml", fields);
        answer.header("cache-control").unwrap().to_owned()
    };
    let usual = policy(&[]);
    assert!(usual.starts_with("public, max-age="), "{usual}");
    assert!(usual.contains(", s-maxage="), "{usual}");
    let own = usual.replacen("public", "private", 1);
    let own = own
        .split(", ")
        .filter(|directive| !directive.starts_with("s-maxage="));
    let own = own.collect::<Vec<_>>().join(", ");
    // In either order: what is kept of one answer is not taken for the other.
    for _ in 0..2 {
        assert_eq!(policy(&[("A-IM", "feed")]), own);
        assert_eq!(policy(&[("A-IM", "feed"), ("If-None-Match", &tag)]), own);
        assert_eq!(policy(&[("If-None-Match", &tag)]), usual);
        assert_eq!(policy(&[("A-IM", "gzip")]), usual);
    }
}

#[test]
fn what_is_new_is_coded_as_the_rest_is_and_what_is_gone_is_not_in_it() {
    let served = site();
    let before = tags(&served);
    edit(&served, 119, "New");
    served.save(
        "118.md",
        "---\ntitle: Secret\ndate: 2024-05-07\ndraft: true\n---\n",
    );
    served.until("it is hidden", |served| !served.serves("Old 118"));
    served.current.load().compress();
    for (path, tag) in FEEDS.iter().zip(&before) {
        let plain = ask(&served, path, tag);
        let fields = [
            ("A-IM", "feed, gzip"),
            ("If-None-Match", tag),
            ("Accept-Encoding", "gzip"),
        ];
        let coded = served.request("GET", path, &fields);
        assert_eq!(
            (coded.status, coded.header("content-encoding")),
            (226, Some("gzip"))
        );
        assert!(coded.header("etag").unwrap().ends_with("-gzip\""));
        let mut text = String::new();
        GzDecoder::new(&*coded.body)
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, plain.text());
        assert!(!text.contains("118"), "{path}: {text}");
        let head = served.request("HEAD", path, &[("A-IM", "feed"), ("If-None-Match", tag)]);
        assert_eq!((head.status, head.body.len()), (226, 0));
        assert_eq!(
            head.header("content-length"),
            plain.header("content-length")
        );
    }
}

#[test]
fn who_does_not_ask_or_has_nothing_that_is_known_gets_the_feed() {
    let served = site();
    let before = tags(&served);
    edit(&served, 119, "New");
    let tag = before[0].as_str();
    let cases: &[&[(&str, &str)]] = &[
        &[("If-None-Match", tag)],
        &[("A-IM", "gzip"), ("If-None-Match", tag)],
        &[("A-IM", "feed;q=0"), ("If-None-Match", tag)],
        &[("A-IM", "feed")],
        &[("A-IM", "feed"), ("If-None-Match", "\"unknown\"")],
        &[("A-IM", "feed"), ("If-None-Match", &format!("W/{tag}"))],
    ];
    for fields in cases {
        let answer = served.request("GET", "/rss.xml", fields);
        assert_eq!(answer.status, 200, "{fields:?}");
        assert_eq!(answer.header("im"), None);
        assert_eq!(titles("/rss.xml", &answer.text()).len(), 100);
    }
    let failed = [("A-IM", "feed"), ("If-None-Match", tag), ("If-Match", tag)];
    assert_eq!(served.request("GET", "/rss.xml", &failed).status, 412);
}

const TERM_FEEDS: [&str; 3] = [
    "/tag/boats/rss.xml",
    "/tag/boats/atom.xml",
    "/tag/boats/feed.json",
];

fn tagged(number: usize, title: &str, more: &str) -> String {
    format!(
        "---\ntitle: {title} {number}\ndate: 2024-05-{number:02}\ntags: [boats]\n{more}---\nText {number}.\n"
    )
}

fn site_of_boats() -> Served {
    let site = (1..=9).fold(TestSite::new(), |site, number| {
        site.post(&format!("{number}.md"), tagged(number, "Old", ""))
    });
    site.serve()
}

/// The tag of a feed, and the titles in it.
fn have(served: &Served, path: &str) -> (String, Vec<String>) {
    let answer = served.get(path);
    let tag = answer.header("etag").unwrap().to_owned();
    (
        tag,
        titles(path.rsplit_once("boats").unwrap().1, &answer.text()),
    )
}

#[test]
fn what_is_new_of_a_feed_that_is_made_when_it_is_asked_for_is_told_too() {
    let served = site_of_boats();
    let before = TERM_FEEDS.map(|path| have(&served, path));
    served.save("9.md", &tagged(9, "New", ""));
    served.until("the edit is served", |served| served.serves("New 9"));
    let between = TERM_FEEDS.map(|path| have(&served, path));
    served.save("3.md", &tagged(3, "Other", ""));
    served.until("the edit is served", |served| served.serves("Other 3"));
    served.save("8.md", &tagged(8, "Secret", "hidePost: true\n"));
    served.until("it is hidden", |served| !served.serves("Old 8"));
    for (place, path) in TERM_FEEDS.iter().enumerate() {
        let full = served.get(path);
        for ((tag, _), expected) in [
            (&before[place], &["New 9", "Other 3"][..]),
            (&between[place], &["Other 3"]),
        ] {
            let new = ask(&served, path, tag);
            assert_eq!(new.status, 226, "{path}");
            assert_eq!(new.header("im"), Some("feed"));
            assert_eq!(new.header("delta-base"), Some(tag.as_str()));
            assert_eq!(new.header("etag"), full.header("etag"));
            assert_eq!(new.header("cache-control"), Some("private, no-store"));
            let format = path.rsplit_once("boats").unwrap().1;
            assert_eq!(titles(format, &new.text()), expected, "{path}");
            let gzip = [
                ("A-IM", "feed"),
                ("If-None-Match", tag),
                ("Accept-Encoding", "gzip"),
            ];
            let coded = served.request("GET", path, &gzip);
            assert_eq!(coded.header("content-encoding"), Some("gzip"), "{path}");
            let mut text = String::new();
            GzDecoder::new(&*coded.body)
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, new.text());
            let again = ask(&served, path, new.header("etag").unwrap());
            assert_eq!(again.status, 304, "{path}");
        }
        // Who does not ask so is not sent what was made for those who do.
        let (_, all) = have(&served, path);
        assert_eq!(all.len(), 8, "{path}");
        assert_eq!(ask(&served, path, "\"unknown\"").status, 200);
    }
}

#[test]
fn what_has_nothing_in_common_with_what_was_is_sent_whole() {
    let served = site_of_boats();
    let (tag, _) = have(&served, "/tag/boats/rss.xml");
    for number in 1..=9 {
        served.save(&format!("{number}.md"), &tagged(number, "New", ""));
    }
    served.until("all are served", |served| {
        (1..=9).all(|number| served.serves(&format!("New {number}")))
    });
    let whole = ask(&served, "/tag/boats/rss.xml", &tag);
    assert_eq!((whole.status, whole.header("im")), (200, None));
    assert_eq!(titles("/rss.xml", &whole.text()).len(), 9);
}
