//! Checks that locked sections and comments reach no output, in every dialect and spelling.

use courant::model::finding::Rule;
use proptest::prelude::*;

use crate::support::{Built, TestSite, plain};

/// Words that only the section has: in its heading, text, picture, link and code.
const SECRET_WORDS: [&str; 5] = ["Quetzal", "Ocelot", "wombat", "vexillology", "xanthippe"];

const SECTION_BODY: &str = "\n\n## Quetzal\n\nOcelot words.\n\n![Ocelot](/img/wombat.png)\n\n- [more](/vexillology)\n\n```text\nxanthippe\n```\n\n";

/// Names that mark a section as locked.
const LOCK_NAMES: [&str; 23] = [
    "encrypt",
    "encrypted",
    "password",
    "protect",
    "protected",
    "private",
    "secret",
    "draft",
    "hidden",
    "hide",
    "members only",
    "for members",
    "password protected",
    "todo",
    "lock",
    "login",
    "internal",
    "premium",
    "unlisted",
    "redacted",
    "restricted",
    "confidential",
    "paywall",
];

/// Spells a name in one of eight styles.
fn spell_name(name: &str, spelling: usize) -> String {
    let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
    let capital = |word: &String| word[..1].to_uppercase() + &word[1..];
    match spelling {
        0 => words.join("-"),
        1 => words.join("_"),
        2 => words.join("").to_uppercase(),
        3 => words.iter().map(capital).collect(),
        4 => words[0].clone() + &words[1..].iter().map(capital).collect::<String>(),
        5 => format!("hugo-{}", words.join("-")),
        6 => format!("{}Box", words.iter().map(capital).collect::<String>()),
        _ => format!("post_{}", words.join("_")),
    }
}

const DIALECT_COUNT: usize = 25;

/// First dialect of HTML comments, some of which hide only if they are closed.
const FIRST_COMMENT_DIALECT: usize = 23;

/// Returns the start and end marker of a section, and the dialect's file extension.
fn section_markers(dialect: usize, name: &str) -> (String, String, &'static str) {
    let (begin, end, extension) = match dialect {
        0 => ("{{< N >}}", "{{< /N >}}", "md"),
        1 => ("{{% N \"x\" %}}", "{{%/N%}}", "md"),
        2 => ("{% N %}", "{% endN %}", "md"),
        3 => ("{%- N a=1 -%}", "{%- endN -%}", "md"),
        4 => ("{% N(a=1) %}", "{% end %}", "md"),
        5 => ("<N>", "</N>", "md"),
        6 => ("<N a=\"b > c\">", "</N>", "mdx"),
        7 => ("<N a={[1, 2]}>", "</N>", "mdx"),
        8 => (":::N A title", ":::", "md"),
        9 => ("::N\n---\na: 1\n---", "::", "md"),
        10 => ("::: {.N}", ":::", "md"),
        11 => ("{% if page.N %}", "{% endif %}", "md"),
        12 => ("<N:block>", "</N:block>", "md"),
        13 => ("{{#N}}", "{{/N}}", "md"),
        14 => ("{{#if @page.N}}", "{{/if}}", "md"),
        15 => ("{% call N() %}", "{% endcall %}", "md"),
        16 => ("{% filter N %}", "{% endfilter %}", "md"),
        17 => ("{% block N %}", "{% endblock N %}", "md"),
        18 => ("{% if a %}{% elsif page.N %}", "{% endif %}", "md"),
        19 => ("{% if not page.N %}{% else %}", "{% endif %}", "md"),
        20 => ("{% unless N %}{% else %}", "{% endunless %}", "md"),
        21 => ("{{#unless N}}{{else}}", "{{/unless}}", "md"),
        FIRST_COMMENT_DIALECT => ("<!-- N -->", "<!-- /N -->", "md"),
        24 => ("<!-- begin N -->", "<!-- end N -->", "md"),
        _ => ("<div class=\"a\" hidden>", "</div>", "md"),
    };
    (begin.replace('N', name), end.replace('N', name), extension)
}

fn leaked_words(built: &Built) -> Vec<&'static str> {
    let everything = built.everything().to_lowercase();
    let is_there = |word: &&str| everything.contains(&word.to_lowercase());
    SECRET_WORDS.into_iter().filter(is_there).collect()
}

/// Builds a site with the post under test and a plain post.
fn build_post(extension: &str, front: &str, body: &str) -> Built {
    TestSite::new()
        .post(
            &format!("a.{extension}"),
            format!("---\n{front}date: 2024-05-01\n---\n{body}"),
        )
        .post("b.md", plain("Other", "2024-05-02"))
        .build()
}

#[test]
fn open_sections_are_published() {
    for (begin, end) in [
        ("{{< note >}}", "{{< /note >}}"),
        ("<div>", "</div>"),
        (":::note", ":::"),
    ] {
        let built = build_post("md", "title: A\n", &format!("{begin}{SECTION_BODY}{end}\n"));
        assert_eq!(
            leaked_words(&built),
            SECRET_WORDS,
            "the test finds every word"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn locked_section_reaches_no_artifact(
        dialect in 0..DIALECT_COUNT,
        name in 0..LOCK_NAMES.len(),
        spelling in 0..8_usize,
        is_closed: bool,
        has_title: bool,
        before in prop_oneof![Just(""), Just("First words.\n\n"), Just("- item\n\n"), Just("```\n<x>\n```\n\n")],
    ) {
        let is_closed = is_closed || dialect >= FIRST_COMMENT_DIALECT;
        let (begin, end, extension) = section_markers(dialect, &spell_name(LOCK_NAMES[name], spelling));
        let front = if has_title { "title: A\n" } else { "" };
        let end = if is_closed { format!("{end}\n\n# Late heading\n\nLast words.\n") } else { String::new() };
        let front = if is_closed { front } else { "title: A\n" };
        let built = build_post(extension, front, &format!("{before}{begin}{SECTION_BODY}{end}"));
        prop_assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{} {}", begin, end);
        let shortcode = built.findings.iter().find(|finding| finding.rule == Rule::Shortcode);
        let line = front.matches('\n').count() + before.matches('\n').count() + 4;
        prop_assert_eq!(shortcode.map(|finding| finding.line), Some(Some(line)), "{}", begin);
        if is_closed {
            prop_assert!(built.text("/rss.xml").contains("Last words."), "{}", begin);
        }
    }
}

/// Builds a site with a post of this body, followed by `Last words.`.
fn build_with_last_words(body: &str) -> Built {
    build_post("md", "title: A\n", &format!("{body}\n\nLast words.\n"))
}

#[test]
fn locked_lines_and_labels_reach_no_artifact() {
    for (body, line) in [
        (
            "> ::: private\n> Quetzal\n>\n> ![Ocelot](/img/wombat.png)\n> :::",
            0,
        ),
        ("> > :::private\n> > Quetzal\n> > :::", 0),
        ("- :::private\n  Quetzal\n\n  - Ocelot\n  :::", 0),
        ("1. a\n2. :::{.private}\n   Quetzal\n   :::\n3. b", 1),
        (
            ":::private\n> :::\n\nQuetzal\n\n- :::note\n  Ocelot\n  :::\n\nwombat\n:::",
            0,
        ),
        (
            "a :private[Quetzal *Ocelot* [a](/wombat) `]` \\] vexillology]{.b} b",
            0,
        ),
        (":private[Quetzal\nOcelot]", 0),
        ("- :private[Quetzal]", 0),
        ("::private[Quetzal]{a=b}", 0),
        ("> ::private[Quetzal]", 0),
        ("::private[A title]\nQuetzal\n::", 0),
        (
            "> [!private]\n> Quetzal\n>\n> ![Ocelot](/img/wombat.png)",
            0,
        ),
        ("> [!SECRET]- Quetzal\nOcelot\n**wombat**", 0),
        (
            "- a\n\n  > [!members-only|x] Quetzal\n  > ```\n  > Ocelot",
            2,
        ),
        ("> a\n>\n> > [!private]\n> > Quetzal\n> Ocelot", 2),
        (
            "!!! private \"Quetzal\"\n    Ocelot\n\n    wombat\n\n        vexillology",
            0,
        ),
        ("??? secret\n    Quetzal\n\n    ```\n    Ocelot\n    ```", 0),
        ("a <!--private-->Quetzal<!-- /private --> b", 0),
        ("<!-- todo -->\nQuetzal\n<!-- /todo -->", 0),
        (
            "<!--members-->\nQuetzal <!-- members -->a<!-- /members --> Ocelot\n<!--/members-->",
            0,
        ),
        (
            "{% if a %}Public.{% elsif private %}Quetzal{% else %}Ocelot{% endif %}",
            0,
        ),
    ] {
        let built = build_with_last_words(body);
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{body}");
        assert_eq!(built.rules(), [Rule::Shortcode], "{body}");
        assert_eq!(built.findings[0].line, Some(5 + line), "{body}");
        assert!(built.text("/rss.xml").contains("Last words."), "{body}");
    }
}

#[test]
fn paywall_divider_hides_the_rest() {
    for divider in [
        "<!--members-only-->",
        "<!-- for members only -->",
        "<!-- Paywall -->",
    ] {
        let built = build_with_last_words(&format!("First words.\n\n{divider}\n{SECTION_BODY}"));
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{divider}");
        assert_eq!(built.rules(), [Rule::Shortcode], "{divider}");
        let feed = built.text("/rss.xml");
        assert!(
            feed.contains("First words.") && !feed.contains("Last words."),
            "{divider}"
        );
    }
}

#[test]
fn public_sections_stay() {
    for (begin, end) in [
        ("{% if not draft %}", "{% endif %}"),
        ("{% if page.private == false %}", "{% endif %}"),
        ("{% unless draft %}", "{% endunless %}"),
        ("{% hideToggle A title %}", "{% endhideToggle %}"),
        ("{% hideBlock Show,#fff %}", "{% endhideBlock %}"),
        ("<TeamMembers>", "</TeamMembers>"),
        ("<Members>", "</Members>"),
        ("{{< team-members >}}", "{{< /team-members >}}"),
        ("<!-- todo -->", ""),
        ("<!-- hide the sidebar -->", ""),
        ("> [!note]", ""),
        (":::note", ":::"),
        ("!!! note", ""),
        ("{% block body %}", "{% endblock %}"),
        ("{% filter replace(\"secret\", \"x\") %}", "{% endfilter %}"),
    ] {
        let built = build_with_last_words(&format!("{begin}{SECTION_BODY}{end}"));
        assert_eq!(leaked_words(&built), SECRET_WORDS, "{begin}");
    }
    for body in [
        "`:private[Quetzal]` Ocelot",
        "[![hidden](/img/a.png) Quetzal](/b) Ocelot",
        "\\:private[Quetzal] Ocelot",
        ":lock: Quetzal :lock:[Ocelot](/a)",
        "> [!private]\n> a\n\nQuetzal\n\n> Ocelot",
        "> [!private]\n> a\n- Quetzal\n\nOcelot",
        "!!! private\n    a\n\nQuetzal Ocelot",
        "- :::private\n  a\n  :::\n  Quetzal\n- Ocelot",
    ] {
        let built = build_with_last_words(body);
        assert_eq!(leaked_words(&built), ["Quetzal", "Ocelot"], "{body}");
        assert!(built.text("/rss.xml").contains("Last words."), "{body}");
    }
}

#[test]
fn comment_of_every_dialect_reaches_no_artifact() {
    for (begin, end, extension) in [
        ("{::comment}", "{:/comment}", "md"),
        ("{::comment}", "{:/}", "md"),
        ("%%", "%%", "md"),
        ("First words. %%", "%%", "md"),
        ("<!--", "-->", "md"),
        ("First words. <!--", "--> and more", "md"),
        ("- item <!--", "-->", "md"),
        ("{% comment %}", "{% endcomment %}", "md"),
        ("{%- comment -%}", "{%- endcomment -%}", "md"),
        ("{# ", " #}", "md"),
        ("{{/*", "*/}}", "md"),
        ("{{!--", "--}}", "md"),
        ("{{< comment >}}", "{{< /comment >}}", "md"),
        ("{/* it's } \"", " */}", "mdx"),
        ("{/*", "*/}", "md"),
    ] {
        let built = build_post(
            extension,
            "title: A\n",
            &format!("{begin}{SECTION_BODY}{end}\n\nLast words.\n"),
        );
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{begin}");
        assert!(built.text("/rss.xml").contains("Last words."), "{begin}");
    }
    for comment in [
        "[//]: # (Quetzal Ocelot (wombat) vexillology xanthippe)",
        "Words\n[//]: # \"Quetzal Ocelot\nwombat vexillology xanthippe\"",
        "[comment]: <> Quetzal Ocelot wombat vexillology xanthippe",
        "Words {% # Quetzal Ocelot wombat vexillology xanthippe %}",
    ] {
        let built = build_post("md", "title: A\n", &format!("{comment}\n\nLast words.\n"));
        assert_eq!(leaked_words(&built), Vec::<&str>::new(), "{comment}");
        assert!(built.text("/rss.xml").contains("Last words."), "{comment}");
    }
}

#[test]
fn code_about_locks_and_comments_stays() {
    let code = "{{< private >}} <members-only> %%a%% {::comment} <!-- b";
    let built = build_post(
        "md",
        "title: A\n",
        &format!("`{code}` and\n\n```\n{code}\n:::secret\n```\n\nLast words.\n"),
    );
    assert_eq!(built.rules(), []);
    let feed = built.text("/feed.json");
    assert!(feed.matches("members-only").count() >= 2, "{feed}");
    assert!(
        feed.contains(":::secret") && feed.contains("Last words."),
        "{feed}"
    );
}

#[test]
fn locked_html_hides_even_if_shortcodes_are_kept() {
    let built = TestSite::new()
        .config("[content]\nshortcodes = \"keep\"")
        .post(
            "a.md",
            format!("---\ntitle: A\ndate: 2024-05-01\n---\n<members-only>{SECTION_BODY}</members-only>\n\n{{{{< note >}}}}\n"),
        )
        .build();
    assert_eq!(leaked_words(&built), Vec::<&str>::new());
    assert!(built.text("/feed.json").contains("{{< note >}}"));
}

#[test]
fn hidden_elements_of_html_posts_reach_no_output() {
    for body in [
        "<p>C:\\<div hidden>Quetzal</div></p>",
        "<p>\\<!-- private -->Quetzal<!-- /private --></p>",
        "<p>\\<members-only>Quetzal</members-only></p>",
        "<p>x \\{% private %}Quetzal{% endprivate %}</p>",
        "<p class=a\\><span hidden>Quetzal</span></p>",
        "<p title=\"a\\\"><span hidden>Quetzal</span></p>",
        "<pre><span hidden>Quetzal</span></pre>",
        "<pre>\n\n    <span hidden>Quetzal</span>\n</pre>",
        "<code><span style=\"display:none\">Quetzal</span></code>",
        "<pre><members-only>Quetzal</members-only></pre>",
        "<pre>{% private %}Quetzal{% endprivate %}</pre>",
        "<div hIdden>Quetzal</div>",
        "<div style=\"dIsPlAy:nOnE\">Quetzal</div>",
        "<div style=\"display&#58;none\">Quetzal</div>",
        "<div style=\"display:/**/none\">Quetzal</div>",
        "<div style=\"display:n\\6f ne\">Quetzal</div>",
        "<dialog>Quetzal</dialog>",
    ] {
        let built = TestSite::new()
            .post(
                "a.html",
                format!("---\ntitle: A\ndate: 2024-05-01\n---\n<p>First C:\\n.</p>\n{body}\n<p>Last.</p>\n"),
            )
            .build();
        let output = built.everything();
        assert!(output.contains("First C:\\"), "{body}");
        assert!(!output.contains("Quetzal"), "{body}");
    }
}

#[test]
fn hidden_elements_within_raw_code_reach_no_output() {
    for body in [
        "<pre><div hidden>Quetzal</div></pre>",
        "<pre>\n\n    <div hidden>Quetzal</div>\n</pre>",
        "<pre>{% private %}Quetzal{% endprivate %}</pre>",
        "Some <code><span hidden>Quetzal</span></code>",
    ] {
        let built = TestSite::new()
            .post("a.md", plain("A", "2024-05-01") + "\n\nFirst.\n\n" + body)
            .build();
        let output = built.everything();
        assert!(output.contains("First."), "{body}");
        assert!(!output.contains("Quetzal"), "{body}");
    }
}
