//! Checks that posts written for each site generator are read without changes.

use courant::model::finding::Rule;

use crate::support::{Built, TestSite, plain};

/// Asserts that the RSS feed has an item with this title and link.
fn assert_item(built: &Built, title: &str, link: &str) {
    let rss = built.text("/rss.xml");
    let item = format!("<title>{title}</title>\n      <link>{link}</link>");
    assert!(rss.contains(&item), "{title} at {link} in {rss}");
}

#[test]
fn hugo_posts_are_read_unchanged() {
    let built = TestSite::new()
        .config("languages = [\"fr\"]\n[feed]\nmixed_languages = true")
        .post(
            "posts/first/index.md",
            "+++\ntitle = 'First'\ndate = 2024-05-01T10:00:00+02:00\nlastmod = 2024-06-01\ntags = ['go', 'web dev']\ncategories = ['Notes']\nsummary = 'In short'\nimages = ['cover.png']\naliases = ['/old/first/', 'older']\n[params]\nauthor = 'Ada'\n+++\nBody.\n",
        )
        .post(
            "posts/second.md",
            "---\ntitle: Second\npublishDate: 2024-05-02\nurl: /custom/second/\ncover:\n  image: /img/second.png\n  alt: Two of them\n---\n{{< figure src=\"/img/a.png\" alt=\"A\" >}}\n\n{{< note >}}Mind{{< /note >}} [x]({{< ref \"first\" >}})\n",
        )
        .post("posts/_index.md", "---\ntitle: Sectional\ndate: 2024-05-01\n---\n")
        .post("posts/un.md", "---\ntitle: Unlisted\ndate: 2024-05-03\nbuild:\n  list: never\n---\n")
        .post("posts/no.md", "---\ntitle: Norender\ndate: 2024-05-03\nbuild: {render: never}\n---\n")
        .post("posts/hl.md", "---\ntitle: Headless\ndate: 2024-05-03\nheadless: true\n---\n")
        .post("posts/second.fr.md", "---\ntitle: Deuxième\ndate: 2024-05-02\n---\n")
        .post("posts/exp.md", "---\ntitle: Expired\ndate: 2024-05-03\nexpiryDate: 2024-06-01\n---\n")
        .post("posts/nomap.md", "---\ntitle: Nomap\ndate: 2024-05-04\nsitemap:\n  disable: true\n---\n")
        .build();
    assert_item(&built, "First", "https://example.org/posts/first/");
    assert_item(&built, "Second", "https://example.org/custom/second/");
    assert_item(&built, "Deuxième", "https://example.org/fr/posts/second/");
    assert_eq!(built.findings, []);
    let rss = built.text("/rss.xml");
    for part in [
        "<dc:creator>Ada</dc:creator>",
        "<category>Notes</category>",
        "<category>web dev</category>",
        "<![CDATA[In short]]>",
        "https://example.org/posts/first/cover.png",
        "<a href=\"https://example.org/posts/first/\">x</a>",
        "Two of them",
        "<img src=\"https://example.org/img/a.png\" alt=\"A\">",
        "Mind",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    let all = built.everything();
    for absent in [
        "Sectional",
        "Norender",
        "Headless",
        "Expired",
        "{{",
        "x-unresolved",
    ] {
        assert!(!all.contains(absent), "{absent}");
    }
    assert!(!rss.contains("Unlisted") && built.snapshot.get("/cards/posts/un/").is_some());
    assert!(!built.text("/sitemap.xml").contains("/posts/nomap/"));
    assert!(
        built
            .text("/atom.xml")
            .contains("<updated>2024-06-01T00:00:00+00:00</updated>")
    );
    assert!(built.snapshot.get("/tag/web-dev/rss.xml").is_some());
}

#[test]
fn jekyll_posts_are_read_unchanged() {
    let built = TestSite::new()
        .config("permalinks = \"/:categories/:year/:month/:day/:slug.html\"")
        .post(
            "_posts/2024-05-01-a-first-post.markdown",
            "---\ncategories: news local\ntags: one two\nlast_modified_at: 2024-05-09\nredirect_from: /old.html\nauthor: ada\n---\nRead [that]({% post_url 2024-04-01-other %}) on {{ site.url }}.\n{: .lead}\n\n{% highlight ruby %}\nputs '{{ x }}'\n{% endhighlight %}\n",
        )
        .post("blog/_posts/2024-05-02-b.md", "---\ntitle: Bee\npermalink: /:categories/:title/\n---\n")
        .post("_posts/2024-05-03-c.md", "---\ntitle: Sea\npermalink: pretty\n---\n")
        .post("_posts/2024-05-04-d.md", "---\ntitle: Unpublished\npublished: false\n---\n")
        .post("_drafts/e.md", "---\ntitle: Drafted\ndate: 2024-05-04\n---\n")
        .build();
    assert_item(
        &built,
        "A First Post",
        "https://example.org/news/local/2024/05/01/a-first-post.html",
    );
    assert_item(&built, "Bee", "https://example.org/blog/b/");
    assert_item(&built, "Sea", "https://example.org/2024/05/03/c/");
    let mut rules = built.rules();
    rules.sort();
    assert_eq!(rules, [Rule::MissingTitle, Rule::RelativeLink]);
    let rss = built.text("/rss.xml");
    for part in [
        "<category>news</category>",
        "<category>two</category>",
        "<dc:creator>ada</dc:creator>",
        "Read that on <a href=\"https://example.org\">https://example.org</a>.</p>",
        "<code class=\"language-ruby\">puts '{{ x }}'",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    let all = built.everything();
    for absent in ["Unpublished", "Drafted", "lead}"] {
        assert!(!all.contains(absent), "{absent}");
    }
    assert!(built.snapshot.get("/cards/old.html").is_some());
}

#[test]
fn zola_posts_are_read_unchanged() {
    let built = TestSite::new()
        .config("permalinks = \"/:dir/:slug/\"")
        .post(
            "blog/2024-05-01-first.md",
            "+++\ntitle = \"First\"\nupdated = 2024-05-03\nauthors = [\"Ada\", \"Bob\"]\n[taxonomies]\ntags = [\"rust\"]\ncategories = [\"News\"]\n[extra]\nimage = \"/img/z.png\"\n+++\n{{ youtube(id=\"abc\") }}\n\n{% quote(author=\"V\") %}Words{% end %}\n",
        )
        .post("blog/second.md", "+++\ntitle = \"Second\"\ndate = 2024-05-02\npath = \"inside/second\"\n+++\n")
        .post("blog/third.md", "+++\ntitle = \"Third\"\ndate = 2024-05-02\nslug = \"3\"\ndraft = true\n+++\n")
        .post("blog/fourth.md", "+++\ntitle = \"Fourth\"\ndate = 2024-05-02\nrender = false\n+++\n")
        .build();
    assert_item(&built, "First", "https://example.org/blog/first/");
    assert_item(&built, "Second", "https://example.org/inside/second");
    assert_eq!(built.rules(), []);
    let rss = built.text("/rss.xml");
    for part in [
        "<dc:creator>Bob</dc:creator>",
        "<category>rust</category>",
        "<category>News</category>",
        "https://example.org/img/z.png",
        "https://www.youtube.com/watch?v=abc",
        "Words",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    assert!(!built.everything().contains("Third") && !built.everything().contains("Fourth"));
}

#[test]
fn astro_posts_are_read_unchanged() {
    let built = TestSite::new()
        .config("permalinks = \"/blog/:path/\"")
        .post(
            "first.mdx",
            "---\ntitle: 'First'\ndescription: 'About it'\npubDate: 'May 01 2024'\nupdatedDate: 'May 05 2024'\nheroImage: '/hero.jpg'\ntags: ['a']\n---\nimport Box from '../Box.astro'\n\n<Box client:load on={() => { go() }}>\n\n**Inside**\n\n</Box>\n\n<Chart data={rows} />\n",
        )
        .post("second.md", "---\ntitle: Second\npubDate: 2024-05-02\nheroImage: ../../assets/x.jpg\n---\n")
        .build();
    assert_item(&built, "First", "https://example.org/blog/first/");
    let mut rules = built.rules();
    rules.sort();
    assert_eq!(rules, [Rule::Shortcode, Rule::RelativeLink]);
    let rss = built.text("/rss.xml");
    assert!(
        rss.contains("<strong>Inside</strong>") && rss.contains("https://example.org/hero.jpg")
    );
    assert!(rss.contains("Wed, 01 May 2024") && built.text("/atom.xml").contains("2024-05-05"));
    for absent in ["import", "Chart", "client:load", "rows"] {
        assert!(!rss.contains(absent), "{absent} in {rss}");
    }
    assert!(!built.everything().contains("assets/x.jpg"));
}

#[test]
fn eleventy_posts_are_read_unchanged() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: Aye\ndate: 2024-05-01\ntags: [posts, css]\n---\n{# a note #}{% set x = 1 %}Text {{ x }}\n")
        .post("b.md", "---\ntitle: Bee\ndate: 2024-05-02\npermalink: false\n---\n")
        .post("c.md", "---\ntitle: Sea\ndate: 2024-05-03\neleventyExcludeFromCollections: true\n---\n")
        .post("d.md", "---\ntitle: Dee\ndate: Last Modified\n---\n")
        .build();
    assert!(built.snapshot.get("/tag/css/feed.json").is_some());
    let all = built.everything();
    assert!(!all.contains("Bee") && !all.contains("Dee") && !all.contains("{{"));
    assert!(!built.text("/rss.xml").contains("Sea") && built.snapshot.get("/cards/c/").is_some());
    let finding = built
        .status
        .findings
        .iter()
        .find(|finding| finding.file == "d.md");
    let finding = finding.unwrap();
    assert_eq!(
        (finding.rule, finding.line),
        (Rule::UnreadableDate, Some(3))
    );
    assert!(
        finding.message.contains("changes with each checkout"),
        "{finding:?}"
    );
}

#[test]
fn nuxt_posts_are_read_unchanged() {
    let built = TestSite::new()
        .config("[content]\nnumbered_names = true")
        .post(
            "1.blog/2.first.md",
            "---\ntitle: First\ndate: 2024-05-01\ncover: /c.png\nauthors:\n  - name: Ada\n    to: /ada\n---\n::hero{size=\"big\"}\n---\ncolor: red\n---\nShown\n::\n",
        )
        .build();
    assert_item(&built, "First", "https://example.org/blog/first/");
    assert_eq!(built.rules(), []);
    let rss = built.text("/rss.xml");
    assert!(
        rss.contains("<p>Shown</p>") && !rss.contains("::") && !rss.contains("color"),
        "{rss}"
    );
    assert!(rss.contains("<dc:creator>Ada</dc:creator>"));
}

#[test]
fn field_names_are_configurable() {
    let built = TestSite::new()
        .config("[content.fields]\ntitle = \"meta.headline\"\ndate = [\"wann\", \"when\"]\nauthor = \"byline\"\nhidden = \"flow.wip\"")
        .post("a.md", "---\nmeta: {headline: Aye}\nwhen: 2024-05-01\nbyline: Ada\ntitle: unread\n---\n")
        .post("b.md", "---\nmeta: {headline: Bee}\nwhen: 2024-05-02\nflow: {wip: true}\n---\n")
        .post("c.md", "---\nmeta: {headline: Sea}\nwhen: 2024-05-02\nflow: {wip: later}\n---\n")
        .build();
    let rss = built.text("/rss.xml");
    assert!(rss.contains("<title>Aye</title>") && rss.contains("<dc:creator>Ada</dc:creator>"));
    let all = built.everything();
    assert!(!all.contains("unread") && !all.contains("Bee") && !all.contains("Sea"));
    assert_eq!(built.rules(), [Rule::UnreadableMarker]);
}

#[test]
fn hiding_markers_are_found_in_every_usual_field() {
    for field in [
        "seo: {hidePost: true}",
        "extra: {draft: true}",
        "params: {hidden: yes}",
        "status: draft",
        "extra: {status: draft}",
        "params: {build: {render: never}}",
        "status: [draft]",
        "status: {value: draft, label: Draft}",
        "params: [{draft: true}]",
        "extra: {sub: {hidden: true}}",
        "params.draft: true",
        "\"seo.hidePost\": true",
        "render: no",
        "permalink: {build: false}",
        "hide: true",
        "public: false",
        "post_status: trash",
        "params: {publishDate: 2099-01-01}",
        "embargo: 2099-01-01",
        "expires_at: 2001-01-01",
        "visibility: private",
        "isDraft: true",
        "hi\u{501}ePost: true",
        "published: 'never'",
    ] {
        let post = format!("---\ntitle: Quetzal\ndate: 2024-05-01\n{field}\n---\n");
        let built = TestSite::new().post("a.md", post).build();
        assert!(!built.everything().contains("uetzal"), "{field}");
    }
    for field in [
        "hidPost: true",
        "category: {label: News, hidden: true}",
        "drafts: yes",
    ] {
        let post = format!("---\ntitle: Quetzal\ndate: 2024-05-01\n{field}\n---\n");
        let built = TestSite::new().post("a.md", post).build();
        assert_eq!(
            (built.finding().rule, built.finding().line),
            (Rule::StrayMarker, Some(4)),
            "{field}"
        );
        assert!(built.everything().contains("Quetzal"));
    }
}

#[test]
fn z_suffix_can_mean_local_time() {
    let built = TestSite::new()
        .config("timezone = \"Europe/Berlin\"\n[content]\nz_is_local = true")
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-05-01T10:00:00.000Z\n---\n",
        )
        .build();
    assert!(
        built
            .text("/rss.xml")
            .contains("Wed, 01 May 2024 08:00:00 GMT")
    );
}

#[test]
fn shortcodes_stay_text_if_configured() {
    let post = "---\ntitle: a\ndate: 2024-01-01\n---\nWrite {{ name }} there.\n";
    let kept = TestSite::new()
        .config("[content]\nshortcodes = \"keep\"")
        .post("a.md", post)
        .build();
    assert!(kept.text("/rss.xml").contains("Write {{ name }} there."));
    let reduced = TestSite::new().post("a.md", post).build();
    assert_eq!(reduced.finding().rule, Rule::Shortcode);
    assert_eq!(reduced.finding().line, Some(5));
    assert_eq!(reduced.finding().highlight.as_deref(), Some("{{ name }}"));
    assert!(reduced.text("/rss.xml").contains("Write  there."));
}

#[test]
fn draft_section_hides_its_posts() {
    let post = crate::support::plain("Quetzal", "2024-05-01");
    for section in [
        "---\ntitle: S\ndraft: true\n---\n",
        "+++\ntitle = \"S\"\n[cascade]\ndraft = true\n+++\n",
        "---\ncascade:\n  - _target: {kind: page}\n    build: {render: never}\n---\n",
    ] {
        let built = TestSite::new()
            .post("a/_index.md", section)
            .post("a/b/c.md", &post)
            .post("ab/d.md", crate::support::plain("Shown", "2024-05-01"))
            .build();
        assert!(!built.everything().contains("uetzal"), "{section}");
        assert!(built.text("/rss.xml").contains("Shown"));
    }
    let site = TestSite::new()
        .post("a/_index.md", "---\ntitle: S\n---\n")
        .post("a/b.md", &post)
        .serve();
    assert!(site.serves("Quetzal"));
    site.save("a/_index.md", "---\ntitle: S\ndraft: true\n---\n");
    site.until("the section hides the post", |site| !site.serves("Quetzal"));
    site.save("a/_index.md", "---\ntitle: S: broken\n---\n");
    site.save("z.md", &crate::support::plain("Zed", "2024-05-01"));
    site.until("the second post is published", |site| site.serves("Zed"));
    assert!(
        !site.serves("Quetzal"),
        "the last valid section still applies"
    );
    site.save("a/_index.md", "---\ntitle: S\n---\n");
    site.until("the section shows the post", |site| site.serves("Quetzal"));
}

#[test]
fn gatsby_posts_from_decap_are_read_unchanged() {
    let built = TestSite::new()
        .config("[content]\nrequire = { templateKey = \"blog-post\" }")
        .post(
            "2024-05-01-first.md",
            "---\ntemplateKey: blog-post\ntitle: First\ndate: 2024-05-01T10:00:00.000Z\nfeaturedpost: true\nfeaturedimage: /img/first.jpg\ncategories: News & Events\ntags:\n  - brewing\n  - flavor profile\nhidePost: false\nseo:\n  title: For previews\n  url: https://example.org/blog/first\n---\nText.\n",
        )
        .post("hidden.md", "---\ntemplateKey: blog-post\ntitle: Second\ndate: 2024-05-01\nhidePost: true\n---\n")
        .post("about.md", "---\ntemplateKey: about-page\ntitle: About us\n---\n")
        .build();
    assert_item(&built, "First", "https://example.org/blog/first");
    assert_eq!(built.rules(), []);
    let rss = built.text("/rss.xml");
    for part in [
        "<category>News &amp; Events</category>",
        "<category>flavor profile</category>",
        "https://example.org/img/first.jpg",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    let all = built.everything();
    assert!(!all.contains("Second") && !all.contains("About us"));
}

#[test]
fn rarely_used_fields_are_read() {
    for (field, part) in [
        ("header: {teaser: /t.png}", "https://example.org/t.png"),
        ("params: {og_image: /t.png}", "https://example.org/t.png"),
        ("images: ['', ~, /t.png]", "https://example.org/t.png"),
        ("extra: {authors: [Ada]}", "<dc:creator>Ada</dc:creator>"),
        ("authors: Ada, Bob", "<dc:creator>Bob</dc:creator>"),
        ("author: Ada, Bob", "<dc:creator>Ada, Bob</dc:creator>"),
        ("topics: [x]", "<category>x</category>"),
        ("navigation: {title: Nav}", "<title>Aye</title>"),
    ] {
        let post = format!("---\ntitle: Aye\ndate: 2024-05-01\n{field}\n---\n");
        let rss = TestSite::new().post("a.md", post).build().text("/rss.xml");
        assert!(rss.contains(part), "{field}: {rss}");
    }
    for (style, path) in [
        ("date", "/2024/05/01/a.html"),
        ("ordinal", "/2024/122/a.html"),
        ("none", "/a.html"),
    ] {
        let post = format!("---\ntitle: Aye\npermalink: {style}\n---\n");
        let built = TestSite::new().post("2024-05-01-a.md", post).build();
        assert_item(&built, "Aye", &format!("https://example.org{path}"));
    }
}

#[test]
fn language_tags_are_case_insensitive() {
    let built = TestSite::new()
        .config("languages = [\"en\", \"pt-BR\"]\n[feed]\nmixed_languages = true")
        .post("a.md", "---\ntitle: Aye\ndate: 2024-05-01\nlang: EN\n---\n")
        .post(
            "b.md",
            "---\ntitle: Bee\ndate: 2024-05-01\nlang: pt_br\n---\n",
        )
        .build();
    assert_item(&built, "Aye", "https://example.org/a/");
    assert_item(&built, "Bee", "https://example.org/pt-br/b/");
    assert!(built.text("/atom.xml").contains("xml:lang=\"pt-BR\""));
}

#[test]
fn field_lines_below_a_fence_need_not_be_yaml() {
    for (fields, is_shown) in [
        ("title: The pier: a history", true),
        ("title: \"The\" pier\nstatus: published", true),
        ("title: The pier: a history\nstatus: draft", false),
        ("title: The pier: a history\nseo:\n    draft: true", false),
        ("title: The pier: a history\npublishDate: 2099-01-01", false),
    ] {
        let text = format!("---\n{fields}\ndate: 2024-01-01\n---\nquetzal\n");
        let built = TestSite::new()
            .config("[content]\nfield_lines = true")
            .post("a.md", text)
            .build();
        assert_eq!(built.everything().contains("quetzal"), is_shown, "{fields}");
    }
}

#[test]
fn link_to_a_file_of_the_generator_becomes_its_text() {
    for (body, shown) in [
        ("See [b](@/blog/b.md).", "See b."),
        ("See [b][c].\n\n[c]: @/blog/b.md#part", "See b."),
        ("See [b](../_posts/2024-01-01-b.md).", "See b."),
        ("See [b]({filename}/b.md).", "See b."),
        ("<p>See <a href=\"b.md\">b</a>.</p>", "See b."),
        ("See [b](|static|b.pdf).", "See b."),
        ("[b]({static}/b.pdf)", "href=\"https://example.org/b.pdf\""),
        (
            "[b](https://other.example/b.md)",
            "href=\"https://other.example/b.md\"",
        ),
    ] {
        let built = TestSite::new()
            .post(
                "a.md",
                format!("---\ntitle: a\ndate: 2024-01-01\n---\n{body}\n"),
            )
            .build();
        let feed = built.text("/rss.xml");
        assert!(feed.contains(shown), "{body}: {feed}");
        assert!(!feed.contains("%7B") && !feed.contains("/@/"), "{feed}");
    }
}

#[test]
fn link_to_a_markdown_file_is_a_finding() {
    let in_code = TestSite::new()
        .post("a.md", "---\ntitle: a\ndate: 2024-01-01\n---\n```\n[b](./b.md)\n```\n[c](https://other.example/README.md)\n")
        .build();
    assert_eq!(in_code.rules(), []);
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-01-01\n---\n\nSee [b](./b.md#x).\n",
        )
        .build();
    assert!(built.text("/rss.xml").contains("See b."));
    let finding = built.finding();
    assert_eq!((finding.rule, finding.line), (Rule::RelativeLink, Some(6)));
    assert_eq!(finding.highlight.as_deref(), Some("./b.md"));
}

#[test]
fn pelican_posts_are_read_unchanged() {
    let text =
        |more: &str| format!("Title: Crane: a \"history\"\nDate: 2024-05-01 10:00\n{more}\n");
    let site = TestSite::new()
        .config("permalinks = \"/:category/:slug_or_title.html\"\n[content]\nfield_lines = true\ndirectory_categories = true")
        .post("boats/a.md", text("Tags: Old, New\nAuthors: Quay, Ada; Berth, Bo\nSummary: In *short*\n    and so on\n\nBody: of it.\n"))
        .post("b.md", text("Category: Work\nSlug: bee\n\nText.\n"))
        .post("yaml.md", plain("Fenced", "2024-05-02"))
        .post("c.md", "Title: Quetzal\nDate: 2024-05-01\nStatus: draft\n\nQuetzal.\n")
        .post("d.md", "Title: Quetzal\nDate: 2024-05-01\nStatus: hidden\n\nQuetzal.\n")
        .post("e.md", "Title: Quetzal\nDate: 2024-05-01\nStatus: skip\n\nQuetzal.\n")
        .post("f.md", "Title: Quetzal\nDate: 2024-05-01\nSummary: wrapped\nwithout indent\nStatus: draft\n\nQuetzal.\n");
    let built = site.build();
    assert_item(
        &built,
        "Crane: a &quot;history&quot;",
        "https://example.org/boats/crane-a-history.html",
    );
    assert_item(
        &built,
        "Fenced",
        "https://example.org/uncategorized/fenced.html",
    );
    let rss = built.text("/rss.xml");
    for part in [
        "https://example.org/work/bee.html",
        "<category>boats</category>",
        "<category>New</category>",
        "<dc:creator>Quay, Ada</dc:creator>",
        "<dc:creator>Berth, Bo</dc:creator>",
        "<![CDATA[In *short* and so on]]>",
        "<p>Body: of it.</p>",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    assert!(!built.everything().contains("Quetzal"));
    let rules: Vec<_> = built
        .findings
        .iter()
        .map(|finding| (finding.file.as_str(), finding.line, finding.rule))
        .collect();
    assert_eq!(
        rules,
        [
            ("e.md", Some(3), Rule::UnreadableMarker),
            ("f.md", Some(5), Rule::FrontMatter),
        ]
    );
}

#[test]
fn html_posts_are_sanitised_and_not_read_as_markdown() {
    let built = TestSite::new()
        .post(
            "a.html",
            "---\ntitle: Page\ndate: 2024-05-01\n---\n<p>One *star* `tick`</p>\n\n    <p onclick=\"x\">In {% comment %}Quetzal{% endcomment %} dent</p>\n<script>Quetzal</script>\n<!-- Quetzal -->\n<pre>\n  kept\n</pre>\n{% highlight rust %}\na < b\n{% endhighlight %}\n<a href=\"b/\">b</a> {% gist ada 1 %}\n",
        )
        .post("d.html", "---\ntitle: Quetzal\ndate: 2024-05-01\ndraft: true\n---\n<p>Quetzal</p>\n")
        .post("_drafts/e.htm", "---\ntitle: Quetzal\ndate: 2024-05-01\n---\n<p>Quetzal</p>\n")
        .post("page.html", "---\ntitle: Quetzal\n---\n<p>Quetzal</p>\n")
        .post("built.html", "<!doctype html><title>Quetzal</title>\n---\n")
        .build();
    let rss = built.text("/rss.xml");
    for part in [
        "<p>One *star* `tick`</p>",
        "<p>In  dent</p>",
        "<pre>  kept\n</pre>",
        "<pre><code>a &lt; b</code></pre>",
        "<a href=\"https://example.org/a/b/\">b</a>",
        "<a href=\"https://gist.github.com/ada/1\">",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    assert_item(&built, "Page", "https://example.org/a/");
    assert!(!built.everything().contains("Quetzal"));
}

#[test]
fn asciidoc_posts_have_their_description_and_a_link() {
    let built = TestSite::new()
        .post(
            "a.adoc",
            "---\ndate: 2024-05-01\ndescription: Of a < b\n---\n= The *crane*\nAda\n:toc:\n\nQuetzal _body_.\n",
        )
        .post("b.adoc", "---\ntitle: Quetzal\ndate: 2024-05-01\n---\n:page-draft: true\n\nQuetzal.\n")
        .post("c.asciidoc", "---\ntitle: Quetzal\ndate: 2099-05-01\n---\nQuetzal.\n")
        .post("d.adoc", "= Quetzal\n\nQuetzal.\n")
        .build();
    let rss = built.text("/rss.xml");
    let content =
        "<p>Of a &lt; b</p>\n<div><a href=\"https://example.org/a/\">The *crane*</a></div>";
    assert!(rss.contains(content), "{rss}");
    assert!(!built.everything().contains("Quetzal"));
    assert_eq!(built.rules(), [Rule::FrontMatter]);
    assert_eq!(
        (built.finding().file.as_str(), built.finding().line),
        ("b.adoc", Some(5))
    );
}

#[test]
fn pelican_root_is_that_of_the_site() {
    let built = TestSite::new()
        .url("https://example.org/blog/")
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-01-01\n---\n![b]({static}/b.png) `{static}/c`\n",
        )
        .build();
    let text = built.text("/feed.json");
    assert!(text.contains("https://example.org/blog/b.png"), "{text}");
    assert!(text.contains("<code>{static}/c</code>"), "{text}");
}

/// Builds a site of one post without a description, with this configuration.
fn build_post(path: &str, front: &str, body: &str, config: &str) -> Built {
    let text = format!("---\ntitle: Aye\ndate: 2024-05-01\n{front}---\n{body}\n");
    TestSite::new().config(config).post(path, text).build()
}

#[test]
fn text_before_each_mark_is_the_summary() {
    for (path, front, mark, config) in [
        ("a.md", "", "<!--more-->", ""),
        ("a.md", "", "<!-- More -->", ""),
        ("a.md", "", "<!-- truncate -->", ""),
        ("a.md", "", "<!-- excerpt -->", ""),
        ("a.md", "", ":::more", ""),
        ("a.mdx", "", "{/* more */}", ""),
        ("a.mdx", "", "{/* truncate */}", ""),
        ("a.md", "excerpt_separator: ---\n", "---", ""),
        ("a.md", "", "---", "[content]\nexcerpt_separator = \"---\""),
        (
            "a.md",
            "excerpt_separator: '<!-- break -->'\n",
            "<!-- break -->",
            "[content]\nexcerpt_separator = \"***\"",
        ),
        ("a.html", "", "<!--more-->", ""),
    ] {
        let body = format!("The pier.\n\nIs *open*.\n\n{mark}\n\nQuay.");
        let body = match path {
            "a.html" => format!("<p>The pier.</p><p>Is <em>open</em>.</p>{mark}<p>Quay.</p>"),
            _ => body,
        };
        let built = build_post(path, front, &body, config);
        let rss = built.text("/rss.xml");
        let summary = "<description><![CDATA[The pier. Is open.]]></description>";
        assert!(rss.contains(summary), "{mark}: {rss}");
        assert!(rss.contains("<p>Quay.</p>"), "{mark}: {rss}");
        for absent in [
            "<hr", "more", "More", "truncate", "excerpt", "break", "\u{fdd0}",
        ] {
            assert!(!rss.contains(absent), "{mark}: {absent} in {rss}");
        }
    }
}

#[test]
fn summary_leaves_out_marks_captions_and_hidden_sections() {
    let body = "# Of the pier [#](#of-the-pier)\n\nOpen[^1] <button>Press</button> now.\n\n<figure><img src=\"/a.png\"><figcaption>Caption</figcaption></figure>\n\n:::private\nQuetzal\n:::\n\n<div hidden>\n\nQuetzal\n\n<!--more-->\n\n</div>\n\n[toc]\n\n> [!NOTE]\n> Mind it.\n\n`<!--more-->`\n\n<!--more-->\n\nQuay.\n\n[^1]: Footnote.";
    let built = build_post("a.md", "", body, "");
    let rss = built.text("/rss.xml");
    let summary = "<description><![CDATA[Open now. Mind it. &lt;!--more--&gt;]]></description>";
    assert!(rss.contains(summary), "{rss}");
    assert!(!built.everything().contains("Quetzal"));
    let described = build_post("a.md", "description: Own\n", "A.\n\n<!--more-->\n\nB.", "");
    assert!(described.text("/rss.xml").contains("<![CDATA[Own]]>"));
}

#[test]
fn emoji_are_shown_if_the_generator_does_it() {
    let body = "Ahoy :tada: at 10:30:45, `:tada:` :unknown-name:";
    let shown = build_post("a.md", "", body, "[content]\nemoji = true").text("/rss.xml");
    let html = "<p>Ahoy 🎉 at 10:30:45, <code>:tada:</code> :unknown-name:</p>";
    assert!(shown.contains(html), "{shown}");
    let plain = build_post("a.md", "", body, "").text("/rss.xml");
    assert!(plain.contains("Ahoy :tada: at"), "{plain}");
}

#[test]
fn formulas_reach_feeds_byte_for_byte() {
    for (path, body, html) in [
        (
            "a.md",
            "Let $a_1 * b_2 * c$ be",
            "<p>Let $a_1 * b_2 * c$ be</p>",
        ),
        (
            "a.md",
            "$$\n- a\\\\\n- b_1\n$$",
            "<p>$$\n- a\\\\\n- b_1\n$$</p>",
        ),
        ("a.mdx", "$$\n{a}_{b} = c\n$$", "<p>$$\n{a}_{b} = c\n$$</p>"),
        (
            "a.md",
            "It is $5 and *$10*.",
            "<p>It is $5 and <em>$10</em>.</p>",
        ),
        (
            "a.md",
            "a {::nomarkdown}b{:/nomarkdown}\n\n{::options x=\"y\" /}",
            "<p>a b</p>",
        ),
    ] {
        let rss = build_post(path, "", body, "").text("/rss.xml");
        assert!(rss.contains(html), "{body}: {rss}");
    }
}
