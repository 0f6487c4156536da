//! Checks that a hidden post reaches no output. A leak cannot be recalled.

use std::time::{Duration, SystemTime};

use courant::model::artifact::ArtifactKey;
use courant::model::finding::Rule;
use courant::visibility::PostState;
use proptest::prelude::*;

use crate::support::{Built, TestSite, new_year_2025, plain, resource_text};

fn post_with_field(field: &str) -> String {
    format!(
        "---\ntitle: Quetzal\nauthor: Xanthippe\ncategory: [Zymurgy]\ndate: 2024-05-01\n{field}\nepisode_image: /kestrel.jpg\nenclosures:\n  - {{url: /audio/narwhal.mp3, length: 9, title: Axolotl}}\n  - {{url: /audio/okapi.ogg, length: 9}}\nguests: [{{name: Ibex}}]\nseo:\n  url: https://example.org/blog/quetzal-path\n  description: Vexillology\n  image: /img/wombat.jpg\n---\nOcelot body.\n\n<video src=\"/ocelot.mp4\"></video>\n"
    )
}

/// Words that only the post has, one for each field and the body.
const SECRET_WORDS: [&str; 12] = [
    "Quetzal",
    "Xanthippe",
    "Zymurgy",
    "quetzal-path",
    "Vexillology",
    "wombat",
    "Ocelot",
    "kestrel",
    "narwhal",
    "Axolotl",
    "okapi",
    "Ibex",
];

/// Section that makes `/podcast.xml` a podcast.
const PODCAST: &str = "[podcast]\nauthor = 'Me'\n";

fn leaked_words(built: &Built) -> Vec<&'static str> {
    let everything = built.everything().to_lowercase();
    SECRET_WORDS
        .into_iter()
        .filter(|word| everything.contains(&word.to_lowercase()))
        .collect()
}

fn site_with_field(field: &str) -> TestSite {
    TestSite::new()
        .config(PODCAST)
        .post("a.md", post_with_field(field))
        .post("b.md", plain("Other", "2024-05-02"))
}

#[test]
fn public_post_reaches_the_outputs() {
    let built = site_with_field("hidePost: false").build();
    assert_eq!(
        leaked_words(&built),
        SECRET_WORDS,
        "the test finds every word"
    );
}

#[test]
fn every_marker_hides_from_every_output() {
    for field in [
        "hidePost: true",
        "hidepost: TRUE",
        "hidePost: 'true'",
        "hidePost: \"yes\"",
        "hidePost: on",
        "hidePost: 1",
        "hidden: true",
        "draft: true",
        "Draft: true",
        "private: yes",
        "unpublished: 1",
        "published: false",
        "visible: no",
        "publish: off",
        "draft: false\nhidePost: true",
        "hide_post: true",
        "Hide-Post: true",
        "\"hidePost\": true",
        "? hidePost\n: true",
        "hidePost:\n  true",
        "hidePost: >-\n  true",
        "hidePost: !!bool true",
        "hidePost: &a true",
        "hidePost: true # not yet",
        "hidePost\u{a0}: true",
        "\u{ad}hidePost\u{200b}: true",
        "base: &base {hidePost: true}\n<<: *base",
    ] {
        let built = site_with_field(field).build();
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{field}");
        assert_eq!(built.rules(), [], "{field}");
    }
}

#[test]
fn unreadable_marker_hides_and_is_reported() {
    for field in [
        "hidePost: ture",
        "hidePost:",
        "hidePost: [true]",
        "hidePost: {a: b}",
        "published: maybe",
        "unlisted: perhaps",
        "draft: ~",
    ] {
        let built = site_with_field(field).build();
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{field}");
        assert_eq!(built.rules(), [Rule::UnreadableMarker], "{field}");
        assert_eq!(built.finding().line, Some(6), "{field}");
    }
}

#[test]
fn date_under_published_is_not_a_marker() {
    let built = site_with_field("published: 2024-05-01").build();
    assert_eq!(leaked_words(&built), SECRET_WORDS);
}

#[test]
fn unreadable_date_hides_and_is_reported() {
    for field in [
        "publishDate: 2099-13-01",
        "publishDate: [2099-06-01]",
        "publishDate: 01.06.2099",
        "expires: soon",
        "expiryDate: {a: b}",
    ] {
        let built = site_with_field(field).build();
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{field}");
        assert_eq!(built.rules(), [Rule::UnreadableDate], "{field}");
    }
}

#[test]
fn latest_start_and_earliest_end_date_apply() {
    for field in [
        "published: 2099-01-01",
        "pubDate: 2099-01-01",
        "publishDate: 2020-01-01\nscheduled: 2099-01-01",
        "publishDate: 9999-12-31",
        "Date: 2099-01-01",
        "expiryDate: 2099-01-01\nunpublishDate: 2024-06-01",
    ] {
        let built = site_with_field(field).build();
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{field}");
        assert_eq!(built.rules(), [], "{field}");
    }
}

#[test]
fn unlisted_revision_does_not_shadow_the_public_one() {
    let post = |title: &str, date: &str, hide: bool| {
        format!(
            "---\ntitle: {title}\ndate: {date}\nhidePost: {hide}\nseo: {{url: https://example.org/same}}\n---\n"
        )
    };
    let built = TestSite::new()
        .config("[visibility]\nhidden = \"unlisted\"")
        .post("a.md", post("Public", "2024-01-01", false))
        .post("b.md", post("Newer", "2024-06-01", true))
        .build();
    assert!(built.text("/rss.xml").contains("Public") && !built.everything().contains("Newer"));
}

#[test]
fn drafts_directories_hide() {
    let built = TestSite::new()
        .post("_Drafts/a.md", post_with_field(""))
        .post("_drafts/b.md", post_with_field(""))
        .build();
    assert_eq!(leaked_words(&built), Vec::<&str>::new());
}

#[test]
fn scheduled_post_appears_exactly_at_its_date() {
    let due = new_year_2025() + Duration::from_secs(60);
    let site = |now: SystemTime| {
        TestSite::new()
            .config(PODCAST)
            .post("a.md", post_with_field("publishDate: 2025-01-01T00:01:00Z"))
            .now(now)
            .build()
    };
    let before = site(due - Duration::from_millis(1));
    assert_eq!(leaked_words(&before), Vec::<&str>::new());
    assert_eq!(
        before.status.next_change_at.map(SystemTime::from),
        Some(due)
    );
    assert_eq!(leaked_words(&site(due)), SECRET_WORDS);
}

#[test]
fn expired_post_disappears_exactly_at_its_date() {
    let end = new_year_2025() + Duration::from_secs(60);
    let site = |now: SystemTime| {
        TestSite::new()
            .config(PODCAST)
            .post("a.md", post_with_field("expiryDate: 2025-01-01T00:01:00Z"))
            .now(now)
            .build()
    };
    let before = site(end - Duration::from_millis(1));
    assert_eq!(leaked_words(&before), SECRET_WORDS);
    assert_eq!(
        before.status.next_change_at.map(SystemTime::from),
        Some(end)
    );
    assert_eq!(leaked_words(&site(end)), Vec::<&str>::new());
}

#[test]
fn unlisted_post_has_a_noindex_card_and_no_listing() {
    let assert_unlisted = |site: TestSite| {
        let built = site.build();
        let card = built.text("/cards/blog/quetzal-path");
        assert!(card.contains("Quetzal") && card.contains("content=\"noindex\""));
        assert!(
            built
                .snapshot
                .get("/cards/blog/quetzal-path")
                .unwrap()
                .noindex
        );
        for (path, resource) in built.resources() {
            if path != "/cards/blog/quetzal-path" {
                // The card image of an unlisted post is `noindex`, too.
                if path == "/cards/blog/quetzal-path.png" {
                    assert!(resource.noindex);
                    continue;
                }
                let text = resource_text(&resource);
                assert!(
                    !SECRET_WORDS.iter().any(|word| text.contains(word)),
                    "{path}"
                );
            }
        }
    };
    assert_unlisted(site_with_field("unlisted: true"));
    assert_unlisted(
        site_with_field("hidePost: true").config("[visibility]\nhidden = \"unlisted\""),
    );
}

#[test]
fn unreadable_marker_hides_even_where_hidden_means_unlisted() {
    let built = site_with_field("hidePost: ture")
        .config("[visibility]\nhidden = \"unlisted\"")
        .build();
    assert_eq!(leaked_words(&built), Vec::<&str>::new());
}

/// Outputs that only search engines and agents read.
const SEARCH_PATHS: [&str; 2] = ["/news-sitemap.xml", "/llms.txt"];

#[test]
fn outputs_for_search_engines_have_indexable_posts_only() {
    let build = |field: &str, visibility: &str| {
        TestSite::new()
            .config(&format!(
                "llms_txt = true\n{visibility}\n[news]\nenabled = true\n[sitemap]\nvideos = true"
            ))
            .post("a.md", post_with_field(field))
            .post("b.md", plain("Other", "2024-05-02"))
            .now(new_year_2025() - Duration::from_secs(244 * 86_400))
            .build()
    };
    let assert_absent = |field: &str, built: &Built| {
        for path in SEARCH_PATHS {
            let text = built.text(path);
            assert!(text.contains("/b/"), "{field} {path}");
            let leaked = SECRET_WORDS.iter().find(|word| text.contains(**word));
            assert_eq!(leaked, None, "{field} {path}");
        }
    };
    let shown = build("", "");
    assert!(
        shown
            .text("/sitemap.xml")
            .contains("/wombat.jpg</video:thumbnail_loc>")
    );
    for path in SEARCH_PATHS {
        let text = shown.text(path);
        assert!(
            text.contains("quetzal-path") && text.contains("Quetzal"),
            "{path}"
        );
    }
    for field in [
        "hidePost: true",
        "publishDate: 2024-05-02T12:00:00Z",
        "expires: 2024-05-01T12:00:00Z",
        "unlisted: true",
        "noindex: true",
        "sitemap: false",
        "robots: none",
        "canonical_url: https://elsewhere.example/a",
    ] {
        assert_absent(field, &build(field, ""));
    }
    assert_absent(
        "unlisted by configuration",
        &build("hidePost: true", "[visibility]\nhidden = 'unlisted'"),
    );
}

#[test]
fn noindex_removes_a_post_from_the_sitemap_only() {
    for field in [
        "noindex: true",
        "sitemap: false",
        "robots: noindex, nofollow",
        "robots: [NoIndex]",
        "robots: none",
        "robots: {index: false}",
        "robots: {noindex: true}",
        "googlebot: noindex",
        "meta: {robots: noindex}",
        "seo: {robots: [none]}",
        "robotsNoIndex: true",
        "sitemap_exclude: true",
        "exclude-from-sitemap: true",
        "sitemap: {ignore: true}",
    ] {
        let built = site_with_field(field).build();
        assert!(
            !built.text("/sitemap.xml").contains("quetzal-path"),
            "{field}"
        );
        for path in [
            "/rss.xml",
            "/atom.xml",
            "/feed.json",
            "/",
            "/cards/blog/quetzal-path",
        ] {
            assert!(built.text(path).contains("Quetzal"), "{field} {path}");
        }
        let card = built.text("/cards/blog/quetzal-path");
        let is_noindex = "<meta name=\"robots\" content=\"noindex\">";
        assert!(card.contains(is_noindex), "{field}");
    }
    for field in [
        "robots: all",
        "robots: {index: true}",
        "robotsNoIndex: false",
        "sitemap: {priority: 1}",
    ] {
        let built = site_with_field(field).build();
        assert!(
            built.text("/sitemap.xml").contains("quetzal-path"),
            "{field}"
        );
    }
}

#[test]
fn hidden_post_does_not_shadow_a_public_one() {
    let public =
        "---\ntitle: Public\ndate: 2024-01-01\nseo: {url: https://example.org/same}\n---\n";
    let hidden = "---\ntitle: Newer\ndate: 2024-06-01\nhidePost: true\nseo: {url: https://example.org/same}\n---\n";
    let built = TestSite::new()
        .post("a.md", public)
        .post("b.md", hidden)
        .build();
    assert!(built.text("/rss.xml").contains("Public"));
    assert_eq!(built.rules(), []);
    assert!(matches!(built.verdicts[1].state, PostState::Hidden(_)));
}

/// Feeds of several kinds and languages, small enough to have further pages and archives.
const MANY_FEEDS: &str = "languages = ['en', 'fr']\nllms_txt = true\n[news]\nenabled = true\n[sitemap]\nvideos = true\n[feed]\nlimit = 2\n[[feeds]]\npath = '/all.xml'\nlimit = 3\n[[feeds]]\npath = '/shared.json'\ncategory = 'shared'\n[podcast]\nauthor = 'Me'\n";

/// Generates one post: its unique word, its text, and whether it is public on 2025-01-01.
fn any_post(number: usize) -> impl Strategy<Value = (String, String, bool)> {
    let marker = prop_oneof![
        4 => Just((String::new(), true)),
        2 => Just(("hidePost: false\n".to_owned(), true)),
        2 => Just(("hidePost: true\n".to_owned(), false)),
        1 => Just(("draft: 'on'\n".to_owned(), false)),
        1 => Just(("published: 0\n".to_owned(), false)),
        1 => Just(("private: what\n".to_owned(), false)),
        1 => Just(("status: draft\n".to_owned(), false)),
        1 => Just(("status: Live\n".to_owned(), true)),
        1 => Just(("access: patrons\n".to_owned(), false)),
        1 => Just(("password: open sesame\n".to_owned(), false)),
        1 => Just(("password:\n".to_owned(), true)),
        1 => Just(("extra: {members-only: yes}\n".to_owned(), false)),
        1 => Just(("go_live: 2099-01-01\n".to_owned(), false)),
        1 => Just(("Expiry-Date: 2024-12-31\n".to_owned(), false)),
        1 => Just(("end_date: 2024-12-31\n".to_owned(), true)),
        1 => Just(("extra: {hidden: yes}\n".to_owned(), false)),
        1 => Just(("build: {render: never}\n".to_owned(), false)),
        1 => Just(("publishDate: 2025-01-01T00:00:01Z\n".to_owned(), false)),
        1 => Just(("expires: 2025-01-01\n".to_owned(), false)),
    ];
    (marker, 2020..2027_u16, any::<bool>(), any::<bool>()).prop_map(move |((marker, shown), year, url, cdata)| {
        let word = format!("w{number}x{}", courant::hash::blake3_hex(&number.to_le_bytes()));
        let url = if url { format!("seo: {{url: 'https://example.org/{word}-url', description: {word}-d}}\n") } else { String::new() };
        let key = number / 2;
        let language = ["", "lang: fr\n", "lang: de\n"][number % 3];
        let tail = if cdata { "]]> \u{b} &amp; <b>" } else { "" };
        // Posts that are copies of one original do not shadow each other.
        let original = if cdata { format!("https://elsewhere.example/{word}-o") } else { "/original/".to_owned() };
        let text = format!(
            "---\ntitle: {word}-t\ncanonical_url: {original}\nexternal_url: https://far.example/{word}-x\ndate: {year}-03-04\nauthor: {word}-a\ncategory: [{word}-c, Shared]\ntags: [{word}-g, common]\naliases: [/{word}-was]\ntranslationKey: {key}\n{language}{marker}{url}image: /{word}.jpg\naudio: {{url: /{word}.mp3, length: 9, title: {word}-m}}\nguests: [{{name: {word}-p}}]\nchapters: /{word}.json\n---\n{word}-b {tail}\n\n<video src=\"/{word}.mp4\"></video>\n"
        );
        (word, text, shown && year < 2025)
    })
}

fn any_posts() -> impl Strategy<Value = Vec<(String, String, bool)>> {
    (1..12_usize).prop_flat_map(|count| (0..count).map(any_post).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn hidden_post_reaches_no_artifact(posts in any_posts()) {
        // Links tell the name of the file, but nothing else of a post.
        let site = posts.iter().enumerate().fold(TestSite::new().config(MANY_FEEDS), |site, (number, (word, text, _))| {
            let [next, last] = [1, 2].map(|step| (number + step) % posts.len());
            let links = format!("\n[a](p{next}.md) [[p{next}]] {{{{< ref \"p{last}\" >}}}} [b]({{% post_url p{last} %}})\n");
            let text = text.replacen("title:", &format!("slug: {word}-slug\ntitle:"), 1);
            site.post(&format!("p{number}.md"), text + &links)
        });
        let everything = site.build().everything();
        prop_assert!(!everything.contains("x-post:"));
        for (word, text, shown) in &posts {
            prop_assert_eq!(everything.contains(word.as_str()), *shown, "{}", text);
        }
    }

    #[test]
    fn load_order_and_repetition_change_no_byte(posts in any_posts(), seed in any::<u64>()) {
        let mut shuffled = posts.clone();
        shuffled.sort_by_key(|(word, ..)| courant::hash::blake3_hex(format!("{seed}{word}").as_bytes()));
        // Paths order posts of the same date, so each post keeps its path.
        let make = |posts: &[(String, String, bool)]| {
            posts.iter().fold(TestSite::new(), |site, (word, text, _)| site.post(&format!("{word}.md"), text)).build().everything()
        };
        let once = make(&posts);
        prop_assert_eq!(&once, &make(&posts));
        prop_assert_eq!(&once, &make(&shuffled));
    }
}

#[test]
fn post_order_does_not_change_the_site() {
    let site = (0..20).fold(TestSite::new(), |site, n| {
        site.post(
            &format!("{n}.md"),
            plain(&format!("Post {n}"), "2024-01-01"),
        )
    });
    let mut pipeline = site.pipeline();
    pipeline
        .refresh_all(new_year_2025(), courant::library::DeletionPolicy::Immediate)
        .unwrap();
    let mut library = courant::library::Library::default();
    let config = site.parsed_config();
    library
        .scan_all(
            &config,
            courant::library::DeletionPolicy::Immediate,
            new_year_2025(),
            &courant::progress::Progress::default(),
        )
        .unwrap();
    let posts: Vec<_> = library.published_posts().cloned().collect();
    let judge = |posts: Vec<&std::sync::Arc<courant::model::post::Post>>| {
        courant::site::SiteEvaluation::evaluate_posts(&config, posts, new_year_2025().into())
    };
    let forward = judge(posts.iter().collect());
    let backward = judge(posts.iter().rev().collect());
    let entries = |judged: &courant::site::SiteEvaluation| {
        let entries = judged.site.listed_entries().iter();
        entries.cloned().collect::<Vec<_>>()
    };
    assert_eq!(entries(&forward), entries(&backward));
    let cards =
        |judged: &courant::site::SiteEvaluation| judged.site.build_all_cards().collect::<Vec<_>>();
    assert_eq!(cards(&forward), cards(&backward));
    assert_eq!(forward.post_evaluations, backward.post_evaluations);
    assert_eq!(
        cards(&forward)[0].page_key(),
        ArtifactKey::CardPage("/".into())
    );
}
