//! Checks that each field that limits a post's audience hides it, in valid and in broken text.

mod names;

use courant::library::DeletionPolicy;
use courant::model::finding::{Rule, Severity};
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use proptest::prelude::*;

use crate::support::{TestSite, everything, feed_html_page, new_year_2025, plain, resource_text};
use names::{HIDING_FIELDS, OUT_OF_FEEDS_FIELDS, YAML_BREAKS, spell_field_name};

const HIDDEN_FIELD_CONFIG: &str = "[content.fields]\nhidden = 'heldBack'";

/// Generates one front matter field, alone or in a map, that hides its post.
fn any_hiding_field() -> impl Strategy<Value = String> {
    let field = proptest::sample::select(HIDING_FIELDS).prop_flat_map(|(name, values)| {
        (
            Just(name),
            proptest::sample::select(values),
            0..6_usize,
            0..5_usize,
        )
    });
    field.prop_map(|(name, value, style, nesting)| {
        let field = format!("{}: {value}", spell_field_name(name, style));
        match nesting {
            // `permalink` and Hugo's `build` count only at the top level.
            0 if !["permalink", "build"].contains(&name) => format!("params:\n  {field}"),
            1 if !["permalink", "build"].contains(&name) => format!("seo: {{{field}}}"),
            _ => field,
        }
    })
}

fn unique_word(number: usize) -> String {
    format!("quetzal{number}x")
}

fn post_text(number: usize, field: &str, around: (&str, &str)) -> String {
    let word = unique_word(number);
    format!(
        "---\n{}title: {word}\ndate: 2024-05-01\n{field}\n{}---\n{word} body.\n",
        around.0, around.1
    )
}

/// Generates one field that keeps its post out of the feeds, alone, in a map, or as a block.
fn any_out_of_feeds_field() -> impl Strategy<Value = String> {
    let field = proptest::sample::select(OUT_OF_FEEDS_FIELDS).prop_flat_map(|(name, values)| {
        let value = proptest::sample::select(values);
        (Just(name), value, 0..6_usize, 0..4_usize)
    });
    field.prop_map(|(name, value, style, form)| {
        let name = spell_field_name(name, style);
        match form {
            0 => format!("params:\n  {name}: {value}"),
            1 => format!("extra: {{{name}: {value}}}"),
            2 if value.starts_with('{') => {
                format!("{name}:\n  title: x\n  {}", value.trim_matches(['{', '}']))
            }
            _ => format!("{name}: {value}"),
        }
    })
}

const SITE_WITH_MANY_FEEDS: &str =
    "languages = ['en', 'fr']\n[feed]\nlimit = 2\n[[feeds]]\npath = '/all.xml'\nlimit = 1\n";

/// Joins all outputs that are feeds, of all pages and archives, with their HTML pages.
fn feeds_text(snapshot: &Snapshot) -> String {
    let paths = snapshot.all_paths().into_iter().filter(|path| {
        !path.starts_with("/cards/") && !path.ends_with('/') && path != "/sitemap.xml"
    });
    let resources = paths.filter_map(|path| Some((snapshot.get(&path)?, path)));
    let texts = resources.map(|(resource, path)| {
        let page = feed_html_page(snapshot, &resource.key).unwrap_or_default();
        format!("{path}\n{}\n{page}", resource_text(&resource))
    });
    texts.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn limited_post_reaches_no_artifact(fields in proptest::collection::vec(any_hiding_field(), 1..10)) {
        let site = fields.iter().enumerate().fold(TestSite::new().config(HIDDEN_FIELD_CONFIG), |site, (number, field)| {
            site.post(&format!("{number}.md"), post_text(number, field, ("", "")))
        });
        let everything = site.build().everything();
        for (number, field) in fields.iter().enumerate() {
            prop_assert!(!everything.contains(&unique_word(number)), "{}", field);
        }
    }

    #[test]
    fn limit_in_broken_text_withdraws_the_post(
        fields in proptest::collection::vec((any_hiding_field(), 0..YAML_BREAKS.len(), any::<bool>()), 1..10)
    ) {
        let site = (0..fields.len()).fold(TestSite::new().config(HIDDEN_FIELD_CONFIG), |site, number| {
            site.post(&format!("{number}.md"), post_text(number, "", ("", "")))
        });
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline.refresh_all(new_year_2025(), DeletionPolicy::Immediate).unwrap();
        let before = everything(&current.load_snapshot());
        for (number, (field, at, is_open)) in fields.iter().enumerate() {
            prop_assert!(before.contains(&unique_word(number)));
            let mut text = post_text(number, field, YAML_BREAKS[*at]);
            if *is_open {
                // Without the closing fence, and with a line below the field.
                text = text.replace("\n---\n", "\nz: 1\n");
            }
            std::fs::write(site.content().join(format!("{number}.md")), text).unwrap();
        }
        pipeline.invalidate_files();
        pipeline.refresh_all(new_year_2025(), DeletionPolicy::Immediate).unwrap();
        let after = everything(&current.load_snapshot());
        for (number, field) in fields.iter().enumerate() {
            prop_assert!(!after.contains(&unique_word(number)), "{:?}", field);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn post_out_of_feeds_is_only_in_the_rest(fields in proptest::collection::vec(any_out_of_feeds_field(), 1..8)) {
        let site = fields.iter().enumerate().fold(TestSite::new().config(SITE_WITH_MANY_FEEDS), |site, (number, field)| {
            let field = format!("tags: [{0}t]\nlang: {1}\n{field}", unique_word(number), ["en", "fr"][number % 2]);
            site.post(&format!("{number}.md"), post_text(number, &field, ("", "")))
        });
        let built = site.post("shown.md", plain("Shown", "2020-01-01")).build();
        let feeds = feeds_text(&built.snapshot);
        prop_assert!(feeds.contains("Shown"));
        for (number, field) in fields.iter().enumerate() {
            let word = unique_word(number);
            prop_assert!(!feeds.contains(&word), "{}", field);
            prop_assert!(built.text("/sitemap.xml").contains(&format!("/{number}")), "{}", field);
            prop_assert!(built.everything().contains(&word), "{}", field);
        }
    }

    #[test]
    fn broken_text_leaves_the_feeds(
        fields in proptest::collection::vec((any_out_of_feeds_field(), 0..YAML_BREAKS.len(), any::<bool>()), 1..8)
    ) {
        let site = (0..fields.len()).fold(TestSite::new(), |site, number| {
            site.post(&format!("{number}.md"), post_text(number, "", ("", "")))
        });
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline.refresh_all(new_year_2025(), DeletionPolicy::Immediate).unwrap();
        let before = feeds_text(&current.load_snapshot());
        for (number, (field, at, is_open)) in fields.iter().enumerate() {
            prop_assert!(before.contains(&unique_word(number)));
            let mut text = post_text(number, field, YAML_BREAKS[*at]);
            if *is_open {
                text = text.replace("\n---\n", "\nz: 1\n");
            }
            std::fs::write(site.content().join(format!("{number}.md")), text).unwrap();
        }
        pipeline.invalidate_files();
        pipeline.refresh_all(new_year_2025(), DeletionPolicy::Immediate).unwrap();
        let after = feeds_text(&current.load_snapshot());
        for (number, field) in fields.iter().enumerate() {
            prop_assert!(!after.contains(&unique_word(number)), "{:?}", field);
        }
    }
}

#[test]
fn post_out_of_feeds_has_card_sitemap_and_home_page() {
    let site = TestSite::new()
        .post("a.md", post_text(0, "tags: [alone]\nfeed: false", ("", "")))
        .post("b.md", plain("Other", "2024-05-02"));
    let built = site.build();
    assert_eq!(built.rules(), []);
    assert!(!feeds_text(&built.snapshot).contains("quetzal"));
    for path in ["/", "/cards/a/"] {
        assert!(built.text(path).contains("quetzal"), "{path}");
    }
    assert!(built.text("/sitemap.xml").contains("/a/<"));
    assert!(!built.text("/cards/a/").contains("content=\"noindex\""));
    assert!(built.snapshot.get("/tag/alone/rss.xml").is_none());
    assert!(!built.text("/opml.xml").contains("alone"));
}

#[test]
fn post_out_of_feeds_changes_no_feed() {
    let site = || TestSite::new().post("b.md", plain("Other", "2024-05-02"));
    let without = feeds_text(&site().build().snapshot);
    let with = site().post("a.md", post_text(0, "no_rss: true", ("", "")));
    assert_eq!(feeds_text(&with.build().snapshot), without);
}

#[test]
fn doubtful_feed_field_leaves_feeds_with_a_warning() {
    for field in [
        "no_feed: ture",
        "includeInFeeds:",
        "rss: {exclude: maybe}",
        "params:\n  hiddenInRss: [x]",
    ] {
        let built = TestSite::new()
            .post("a.md", post_text(0, field, ("", "")))
            .build();
        assert!(!feeds_text(&built.snapshot).contains("quetzal"), "{field}");
        assert!(built.text("/").contains("quetzal"), "{field}");
        let finding = built.finding();
        let kind = (finding.rule, finding.severity);
        assert_eq!(kind, (Rule::UnreadableMarker, Severity::Warning), "{field}");
    }
}

#[test]
fn feed_field_that_excludes_nothing_keeps_the_post() {
    for field in [
        "feed: https://example.org/feed.xml",
        "rss: \"/x.xml\"",
        "rss:",
        "feed: true",
        "rss: full",
        "feed: {title: Short, excerpt_only: true}",
        "rss: {exclude: false}",
        "rss: [a, b]",
        "no_feed: false",
        "include_in_rss: true",
        "params:\n  social:\n    rss: false",
    ] {
        let built = TestSite::new()
            .post("a.md", post_text(0, field, ("", "")))
            .build();
        assert!(built.text("/rss.xml").contains("quetzal"), "{field}");
        assert_eq!(built.rules(), [], "{field}");
    }
}

#[test]
fn cascade_keeps_posts_below_out_of_feeds() {
    for section in [
        "---\ncascade:\n  hiddenInRss: true\n---\n",
        "---\ncascade:\n  - params: {rss: {exclude: true}}\n---\n",
        "---\ncascade:\n  feed: false\nbad: [x\n---\n",
    ] {
        let site = TestSite::new()
            .post("a/_index.md", "---\ntitle: A\n---\n")
            .post("a/b.md", post_text(0, "", ("", "")));
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let mut refresh = || {
            pipeline.invalidate_files();
            pipeline
                .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
                .unwrap();
            current.load_snapshot()
        };
        assert!(feeds_text(&refresh()).contains("quetzal"));
        std::fs::write(site.content().join("a/_index.md"), section).unwrap();
        let after = refresh();
        assert!(!feeds_text(&after).contains("quetzal"), "{section}");
        assert!(everything(&after).contains("quetzal"), "{section}");
    }
}

#[test]
fn broken_text_without_a_limit_keeps_the_post() {
    let site = TestSite::new().post("a.md", post_text(0, "password:", ("", "")));
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    pipeline
        .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
        .unwrap();
    for field in [
        "password:",
        "encrypted: false",
        "status: published",
        "expires:",
        "publishDate: 2024-06-01",
        "expiryDate: 2099-01-01",
        "permalink: /a/",
        "tags: [draft, password]",
        "feed: /a.xml",
        "sitemap: {exclude: true}",
        "rss:\n  title: x\nexclude: true",
    ] {
        let text = post_text(0, field, ("", "a: [x\n"));
        std::fs::write(site.content().join("a.md"), text).unwrap();
        pipeline.invalidate_files();
        pipeline
            .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
            .unwrap();
        assert!(
            feeds_text(&current.load_snapshot()).contains("quetzal"),
            "{field}"
        );
    }
}

#[test]
fn limits_hold_in_every_form_of_post() {
    let config = format!("[content]\nfield_lines = true\n{HIDDEN_FIELD_CONFIG}");
    let mut site = TestSite::new().config(&config);
    let mut fields = Vec::new();
    for (name, values) in HIDING_FIELDS.iter().filter(|(name, _)| *name != "build") {
        for value in values.iter().filter(|value| !value.starts_with('{')) {
            let field = format!("{}: {value}", spell_field_name(name, fields.len() % 3));
            let number = fields.len();
            let word = unique_word(number);
            site = site
                .post(
                    &format!("{number}a.md"),
                    format!("Title: {word}\nDate: 2024-05-01\n{field}\n\n{word} body.\n"),
                )
                .post(&format!("{number}b.html"), post_text(number, &field, ("", "")))
                .post(
                    &format!("{number}c.adoc"),
                    format!(
                        "---\ntitle: {word}\ndate: 2024-05-01\n---\n= {word}\n:page-{field}\n\nBody.\n"
                    ),
                );
            fields.push(field);
        }
    }
    let word = unique_word(fields.len());
    let site = site.post(
        "shown.md",
        format!("Title: {word}\nDate: 2024-05-01\nStatus: published\n\nBody.\n"),
    );
    let everything = site.build().everything();
    assert!(everything.contains(&word));
    for (number, field) in fields.iter().enumerate() {
        assert!(!everything.contains(&unique_word(number)), "{field}");
    }
}

#[test]
fn empty_lock_does_not_hide() {
    for field in [
        "password:",
        "password: ''",
        "encrypted: false",
        "locked: no",
        "secret: []",
    ] {
        let built = TestSite::new()
            .post("a.md", post_text(0, field, ("", "")))
            .build();
        assert!(built.text("/rss.xml").contains("quetzal"), "{field}");
        assert_eq!(built.rules(), [], "{field}");
    }
}

#[test]
fn locked_post_has_no_card_even_where_hidden_posts_do() {
    let built = TestSite::new()
        .config("[visibility]\nhidden = \"unlisted\"")
        .post("a.md", post_text(0, "password: open sesame", ("", "")))
        .build();
    assert!(!built.everything().contains("quetzal"));
}

#[test]
fn password_is_in_no_message() {
    let built = TestSite::new()
        .post("a.md", post_text(0, "password: sesame", ("", "")))
        .build();
    assert!(!format!("{:?}{:?}", built.verdicts, built.findings).contains("sesame"));
}

#[test]
fn check_and_why_quote_no_password() {
    let mut naming_outputs = 0;
    for fields in [
        "password: sesame: x",
        "password: \"sesame",
        "password: open\npassword: sesame",
        "protected: {password: sesame, x: }}",
        "password: 'open' sesame",
        "password: !!int sesame",
    ] {
        let site = TestSite::new().post("a.md", post_text(0, fields, ("", "")));
        for arguments in [
            vec!["check"],
            vec!["check", "--format", "json"],
            vec!["check", "--format", "sarif"],
            vec!["check", "--format", "github"],
            vec!["why", "a.md"],
        ] {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_courant"))
                .args(arguments)
                .arg("--config")
                .arg(site.write_config())
                .output()
                .unwrap();
            let text = format!("{output:?}");
            assert!(!text.contains("sesame"), "{text}");
            naming_outputs += usize::from(text.contains("a.md"));
        }
    }
    // Else the test would pass if nothing was printed. The text that parses has no finding in three formats.
    assert_eq!(naming_outputs, 27);
}

#[test]
fn unknown_state_hides_and_is_an_error() {
    let site = |config: &str| {
        TestSite::new()
            .config(config)
            .post("a.md", post_text(0, "status: evergreen", ("", "")))
            .build()
    };
    let built = site("");
    assert!(!built.everything().contains("quetzal"));
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.severity, finding.line),
        (Rule::UnreadableMarker, Severity::Error, Some(4))
    );
    assert!(
        finding.hint.contains("content.public_states"),
        "{finding:?}"
    );
    let built = site("[content]\npublic_states = [\"Evergreen\"]");
    assert!(built.text("/rss.xml").contains("quetzal"));
    assert_eq!(built.rules(), []);
}

#[test]
fn state_of_an_address_does_not_hide() {
    for (fields, is_shown) in [
        ("city: Washington\nstate: DC", true),
        ("state: D.C.\nzip: 20415", true),
        ("venue: {city: Washington, state: DC}", true),
        ("state: DC", false),
        ("state: DC\ncity:", false),
        ("city: Washington\nstate: embargoed", false),
        ("city: Washington\nstate: Draft", false),
        ("city: Washington\nstatus: DC", false),
        ("venue: {city: Washington}\nstate: DC", false),
    ] {
        let built = TestSite::new()
            .post("a.md", post_text(0, fields, ("", "")))
            .build();
        assert_eq!(built.everything().contains("quetzal"), is_shown, "{fields}");
    }
}

#[test]
fn stray_date_field_is_a_warning() {
    for (field, warns) in [
        ("end_date: 2024-06-01", true),
        ("event: x\nstart-date: 2099-06-01", true),
        ("archiveDate: 2024-06-01", true),
        ("end_date: 2099-06-01", false),
        ("start_date: 2024-06-01", false),
        ("updated: 2024-06-01", false),
        ("legend: 2024-06-01", true),
    ] {
        let built = TestSite::new()
            .post("a.md", post_text(0, field, ("", "")))
            .build();
        assert!(built.text("/rss.xml").contains("quetzal"), "{field}");
        let rules: &[Rule] = if warns { &[Rule::StrayMarker] } else { &[] };
        assert_eq!(built.rules(), rules, "{field}");
    }
}

#[test]
fn broken_section_with_a_hiding_field_hides_its_posts() {
    let sections: [&[u8]; 7] = [
        b"---\ndraft: true\nbad: [x\n---\n",
        b"---\ndraft: true\n",
        b"---\ndraft: true\nx: \xff\n---\n",
        b"---\ncascade:\n  draft: true\nbad: [x\n---\n",
        b"---\ncascade: {held-back: true}\nbad: [x\n---\n",
        b"draft: true\n",
        b"+++\ndraft = true\nx = [\n+++\n",
    ];
    for section in sections {
        for name in ["_index.md", "_INDEX.md"] {
            let built = TestSite::new()
                .config(HIDDEN_FIELD_CONFIG)
                .post(&format!("a/{name}"), section)
                .post("a/b/c.md", post_text(0, "", ("", "")))
                .post("d.md", plain("Other", "2024-05-02"))
                .build();
            let text = String::from_utf8_lossy(section);
            assert!(!built.everything().contains("quetzal"), "{name}: {text}");
            assert!(built.text("/rss.xml").contains("Other"));
            let rules = built.rules();
            assert!(rules.contains(&Rule::BrokenAndHidden), "{rules:?} {text}");
        }
    }
}

#[test]
fn broken_section_keeps_its_last_visibility() {
    let broken = "---\ntitle: A\nbad: [x\n---\n";
    let site = TestSite::new().post("a/b.md", post_text(0, "", ("", "")));
    let first = site.post("a/_index.md", broken).build();
    assert!(
        !first.everything().contains("quetzal"),
        "no earlier version is known"
    );
    for (before, is_public) in [("title: A", true), ("draft: true", false)] {
        let site = TestSite::new()
            .post("a/b.md", post_text(0, "", ("", "")))
            .post("a/_index.md", format!("---\n{before}\n---\n"));
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
            .unwrap();
        std::fs::write(site.content().join("a/_index.md"), broken).unwrap();
        pipeline.invalidate_files();
        pipeline
            .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
            .unwrap();
        let everything = everything(&current.load_snapshot());
        assert_eq!(everything.contains("quetzal"), is_public, "{before}");
    }
}

#[test]
fn author_mail_address_reaches_no_artifact() {
    for (author, name) in [
        ("Ada Example <ada@example.org>", Some("Ada Example")),
        ("ada@example.org (Ada Example)", Some("Ada Example")),
        (
            "'\"Ada Example\" <mailto:ada@example.org>'",
            Some("Ada Example"),
        ),
        ("[Ada Example ada@example.org]", Some("Ada Example")),
        (
            "{name: Ada Example, email: ada@example.org}",
            Some("Ada Example"),
        ),
        (
            "{name: 'Ada Example <ada@example.org>'}",
            Some("Ada Example"),
        ),
        (
            "'[Ada Example](mailto:ada@example.org)'",
            Some("Ada Example"),
        ),
        ("Ada Example ada%40example.org", Some("Ada Example")),
        ("Ada Example &lt;ada@example.org&gt;", Some("Ada Example")),
        ("ada@example.org", None),
        (
            "{name: Ada Example, url: 'mailto:ada@example.org'}",
            Some("Ada Example"),
        ),
    ] {
        let built = TestSite::new()
            .post("a.md", post_text(0, &format!("author: {author}"), ("", "")))
            .build();
        let everything = built.everything();
        assert!(
            !everything.contains("ada@example")
                && !everything.contains("ada%40example")
                && !everything.contains("ada-example-org"),
            "{author}"
        );
        match name {
            Some(name) => assert!(everything.contains(&format!(">{name}<")), "{author}"),
            None => assert_eq!(built.finding().rule, Rule::FieldType, "{author}"),
        }
        assert!(
            !built
                .paths()
                .iter()
                .any(|path| path.contains("example-org")),
            "{author}"
        );
    }
}

#[test]
fn configured_author_mail_address_is_shown() {
    let built = TestSite::new()
        .config("[[authors]]\nname = \"Ada\"\nemail = \"ada@harbour.example\"")
        .post("a.md", post_text(0, "author: Ada", ("", "")))
        .build();
    assert!(built.text("/atom.xml").contains("ada@harbour.example"));
}
