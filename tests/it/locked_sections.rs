//! Sections that are locked or hidden, and comments, are nowhere, in whatever dialect and spelling they are written.

use courant::finding::Rule;
use proptest::prelude::*;

use crate::support::{Built, TestSite, plain};

/// Words that only the section has: of its heading, its first words, its picture, a link and its code.
const WORDS: [&str; 5] = ["Quetzal", "Ocelot", "wombat", "vexillology", "xanthippe"];

const INSIDE: &str = "\n\n## Quetzal\n\nOcelot words.\n\n![Ocelot](/img/wombat.png)\n\n- [more](/vexillology)\n\n```text\nxanthippe\n```\n\n";

/// The words that names of locks have.
const NAMES: [&str; 23] = [
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

/// A name as it may be spelled.
fn spelled(name: &str, spelling: usize) -> String {
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

const DIALECTS: usize = 25;

/// The first of the dialects that are comments of HTML, of which some hide only where they have an end.
const COMMENTS: usize = 23;

/// The beginning and the end of a section, and how files of its dialect end.
fn pair(dialect: usize, name: &str) -> (String, String, &'static str) {
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
        COMMENTS => ("<!-- N -->", "<!-- /N -->", "md"),
        24 => ("<!-- begin N -->", "<!-- end N -->", "md"),
        _ => ("<div class=\"a\" hidden>", "</div>", "md"),
    };
    (begin.replace('N', name), end.replace('N', name), extension)
}

fn leaks(built: &Built) -> Vec<&'static str> {
    let everything = built.everything().to_lowercase();
    let is_there = |word: &&str| everything.contains(&word.to_lowercase());
    WORDS.into_iter().filter(is_there).collect()
}

/// A site whose post says only what is of its section, or also what is before and after it.
fn built(extension: &str, front: &str, body: &str) -> Built {
    TestSite::new()
        .post(
            &format!("a.{extension}"),
            format!("---\n{front}date: 2024-05-01\n---\n{body}"),
        )
        .post("b.md", plain("Other", "2024-05-02"))
        .build()
}

#[test]
fn open_sections_are_everywhere() {
    for (begin, end) in [
        ("{{< note >}}", "{{< /note >}}"),
        ("<div>", "</div>"),
        (":::note", ":::"),
    ] {
        let built = built("md", "title: A\n", &format!("{begin}{INSIDE}{end}\n"));
        assert_eq!(leaks(&built), WORDS, "the test sees what it looks for");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn locked_section_reaches_no_artifact(
        dialect in 0..DIALECTS,
        name in 0..NAMES.len(),
        spelling in 0..8_usize,
        is_closed: bool,
        has_title: bool,
        before in prop_oneof![Just(""), Just("First words.\n\n"), Just("- item\n\n"), Just("```\n<x>\n```\n\n")],
    ) {
        let is_closed = is_closed || dialect >= COMMENTS;
        let (begin, end, extension) = pair(dialect, &spelled(NAMES[name], spelling));
        let front = if has_title { "title: A\n" } else { "" };
        let end = if is_closed { format!("{end}\n\n# Late heading\n\nLast words.\n") } else { String::new() };
        let front = if is_closed { front } else { "title: A\n" };
        let built = built(extension, front, &format!("{before}{begin}{INSIDE}{end}"));
        prop_assert_eq!(leaks(&built), Vec::<&str>::new(), "{} {}", begin, end);
        let shortcode = built.findings.iter().find(|finding| finding.rule == Rule::Shortcode);
        let line = front.matches('\n').count() + before.matches('\n').count() + 4;
        prop_assert_eq!(shortcode.map(|finding| finding.line), Some(Some(line)), "{}", begin);
        if is_closed {
            prop_assert!(built.text("/rss.xml").contains("Last words."), "{}", begin);
        }
    }
}

/// What a post says, and what is told of it, that has this body before its last words.
fn with_last_words(body: &str) -> Built {
    built("md", "title: A\n", &format!("{body}\n\nLast words.\n"))
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
        let built = with_last_words(body);
        assert_eq!(leaks(&built), Vec::<&str>::new(), "{body}");
        assert_eq!(built.rules(), [Rule::Shortcode], "{body}");
        assert_eq!(built.findings[0].line, Some(5 + line), "{body}");
        assert!(built.text("/rss.xml").contains("Last words."), "{body}");
    }
}

#[test]
fn divider_hides_all_that_follows() {
    for divider in [
        "<!--members-only-->",
        "<!-- for members only -->",
        "<!-- Paywall -->",
    ] {
        let built = with_last_words(&format!("First words.\n\n{divider}\n{INSIDE}"));
        assert_eq!(leaks(&built), Vec::<&str>::new(), "{divider}");
        assert_eq!(built.rules(), [Rule::Shortcode], "{divider}");
        let feed = built.text("/rss.xml");
        assert!(
            feed.contains("First words.") && !feed.contains("Last words."),
            "{divider}"
        );
    }
}

#[test]
fn sections_for_all_readers_stay() {
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
        let built = with_last_words(&format!("{begin}{INSIDE}{end}"));
        assert_eq!(leaks(&built), WORDS, "{begin}");
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
        let built = with_last_words(body);
        assert_eq!(leaks(&built), ["Quetzal", "Ocelot"], "{body}");
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
        let built = built(
            extension,
            "title: A\n",
            &format!("{begin}{INSIDE}{end}\n\nLast words.\n"),
        );
        assert_eq!(leaks(&built), Vec::<&str>::new(), "{begin}");
        assert!(built.text("/rss.xml").contains("Last words."), "{begin}");
    }
    for comment in [
        "[//]: # (Quetzal Ocelot (wombat) vexillology xanthippe)",
        "Words\n[//]: # \"Quetzal Ocelot\nwombat vexillology xanthippe\"",
        "[comment]: <> Quetzal Ocelot wombat vexillology xanthippe",
        "Words {% # Quetzal Ocelot wombat vexillology xanthippe %}",
    ] {
        let built = built("md", "title: A\n", &format!("{comment}\n\nLast words.\n"));
        assert_eq!(leaks(&built), Vec::<&str>::new(), "{comment}");
        assert!(built.text("/rss.xml").contains("Last words."), "{comment}");
    }
}

#[test]
fn code_about_locks_and_comments_stays() {
    let code = "{{< private >}} <members-only> %%a%% {::comment} <!-- b";
    let built = built(
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
fn where_shortcodes_are_text_html_still_hides() {
    let built = TestSite::new()
        .config("[content]\nshortcodes = \"keep\"")
        .post(
            "a.md",
            format!("---\ntitle: A\ndate: 2024-05-01\n---\n<members-only>{INSIDE}</members-only>\n\n{{{{< note >}}}}\n"),
        )
        .build();
    assert_eq!(leaks(&built), Vec::<&str>::new());
    assert!(built.text("/feed.json").contains("{{< note >}}"));
}
