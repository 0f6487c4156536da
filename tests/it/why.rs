//! `courant why`: the state of a post, what decided it, and where it is.

use std::process::{Command, Output};

use crate::support::{TestSite, pages};

fn why(site: &TestSite, question: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["why", question])
        .arg("--config")
        .arg(site.write_config())
        .current_dir(site.root())
        .env_clear()
        .output()
        .expect("courant runs")
}

fn said(site: &TestSite, question: &str) -> String {
    let output = why(site, question);
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace(&site.root().display().to_string(), "[site]")
}

fn site() -> TestSite {
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
fn a_public_post_is_told_with_all_its_outputs() {
    insta::assert_snapshot!(said(&site(), "content/blog/public.md"));
}

#[test]
fn a_hidden_post_is_told_with_the_line_that_hides_it() {
    insta::assert_snapshot!(said(&site(), "blog/hidden.md"));
}

#[test]
fn a_post_is_found_by_whatever_is_known_of_it() {
    let site = site();
    for question in [
        "content/blog/public.md",
        "./content/blog/public.md",
        "public.md",
        "https://example.org/blog/in-public/",
        "https://example.org/blog/in-public",
        "/blog/in-public/",
        "/first-name",
        "/cards/blog/in-public/",
        "https://example.org/cards/blog/in-public/.png",
    ] {
        let text = said(&site, question);
        assert!(
            text.starts_with("blog/public.md: public"),
            "{question}: {text}"
        );
    }
    let by_id = said(&site, "tag:example.org,2024:older");
    assert!(
        by_id.starts_with("blog/older.md: public (found by its id)"),
        "{by_id}"
    );
    assert!(
        by_id.contains("/rss.xml?page=2") && by_id.contains("[shortcode]"),
        "{by_id}"
    );
}

#[test]
fn files_that_are_no_posts_are_told_why() {
    let site = site();
    for (file, reason) in [
        (
            "content/blog/other.md",
            "`content.require` asks for `kind: post`",
        ),
        ("content/blog/plain.md", "it has no front matter"),
        (
            "content/old/gone.md",
            "a pattern of `content.exclude` matches it",
        ),
        ("content/blog/bad.md", "[front-matter]"),
        ("config.toml", "it is not below the content directory"),
    ] {
        let text = said(&site, file);
        assert!(
            text.contains("no post") && text.contains(reason),
            "{file}: {text}"
        );
    }
}

#[test]
fn an_output_is_told_by_what_it_holds_and_nothing_by_what_is_near() {
    let site = site();
    assert!(said(&site, "/rss.xml").contains("RSS of the whole site: 1 of 2 entries"));
    assert!(said(&site, "https://example.org/sitemap.xml").contains("the sitemap: 2 posts"));
    let output = why(&site, "https://example.org/blog/in-pubic/");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!(text, @r"
    nothing is at `https://example.org/blog/in-pubic/`

    nearest:
      blog/public.md  https://example.org/blog/in-public/
    ");
    assert_eq!(why(&site, "public.md").status.code(), Some(0));
}

/// What is told is what is served.
#[test]
fn each_output_that_is_told_holds_the_post_and_no_other_does() {
    let site = site();
    let built = site.build();
    for (file, address) in [
        ("blog/public.md", "https://example.org/blog/in-public/"),
        ("blog/older.md", "https://example.org/blog/older/"),
    ] {
        let text = said(&site, file);
        let mut holding: Vec<String> = Vec::new();
        for (path, resource) in built.resources() {
            if crate::support::said(&resource).contains(address) && !path.ends_with(".png") {
                holding.push(path.to_owned());
            }
            // With two posts and one to a page, there is a second page and a document of the archive.
            let further = pages(&built.snapshot, &resource.key);
            for (page, query) in further.iter().zip(["?page=2", "?archive=1"]) {
                if page.contains(&format!("<link>{address}"))
                    || page.contains(&format!("href=\"{address}"))
                    || page.contains(&format!("\"url\": \"{address}"))
                {
                    holding.push(format!("{path}{query}"));
                }
            }
        }
        // Cards lead on to each other's neighbours by no link, and former ones to the card.
        let told: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.starts_with("  in "))
            .take_while(|line| line.starts_with("  "))
            .filter_map(|line| line.split_whitespace().last())
            .filter(|path| !path.ends_with(".png") && !path.contains("first-name"))
            .collect();
        for path in &holding {
            assert!(
                told.contains(&path.as_str()),
                "{path} holds {file} and is not told: {text}"
            );
        }
        for path in told {
            assert!(
                holding.iter().any(|other| other == path),
                "{path} is told and does not hold {file}"
            );
        }
    }
}
