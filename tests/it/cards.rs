//! Checks the card images, their inputs and the card pages that name them.

use std::path::Path;

use courant::library::{DeletionPolicy, ScanScope};
use courant::model::finding::{Rule, Severity};
use courant::publish::pipeline::{Pipeline, RefreshOutcome};
use courant::publish::snapshot::ResourceContent;

use crate::pixels::{Pixels, assert_matches_approved, draw_card_image};
use crate::support::{Built, TestSite, new_year_2025, plain};

/// Title area of the theme `paper` in pixels: left, top, right, bottom. For a post with author and
/// category.
const TITLE_BOX: [usize; 4] = [92, 186, 1128, 490];

fn post_with_title(title: &str) -> String {
    let title = serde_json::to_string(title).unwrap();
    format!(
        "---\ntitle: {title}\ndate: 2024-05-03\nauthor: Tomás Quell\ncategory: Engineering\n\
         permalink: /a\n---\nThe body.\n"
    )
}

fn draw_card(title: &str) -> Vec<u8> {
    draw_card_of(TestSite::new().post("a.md", post_with_title(title)))
}

fn draw_card_of(site: TestSite) -> Vec<u8> {
    draw_card_image(&site.build().snapshot, "/cards/a.png")
}

fn fixture_path(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(path)
        .display()
        .to_string()
}

fn card_page(built: &Built) -> String {
    built.text("/cards/a")
}

fn meta_property(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("property=\"{name}\" content=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// Encodes a picture of two colours as PNG.
fn two_colour_png() -> Vec<u8> {
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
fn cards_match_their_reviewed_pictures() {
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
        assert_matches_approved(name, &draw_card(title));
    }
    for theme in ["ink", "poster"] {
        let site = TestSite::new().cards(&format!("theme = {theme:?}"));
        let png =
            draw_card_of(site.post("a.md", post_with_title("How we compute the tide tables")));
        assert_matches_approved(theme, &png);
    }
    let fonts = fixture_path("fonts/NotoSansCJKjp-excerpt.woff2");
    let site = TestSite::new().cards(&format!("fonts = [{fonts:?}]"));
    let japanese = post_with_title("港の潮汐表を三十七の分潮から計算する方法について")
        .replace("title:", "lang: ja\ntitle:");
    assert_matches_approved("japanese", &draw_card_of(site.post("a.md", japanese)));
    let site = draw_card_image(&TestSite::new().build().snapshot, "/cards/card.png");
    assert_matches_approved("site", &site);
}

#[test]
fn every_script_is_drawn_with_its_own_glyphs() {
    let fonts = fixture_path("fonts/NotoSansCJKjp-excerpt.woff2");
    let draw_title = |title: &str| {
        let site = TestSite::new().cards(&format!("fonts = [{fonts:?}]"));
        Pixels::decode(&draw_card_of(site.post("a.md", post_with_title(title))))
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
        let (one, other) = (draw_title(one), draw_title(other));
        assert!(
            one.count_ink(TITLE_BOX) > 400,
            "{script}: {} pixels of ink",
            one.count_ink(TITLE_BOX)
        );
        // Replacement boxes would look the same.
        let differing = one.count_differing(&other, TITLE_BOX);
        assert!(differing > 400, "{script}: only {differing} pixels differ");
        assert_eq!(
            one.count_colourful(TITLE_BOX) > 1000,
            script == "emoji",
            "{script}"
        );
    }
    // Arabic letters join: separate letters would have the sum of their ink.
    let joined = draw_title("ممم").count_ink(TITLE_BOX);
    let apart = draw_title("م\u{200c}م\u{200c}م").count_ink(TITLE_BOX);
    assert!(joined.abs_diff(apart) > 200, "{joined} {apart}");
}

#[test]
fn titles_of_any_length_stay_in_their_box() {
    let words = "harbour lights and tide tables of the western coast with buoys ";
    for theme in ["paper", "ink", "poster"] {
        for length in [1, 7, 20, 45, 80, 130, 200, 300] {
            for word in [words.to_owned(), "W".repeat(300), "مرحبا ".repeat(60)] {
                let title: String = word.repeat(10).chars().take(length).collect();
                let site = TestSite::new().cards(&format!("theme = {theme:?}"));
                let card = Pixels::decode(&draw_card_of(
                    site.post("a.md", post_with_title(title.trim())),
                ));
                // Only the discs of the theme `poster` are between title area and edge.
                let margin = if title.contains('م') {
                    [28, 150, 66, 310]
                } else {
                    [1134, 150, 1172, 310]
                };
                let ink = card.count_ink(margin);
                let beyond = card.count_ink(if theme == "paper" {
                    [92, 503, 1128, 515]
                } else {
                    [92, 530, 700, 532]
                });
                assert_eq!(
                    beyond, 0,
                    "{theme}, {length}: the title runs into the footer"
                );
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
fn card_is_at_most_300_kb_with_any_picture() {
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
            post_with_title("Noise").replace("date:", "image: /noise.png\ndate:"),
        );
    let png = draw_card_of(site);
    assert!(
        png.len() <= 300_000 && png.len() > 100_000,
        "{} bytes",
        png.len()
    );
}

#[test]
fn card_fingerprint_covers_every_input_and_is_reproducible() {
    let fingerprint_and_bytes = |site: TestSite| {
        let built = site.build();
        let resource = built.snapshot.get("/cards/a.png").unwrap();
        let ResourceContent::Lazy { body: deferred, .. } = &resource.content else {
            panic!("deferred")
        };
        (
            deferred.fingerprint.clone(),
            deferred.renderer.render_body().unwrap(),
        )
    };
    let site = || TestSite::new().post("a.md", post_with_title("A title"));
    let fonts = fixture_path("fonts/NotoSansCJKjp-excerpt.woff2");
    let (name, bytes) = fingerprint_and_bytes(site());
    let again = fingerprint_and_bytes(site().post("b.md", plain("Another", "2024-01-01")));
    assert_eq!(name, again.0);
    assert!(bytes == again.1);
    let others = [
        TestSite::new().post("a.md", post_with_title("Another title")),
        TestSite::new().post(
            "a.md",
            post_with_title("A title").replace("Tomás", "Thomas"),
        ),
        TestSite::new().post(
            "a.md",
            post_with_title("A title").replace("Engineering", "News"),
        ),
        TestSite::new().post("a.md", post_with_title("A title").replace("2024", "2023")),
        site().cards("theme = \"ink\""),
        site().config("theme_color = \"#aa0000\""),
        site()
            .cards("template = \"t.html\"")
            .file("t.html", "<p>{{ title }}</p>"),
        site()
            .cards("logo = \"l.png\"")
            .file("l.png", two_colour_png()),
        site().cards(&format!("fonts = [{fonts:?}]")),
        TestSite::new().post(
            "a.md",
            post_with_title("A title").replace("date:", "lang: de\ndate:"),
        ),
        TestSite::new()
            .title("Another")
            .post("a.md", post_with_title("A title")),
    ];
    let mut names = vec![name];
    for other in others {
        let (name, _) = fingerprint_and_bytes(other);
        assert!(
            !names.contains(&name),
            "change {} keeps the fingerprint",
            names.len()
        );
        names.push(name);
    }
}

#[test]
fn site_picture_is_checked_like_post_pictures() {
    let site = TestSite::new()
        .config("image = \"/cover.png\"\n[content]\nstatic_dir = \"static\"")
        .file("static/cover.png", two_colour_png())
        .build();
    let page = site.text("/cards/");
    assert_eq!(
        meta_property(&page, "og:image:width").as_deref(),
        Some("600")
    );
    let missing = TestSite::new()
        .config("image = \"/none.png\"\n[content]\nstatic_dir = \"static\"")
        .build();
    assert_eq!(missing.rules(), [Rule::MissingPicture]);
}

#[test]
fn previews_show_the_configured_picture() {
    let with_own = post_with_title("A title")
        .replace("date:", "image: /cover.png\nimageAlt: What it shows\ndate:");
    let site = |picture: &str, post: &str| {
        TestSite::new()
            .config("[content]\nstatic_dir = \"static\"")
            .cards(&format!("picture = {picture:?}"))
            .file("static/cover.png", two_colour_png())
            .post("a.md", post)
    };
    let own = card_page(&site("own", &with_own).build());
    let assert_property = |html: &str, name: &str, value: &str| {
        assert_eq!(meta_property(html, name).as_deref(), Some(value), "{name}");
    };
    assert_property(&own, "og:image", "https://example.org/cover.png");
    assert_property(&own, "og:image:width", "600");
    assert_property(&own, "og:image:height", "900");
    assert_property(&own, "og:image:type", "image/png");
    assert_property(&own, "og:image:alt", "What it shows");
    for (picture, post) in [
        ("drawn", &*with_own),
        ("framed", &with_own),
        ("own", &post_with_title("A title")),
    ] {
        let site = site(picture, post);
        let built = site.build();
        let html = card_page(&built);
        let resource = built.snapshot.get("/cards/a.png").unwrap();
        let ResourceContent::Lazy { body: deferred, .. } = &resource.content else {
            panic!("deferred")
        };
        let url = format!("https://example.org/cards/a.png?v={}", deferred.fingerprint);
        assert_property(&html, "og:image", &url);
        assert_property(&html, "og:image:width", "1200");
        assert_property(&html, "og:image:height", "630");
        assert_property(&html, "og:image:type", "image/png");
        assert_property(&html, "og:image:alt", "A title · Tomás Quell · Example");
        assert!(html.contains("name=\"twitter:card\" content=\"summary_large_image\""));
        assert!(html.contains(&format!("\"image\":[\"{url}\"]")), "JSON-LD");
        let card = Pixels::decode(&draw_card_image(&built.snapshot, "/cards/a.png"));
        let framed = card.count_colourful([800, 0, 1190, 630]) > 200_000;
        assert_eq!(framed, picture == "framed", "{picture}");
    }
}

#[test]
fn feeds_show_the_card_image_of_posts_without_a_picture() {
    let built = TestSite::new()
        .post("a.md", post_with_title("Without"))
        .post(
            "b.md",
            plain("With", "2024-01-01").replace("date:", "image: /b.jpg\ndate:"),
        )
        .build();
    let url = meta_property(&card_page(&built), "og:image").unwrap();
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
fn missing_picture_is_replaced_by_the_card() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .file("static/cover.png", two_colour_png())
        .post(
            "a.md",
            post_with_title("A").replace("date:", "image: /none.png\ndate:"),
        );
    let outputs = ["/rss.xml", "/atom.xml", "/feed.json", "/cards/a"];
    let built = site.build();
    assert_eq!(built.rules(), [Rule::MissingPicture]);
    for path in outputs {
        let text = built.text(path);
        assert!(!text.contains("none.png"), "{path}: {text}");
        assert!(
            text.contains("https://example.org/cards/a.png?v="),
            "{path}"
        );
    }
    let site = site.file("static/none.png", two_colour_png());
    let built = site.build();
    for path in outputs {
        assert!(built.text(path).contains("/none.png"), "{path}");
    }
    // The generator publishes the files of a page bundle, which are not in the static directory.
    let bundle = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .file("static/cover.png", two_colour_png())
        .post(
            "b/index.md",
            plain("B", "2024-01-01").replace("date:", "image: c.png\ndate:"),
        )
        .build();
    assert_eq!(bundle.rules(), []);
    assert!(
        bundle
            .text("/rss.xml")
            .contains("https://example.org/b/c.png")
    );
}

#[test]
fn picture_of_a_page_bundle_is_found_by_its_name() {
    let built = TestSite::new()
        .post(
            "b/index.md",
            plain("B", "2024-01-01") + "\n![Other](/a.png)\n",
        )
        .post("b/a-cover.jpg", "")
        .post("b/My Feature.png", "")
        .post("b/feature.svg", "")
        .build();
    let json = built.text("/feed.json");
    assert!(
        json.contains("\"image\": \"https://example.org/b/My%20Feature.png\""),
        "{json}"
    );
}

#[test]
fn post_at_a_card_image_address_has_no_card() {
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
    // The same with the newer and the older post exchanged.
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
fn missing_glyph_is_reported_and_not_drawn_as_a_box() {
    let built = TestSite::new()
        .post("a.md", post_with_title("About กข and more"))
        .build();
    let finding = built.finding();
    assert_eq!((finding.rule, &*finding.file), (Rule::MissingGlyph, "a.md"));
    assert_eq!(
        finding.message,
        "no font has `ก` (U+0E01) and 1 more; the card is drawn without them"
    );
    let without = draw_card("About and more");
    let ResourceContent::Lazy { .. } = &built.snapshot.get("/cards/a.png").unwrap().content else {
        panic!("deferred")
    };
    let (with, without) = (
        Pixels::decode(&draw_card_image(&built.snapshot, "/cards/a.png")),
        Pixels::decode(&without),
    );
    assert_eq!(with.count_differing(&without, [0, 0, 1200, 630]), 0);
    // A glyph that every card needs is reported once.
    let built = TestSite::new()
        .config("[[authors]]\nname = \"x\"")
        .title("The ข")
        .post("a.md", post_with_title("A"))
        .post("b.md", plain("ข", "2024-01-01"))
        .build();
    assert_eq!(built.finding().file, "config.toml");
}

#[test]
fn missing_glyphs_are_checked_after_the_post_is_published() {
    let site = TestSite::new().post("a.md", plain("Egyptian \u{13000}", "2024-01-01"));
    let mut pipeline = site.pipeline();
    let outcome =
        pipeline.refresh_scope(&ScanScope::All, new_year_2025(), DeletionPolicy::Immediate);
    assert_eq!(outcome.unwrap(), RefreshOutcome::Published);
    let rules = |pipeline: &Pipeline| -> Vec<Rule> {
        let findings = pipeline.content_status().findings.iter();
        findings.map(|finding| finding.rule).collect()
    };
    assert_eq!(rules(&pipeline), []);
    pipeline.lint_if_few();
    assert_eq!(rules(&pipeline), [Rule::MissingGlyph]);
}

#[test]
fn broken_template_is_reported_and_the_theme_is_used() {
    let built = TestSite::new()
        .cards("template = \"card.html\"")
        .file("card.html", "<p>fine</p>\n<p>{{ titel }}</p>\n")
        .post("a.md", post_with_title("How we compute the tide tables"))
        .build();
    let finding = built.finding();
    assert_eq!(
        (finding.rule, finding.line, finding.severity),
        (Rule::CardTemplate, Some(2), Severity::Error)
    );
    assert!(finding.file.ends_with("card.html"), "{}", finding.file);
    assert_matches_approved("plain", &draw_card_image(&built.snapshot, "/cards/a.png"));
    let built = TestSite::new().cards("template = \"none.html\"").build();
    assert_eq!(built.rules(), [Rule::CardTemplate]);
}

#[test]
fn unusable_fonts_logo_and_pictures_are_reported_and_left_out() {
    let built = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("fonts = [\"font.ttf\"]\nlogo = \"logo.png\"")
        .file("font.ttf", "no font")
        .file("logo.png", "no picture")
        .file("static/broken.jpg", "no picture either")
        .post(
            "a.md",
            post_with_title("A").replace("date:", "image: /broken.jpg\ndate:"),
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
    assert!(!draw_card_image(&built.snapshot, "/cards/a.png").is_empty());
}

#[test]
fn changed_picture_is_not_drawn_under_the_old_fingerprint() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("picture = \"framed\"")
        .file("static/cover.png", two_colour_png())
        .post(
            "a.md",
            post_with_title("A").replace("date:", "image: /cover.png\ndate:"),
        );
    let built = site.build();
    std::fs::write(site.root().join("static/cover.png"), b"another").unwrap();
    let ResourceContent::Lazy { body: deferred, .. } =
        &built.snapshot.get("/cards/a.png").unwrap().content
    else {
        panic!("deferred")
    };
    let error = deferred.renderer.render_body().expect_err("stale");
    assert_eq!(
        error,
        courant::model::artifact::LazyRenderError::SourceChanged("cover.png".into())
    );
}

#[test]
fn custom_template_gets_the_logo_and_every_field() {
    let template = "<style>\n.all { width: 1200px; height: 630px; background: var(--accent); color: var(--on-accent);\n\
        font-size: 20px; }\nimg { width: 200px; height: 300px; position: absolute; right: 0; top: 0 }\n</style>\n\
        <div class=\"all\">{{ title }}|{{ site }}|{{ host }}|{{ description }}|{{ author }}|{{ authors | join(',') }}|\
        {{ date }}|{{ date_iso }}|{{ category }}|{{ categories | length }}|{{ language }}|{{ direction }}|\
        {{ colours.accent }}{% if logo %}<img src=\"{{ logo }}\">{% endif %}{% if cover %}!{% endif %}</div>";
    let site = TestSite::new()
        .config("theme_color = \"#101080\"")
        .cards("template = \"card.html\"\nlogo = \"logo.png\"")
        .file("card.html", template)
        .file("logo.png", two_colour_png())
        .post("a.md", post_with_title("A title"));
    let built = site.build();
    assert_eq!(built.rules(), []);
    let card = Pixels::decode(&draw_card_image(&built.snapshot, "/cards/a.png"));
    assert_eq!(card.pixel_at(5, 600), [0x10, 0x10, 0x80]);
    assert_eq!(card.pixel_at(1100, 50), [200, 30, 60]);
    assert!(card.count_ink([0, 0, 1000, 60]) > 1000);
}

#[test]
fn title_size_does_not_depend_on_equal_text_elsewhere() {
    let same = draw_card_of(TestSite::new().post("a.md", post_with_title("Engineering")));
    let other = draw_card_of(TestSite::new().post("a.md", post_with_title("Engineerings")));
    let (same, other) = (Pixels::decode(&same), Pixels::decode(&other));
    let (one, more) = (same.count_ink(TITLE_BOX), other.count_ink(TITLE_BOX));
    assert!(
        one * 10 > more * 8,
        "{one} pixels of ink, and {more} with a letter more"
    );
    // The size also fits if a template writes more than the title in its element.
    let template = "<style>.t { width: 1000px; height: 300px; font: 800 var(--title-size)/1.1 Inter; \
        overflow-wrap: var(--title-wrap); text-transform: uppercase; }</style>\
        <div class=\"t\">“{{ title }}” (new)</div>";
    let site = TestSite::new()
        .cards("template = \"t.html\"")
        .file("t.html", template);
    let card = draw_card_of(site.post(
        "a.md",
        post_with_title(&"A title that goes on and on with straße ".repeat(5)),
    ));
    let card = Pixels::decode(&card);
    assert_eq!(
        (
            card.count_ink([0, 310, 1200, 630]),
            card.count_ink([1004, 0, 1200, 300])
        ),
        (0, 0)
    );
}

#[test]
fn oversized_picture_is_reported_and_its_size_is_known() {
    let mut huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    huge.extend([0, 0, 0x20, 0, 0, 0, 0x20, 0, 8, 6, 0, 0, 0]);
    let built = |picture: &str| {
        TestSite::new()
            .config("[content]\nstatic_dir = \"static\"")
            .cards(&format!("picture = {picture:?}"))
            .file("static/huge.png", &huge)
            .post(
                "a.md",
                post_with_title("A").replace("date:", "image: /huge.png\ndate:"),
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
        meta_property(&card_page(&own), "og:image:width").as_deref(),
        Some("8192")
    );
}

#[test]
fn undrawable_templates_are_reported_and_the_theme_is_used() {
    let deep = format!(
        "{}{{{{ title }}}}{}",
        "<div>".repeat(250),
        "</div>".repeat(250)
    );
    let not = format!("{{{{ {}title }}}}", "not ".repeat(12_000));
    let minus = format!("{{{{ {}1 }}}}", "-".repeat(50_000));
    let long = "x".repeat(70_000);
    for (case, template) in [("deep", deep), ("long", long)] {
        let built = TestSite::new()
            .cards("template = \"t.html\"")
            .file("t.html", template)
            .build();
        assert_eq!(built.rules(), [Rule::CardTemplate], "{case}");
        assert!(built.finding().message.len() < 400, "{case}");
        assert!(
            !draw_card_image(&built.snapshot, "/cards/card.png").is_empty(),
            "{case}"
        );
    }
    // These may parse or not, but must not crash the process.
    for template in [not, minus] {
        let built = TestSite::new()
            .cards("template = \"t.html\"")
            .file("t.html", template)
            .build();
        assert!(!draw_card_image(&built.snapshot, "/cards/card.png").is_empty());
    }
}

#[test]
#[cfg(unix)]
fn named_pipe_does_not_block_reading() {
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
fn truncated_font_is_a_finding() {
    let whole = std::fs::read(fixture_path("fonts/NotoSansCJKjp-excerpt.woff2")).unwrap();
    let sfnt = courant::cards::font::FontFile::parse("whole", whole)
        .unwrap()
        .data;
    let built = TestSite::new()
        .cards("fonts = [\"cut.otf\"]")
        .file("cut.otf", &sfnt[..sfnt.len() / 2])
        .build();
    assert_eq!(built.rules(), [Rule::UnusableFont]);
}

#[test]
fn next_picture_replaces_a_missing_one() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .file("static/b.png", two_colour_png())
        .post(
            "a.md",
            "---\ntitle: A\ndate: 2024-01-01\nimage: /none.png\n---\nA. ![](/gone.png) ![B](/b.png)\n",
        );
    let built = site.build();
    assert_eq!(built.rules(), [Rule::MissingPicture]);
    for (path, element) in [
        ("/rss.xml", " url=\"https://example.org/b.png\""),
        ("/atom.xml", " url=\"https://example.org/b.png\""),
        ("/feed.json", "\"image\": \"https://example.org/b.png\""),
        (
            "/cards/a/",
            "property=\"og:image\" content=\"https://example.org/b.png\"",
        ),
    ] {
        let text = built.text(path);
        assert!(text.contains(element), "{path}: {text}");
    }
    let built = site.file("static/none.png", two_colour_png()).build();
    assert!(
        built
            .text("/cards/a/")
            .contains("content=\"https://example.org/none.png\"")
    );
}
