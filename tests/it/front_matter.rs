//! Checks front matter in the forms that generators accept, and files that only look like posts.

use courant::check::analysis::ContentAnalysis;
use courant::library::DeletionPolicy;
use courant::model::finding::{Finding, Rule, Severity};
use courant::progress::Progress;

use crate::support::{TestSite, new_year_2025, plain};

/// Returns the findings of `check` about files that are not posts.
fn not_a_post_findings(site: &TestSite) -> Vec<Finding> {
    let inspection = ContentAnalysis::analyze_content(
        &site.parsed_config(),
        new_year_2025(),
        &Progress::default(),
    )
    .unwrap();
    inspection
        .findings
        .into_iter()
        .filter(|finding| finding.rule == Rule::NotAPost)
        .collect()
}

#[test]
fn front_matter_of_every_generator_is_served() {
    for text in [
        "---yaml\ntitle: Quetzal\ndate: 2024-05-01\n---\nBody.\n",
        "---json\n{\"title\": \"Quetzal\", \"date\": \"2024-05-01\"}\n---\nBody.\n",
        "---toml\ntitle = \"Quetzal\"\ndate = 2024-05-01\n---\nBody.\n",
        "--- # remark\ntitle: Quetzal\ndate: 2024-05-01\n---\nBody.\n",
        "\n\n  ---\ntitle: Quetzal\ndate: 2024-05-01\n---\nBody.\n",
        "\n+++ # remark\ntitle = 'Quetzal'\ndate = 2024-05-01\n+++\nBody.\n",
        "---\ntitle: Quetzal\ndate: 2024-05-01\n...\nBody.\n",
        "title: Quetzal\ndate: 2024-05-01\n---\nBody.\n",
        "\"title\": \"Quetzal\",\n\"date\": \"2024-05-01\"\n;;;\nBody.\n",
        ";;;\n\"title\": \"Quetzal\",\n\"date\": \"2024-05-01\"\n;;;\nBody.\n",
        "---\ntitle: \"Quetzal\n\"\ndate: 2024-05-01\ntags: [\na,\nb\n]\n---\nBody.\n",
        "---\ntitle: \u{feff}Quetzal\n\u{feff}date: 2024-05-01 10:00:00 -4\n---\nBody.\n",
    ] {
        let built = TestSite::new().post("a.md", text).build();
        assert_eq!(built.rules(), [], "{text}");
        let rss = built.text("/rss.xml");
        assert!(rss.contains("<title>Quetzal</title>"), "{text}");
        assert!(rss.contains("<p>Body.</p>"), "{text}");
    }
}

#[test]
fn repeated_field_keeps_the_last_value_with_a_warning() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: First\ndate: 2024-05-01\ntitle: Quetzal\n---\n",
        )
        .build();
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.severity, finding.line),
        (Rule::FrontMatter, Severity::Warning, Some(4))
    );
    let all = built.everything();
    assert!(all.contains("Quetzal") && !all.contains("First"));
}

#[test]
fn either_value_of_a_repeated_field_can_hide() {
    let fields = [
        "draft: true\ndraft: false",
        "draft: false\ndraft: true",
        "published: false\nx: y\npublished: true",
        "status: draft\nstatus: published",
        "build: {render: never}\nbuild: {render: always}",
        "render: false\nrender: true",
        "permalink: false\npermalink: /quetzal/",
        "seo: {hidden: true}\nseo: {title: Other}",
        "secret: true\nsecret: false",
        "publishDate: 2099-01-01\npublishDate: 2024-01-01",
        "expiryDate: 2024-06-01\nexpiryDate: 2099-01-01",
        "params: {publishDate: 2099-01-01}\nparams: {publishDate: 2024-01-01}",
    ];
    for fields in fields {
        let text = format!("---\ntitle: Quetzal\ndate: 2024-01-01\n{fields}\n---\nBody.\n");
        let built = TestSite::new()
            .config("[content]\nfields = { hidden = [\"secret\"] }")
            .post("a.md", text)
            .build();
        assert!(!built.everything().contains("Quetzal"), "{fields}");
        assert!(built.rules().contains(&Rule::FrontMatter), "{fields}");
    }
}

#[test]
fn marker_that_only_some_tools_read_hides() {
    for (text, line) in [
        (
            "---\ntitle: Quetzal\ndate: 2024-05-01\n...\ndraft: true\n---\nBody.\n",
            5,
        ),
        (
            "---\ntitle: Quetzal\ndate: 2024-05-01\n--- # end\n\nhidden: yes\n---\n",
            6,
        ),
        (
            "---\ntitle: 'Quetzal\ndraft: true\nx: '\ndate: 2024-05-01\n---\nBody.\n",
            3,
        ),
    ] {
        let built = TestSite::new().post("a.md", text).build();
        assert!(!built.everything().contains("Quetzal"), "{text}");
        let finding = built.finding();
        assert_eq!(
            (finding.rule, finding.severity, finding.line),
            (Rule::FrontMatter, Severity::Error, Some(line)),
            "{text}"
        );
    }
    let prose = "---\ntitle: Quetzal\ndate: 2024-05-01\n...\nPublic gardens: a list\n\nHide and seek.\n\n---\n";
    let built = TestSite::new().post("a.md", prose).build();
    assert_eq!(built.rules(), []);
    assert!(built.everything().contains("Quetzal"));
}

#[test]
fn files_that_look_like_posts_are_reported() {
    let site = TestSite::new()
        .post("good.md", plain("Good", "2024-01-01"))
        .post("fence.md", "title: No fence\ndate: 2024-05-01\n\nText.\n")
        .post("code.md", "---js\n{ title: 'Code' }\n---\n")
        .post("page.html", "---\ntitle: Page\n---\n<p>")
        .post(
            "page.adoc",
            "---\ntitle: Page\ndate: 2024-05-01\n---\n= Page\n",
        )
        .post("page.org", "#+title: Page\n")
        .post("plain.html", "<!doctype html><title>Date: none</title>")
        .post("left/out.html", "---\ntitle: Left out\n---\n")
        .post("README.md", "# About\n\n```yaml\ntitle: An example\n```\n")
        .config("[content]\nexclude = [\"left/**\"]");
    let built = site.build();
    let named: Vec<_> = built
        .findings
        .iter()
        .map(|finding| {
            (
                finding.file.as_str(),
                finding.line,
                finding.rule,
                finding.severity,
            )
        })
        .collect();
    let warning = |file, line| (file, line, Rule::NotAPost, Severity::Warning);
    assert_eq!(
        named,
        [
            warning("code.md", Some(2)),
            warning("fence.md", Some(1)),
            warning("page.org", None),
        ]
    );
    assert_eq!(
        (
            built.status.file_counts.posts,
            built.status.file_counts.not_posts
        ),
        (2, 5),
        "pages in HTML have no date, and the post in AsciiDoc is one"
    );
    let notes = not_a_post_findings(&site);
    let note = notes
        .iter()
        .find(|finding| finding.severity == Severity::Note)
        .unwrap();
    assert_eq!(note.file, "README.md");
}

#[test]
fn many_files_of_other_formats_are_one_finding() {
    let site = (0..30).fold(TestSite::new(), |site, n| {
        site.post(&format!("{n:02}.rst"), "---\ntitle: Page\n---\n")
    });
    let built = site.build();
    let finding = built.finding();
    assert!(
        finding.message.contains("29 other files")
            && finding.message.contains("`02.rst`, and 27 more"),
        "{finding}"
    );
}

#[test]
fn posts_left_out_by_require_are_counted_and_named() {
    let site = (0..5)
        .fold(TestSite::new(), |site, n| {
            site.post(&format!("{n}.md"), plain("Talk", "2024-01-01"))
        })
        .post("about.md", "---\ntitle: About\n---\n")
        .config("[content]\nrequire = { type = \"letter\" }");
    let notes = not_a_post_findings(&site);
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].severity, Severity::Note);
    assert!(
        notes[0].message.contains("5 files")
            && notes[0]
                .message
                .contains("`0.md`, `1.md`, `2.md`, and 2 more"),
        "{}",
        notes[0]
    );
    let built = site.build();
    assert_eq!(built.rules(), []);
    assert_eq!(
        (
            built.status.file_counts.not_posts,
            built.status.file_counts.filtered_out
        ),
        (6, 5)
    );
}

#[test]
fn merge_conflict_is_an_error_and_never_published() {
    for (text, line) in [
        (
            "---\ntitle: Quetzal\n<<<<<<< HEAD\ndate: 2024-05-01\n=======\ndate: 2024-05-02\n>>>>>>> side\n---\n",
            3,
        ),
        (
            "---\ntitle: Quetzal\ndate: 2024-05-01\n---\nA\n<<<<<<< HEAD\nB\n=======\nC\n>>>>>>> side\n",
            6,
        ),
        (
            "<<<<<<< HEAD\n---\ntitle: Quetzal\n=======\n---\ntitle: Other\n>>>>>>> side\ndate: 2024-05-01\n---\n",
            1,
        ),
    ] {
        let built = TestSite::new().post("a.md", text).build();
        assert!(!built.everything().contains("Quetzal"), "{text}");
        let finding = built.finding();
        assert_eq!(
            (finding.rule, finding.severity, finding.line),
            (Rule::MergeConflict, Severity::Error, Some(line)),
            "{text}"
        );
    }
    let code =
        "---\ntitle: Quetzal\ndate: 2024-05-01\n---\n```\n<<<<<<< HEAD\n=======\n>>>>>>> b\n```\n";
    let built = TestSite::new().post("a.md", code).build();
    assert_eq!(built.rules(), []);
    assert!(built.everything().contains("Quetzal"));
}

#[test]
fn merge_conflict_keeps_last_good_unless_one_side_hides() {
    let site = TestSite::new().post("a.md", plain("Quetzal", "2024-01-01"));
    let mut pipeline = site.pipeline();
    let mut tally_after = |text: &str| {
        std::fs::write(site.content().join("a.md"), text).unwrap();
        pipeline
            .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
            .unwrap();
        let tally = pipeline.content_status().file_counts;
        (tally.posts, tally.last_good, tally.broken)
    };
    let whole = plain("Quetzal", "2024-01-01");
    assert_eq!(tally_after(&whole), (1, 0, 0));
    let body = format!("{whole}<<<<<<< HEAD\nA\n=======\nB\n>>>>>>> side\n");
    assert_eq!(tally_after(&body), (0, 1, 0));
    let side = whole.replace(
        "date:",
        "<<<<<<< HEAD\ndraft: false\n=======\ndraft: true\n>>>>>>> side\ndate:",
    );
    assert_eq!(tally_after(&side), (0, 0, 1));
    assert_eq!(tally_after(&whole), (1, 0, 0));
    let merged = body.replace("title:", "draft: true\ntitle:");
    assert_eq!(tally_after(&merged), (0, 0, 1));
}

#[test]
fn copies_made_by_sync_tools_are_not_published() {
    let names = [
        "x.sync-conflict-20260112-003022-ABCDEFG.md",
        "x (Ada's conflicted copy 2026-05-01).md",
        "x (Case Conflict).md",
        "x (1).md",
        "x copy.md",
        "Copy of x.md",
        "x - Copy (2).md",
        "x_REMOTE_123.md",
        "x.orig.md",
        "x.LOCAL.1234.md",
        "x.r123.md",
        "~x.md",
    ];
    let site = TestSite::new().post(
        "blog/x.md",
        "---\ntitle: X\ndate: 2024-01-01\ndraft: true\n---\n",
    );
    let site = names.iter().fold(site, |site, name| {
        site.post(&format!("blog/{name}"), plain("Quetzal", "2024-01-01"))
    });
    let built = site.build();
    assert!(!built.everything().contains("Quetzal"));
    assert_eq!(built.findings.len(), names.len());
    for finding in &built.findings {
        assert_eq!(
            (finding.rule, finding.severity),
            (Rule::NotAPost, Severity::Warning)
        );
        assert!(finding.message.contains("`x.md`"), "{finding}");
    }
}

#[test]
fn copy_like_names_are_published_without_an_original() {
    let built = TestSite::new()
        .post("Copy of a letter.md", plain("Letter", "2024-01-01"))
        .post("part (1).md", plain("Part1", "2024-01-02"))
        .post("part (2).md", plain("Part2", "2024-01-03"))
        .post(
            "gone.sync-conflict-20260112-003022-ABCDEFG.md",
            plain("Gone", "2024-01-04"),
        )
        .build();
    assert_eq!(built.rules(), [Rule::NotAPost]);
    let all = built.everything();
    assert!(all.contains("Letter") && all.contains("Part1") && all.contains("Part2"));
    assert!(!all.contains("Gone"));
}

#[test]
fn copy_stays_hidden_after_its_original_is_removed() {
    let site = TestSite::new()
        .post("blog/part (1).md", plain("Quetzal", "2024-01-01"))
        .post("blog/other.md", plain("Other", "2024-01-02"))
        .config("[watch]\nrescan = \"1h\"")
        .serve();
    assert!(site.serves("Quetzal"));
    site.save("blog/part.md", &plain("Original", "2024-01-03"));
    site.until("the copy is withdrawn", |site| {
        site.serves("Original") && !site.serves("Quetzal")
    });
    site.remove("blog/part.md");
    site.until("the original is gone", |site| !site.serves("Original"));
    assert!(!site.serves("Quetzal"), "the copy is an old version");
    let at = |name: &str| site.content().join("blog").join(name);
    std::fs::rename(at("part (1).md"), at("part-one.md")).unwrap();
    site.until("the renamed copy is published", |site| {
        site.serves("Quetzal")
    });
}

#[test]
fn posts_in_a_copied_directory_are_not_published() {
    let hidden = "---\ntitle: X\ndate: 2024-01-01\ndraft: true\n---\n";
    for copy in ["b (1)", "b copy", "b (Ada's conflicted copy 2026-05-01)"] {
        let built = TestSite::new()
            .post("a/b/index.md", hidden)
            .post(
                &format!("a/{copy}/index.md"),
                plain("Quetzal", "2024-01-01"),
            )
            .post("c (1)/index.md", plain("Own", "2024-01-01"))
            .build();
        let all = built.everything();
        assert!(!all.contains("Quetzal") && all.contains("Own"), "{copy}");
        assert_eq!(built.rules(), [Rule::NotAPost], "{copy}");
    }
}

#[test]
fn conflict_markers_outside_code_are_found() {
    for before in [
        "<code-group>",
        "<preview>",
        "An unclosed <code>\n<code>",
        "{% rawhtml %}",
        "<pre>\na\n</PRE>",
    ] {
        let text = format!(
            "---\ntitle: Quetzal\ndate: 2024-01-01\n---\n{before}\n\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"
        );
        let built = TestSite::new().post("a.md", text).build();
        assert!(!built.everything().contains("Quetzal"), "{before}");
        assert_eq!(built.rules(), [Rule::MergeConflict], "{before}");
    }
}

#[test]
fn values_of_unexpected_type_are_findings() {
    for (field, line) in [
        ("seo: 5", Some(4)),
        ("params: [a, b]", Some(4)),
        ("extra: text", Some(4)),
        ("taxonomies: news", Some(4)),
        ("build: never", Some(4)),
        ("cascade: {layout: wide}", None),
        ("cascade: text", Some(4)),
        ("header: picture.jpg", Some(4)),
        ("header: false", None),
        ("seo: {title: Other}", None),
        ("twitter: a name that is too long", Some(4)),
        ("twitter: '@ada'", None),
    ] {
        let text = format!("---\ntitle: A\ndate: 2024-01-01\n{field}\n---\nBody.\n");
        let built = TestSite::new().post("a.md", text).build();
        match line {
            None => assert_eq!(built.rules(), [], "{field}"),
            Some(_) => assert_eq!(
                (built.finding().rule, built.finding().line),
                (Rule::FieldType, line),
                "{field}"
            ),
        }
    }
}

#[test]
fn post_in_restructured_text_is_a_finding() {
    let built = TestSite::new()
        .post("a.md", plain("A", "2024-01-01"))
        .post(
            "b.rst",
            "The crane\n#########\n\n:date: 2024-05-01\n\nText.\n",
        )
        .post("c.rst", "Crane\n=====\n\n.. note:: Not a post.\n")
        .build();
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.file.as_str()),
        (Rule::NotAPost, "b.rst")
    );
}

#[test]
fn elements_of_the_head_are_no_fault() {
    for (head, rules) in [
        (
            "head:\n  - [meta, { property: og:image, content: /a.png }]\n  - - link\n    - rel: me\n",
            &[][..],
        ),
        ("head:\n  - tag: meta\n    attrs: { name: robots }\n", &[]),
        ("head: [meta, link]\n", &[Rule::FieldType]),
    ] {
        let post = format!("---\ntitle: Cormorant\ndate: 2024-05-01\n{head}---\n");
        assert_eq!(
            TestSite::new().post("a.md", post).build().rules(),
            rules,
            "{head}"
        );
    }
}
