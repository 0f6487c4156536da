//! Checks the settings of the site's own feeds: what they contain, their paths, and their former paths.

use std::process::Command;

use courant::config::Config;

use crate::support::{Served, TestSite, format_findings, plain};

const POSTS: [(&str, &str); 3] = [
    (
        "a.md",
        "---\ntitle: Alpha\ndate: 2024-05-01\ntags: [note]\n---\n",
    ),
    (
        "b.md",
        "---\ntitle: Beta\ndate: 2024-05-02\ntags: [Open Source]\nlang: fr\n---\n",
    ),
    (
        "long/c.md",
        "---\ntitle: Gamma\ndate: 2024-05-03\ncategory: News\n---\n",
    ),
];

fn site(config: &str) -> TestSite {
    let site = TestSite::new().config(config);
    POSTS
        .into_iter()
        .fold(site, |site, (path, text)| site.post(path, text))
}

/// Returns the titles of the posts that a text names.
fn titles(text: &str) -> Vec<&'static str> {
    let titles = ["Alpha", "Beta", "Gamma"].into_iter();
    titles.filter(|title| text.contains(title)).collect()
}

fn location(site: &Served, path: &str) -> (u16, Option<String>) {
    let response = site.get(path);
    let location = response.header("location").map(str::to_owned);
    (response.status, location)
}

fn faults(feed: &str) -> String {
    let toml = format!(
        "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\nlanguages = [\"en\", \"fr\"]\n{feed}\n"
    );
    let findings = Config::parse(&toml, "config.toml", std::path::Path::new("/"));
    format_findings(&findings.expect_err("the configuration has faults"))
}

#[test]
fn custom_feed_leaves_out_excluded_posts() {
    for (filter, expected) in [
        ("not_tag = 'note'", vec!["Beta", "Gamma"]),
        ("not_tag = ['note', 'open-source']", vec!["Gamma"]),
        ("not_category = 'news'", vec!["Alpha", "Beta"]),
        ("not_language = 'fr'", vec!["Alpha", "Gamma"]),
        ("not_directory = 'long/'", vec!["Alpha", "Beta"]),
        ("not_author = 'Nobody'", vec!["Alpha", "Beta", "Gamma"]),
        (
            "tag = ['note', 'Open Source']\nnot_language = 'fr'",
            vec!["Alpha"],
        ),
    ] {
        let built = site(&format!("[[feeds]]\npath = '/own.xml'\n{filter}")).build();
        assert_eq!(titles(&built.text("/own.xml")), expected, "{filter}");
        let all = titles(&built.text("/rss.xml"));
        assert_eq!(all, ["Alpha", "Beta", "Gamma"], "{filter}");
    }
}

#[test]
fn site_feed_has_its_own_filter_title_and_description() {
    let built =
        site("[feed]\nnot_tag = 'note'\ntitle = 'Essays'\ndescription = 'No notes'").build();
    for path in ["/rss.xml", "/atom.xml", "/feed.json"] {
        let text = built.text(path);
        assert_eq!(titles(&text), ["Beta", "Gamma"], "{path}");
        assert!(
            text.contains("Essays") && text.contains("No notes"),
            "{path}"
        );
    }
    assert_eq!(titles(&built.text("/tag/note/rss.xml")), ["Alpha"]);
    for path in ["/", "/sitemap.xml"] {
        assert!(built.text(path).contains("/a/"), "{path}");
    }
}

#[test]
fn configured_path_serves_the_feed_and_built_in_redirects() {
    let config = "[feed]\nlimit = 1\npaths = { rss = '/index.xml', atom = '/blog/atom.xml' }\n";
    let site = site(config).serve();
    let rss = site.get("/index.xml");
    assert_eq!(rss.status, 200);
    assert_eq!(
        rss.header("content-type"),
        Some("application/rss+xml; charset=utf-8")
    );
    let text = rss.text();
    for part in [
        "href=\"https://example.org/index.xml\" rel=\"self\"",
        "https://example.org/index/2.xml",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for path in ["/index/2.xml", "/blog/atom/2.xml", "/feed.json"] {
        assert_eq!(site.get(path).status, 200, "{path}");
    }
    for path in ["/rss/2.xml", "/blog/atom/2.json", "/index/2.json"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    let moved = (301, Some("https://example.org/index.xml".to_owned()));
    assert_eq!(location(&site, "/rss.xml"), moved);
    for path in ["/", "/opml.xml", "/cards/a/"] {
        let text = site.get(path).text();
        assert!(!text.contains("example.org/rss.xml"), "{path}: {text}");
    }
}

#[test]
fn former_paths_redirect_to_feeds() {
    let config = "[feed.aliases]\n'/feed/' = '/rss.xml'\n'/blog/rss.xml' = '/rss.xml'\n\
                  '/tags/:slug/index.xml' = '/tag/:slug/rss.xml'\n'/tag/:slug/feed' = '/tag/:slug/atom.xml'\n";
    let site = site(config).serve();
    for (path, to) in [
        ("/feed", "/rss.xml"),
        ("/feed/", "/rss.xml"),
        ("/feed/?x=1", "/rss.xml"),
        ("/blog/rss.xml", "/rss.xml"),
        ("/tags/note/index.xml", "/tag/note/rss.xml"),
        ("/tags/Open%20Source/index.xml", "/tag/open-source/rss.xml"),
        ("/tag/note/feed/", "/tag/note/atom.xml"),
    ] {
        let expected = (301, Some(format!("https://example.org{to}")));
        assert_eq!(location(&site, path), expected, "{path}");
    }
    for path in ["/tags/unknown/index.xml", "/tags/index.xml", "/feeds"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
}

#[test]
fn former_path_leads_to_the_configured_one() {
    let config = "[feed]\npaths = { rss = '/index.xml' }\naliases = { '/feed' = '/rss.xml' }";
    let site = site(config).serve();
    let moved = (301, Some("https://example.org/index.xml".to_owned()));
    assert_eq!(location(&site, "/feed"), moved);
}

#[test]
fn served_alias_answers_as_the_feed() {
    let config = "[feed]\nserve_aliases = true\naliases = { '/feed' = '/rss.xml' }";
    let site = site(config).serve();
    let (alias, feed) = (site.get("/feed/"), site.get("/rss.xml"));
    assert_eq!((alias.status, alias.text()), (200, feed.text()));
    assert_eq!(alias.header("etag"), feed.header("etag"));
    let etag = feed.header("etag").expect("an entity tag").to_owned();
    let again = site.request("GET", "/feed", &[("If-None-Match", &etag)]);
    assert_eq!(again.status, 304);
}

#[test]
fn alias_yields_to_outputs_and_leads_to_a_feed() {
    let text = faults(
        "[feed]\npaths = { rss = '/index.xml' }\n[feed.aliases]\n'/atom.xml' = '/rss.xml'\n\
         '/index.xml' = '/rss.xml'\n'/fr' = '/fr/rss.xml'\n'/own/2.xml' = '/rss.xml'\n'/a' = '/sitemap.xml'\n\
         '/b' = '/de/rss.xml'\n'/c/:slug' = '/rss.xml'\n'd' = '/rss.xml'\n'/cards/x' = '/rss.xml'\n\
         '/fine' = '/fr/tag/x/rss.xml'\n[[feeds]]\npath = '/own.xml'",
    );
    for (line, part) in [
        (8, "`/atom.xml` is the path of an output"),
        (9, "`/index.xml` is the path of an output"),
        (10, "`/fr` is the path of an output"),
        (11, "`/own/2.xml` is the path of an output"),
        (12, "`/a` leads to `/sitemap.xml`, which is not a feed"),
        (13, "`/b` leads to `/de/rss.xml`, which is not a feed"),
        (14, "`/c/:slug` needs `:slug` once in both paths"),
        (15, "`d` is not a path to a path"),
        (16, "`/cards/x` is the path of an output"),
    ] {
        let place = format!("config.toml:{line}\n");
        let found = text
            .split("error: ")
            .any(|one| one.contains(part) && one.contains(&place));
        assert!(found, "{line} {part}: {text}");
    }
    assert!(!text.contains("/fine"), "{text}");
    let text = faults("[feed]\npaths = { rss = '/atom.xml', json = 'x' }");
    assert!(
        text.contains("`/atom.xml`") && text.contains("`x`"),
        "{text}"
    );
}

#[test]
fn build_writes_former_paths_as_redirects() {
    let config = "[feed]\npaths = { rss = '/index.xml' }\n[feed.aliases]\n'/feed/' = '/index.xml'\n\
                  '/tags/:slug/index.xml' = '/tag/:slug/rss.xml'\n";
    let site = site(config).post("d.md", plain("Delta", "2024-05-04"));
    let built = Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["build", "--out", "public", "--config"])
        .arg(site.write_config())
        .current_dir(site.root())
        .env_clear()
        .output()
        .expect("courant runs");
    assert!(built.status.success(), "{built:?}");
    let public = site.root().join("public");
    let redirects = std::fs::read_to_string(public.join("_redirects")).unwrap();
    for line in [
        "/rss.xml /index.xml 301\n",
        "/feed /index.xml 301\n",
        "/tags/:slug/index.xml /tag/:slug/rss.xml 301\n",
    ] {
        assert!(redirects.contains(line), "{line}: {redirects}");
    }
    assert!(public.join("index.xml").exists() && !public.join("rss.xml").exists());
}
