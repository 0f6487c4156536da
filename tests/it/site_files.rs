//! Checks that bodies show the values and included files of their site, and nothing of them that is hidden.

use courant::library::DeletionPolicy;
use courant::model::finding::Rule;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::SnapshotHandle;

use crate::support::{Built, TestSite, clock, resource_text};

const FRONT: &str = "---\ntitle: A\ndate: 2024-05-01\nplace: The Pier\npassword_hint: Quetzal\nmail: q@uetzal.example\n\
                     where: /quays/\nhost: '<div hidden>'\n---\n";

/// Returns a site of Jekyll with a post of this body.
fn jekyll_site(body: &str) -> TestSite {
    TestSite::new()
        .file("_config.yml", "title: Ignored\nrepo: https://code.example\ndeploy_token: Quetzal\nnested:\n  name: Ada\n")
        .post("a.md", format!("{FRONT}{body}"))
}

fn build_body(body: &str) -> Built {
    jekyll_site(body).build()
}

/// Returns the content of the post in the JSON feed.
fn content_html(built: &Built) -> String {
    let feed = built.text("/feed.json");
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    feed["items"][0]["content_html"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn values_of_post_and_site_are_shown() {
    for (body, html) in [
        (
            "{{ page.place }} and {{ page.title }}",
            "<p>The Pier and A</p>",
        ),
        (
            "At <{{ site.baseurl }}{{ page.where }}>",
            "<p>At <a href=\"https://example.org/quays/\">https://example.org/quays/</a></p>",
        ),
        (
            "[a][b]\n\n[b]: {{ site.baseurl }}/b",
            "<p><a href=\"https://example.org/b\">a</a></p>",
        ),
        (
            "[a]({{ site.url }}{{ site.baseurl }}/b)",
            "<p><a href=\"https://example.org/b\">a</a></p>",
        ),
        (
            "[a]({{ page.url | absolute_url }})",
            "<p><a href=\"https://example.org/a/\">a</a></p>",
        ),
        (
            "[a]({{ site.repo }}/b) {{ site.nested.name }}",
            "<p><a href=\"https://code.example/b\">a</a> Ada</p>",
        ),
        (
            "{% assign map = \"https://m.example/\" %}\n[a]({{ map }}b)",
            "<p><a href=\"https://m.example/b\">a</a></p>",
        ),
        (
            "{% assign x = page.where | prepend: site.repo %}{{ x | append: 'c' }}",
            "<p><a href=\"https://code.example/quays/c\">https://code.example/quays/c</a></p>",
        ),
        (
            "{{< param place >}} and {{% param \"where\" %}}",
            "<p>The Pier and /quays/</p>",
        ),
        (
            "[a]({% link assets/a.pdf %})",
            "<p><a href=\"https://example.org/assets/a.pdf\">a</a></p>",
        ),
        ("`{{ page.place }}`", "<p><code>{{ page.place }}</code></p>"),
    ] {
        let built = build_body(body);
        assert_eq!(content_html(&built), html, "{body}");
        assert_eq!(built.rules(), [], "{body}");
    }
}

#[test]
fn private_and_unknown_values_are_left_out() {
    for body in [
        "a {{ page.password_hint }} b",
        "a {{ page.mail }} b",
        "a {{ site.deploy_token }} b",
        "a {% if x %}{% assign y = \"Quetzal\" %}{% endif %}{{ y }} b",
        "a <i hidden>{% assign y = \"Quetzal\" %}</i>{{ y }} b",
        "a {{ page.place | upcase }} b",
        "a {{ page.host }} Quetzal",
    ] {
        let built = build_body(body);
        assert!(!built.everything().contains("uetzal"), "{body}");
        assert!(built.rules().contains(&Rule::Shortcode), "{body}");
        assert!(content_html(&built).starts_with("<p>a"), "{body}");
    }
}

#[test]
fn address_with_unknown_part_is_no_address() {
    for (body, html) in [
        ("[a](/x/{{ page.y }}/z)", "<p>a</p>"),
        ("![a]({{ site.img }}/a.png) b", "<p> b</p>"),
        ("![a](/{{ site.img }}/a.png) b", "<p> b</p>"),
        ("a <img src=\"/a/{{ page.y }}.png\"> b", "<p>a  b</p>"),
        ("[a][b]\n\n[b]: /x/{{ page.y }}", "<p>a</p>"),
        ("[a][b]\n\n[b]: <{{ page.y }}/c>\n", "<p>a</p>"),
        ("See <https://e.example/{{ page.y }}/b>.", "<p>See .</p>"),
        (
            "See https://e.example/{{ page.y }}/b now.",
            "<p>See  now.</p>",
        ),
        ("See <{{ page.y }}/b>.", "<p>See .</p>"),
        ("[a]({{< own \"b\" >}})", "<p>a</p>"),
        (
            "[a](/b \"{{ page.y }}\")",
            "<p><a href=\"https://example.org/b\">a</a></p>",
        ),
    ] {
        let built = build_body(body);
        assert_eq!(content_html(&built), html, "{body}");
        assert_eq!(built.rules(), [Rule::Shortcode], "{body}");
    }
}

#[test]
fn included_markdown_is_inserted() {
    let site = jekyll_site(
        "See the [office][harbour office].\n\n{% include words.md name=\"*Ada*\" %}\n\n{% include references.md %}\n\nLast.\n",
    );
    let built = site
        .file(
            "_includes/references.md",
            "[harbour office]: {{ site.repo }}/office\n",
        )
        .file(
            "_includes/words.md",
            "Words of {{ include.name }}.\n\n{% include deep/er.md %}\n",
        )
        .file("_includes/deep/er.md", "Deeper. {% include words.md %}\n")
        .build();
    assert_eq!(
        content_html(&built),
        "<p>See the <a href=\"https://code.example/office\">office</a>.</p>\n<p>Words of <em>Ada</em>.</p>\n<p>Deeper.</p>\n<p>Last.</p>"
    );
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.line),
        (Rule::Shortcode, Some(12)),
        "a third level"
    );
}

#[test]
fn included_files_show_nothing_hidden() {
    for (name, text) in [
        ("x.md", "---\ndraft: true\n---\nQuetzal\n"),
        ("x.md", "---\ntitle: x\n---\nQuetzal\n"),
        ("x.md", "draft: true\n\nQuetzal\n"),
        ("x.md", "publishDate: 2099-01-01\n\nQuetzal\n"),
        ("x.md", "expires: 2001-01-01\n\nQuetzal\n"),
        (
            "x.md",
            "a\n<<<<<<< ours\nQuetzal\n=======\nb\n>>>>>>> theirs\n",
        ),
        ("private/x.md", "Quetzal\n"),
        ("x.html", "Quetzal\n"),
        ("x.md", "{% if page.private %}Quetzal{% endif %}"),
        ("x.md", "<div hidden>Quetzal</div>"),
        ("x.md", "<!-- Quetzal\n\nQuetzal -->"),
        ("x.md", "<members-only>"),
        ("x.md", "<div hidden>"),
        ("x.md", "{% comment %}"),
    ] {
        let body = format!("First.\n\n{{% include {name} %}}\n\n");
        let opens = text.starts_with('<') && !text.contains('\n') && !text.contains("Quetzal")
            || text == "{% comment %}";
        let body = if opens {
            format!("{body}Quetzal\n")
        } else {
            body
        };
        let site = jekyll_site(&body).file(&format!("_includes/{name}"), text);
        let built = site.build();
        assert!(!built.everything().contains("uetzal"), "{name} {text}");
        assert!(
            content_html(&built).starts_with("<p>First.</p>"),
            "{name} {text}"
        );
    }
    // What follows the tag is in the block that the file opens.
    for (text, after) in [
        ("Words.\n\n!!! private\n", "    Quetzal"),
        ("Words.\n\n> [!private]\n", "> Quetzal"),
    ] {
        let built = jekyll_site(&format!("First.\n\n{{% include x.md %}}\n{after}\n"))
            .file("_includes/x.md", text)
            .build();
        assert!(!built.everything().contains("uetzal"), "{text}");
        assert!(content_html(&built).contains("Words."), "{text}");
    }
    // Neither the body nor the file alone has a hidden section.
    let built = jekyll_site("First.\n\n<div {% include x.md %}>Quetzal</div>\n")
        .file("_includes/x.md", "hidden")
        .build();
    assert!(!built.everything().contains("uetzal"));
}

#[cfg(unix)]
#[test]
fn links_out_of_includes_are_not_followed() {
    let site = jekyll_site("First.\n\n{% include x.md %}{% include d/y.md %}\n")
        .file("secret/y.md", "Quetzal\n")
        .file("_includes/z.md", "");
    let include_dir = site.root().join("_includes");
    std::os::unix::fs::symlink(site.root().join("secret/y.md"), include_dir.join("x.md")).unwrap();
    std::os::unix::fs::symlink(site.root().join("secret"), include_dir.join("d")).unwrap();
    assert!(!site.build().everything().contains("uetzal"));
}

#[test]
fn changed_include_is_read_again() {
    let site = jekyll_site("{% include x.md %}\n").file("_includes/x.md", "Old words.\n");
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let mut feed = |words: &str| {
        pipeline
            .refresh_all(clock(), DeletionPolicy::Immediate)
            .unwrap();
        let feed = resource_text(&current.load_snapshot().get("/feed.json").unwrap());
        assert!(feed.contains(words), "{words} in {feed}");
    };
    feed("Old words.");
    let site = site.file("_includes/x.md", "New and longer words.\n");
    feed("New and longer words.");
    let _site = site.file("_includes/x.md", "---\ndraft: true\n---\n");
    feed("\"items\"");
}

#[test]
fn links_of_a_missing_include_become_text() {
    let body = "Ask the [office][harbour *office*], the [LND #1][] and [own][].\nA[i][j] and `[a][b]` [sic].\n\n\
                {% include gone.md %}\n\n[own]: /own\n";
    let built = build_body(body);
    assert_eq!(
        content_html(&built),
        "<p>Ask the office, the LND #1 and <a href=\"https://example.org/own\">own</a>.\nA[i][j] and <code>[a][b]</code> [sic].</p>"
    );
    let kept = build_body("The [office][harbour office].\n");
    assert_eq!(content_html(&kept), "<p>The [office][harbour office].</p>");
}

#[test]
fn repeated_includes_are_bounded() {
    let built = jekyll_site(&format!(
        "First.\n\n{}\n",
        "{% include x.md %}\n\n".repeat(5_000)
    ))
    .file("_includes/x.md", "{% include y.md %}\n".repeat(500))
    .file(
        "_includes/y.md",
        "Words. {% assign x = x | append: \"ab\" | append: x %}{{ x }}\n".repeat(50),
    )
    .build();
    assert!(built.text("/feed.json").len() < 4_000_000);
    assert!(built.rules().contains(&Rule::Shortcode));
}

#[test]
fn kramdown_blocks_end_at_their_end_tag() {
    for (body, html) in [
        (
            "<h5>Where</h5>\nAt **the pier**, see [the map](/map/).\n",
            "<h5>Where</h5>\n<p>At <strong>the pier</strong>, see <a href=\"https://example.org/map/\">the map</a>.</p>",
        ),
        (
            "<div>\n<div>a</div>\n</div>\n**b**\n",
            "<div>\n<div>a</div>\n</div>\n<p><strong>b</strong></p>",
        ),
        ("<div>a</div> *b*\n", "<div>a</div>\n<p><em>b</em></p>"),
        (
            "```\n<div>a</div>\n**b**\n```\n",
            "<pre><code>&lt;div&gt;a&lt;/div&gt;\n**b**\n</code></pre>",
        ),
        (
            "A picture ![of it](/a.png){:\nwidth=\"180\"} ends.\n",
            "<p>A picture <img src=\"https://example.org/a.png\" alt=\"of it\" /> ends.</p>",
        ),
        (
            "The HTML.\n\n*[HTML]: Hypertext Markup Language\n",
            "<p>The HTML.</p>",
        ),
        (
            "Crane\n: It lifts.\n: It rests.\n",
            "<dl>\n<dt>Crane</dt>\n<dd>It lifts.</dd>\n<dd>It rests.</dd>\n</dl>",
        ),
    ] {
        let built = build_body(body);
        assert_eq!(content_html(&built).replace("\n\n", "\n"), html, "{body}");
    }
    let other = TestSite::new()
        .post("a.md", format!("{FRONT}<h5>Where</h5>\nAt **the pier**.\n"))
        .build();
    assert!(
        content_html(&other).contains("**the pier**"),
        "CommonMark elsewhere"
    );
}

#[test]
fn mostly_unknown_body_is_summarized() {
    let built = TestSite::new()
        .post("a.md", "---\ntitle: A\ndate: 2024-05-01\ndescription: Of *a* & b\n---\n{{< gallery dir=\"x\" >}}\n")
        .build();
    assert_eq!(
        content_html(&built),
        "<p>Of *a* &amp; b</p>\n<p>Read on at <a href=\"https://example.org/a/\">https://example.org/a/</a></p>"
    );
    let long = format!(
        "Few words.\n\n{{% chart data=\"{}\" %}}\n",
        "x".repeat(5_000)
    );
    let built = build_body(&long);
    assert!(content_html(&built).starts_with("<p>Few words.</p>\n<p>Read on at <a href="));
    let some = build_body("Few words {{ page.views }}.\n");
    assert_eq!(content_html(&some), "<p>Few words .</p>");
}
