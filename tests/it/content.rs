//! Checks that posts of every format are read and that bad files become findings.

use std::time::{Duration, Instant};

use courant::library::{DELETE_GRACE, DeletionPolicy};
use courant::model::finding::{Rule, Severity};
use courant::progress::Progress;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::SnapshotHandle;

use crate::support::{TestSite, everything, new_year_2025, plain, resource_text};

#[test]
fn decap_cms_post_is_read_completely() {
    let built = TestSite::new()
        .post(
            "post.md",
            "\u{feff}---\r\ntemplateKey: blog-post\r\ntitle: \"  Folded title over\r\n  two lines \"\r\nauthor: Ada Example\r\ndate: 2024-05-01T10:00:00.000Z\r\ncategory:\r\n  - value: category-x\r\n    label: News & Announcements\r\n  - value: category-y\r\n    label: Community\r\nhidePost: false\r\nseo:\r\n  title: Preview title\r\n  description: A description that\r\n    goes on here.\r\n  url: https://example.org/blog/post\r\n  twitterUsername: \"@examples \"\r\n---\r\nBody with ~~GFM~~.",
        )
        .build();
    assert_eq!(built.rules(), []);
    let rss = built.text("/rss.xml");
    for part in [
        "<title>Folded title over two lines</title>",
        "<category>News &amp; Announcements</category>",
        "<category>Community</category>",
        "<dc:creator>Ada Example</dc:creator>",
        "<pubDate>Wed, 01 May 2024 10:00:00 GMT</pubDate>",
        "<![CDATA[A description that goes on here.]]>",
        "<p>Body with <del>GFM</del>.</p>",
        "<guid>https://example.org/blog/post</guid>",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    let card = built.text("/cards/blog/post");
    assert!(card.contains("og:title\" content=\"Preview title\""));
    assert!(card.contains("twitter:creator\" content=\"@examples\""));
}

#[test]
fn urls_in_the_body_are_absolute_against_the_permalink() {
    let built = TestSite::new()
        .post(
            "post.md",
            "---\ntitle: a\ndate: 2024-01-01\nseo: {url: https://example.org/blog/post}\n---\n![x](/img/x.jpg) [y](../y) [z](#z) <img src=\"rel.png\" srcset=\"a.png 2x\">\n\n[](https://example.org/empty)\n",
        )
        .build();
    let json = built.text("/feed.json");
    for url in [
        "https://example.org/img/x.jpg",
        "https://example.org/y",
        "https://example.org/blog/post#z",
        "https://example.org/blog/rel.png",
        "https://example.org/blog/a.png 2x",
        ">https://example.org/empty</a>",
    ] {
        assert!(json.contains(url), "{url} in {json}");
    }
}

#[test]
fn inline_image_reaches_no_output_and_is_a_finding() {
    let data = "A".repeat(600_000);
    let built = TestSite::new()
        .post(
            "a.md",
            format!(
                "---\ntitle: a\ndate: 2024-01-01\n---\ntext\n\n![x](data:image/png;base64,{data})\n"
            ),
        )
        .build();
    assert_eq!(
        (built.finding().rule, built.finding().line),
        (Rule::InlineImage, Some(7))
    );
    assert!(built.everything().len() < 100_000);
    assert!(!built.everything().contains("data:image"));
}

#[test]
fn characters_forbidden_in_xml_are_removed_from_every_field() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: \"a\u{b}b \\x0b<script>alert(1)</script> ]]> c\"\nauthor: \"A\\u0001\"\ncategory: [\"C\\ufffe\"]\ndate: 2024-01-01\ndescription: \"d\\x1f ]]>\"\naudio: {url: \"/a\\x1f.mp3\", length: 9, title: \"t\\x1f ]]>\"}\nguests: [{name: \"p\\x1f\"}]\nseo: {url: \"https://example.org/\\x01p\"}\n---\nbody \u{1} &#11; &#x1; ]]> `]]>`\n",
        )
        .build();
    assert_eq!(built.rules(), [Rule::ForbiddenCharacter]);
    let all = built.everything();
    assert!(
        all.chars().all(courant::text::is_xml_char),
        "{:?}",
        all.chars().find(|c| !courant::text::is_xml_char(*c))
    );
    assert!(
        built
            .text("/rss.xml")
            .contains("<title>ab &#x3C;script&gt;alert(1)&#x3C;/script&gt; ]]&gt; c</title>")
    );
    assert!(!built.text("/cards/p").contains("<script>alert"));
    assert!(!built.text("/").contains("<script>"));
}

#[test]
fn bad_file_is_a_finding_and_good_file_is_published() {
    let cases: [(&str, Vec<u8>, Rule, Option<usize>); 12] = [
        (
            "unquoted colon",
            b"---\ndate: 2024-01-01\ntitle: One: two\n---\n".to_vec(),
            Rule::FrontMatter,
            Some(3),
        ),
        (
            "never closed",
            b"---\ntitle: a\n".to_vec(),
            Rule::FrontMatter,
            Some(1),
        ),
        (
            "a field three times",
            b"---\ntitle: a\ntitle: b\ntitle: c\n---\n".to_vec(),
            Rule::FrontMatter,
            Some(4),
        ),
        (
            "a list",
            b"---\n- a\n---\n".to_vec(),
            Rule::FrontMatter,
            Some(2),
        ),
        (
            "no title",
            b"---\ndate: 2024-01-01\n---\ntext\n".to_vec(),
            Rule::MissingTitle,
            None,
        ),
        (
            "no date",
            b"---\ntitle: a\n---\n".to_vec(),
            Rule::MissingDate,
            None,
        ),
        (
            "not UTF-8",
            b"---\ntitle: a\xff\n---\n".to_vec(),
            Rule::NotUtf8,
            Some(2),
        ),
        (
            "UTF-16",
            b"---\ntitle: a\n\xff\xfeh\0i\0\n---\n".to_vec(),
            Rule::NotUtf8,
            Some(3),
        ),
        (
            "a tab",
            b"---\ntitle: a\n\tdate: 2024-01-01\n---\n".to_vec(),
            Rule::FrontMatter,
            None,
        ),
        (
            "an alias of nothing",
            b"---\ntitle: *a\ndate: 2024-01-01\n---\n".to_vec(),
            Rule::FrontMatter,
            Some(2),
        ),
        (
            "templating",
            b"---\ntitle: {{ page.title }}\ndate: 2024-01-01\n---\n".to_vec(),
            Rule::FrontMatter,
            Some(2),
        ),
        ("too large", vec![b'a'; 3000], Rule::FileTooLarge, None),
    ];
    for (case, bytes, rule, line) in cases {
        let built = TestSite::new()
            .post("bad.md", bytes)
            .post("good.md", plain("Good", "2024-01-02"))
            .config("[content]\nmax_file_size = 2000")
            .build();
        let finding = &built.findings[0];
        assert_eq!(
            (finding.rule, finding.file.as_str(), finding.severity),
            (rule, "bad.md", Severity::Error),
            "{case}: {finding}"
        );
        if line.is_some() {
            assert_eq!(finding.line, line, "{case}: {finding}");
        }
        assert!(!finding.hint.is_empty());
        assert!(
            built.text("/rss.xml").contains("<title>Good</title>"),
            "{case}"
        );
        assert_eq!(
            built.text("/rss.xml").matches("<item>").count(),
            1,
            "{case}"
        );
        assert_eq!(built.status.file_counts.broken, 1, "{case}");
    }
}

#[test]
fn unreadable_date_is_a_finding_with_its_line() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: a\ndate: yesterday\n---\n")
        .build();
    assert_eq!(
        (built.finding().rule, built.finding().line),
        (Rule::UnreadableDate, Some(3))
    );
    assert!(built.finding().message.contains("`yesterday`"));
}

#[test]
fn days_past_the_end_of_a_month_roll_over() {
    let built_with = |names: &str, fields: &str| {
        TestSite::new()
            .config(&format!("[content]\nnames = \"{names}\"\n"))
            .post("a.md", format!("---\ntitle: Tern\n{fields}\n---\n"))
            .build()
    };
    for names in ["eleventy", "as-written"] {
        for (date, read) in [
            ("2023-02-29 11:00:00", "2023-03-01T11:00:00"),
            ("2023-04-31", "2023-05-01T00:00:00"),
        ] {
            let built = built_with(names, &format!("date: {date}"));
            let finding = built.finding();
            assert_eq!(
                (finding.rule, finding.severity),
                (Rule::UnreadableDate, Severity::Warning)
            );
            assert!(built.text("/feed.json").contains(read), "{names} {date}");
        }
    }
    let valid = "date: 2023-02-01\n";
    for (names, fields) in [
        ("jekyll", "date: 2023-02-29 11:00:00"),
        ("hugo", "date: 2023-02-29"),
        ("eleventy", "date: \"2023-02-29\""),
        ("eleventy", "date: 2023-02-32"),
        ("eleventy", "date: 2023-13-29"),
        ("eleventy", "date: 2023-02-29 later"),
        ("eleventy", &format!("{valid}expires: 2029-02-29")),
        ("eleventy", &format!("{valid}publish_date: 2023-02-29")),
    ] {
        let built = built_with(names, fields);
        assert_eq!(
            built.finding().severity,
            Severity::Error,
            "{names} {fields}"
        );
        assert!(
            !built.text("/rss.xml").contains("<item>"),
            "{names} {fields}"
        );
    }
    // The start is later than written, never earlier.
    let built = built_with("eleventy", "date: 2099-02-29");
    assert!(!built.text("/rss.xml").contains("Tern"));
}

#[test]
fn nul_character_is_removed_with_a_finding() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: a\0b\ndate: 2024-01-01\n---\n")
        .build();
    assert_eq!(
        (built.finding().rule, built.finding().line),
        (Rule::ForbiddenCharacter, Some(2))
    );
    assert!(built.finding().message.contains("U+0000"));
    assert!(built.text("/rss.xml").contains("<title>ab</title>"));
}

#[test]
fn sparse_file_of_one_gigabyte_is_not_read() {
    let site = TestSite::new().post("good.md", plain("Good", "2024-01-01"));
    let file = std::fs::File::create(site.content().join("huge.md")).unwrap();
    file.set_len(1 << 30).unwrap();
    let built = site.build();
    assert_eq!(built.finding().rule, Rule::FileTooLarge);
    assert!(built.text("/rss.xml").contains("Good"));
}

#[cfg(unix)]
#[test]
fn symlinks_are_followed_and_loops_are_findings() {
    let site = TestSite::new()
        .post("good.md", plain("Good", "2024-01-01"))
        .post("../elsewhere/linked.md", plain("Linked", "2024-01-02"));
    std::os::unix::fs::symlink("..", site.content().join("loop")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", site.content().join("more")).unwrap();
    std::os::unix::fs::symlink("nowhere", site.content().join("dangling.md")).unwrap();
    let built = site.build();
    assert_eq!(built.rules(), [Rule::UnreadableDirectory]);
    assert_eq!(
        (
            built.finding().file.as_str(),
            built.status.file_counts.posts
        ),
        ("loop", 2)
    );
    assert!(built.text("/rss.xml").contains("Linked"));
    assert!(built.text("/rss.xml").contains("Good"));
}

/// Covers both ways of listing: small trees and large ones are listed differently.
#[cfg(unix)]
#[test]
fn symlink_loops_are_found_at_every_depth() {
    use std::os::unix::fs::symlink;
    for more in [0, 20] {
        let mut site = TestSite::new()
            .post("a/b/one.md", plain("One", "2024-01-01"))
            .post("a/b/c/d/two.md", plain("Two", "2024-01-02"))
            .post("x/three.md", plain("Three", "2024-01-03"));
        for number in 0..more {
            let name = format!("more{number}/below/post.md");
            site = site.post(&name, plain(&format!("More {number}"), "2023-01-01"));
        }
        let link = |target: &str, name: &str| symlink(target, site.content().join(name)).unwrap();
        link("../a", "a/up");
        link("../..", "a/b/c/d/up");
        link("../../x", "a/b/across");
        link("../a/b", "x/back");
        let built = site.build();
        let loops: Vec<&str> = built
            .status
            .findings
            .iter()
            .filter(|finding| finding.rule == Rule::UnreadableDirectory)
            .map(|finding| finding.file.as_str())
            .collect();
        let expected = [
            "a/b/across/back",
            "a/b/c/d/up",
            "a/up",
            "x/back/across",
            "x/back/c/d/up",
        ];
        assert_eq!(loops, expected);
        // Posts below `a/b` and `x` are reachable by two paths.
        assert_eq!(built.status.file_counts.posts, 6 + more);
    }
}

#[test]
fn files_without_post_front_matter_are_ignored() {
    let built = TestSite::new()
        .post("README.md", "# Not a post\n")
        .post(
            "about.md",
            "---\ntemplateKey: about-page\ntitle: About\n---\n",
        )
        .post(".hidden.md", plain("Dot", "2024-01-01"))
        .post("image.jpg", "not text")
        .post(
            "a.MD",
            "---\ntemplateKey: blog-post\ntitle: Post\ndate: 2024-01-01\n---\n",
        )
        .config("[content]\nrequire = { templateKey = \"blog-post\" }")
        .build();
    assert_eq!(built.rules(), []);
    assert_eq!(
        (
            built.status.file_counts.posts,
            built.status.file_counts.not_posts
        ),
        (1, 2)
    );
    assert!(!built.everything().contains("Dot"));
}

#[test]
fn include_and_exclude_choose_files() {
    let built = TestSite::new()
        .post("blog/a.md", plain("Aye", "2024-01-01"))
        .post("blog/old/b.md", plain("Bee", "2024-01-01"))
        .post("pages/c.md", plain("Sea", "2024-01-01"))
        .config("[content]\ninclude = [\"blog/**\"]\nexclude = [\"**/old/**\"]")
        .build();
    let rss = built.text("/rss.xml");
    assert!(rss.contains("Aye") && !rss.contains("Bee") && !rss.contains("Sea"));
}

#[test]
fn empty_directory_gives_valid_empty_feeds() {
    let built = TestSite::new().build();
    assert_eq!(built.rules(), []);
    assert!(built.text("/rss.xml").contains("<channel>"));
    assert!(!built.text("/rss.xml").contains("lastBuildDate"));
    assert!(
        built
            .text("/atom.xml")
            .contains("<updated>1970-01-01T00:00:00+00:00</updated>")
    );
    assert!(built.text("/").contains("Nothing has been published yet"));
}

#[test]
fn duplicate_permalink_keeps_the_newest_and_names_both_files() {
    let post = |title: &str, date: &str| {
        format!("---\ntitle: {title}\ndate: {date}\nseo: {{url: https://example.org/same}}\n---\n")
    };
    let built = TestSite::new()
        .post("older.md", post("Older", "2024-01-01"))
        .post("newer.md", post("Newer", "2024-02-01"))
        .build();
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.file.as_str(), finding.line),
        (Rule::DuplicatePermalink, "older.md", Some(4))
    );
    assert!(finding.message.contains("`newer.md`"), "{finding}");
    let rss = built.text("/rss.xml");
    assert!(rss.contains("Newer") && !rss.contains("Older"));
}

#[test]
fn duplicate_id_keeps_the_newest_post() {
    let post =
        |title: &str, date: &str| format!("---\ntitle: {title}\ndate: {date}\nid: urn:one\n---\n");
    let built = TestSite::new()
        .post("a.md", post("Older", "2024-01-01"))
        .post("b.md", post("Newer", "2024-02-01"))
        .build();
    assert_eq!(
        (built.finding().rule, built.finding().file.as_str()),
        (Rule::DuplicateId, "a.md")
    );
}

#[test]
fn permalinks_are_normalized_and_foreign_ones_leave_the_sitemap() {
    let post =
        |url: &str| format!("---\ntitle: a\ndate: 2024-03-04\nseo: {{url: \"{url}\"}}\n---\n");
    let cases = [
        (
            "https://example.org/a b/%7euser/é",
            "https://example.org/a%20b/~user/%C3%A9",
            true,
        ),
        (" https://example.org/x ", "https://example.org/x", true),
        ("http://example.org/x", "https://example.org/x", true),
        ("/x/", "https://example.org/x/", true),
        ("bare-word", "https://example.org/bare-word", true),
        (
            "https://elsewhere.example/x",
            "https://elsewhere.example/x",
            false,
        ),
        (
            "https://old.example/x?y=1#z",
            "https://example.org/x?y=1",
            true,
        ),
        ("javascript:alert(1)", "https://example.org/dir/name/", true),
    ];
    for (written, expected, in_sitemap) in cases {
        let built = TestSite::new()
            .config("former_urls = [\"https://old.example\"]")
            .post("dir/name.md", post(written))
            .build();
        assert!(
            built
                .text("/rss.xml")
                .contains(&format!("<link>{expected}</link>")),
            "{written}: {}",
            built.text("/rss.xml")
        );
        assert_eq!(
            built.text("/sitemap.xml").contains(expected),
            in_sitemap,
            "{written}"
        );
    }
}

#[test]
fn id_stays_as_written_when_the_site_moves() {
    let post = "---\ntitle: a\ndate: 2024-03-04\nseo: {url: https://old.example/blog/a}\n---\n";
    let built = TestSite::new()
        .config("former_urls = [\"https://old.example\"]")
        .post("a.md", post)
        .build();
    let rss = built.text("/rss.xml");
    assert!(rss.contains("<link>https://example.org/blog/a</link>"));
    assert!(rss.contains("<guid isPermaLink=\"false\">https://old.example/blog/a</guid>"));
    assert!(
        built
            .text("/atom.xml")
            .contains("<id>https://old.example/blog/a</id>")
    );
}

#[test]
fn posts_without_a_permalink_get_one_from_the_pattern() {
    let built = TestSite::new()
        .config("permalinks = \"/:year/:month/:category/:slug/\"\ntimezone = \"Europe/Berlin\"")
        .post(
            "dir/Ünï code:slug.md",
            "---\ntitle: a\ndate: 2023-12-31T23:30:00Z\ncategory: [Big News]\n---\n",
        )
        .build();
    let rss = built.text("/rss.xml");
    let path = "https://example.org/2024/01/big-news/%C3%9Cn%C3%AF%20code";
    assert!(rss.contains(&format!("<link>{path}:slug/</link>")), "{rss}");
    assert!(rss.contains(&format!(">{path}%3Aslug/</guid>")), "{rss}");
}

#[test]
fn description_defaults_to_the_first_paragraph_as_plain_text() {
    let built = TestSite::new()
        .post("a.md", format!("---\ntitle: a\ndate: 2024-01-01\n---\n# Head\n\nFirst *words* & more. {}\n\nSecond.\n", "word ".repeat(100)))
        .post("b.md", "---\ntitle: b\ndate: 2024-01-02\ndescription: \"[Site](https://e.org) and *this*\"\n---\n")
        .build();
    let rss = built.text("/rss.xml");
    assert!(
        rss.contains("<![CDATA[First words &amp; more. word"),
        "{rss}"
    );
    assert!(rss.contains("word…]]>"), "{rss}");
    assert!(rss.contains("<![CDATA[Site and this]]>"), "{rss}");
}

#[test]
fn hostile_nesting_is_survived() {
    let bold: String = (0..2500).map(|n| format!("<b id={n}>")).collect();
    for (body, fits) in [
        ("<div>".repeat(20_000), false),
        ("> ".repeat(20_000) + "x", false),
        (format!("<p>{bold}{}", "<p>y\n".repeat(2_000)), false),
        ("\u{a0}".repeat(100_000), false),
        ("[".repeat(20_000), true),
        ("*a **a ".repeat(5_000), true),
        ("- ".repeat(3_000) + "x", true),
        ("|a".repeat(2_000) + "\n" + &"|-".repeat(2_000), true),
        ((0..5_000).map(|n| format!("![]({n}.jpg)")).collect(), true),
    ] {
        let built = TestSite::new()
            .post(
                "a.md",
                format!("---\ntitle: a\ndate: 2024-01-01\n---\n{body}\n"),
            )
            .build();
        assert!(built.text("/rss.xml").contains("<title>a</title>"));
        let rules = built.rules();
        assert_eq!(
            rules.is_empty(),
            fits,
            "{}",
            body.chars().take(20).collect::<String>()
        );
        assert!(
            rules.iter().all(|rule| *rule == Rule::BodyTooComplex),
            "{rules:?}"
        );
    }
}

#[test]
fn picture_of_any_address_is_in_every_feed() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: a\ndate: 2024-01-01\n---\n![x](/i.jpg?w=1&h=2) ![](http://h.example/<b>\"q) ![](mailto:a@b.example)\n")
        .build();
    let atom = built.text("/atom.xml");
    assert!(
        atom.contains("url=\"https://example.org/i.jpg?w=1&amp;h=2\""),
        "{atom}"
    );
    assert!(!built.text("/sitemap.xml").contains("mailto"));
    assert!(
        built
            .text("/feed.json")
            .contains("\"image\": \"https://example.org/i.jpg?w=1&h=2\"")
    );
}

#[test]
fn author_urls_are_absolute_and_http_only() {
    let post = |author: &str| format!("---\ntitle: a\ndate: 2024-01-01\nauthor: {author}\n---\n");
    let built = TestSite::new()
        .post(
            "a.md",
            post("{name: Ada, url: /ada, email: nope@example.org}"),
        )
        .build();
    assert!(
        built
            .text("/atom.xml")
            .contains("<uri>https://example.org/ada</uri>")
    );
    assert!(!built.everything().contains("nope"));
    let built = TestSite::new()
        .post("a.md", post("{name: Ada, url: 'javascript:alert(1)'}"))
        .build();
    assert_eq!(built.finding().rule, Rule::FieldType);
    assert!(!built.everything().contains("javascript"));
}

#[test]
fn author_is_found_by_id_and_alias_in_the_configuration() {
    let post =
        |author: &str| format!("---\ntitle: a\ndate: 2024-01-01\nauthors: [{author}]\n---\n");
    for author in ["ada", "A. Quay", "{login: ADA}", "ada, Ada Quay"] {
        let built = TestSite::new()
            .config("[[authors]]\nname = \"Ada Quay\"\nid = \"ada\"\naliases = [\"a. quay\"]\nurl = \"/ada\"")
            .post("a.md", post(author))
            .build();
        let atom = built.text("/atom.xml");
        assert_eq!(atom.matches("<name>Ada Quay</name>").count(), 1, "{author}");
        assert!(
            atom.contains("<uri>https://example.org/ada</uri>"),
            "{author}"
        );
        assert!(
            built
                .paths()
                .contains(&"/author/ada-quay/rss.xml".to_owned())
        );
    }
}

#[test]
fn invalid_language_is_a_finding() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: a\ndate: 2024-01-01\nlang: '-'\n---\n")
        .build();
    assert_eq!(
        (built.finding().rule, built.finding().line),
        (Rule::FieldType, Some(4))
    );
    assert!(!built.everything().contains("lang=\"-\""));
}

#[test]
fn any_id_is_written_as_an_iri() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-01-01\nid: 'https://e.org/a b/é'\n---\n",
        )
        .build();
    assert!(
        built
            .text("/atom.xml")
            .contains("<id>https://e.org/a%20b/é</id>")
    );
}

#[test]
fn posts_that_differ_by_query_share_one_card() {
    let post = |title: &str, query: &str| {
        format!("---\ntitle: {title}\ndate: 2024-01-01\npermalink: /x?p={query}\n---\n")
    };
    let built = TestSite::new()
        .post("a.md", post("Aye", "1"))
        .post("b.md", post("Bee", "2"))
        .build();
    assert_eq!(
        (built.finding().rule, built.finding().file.as_str()),
        (Rule::DuplicateCard, "b.md")
    );
    assert_eq!(built.text("/rss.xml").matches("<item>").count(), 2);
    assert!(built.text("/cards/x").contains("Aye"));
}

#[cfg(unix)]
#[test]
fn non_utf8_file_names_stay_distinct() {
    use std::os::unix::ffi::OsStrExt as _;
    let site = TestSite::new();
    for (byte, title) in [(b'\xfe', "Aye"), (b'\xff', "Bee")] {
        let name = [b'a', byte, b'.', b'm', b'd'];
        std::fs::write(
            site.content().join(std::ffi::OsStr::from_bytes(&name)),
            plain(title, "2024-01-01"),
        )
        .unwrap();
    }
    let built = site.build();
    assert!(built.text("/rss.xml").contains("Aye") && built.text("/rss.xml").contains("Bee"));
}

#[test]
fn second_run_reuses_unchanged_artifacts() {
    let site = TestSite::new()
        .post("a.md", plain("Aye", "2024-01-01"))
        .post("b.md", plain("Bee", "2024-01-02"));
    let current = courant::publish::snapshot::SnapshotHandle::default();
    let mut pipeline =
        courant::publish::pipeline::Pipeline::new(site.parsed_config(), current.clone());
    // Well after the files' modification times, which are too recent to be trusted otherwise.
    let later = crate::support::clock() + std::time::Duration::from_secs(60);
    let run = |pipeline: &mut courant::publish::pipeline::Pipeline| {
        pipeline
            .refresh_all(later, DeletionPolicy::Immediate)
            .unwrap()
    };
    assert_eq!(
        run(&mut pipeline),
        courant::publish::pipeline::RefreshOutcome::Published
    );
    assert_eq!(
        run(&mut pipeline),
        courant::publish::pipeline::RefreshOutcome::Unchanged
    );
    let first = current.load_snapshot();
    std::fs::write(site.content().join("a.md"), plain("Changed", "2024-01-01")).unwrap();
    assert_eq!(
        run(&mut pipeline),
        courant::publish::pipeline::RefreshOutcome::Published
    );
    let second = current.load_snapshot();
    let card =
        |snapshot: &courant::publish::snapshot::Snapshot, path: &str| snapshot.get(path).unwrap();
    assert!(
        std::sync::Arc::ptr_eq(&card(&first, "/robots.txt"), &card(&second, "/robots.txt")),
        "an unchanged artifact is reused"
    );
    let (before, after) = (card(&first, "/cards/b/"), card(&second, "/cards/b/"));
    assert_eq!(before.last_modified, after.last_modified);
    assert_eq!(
        crate::support::resource_text(&before),
        crate::support::resource_text(&after)
    );
    assert_ne!(
        card(&first, "/rss.xml").identity_encoding().unwrap().etag,
        card(&second, "/rss.xml").identity_encoding().unwrap().etag
    );
}

#[test]
fn terms_beyond_the_limit_are_counted_and_left_out() {
    let list = (0..500)
        .map(|number| format!("c{number}"))
        .collect::<Vec<_>>()
        .join(", ");
    let post = format!("---\ntitle: a\ndate: 2024-01-01\ncategory: [{list}]\n---\n");
    let built = TestSite::new().post("a.md", post).build();
    assert_eq!(
        (built.finding().rule, built.finding().line),
        (Rule::FieldType, Some(4))
    );
    assert!(built.finding().message.contains("500"));
    assert_eq!(built.text("/rss.xml").matches("<category>").count(), 100);
}

#[cfg(target_os = "linux")]
#[test]
fn unreadable_file_is_a_finding() {
    let site = TestSite::new().post("good.md", plain("Good", "2024-01-01"));
    // Reading this file fails even for root.
    std::os::unix::fs::symlink("/proc/self/mem", site.content().join("bad.md")).unwrap();
    let built = site.build();
    assert_eq!(
        (built.finding().rule, built.finding().file.as_str()),
        (Rule::UnreadableFile, "bad.md")
    );
    assert!(built.text("/rss.xml").contains("Good"));
}

#[test]
fn yaml_alias_bomb_is_a_finding() {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let list = vec![format!("*a{}", level - 1); 9].join(", ");
        yaml += &format!("a{level}: &a{level} [{list}]\n");
    }
    let built = TestSite::new()
        .post("bomb.md", format!("---\n{yaml}---\n"))
        .build();
    assert_eq!(built.finding().rule, Rule::FrontMatterBudget);
    assert!(built.finding().line.is_some());
}

#[test]
fn password_in_an_address_is_not_shown() {
    for field in ["permalink", "canonical_url", "aliases"] {
        let front = format!("title: a\ndate: 2024-01-01\n{field}: https://ada:tide@example.org/a");
        let built = TestSite::new()
            .post("a.md", format!("---\n{front}\n---\n"))
            .build();
        let finding = built.finding();
        assert_eq!(finding.rule, Rule::UnusablePermalink, "{field}");
        assert!(!format!("{finding:?}").contains("tide"), "{finding:?}");
    }
}

#[test]
fn odd_permalink_or_id_is_a_warning_with_its_line() {
    let post = |field: &str| format!("---\ntitle: a\ndate: 2024-01-01\n{field}\n---\n");
    for (field, rule) in [
        ("permalink: a-word", Rule::RelativePermalink),
        (
            "permalink: https://elsewhere.example/a",
            Rule::ForeignPermalink,
        ),
        (
            "permalink: https://example.org/blog/example.org/a",
            Rule::RepeatedHost,
        ),
        ("permalink: 'mailto:a@example.org'", Rule::UnusablePermalink),
        ("permalink: /a%zz", Rule::UnusablePermalink),
        ("guid: 42", Rule::RelativeId),
    ] {
        let built = TestSite::new().post("a.md", post(field)).build();
        assert_eq!(
            (
                built.finding().rule,
                built.finding().line,
                built.finding().severity
            ),
            (rule, Some(4), Severity::Warning),
            "{field}"
        );
        assert!(
            built.text("/rss.xml").contains("<title>a</title>"),
            "{field}"
        );
    }
}

#[test]
fn scan_reads_only_changed_files() {
    let site = TestSite::new()
        .post("a.md", plain("Aye", "2024-01-01"))
        .post("b.md", plain("Bee", "2024-01-02"));
    let config = site.parsed_config();
    let later = crate::support::clock() + std::time::Duration::from_secs(60);
    let mut library = courant::library::Library::default();
    let progress = Progress::default();
    let mut read = || {
        library
            .scan_all(&config, DeletionPolicy::Immediate, later, &progress)
            .unwrap()
            .files_read
    };
    assert_eq!(read(), 2);
    assert_eq!(read(), 0);
    std::fs::write(site.content().join("a.md"), plain("Changed", "2024-01-01")).unwrap();
    assert_eq!(read(), 1);
}

#[test]
fn file_modified_within_timestamp_granularity_is_read_again() {
    let site = TestSite::new().post("a.md", plain("Aye", "2024-01-01"));
    let config = site.parsed_config();
    let modified = std::fs::metadata(site.content().join("a.md"))
        .unwrap()
        .modified()
        .unwrap();
    let mut library = courant::library::Library::default();
    let mut read_after = |millis| {
        let now = modified + std::time::Duration::from_millis(millis);
        library
            .scan_all(
                &config,
                DeletionPolicy::Immediate,
                now,
                &Progress::default(),
            )
            .unwrap()
            .files_read
    };
    // A later write within the timestamp granularity leaves the modification time unchanged.
    assert_eq!(
        (
            read_after(10),
            read_after(20),
            read_after(200),
            read_after(300)
        ),
        (1, 1, 1, 0)
    );
}

#[test]
fn author_and_category_names_are_truncated() {
    let long = "n".repeat(5_000);
    let post = format!("---\ntitle: a\ndate: 2024-01-01\nauthor: {long}\ncategory: {long}\n---\n");
    let built = TestSite::new().post("a.md", post).build();
    assert!(!built.everything().contains(&"n".repeat(501)));
    assert!(built.text("/rss.xml").contains(&"n".repeat(400)));
}

#[test]
fn toml_and_json_front_matter_is_read_like_yaml() {
    let built = TestSite::new()
        .post(
            "toml.md",
            "+++\ntitle = \"In TOML\"\ndate = 2024-05-01T10:00:00+02:00\ncategories = [\"News\"]\n+++\nText.\n",
        )
        .post(
            "json.md",
            "{\n  \"title\": \"In JSON\",\n  \"date\": \"2024-05-02\",\n  \"author\": {\"name\": \"Ada\"}\n}\n\nText.\n",
        )
        .post("hidden.md", "+++\ntitle = \"Hidden TOML\"\ndate = 2024-05-01\ndraft = true\n+++\n")
        .post("hidden2.md", "{\"title\": \"Hidden JSON\", \"date\": \"2024-05-01\", \"draft\": true}\n")
        .post("shortcode.md", "{{< figure src=\"a.jpg\" >}}\n")
        .build();
    assert_eq!(built.rules(), []);
    let rss = built.text("/rss.xml");
    assert!(
        rss.contains("<title>In TOML</title>") && rss.contains("Wed, 01 May 2024 08:00:00 GMT")
    );
    assert!(rss.contains("<title>In JSON</title>") && rss.contains("<dc:creator>Ada</dc:creator>"));
    assert!(!built.everything().contains("Hidden"));
    assert!(built.snapshot.get("/category/news/rss.xml").is_some());
}

#[test]
fn broken_toml_and_json_report_their_line_and_stay_hidden() {
    for (name, text, line) in [
        ("a.md", "+++\ntitle = \"A\"\ndate = yesterday\n+++\n", 3),
        ("b.md", "{\n\"title\": \"B\"\n\"date\": 1}\n", 1),
        ("c.md", "+++\ntitle = \"never closed\"\n", 1),
    ] {
        let built = TestSite::new().post(name, text).build();
        let finding = built.finding();
        assert_eq!(
            (finding.rule, finding.line),
            (Rule::FrontMatter, Some(line)),
            "{finding:?}"
        );
    }
    let site = TestSite::new()
        .post("a.md", "+++\ntitle = \"Quetzal\"\ndate = 2024-01-01\n+++\n")
        .serve();
    site.save("a.md", "+++\ntitle = \"Quetzal\ndraft = true\n+++\n");
    site.until("the broken post is withdrawn", |site| {
        !site.serves("Quetzal")
    });
}

#[test]
fn missing_date_and_slug_come_from_the_file_name() {
    let built = TestSite::new()
        .config("permalinks = \"/:year/:slug/\"")
        .post(
            "_posts/2024-05-01-a-post.md",
            "---\ntitle: In the name\n---\n",
        )
        .post(
            "bundle/2024-04-01-b/index.md",
            "---\ntitle: A bundle\n---\n",
        )
        .post(
            "c.md",
            "+++\ntitle = \"In the address\"\npath = \"2024/03/01/c\"\n+++\n",
        )
        .post(
            "d.md",
            "---\ntitle: With a slug\ndate: 2024-02-01\nslug: other\n---\n",
        )
        .post("_index.md", "---\ntitle: Section\ndate: 2024-02-01\n---\n")
        .build();
    let rss = built.text("/rss.xml");
    for (title, link) in [
        ("In the name", "https://example.org/2024/a-post/"),
        ("A bundle", "https://example.org/2024/b/"),
        ("In the address", "https://example.org/2024/03/01/c"),
        ("With a slug", "https://example.org/2024/other/"),
    ] {
        let item = format!("<title>{title}</title>\n      <link>{link}</link>");
        assert!(rss.contains(&item), "{title}: {rss}");
    }
    assert!(!built.everything().contains("Section"));
    assert!(rss.contains("Fri, 01 Mar 2024 00:00:00 GMT"));
    let built = TestSite::new()
        .post("2024-05-01-a/index.md", "---\ntitle: A\n---\n")
        .post("2024-05-02-b.md", "---\ntitle: B\ndate: not yet\n---\n")
        .build();
    assert_eq!(
        built.rules(),
        [Rule::UnreadableDate],
        "the date in the file name is not a fallback"
    );
    assert!(built.snapshot.get("/cards/2024-05-01-a/").is_some());
}

#[test]
fn future_date_in_the_file_name_schedules_the_post() {
    let built = TestSite::new()
        .post("2099-01-01-quetzal.md", "---\ntitle: Quetzal\n---\n")
        .build();
    assert!(!built.everything().contains("uetzal"));
    assert!(built.status.next_change_at.is_some());
}

#[test]
fn posts_removed_one_by_one_count_towards_the_doubt() {
    let site = (0..9).fold(TestSite::new(), |site, n| {
        site.post(
            &format!("{n}.md"),
            plain(&format!("Post{n}x"), "2024-01-01"),
        )
    });
    let mut pipeline = site.pipeline();
    let (now, mut at) = (new_year_2025(), Instant::now());
    let remove = |n: usize| {
        std::fs::remove_file(site.content().join(format!("{n}.md"))).unwrap();
    };
    let mut scan_twice = |pipeline: &mut Pipeline, loss: fn(Instant) -> DeletionPolicy| {
        pipeline.refresh_all(now, loss(at)).unwrap();
        at += DELETE_GRACE;
        pipeline.refresh_all(now, loss(at)).unwrap();
    };
    scan_twice(&mut pipeline, DeletionPolicy::HoldMass);
    for n in 0..4 {
        remove(n);
        scan_twice(&mut pipeline, DeletionPolicy::HoldMass);
        assert!(
            !pipeline.is_holding_deletions(),
            "{n} posts are too few to doubt"
        );
    }
    remove(4);
    scan_twice(&mut pipeline, DeletionPolicy::HoldMass);
    assert!(
        pipeline.is_holding_deletions(),
        "five of nine posts are most"
    );
    assert_eq!(pipeline.content_status().file_counts.posts, 5);
    scan_twice(&mut pipeline, DeletionPolicy::AcceptMass);
    assert_eq!(pipeline.content_status().file_counts.posts, 4);
    remove(5);
    scan_twice(&mut pipeline, DeletionPolicy::HoldMass);
    assert!(
        !pipeline.is_holding_deletions(),
        "an accepted loss does not count again"
    );
    assert_eq!(pipeline.content_status().file_counts.posts, 3);
}

#[test]
fn missing_file_is_withdrawn_after_the_grace_period() {
    let path = |n: usize| format!("{n}.md");
    let site = (0..9).fold(TestSite::new(), |site, n| {
        site.post(&path(n), plain(&format!("Post{n}x"), "2024-01-01"))
    });
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let (now, start) = (new_year_2025(), Instant::now());
    let mut scan_at = |at: Instant| {
        pipeline
            .refresh_all(now, DeletionPolicy::HoldMass(at))
            .map(drop)
            .unwrap()
    };
    let serves = |n: usize| everything(&current.load_snapshot()).contains(&format!("Post{n}x"));
    scan_at(start);
    std::fs::remove_file(site.content().join(path(0))).unwrap();
    std::fs::remove_file(site.content().join(path(1))).unwrap();
    std::fs::rename(site.content().join(path(2)), site.content().join("two.md")).unwrap();
    scan_at(start);
    assert!(serves(0) && serves(1) && serves(2));
    let card = current
        .load_snapshot()
        .get("/cards/2/")
        .map(|card| resource_text(&card));
    assert_eq!(
        card.as_deref(),
        Some("gone"),
        "a renamed file has no grace period"
    );
    scan_at(start + DELETE_GRACE / 2);
    std::fs::write(
        site.content().join(path(1)),
        plain("Post1x again", "2024-01-01"),
    )
    .unwrap();
    scan_at(start + DELETE_GRACE - Duration::from_millis(1));
    assert!(serves(0) && serves(1));
    std::fs::remove_file(site.content().join(path(1))).unwrap();
    scan_at(start + DELETE_GRACE);
    assert!(!serves(0) && serves(1), "its grace period starts again");
    scan_at(start + DELETE_GRACE * 2);
    assert!(!serves(1) && serves(3));
}

#[test]
fn smaller_headings_are_no_title() {
    let built = TestSite::new()
        .post(
            "old-pier.md",
            "---\ndate: 2024-01-01\n---\n## Summary\n\nText.\n",
        )
        .post(
            "b.md",
            "---\ndate: 2024-01-02\n---\n## Part\n\nText.\n\n# The Quay\n",
        )
        .post("c.md", "---\ndate: 2024-01-03\n---\nText.\n")
        .build();
    let feed = built.text("/rss.xml");
    assert!(feed.contains("<title>Old Pier</title>"), "{feed}");
    assert!(feed.contains("<title>The Quay</title>"), "{feed}");
    assert_eq!(feed.matches("<item>").count(), 2, "{feed}");
}
