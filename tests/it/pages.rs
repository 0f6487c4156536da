//! Checks the home page, the card pages, robots.txt, llms.txt and the OPML outline.

use crate::support::{TestSite, plain};

const FULL_POST: &str = "---\ntitle: \"A \\\"quoted\\\" <title> & </script>\"\nauthor: [{name: Ada Example}, Bob]\ncategory: [News, More]\ndate: 2024-05-01T10:00:00Z\nupdated: 2024-06-01\nlang: pt-BR\nseo:\n  url: https://example.org/blog/a\n  title: \"For \\\"previews\\\" </script>&lt;!--\"\n  description: \"A <summary> & \\\"more\\\"\"\n  image: /cover.jpg\n  imageAlt: \"What it \\\"shows\\\"\"\n---\nBody\n";

fn site_with_full_post() -> TestSite {
    TestSite::new()
        .config("twitter = \"@examplesite\"\nimage = \"/logo.png\"\n[[authors]]\nname = \"ada example\"\nurl = \"https://example.org/ada\"\nfediverse = \"@ada@social.example\"\ntwitter = \"ada\"")
        .post("a.md", FULL_POST)
}

/// Returns the contents of all `meta` elements with this name, in order.
fn meta_values<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("\"{name}\" content=\"");
    html.match_indices(&start)
        .map(|(at, _)| html[at + start.len()..].split('"').next().unwrap())
        .collect()
}

#[test]
fn card_page_has_the_metadata_of_every_network() {
    let built = site_with_full_post().build();
    let html = built.text("/cards/blog/a");
    for (name, expected) in [
        ("og:type", vec!["article"]),
        ("og:site_name", vec!["Example"]),
        (
            "og:title",
            vec!["For &quot;previews&quot; &lt;/script&gt;&lt;!--"],
        ),
        (
            "og:description",
            vec!["A &lt;summary&gt; &amp; &quot;more&quot;"],
        ),
        ("og:url", vec!["https://example.org/blog/a"]),
        ("og:locale", vec!["pt_BR"]),
        ("og:image", vec!["https://example.org/cover.jpg"]),
        ("og:image:alt", vec!["What it &quot;shows&quot;"]),
        ("article:published_time", vec!["2024-05-01T10:00:00Z"]),
        ("article:modified_time", vec!["2024-06-01T00:00:00Z"]),
        ("article:author", vec!["https://example.org/ada", "Bob"]),
        ("article:section", vec!["News"]),
        ("article:tag", vec!["News", "More"]),
        ("twitter:card", vec!["summary_large_image"]),
        ("twitter:site", vec!["@examplesite"]),
        ("twitter:creator", vec!["@ada"]),
        ("twitter:label1", vec!["Written by"]),
        ("twitter:data1", vec!["Ada Example, Bob"]),
        ("fediverse:creator", vec!["@ada@social.example"]),
    ] {
        assert_eq!(meta_values(&html, name), expected, "{name}");
    }
    assert!(html.contains("<link rel=\"canonical\" href=\"https://example.org/blog/a\">"));
    assert!(
        html.contains("<a class=\"on\" href=\"https://example.org/blog/a\">"),
        "the card page links to the post"
    );
    assert!(
        !html.contains("http-equiv") && !html.contains("location"),
        "no redirect"
    );
    assert!(html.find("og:image").unwrap() < html.find("twitter:card").unwrap());
}

#[test]
fn json_ld_parses_and_escapes_markup() {
    let built = site_with_full_post().build();
    let html = built.text("/cards/blog/a");
    let (_, rest) = html
        .split_once("<script type=\"application/ld+json\">")
        .unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(value["headline"], "For \"previews\" </script><!--");
    assert_eq!(value["author"][0]["url"], "https://example.org/ada");
    assert!(!json.contains('<'));
    assert_eq!(html.matches("</script>").count(), 1);
}

#[test]
fn card_page_head_fits_in_32_kilobytes() {
    let long = "ab\u{301}&<é\"".repeat(8_000);
    let list: String = (0..500)
        .map(|n| format!("  - \"{n}{}\"\n", "&\\\"x".repeat(80)))
        .collect();
    let yaml = serde_json::to_string(&long).unwrap();
    let query = "a&".repeat(280);
    let post = format!(
        "---\ntitle: {yaml}\ndescription: {yaml}\nimage: \"/i?{query}\"\nlang: {yaml}\nimageAlt: {yaml}\nauthor:\n{list}category:\n{list}date: 2024-01-01\nseo: {{url: \"https://example.org/a?{query}\"}}\n---\n"
    );
    let html = TestSite::new().post("a.md", post).build().text("/cards/a");
    let end = html.find("</head>").unwrap();
    assert!(end < 32 * 1024, "{end}");
}

#[test]
fn site_has_its_own_card() {
    let built = site_with_full_post().build();
    let html = built.text("/cards/");
    assert_eq!(meta_values(&html, "og:type"), ["website"]);
    assert_eq!(meta_values(&html, "og:title"), ["Example"]);
    assert_eq!(
        meta_values(&html, "og:image"),
        ["https://example.org/logo.png"]
    );
    assert_eq!(
        meta_values(&html, "article:published_time"),
        Vec::<&str>::new()
    );
}

#[test]
fn post_without_a_picture_gets_a_drawn_card() {
    let built = TestSite::new()
        .config("image = \"/logo.png\"")
        .post("a.md", plain("a", "2024-01-01"))
        .build();
    let html = built.text("/cards/a/");
    let [image] = meta_values(&html, "og:image")[..] else {
        panic!("one picture was expected")
    };
    assert!(
        image.starts_with("https://example.org/cards/a/card.png?v="),
        "{image}"
    );
    assert_eq!(meta_values(&html, "twitter:card"), ["summary_large_image"]);
}

#[test]
fn post_at_the_root_does_not_replace_the_site_card() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: Root\ndate: 2024-01-01\nseo: {url: https://example.org/}\n---\n",
        )
        .build();
    assert_eq!(
        built.rules(),
        [courant::model::finding::Rule::DuplicateCard]
    );
    assert_eq!(meta_values(&built.text("/cards/"), "og:title"), ["Example"]);
    assert!(
        built.text("/rss.xml").contains("Root"),
        "the post is still in the feed"
    );
}

#[test]
fn home_page_lists_every_feed() {
    let built = site_with_full_post()
        .post("b.md", plain("Second <b>", "2024-07-01"))
        .build();
    let html = built.text("/");
    for part in [
        "<link rel=\"alternate\" type=\"application/rss+xml\" title=\"Example (RSS)\" href=\"https://example.org/rss.xml\">",
        "<link rel=\"alternate\" type=\"application/atom+xml\"",
        "<link rel=\"alternate\" type=\"application/feed+json\"",
        "href=\"https://example.org/category/news/atom.xml\"",
        "href=\"https://example.org/author/ada-example/feed.json\"",
        "href=\"https://example.org/opml.xml\"",
        "<a href=\"https://example.org/blog/a\">",
        "Second &lt;b&gt;",
        "prefers-color-scheme:dark",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<script"), "the page has no script");
    assert!(
        html.find("Second").unwrap() < html.find("quoted").unwrap(),
        "newest first"
    );
}

#[test]
fn robots_txt_has_the_configured_rules_and_the_sitemap() {
    let built = TestSite::new().build();
    assert_eq!(
        built.text("/robots.txt"),
        "User-agent: *\nDisallow:\n\nSitemap: https://example.org/sitemap.xml\n"
    );
    let built = TestSite::new()
        .config("[[robots]]\nuser_agents = [\"a\", \"b\"]\nallow = [\"/x\"]\ndisallow = [\"/\"]\n[[robots]]\ndisallow = [\"/y\"]")
        .build();
    assert_eq!(
        built.text("/robots.txt"),
        "User-agent: a\nUser-agent: b\nAllow: /x\nDisallow: /\n\nUser-agent: *\nDisallow: /y\n\nSitemap: https://example.org/sitemap.xml\n"
    );
}

#[test]
fn opml_lists_every_feed_once() {
    let built = site_with_full_post().build();
    let opml = built.text("/opml.xml");
    for path in [
        "/rss.xml",
        "/category/news/rss.xml",
        "/category/more/rss.xml",
        "/author/ada-example/rss.xml",
        "/author/bob/rss.xml",
    ] {
        assert_eq!(
            opml.matches(&format!("xmlUrl=\"https://example.org{path}\""))
                .count(),
            1,
            "{path}"
        );
    }
    assert_eq!(opml.matches("xmlUrl").count(), 5);
}

#[test]
fn llms_txt_lists_posts_by_year_with_escaped_text() {
    let site = TestSite::new().title("The [Harbour]");
    let built = site
        .config("llms_txt = true\ntimezone = \"Pacific/Auckland\"")
        .post("a.md", "---\ntitle: \"Tide](x) *& `storm` <b>\"\ndescription: \"One\\ntwo_[three]\"\ndate: 2023-12-31T18:00:00Z\nseo: {url: 'https://example.org/a(1)'}\n---\n")
        .post("b.md", "---\ntitle: b\ndate: 2023-06-01\n---\n")
        .post("c.md", "---\ntitle: c\ndescription: d\ndate: 2023-05-01\n---\n")
        .post("n.md", "---\ntitle: secret\ndate: 2023-05-01\nnoindex: true\n---\n")
        .post("u.md", "---\ntitle: secret\ndate: 2023-05-01\nunlisted: true\n---\n")
        .build();
    let expected = "# The \\[Harbour\\]\n\n> About examples\n\n## 2024\n\n- [Tide\\](x) \\*\\& \\`storm\\` \\<b\\>](https://example.org/a%281%29): One two\\_\\[three\\]\n\n## 2023\n\n- [b](https://example.org/b/)\n- [c](https://example.org/c/): d\n\n## Optional\n\n- [The \\[Harbour\\]](https://example.org/rss.xml): About examples\n- [Sitemap](https://example.org/sitemap.xml)\n";
    assert_eq!(built.text("/llms.txt"), expected);
    let resource = built.snapshot.get("/llms.txt").unwrap();
    assert_eq!(resource.key.media_type(), "text/plain; charset=utf-8");
    let off = TestSite::new()
        .post("a.md", plain("a", "2024-01-01"))
        .build();
    assert!(
        off.snapshot.get("/llms.txt").is_none(),
        "it is off by default"
    );
}

#[test]
fn llms_txt_is_bounded_in_posts_and_bytes() {
    let build = |count: usize, description: &str| {
        let site = (0..count).fold(TestSite::new().config("llms_txt = true"), |site, number| {
            let (hour, minute) = (number / 60, number % 60);
            let text = format!("---\ntitle: n{number}-\ndescription: {description}\ndate: 2024-05-01T{hour:02}:{minute:02}:00Z\n---\n");
            site.post(&format!("{number}.md"), text)
        });
        site.build().text("/llms.txt")
    };
    let many = build(1_002, "d");
    assert_eq!(many.matches("- [n").count(), 1_000);
    assert!(
        many.contains("n1001-") && !many.contains("n1-]"),
        "the newest are kept"
    );
    let long = build(300, &"\u{1f469}\u{200d}\u{1f692}".repeat(299));
    assert!((200_000..=263_000).contains(&long.len()), "{}", long.len());
    assert!(long.ends_with("- [Sitemap](https://example.org/sitemap.xml)\n"));
}
