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
            "/cards/old/card.png?v=1",
            "https://feeds.example.org/x/cards/a/card.png",
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
fn card_images_that_were_dot_files_redirect() {
    let at = |title: &str, path: &str| {
        format!("---\ntitle: {title}\ndate: 2024-01-01\npermalink: {path}\n---\n")
    };
    let site = TestSite::new()
        .post("a.md", at("Aye", "/a/"))
        .post("b.md", at("Bee", "/b"))
        .post("card.md", at("Card", "/card"))
        .post("c.md", at("Sea", "/c/card.png"))
        .serve();
    for (old, new) in [
        ("/cards/a/.png?v=1", "../../cards/a/card.png?v=1"),
        ("/cards/.png", "../cards/card.png"),
    ] {
        let moved = site.get(old);
        assert_eq!((moved.status, moved.header("location")), (301, Some(new)));
    }
    for image in [
        "/cards/card.png",
        "/cards/a/card.png",
        "/cards/b.png",
        "/cards/card.card.png",
        "/cards/c/card.png.png",
    ] {
        let response = site.get(image);
        let media_type = response.header("content-type");
        assert_eq!(
            (response.status, media_type),
            (200, Some("image/png")),
            "{image}"
        );
    }
    assert!(site.get("/cards/c/card.png").text().contains("Sea"));
    for missing in ["/cards/b/.png", "/cards/b/card.png"] {
        assert_eq!(site.get(missing).status, 404, "{missing}");
    }
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
    for path in [
        "/cards/first/",
        "/cards/second/card.png",
        "/cards/third/card.png",
    ] {
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
    for path in ["/cards/it's/", "/cards/it%27s/", "/cards/it%27s/card.png"] {
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

/// Builds a post with its fields below the date.
fn copy(title: &str, date: &str, fields: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\n{fields}\n---\nThe body of {title}.\n")
}

#[test]
fn copy_keeps_its_address_and_names_the_original() {
    let original = "https://employer.example/blog/crossed";
    let fields = format!("permalink: /crossed/\ncanonical_url: {original}");
    let site = TestSite::new()
        .post("a.md", copy("Crossed", "2024-05-01", &fields))
        .post("b.md", plain("Bee", "2024-05-02"))
        .serve();
    let own = "https://example.org/crossed/";
    let rss = site.get("/rss.xml").text();
    assert!(rss.contains(&format!("<link>{own}</link>")), "{rss}");
    assert!(rss.contains(&format!("<guid>{own}</guid>")), "{rss}");
    assert!(!rss.contains("employer"), "{rss}");
    let card = site.get("/cards/crossed/");
    assert!(
        card.header("link")
            .is_some_and(|link| link.contains(original)),
        "{:?}",
        card.headers
    );
    let html = card.text();
    for part in [
        format!("<link rel=\"canonical\" href=\"{original}\">"),
        format!("<meta property=\"og:url\" content=\"{original}\">"),
        format!("<a class=\"on\" href=\"{own}\">"),
    ] {
        assert!(html.contains(&part), "{part} in {html}");
    }
    let sitemap = site.get("/sitemap.xml").text();
    assert!(sitemap.contains("/b/") && !sitemap.contains("crossed"));
    // The post is in the sitemap again when it is no copy any more.
    site.save(
        "a.md",
        &copy("Crossed", "2024-05-01", "permalink: /crossed/"),
    );
    site.until("it is the original", |site| {
        site.get("/sitemap.xml").text().contains(own)
    });
    assert!(!site.get("/cards/crossed/").text().contains(original));
}

#[test]
fn copies_take_no_other_post_away() {
    let pillar = "canonical_url: https://example.org/pillar/";
    let elsewhere = "canonical: https://elsewhere.example/one";
    let built = TestSite::new()
        .post("pillar.md", plain("Pillar", "2024-04-01"))
        .post("a.md", copy("Aye", "2024-05-01", pillar))
        .post("b.md", copy("Bee", "2024-05-02", pillar))
        .post("c.md", copy("Sea", "2024-05-03", elsewhere))
        .post("d.md", copy("Dee", "2024-05-04", elsewhere))
        .build();
    assert_eq!(built.rules(), []);
    let rss = built.text("/rss.xml");
    let sitemap = built.text("/sitemap.xml");
    for name in ["pillar", "a", "b", "c", "d"] {
        let url = format!("https://example.org/{name}/");
        assert!(rss.contains(&format!("<link>{url}</link>")), "{name}");
        assert_eq!(sitemap.contains(&url), name == "pillar", "{name}");
    }
}

#[test]
fn hidden_copies_and_hidden_originals_reach_no_output() {
    let secret = "https://employer.example/secret-original";
    let built = TestSite::new()
        .post(
            "a.md",
            copy(
                "Hush",
                "2024-05-01",
                &format!("draft: true\ncanonical_url: {secret}"),
            ),
        )
        .post("b.md", copy("Quiet", "2024-05-02", "hidePost: true"))
        .post("c.md", copy("Sea", "2024-05-03", "canonical_url: /b/"))
        .post(
            "d.md",
            copy(
                "Later",
                "2024-05-04",
                "permalink: false\nurl: /d/\ncanonical_url: /c/",
            ),
        )
        .build();
    let everything = built.everything();
    for word in ["Hush", "secret-original", "Quiet", "Later"] {
        assert!(!everything.contains(word), "{word}");
    }
    assert!(everything.contains("Sea"));
}

#[test]
fn posts_and_pages_are_below_the_path_of_the_site() {
    let built = TestSite::new()
        .url("https://example.org/project")
        .config(
            "image = \"/logo.png\"\n[sitemap]\npages = [\"/\", \"/about/\", \"/project/team/\"]",
        )
        .post(
            "a.md",
            copy("Aye", "2024-05-01", "permalink: /blog/a/\naliases: [/old/]"),
        )
        .post("b.md", copy("Bee", "2024-05-02", "permalink: /project/b/"))
        .build();
    let logo = "https://example.org/project/logo.png";
    assert!(built.text("/cards/").contains(logo));
    assert!(built.everything().contains("/cards/project/old/\n"));
    let sitemap = built.text("/sitemap.xml");
    let locations: Vec<_> = sitemap
        .split("<loc>")
        .skip(1)
        .filter_map(|rest| rest.split("</loc>").next())
        .collect();
    assert_eq!(
        locations,
        [
            "https://example.org/project/",
            "https://example.org/project/about/",
            "https://example.org/project/team/",
            "https://example.org/project/b/",
            "https://example.org/project/blog/a/",
        ]
    );
}
