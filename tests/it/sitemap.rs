//! Checks the entries and dates of the sitemap.

use crate::support::{TestSite, plain};

#[test]
fn sitemap_matches_its_snapshot() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: a\ndate: 2024-01-01\nupdated: 2024-02-01T10:00:00Z\nseo: {url: 'https://example.org/a?x=1&y=2'}\nimage: /cover.jpg\n---\n![b](/b.jpg) ![cover](/cover.jpg)\n")
        .post("b.md", plain("b", "2024-01-02"))
        .config("[sitemap]\npages = [\"/\", \"/about/\"]")
        .build();
    insta::assert_snapshot!("sitemap", built.text("/sitemap.xml"));
}

#[test]
fn page_that_is_a_post_is_listed_once() {
    let built = TestSite::new()
        .post("about.md", plain("a", "2024-01-01"))
        .config("[sitemap]\npages = [\"/about/\"]")
        .build();
    assert_eq!(
        built
            .text("/sitemap.xml")
            .matches("<loc>https://example.org/about/</loc>")
            .count(),
        1
    );
}
