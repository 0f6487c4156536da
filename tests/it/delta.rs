//! Checks delta responses: only the new entries of a feed (RFC 3229).

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::support::{Response, Served, TestSite};

const FEEDS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];
const POST_COUNT: usize = 120;

fn post_text(number: usize, title: &str) -> String {
    let (month, day) = (1 + number / 28, 1 + number % 28);
    format!("---\ntitle: {title} {number}\ndate: 2024-{month:02}-{day:02}\n---\nText {number}.\n")
}

fn serve_120_posts() -> Served {
    let site = TestSite::new().config("[feed]\nlimit = 100\n");
    let site = (0..POST_COUNT).fold(site, |site, number| {
        site.post(&format!("{number}.md"), post_text(number, "Old"))
    });
    site.serve()
}

/// Returns the current ETag of each feed.
fn feed_etags(served: &Served) -> Vec<String> {
    let tag = |path: &&str| served.get(path).header("etag").unwrap().to_owned();
    FEEDS.iter().map(tag).collect()
}

fn request_delta(served: &Served, path: &str, tag: &str) -> Response {
    served.request("GET", path, &[("A-IM", "feed"), ("If-None-Match", tag)])
}

fn edit_post(served: &Served, number: usize, title: &str) {
    served.save(&format!("{number}.md"), &post_text(number, title));
    let title = format!("{title} {number}");
    served.until("the edit is served", |served| served.serves(&title));
}

/// Parses a feed with an independent parser and returns the titles of its entries.
fn entry_titles(path: &str, text: &str) -> Vec<String> {
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
fn client_with_a_known_etag_gets_only_new_entries() {
    let served = serve_120_posts();
    let before = feed_etags(&served);
    edit_post(&served, 119, "New");
    edit_post(&served, 60, "Other");
    for (path, tag) in FEEDS.iter().zip(&before) {
        let full = served.get(path);
        let new = request_delta(&served, path, tag);
        assert_eq!(new.status, 226, "{path}");
        assert_eq!(new.header("im"), Some("feed"));
        assert_eq!(new.header("delta-base"), Some(tag.as_str()));
        assert_eq!(new.header("etag"), full.header("etag"), "{path}");
        assert_eq!(new.header("cache-control"), Some("private, no-store"));
        assert_eq!(new.header("content-type"), full.header("content-type"));
        let all = entry_titles(path, &full.text());
        let titles = entry_titles(path, &new.text());
        assert_eq!(all.len(), 100);
        assert!(titles.len() < all.len() / 2, "{path}: {titles:?}");
        for edited in ["New 119", "Other 60"] {
            assert!(
                titles.iter().any(|title| title == edited),
                "{path}: {titles:?}"
            );
        }
        assert!(titles.iter().all(|title| all.contains(title)), "{path}");
        // The ETag of the delta is that of the whole feed.
        let again = request_delta(&served, path, new.header("etag").unwrap());
        assert_eq!(again.status, 304, "{path}");
    }
}

fn varies_by_a_im(answer: &Response) -> bool {
    let vary = answer.header("vary").unwrap_or_default();
    vary.split(',').any(|name| name.trim() == "A-IM")
}

#[test]
fn feeds_vary_by_a_im_in_every_answer() {
    let served = serve_120_posts();
    let before = feed_etags(&served);
    edit_post(&served, 119, "New");
    for (path, tag) in FEEDS.iter().zip(&before) {
        let now = served.get(path);
        let same = [("If-None-Match", now.header("etag").unwrap())];
        let answers = [
            (served.request("GET", path, &same), 304),
            (request_delta(&served, path, tag), 226),
            (request_delta(&served, path, "\"unknown\""), 200),
            (now, 200),
        ];
        for (answer, status) in answers {
            assert_eq!(answer.status, status, "{path}");
            assert!(varies_by_a_im(&answer), "{path}: {answer:?}");
        }
    }
    assert!(!varies_by_a_im(&served.get("/sitemap.xml")));
    let boats = serve_boat_posts();
    for path in TERM_FEEDS {
        assert!(varies_by_a_im(&boats.get(path)), "{path}");
        let (stem, extension) = path.rsplit_once('.').unwrap();
        let archive = boats.get(&format!("{stem}/archive/1.{extension}"));
        assert!(!varies_by_a_im(&archive));
    }
}

#[test]
fn answers_to_delta_clients_are_private() {
    let served = serve_120_posts();
    let tag = feed_etags(&served).remove(0);
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
    // Twice, so that each policy is also asked for after the other one.
    for _ in 0..2 {
        assert_eq!(policy(&[("A-IM", "feed")]), own);
        assert_eq!(policy(&[("A-IM", "feed"), ("If-None-Match", &tag)]), own);
        assert_eq!(policy(&[("If-None-Match", &tag)]), usual);
        assert_eq!(policy(&[("A-IM", "gzip")]), usual);
    }
}

#[test]
fn delta_is_compressed_and_omits_hidden_posts() {
    let served = serve_120_posts();
    let before = feed_etags(&served);
    edit_post(&served, 119, "New");
    served.save(
        "118.md",
        "---\ntitle: Secret\ndate: 2024-05-07\ndraft: true\n---\n",
    );
    served.until("the post is hidden", |served| !served.serves("Old 118"));
    served.current.load_snapshot().compress_fast();
    for (path, tag) in FEEDS.iter().zip(&before) {
        let plain = request_delta(&served, path, tag);
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
fn unknown_etag_or_missing_a_im_gets_the_whole_feed() {
    let served = serve_120_posts();
    let before = feed_etags(&served);
    edit_post(&served, 119, "New");
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
        assert_eq!(entry_titles("/rss.xml", &answer.text()).len(), 100);
    }
    let failed = [("A-IM", "feed"), ("If-None-Match", tag), ("If-Match", tag)];
    assert_eq!(served.request("GET", "/rss.xml", &failed).status, 412);
}

const TERM_FEEDS: [&str; 3] = [
    "/tag/boats/rss.xml",
    "/tag/boats/atom.xml",
    "/tag/boats/feed.json",
];

fn boat_post(number: usize, title: &str, more: &str) -> String {
    format!(
        "---\ntitle: {title} {number}\ndate: 2024-05-{number:02}\ntags: [boats]\n{more}---\nText {number}.\n"
    )
}

fn serve_boat_posts() -> Served {
    let site = (1..=9).fold(TestSite::new(), |site, number| {
        site.post(&format!("{number}.md"), boat_post(number, "Old", ""))
    });
    site.serve()
}

/// Returns the ETag of a feed and the titles of its entries.
fn etag_and_titles(served: &Served, path: &str) -> (String, Vec<String>) {
    let answer = served.get(path);
    let tag = answer.header("etag").unwrap().to_owned();
    (
        tag,
        entry_titles(path.rsplit_once("boats").unwrap().1, &answer.text()),
    )
}

#[test]
fn lazily_rendered_feeds_have_deltas_too() {
    let served = serve_boat_posts();
    let before = TERM_FEEDS.map(|path| etag_and_titles(&served, path));
    served.save("9.md", &boat_post(9, "New", ""));
    served.until("the edit is served", |served| served.serves("New 9"));
    let between = TERM_FEEDS.map(|path| etag_and_titles(&served, path));
    served.save("3.md", &boat_post(3, "Other", ""));
    served.until("the edit is served", |served| served.serves("Other 3"));
    served.save("8.md", &boat_post(8, "Secret", "hidePost: true\n"));
    served.until("the post is hidden", |served| !served.serves("Old 8"));
    for (place, path) in TERM_FEEDS.iter().enumerate() {
        let full = served.get(path);
        for ((tag, _), expected) in [
            (&before[place], &["New 9", "Other 3"][..]),
            (&between[place], &["Other 3"]),
        ] {
            let new = request_delta(&served, path, tag);
            assert_eq!(new.status, 226, "{path}");
            assert_eq!(new.header("im"), Some("feed"));
            assert_eq!(new.header("delta-base"), Some(tag.as_str()));
            assert_eq!(new.header("etag"), full.header("etag"));
            assert_eq!(new.header("cache-control"), Some("private, no-store"));
            let format = path.rsplit_once("boats").unwrap().1;
            assert_eq!(entry_titles(format, &new.text()), expected, "{path}");
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
            let again = request_delta(&served, path, new.header("etag").unwrap());
            assert_eq!(again.status, 304, "{path}");
        }
        // A plain request gets the whole feed.
        let (_, all) = etag_and_titles(&served, path);
        assert_eq!(all.len(), 8, "{path}");
        assert_eq!(request_delta(&served, path, "\"unknown\"").status, 200);
    }
}

#[test]
fn feed_without_common_entries_is_sent_whole() {
    let served = serve_boat_posts();
    let (tag, _) = etag_and_titles(&served, "/tag/boats/rss.xml");
    for number in 1..=9 {
        served.save(&format!("{number}.md"), &boat_post(number, "New", ""));
    }
    served.until("all are served", |served| {
        (1..=9).all(|number| served.serves(&format!("New {number}")))
    });
    let whole = request_delta(&served, "/tag/boats/rss.xml", &tag);
    assert_eq!((whole.status, whole.header("im")), (200, None));
    assert_eq!(entry_titles("/rss.xml", &whole.text()).len(), 9);
}
