//! Checks that links between posts lead to the posts that are public.

use std::fs;

use courant::library::{DeletionPolicy, ScanScope};
use courant::model::finding::Rule;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::SnapshotHandle;

use crate::support::{Built, TestSite, everything, new_year_2025, plain, resource_text};

/// Returns a post with a body.
fn post(title: &str, body: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2024-01-02\ndescription: About it\n---\n{body}\n")
}

/// Returns the body of the post titled `Links` as its JSON feed has it.
fn linking_body(feed: &str) -> String {
    let feed: serde_json::Value = serde_json::from_str(feed).unwrap();
    let items = feed["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["title"] == "Links").unwrap();
    item["content_html"].as_str().unwrap().to_owned()
}

fn built_body(built: &Built) -> String {
    linking_body(&built.text("/feed.json"))
}

/// A site with posts of which `hidden.md` is hidden.
fn site_with_targets() -> TestSite {
    TestSite::new()
        .post(
            "x.md",
            post("Target", "T").replace("---\nT", "slug: moved\n---\nT"),
        )
        .post("blog/bundle/index.md", post("Bundle", "B"))
        .post("blog/My Note.md", post("Note", "N"))
        .post("_posts/a/2024-03-04-dated.md", post("Dated", "D"))
        .post(
            "hidden.md",
            post("Secret title", "S")
                .replace("title:", "slug: secret-address\ndraft: true\ntitle:"),
        )
}

const LINKS: &[(&str, &str)] = &[
    ("[a](../x.md)", "/moved/"),
    ("[a](../x.md#part)", "/moved/#part"),
    ("[a](./bundle/index.md)", "/blog/bundle/"),
    ("[a](bundle/index.md?plain=1)", "/blog/bundle/"),
    ("[a](My%20Note.md)", "/blog/My%20Note/"),
    ("[a](@/x.md)", "/moved/"),
    ("[a](@/blog/bundle/index.md)", "/blog/bundle/"),
    ("[a](/content/x.md)", "/moved/"),
    ("[a](@site/content/blog/bundle/index.md)", "/blog/bundle/"),
    ("[a]({filename}/x.md)", "/moved/"),
    ("[a]({filename}../x.md#part)", "/moved/#part"),
    ("[a](|filename|/x.md)", "/moved/"),
    (
        "<a href=\"../x.md\" title=\"b\">a</a>",
        "/moved/\" title=\"b",
    ),
    ("[a][r]\n\n[r]: ../x.md", "/moved/"),
    ("[a]({% link x.md %})", "/moved/"),
    (
        "[a]({% link _posts/a/2024-03-04-dated.md %})",
        "/a/2024-03-04-dated/",
    ),
    (
        "[a]({% post_url 2024-03-04-dated %})",
        "/a/2024-03-04-dated/",
    ),
    (
        "[a]({% post_url a/2024-03-04-dated %}#part)",
        "/a/2024-03-04-dated/#part",
    ),
    (
        "[a]({{ site.baseurl }}{% post_url 2024-03-04-dated %})",
        "/a/2024-03-04-dated/",
    ),
    ("[a]({{< ref \"x.md\" >}})", "/moved/"),
    ("[a]({{< ref \"x\" >}}#part)", "/moved/#part"),
    ("[a]({{< relref \"/blog/bundle\" >}})", "/blog/bundle/"),
    ("[a]({{< relref path=\"bundle/\" >}})", "/blog/bundle/"),
    ("[a]({{% ref \"bundle#part\" %}})", "/blog/bundle/#part"),
    ("<a href=\"{{< ref \"x.md\" >}}\">a</a>", "/moved/"),
    ("[[x|a]]", "/moved/"),
    ("[[my note|a]]", "/blog/My%20Note/"),
    ("[[bundle#A part|a]]", "/blog/bundle/#a-part"),
];

#[test]
fn every_spelling_leads_to_the_permalink() {
    for (markdown, address) in LINKS {
        let site = site_with_targets().post("blog/links.md", post("Links", markdown));
        let built = site.build();
        let expected = format!("<p><a href=\"https://example.org{address}\">a</a></p>");
        assert_eq!(built_body(&built), expected, "{markdown}");
        assert_eq!(built.findings, [], "{markdown}");
    }
}

#[test]
fn link_to_a_hidden_or_missing_post_becomes_its_text() {
    for (markdown, text, path) in [
        ("[a *b*](../hidden.md#part)", "a <em>b</em>", "../hidden.md"),
        ("[a]({{< ref \"hidden.md\" >}})", "a", "hidden.md"),
        ("see {{< ref \"hidden\" >}}.", "see hidden.", "hidden"),
        ("[a]({% post_url hidden %})", "a", "hidden"),
        ("[a]({% link missing.md %})", "a", "missing.md"),
        ("[[hidden]]", "hidden", "hidden"),
        ("[[hidden|a]]", "a", "hidden"),
        ("[[missing#part]]", "missing#part", "missing"),
        ("<a href=\"../hidden.md\">a</a>", "a", "../hidden.md"),
        ("[a]({filename}/hidden.md)", "a", "hidden.md"),
    ] {
        let site = site_with_targets().post("blog/links.md", post("Links", markdown));
        let built = site.build();
        assert_eq!(built_body(&built), format!("<p>{text}</p>"), "{markdown}");
        let finding = built.finding();
        assert_eq!(finding.rule, Rule::RelativeLink, "{markdown}");
        assert_eq!(
            (finding.file.as_str(), finding.line),
            ("blog/links.md", Some(6))
        );
        assert!(finding.message.contains(&format!("`{path}`")), "{markdown}");
        let everything = built.everything();
        for secret in ["Secret title", "secret-address", "x-post:"] {
            assert!(!everything.contains(secret), "{secret}: {markdown}");
        }
    }
}

#[test]
fn link_without_text_shows_the_address_of_the_post() {
    let url = "https://example.org/moved/";
    for body in ["see {{< ref \"x.md\" >}}", "see <{% post_url x %}>"] {
        let site = site_with_targets().post("blog/links.md", post("Links", body));
        let shown = format!("<p>see <a href=\"{url}\">{url}</a></p>");
        assert_eq!(built_body(&site.build()), shown, "{body}");
    }
    let html = post("Links", "<p><a href=\"x.md\">a</a> {% post_url x %}</p>");
    let shown = format!("<p><a href=\"{url}\">a</a> <a href=\"{url}\">{url}</a></p>");
    let site = site_with_targets().post("links.html", html);
    assert_eq!(built_body(&site.build()), shown);
}

#[test]
fn links_in_code_and_of_other_sites_stay() {
    let body =
        "`[[x]]` [a](https://other.example/x.md) [b](c.html) [[1]](/d/)\n\n    [a](x.md) [[x]]\n";
    let site = site_with_targets().post("blog/links.md", post("Links", body));
    let built = site.build();
    assert_eq!(
        built_body(&built),
        "<p><code>[[x]]</code> <a href=\"https://other.example/x.md\">a</a> <a href=\"https://example.org/blog/links/c.html\">b</a> <a href=\"https://example.org/d/\">[1]</a></p>\n<pre><code>[a](x.md) [[x]]\n</code></pre>"
    );
    assert_eq!(built.findings, []);
}

#[test]
fn links_lead_to_posts_in_the_same_language() {
    let body = "[a](x.md) [b]({{< ref \"x\" >}}) [c]({{< ref path=\"x.md\" lang=\"en\" >}}) [d](/x.md) [e](x.en.md)";
    let german = "https://example.org/de/x/";
    let english = "https://example.org/x/";
    let site = |site: TestSite| {
        let links = post("Links", body).replace("title:", "date: 2024-01-03\ntitle:");
        let config = "languages = ['en', 'de']\n";
        let built = site
            .config(config)
            .post("x.de.md", post("Deutsch", "D"))
            .post("links.de.md", links.replacen("date: 2024-01-02\n", "", 1))
            .build();
        linking_body(&built.text("/de/feed.json"))
    };
    let link = |url: &str, text: &str| format!("<a href=\"{url}\">{text}</a>");
    assert_eq!(
        site(TestSite::new().post("x.md", post("English", "E"))),
        format!(
            "<p>{} {} {} {} {}</p>",
            link(german, "a"),
            link(german, "b"),
            link(english, "c"),
            link(german, "d"),
            link(english, "e"),
        )
    );
    assert_eq!(
        site(TestSite::new()),
        format!(
            "<p>{} {} c {} e</p>",
            link(german, "a"),
            link(german, "b"),
            link(german, "d")
        )
    );
}

#[test]
fn path_finds_no_other_post_of_the_same_name() {
    let body =
        "[a](y.md) [b](@/y.md) [c]({% link y.md %}) [d]({{< ref \"y.md\" >}}) [[a/y|e]] [[z/y|f]]";
    let site = TestSite::new()
        .post("a/y.md", post("Y", "Y"))
        .post(
            "y.md",
            post("Hidden", "H").replace("title:", "draft: true\ntitle:"),
        )
        .post("links.md", post("Links", body));
    assert_eq!(
        built_body(&site.build()),
        "<p>a b c <a href=\"https://example.org/a/y/\">d</a> <a href=\"https://example.org/a/y/\">e</a> f</p>"
    );
}

/// A pipeline over a site that is edited.
struct EditedSite {
    site: TestSite,
    current: SnapshotHandle,
    pipeline: Pipeline,
}

impl EditedSite {
    fn new(site: TestSite) -> EditedSite {
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .refresh_all(new_year_2025(), DeletionPolicy::Immediate)
            .unwrap();
        EditedSite {
            site,
            current,
            pipeline,
        }
    }

    fn edit(&mut self, path: &str, text: &str) {
        fs::write(self.site.content().join(path), text).unwrap();
        self.publish(&[path]);
    }

    fn publish(&mut self, paths: &[&str]) {
        let paths = paths.iter().map(|path| self.site.content().join(path));
        let scope = ScanScope::Paths(paths.collect());
        self.pipeline
            .refresh_scope(&scope, new_year_2025(), DeletionPolicy::Immediate)
            .unwrap();
    }

    fn feed(&self) -> String {
        resource_text(&self.current.load_snapshot().get("/feed.json").unwrap())
    }

    fn generation(&self) -> u64 {
        self.current.load_snapshot().generation()
    }
}

#[test]
fn edit_of_the_address_changes_the_links_to_it() {
    let mut edited = EditedSite::new(site_with_targets().post("a.md", post("Links", "[a](x.md)")));
    let before = edited.feed();
    assert_eq!(
        linking_body(&before),
        "<p><a href=\"https://example.org/moved/\">a</a></p>"
    );
    edited.edit(
        "x.md",
        &post("Target", "T").replace("---\nT", "slug: again\n---\nT"),
    );
    let after = edited.feed();
    assert_eq!(
        linking_body(&after),
        "<p><a href=\"https://example.org/again/\">a</a></p>"
    );
    // The post itself did not change.
    let dates = |feed: &str| feed.matches("date_modified").count();
    assert_eq!(dates(&before), dates(&after));
    edited.edit("new.md", &plain("New", "2024-02-01"));
    edited.edit("a.md", &post("Links", "[a](new.md) [b](later.md)"));
    let link = "<a href=\"https://example.org/new/\">a</a>";
    assert_eq!(linking_body(&edited.feed()), format!("<p>{link} b</p>"));
    edited.edit("later.md", &plain("Later", "2024-02-02"));
    let later = "<a href=\"https://example.org/later/\">b</a>";
    assert_eq!(
        linking_body(&edited.feed()),
        format!("<p>{link} {later}</p>")
    );
}

#[test]
fn hidden_post_and_links_to_it_go_in_one_generation() {
    let site = site_with_targets().post("a.md", post("Links", "[a](x.md) [[x]]"));
    let mut edited = EditedSite::new(site);
    let generation = edited.generation();
    edited.edit(
        "x.md",
        &post("Target", "T").replace("title:", "draft: true\ntitle:"),
    );
    assert_eq!(edited.generation(), generation + 1);
    assert_eq!(linking_body(&edited.feed()), "<p>a x</p>");
    assert!(!everything(&edited.current.load_snapshot()).contains("/moved/\""));
    fs::remove_file(edited.site.content().join("x.md")).unwrap();
    edited.publish(&["x.md"]);
    edited.edit("x.md", &post("Target", "T"));
    assert!(linking_body(&edited.feed()).contains("https://example.org/x/"));
}

#[test]
fn edit_of_an_unlinked_post_renders_no_other_post() {
    let site = (0..20).fold(site_with_targets(), |site, n| {
        site.post(&format!("n{n}.md"), post(&format!("N{n}"), "[a](x.md)"))
    });
    let mut edited = EditedSite::new(site);
    for (path, changed) in [("x.md", 1), ("_posts/a/2024-03-04-dated.md", 1)] {
        // Text and title change, but not the address.
        let text = fs::read_to_string(edited.site.content().join(path)).unwrap();
        edited.edit(path, &text.replace("title: ", "title: New "));
        let changes = &edited.pipeline.content_status().post_changes;
        assert_eq!(changes.total_count(), changed, "{path}");
    }
    edited.edit("x.md", &post("Target", "T"));
    assert_eq!(
        edited.pipeline.content_status().post_changes.total_count(),
        21
    );
}
