//! Checks enclosures in every spelling and format, the feeds of podcasts, and their findings.

use std::path::Path;

use courant::check::analysis::ContentAnalysis;
use courant::config::Config;
use courant::init::{format_config, propose_config};
use courant::library::DeletionPolicy;
use courant::model::finding::Rule;
use courant::progress::Progress;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::{ResourceContent, SnapshotHandle};
use proptest::prelude::*;
use serde_json::Value;

use crate::init::create_site;
use crate::support::{Built, TestSite, new_year_2025, resource_text};

const PODCAST: &str = "[podcast]\nauthor = \"Ada & Co\"\nowner_name = \"Ada\"\nowner_email = \"ada@example.org\"\nimage = \"/cover.png\"\ncategories = [\"Society & Culture > Documentary\", \"News\"]\nexplicit = false\n";

fn post(front: &str) -> String {
    format!("---\ntitle: One\ndate: 2024-05-01\npermalink: /a/\n{front}\n---\nBody.\n")
}

/// Returns the attachments of the only item as `url length type duration`.
fn attachments(built: &Built) -> Vec<String> {
    let json: Value = serde_json::from_str(&built.text("/feed.json")).unwrap();
    let list = json["items"][0]["attachments"].as_array().cloned();
    let list = list.unwrap_or_default();
    let describe = |one: &Value| {
        let url = one["url"].as_str().unwrap();
        format!(
            "{} {} {} {}",
            url.replace("https://example.org", ""),
            one["size_in_bytes"],
            one["mime_type"].as_str().unwrap(),
            one["duration_in_seconds"]
        )
    };
    list.iter().map(describe).collect()
}

#[test]
fn every_spelling_of_an_enclosure_is_read() {
    for (front, expected) in [
        (
            "enclosure: {url: /x.mp3, length: 9, type: audio/mpeg}",
            "/x.mp3 9 audio/mpeg null",
        ),
        (
            "enclosure: |\n  https://c.example/x.mp3\n  9\n  audio/mpeg\n  a:1:{}",
            "https://c.example/x.mp3 9 audio/mpeg null",
        ),
        (
            "enclosure: \"https://c.example/x.mp3 9 audio/mpeg\"",
            "https://c.example/x.mp3 9 audio/mpeg null",
        ),
        (
            "enclosures:\n  - |\n    https://c.example/x.mp3\n    9\n    audio/mpeg",
            "https://c.example/x.mp3 9 audio/mpeg null",
        ),
        (
            "audio: /x.m4a\nlength: 9\nduration: '1:02:03'",
            "/x.m4a 9 audio/x-m4a 3723",
        ),
        (
            "audio_url: https://c.example/download/7\naudio_type: audio/ogg\naudio_size: 9\nduration: PT5M48S",
            "https://c.example/download/7 9 audio/ogg 348",
        ),
        (
            "podcast_file: x.mp3\npodcast_bytes: '9'\npodcast_duration: '14:02'",
            "/a/x.mp3 9 audio/mpeg 842",
        ),
        (
            "podcast_link: http://c.example/x.mp3\npodcast_file_size: 13.7 MB\npodcast_length: 9",
            "http://c.example/x.mp3 9 audio/mpeg null",
        ),
        (
            "podcast:\n  episode: 217\n  file: >-\n    FTE 217, Ginger (Moon).mp3\n  size: 9",
            "/a/FTE%20217,%20Ginger%20(Moon).mp3 9 audio/mpeg null",
        ),
        (
            "audio: {ogg: x.ogg}\nfilesize: {ogg: 9}\nduration: '0:03:13'",
            "/a/x.ogg 9 audio/ogg 193",
        ),
        (
            "episode:\n  number: 3\n  audio:\n    - {url: /x.m4a, mimeType: audio/mp4, size: 9, title: MP4}",
            "/x.m4a 9 audio/mp4 null",
        ),
        (
            "episode: {filename: x.mp3, seasonNumber: 1, size: 9, duration: '0:54:43.120'}",
            "/a/x.mp3 9 audio/mpeg 3283",
        ),
        (
            "media: /path/to/x.mp3\nlength: 9\ntype: audio/mpeg\nduration: 3600",
            "/path/to/x.mp3 9 audio/mpeg 3600",
        ),
        ("video: {src: /x.mp4, size: 9}", "/x.mp4 9 video/mp4 null"),
        (
            "params: {audio: {file: /x.mp3, bytes: 9}}",
            "/x.mp3 9 audio/mpeg null",
        ),
        (
            "extra: {audio: {url: /x.mp3, byteLength: 9}}",
            "/x.mp3 9 audio/mpeg null",
        ),
    ] {
        let built = TestSite::new().post("a.md", post(front)).build();
        assert_eq!(attachments(&built), [expected], "{front}");
        assert_eq!(built.findings, [], "{front}");
    }
}

#[test]
fn map_by_format_has_an_enclosure_for_each() {
    let front = "audio: {mp3: a.mp3, ogg: a.ogg}\nfilesize: {mp3: 7, ogg: 8}\nduration: '0:03:13'";
    let built = TestSite::new().post("a.md", post(front)).build();
    let expected = ["/a/a.mp3 7 audio/mpeg 193", "/a/a.ogg 8 audio/ogg 193"];
    assert_eq!(attachments(&built), expected);
    assert_eq!(built.findings, []);
}

#[test]
fn words_switches_and_pages_are_no_enclosures() {
    for front in [
        "audio: true",
        "podcast: false",
        "podcast: My show",
        "video: yes/no",
        "audio: ''",
        "episode: 12",
        "video: https://video.example/watch?v=1",
        "podcast: https://podcasts.example/show/1",
        "video: {id: abc, provider: tube}",
        "media: /img/a.jpg",
        "enclosure: []",
        "media: {width: 1}",
    ] {
        let built = TestSite::new().post("a.md", post(front)).build();
        assert_eq!(attachments(&built), Vec::<String>::new(), "{front}");
        assert_eq!(built.findings, [], "{front}");
    }
    for front in [
        "audio: ftp://c.example/x.mp3",
        "audio: '{{ site.cdn }}/x.mp3'",
    ] {
        let built = TestSite::new().post("a.md", post(front)).build();
        assert_eq!(attachments(&built), Vec::<String>::new(), "{front}");
        assert_eq!(built.rules(), [Rule::FieldType], "{front}");
    }
}

#[test]
fn each_format_has_all_enclosures_and_rss_one() {
    let front = "audio:\n  - {url: /x.mp3, length: 9, title: 'A & \"B\"'}\n  - {url: /x.ogg, length: 8, duration: 61}";
    let built = TestSite::new().post("a.md", post(front)).build();
    let rss = built.text("/rss.xml");
    assert_eq!(rss.matches("<enclosure ").count(), 1);
    assert!(rss.contains(
        "<enclosure url=\"https://example.org/x.mp3\" length=\"9\" type=\"audio/mpeg\"/>"
    ));
    assert!(rss.contains("<media:content duration=\"61\" fileSize=\"8\" medium=\"audio\" type=\"audio/ogg\" url=\"https://example.org/x.ogg\""), "{rss}");
    assert!(rss.contains("xmlns:media=") && !rss.contains("itunes:"));
    let atom = built.text("/atom.xml");
    assert!(atom.contains("<link href=\"https://example.org/x.mp3\" rel=\"enclosure\" type=\"audio/mpeg\" title=\"A &amp; &quot;B&quot;\" length=\"9\"/>"), "{atom}");
    assert!(atom.contains("<link href=\"https://example.org/x.ogg\" rel=\"enclosure\" type=\"audio/ogg\" length=\"8\"/>"));
    assert_eq!(
        attachments(&built),
        ["/x.mp3 9 audio/mpeg null", "/x.ogg 8 audio/ogg 61"]
    );
}

#[test]
fn length_comes_from_the_static_directory_and_follows_it() {
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"\n[[feeds]]\npath = \"/few.xml\"\nlimit = 1")
        .file("static/audio/x.mp3", "12345")
        .post("a.md", post("audio: /audio/x.mp3"))
        .post(
            "b.md",
            "---\ntitle: Two\ndate: 2024-04-01\naudio: /audio/y.mp3\n---\nB.\n",
        );
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let mut refresh = || {
        let outcome = pipeline.refresh_all(new_year_2025(), DeletionPolicy::Immediate);
        outcome.unwrap();
        let snapshot = current.load_snapshot();
        let page = snapshot.get("/few/2.xml").unwrap();
        let ResourceContent::Lazy { body, .. } = &page.content else {
            panic!("further pages are lazy");
        };
        let rss = resource_text(&snapshot.get("/rss.xml").unwrap());
        (rss, resource_text(&page), body.fingerprint.clone())
    };
    let (rss, page, fingerprint) = refresh();
    assert!(rss.contains("x.mp3\" length=\"5\"") && rss.contains("y.mp3\" length=\"0\""));
    assert!(page.contains("y.mp3\" length=\"0\""));
    std::fs::write(site.root().join("static/audio/y.mp3"), "123").unwrap();
    let (rss, page, later) = refresh();
    assert_ne!(fingerprint, later, "a feed reader gets the new length");
    assert!(rss.contains("y.mp3\" length=\"3\"") && page.contains("y.mp3\" length=\"3\""));
}

#[test]
fn unknown_length_and_type_are_reported() {
    let built = TestSite::new()
        .post("a.md", post("audio: https://c.example/x.mp3"))
        .build();
    assert_eq!(built.finding().rule, Rule::EnclosureLength);
    assert_eq!(built.finding().line, Some(5));
    assert!(
        built
            .text("/rss.xml")
            .contains("length=\"0\" type=\"audio/mpeg\"")
    );
    let built = TestSite::new()
        .post(
            "a.md",
            post("enclosure: {url: 'https://c.example/x', length: 7}"),
        )
        .build();
    assert_eq!(built.finding().rule, Rule::EnclosureLength);
    assert!(
        built
            .text("/rss.xml")
            .contains("length=\"7\" type=\"audio/mpeg\"")
    );
}

#[test]
fn podcast_feed_describes_the_podcast() {
    let config = format!(
        "copyright = \"C\"\n{PODCAST}title = \"Talks\"\ntype = \"serial\"\nlocked = true\nfunding = {{ url = \"/pay\", text = \"Pay <us>\" }}\ncomplete = true\nnew_feed_url = \"https://new.example/p.xml\""
    );
    let built = TestSite::new()
        .config(&config)
        .post("a.md", post("audio: {url: /x.mp3, length: 9}"))
        .post("b.md", "---\ntitle: Only text\ndate: 2024-05-02\n---\nB.\n")
        .post(
            "c.md",
            "---\ntitle: Paper\ndate: 2024-05-02\nenclosure: {url: /x.pdf, length: 9}\n---\nB.\n",
        )
        .build();
    let rss = built.text("/podcast.xml");
    for expected in [
        "<title>Talks</title>",
        "<copyright>C</copyright>",
        "<language>en</language>",
        "<itunes:author>Ada &amp; Co</itunes:author>",
        "<itunes:category text=\"Society &amp; Culture\">\n      <itunes:category text=\"Documentary\">",
        "<itunes:category text=\"News\">",
        "<itunes:image href=\"https://example.org/cover.png\"/>",
        "<itunes:explicit>false</itunes:explicit>",
        "<itunes:complete>Yes</itunes:complete>",
        "<itunes:new-feed-url>https://new.example/p.xml</itunes:new-feed-url>",
        "<itunes:email>ada@example.org</itunes:email>",
        "<itunes:type>serial</itunes:type>",
        "<podcast:locked owner=\"ada@example.org\">yes</podcast:locked>",
        "<podcast:funding url=\"https://example.org/pay\">Pay &lt;us&gt;</podcast:funding>",
        "<url>https://example.org/cover.png</url>",
        "x.mp3\" length=\"9\"",
    ] {
        assert!(rss.contains(expected), "{expected}: {rss}");
    }
    assert_eq!(
        rss.matches("<item>").count(),
        1,
        "only audio and video are episodes"
    );
    let others = built.text("/rss.xml") + &built.text("/atom.xml") + &built.text("/feed.json");
    assert!(
        !others.contains("itunes:") && !others.contains("podcast:") && !others.contains("ada@")
    );
}

#[test]
fn guid_follows_the_feed_url_unless_it_is_given() {
    let guid = |config: &str| {
        let site = TestSite::new()
            .config(config)
            .post("a.md", post("audio: /x.mp3"));
        let rss = site.build().text("/podcast.xml");
        let (_, rest) = rss.split_once("<podcast:guid>").unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    assert_eq!(guid(PODCAST), "e29b26c4-63d9-5b35-bbb6-8bcbab6c3ba6");
    let config = format!("{PODCAST}guid = \"917393E3-1B1E-5CEF-ACE4-EDAA54E1F810\"");
    assert_eq!(guid(&config), "917393e3-1b1e-5cef-ace4-edaa54e1f810");
}

#[test]
fn episode_fields_of_every_tool_reach_the_podcast() {
    for front in [
        "episode: 7\nseason: 2\nepisode_type: bonus\nexplicit: 'yes'\nepisode_image: /e.jpg\nitunes_title: Short\nitunes_block: true\nduration: 1:00:01\naudio: {url: /x.mp3, length: 9}",
        "episode: {title: Short, episodeNumber: 7, seasonNumber: 2, episodeType: Bonus, explicit: true, image: /e.jpg, block: yes, filename: /x.mp3, size: 9, duration: 3601}",
        "podcast:\n  episode: '#7'\n  season: 2\n  type: bonus\n  explicit: explicit\n  cover: /e.jpg\n  title: Short\n  block: true\n  file: /x.mp3\n  size: 9\n  duration: '01:00:01'",
        "itunes: {episode: 7, season: 2, episodeType: bonus, explicit: true, image: /e.jpg, title: Short, block: true, duration: '60:01'}\nenclosure: {url: /x.mp3, length: 9}",
    ] {
        let built = TestSite::new()
            .config(PODCAST)
            .post("a.md", post(front))
            .build();
        let rss = built.text("/podcast.xml");
        for expected in [
            "<itunes:episode>7</itunes:episode>",
            "<itunes:season>2</itunes:season>",
            "<itunes:episodeType>bonus</itunes:episodeType>",
            "<itunes:explicit>true</itunes:explicit>",
            "<itunes:image href=\"https://example.org/e.jpg\">",
            "<itunes:title>Short</itunes:title>",
            "<itunes:block>Yes</itunes:block>",
            "<itunes:duration>3601</itunes:duration>",
        ] {
            assert!(rss.contains(expected), "{front}\n{expected}: {rss}");
        }
        assert_eq!(built.findings, [], "{front}");
        assert!(!built.text("/rss.xml").contains("itunes:"));
    }
}

#[test]
fn chapters_transcripts_and_persons_reach_the_podcast() {
    let front = "audio: {url: /x.mp3, length: 9}\nchapters: /c.json\ntranscript:\n  - /t.vtt\n  - {url: /t.srt, language: de}\nhosts: [ada-lovelace, Grace Hopper]\nguests:\n  - {name: 'Bob <B>', role: Editor, img: /b.jpg, href: 'https://bob.example'}";
    let built = TestSite::new()
        .config(PODCAST)
        .post("a.md", post(front))
        .build();
    let rss = built.text("/podcast.xml");
    for expected in [
        "<podcast:chapters type=\"application/json+chapters\" url=\"https://example.org/c.json\"",
        "<podcast:transcript type=\"text/vtt\" url=\"https://example.org/t.vtt\"",
        "<podcast:transcript language=\"de\" type=\"application/x-subrip\" url=\"https://example.org/t.srt\"",
        "<podcast:person>Grace Hopper</podcast:person>",
        "<podcast:person href=\"https://bob.example/\" img=\"https://example.org/b.jpg\" role=\"editor\">Bob &lt;B&gt;</podcast:person>",
    ] {
        assert!(rss.contains(expected), "{expected}: {rss}");
    }
    assert!(
        !rss.contains("ada-lovelace"),
        "a name of a file is no person"
    );
}

#[test]
fn podcast_of_configured_feeds_has_its_filter_and_all_episodes() {
    let config = format!(
        "{PODCAST}feeds = [\"/talks.xml\"]\nmedia_url = \"https://cdn.example/media\"\n[feed]\nlimit = 1\n[[feeds]]\npath = \"/talks.xml\"\ncategory = \"Talks\"\ntitle = \"T\""
    );
    let mut site = TestSite::new().config(&config);
    for (name, category) in [("a", "Talks"), ("b", "Talks"), ("c", "News")] {
        let text = format!(
            "---\ntitle: {name}\ndate: 2024-05-01\ncategory: {category}\npodcast_file: {name}.mp3\npodcast_bytes: 9\n---\n"
        );
        site = site.post(&format!("{name}.md"), text);
    }
    let built = site.build();
    let rss = built.text("/talks.xml");
    assert_eq!(rss.matches("<item>").count(), 2);
    assert!(rss.contains("https://cdn.example/media/a.mp3") && rss.contains("<title>T</title>"));
    assert!(built.snapshot.get("/podcast.xml").is_none());
}

#[test]
fn faults_of_the_podcast_section_are_reported() {
    for (toml, message) in [
        (
            "feeds = [\"/rss.xml\"]",
            "`podcast.feeds` is the path of a built-in output",
        ),
        (
            "feeds = [\"/n.json\"]\n[[feeds]]\npath = \"/n.json\"",
            "names a feed that is not RSS",
        ),
        (
            "owner_email = \"x\"",
            "`podcast.owner_email` is not an e-mail address",
        ),
        ("guid = \"x\"", "`podcast.guid` is not a UUID"),
        ("type = \"x\"", "`podcast.type` is `x`"),
        (
            "funding = { text = \"x\" }",
            "`podcast.funding.url` is missing",
        ),
        (
            "image = \"mailto:x\"",
            "`podcast.image` is not a web address",
        ),
    ] {
        let toml = format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[podcast]\n{toml}\n");
        let found = Config::parse(&toml, "config.toml", Path::new("/")).unwrap_err();
        assert!(
            found
                .iter()
                .any(|finding| finding.message.contains(message)),
            "{toml}: {found:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn hostile_values_give_well_formed_podcasts(text in "[ -~\u{80}-\u{2ff}<>&\"'\\]]{1,40}", url in "[a-z<>&\"' ]{1,12}") {
        let text = format!("x{text}");
        let json = serde_json::to_string(&text).unwrap();
        let url = serde_json::to_string(&format!("/{url}.mp3")).unwrap();
        let front = format!("enclosures: [{{url: {url}, title: {json}, type: {json}}}, {{url: /b.ogg, title: {json}}}]\nitunes_title: {json}\nchapters: {url}\ntranscript: {{url: {url}, type: text/vtt, language: {json}}}\nguests: [{{name: {json}, role: {json}, href: {url}}}]\nepisode_image: {url}");
        let config = format!("[podcast]\nauthor = {json}\nowner_name = {json}\ncategories = [{json}]\ncopyright = {json}\nfunding = {{ url = \"/a&b\", text = {json} }}");
        let built = TestSite::new().config(&config).post("a.md", post(&front)).build();
        let channel = rss::Channel::read_from(built.text("/podcast.xml").as_bytes()).unwrap();
        prop_assert_eq!(channel.items().len(), 1);
        let itunes = channel.itunes_ext().unwrap();
        prop_assert_eq!(itunes.author().unwrap().trim(), text.trim());
        atom_syndication::Feed::read_from(built.text("/atom.xml").as_bytes()).unwrap();
        rss::Channel::read_from(built.text("/rss.xml").as_bytes()).unwrap();
    }
}

/// Returns the findings of `check`, as rule and message.
fn run_check(site: TestSite) -> Vec<(Rule, String)> {
    let config = site.parsed_config();
    let analysis = ContentAnalysis::analyze_content(&config, new_year_2025(), &Progress::default());
    let findings = analysis.unwrap().findings.into_iter();
    findings
        .map(|finding| (finding.rule, finding.message))
        .collect()
}

#[test]
fn missing_details_of_a_podcast_are_reported() {
    let found = run_check(TestSite::new().config(
        "former_urls = [\"https://old.example\"]\n[podcast]\ncategories = [\"Tech\", \"Arts > Design\", \"Arts > Tech\"]",
    ));
    assert!(found.iter().all(|(rule, _)| *rule == Rule::PodcastChannel));
    for expected in [
        "`podcast.image` is missing",
        "`podcast.explicit` is missing",
        "`Tech` is not",
        "`Arts > Tech` is not",
        "`podcast.guid` is missing",
        "has no episode",
    ] {
        assert!(
            found.iter().any(|(_, message)| message.contains(expected)),
            "{expected}: {found:?}"
        );
    }
    assert_eq!(found.len(), 6, "{found:?}");
    let complete = TestSite::new().config(PODCAST).post(
        "a.md",
        post("date: 2024-05-01T10:00:00Z\naudio: {url: /x.mp3, length: 9}").replacen(
            "date: 2024-05-01\n",
            "",
            1,
        ),
    );
    assert_eq!(run_check(complete), []);
}

#[test]
fn artwork_must_be_square_and_of_a_size() {
    let png = |width: u32, height: u32| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        bytes.extend(b"\x08\x02\0\0\0\0\0\0\0");
        bytes
    };
    for (width, height, is_fit) in [
        (1400, 1400, true),
        (3000, 3000, true),
        (1399, 1399, false),
        (3001, 3001, false),
        (1400, 1500, false),
    ] {
        let site = TestSite::new()
            .config(&format!(
                "{PODCAST}feeds = []\n[content]\nstatic_dir = \"static\""
            ))
            .file("static/cover.png", png(width, height));
        let found = run_check(site);
        let rules: Vec<Rule> = found.iter().map(|(rule, _)| *rule).collect();
        let expected: &[Rule] = if is_fit { &[] } else { &[Rule::PodcastArtwork] };
        assert_eq!(rules, expected, "{width} × {height}: {found:?}");
    }
}

#[test]
fn files_of_two_posts_and_missing_files_are_reported() {
    let text = |title: &str| {
        format!(
            "---\ntitle: {title}\ndate: 2024-05-01T10:00:00Z\ndescription: About it\naudio: /x.mp3\n---\nB.\n"
        )
    };
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .post("a.md", text("One"))
        .post("b.md", text("Two"));
    let rules: Vec<Rule> = run_check(site).iter().map(|(rule, _)| *rule).collect();
    assert_eq!(
        rules,
        [
            Rule::EnclosureLength,
            Rule::EnclosureLength,
            Rule::DuplicateEnclosure
        ]
    );
}

#[test]
fn init_writes_the_podcast_of_a_site() {
    let jekyll = "url: https://e.org\ntitle: E\npodcast:\n  title: Talks\n  author: Ada\n  owner: Bo\n  email: bo@e.org\n  explicit: no\n  category: TV &amp; Film\n  subcategory: TV Reviews\n";
    let older = "url: https://e.org\ntitle: E\npodcast_title: Talks\npodcast_author: Ada\npodcast_owner: Bo\npodcast_email: bo@e.org\npodcast_category: TV & Film\npodcast_subcategory_one: TV Reviews\npodcast_explicit: \"no\"\n";
    let hugo = "baseURL = 'https://e.org'\ntitle = 'E'\n[params.feed]\nitunes_author = 'Ada'\nitunes_owner_name = 'Bo'\nitunes_owner_email = 'bo@e.org'\nitunes_top_category = 'TV & Film'\nitunes_first_sub_category = 'TV Reviews'\nexplicit = 'no'\n";
    for (file, text, post) in [
        ("_config.yml", jekyll, "_posts/2024-05-01-a.md"),
        ("_config.yml", older, "_posts/2024-05-01-a.md"),
        ("hugo.toml", hugo, "content/a.md"),
    ] {
        let site = create_site(&[
            (file, text),
            (post, "---\ntitle: a\ndate: 2024-05-01\n---\n"),
        ]);
        let toml = format_config(&propose_config(&site.root()).unwrap(), &site.root());
        let (_, podcast) = toml.split_once("[podcast]\n").expect(&toml);
        for line in [
            "author = \"Ada\"\n",
            "owner_name = \"Bo\"\n",
            "categories = [\"TV & Film > TV Reviews\"]\n",
            "explicit = false\n",
        ] {
            assert!(podcast.contains(line), "{line}: {toml}");
        }
        assert!(
            !toml.contains("bo@e.org"),
            "an address is not published by itself"
        );
    }
    let plain = "url: https://e.org\ntitle: E\npodcast: {title: Talks}\n";
    let site = create_site(&[
        ("_config.yml", plain),
        ("_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
    ]);
    let toml = format_config(&propose_config(&site.root()).unwrap(), &site.root());
    assert!(!toml.contains("[podcast]"), "{toml}");
}

#[test]
fn limit_of_bytes_counts_media_and_the_podcast() {
    let item = |number: usize| {
        let guests: Vec<String> = (0..40)
            .map(|guest| {
                format!("{{name: '\"&<> {number} {guest}', role: '&&&&', href: '/{guest}?a&b'}}")
            })
            .collect();
        let guests = guests.join(", ");
        let long = "a&".repeat(150);
        let files: Vec<String> = (0..9)
            .map(|file| format!("{{url: '/{number}/{file}.ogg?{long}', length: 99999999, duration: 99999, title: '\"&<>'}}"))
            .collect();
        let files = files.join(", ");
        format!(
            "---\ntitle: Post {number}\ndate: 2024-05-{:02}\nenclosures: [{files}]\nguests: [{guests}]\ntranscript: ['/{number}.vtt?a&b', /{number}.srt]\nepisode: 9\nseason: 9\nexplicit: true\nepisode_type: trailer\nitunes_block: true\nitunes_title: '&&&'\nepisode_image: '/{number}.jpg?a&b'\nchapters: /{number}.json\n---\nText of the post.\n",
            number + 1
        )
    };
    let build = |max_bytes: usize| {
        let config = format!("[feed]\nmax_bytes = {max_bytes}\n{PODCAST}locked = true\n");
        let site = TestSite::new().config(&config);
        let site = (0..20).fold(site, |site, number| {
            site.post(&format!("{number}.md"), item(number))
        });
        site.build()
    };
    let whole = build(0);
    for path in ["/podcast.xml", "/rss.xml", "/atom.xml", "/feed.json"] {
        let limit = whole.text(path).len() - 1;
        let length = build(limit).text(path).len();
        assert!(length <= limit, "{path}: {length} of {limit}");
    }
}
