//! Checks that former addresses of posts redirect and addresses of withdrawn posts are gone.

use courant::model::finding::Rule;

use crate::support::{TestSite, plain};

#[test]
fn former_addresses_redirect_to_the_card() {
    let site = TestSite::new()
        .config("[server]\npublic_url = \"https://feeds.example.org/x\"")
        .post("a.md", "---\ntitle: Aye\ndate: 2024-01-01\naliases: [/old/, 'https://example.org/b%c3%a9', ../up, /a/]\n---\n")
        .post("h.md", "---\ntitle: h\ndate: 2024-01-01\ndraft: true\naliases: [/secret/]\n---\n")
        .serve();
    for (path, to) in [
        ("/cards/old/", "https://feeds.example.org/x/cards/a/"),
        (
            "/cards/old/.png?v=1",
            "https://feeds.example.org/x/cards/a/.png",
        ),
        ("/cards/b%C3%A9", "https://feeds.example.org/x/cards/a/"),
        ("/cards/up", "https://feeds.example.org/x/cards/a/"),
    ] {
        let response = site.get(path);
        assert_eq!(
            (response.status, response.header("location")),
            (301, Some(to)),
            "{path}"
        );
        assert!(response.header("cache-control").is_some());
    }
    assert_eq!(site.get("/cards/a/").status, 200);
    assert_eq!(site.get("/cards/secret/").status, 404);
}

#[test]
fn alias_of_an_address_in_use_is_a_finding() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: Aye\ndate: 2024-01-01\naliases: [/b/, /c]\n---\n",
        )
        .post("b.md", plain("Bee", "2024-01-02"))
        .post(
            "d.md",
            "---\ntitle: Dee\ndate: 2023-01-02\naliases: [/c]\n---\n",
        )
        .build();
    assert_eq!(built.rules(), [Rule::DuplicateAlias, Rule::DuplicateAlias]);
    assert!(built.text("/cards/b/").contains("Bee"));
    assert!(built.everything().contains("/cards/c\n"));
}

#[test]
fn moved_post_redirects_and_withdrawn_post_is_gone() {
    let at = |path: &str, more: &str| {
        format!("---\ntitle: Aye\ndate: 2024-01-01\npermalink: {path}\n{more}---\n")
    };
    let site = TestSite::new()
        .post("a.md", at("/first/", ""))
        .post("b.md", plain("Bee", "2024-01-02"))
        .post(
            "h.md",
            "---\ntitle: h\ndate: 2024-01-01\ndraft: true\n---\n",
        )
        .serve();
    assert_eq!(site.get("/cards/first/").status, 200);
    site.save("a.md", &at("/second/", ""));
    site.until("the card has moved", |site| {
        site.get("/cards/second/").status == 200
    });
    let moved = site.get("/cards/first/");
    assert_eq!(
        (moved.status, moved.header("location")),
        (301, Some("https://example.org/cards/second/"))
    );
    // A renamed file with the same id is the same post.
    site.save("c.md", &at("/third/", "id: https://example.org/second/\n"));
    site.remove("a.md");
    site.until("the file is renamed", |site| {
        site.get("/cards/second/").header("location") == Some("https://example.org/cards/third/")
    });
    assert_eq!(
        site.get("/cards/first/").header("location"),
        Some("https://example.org/cards/third/")
    );
    site.save("c.md", &at("/third/", "hidePost: true\n"));
    site.until("the post is withdrawn", |site| {
        site.get("/cards/third/").status == 410
    });
    for path in ["/cards/first/", "/cards/second/.png", "/cards/third/.png"] {
        assert_eq!(site.get(path).status, 410, "{path}");
    }
    assert_eq!(site.get("/cards/h/").status, 404, "it was never published");
    site.save("c.md", &at("/third/", ""));
    site.until("the post is back", |site| {
        site.get("/cards/third/").status == 200
    });
}

#[test]
fn permalink_pattern_may_have_many_parts() {
    let built = TestSite::new()
        .config("timezone = \"Europe/Berlin\"\npermalinks = \"/:section/:short_year/:i_month/:i_day/:y_day/:hour:minute:second/:categories/:name/:title/\"")
        .post(
            "news/deep/2024-05-01-file.md",
            "---\ntitle: A Title!\ndate: 2024-05-01T22:30:15Z\ncategories: [Big News, Other]\n---\n",
        )
        .build();
    let link = "https://example.org/news/24/5/2/123/003015/big-news/other/file/a-title/";
    assert!(
        built.text("/rss.xml").contains(link),
        "{}",
        built.text("/rss.xml")
    );
}

#[test]
fn escaped_plus_and_plus_are_one_address() {
    let at = |title: &str, path: &str, day: u8| {
        format!("---\ntitle: {title}\ndate: 2024-01-0{day}\npermalink: {path}\n---\n")
    };
    let site = TestSite::new()
        .post("a.md", at("Aye", "/c%2B%2B/", 1))
        .post("it's.md", plain("It", "2024-01-02"))
        .serve();
    for path in ["/cards/c++/", "/cards/c%2B%2b/", "/cards/%63+%2B/"] {
        let answer = site.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains("Aye"), "{path}");
    }
    for path in ["/cards/it's/", "/cards/it%27s/", "/cards/it%27s/.png"] {
        assert_eq!(site.get(path).status, 200, "{path}");
    }
    assert_eq!(site.get("/cards/c%2B%2B%2F").status, 404);
    let rss = site.get("/rss.xml").text();
    assert!(
        rss.contains("<link>https://example.org/it's/</link>") || rss.contains("it&apos;s/</link>"),
        "{rss}"
    );
    assert!(
        rss.contains("https://example.org/it%27s/</guid>"),
        "the id keeps its escapes: {rss}"
    );
    let twice = TestSite::new()
        .post("a.md", at("Aye", "/c%2B%2B/", 1))
        .post("b.md", at("Bee", "/c++/", 2))
        .build();
    assert_eq!(
        twice.rules(),
        [Rule::DuplicatePermalink],
        "{:?}",
        twice.findings
    );
}
