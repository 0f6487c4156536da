//! Sections that are locked or hidden, and comments, are nowhere, in whatever dialect and spelling they are written.

use courant::finding::Rule;
use proptest::prelude::*;

use crate::support::{Built, TestSite, plain};

/// Words that only the section has: of its heading, its first words, its picture, a link and its code.
const WORDS: [&str; 5] = ["Quetzal", "Ocelot", "wombat", "vexillology", "xanthippe"];

const INSIDE: &str = "\n\n## Quetzal\n\nOcelot words.\n\n![Ocelot](/img/wombat.png)\n\n- [more](/vexillology)\n\n```text\nxanthippe\n```\n\n";

/// The words that names of locks have.
const NAMES: [&str; 14] = [
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
    "members",
    "members only",
    "password protected",
    "todo",
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
        6 => format!("{}Block", words.iter().map(capital).collect::<String>()),
        _ => format!("post_{}", words.join("_")),
    }
}

const DIALECTS: usize = 13;

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
