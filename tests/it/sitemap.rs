//! Checks the entries and dates of the sitemap and the news sitemap.

use std::time::{Duration, SystemTime};

use courant::library::DeletionPolicy;
use courant::model::artifact::CacheClass;
use courant::publish::pipeline::{Pipeline, RefreshOutcome};
use courant::publish::snapshot::SnapshotHandle;

use crate::support::{TestSite, new_year_2025, plain, resource_text};

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

/// A site with a post of noon, and a clock at half past twelve.
fn news_site(config: &str) -> TestSite {
    let date = "2024-12-31T12:00:00Z";
    TestSite::new()
        .config(&format!("{config}\n[news]\nenabled = true"))
        .post(
            "news/a.md",
            format!("---\ntitle: Tide & <storm>\ndate: {date}\nlang: pt-BR\nexpires: 2025-02-01\nseo: {{url: 'https://example.org/a?x=1&y=2'}}\n---\n"),
        )
        .post("old.md", plain("old", "2024-12-29T12:00:00Z"))
        .now(noon() + Duration::from_secs(30 * 60))
}

/// Returns 2024-12-31T12:00:00Z.
fn noon() -> SystemTime {
    new_year_2025() - Duration::from_secs(12 * 3600)
}

#[test]
fn news_sitemap_matches_its_snapshot() {
    let built = news_site("").build();
    insta::assert_snapshot!("news_sitemap", built.text("/news-sitemap.xml"));
    assert_eq!(
        built.text("/robots.txt"),
        "User-agent: *\nDisallow:\n\nSitemap: https://example.org/sitemap.xml\nSitemap: https://example.org/news-sitemap.xml\n"
    );
    let site = TestSite::new()
        .post("a.md", plain("a", "2024-12-31"))
        .build();
    assert!(
        site.snapshot.get("/news-sitemap.xml").is_none(),
        "it is off by default"
    );
}

#[test]
fn news_filter_and_publication_come_from_the_configuration() {
    let built = news_site("")
        .config("publication = \"The \\\"Tide\\\"\"\ndirectory = \"news\"")
        .post("b.md", plain("Elsewhere", "2024-12-31"))
        .build();
    let news = built.text("/news-sitemap.xml");
    assert!(news.contains("<news:name>The &quot;Tide&quot;</news:name>"));
    assert_eq!(news.matches("<url>").count(), 1);
}

#[test]
fn news_sitemap_has_the_newest_thousand_posts() {
    let site = (0..1_005).fold(news_site(""), |site, number| {
        let second = number % 60;
        let minute = number / 60;
        let date = format!("2024-12-31T11:{minute:02}:{second:02}Z");
        site.post(
            &format!("{number}.md"),
            plain(&format!("n{number}-"), &date),
        )
    });
    let news = site.build().text("/news-sitemap.xml");
    assert_eq!(news.matches("<url>").count(), 1_000);
    assert!(news.contains(">n1004-<") && news.contains(">n6-<") && !news.contains(">n5-<"));
}

#[test]
fn post_leaves_the_news_sitemap_after_exactly_two_days() {
    let site = news_site("");
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let mut refresh = |now: SystemTime| {
        let outcome = pipeline
            .refresh_all(now, DeletionPolicy::Immediate)
            .unwrap();
        let next = pipeline.content_status().next_change_at;
        let news = current.load_snapshot().get("/news-sitemap.xml").unwrap();
        (outcome, next.map(SystemTime::from), news)
    };
    let end = noon() + Duration::from_secs(48 * 3600);
    let (_, next, before) = refresh(noon());
    assert!(resource_text(&before).contains("Tide"));
    assert_eq!(before.key.cache_class(), CacheClass::Feeds);
    assert_eq!(next, Some(end), "the pipeline wakes when the post leaves");
    let (outcome, _, unchanged) = refresh(end - Duration::from_millis(1));
    assert_eq!(outcome, RefreshOutcome::Unchanged);
    assert_eq!(unchanged.last_modified, before.last_modified);
    let sitemap = current.load_snapshot().get("/sitemap.xml").unwrap();
    let (outcome, next, after) = refresh(end);
    assert_eq!(outcome, RefreshOutcome::Published);
    assert!(next > Some(end), "the post's expiry is the next change");
    assert_eq!(resource_text(&after).matches("<url>").count(), 0);
    assert!(resource_text(&after).contains("<urlset"));
    assert_eq!(after.last_modified, end);
    let same = current.load_snapshot().get("/sitemap.xml").unwrap();
    assert_eq!(same.last_modified, sitemap.last_modified);
    pipeline.request_reevaluation();
    pipeline
        .refresh_all(noon(), DeletionPolicy::Immediate)
        .unwrap();
    let again = current.load_snapshot().get("/news-sitemap.xml").unwrap();
    assert!(
        resource_text(&again).contains("Tide"),
        "the clock was set back"
    );
}

#[test]
fn edit_of_an_older_post_keeps_the_news_sitemap() {
    let site = news_site("");
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    pipeline
        .refresh_all(noon(), DeletionPolicy::Immediate)
        .unwrap();
    let before = current.load_snapshot().get("/news-sitemap.xml").unwrap();
    let site = site.post("old.md", plain("renewed", "2024-12-29T12:00:00Z"));
    let later = noon() + Duration::from_secs(60);
    pipeline
        .refresh_all(later, DeletionPolicy::Immediate)
        .unwrap();
    let snapshot = current.load_snapshot();
    assert!(resource_text(&snapshot.get("/rss.xml").unwrap()).contains("renewed"));
    let after = snapshot.get("/news-sitemap.xml").unwrap();
    assert_eq!(after.last_modified, before.last_modified);
    drop(site);
}

/// Bodies with videos: a player, files with and without a picture, a shortcode; and what is no video of the page.
const VIDEO_BODY: &str = "\
A <https://www.youtube.com/watch?v=linkedOnly0> and:

<iframe width=\"560\" src=\"https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0\"></iframe>
<video controls poster=\"/poster.jpg\"><source src=\"tide.webm?a=1&amp;b=2\"><source src=\"tide.mp4\"></video>
<audio><source src=\"/bells.mp3\"></audio><picture><source srcset=\"/b.avif\"><img src=\"/b.jpg\"></picture>
<!-- <iframe src=\"https://www.youtube.com/embed/commented00\"></iframe> -->

{{< youtube id=\"shortcode-0\" >}}

{{< vimeo 12345 >}}

`<iframe src=\"https://www.youtube.com/embed/code0000000\"></iframe>`
";

fn post_with_videos(fields: &str) -> String {
    format!(
        "---\ntitle: Tide & storm\ndescription: What the sea does\ndate: 2024-05-01\nimage: /cover.jpg\n{fields}\n---\n{VIDEO_BODY}"
    )
}

#[test]
fn videos_of_posts_are_in_the_sitemap() {
    let site = |config: &str| {
        TestSite::new()
            .config(config)
            .post("a.md", post_with_videos(""))
            .post(
                "b.md",
                "---\ntitle: b\ndate: 2024-01-02\n---\n{{< vimeo 678 >}}\n",
            )
            .build()
    };
    let off = site("").text("/sitemap.xml");
    assert!(!off.contains("video"), "{off}");
    let on = site("[sitemap]\nvideos = true").text("/sitemap.xml");
    insta::assert_snapshot!("video_sitemap", on);
}

#[test]
fn edited_video_changes_the_sitemap() {
    let site = TestSite::new()
        .config("[sitemap]\nvideos = true")
        .post("a.md", post_with_videos(""));
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let mut refresh = |now: SystemTime| {
        pipeline
            .refresh_all(now, DeletionPolicy::Immediate)
            .unwrap();
        current.load_snapshot().get("/sitemap.xml").unwrap()
    };
    let before = refresh(noon());
    let post = post_with_videos("").replace("dQw4w9WgXcQ", "dQw4w9WgXc0");
    let site = site.post("a.md", post);
    let later = noon() + Duration::from_secs(60);
    let after = refresh(later);
    assert!(resource_text(&after).contains("dQw4w9WgXc0"));
    assert_eq!(after.last_modified, later);
    assert_ne!(before.last_modified, later);
    drop(site);
}
