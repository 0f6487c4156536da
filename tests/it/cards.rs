//! Cards: what is drawn, of what, and who is shown it.

use std::path::Path;

use courant::content::{Loss, Scope};
use courant::finding::{Rule, Severity};
use courant::pipeline::{Outcome, Pipeline};
use courant::snapshot::Content;

use crate::pixels::{Pixels, assert_looks_as_before, drawn};
use crate::support::{Built, TestSite, new_year_2025, plain};

/// Where the theme `paper` has the title of a post with author and category.
const TITLE: [usize; 4] = [92, 186, 1128, 490];

fn post(title: &str) -> String {
    let title = serde_json::to_string(title).unwrap();
    format!(
        "---\ntitle: {title}\ndate: 2024-05-03\nauthor: Tomás Quell\ncategory: Engineering\n\
         permalink: /a\n---\nThe body.\n"
    )
}

fn card(title: &str) -> Vec<u8> {
    card_of(TestSite::new().post("a.md", post(title)))
}

fn card_of(site: TestSite) -> Vec<u8> {
    drawn(&site.build().snapshot, "/cards/a.png")
}

fn fixture(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(path)
        .display()
        .to_string()
}

fn html(built: &Built) -> String {
    built.text("/cards/a")
}

fn property(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("property=\"{name}\" content=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// A picture of two colours, as bytes of a PNG.
fn two_colours() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 600, 900);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = (0..600 * 900)
        .flat_map(|place| {
            if place < 600 * 450 {
                [200, 30, 60]
            } else {
                [20, 60, 160]
            }
        })
        .collect();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn cards_look_as_they_did_when_they_were_looked_at() {
    let long = "A title that is as long as those of academic papers and of release announcements, \
                which name what is new, what is old, who is thanked, and what it is all about";
    let cases = [
        ("plain", "How we compute the tide tables"),
        ("long", long),
        ("short", "Go"),
        (
            "word",
            "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenfabrikantenwitwenrente",
        ),
        ("escaped", "<b>&amp;amp; {{ title }} \"quoted\" </div>"),
        ("cyrillic-greek", "Яблоко от яблони και λογισμικό ανοιχτού"),
        ("arabic", "مرحبا بالعالم: كيف نحسب جداول المد والجزر"),
        ("hebrew", "שלום עולם: איך אנחנו מחשבים (חלק 2)"),
        ("devanagari", "नमस्ते दुनिया: हम ज्वार-भाटा तालिका"),
        ("emoji", "Emoji 🎉 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️ 1️⃣ in a title"),
        ("combining", "e\u{301}a\u{300}o\u{302} and Đặng Việt"),
    ];
    for (name, title) in cases {
        assert_looks_as_before(name, &card(title));
    }
    for theme in ["ink", "poster"] {
        let site = TestSite::new().cards(&format!("theme = {theme:?}"));
        let png = card_of(site.post("a.md", post("How we compute the tide tables")));
        assert_looks_as_before(theme, &png);
    }
    let fonts = fixture("fonts/NotoSansCJKjp-excerpt.woff2");
    let site = TestSite::new().cards(&format!("fonts = [{fonts:?}]"));
    let japanese = post("港の潮汐表を三十七の分潮から計算する方法について")
        .replace("title:", "lang: ja\ntitle:");
    assert_looks_as_before("japanese", &card_of(site.post("a.md", japanese)));
    let site = drawn(&TestSite::new().build().snapshot, "/cards/.png");
    assert_looks_as_before("site", &site);
}

#[test]
fn every_script_is_drawn_with_glyphs_of_its_own() {
    let fonts = fixture("fonts/NotoSansCJKjp-excerpt.woff2");
    let of = |title: &str| {
        let site = TestSite::new().cards(&format!("fonts = [{fonts:?}]"));
        Pixels::decode(&card_of(site.post("a.md", post(title))))
    };
    for (script, one, other) in [
        ("Latin", "n", "u"),
        ("Cyrillic", "ж", "ф"),
        ("Greek", "ξ", "ψ"),
        ("Arabic", "م", "ك"),
        ("Hebrew", "ש", "מ"),
        ("Devanagari", "न", "क"),
        ("Han", "港", "潮"),
        ("kana", "の", "る"),
        ("emoji", "🎉", "👍"),
    ] {
        let (one, other) = (of(one), of(other));
        assert!(
            one.ink(TITLE) > 400,
            "{script}: {} pixels of ink",
            one.ink(TITLE)
        );
        // Two boxes would be the same.
        let differing = one.differing(&other, TITLE);
        assert!(differing > 400, "{script}: only {differing} pixels differ");
        assert_eq!(one.colourful(TITLE) > 1000, script == "emoji", "{script}");
    }
    // Letters of Arabic join: apart, they would have the sum of their ink.
    let joined = of("ممم").ink(TITLE);
    let apart = of("م\u{200c}م\u{200c}م").ink(TITLE);
    assert!(joined.abs_diff(apart) > 200, "{joined} {apart}");
}

#[test]
fn titles_of_every_length_stay_in_their_place() {
    let words = "harbour lights and tide tables of the western coast with buoys ";
    for theme in ["paper", "ink", "poster"] {
        for length in [1, 7, 20, 45, 80, 130, 200, 300] {
            for word in [words.to_owned(), "W".repeat(300), "مرحبا ".repeat(60)] {
                let title: String = word.repeat(10).chars().take(length).collect();
                let site = TestSite::new().cards(&format!("theme = {theme:?}"));
                let card = Pixels::decode(&card_of(site.post("a.md", post(title.trim()))));
                // Between the title's place and the edge there is nothing but the discs of a poster.
                let margin = if title.contains('م') {
                    [28, 150, 66, 310]
                } else {
                    [1134, 150, 1172, 310]
                };
                let ink = card.ink(margin);
                let beyond = card.ink(if theme == "paper" {
                    [92, 503, 1128, 515]
                } else {
                    [92, 530, 700, 532]
                });
                assert_eq!(beyond, 0, "{theme}, {length}: into the foot");
                assert_eq!(
                    ink,
                    0,
                    "{theme}, {length} letters of `{}…`",
                    &title[..1.min(title.len())].trim()
                );
            }
        }
    }
}

#[test]
fn a_card_is_at_most_300_kb_whatever_picture_is_in_it() {
    let mut n = 1_u32;
    let noise: Vec<u8> = (0..900 * 900 * 3)
        .map(|_| {
            n ^= n << 13;
            n ^= n >> 17;
            n ^= n << 5;
            (n >> 8) as u8
        })
        .collect();
    let mut cover = Vec::new();
    let mut encoder = png::Encoder::new(&mut cover, 900, 900);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&noise).unwrap();
    writer.finish().unwrap();
    let template = "<img src=\"{{ cover }}\" style=\"width:1200px;height:630px;object-fit:cover\">";
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("picture = \"framed\"\ntemplate = \"card.html\"")
        .file("static/noise.png", &cover)
        .file("card.html", template)
        .post(
            "a.md",
            post("Noise").replace("date:", "image: /noise.png\ndate:"),
        );
    let png = card_of(site);
    assert!(
        png.len() <= 300_000 && png.len() > 100_000,
        "{} bytes",
        png.len()
    );
}

#[test]
fn the_same_card_has_the_same_bytes_and_name_everywhere_and_every_part_of_it_counts() {
    let made = |site: TestSite| {
        let built = site.build();
        let resource = built.snapshot.get("/cards/a.png").unwrap();
        let Content::Deferred { deferred, .. } = &resource.content else {
            panic!("deferred")
        };
        (deferred.fingerprint.clone(), deferred.draw.draw().unwrap())
    };
    let site = || TestSite::new().post("a.md", post("A title"));
    let fonts = fixture("fonts/NotoSansCJKjp-excerpt.woff2");
    let (name, bytes) = made(site());
    let again = made(site().post("b.md", plain("Another", "2024-01-01")));
    assert_eq!(name, again.0);
    assert!(bytes == again.1);
    let others = [
        TestSite::new().post("a.md", post("Another title")),
        TestSite::new().post("a.md", post("A title").replace("Tomás", "Thomas")),
        TestSite::new().post("a.md", post("A title").replace("Engineering", "News")),
        TestSite::new().post("a.md", post("A title").replace("2024", "2023")),
        site().cards("theme = \"ink\""),
        site().config("theme_color = \"#aa0000\""),
        site()
            .cards("template = \"t.html\"")
            .file("t.html", "<p>{{ title }}</p>"),
        site()
            .cards("logo = \"l.png\"")
            .file("l.png", two_colours()),
        site().cards(&format!("fonts = [{fonts:?}]")),
        TestSite::new().post("a.md", post("A title").replace("date:", "lang: de\ndate:")),
        TestSite::new()
            .title("Another")
            .post("a.md", post("A title")),
    ];
    let mut names = vec![name];
    for other in others {
        let (name, _) = made(other);
        assert!(!names.contains(&name), "{} is not in the name", names.len());
        names.push(name);
    }
}

#[test]
fn the_picture_of_the_site_is_looked_at_as_those_of_posts_are() {
    let site = TestSite::new()
        .config("image = \"/cover.png\"\n[content]\nstatic_dir = \"static\"")
        .file("static/cover.png", two_colours())
        .build();
    let page = site.text("/cards/");
    assert_eq!(property(&page, "og:image:width").as_deref(), Some("600"));
    let missing = TestSite::new()
        .config("image = \"/none.png\"\n[content]\nstatic_dir = \"static\"")
        .build();
    assert_eq!(missing.rules(), [Rule::MissingPicture]);
}

#[test]
fn previews_show_the_own_picture_or_the_drawn_one_as_configured() {
    let with_own =
        post("A title").replace("date:", "image: /cover.png\nimageAlt: What it shows\ndate:");
    let site = |picture: &str, post: &str| {
        TestSite::new()
            .config("[content]\nstatic_dir = \"static\"")
            .cards(&format!("picture = {picture:?}"))
            .file("static/cover.png", two_colours())
            .post("a.md", post)
    };
    let own = html(&site("own", &with_own).build());
    let is = |html: &str, name: &str, value: &str| {
        assert_eq!(property(html, name).as_deref(), Some(value), "{name}");
    };
    is(&own, "og:image", "https://example.org/cover.png");
    is(&own, "og:image:width", "600");
    is(&own, "og:image:height", "900");
    is(&own, "og:image:type", "image/png");
    is(&own, "og:image:alt", "What it shows");
    for (picture, post) in [
        ("drawn", &*with_own),
        ("framed", &with_own),
        ("own", &post("A title")),
    ] {
        let site = site(picture, post);
        let built = site.build();
        let html = html(&built);
        let resource = built.snapshot.get("/cards/a.png").unwrap();
        let Content::Deferred { deferred, .. } = &resource.content else {
            panic!("deferred")
        };
        let url = format!("https://example.org/cards/a.png?v={}", deferred.fingerprint);
        is(&html, "og:image", &url);
        is(&html, "og:image:width", "1200");
        is(&html, "og:image:height", "630");
        is(&html, "og:image:type", "image/png");
        is(&html, "og:image:alt", "A title · Tomás Quell · Example");
        assert!(html.contains("name=\"twitter:card\" content=\"summary_large_image\""));
        assert!(html.contains(&format!("\"image\":[\"{url}\"]")), "JSON-LD");
        let card = Pixels::decode(&drawn(&built.snapshot, "/cards/a.png"));
        let framed = card.colourful([800, 0, 1190, 630]) > 200_000;
        assert_eq!(framed, picture == "framed", "{picture}");
    }
}

#[test]
fn feeds_show_the_drawn_picture_of_a_post_that_has_none() {
    let built = TestSite::new()
        .post("a.md", post("Without"))
        .post(
            "b.md",
            plain("With", "2024-01-01").replace("date:", "image: /b.jpg\ndate:"),
        )
        .build();
    let url = property(&html(&built), "og:image").unwrap();
    let rss = built.text("/rss.xml");
    let thumbnail = format!("<media:thumbnail height=\"630\" url=\"{url}\" width=\"1200\"");
    assert!(rss.contains(&thumbnail), "{rss}");
    assert_eq!(rss.matches("<media:thumbnail").count(), 1);
    assert_eq!(rss.matches("<media:content").count(), 1);
    let atom = built.text("/atom.xml");
    assert_eq!(atom.matches("<media:thumbnail").count(), 1, "{atom}");
    assert!(atom.contains(&url));
    let json = built.text("/feed.json");
    assert!(json.contains(&format!("\"image\": \"{url}\"")), "{json}");
    assert!(json.contains("\"image\": \"https://example.org/b.jpg\""));
}

#[test]
fn a_post_where_anothers_picture_is_has_no_card() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: A\ndate: 2024-02-01\npermalink: /a\n---\n",
        )
        .post(
            "b.md",
            "---\ntitle: B\ndate: 2024-01-01\npermalink: /a.png\n---\n",
        )
        .build();
    assert_eq!(built.finding().rule, Rule::DuplicateCard);
    assert!(built.finding().message.contains("a.md"));
    assert!(built.text("/rss.xml").contains("<title>B</title>"));
    // The other way round as well.
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: A\ndate: 2024-01-01\npermalink: /a\n---\n",
        )
        .post(
            "b.md",
            "---\ntitle: B\ndate: 2024-02-01\npermalink: /a.png\n---\n",
        )
        .build();
    assert_eq!(built.finding().rule, Rule::DuplicateCard);
    assert_eq!(built.finding().file, "a.md");
}

#[test]
fn a_character_that_no_font_has_is_reported_and_never_drawn_as_a_box() {
    let built = TestSite::new()
        .post("a.md", post("About กข and more"))
        .build();
    let finding = built.finding();
    assert_eq!((finding.rule, &*finding.file), (Rule::MissingGlyph, "a.md"));
    assert_eq!(
        finding.message,
        "no font has `ก` (U+0E01) and 1 more, so the card is drawn without"
    );
    let without = card("About and more");
    let Content::Deferred { .. } = &built.snapshot.get("/cards/a.png").unwrap().content else {
        panic!("deferred")
    };
    let (with, without) = (
        Pixels::decode(&drawn(&built.snapshot, "/cards/a.png")),
        Pixels::decode(&without),
    );
    assert_eq!(with.differing(&without, [0, 0, 1200, 630]), 0);
    // What all cards lack is said once.
    let built = TestSite::new()
        .config("[[authors]]\nname = \"x\"")
        .title("The ข")
        .post("a.md", post("A"))
        .post("b.md", plain("ข", "2024-01-01"))
        .build();
    assert_eq!(built.finding().file, "config.toml");
}

#[test]
fn what_only_the_operator_is_told_is_looked_for_after_the_post_is_served() {
    let site = TestSite::new().post("a.md", plain("Egyptian \u{13000}", "2024-01-01"));
    let mut pipeline = site.pipeline();
    let outcome = pipeline.run_at(&Scope::All, new_year_2025(), Loss::IsBelieved);
    assert_eq!(outcome.unwrap(), Outcome::Published);
    let rules = |pipeline: &Pipeline| -> Vec<Rule> {
        let findings = pipeline.status().findings.iter();
        findings.map(|finding| finding.rule).collect()
    };
    assert_eq!(rules(&pipeline), []);
    pipeline.advise_on_few();
    assert_eq!(rules(&pipeline), [Rule::MissingGlyph]);
}

#[test]
fn a_broken_template_is_a_finding_with_its_line_and_the_theme_draws() {
    let built = TestSite::new()
        .cards("template = \"card.html\"")
        .file("card.html", "<p>fine</p>\n<p>{{ titel }}</p>\n")
        .post("a.md", post("How we compute the tide tables"))
        .build();
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.line, finding.severity),
        (Rule::CardTemplate, Some(2), Severity::Error)
    );
    assert!(finding.file.ends_with("card.html"), "{}", finding.file);
    assert_looks_as_before("plain", &drawn(&built.snapshot, "/cards/a.png"));
    let built = TestSite::new().cards("template = \"none.html\"").build();
    assert_eq!(built.rules(), [Rule::CardTemplate]);
}

#[test]
fn what_is_wrong_with_fonts_logo_and_pictures_is_reported_and_the_rest_is_drawn() {
    let built = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("fonts = [\"font.ttf\"]\nlogo = \"logo.png\"")
        .file("font.ttf", "no font")
        .file("logo.png", "no picture")
        .file("static/broken.jpg", "no picture either")
        .post(
            "a.md",
            post("A").replace("date:", "image: /broken.jpg\ndate:"),
        )
        .post(
            "b.md",
            plain("B", "2024-01-01").replace("date:", "image: /none.jpg\ndate:"),
        )
        .build();
    let mut rules = built.rules();
    rules.sort();
    assert_eq!(
        rules,
        [
            Rule::UnusableFont,
            Rule::MissingPicture,
            Rule::UnusablePicture,
            Rule::UnusablePicture
        ]
    );
    assert!(!drawn(&built.snapshot, "/cards/a.png").is_empty());
}

#[test]
fn a_picture_that_changed_since_is_not_drawn_under_the_old_name() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("picture = \"framed\"")
        .file("static/cover.png", two_colours())
        .post(
            "a.md",
            post("A").replace("date:", "image: /cover.png\ndate:"),
        );
    let built = site.build();
    std::fs::write(site.root().join("static/cover.png"), b"another").unwrap();
    let Content::Deferred { deferred, .. } = &built.snapshot.get("/cards/a.png").unwrap().content
    else {
        panic!("deferred")
    };
    let error = deferred.draw.draw().expect_err("stale");
    assert_eq!(
        error,
        courant::artifact::DrawError::Stale("cover.png".into())
    );
}

#[test]
fn a_template_of_the_sites_own_draws_with_logo_and_every_field() {
    let template = "<style>\n.all { width: 1200px; height: 630px; background: var(--accent); color: var(--on-accent);\n\
        font-size: 20px; }\nimg { width: 200px; height: 300px; position: absolute; right: 0; top: 0 }\n</style>\n\
        <div class=\"all\">{{ title }}|{{ site }}|{{ host }}|{{ description }}|{{ author }}|{{ authors | join(',') }}|\
        {{ date }}|{{ date_iso }}|{{ category }}|{{ categories | length }}|{{ language }}|{{ direction }}|\
        {{ colours.accent }}{% if logo %}<img src=\"{{ logo }}\">{% endif %}{% if cover %}!{% endif %}</div>";
    let site = TestSite::new()
        .config("theme_color = \"#101080\"")
        .cards("template = \"card.html\"\nlogo = \"logo.png\"")
        .file("card.html", template)
        .file("logo.png", two_colours())
        .post("a.md", post("A title"));
    let built = site.build();
    assert_eq!(built.rules(), []);
    let card = Pixels::decode(&drawn(&built.snapshot, "/cards/a.png"));
    assert_eq!(card.at(5, 600), [0x10, 0x10, 0x80]);
    assert_eq!(card.at(1100, 50), [200, 30, 60]);
    assert!(card.ink([0, 0, 1000, 60]) > 1000);
}

#[test]
fn a_title_is_as_large_whatever_else_on_the_card_says_the_same() {
    let same = card_of(TestSite::new().post("a.md", post("Engineering")));
    let other = card_of(TestSite::new().post("a.md", post("Engineerings")));
    let (same, other) = (Pixels::decode(&same), Pixels::decode(&other));
    let (one, more) = (same.ink(TITLE), other.ink(TITLE));
    assert!(
        one * 10 > more * 8,
        "{one} pixels of ink, and {more} with a letter more"
    );
    // And in a template that writes more than the title into its element.
    let template = "<style>.t { width: 1000px; height: 300px; font: 800 var(--title-size)/1.1 Inter; \
        overflow-wrap: var(--title-wrap); text-transform: uppercase; }</style>\
        <div class=\"t\">“{{ title }}” (new)</div>";
    let site = TestSite::new()
        .cards("template = \"t.html\"")
        .file("t.html", template);
    let card = card_of(site.post(
        "a.md",
        post(&"A title that goes on and on with straße ".repeat(5)),
    ));
    let card = Pixels::decode(&card);
    assert_eq!(
        (
            card.ink([0, 310, 1200, 630]),
            card.ink([1004, 0, 1200, 300])
        ),
        (0, 0)
    );
}

#[test]
fn a_picture_that_cards_cannot_be_drawn_with_is_told_and_its_size_is_known_all_the_same() {
    let mut huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    huge.extend([0, 0, 0x20, 0, 0, 0, 0x20, 0, 8, 6, 0, 0, 0]);
    let built = |picture: &str| {
        TestSite::new()
            .config("[content]\nstatic_dir = \"static\"")
            .cards(&format!("picture = {picture:?}"))
            .file("static/huge.png", &huge)
            .post(
                "a.md",
                post("A").replace("date:", "image: /huge.png\ndate:"),
            )
            .build()
    };
    let framed = built("framed");
    assert_eq!(framed.finding().rule, Rule::UnusablePicture);
    assert!(
        framed.finding().message.contains("25 million"),
        "{:?}",
        framed.finding()
    );
    let own = built("own");
    assert_eq!(own.rules(), []);
    assert_eq!(
        property(&html(&own), "og:image:width").as_deref(),
        Some("8192")
    );
}

#[test]
fn templates_that_nothing_can_draw_are_findings_and_the_theme_draws() {
    let deep = format!(
        "{}{{{{ title }}}}{}",
        "<div>".repeat(250),
        "</div>".repeat(250)
    );
    let not = format!("{{{{ {}title }}}}", "not ".repeat(12_000));
    let minus = format!("{{{{ {}1 }}}}", "-".repeat(50_000));
    let long = "x".repeat(70_000);
    for (what, template) in [("deep", deep), ("long", long)] {
        let built = TestSite::new()
            .cards("template = \"t.html\"")
            .file("t.html", template)
            .build();
        assert_eq!(built.rules(), [Rule::CardTemplate], "{what}");
        assert!(built.finding().message.len() < 400, "{what}");
        assert!(!drawn(&built.snapshot, "/cards/.png").is_empty(), "{what}");
    }
    // These may be fine or not; what they may not do is to end the process.
    for template in [not, minus] {
        let built = TestSite::new()
            .cards("template = \"t.html\"")
            .file("t.html", template)
            .build();
        assert!(!drawn(&built.snapshot, "/cards/.png").is_empty());
    }
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_not_waited_for() {
    for key in ["template", "logo", "fonts"] {
        let value = if key == "fonts" {
            "[\"pipe\"]"
        } else {
            "\"pipe\""
        };
        let site = TestSite::new().cards(&format!("{key} = {value}"));
        let pipe = site.root().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo runs").success());
        let built = site.build();
        assert_eq!(built.findings.len(), 1, "{key}: {:?}", built.findings);
    }
}

#[test]
fn a_font_that_was_cut_off_is_a_finding_and_draws_nothing() {
    let whole = std::fs::read(fixture("fonts/NotoSansCJKjp-excerpt.woff2")).unwrap();
    let sfnt = courant::font::FontFile::read("whole", whole).unwrap().data;
    let built = TestSite::new()
        .cards("fonts = [\"cut.otf\"]")
        .file("cut.otf", &sfnt[..sfnt.len() / 2])
        .build();
    assert_eq!(built.rules(), [Rule::UnusableFont]);
}
