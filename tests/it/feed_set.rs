//! Checks the set of feeds, their pages and their archives.

use courant::model::artifact::{ArtifactKey, FeedFormat, FeedPageId, FeedScope};
use courant::publish::snapshot::ResourceContent;
use proptest::prelude::*;

use crate::support::{Built, TestSite, plain, render_further_pages};

/// Builds a site with the given number of posts; `Post 1` is the oldest.
fn site_of_posts(posts: usize, config: &str) -> TestSite {
    (1..=posts).fold(TestSite::new().config(config), |site, number| {
        let date = format!("2023-01-01T{:02}:{:02}:00Z", number / 60, number % 60);
        site.post(
            &format!("{number}.md"),
            plain(&format!("Post {number}."), &date),
        )
    })
}

/// Returns the numbers of the posts in a feed, in their order.
fn post_numbers(text: &str) -> Vec<usize> {
    let titles = text.split("<title>Post ").skip(1);
    let titles = titles.chain(text.split("\"title\": \"Post ").skip(1));
    let mut numbers: Vec<usize> = titles
        .map(|rest| rest.split('.').next().unwrap().parse().unwrap())
        .collect();
    numbers.dedup();
    numbers
}

fn site_feed_key(format: FeedFormat) -> ArtifactKey {
    ArtifactKey::Feed(FeedScope::Site, format)
}

fn render_page(built: &Built, format: FeedFormat, page: FeedPageId) -> String {
    built.text(&site_feed_key(format).page_key(page).url_path())
}

fn page_fingerprint(built: &Built, feed: &ArtifactKey, page: FeedPageId) -> String {
    let page = built.snapshot.get(&feed.page_key(page).url_path());
    match &page.unwrap().content {
        ResourceContent::Lazy { body, .. } => body.fingerprint.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tags_of_any_script_have_feeds_beside_categories() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: a\ndate: 2024-01-01\ncategories: [News]\ntags: [Новости, 日本, News, c++]\n---\n")
        .build();
    for path in [
        "/category/news/rss.xml",
        "/tag/news/atom.xml",
        "/tag/c-plus-plus/feed.json",
        "/tag/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/rss.xml",
        "/tag/%E6%97%A5%E6%9C%AC/rss.xml",
    ] {
        assert!(
            built.snapshot.get(path).is_some(),
            "{path} in {:?}",
            built.paths()
        );
    }
    let rss = built.text("/rss.xml");
    assert_eq!(rss.matches("<category>News</category>").count(), 1, "{rss}");
    assert!(rss.contains("<category>日本</category>"));
    assert!(built.text("/opml.xml").contains("text=\"Tags\""));
    assert!(
        built
            .text("/cards/a/")
            .contains("article:tag\" content=\"c++\"")
    );
}

#[test]
fn configured_feeds_hold_the_posts_of_their_filter() {
    let post = |more: &str| format!("---\ntitle: a\ndate: 2024-01-01\n{more}\n---\nWhole text.\n");
    let built = TestSite::new()
        .config(
            r#"
[[feeds]]
path = "/news.xml"
category = "big news"
title = "The news"
[[feeds]]
path = "/feeds/ada.json"
author = ["Ada", "Bob"]
tag = "x"
[[feeds]]
path = "/fr.atom"
language = "fr"
format = "atom"
content = "summary"
[[feeds]]
path = "/dir.xml"
directory = "/blog/"
limit = 1
[[feeds]]
path = "/index.xml"
"#,
        )
        .post("a.md", post("category: Big News"))
        .post("b.md", post("author: Ada\ntags: [X]"))
        .post("c.md", post("author: Ada"))
        .post("d.md", post("lang: fr-CA"))
        .post("blog/e.md", post("category: e"))
        .post("blog/f.md", post("category: f"))
        .post("blogs/g.md", post("category: g"))
        .build();
    let count_entries = |path: &str| {
        let text = built.text(path);
        text.matches("<item>").count()
            + text.matches("<entry>").count()
            + text.matches("\"id\"").count()
    };
    assert_eq!(count_entries("/news.xml"), 1);
    assert!(built.text("/news.xml").contains("<title>The news</title>"));
    assert_eq!(count_entries("/feeds/ada.json"), 1);
    assert!(
        built
            .text("/feeds/ada.json")
            .contains("\"feed_url\": \"https://example.org/feeds/ada.json\"")
    );
    assert_eq!(count_entries("/fr.atom"), 1);
    assert!(!built.text("/fr.atom").contains("<content"));
    assert_eq!(count_entries("/dir.xml"), 1);
    assert_eq!(count_entries("/index.xml"), 7);
    let all = built.snapshot.get("/fr.atom").unwrap();
    assert_eq!(all.key.media_type(), "application/atom+xml; charset=utf-8");
    let opml = built.text("/opml.xml");
    assert!(opml.contains("text=\"More feeds\"") && opml.contains("/feeds/ada.json"));
    assert!(built.text("/").contains("/news.xml"));
}

#[test]
fn feed_is_split_into_pages_and_archives() {
    let built = site_of_posts(45, "[feed]\nlimit = 20").build();
    for format in FeedFormat::ALL {
        let main = built.text(&site_feed_key(format).url_path());
        assert_eq!(post_numbers(&main), (26..=45).rev().collect::<Vec<_>>());
        let second = render_page(&built, format, FeedPageId::Number(2));
        assert_eq!(post_numbers(&second), (6..=25).rev().collect::<Vec<_>>());
        let third = render_page(&built, format, FeedPageId::Number(3));
        assert_eq!(post_numbers(&third), (1..=5).rev().collect::<Vec<_>>());
        for (number, first) in [(1, 1), (2, 21)] {
            let archive = render_page(&built, format, FeedPageId::Archive(number));
            assert_eq!(
                post_numbers(&archive),
                (first..first + 20).rev().collect::<Vec<_>>()
            );
        }
        let further = built.paths().into_iter().filter(|path| {
            let key = &built.snapshot.get(path).unwrap().key;
            matches!(key, ArtifactKey::FeedPage(_, other, _) if *other == format)
        });
        assert_eq!(further.count(), 4, "two pages and two archives are listed");
        for missing in [
            FeedPageId::Number(0),
            FeedPageId::Number(4),
            FeedPageId::Archive(0),
            FeedPageId::Archive(3),
        ] {
            let path = site_feed_key(format).page_key(missing).url_path();
            assert!(built.snapshot.get(&path).is_none(), "{path}");
            assert!(!built.paths().contains(&path), "{path}");
        }
    }
    let link_href = |text: &str, rel: &str| {
        let at = text.find(&format!("rel=\"{rel}\"")).map(|at| {
            let begin = text[..at].rfind('<').unwrap();
            let link = &text[begin..begin + text[begin..].find('>').unwrap()];
            link.split("href=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        });
        at.unwrap_or_default()
    };
    for (format, name) in [(FeedFormat::Rss, "rss"), (FeedFormat::Atom, "atom")] {
        let url = |page: &str| format!("https://example.org/{name}{page}.xml");
        let main = built.text(&site_feed_key(format).url_path());
        assert_eq!(link_href(&main, "self"), url(""));
        assert_eq!(link_href(&main, "next"), url("/2"));
        assert_eq!(link_href(&main, "last"), url("/3"));
        assert_eq!(link_href(&main, "prev-archive"), url("/archive/2"));
        assert_eq!(link_href(&main, "previous"), "");
        assert!(
            !main.contains("fh:"),
            "it is neither complete nor an archive"
        );
        let second = render_page(&built, format, FeedPageId::Number(2));
        assert_eq!(link_href(&second, "self"), url("/2"));
        assert_eq!(
            (link_href(&second, "first"), link_href(&second, "previous")),
            (url(""), url(""))
        );
        assert_eq!(link_href(&second, "next"), url("/3"));
        let archive = render_page(&built, format, FeedPageId::Archive(2));
        assert_eq!(link_href(&archive, "current"), url(""));
        assert_eq!(link_href(&archive, "prev-archive"), url("/archive/1"));
        assert!(archive.contains("<fh:archive"), "{archive}");
        let first = render_page(&built, format, FeedPageId::Archive(1));
        assert_eq!(link_href(&first, "next-archive"), url("/archive/2"));
    }
    assert!(
        built
            .text("/feed.json")
            .contains("\"next_url\": \"https://example.org/feed/2.json\"")
    );
    let last = render_page(&built, FeedFormat::Json, FeedPageId::Number(3));
    assert!(!last.contains("next_url"));
    assert!(
        render_page(&built, FeedFormat::Json, FeedPageId::Archive(2)).contains("/archive/1.json")
    );
    let small = site_of_posts(3, "").build();
    assert!(small.text("/atom.xml").contains("<fh:complete"));
    assert!(!small.text("/atom.xml").contains("rel=\"first\""));
}

#[test]
fn new_post_changes_no_archive() {
    let fingerprint =
        |built: &Built, page| page_fingerprint(built, &site_feed_key(FeedFormat::Atom), page);
    let before = site_of_posts(45, "[feed]\nlimit = 20").build();
    let after = site_of_posts(46, "[feed]\nlimit = 20").build();
    assert_eq!(
        fingerprint(&before, FeedPageId::Archive(1)),
        fingerprint(&after, FeedPageId::Archive(1))
    );
    assert_eq!(
        render_page(&before, FeedFormat::Atom, FeedPageId::Archive(1)),
        render_page(&after, FeedFormat::Atom, FeedPageId::Archive(1))
    );
    assert_ne!(
        fingerprint(&before, FeedPageId::Number(2)),
        fingerprint(&after, FeedPageId::Number(2))
    );
}

#[test]
fn content_setting_changes_the_page_fingerprint() {
    let fingerprint = |content: &str| {
        let built =
            site_of_posts(5, &format!("[feed]\nlimit = 2\ncontent = \"{content}\"")).build();
        let key = site_feed_key(FeedFormat::Rss);
        page_fingerprint(&built, &key, FeedPageId::Number(2))
    };
    assert_eq!(fingerprint("full"), fingerprint("full"));
    assert_ne!(fingerprint("full"), fingerprint("summary"));
}

#[test]
fn pages_are_served_with_validators_and_codings() {
    let site = site_of_posts(5, "[feed]\nlimit = 2").serve();
    let second = site.get("/rss/2.xml");
    assert_eq!(second.status, 200);
    assert_eq!(post_numbers(&second.text()), [3, 2]);
    assert_eq!(
        second.header("content-type"),
        Some("application/rss+xml; charset=utf-8")
    );
    assert!(
        second
            .header("link")
            .unwrap()
            .contains("/rss/3.xml>; rel=\"next\""),
        "{second:?}"
    );
    let etag = second.header("etag").unwrap();
    let again = site.request("GET", "/rss/2.xml", &[("If-None-Match", etag)]);
    assert_eq!((again.status, again.header("etag")), (304, Some(etag)));
    let coded = site.request("GET", "/rss/2.xml", &[("Accept-Encoding", "gzip")]);
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    assert_ne!(coded.header("etag"), Some(etag));
    assert_eq!(&coded.body[..2], [0x1f, 0x8b]);
    let head = site.request("HEAD", "/rss/2.xml", &[]);
    assert_eq!(
        head.header("content-length"),
        second.header("content-length")
    );
    assert!(head.body.is_empty());
    assert_eq!(
        site.get("/rss.xml?page=1").text(),
        site.get("/rss.xml").text()
    );
    for (old, new, status) in [
        ("/rss.xml?page=2", "./rss/2.xml", 301),
        ("/rss.xml?x=1&page=3", "./rss/3.xml", 301),
        ("/rss.xml?archive=1", "./rss/archive/1.xml", 301),
        ("/feed.json?archive=2", "./feed/archive/2.json", 301),
        ("/rss/2.xml/", "../../rss/2.xml", 308),
    ] {
        for fields in [vec![], vec![("Accept", "text/html")]] {
            let moved = site.request("GET", old, &fields);
            let location = moved.header("location");
            assert_eq!((moved.status, location), (status, Some(new)), "{old}");
            assert_eq!(moved.header("access-control-allow-origin"), Some("*"));
        }
    }
    for (name, value) in [
        ("access-control-allow-origin", Some("*")),
        ("vary", Some("Accept-Encoding")),
        ("last-modified", None),
    ] {
        assert_eq!(second.header(name), value, "{name}");
    }
    let as_browser = site.request("GET", "/rss/2.xml", &[("Accept", "text/html")]);
    assert_eq!(as_browser.body, second.body);
    for missing in [
        "/rss/4.xml",
        "/rss/1.xml",
        "/rss/archive/3.xml",
        "/feed/2.xml",
        "/rss.xml?page=4",
        "/rss.xml?page=x",
        "/rss.xml?archive=9",
        "/atom.xml?page=",
    ] {
        assert_eq!(site.get(missing).status, 404, "{missing}");
    }
    assert_eq!(site.get("/robots.txt?page=7").status, 200);
    // This edit is visible on the second page only.
    site.save("2.md", &plain("Post 22.", "2023-01-01T00:02:00Z"));
    site.until("the page has the edit", |site| {
        post_numbers(&site.get("/rss/2.xml").text()) == [3, 22]
    });
}

#[test]
fn long_feed_summarizes_its_oldest_posts() {
    let long = |number: usize| {
        format!(
            "---\ntitle: Post {number}.\ndate: 2024-01-{number:02}\ndescription: In short\n---\n{}\n",
            "& < word \"quoted\" ".repeat(2_000)
        )
    };
    let site = (1..=20).fold(
        TestSite::new().config("[feed]\nmax_bytes = 300000"),
        |site, number| site.post(&format!("{number}.md"), long(number)),
    );
    let built = site.build();
    let mut full = Vec::new();
    for path in ["/rss.xml", "/atom.xml", "/feed.json"] {
        let text = built.text(path);
        assert!(
            text.len() <= 300_000 && text.len() > 50_000,
            "{path}: {}",
            text.len()
        );
        assert_eq!(post_numbers(&text).len(), 20, "{path}");
        full.push(
            ["<content:encoded>", "<content ", "content_html"]
                .map(|tag| text.matches(tag).count())
                .iter()
                .sum::<usize>(),
        );
    }
    assert!(full.iter().all(|count| (2..20).contains(count)), "{full:?}");
    // A post longer than the limit is summarized and leaves the space to the other posts.
    let site = TestSite::new()
        .config("[feed]\nmax_bytes = 300000")
        .post(
            "a.md",
            format!(
                "---\ntitle: Post 2.\ndate: 2024-02-01\n---\n{}\n",
                "word ".repeat(80_000)
            ),
        )
        .post(
            "b.md",
            "---\ntitle: Post 1.\ndate: 2024-01-01\n---\nShort and whole.\n",
        );
    let rss = site.build().text("/rss.xml");
    assert!(
        rss.len() < 300_000 && rss.contains("<p>Short and whole.</p>"),
        "{}",
        rss.len()
    );
    let whole = TestSite::new().config("[feed]\nmax_bytes = 0");
    let whole = (1..=20).fold(whole, |site, number| {
        site.post(&format!("{number}.md"), long(number))
    });
    assert_eq!(
        whole
            .build()
            .text("/rss.xml")
            .matches("<content:encoded>")
            .count(),
        20
    );
}

#[test]
fn feed_may_be_exactly_as_long_as_its_limit() {
    const POSTS: usize = 12;
    let text =
        "<a href=\"/b\">it's</a> `]]>` & \"quoted\" äöü \\ {x}\n\n* [é](/é) ![alt](/p.png)\n";
    let site = |max_bytes: usize| {
        let site = TestSite::new().config(&format!("[feed]\nmax_bytes = {max_bytes}"));
        let site = (1..=POSTS).fold(site, |site, number| {
            let front = format!(
                "title: '<Post> & {number}.'\ndate: 2024-01-{number:02}\nauthor: Ada & Co\ntags: [\"a\\\"b\"]\ndescription: In <short>"
            );
            site.post(&format!("{number}.md"), format!("---\n{front}\n---\n{}", text.repeat(number)))
        });
        site.build()
    };
    let count = |text: &str| {
        let tags = ["<content:encoded>", "<content ", "content_html"];
        tags.map(|tag| text.matches(tag).count())
            .iter()
            .sum::<usize>()
    };
    let unlimited = site(0);
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/tag/a-b/atom.xml"] {
        let length = unlimited.text(path).len();
        let exact = site(length).text(path);
        assert_eq!((exact.len(), count(&exact)), (length, POSTS), "{path}");
        let short = site(length - 1).text(path);
        assert_eq!(count(&short), POSTS - 1, "{path}");
        assert!(short.len() < length, "{path}");
    }
}

#[test]
fn sitemap_links_translations_of_a_post() {
    let built = TestSite::new()
        .config("languages = [\"en\", \"fr\", \"de\"]")
        .post("a.md", plain("Aye", "2024-01-01"))
        .post("a.fr.md", plain("Ah", "2024-01-01"))
        .post(
            "b.md",
            "---\ntitle: b\ndate: 2024-01-01\ntranslationKey: x\n---\n",
        )
        .post(
            "c.md",
            "---\ntitle: c\ndate: 2024-01-01\nlang: de\ntranslationKey: x\n---\n",
        )
        .post(
            "c2.md",
            "---\ntitle: c2\ndate: 2023-01-01\nlang: de\ntranslationKey: x\n---\n",
        )
        .post("d.md", plain("alone", "2024-01-01"))
        .post(
            "d.de.md",
            "---\ntitle: d\ndate: 2024-01-01\ndraft: true\n---\n",
        )
        .build();
    let map = built.text("/sitemap.xml");
    let links = |path: &str| {
        let url = map
            .split("<url>")
            .find(|url| url.contains(&format!("<loc>https://example.org{path}</loc>")));
        let url = url.unwrap_or_else(|| panic!("{path} in {map}"));
        url.split("hreflang=\"")
            .skip(1)
            .map(|rest| {
                rest.replace("\" href=\"https://example.org", " ")
                    .split('"')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    let group = ["en /a/", "fr /fr/a/", "x-default /a/"];
    assert_eq!(links("/a/"), group);
    assert_eq!(links("/fr/a/"), group);
    assert_eq!(links("/b/"), ["de /de/c/", "en /b/", "x-default /b/"]);
    assert_eq!(
        links("/de/c2/"),
        Vec::<String>::new(),
        "the newer post is the translation"
    );
    assert_eq!(
        links("/d/"),
        Vec::<String>::new(),
        "a draft is not a translation"
    );
}

#[test]
fn faults_of_configured_feeds_are_reported_with_a_hint() {
    let toml = r#"[site]
url = "https://e.org"
title = "E"
languages = ["en", "fr"]
[[feeds]]
title = "x"
[[feeds]]
path = "news"
[[feeds]]
path = "/rss.xml"
[[feeds]]
path = "/cards"
[[feeds]]
path = "/a.xml"
[[feeds]]
path = "/a%2exml"
format = "rdf"
tagg = "x"
[[feeds]]
path = "/fr/category/sea.xml"
[[feeds]]
path = "/rss/2.xml"
[[feeds]]
path = "/fr/atom/archive/1.xml"
[[feeds]]
path = "/rss"
[[feeds]]
path = "/feed"
[[feeds]]
path = "/a/archive.xml"
[[feeds]]
path = "/a/b.xml"
"#;
    let findings = courant::config::Config::parse(toml, "config.toml", std::path::Path::new(""));
    let lines: Vec<String> = findings
        .unwrap_err()
        .iter()
        .map(|finding| {
            format!(
                "{}: {} ({})",
                finding.line.unwrap(),
                finding.message,
                finding.hint
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Checks that the pages, and also the archives, hold every post.
    #[test]
    fn pages_and_archives_hold_every_post(posts in 1..30_usize, limit in 1..8_usize) {
        let built = site_of_posts(posts, &format!("[feed]\nlimit = {limit}")).build();
        let key = site_feed_key(FeedFormat::Rss);
        let main = post_numbers(&built.text("/rss.xml"));
        let further: Vec<usize> = render_further_pages(&built.snapshot, &key).iter().flat_map(|text| post_numbers(text)).collect();
        let count = |number: usize| further.iter().filter(|other| **other == number).count();
        for number in 1..=posts {
            let is_new = main.contains(&number);
            // Once in the pages and once in the archives, which may overlap with the newest posts.
            prop_assert!(if is_new { count(number) <= 1 } else { count(number) == 2 }, "{}", number);
        }
    }
}

#[test]
fn each_language_has_feeds_and_a_page_of_its_own() {
    let post = |title: &str| {
        format!(
            "---\ntitle: {title}\ndate: 2024-01-01\ncategory: Sea\nauthor: Ada\n---\n{title} body\n"
        )
    };
    let built = TestSite::new()
        .config("languages = [\"en\", \"fr\"]")
        .post("a.md", post("Aye"))
        .post("a.fr.md", post("Ah"))
        .post("b.de.md", post("Ach").replace("title:", "lang: de\ntitle:"))
        .build();
    for (path, here, elsewhere) in [
        ("/rss.xml", ["Aye", "Ach"].as_slice(), "Ah body"),
        ("/atom.xml", &["Aye", "Ach"], "Ah body"),
        ("/feed.json", &["Aye", "Ach"], "Ah body"),
        ("/category/sea/rss.xml", &["Aye", "Ach"], "Ah body"),
        ("/author/ada/feed.json", &["Aye", "Ach"], "Ah body"),
        ("/", &["Aye", "Ach"], "Ah body"),
        ("/fr/rss.xml", &["Ah"], "Aye"),
        ("/fr/atom.xml", &["Ah"], "Aye"),
        ("/fr/feed.json", &["Ah"], "Aye"),
        ("/fr/category/sea/rss.xml", &["Ah"], "Aye"),
        ("/fr/author/ada/feed.json", &["Ah"], "Aye"),
        ("/fr/", &["Ah"], "Aye"),
        ("/sitemap.xml", &["/a/", "/fr/a/"], "none"),
    ] {
        let text = built.text(path);
        for title in here {
            assert!(text.contains(title), "{title} in {path}: {text}");
        }
        assert!(!text.contains(elsewhere), "{elsewhere} in {path}");
    }
    assert!(built.text("/rss.xml").contains("<language>en</language>"));
    assert!(
        built
            .text("/fr/rss.xml")
            .contains("<language>fr</language>")
    );
    assert!(built.text("/fr/atom.xml").contains("xml:lang=\"fr\""));
    assert!(built.text("/fr/feed.json").contains("\"language\": \"fr\""));
    assert!(built.text("/").contains("href=\"https://example.org/fr/\""));
    assert!(built.text("/fr/").contains("href=\"https://example.org/\""));
    assert!(
        built
            .text("/fr/")
            .starts_with("<!DOCTYPE html><html lang=\"fr\">")
    );
    let outline = built.text("/opml.xml");
    for path in ["/rss.xml", "/fr/rss.xml", "/fr/category/sea/rss.xml"] {
        let url = format!("xmlUrl=\"https://example.org{path}\"");
        assert_eq!(outline.matches(&url).count(), 1, "{path} in {outline}");
    }
    let card = built.text("/cards/fr/a/");
    assert!(
        card.contains("href=\"https://example.org/fr/rss.xml\""),
        "{card}"
    );
    assert_eq!(built.rules(), []);
}

#[test]
fn languages_share_the_feeds_on_request() {
    let built = TestSite::new()
        .config("languages = [\"en\", \"fr\"]\n[feed]\nmixed_languages = true")
        .post("a.md", plain("Aye", "2024-01-01"))
        .post("a.fr.md", plain("Ah", "2024-01-01"))
        .build();
    let feed = built.text("/rss.xml");
    assert!(feed.contains("Aye") && feed.contains("Ah"), "{feed}");
    assert!(
        !built
            .paths()
            .iter()
            .any(|path| path == "/fr/rss.xml" || path == "/fr/")
    );
}

#[test]
fn region_of_the_site_does_not_make_a_second_language() {
    let built = TestSite::new()
        .config("language = \"en-US\"\nlanguages = [\"en\", \"fr\"]")
        .post("en/a.md", plain("Aye", "2024-01-01"))
        .post("fr/a.md", plain("Ah", "2024-01-01"))
        .build();
    let feed = built.text("/rss.xml");
    assert!(
        feed.contains("<link>https://example.org/a/</link>"),
        "{feed}"
    );
    assert!(feed.contains("<language>en-US</language>"), "{feed}");
    assert!(!built.paths().iter().any(|path| path.starts_with("/en/")));
    let map = built.text("/sitemap.xml");
    assert!(
        map.contains("hreflang=\"en-US\" href=\"https://example.org/a/\""),
        "{map}"
    );
}

#[test]
fn region_of_a_post_keeps_the_directory_of_its_language() {
    let built = TestSite::new()
        .config("languages = [\"en\", \"fr\"]")
        .post(
            "a.md",
            "---\ntitle: Ah\ndate: 2024-01-01\nlang: fr-CA\n---\n",
        )
        .post(
            "b.md",
            "---\ntitle: Aye\ndate: 2024-01-01\nlang: en-GB\n---\n",
        )
        .build();
    let french = built.text("/fr/rss.xml");
    let english = built.text("/rss.xml");
    assert!(
        french.contains("<link>https://example.org/fr/a/</link>"),
        "{french}"
    );
    assert!(
        english.contains("<link>https://example.org/b/</link>"),
        "{english}"
    );
}

#[test]
fn edit_in_one_language_leaves_the_feeds_of_the_others() {
    let served = TestSite::new()
        .config("languages = [\"en\", \"fr\"]")
        .post("a.md", plain("Aye", "2024-01-01"))
        .post("a.fr.md", plain("Ah", "2024-01-01"))
        .serve();
    let tag = |path: &str| served.get(path).header("etag").map(str::to_owned);
    let before = [tag("/rss.xml"), tag("/"), tag("/fr/rss.xml")];
    assert!(before.iter().all(Option::is_some));
    served.save("a.fr.md", &plain("Oh", "2024-01-01"));
    served.until("the French feed", |served| {
        served.get("/fr/rss.xml").text().contains("Oh")
    });
    let after = [tag("/rss.xml"), tag("/"), tag("/fr/rss.xml")];
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2], after[2]);
}

#[test]
fn configured_feed_of_one_language_says_so() {
    let built = TestSite::new()
        .config("[[feeds]]\npath = \"/german.xml\"\nlanguage = \"de\"")
        .post("a.md", plain("Aye", "2024-01-01"))
        .build();
    assert!(
        built
            .text("/german.xml")
            .contains("<language>de</language>")
    );
}
