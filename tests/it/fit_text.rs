//! Checks that URLs and text of posts are valid in every output.

use crate::support::{Built, TestSite, plain};

/// Builds a site with this post and a second, plain one.
fn build_site(front: &str, body: &str) -> Built {
    TestSite::new()
        .post("a.md", format!("---\n{front}date: 2024-05-01\n---\n{body}"))
        .post("b.md", plain("Other", "2024-05-02"))
        .build()
}

/// Returns the card page of the post.
fn card_page(built: &Built) -> String {
    let is_card = |path: &&String| path.starts_with("/cards/a") && !path.ends_with(".png");
    built.text(built.paths().iter().find(is_card).expect("a card"))
}

#[test]
fn page_address_is_not_a_picture() {
    for body in [
        "![]()",
        "![a](#)",
        "<img src=\"\">",
        "<img src=\"#top\" alt=\"a\">",
        "<p><img src=\"/a/\"></p>",
    ] {
        for front in [
            "title: A\n",
            "title: A\nimage: '#'\n",
            "title: A\nimage: ''\n",
        ] {
            let built = build_site(front, &format!("{body}\n\nWords.\n"));
            assert!(!built.text("/rss.xml").contains("<img"), "{body}");
            assert!(!built.text("/rss.xml").contains("media:content"), "{body}");
            assert!(!built.text("/sitemap.xml").contains("image:loc"), "{body}");
            let card = card_page(&built);
            assert!(
                card.contains("og:image\" content=\"https://example.org/cards/a/card.png"),
                "{card}"
            );
        }
    }
}

#[test]
fn invalid_url_characters_are_escaped_in_every_output() {
    let built = build_site(
        "title: A\nimage: /img/{a}|b^c.png\n",
        "<img src=\"https://example.org/{d}`e.png\"> and <a href=\"https://example.org/{f}|g\">h</a>\n",
    );
    let all = built.everything();
    for raw in ["{a}", "{d}", "{f}", "|b", "|g", "^c"] {
        assert!(!all.contains(raw), "{raw}");
    }
    for (path, address) in [
        ("/rss.xml", "https://example.org/img/%7Ba%7D%7Cb%5Ec.png"),
        ("/rss.xml", "https://example.org/%7Bd%7D%60e.png"),
        ("/rss.xml", "https://example.org/%7Bf%7D%7Cg"),
        (
            "/sitemap.xml",
            "https://example.org/img/%7Ba%7D%7Cb%5Ec.png",
        ),
    ] {
        assert!(built.text(path).contains(address), "{address} at {path}");
    }
    assert!(card_page(&built).contains("https://example.org/img/%7Ba%7D%7Cb%5Ec.png"));
}

#[test]
fn titles_and_descriptions_are_plain_text() {
    let built = build_site(
        "title: 'Tom <em>and</em> Jerry&#8217;s &amp; <Suspense>'\ndescription: '<p>One &mdash; **two**</p>'\ntags: ['Q&amp;A']\nauthor: 'Ada &amp; Bob'\nimage: /a.png\nimage_alt: 'An &eacute;clair'\n",
        "Text.\n",
    );
    let feed: serde_json::Value = serde_json::from_str(&built.text("/feed.json")).unwrap();
    let item = &feed["items"][1];
    assert_eq!(item["title"], "Tom and Jerry’s & <Suspense>");
    assert_eq!(item["summary"], "One — two");
    assert_eq!(item["tags"][0], "Q&A");
    assert_eq!(item["authors"][0]["name"], "Ada & Bob");
    assert!(card_page(&built).contains("An éclair"));
}

#[test]
fn excerpt_has_no_footnote_marks_or_controls() {
    let built = build_site(
        "title: A\n",
        "The tide turns[^1] at noon[^two], <button>Copy</button>they<select><option>x</option></select> say.[^1]\n\n[^1]: a\n[^two]: b\n",
    );
    let feed: serde_json::Value = serde_json::from_str(&built.text("/feed.json")).unwrap();
    assert_eq!(
        feed["items"][1]["summary"],
        "The tide turns at noon, they say."
    );
}
