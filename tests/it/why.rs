//! Checks `courant why`: a post's state, the reason for it, and its outputs.

use std::process::{Command, Output};

use crate::support::{TestSite, plain};

fn run_why(site: &TestSite, question: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["why", question])
        .arg("--config")
        .arg(site.write_config())
        .current_dir(site.root())
        .env_clear()
        .output()
        .expect("courant runs")
}

fn explanation(site: &TestSite, question: &str) -> String {
    let output = run_why(site, question);
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace(&site.root().display().to_string(), "[site]")
}

fn site_with_every_state() -> TestSite {
    TestSite::new()
        .config("[feed]\nlimit = 1\n[content]\nrequire = {kind = \"post\"}\nexclude = [\"old/**\"]")
        .post(
            "blog/public.md",
            "---\nkind: post\ntitle: In public\ndate: 2024-05-02T10:00:00Z\nurl: /blog/in-public/\naliases: [/first-name/]\nauthor: Ada\ndescription: d\n---\nText.\n",
        )
        .post(
            "blog/hidden.md",
            "---\nkind: post\ntitle: Not yet\ndate: 2024-05-01T10:00:00Z\n\nhidePost: true # wait\n---\nText.\n",
        )
        .post(
            "blog/older.md",
            "---\nkind: post\ntitle: Older\ndate: 2024-04-01T10:00:00Z\nid: tag:example.org,2024:older\n---\nText {{ weather }}.\n",
        )
        .post("blog/other.md", "---\ntitle: A page\ndate: 2024-05-01\n---\n")
        .post("blog/bad.md", "---\ntitle: One: two\n---\n")
        .post("blog/plain.md", "No front matter.\n")
        .post("old/gone.md", "---\nkind: post\ntitle: g\ndate: 2020-01-01\n---\n")
}

#[test]
fn public_post_is_explained_with_all_its_outputs() {
    insta::assert_snapshot!(explanation(
        &site_with_every_state(),
        "content/blog/public.md"
    ));
}

#[test]
fn hidden_post_is_explained_with_the_hiding_line() {
    insta::assert_snapshot!(explanation(&site_with_every_state(), "blog/hidden.md"));
}

#[test]
fn post_out_of_feeds_is_explained_with_its_field() {
    let site = TestSite::new().post(
        "a.md",
        "---\ntitle: A\ndate: 2024-05-01\nrss: {exclude: true}\n---\n",
    );
    let text = explanation(&site, "content/a.md");
    assert!(text.starts_with("a.md: public"), "{text}");
    assert!(
        text.contains("feeds      none (`rss.exclude: true`, line 4)"),
        "{text}"
    );
    assert!(text.contains("in         /\n"), "{text}");
    assert!(!text.contains("/rss.xml"), "{text}");
}

#[test]
fn post_is_found_by_path_url_alias_or_id() {
    let site = site_with_every_state();
    for question in [
        "content/blog/public.md",
        "./content/blog/public.md",
        "public.md",
        "https://example.org/blog/in-public/",
        "https://example.org/blog/in-public",
        "/blog/in-public/",
        "/first-name",
        "/cards/blog/in-public/",
        "https://example.org/cards/blog/in-public/card.png",
    ] {
        let text = explanation(&site, question);
        assert!(
            text.starts_with("blog/public.md: public"),
            "{question}: {text}"
        );
    }
    let by_id = explanation(&site, "tag:example.org,2024:older");
    assert!(
        by_id.starts_with("blog/older.md: public (found by its id)"),
        "{by_id}"
    );
    assert!(
        by_id.contains("/rss/2.xml") && by_id.contains("[shortcode]"),
        "{by_id}"
    );
}

#[test]
fn files_that_are_not_posts_get_a_reason() {
    let site = site_with_every_state();
    for (file, reason) in [
        (
            "content/blog/other.md",
            "`content.require` requires `kind: post`",
        ),
        ("content/blog/plain.md", "it has no front matter"),
        (
            "content/old/gone.md",
            "a pattern of `content.exclude` matches it",
        ),
        ("content/blog/bad.md", "[front-matter]"),
        ("config.toml", "it is not below the content directory"),
    ] {
        let text = explanation(&site, file);
        assert!(
            text.contains("not a post") && text.contains(reason),
            "{file}: {text}"
        );
    }
}

#[test]
fn outputs_for_search_engines_are_explained() {
    let site = TestSite::new()
        .config("llms_txt = true\n[news]\nenabled = true")
        .post("a.md", plain("a", "2024-01-01"));
    let news = explanation(&site, "/news-sitemap.xml");
    assert!(
        news.contains("the news sitemap: 0 posts of the last two days"),
        "{news}"
    );
    assert!(explanation(&site, "/llms.txt").contains("the newest posts for agents"));
    let post = explanation(&site, "a.md");
    assert!(
        post.contains("/llms.txt") && !post.contains("/news-sitemap.xml"),
        "{post}"
    );
}

#[test]
fn output_is_explained_and_unknown_url_gets_suggestions() {
    let site = site_with_every_state();
    assert!(explanation(&site, "/rss.xml").contains("RSS of the whole site: 1 of 2 entries"));
    assert!(explanation(&site, "https://example.org/sitemap.xml").contains("the sitemap: 2 posts"));
    let output = run_why(&site, "https://example.org/blog/in-pubic/");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!(text, @r"
    nothing found at `https://example.org/blog/in-pubic/`

    similar posts:
      blog/public.md  https://example.org/blog/in-public/
    ");
    assert_eq!(run_why(&site, "public.md").status.code(), Some(0));
}

#[test]
fn listed_outputs_are_exactly_those_with_the_post() {
    let site = site_with_every_state();
    let built = site.build();
    for (file, address) in [
        ("blog/public.md", "https://example.org/blog/in-public/"),
        ("blog/older.md", "https://example.org/blog/older/"),
    ] {
        let text = explanation(&site, file);
        let mut holding: Vec<String> = Vec::new();
        for (path, resource) in built.resources() {
            if crate::support::resource_text(&resource).contains(address) && !path.ends_with(".png")
            {
                holding.push(path.to_owned());
            }
        }
        for page in ["/rss/2.xml", "/feed/archive/1.json"] {
            let is_older = file == "blog/older.md";
            assert_eq!(
                holding.iter().any(|path| path == page),
                is_older,
                "{holding:?}"
            );
        }
        // Card images, and redirects from aliases, do not contain the post's URL.
        let listed: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.starts_with("  in "))
            .take_while(|line| line.starts_with("  "))
            .filter_map(|line| line.split_whitespace().last())
            .filter(|path| !path.ends_with(".png") && !path.contains("first-name"))
            .collect();
        for path in &holding {
            assert!(
                listed.contains(&path.as_str()),
                "{path} contains {file} and is not listed: {text}"
            );
        }
        for path in listed {
            assert!(
                holding.iter().any(|other| other == path),
                "{path} is listed and does not contain {file}"
            );
        }
    }
}

#[test]
fn copy_is_explained_with_its_original() {
    let post = "---\ntitle: a\ndate: 2024-01-01\ncanonical_url: https://elsewhere.example/a\n---\n";
    let text = explanation(&TestSite::new().post("a.md", post), "a.md");
    let line = "canonical  https://elsewhere.example/a (so the post is not in the sitemap)";
    assert!(text.contains(line), "{text}");
}
