//! Checks the HTML page that browsers get at the address of a feed.

use std::io::Read as _;

use courant::model::artifact::{ArtifactKey, FeedFormat, FeedScope};
use flate2::read::GzDecoder;

use crate::support::{Response, Served, TestSite, feed_html_page, plain};

const BROWSER_ACCEPT: (&str, &str) = (
    "Accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
);

fn get_as_browser(served: &Served, path: &str) -> Response {
    served.request("GET", path, &[BROWSER_ACCEPT])
}

fn is_html(response: &Response) -> bool {
    response.header("content-type") == Some("text/html; charset=utf-8")
}

fn post_with_fields(title: &str, date: &str, more: &str) -> String {
    let title = serde_json::to_string(title).unwrap();
    format!("---\ntitle: {title}\ndate: {date}\n{more}\n---\nThe body.\n")
}

#[test]
fn every_feed_is_an_html_page_for_browsers() {
    let served = TestSite::new()
        .config("[[feeds]]\npath = \"/short.xml\"\ntitle = \"In short\"\nlimit = 1\ncontent = \"summary\"\n")
        .post("a.md", post_with_fields("First", "2024-05-01", "category: News\ntags: [Sea]\nauthor: Ada"))
        .post("b.md", post_with_fields("Second", "2024-05-02", "category: News"))
        .serve();
    for (path, mime_type) in [
        ("/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json; charset=utf-8"),
        (
            "/category/news/rss.xml",
            "application/rss+xml; charset=utf-8",
        ),
        ("/tag/sea/atom.xml", "application/atom+xml; charset=utf-8"),
        (
            "/author/ada/feed.json",
            "application/feed+json; charset=utf-8",
        ),
        ("/short.xml", "application/rss+xml; charset=utf-8"),
    ] {
        let page = get_as_browser(&served, path);
        assert_eq!(page.status, 200, "{path}");
        assert!(is_html(&page), "{path}");
        let html = page.text();
        for expected in [
            &format!("href=\"feed:https://example.org{path}\""),
            &format!("value=\"https://example.org{path}\""),
            &format!("href=\"https://example.org{path}?page=1\""),
            "href=\"https://example.org/\"",
            "<meta name=\"robots\" content=\"noindex\">",
            "First",
        ] {
            let is_there = html.contains(expected) || (path == "/short.xml" && expected == "First");
            assert!(is_there, "{expected} in {html}");
        }
        let feed = served.get(path);
        assert_eq!(feed.header("content-type"), Some(mime_type));
        assert_eq!(page.header("vary"), Some("Accept, Accept-Encoding"));
        assert_eq!(feed.header("vary"), Some("Accept, Accept-Encoding, A-IM"));
        assert_ne!(page.header("etag"), feed.header("etag"));
    }
    let page = get_as_browser(&served, "/rss.xml").text();
    for other in ["rss.xml", "atom.xml", "feed.json"] {
        assert!(page.contains(&format!("href=\"https://example.org/{other}\"")));
    }
    assert!(page.contains(">2024-05-02</time>") && page.contains(">Ada</span>"));
    assert!(page.contains("<p class=\"summary\" dir=\"auto\">The body.</p>"));
    assert!(page.contains("the whole text"));
    let short = get_as_browser(&served, "/short.xml").text();
    assert!(short.contains("The newest 1 of 2 posts") && !short.contains(">First<"));
    assert!(!short.contains("the whole text"));
}

#[test]
fn requests_for_a_numbered_page_stay_feeds() {
    let served = TestSite::new()
        .config("[feed]\nlimit = 1\n")
        .post("a.md", plain("First", "2024-05-01"))
        .post("b.md", plain("Second", "2024-05-02"))
        .serve();
    for path in ["/rss.xml?page=1", "/rss/2.xml", "/rss/archive/1.xml"] {
        let feed = get_as_browser(&served, path);
        let mime_type = feed.header("content-type");
        assert_eq!(
            mime_type,
            Some("application/rss+xml; charset=utf-8"),
            "{path}"
        );
    }
    for missing in ["/rss.xml?page=3", "/rss/3.xml"] {
        assert_eq!(get_as_browser(&served, missing).status, 404, "{missing}");
    }
    let old = get_as_browser(&served, "/rss.xml?page=2");
    assert_eq!(
        (old.status, old.header("location")),
        (301, Some("./rss/2.xml"))
    );
    assert!(is_html(&get_as_browser(&served, "/rss.xml?utm_source=x")));
    assert_eq!(get_as_browser(&served, "/tag/none/rss.xml").status, 404);
    for path in ["/sitemap.xml", "/opml.xml"] {
        let response = get_as_browser(&served, path);
        assert!(!is_html(&response) && response.status == 200, "{path}");
        assert_ne!(response.header("vary"), Some("Accept, Accept-Encoding"));
    }
}

#[test]
fn html_page_is_revalidated_by_its_own_etag() {
    let served = TestSite::new()
        .post("a.md", plain("First", "2024-05-01"))
        .serve();
    let gzip = ("Accept-Encoding", "gzip");
    let plain = get_as_browser(&served, "/rss.xml");
    let coded = served.request("GET", "/rss.xml", &[BROWSER_ACCEPT, gzip]);
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    let mut decoded = Vec::new();
    GzDecoder::new(&*coded.body)
        .read_to_end(&mut decoded)
        .unwrap();
    assert_eq!(decoded, plain.body);
    let feed = served.get("/rss.xml");
    let (tag, coded_tag) = (plain.header("etag").unwrap(), coded.header("etag").unwrap());
    assert_ne!(tag, coded_tag);
    let ask = |fields: &[(&str, &str)]| {
        let fields = [&[BROWSER_ACCEPT], fields].concat();
        served.request("GET", "/rss.xml", &fields)
    };
    let short = ask(&[("If-None-Match", tag)]);
    assert_eq!((short.status, short.body.len()), (304, 0));
    assert_eq!(ask(&[gzip, ("If-None-Match", coded_tag)]).status, 304);
    assert_eq!(ask(&[("If-None-Match", coded_tag)]).status, 200);
    assert_eq!(
        ask(&[("If-None-Match", feed.header("etag").unwrap())]).status,
        200
    );
    assert_eq!(ask(&[("If-Match", "\"x\"")]).status, 412);
    let since = feed.header("last-modified").unwrap();
    assert_eq!(
        ask(&[("If-Modified-Since", since)]).status,
        200,
        "Last-Modified is that of the feed"
    );
    for name in [
        "etag",
        "vary",
        "cache-control",
        "link",
        "x-robots-tag",
        "content-security-policy",
    ] {
        assert_eq!(short.header(name), plain.header(name), "{name}");
        assert!(plain.header(name).is_some(), "{name}");
    }
    let machine = served.request("GET", "/rss.xml", &[("If-None-Match", tag)]);
    assert_eq!(
        machine.status, 200,
        "the ETag of the page does not match the feed"
    );
}

#[test]
fn head_has_the_headers_of_get() {
    let served = TestSite::new()
        .post("a.md", plain("First", "2024-05-01"))
        .serve();
    let get = get_as_browser(&served, "/atom.xml");
    let head = served.request("HEAD", "/atom.xml", &[BROWSER_ACCEPT]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    let length = get.body.len().to_string();
    assert_eq!(head.header("content-length"), Some(&*length));
    for (name, value) in &get.headers {
        if name != "date" {
            assert_eq!(head.header(name), Some(value.as_str()), "{name}");
        }
    }
}

#[test]
fn html_page_has_csp_and_is_private() {
    let served = TestSite::new()
        .post("a.md", plain("First", "2024-05-01"))
        .serve();
    let page = get_as_browser(&served, "/rss.xml");
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("script"),
        "{policy}"
    );
    assert_eq!(page.header("x-robots-tag"), Some("noindex"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("cache-control"), Some("private, max-age=300"));
    assert_eq!(page.header("access-control-allow-origin"), None);
    let link = page.header("link").unwrap();
    assert!(link.contains(
        "<https://example.org/rss.xml>; rel=\"alternate\"; type=\"application/rss+xml\""
    ));
    assert!(!page.text().contains("<script"));
    let feed = served.get("/rss.xml");
    assert_eq!(feed.header("content-security-policy"), None);
    assert_eq!(feed.header("x-robots-tag"), None);
    assert!(feed.header("cache-control").unwrap().starts_with("public"));
}

#[test]
fn text_of_posts_is_escaped() {
    let evil = "\"><script>alert(1)</script><img src=x onerror='x'> &amp; {{ x }}";
    let yaml = serde_json::to_string(evil).unwrap();
    let front = format!("author: {yaml}\ncategory: {yaml}\ndescription: {yaml}\nlang: {yaml}");
    let served = TestSite::new()
        .title(evil)
        .config(&format!("copyright = {yaml}\n[[feeds]]\npath = \"/own.xml\"\ntitle = {yaml}\ndescription = {yaml}\n"))
        .post("a.md", post_with_fields(evil, "2024-05-01", &front))
        .serve();
    let slugs = served.current.load_snapshot().all_paths();
    let terms = slugs.iter().filter(|path| path.ends_with("/rss.xml"));
    for path in terms.map(String::as_str).chain(["/own.xml"]) {
        let html = get_as_browser(&served, path).text();
        for tag in ["<script", "<img", "onerror='x'>"] {
            assert!(!html.contains(tag), "{tag} in {path}: {html}");
        }
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{path}"
        );
        assert!(!html.contains(evil), "{path}");
        assert!(html.contains("&quot;&gt;&lt;script"), "{path}");
    }
}

#[test]
fn hidden_post_is_on_no_html_page() {
    let site = TestSite::new()
        .post("a.md", plain("Seen", "2024-05-01"))
        .post(
            "b.md",
            post_with_fields("Quetzal", "2024-05-02", "hidePost: true\nauthor: Xanthippe"),
        )
        .post("c.md", plain("Tomorrow", "2099-05-02"));
    let served = site.serve();
    let page = get_as_browser(&served, "/rss.xml").text();
    assert!(page.contains("Seen") && page.contains("One post so far"));
    for word in ["Quetzal", "Xanthippe", "Tomorrow"] {
        assert!(!page.contains(word), "{word}");
    }
    served.save("b.md", &plain("Quetzal", "2024-05-02"));
    served.until("the post is shown", |served| served.serves("Quetzal"));
    assert!(
        get_as_browser(&served, "/rss.xml")
            .text()
            .contains("Quetzal")
    );
    served.save(
        "b.md",
        &post_with_fields("Quetzal", "2024-05-02", "draft: true"),
    );
    served.until("the post is hidden again", |served| {
        !served.serves("Quetzal")
    });
    assert!(
        !get_as_browser(&served, "/rss.xml")
            .text()
            .contains("Quetzal")
    );
}

#[test]
fn edit_of_a_body_keeps_the_page_fingerprint() {
    let key = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss);
    let built = |body: &str, title: &str| {
        let text = format!("---\ntitle: {title}\ndate: 2024-05-01\ndescription: d\n---\n{body}\n");
        let built = TestSite::new().post("a.md", text).build();
        let page = feed_html_page(&built.snapshot, &key).unwrap();
        let (name, rest) = page.split_once('\n').unwrap();
        (name.to_owned(), rest.to_owned())
    };
    let before = built("One body.", "a");
    assert_eq!(built("Another body.", "a"), before);
    let after = built("One body.", "b");
    assert!(after.0 != before.0 && after.1 != before.1);
}

#[test]
fn every_word_on_the_page_changes_its_fingerprint() {
    let fingerprint_and_page = |site: TestSite| {
        let key = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss);
        let page = feed_html_page(&site.build().snapshot, &key).unwrap();
        let (name, rest) = page.split_once('\n').unwrap();
        (name.to_owned(), rest.to_owned())
    };
    let first =
        "title: a\ndate: 2024-05-01\nauthor: b\ncategory: c\ndescription: d\npermalink: /e/";
    let site = || TestSite::new();
    let with = |site: TestSite, front: &str| {
        fingerprint_and_page(site.post("a.md", format!("---\n{front}\n---\n")))
    };
    let others = [
        with(site(), first),
        with(site(), &first.replace(": a", ": A")),
        with(site(), &first.replace("05-01", "05-02")),
        with(site(), &first.replace(": b", ": B")),
        with(site(), &first.replace(": c", ": C")),
        with(site(), &first.replace(": d", ": D")),
        with(site(), &first.replace("/e/", "/f/")),
        with(site(), &format!("{first}\nlang: fr")),
        with(site().title("Other"), first),
        with(site().config("language = \"de\""), first),
        with(site().config("copyright = \"x\""), first),
        with(site().config("theme_color = \"#ff0000\""), first),
        with(
            site().config("timezone = \"Pacific/Kiritimati\""),
            &first.replace("05-01", "05-03T23:00:00Z"),
        ),
        with(site().config("[feed]\ncontent = \"summary\""), first),
        with(
            site().config("[server]\npublic_url = \"https://feeds.example.org\""),
            first,
        ),
        with(site().post("b.md", plain("b", "2020-01-01")), first),
    ];
    for (place, (name, rest)) in others.iter().enumerate() {
        for (other_name, other_rest) in &others[..place] {
            assert_eq!(name == other_name, rest == other_rest, "{place}");
            assert_ne!(rest, other_rest, "{place}");
        }
    }
}

#[test]
fn html_page_can_be_switched_off() {
    let served = TestSite::new()
        .config("[feed]\npage = false\n")
        .post("a.md", plain("First", "2024-05-01"))
        .serve();
    let feed = get_as_browser(&served, "/rss.xml");
    assert_eq!(
        feed.header("content-type"),
        Some("application/rss+xml; charset=utf-8")
    );
    assert_eq!(feed.header("vary"), Some("Accept-Encoding, A-IM"));
}

#[test]
fn xml_outputs_link_one_immutable_stylesheet() {
    let served = TestSite::new()
        .config("[feed]\nlimit = 1\n")
        .post("a.md", plain("First", "2024-05-01"))
        .post(
            "b.md",
            post_with_fields("Second", "2024-05-02", "category: News"),
        )
        .serve();
    let mut urls = Vec::new();
    for path in [
        "/rss.xml",
        "/atom.xml",
        "/category/news/rss.xml",
        "/rss/2.xml",
        "/atom/archive/1.xml",
        "/sitemap.xml",
    ] {
        let text = served.get(path).text();
        let (declaration, rest) = text.split_once('\n').unwrap();
        assert!(
            declaration.starts_with("<?xml version=\"1.0\""),
            "{path}: {text}"
        );
        let (instruction, _) = rest.split_once('\n').unwrap();
        let url = instruction
            .strip_prefix("<?xml-stylesheet type=\"text/css\" href=\"https://example.org")
            .and_then(|rest| rest.strip_suffix("\"?>"));
        urls.push(
            url.unwrap_or_else(|| panic!("{path}: {instruction}"))
                .to_owned(),
        );
    }
    urls.dedup();
    let [url] = urls.as_slice() else {
        panic!("{urls:?}");
    };
    for coding in ["identity", "gzip"] {
        let ask = |path: &str| served.request("GET", path, &[("Accept-Encoding", coding)]);
        let sheet = ask(url);
        assert_eq!(sheet.status, 200);
        assert_eq!(
            sheet.header("content-type"),
            Some("text/css; charset=utf-8")
        );
        let forever = Some("public, max-age=31536000, immutable");
        assert_eq!(sheet.header("cache-control"), forever, "{coding}");
        for other in ["/feed.css", "/feed.css?v=x"] {
            assert_eq!(ask(other).body, sheet.body);
            assert_ne!(ask(other).header("cache-control"), forever);
        }
    }
    assert!(!served.get("/feed.json").text().contains("stylesheet"));
}
