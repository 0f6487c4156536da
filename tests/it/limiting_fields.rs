//! Whatever field says that not everybody may see a post hides it, in a text that parses and in one
//! that is broken.

mod names;

use courant::content::Loss;
use courant::finding::{Rule, Severity};
use courant::pipeline::Pipeline;
use courant::snapshot::Current;
use proptest::prelude::*;

use self::names::{BREAKS, FIELDS, spell};
use crate::support::{TestSite, everything, new_year_2025, plain};

const HELD: &str = "[content.fields]\nhidden = 'heldBack'";

/// One line, or a map around it, that hides the post which it is a part of.
fn hiding_field() -> impl Strategy<Value = String> {
    let field = proptest::sample::select(FIELDS).prop_flat_map(|(name, values)| {
        (
            Just(name),
            proptest::sample::select(values),
            0..6_usize,
            0..5_usize,
        )
    });
    field.prop_map(|(name, value, style, nesting)| {
        let field = format!("{}: {value}", spell(name, style));
        match nesting {
            // A `permalink` within a map is none, and `build` is Hugo's at the top only.
            0 if !["permalink", "build"].contains(&name) => format!("params:\n  {field}"),
            1 if !["permalink", "build"].contains(&name) => format!("seo: {{{field}}}"),
            _ => field,
        }
    })
}

fn word(number: usize) -> String {
    format!("quetzal{number}x")
}

fn post(number: usize, field: &str, around: (&str, &str)) -> String {
    let word = word(number);
    format!(
        "---\n{}title: {word}\ndate: 2024-05-01\n{field}\n{}---\n{word} body.\n",
        around.0, around.1
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn limited_post_reaches_no_artifact(fields in proptest::collection::vec(hiding_field(), 1..10)) {
        let site = fields.iter().enumerate().fold(TestSite::new().config(HELD), |site, (number, field)| {
            site.post(&format!("{number}.md"), post(number, field, ("", "")))
        });
        let everything = site.build().everything();
        for (number, field) in fields.iter().enumerate() {
            prop_assert!(!everything.contains(&word(number)), "{}", field);
        }
    }

    #[test]
    fn limit_in_broken_text_withdraws_the_post(
        fields in proptest::collection::vec((hiding_field(), 0..BREAKS.len(), any::<bool>()), 1..10)
    ) {
        let site = (0..fields.len()).fold(TestSite::new().config(HELD), |site, number| {
            site.post(&format!("{number}.md"), post(number, "", ("", "")))
        });
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline.run(new_year_2025(), Loss::IsBelieved).unwrap();
        let before = everything(&current.load());
        for (number, (field, at, is_open)) in fields.iter().enumerate() {
            prop_assert!(before.contains(&word(number)));
            let mut text = post(number, field, BREAKS[*at]);
            if *is_open {
                // No closing fence, but a line below the field.
                text = text.replace("\n---\n", "\nz: 1\n");
            }
            std::fs::write(site.content().join(format!("{number}.md")), text).unwrap();
        }
        pipeline.read_again();
        pipeline.run(new_year_2025(), Loss::IsBelieved).unwrap();
        let after = everything(&current.load());
        for (number, field) in fields.iter().enumerate() {
            prop_assert!(!after.contains(&word(number)), "{:?}", field);
        }
    }
}

#[test]
fn broken_text_without_a_limit_keeps_the_post() {
    let site = TestSite::new().post("a.md", post(0, "password:", ("", "")));
    let current = Current::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    pipeline.run(new_year_2025(), Loss::IsBelieved).unwrap();
    for field in [
        "password:",
        "encrypted: false",
        "status: published",
        "expires:",
        "publishDate: 2024-06-01",
        "expiryDate: 2099-01-01",
        "permalink: /a/",
        "tags: [draft, password]",
    ] {
        let text = post(0, field, ("", "a: [x\n"));
        std::fs::write(site.content().join("a.md"), text).unwrap();
        pipeline.read_again();
        pipeline.run(new_year_2025(), Loss::IsBelieved).unwrap();
        assert!(everything(&current.load()).contains("quetzal"), "{field}");
    }
}

#[test]
fn empty_lock_is_no_lock() {
    for field in [
        "password:",
        "password: ''",
        "encrypted: false",
        "locked: no",
        "secret: []",
    ] {
        let built = TestSite::new()
            .post("a.md", post(0, field, ("", "")))
            .build();
        assert!(built.text("/rss.xml").contains("quetzal"), "{field}");
        assert_eq!(built.rules(), [], "{field}");
    }
}

#[test]
fn locked_post_has_no_card_where_hidden_posts_have_one() {
    let built = TestSite::new()
        .config("[visibility]\nhidden = \"unlisted\"")
        .post("a.md", post(0, "password: open sesame", ("", "")))
        .build();
    assert!(!built.everything().contains("quetzal"));
}

#[test]
fn password_is_in_no_message() {
    let built = TestSite::new()
        .post("a.md", post(0, "password: sesame", ("", "")))
        .build();
    assert!(!format!("{:?}{:?}", built.verdicts, built.findings).contains("sesame"));
}

#[test]
fn unknown_state_hides_and_is_an_error() {
    let site = |config: &str| {
        TestSite::new()
            .config(config)
            .post("a.md", post(0, "status: evergreen", ("", "")))
            .build()
    };
    let built = site("");
    assert!(!built.everything().contains("quetzal"));
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.severity, finding.line),
        (Rule::UnreadableMarker, Severity::Error, Some(4))
    );
    assert!(
        finding.hint.contains("content.public_states"),
        "{finding:?}"
    );
    let built = site("[content]\npublic_states = [\"Evergreen\"]");
    assert!(built.text("/rss.xml").contains("quetzal"));
    assert_eq!(built.rules(), []);
}

#[test]
fn stray_date_that_would_limit_is_a_warning() {
    for (field, warns) in [
        ("end_date: 2024-06-01", true),
        ("event: x\nstart-date: 2099-06-01", true),
        ("archiveDate: 2024-06-01", true),
        ("end_date: 2099-06-01", false),
        ("start_date: 2024-06-01", false),
        ("updated: 2024-06-01", false),
        ("legend: 2024-06-01", true),
    ] {
        let built = TestSite::new()
            .post("a.md", post(0, field, ("", "")))
            .build();
        assert!(built.text("/rss.xml").contains("quetzal"), "{field}");
        let rules: &[Rule] = if warns { &[Rule::StrayMarker] } else { &[] };
        assert_eq!(built.rules(), rules, "{field}");
    }
}

#[test]
fn broken_section_that_may_hide_hides_all_below() {
    let sections: [&[u8]; 7] = [
        b"---\ndraft: true\nbad: [x\n---\n",
        b"---\ndraft: true\n",
        b"---\ndraft: true\nx: \xff\n---\n",
        b"---\ncascade:\n  draft: true\nbad: [x\n---\n",
        b"---\ncascade: {held-back: true}\nbad: [x\n---\n",
        b"draft: true\n",
        b"+++\ndraft = true\nx = [\n+++\n",
    ];
    for section in sections {
        for name in ["_index.md", "_INDEX.md"] {
            let built = TestSite::new()
                .config(HELD)
                .post(&format!("a/{name}"), section)
                .post("a/b/c.md", post(0, "", ("", "")))
                .post("d.md", plain("Other", "2024-05-02"))
                .build();
            let text = String::from_utf8_lossy(section);
            assert!(!built.everything().contains("quetzal"), "{name}: {text}");
            assert!(built.text("/rss.xml").contains("Other"));
            let rules = built.rules();
            assert!(rules.contains(&Rule::BrokenAndHidden), "{rules:?} {text}");
        }
    }
}

#[test]
fn broken_section_says_what_it_said_before() {
    let broken = "---\ntitle: A\nbad: [x\n---\n";
    let site = TestSite::new().post("a/b.md", post(0, "", ("", "")));
    let first = site.post("a/_index.md", broken).build();
    assert!(!first.everything().contains("quetzal"), "nothing is known");
    for (before, is_public) in [("title: A", true), ("draft: true", false)] {
        let site = TestSite::new()
            .post("a/b.md", post(0, "", ("", "")))
            .post("a/_index.md", format!("---\n{before}\n---\n"));
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline.run(new_year_2025(), Loss::IsBelieved).unwrap();
        std::fs::write(site.content().join("a/_index.md"), broken).unwrap();
        pipeline.read_again();
        pipeline.run(new_year_2025(), Loss::IsBelieved).unwrap();
        let everything = everything(&current.load());
        assert_eq!(everything.contains("quetzal"), is_public, "{before}");
    }
}

#[test]
fn mail_address_of_an_author_reaches_no_artifact() {
    for (author, name) in [
        ("Ada Example <ada@example.org>", Some("Ada Example")),
        ("ada@example.org (Ada Example)", Some("Ada Example")),
        (
            "'\"Ada Example\" <mailto:ada@example.org>'",
            Some("Ada Example"),
        ),
        ("[Ada Example ada@example.org]", Some("Ada Example")),
        (
            "{name: Ada Example, email: ada@example.org}",
            Some("Ada Example"),
        ),
        (
            "{name: 'Ada Example <ada@example.org>'}",
            Some("Ada Example"),
        ),
        (
            "'[Ada Example](mailto:ada@example.org)'",
            Some("Ada Example"),
        ),
        ("Ada Example ada%40example.org", Some("Ada Example")),
        ("Ada Example &lt;ada@example.org&gt;", Some("Ada Example")),
        ("ada@example.org", None),
        (
            "{name: Ada Example, url: 'mailto:ada@example.org'}",
            Some("Ada Example"),
        ),
    ] {
        let built = TestSite::new()
            .post("a.md", post(0, &format!("author: {author}"), ("", "")))
            .build();
        let everything = built.everything();
        assert!(
            !everything.contains("ada@example")
                && !everything.contains("ada%40example")
                && !everything.contains("ada-example-org"),
            "{author}"
        );
        match name {
            Some(name) => assert!(everything.contains(&format!(">{name}<")), "{author}"),
            None => assert_eq!(built.finding().rule, Rule::FieldType, "{author}"),
        }
        assert!(
            !built
                .paths()
                .iter()
                .any(|path| path.contains("example-org")),
            "{author}"
        );
    }
}

#[test]
fn mail_address_of_the_configuration_is_shown() {
    let built = TestSite::new()
        .config("[[authors]]\nname = \"Ada\"\nemail = \"ada@harbour.example\"")
        .post("a.md", post(0, "author: Ada", ("", "")))
        .build();
    assert!(built.text("/atom.xml").contains("ada@harbour.example"));
}
