//! Checks that RSS, Atom and JSON Feed hold the same entries and are well formed.

use atom_syndication::{Feed as Atom, Text, TextType};
use proptest::prelude::*;
use rss::Channel;
use serde_json::Value;

use crate::support::{Built, TestSite, plain};

/// Fields of an entry that all formats share.
#[derive(Debug, PartialEq)]
struct EntryFields {
    id: String,
    url: String,
    title: String,
    summary: String,
    content: Option<String>,
    published: i64,
    authors: Vec<String>,
    categories: Vec<String>,
}

fn entries_from_rss(text: &str) -> Vec<EntryFields> {
    let channel = Channel::read_from(text.as_bytes()).expect("RSS");
    let entry = |item: &rss::Item| EntryFields {
        id: item.guid().unwrap().value.clone(),
        url: item.link().unwrap().into(),
        title: item.title().unwrap().into(),
        summary: unescape_html(item.description().unwrap_or_default()),
        content: item.content().map(str::to_owned),
        published: chrono::DateTime::parse_from_rfc2822(item.pub_date().unwrap())
            .unwrap()
            .timestamp(),
        authors: item
            .dublin_core_ext()
            .map(|dc| dc.creators.clone())
            .unwrap_or_default(),
        categories: item
            .categories()
            .iter()
            .map(|category| category.name.clone())
            .collect(),
    };
    channel.items().iter().map(entry).collect()
}

/// Returns a text construct as plain text.
fn plain_text(text: &Text) -> String {
    match text.r#type {
        TextType::Html => unescape_html(&text.value),
        _ => text.value.clone(),
    }
}

fn unescape_html(html: &str) -> String {
    let html = html.replace("&lt;", "<").replace("&gt;", ">");
    html.replace("&amp;", "&")
}

fn entries_from_atom(text: &str) -> Vec<EntryFields> {
    let feed = Atom::read_from(text.as_bytes()).expect("Atom");
    let entry = |entry: &atom_syndication::Entry| EntryFields {
        id: entry.id.clone(),
        url: entry.links[0].href.clone(),
        title: plain_text(&entry.title),
        summary: entry.summary.as_ref().map(plain_text).unwrap_or_default(),
        content: entry
            .content
            .as_ref()
            .and_then(|content| content.value.clone()),
        published: entry.published.unwrap().timestamp(),
        authors: entry
            .authors
            .iter()
            .map(|person| person.name.clone())
            .collect(),
        categories: entry
            .categories
            .iter()
            .map(|category| category.label.clone().unwrap())
            .collect(),
    };
    feed.entries.iter().map(entry).collect()
}

fn entries_from_json(text: &str) -> Vec<EntryFields> {
    let json: Value = serde_json::from_str(text).expect("JSON");
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value, member: fn(&Value) -> &Value| {
        value
            .as_array()
            .map(|items| items.iter().map(|item| string(member(item))).collect())
            .unwrap_or_default()
    };
    let entry = |item: &Value| EntryFields {
        id: string(&item["id"]),
        url: string(&item["url"]),
        title: string(&item["title"]),
        summary: string(&item["summary"]),
        content: item["content_html"].as_str().map(str::to_owned),
        published: chrono::DateTime::parse_from_rfc3339(item["date_published"].as_str().unwrap())
            .unwrap()
            .timestamp(),
        authors: list(&item["authors"], |author| &author["name"]),
        categories: list(&item["tags"], |tag| tag),
    };
    json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(entry)
        .collect()
}

/// Asserts that all three formats have equal entries, and returns them.
fn assert_formats_agree(built: &Built, dir: &str) -> Vec<EntryFields> {
    let rss = entries_from_rss(&built.text(&format!("{dir}rss.xml")));
    assert_eq!(
        rss,
        entries_from_atom(&built.text(&format!("{dir}atom.xml")))
    );
    assert_eq!(
        rss,
        entries_from_json(&built.text(&format!("{dir}feed.json")))
    );
    rss
}

const HOSTILE_POST: &str = "---\ntitle: \"let's <break> & ]]> \\\"it\\\" \\\\ </title>\"\nauthor: [\"<Ada> & Co\", {name: Bob, url: 'https://e.org/bob'}]\ncategory: [{value: x, label: \"R&D <b>\"}, \"]]>\"]\ndate: 2024-05-01T10:00:00Z\nupdated: 2024-06-01\ndescription: \"A <summary> & ]]> more\"\nimage: {src: /a.jpg, alt: \"<alt> & \\\"quoted\\\"\"}\nenclosures: [{url: '/a\"&<b>.mp3', length: 9, title: \"<t> & \\\"q\\\" ]]>\"}, {url: /b.ogg, length: 8, duration: '1:01'}]\n---\n<b>Body</b> & `]]>` &amp;lt; <script>alert(1)</script>\n\n```html\n<![CDATA[ ]]>\n```\n";

#[test]
fn all_formats_agree_on_a_hostile_post() {
    let built = TestSite::new()
        .post("a.md", HOSTILE_POST)
        .post("b.md", plain("Plain", "2024-04-01"))
        .build();
    let entries = assert_formats_agree(&built, "/");
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].title, "let's <break> & ]]> \"it\" \\ </title>");
    assert_eq!(entries[0].authors, ["<Ada> & Co", "Bob"]);
    assert_eq!(entries[0].categories, ["R&D <b>", "]]>"]);
    assert_eq!(entries[0].summary, "A <summary> & ]]> more");
    let content = entries[0].content.as_deref().unwrap();
    assert!(
        content.contains("<b>Body</b>")
            && content.contains("<code>]]&gt;</code>")
            && !content.contains("alert"),
        "{content}"
    );
}

#[test]
fn rss_matches_its_snapshot() {
    let built = TestSite::new().post("a.md", HOSTILE_POST).build();
    insta::assert_snapshot!("rss", built.text("/rss.xml"));
}

#[test]
fn atom_matches_its_snapshot() {
    let built = TestSite::new().post("a.md", HOSTILE_POST).build();
    insta::assert_snapshot!("atom", built.text("/atom.xml"));
}

#[test]
fn json_feed_matches_its_snapshot() {
    let built = TestSite::new().post("a.md", HOSTILE_POST).build();
    insta::assert_snapshot!("json_feed", built.text("/feed.json"));
}

#[test]
fn each_category_and_author_has_three_feeds() {
    let post = |title: &str, category: &str, author: &str, day: u8| {
        format!(
            "---\ntitle: {title}\ndate: 2024-01-{day:02}\ncategory: [{category}]\nauthor: {author}\n---\n"
        )
    };
    let built = TestSite::new()
        .post("a.md", post("Aye", "News & More", "Ada Example", 1))
        .post("b.md", post("Bee", "Новости", "Ada Example", 2))
        .post("c.md", post("Sea", "News & More", "Bob", 3))
        .build();
    let titles = |dir: &str| {
        assert_formats_agree(&built, dir)
            .into_iter()
            .map(|entry| entry.title)
            .collect::<Vec<_>>()
    };
    assert_eq!(titles("/"), ["Sea", "Bee", "Aye"]);
    assert_eq!(titles("/category/news-more/"), ["Sea", "Aye"]);
    assert_eq!(
        titles("/category/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/"),
        ["Bee"]
    );
    assert_eq!(titles("/author/ada-example/"), ["Bee", "Aye"]);
    assert_eq!(titles("/author/bob/"), ["Sea"]);
    let rss = built.text("/category/news-more/rss.xml");
    assert!(rss.contains("<title>News &#x26; More – Example</title>"));
    assert!(rss.contains("href=\"https://example.org/category/news-more/rss.xml\" rel=\"self\""));
}

#[test]
fn feed_holds_the_newest_posts_up_to_the_limit() {
    let site = (1..=30).fold(TestSite::new(), |site, day| {
        site.post(
            &format!("{day}.md"),
            plain(&format!("Day {day}"), &format!("2024-01-{day:02}")),
        )
    });
    let built = site.build();
    let entries = assert_formats_agree(&built, "/");
    assert_eq!(
        (
            entries.len(),
            entries[0].title.as_str(),
            entries[19].title.as_str()
        ),
        (20, "Day 30", "Day 11")
    );
    let all = (1..=30)
        .fold(TestSite::new(), |site, day| {
            site.post(
                &format!("{day}.md"),
                plain(&format!("Day {day}"), &format!("2024-01-{day:02}")),
            )
        })
        .config("[feed]\nlimit = 0");
    assert_eq!(assert_formats_agree(&all.build(), "/").len(), 30);
}

#[test]
fn summary_feeds_have_no_content() {
    let built = TestSite::new()
        .config("[feed]\ncontent = \"summary\"")
        .post("a.md", HOSTILE_POST)
        .build();
    let entries = assert_formats_agree(&built, "/");
    assert_eq!(entries[0].content, None);
    assert!(!built.text("/rss.xml").contains("content:encoded"));
    assert!(built.text("/feed.json").contains("content_text"));
}

#[test]
fn feed_dates_come_from_posts_and_never_the_clock() {
    let post = "---\ntitle: a\ndate: 2024-01-01\nupdated: 2024-03-01\n---\n";
    let at = |seconds| {
        let now = crate::support::new_year_2025() + std::time::Duration::from_secs(seconds);
        TestSite::new()
            .post("a.md", post)
            .post("b.md", plain("b", "2024-02-01"))
            .now(now)
            .build()
    };
    let (first, second) = (at(0), at(86_400));
    assert!(
        first
            .text("/rss.xml")
            .contains("<lastBuildDate>Fri, 01 Mar 2024 00:00:00 GMT</lastBuildDate>")
    );
    assert!(
        first
            .text("/atom.xml")
            .contains("<updated>2024-03-01T00:00:00+00:00</updated>")
    );
    assert_eq!(first.everything(), second.everything());
}

#[test]
fn future_update_does_not_count_yet() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-01-01\nupdated: 2025-02-01\n---\n",
        )
        .build();
    assert_eq!(built.rules(), [courant::model::finding::Rule::FutureUpdate]);
    assert!(
        built
            .text("/atom.xml")
            .contains("<updated>2024-01-01T00:00:00+00:00</updated>")
    );
    assert_eq!(
        built.status.next_change_at.unwrap().to_rfc3339(),
        "2025-02-01T00:00:00+00:00"
    );
}

#[test]
fn markup_in_a_title_is_written_as_text() {
    let built = TestSite::new()
        .title("Q&A <live>")
        .post(
            "a.md",
            "---\ntitle: \"<b> is &lt; & more\"\ndate: 2024-01-01\n---\n`<title>x</title>` & more.\n",
        )
        .build();
    let rss = built.text("/rss.xml");
    let title = built.text("/feed.json");
    let json: Value = serde_json::from_str(&title).unwrap();
    let title = json["items"][0]["title"].as_str().unwrap();
    let written = title
        .replace('&', "&#x26;")
        .replace('<', "&#x3C;")
        .replace('>', "&gt;");
    for expected in ["Q&#x26;A &#x3C;live&gt;", &written] {
        assert!(rss.contains(&format!("<title>{expected}</title>")), "{rss}");
    }
    assert!(rss.contains("<code>&lt;title&gt;x&lt;/title&gt;</code> &amp; more"));
    let atom = built.text("/atom.xml");
    assert!(
        atom.contains("<title type=\"html\">Q&amp;amp;A &amp;lt;live&amp;gt;</title>"),
        "{atom}"
    );
    assert_eq!(assert_formats_agree(&built, "/")[0].title, title);
}

#[test]
fn description_comes_before_content_even_if_empty() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-01-02\n---\n* A list alone\n",
        )
        .post("b.md", plain("b", "2024-01-01"))
        .build();
    let rss = built.text("/rss.xml");
    let items: Vec<&str> = rss.split("<item>").skip(1).collect();
    assert_eq!(items.len(), 2);
    for item in items {
        let places = ["<description>", "<content:encoded>"].map(|tag| item.find(tag).unwrap());
        assert!(places.is_sorted(), "{item}");
    }
    assert!(
        rss.contains("<description><![CDATA[]]></description>"),
        "{rss}"
    );
}

#[test]
fn picture_alt_text_is_not_the_item_description() {
    let built = TestSite::new()
        .post(
            "a.md",
            "---\ntitle: a\ndate: 2024-01-02\nimage: {src: /a.jpg, alt: What it shows}\n---\n",
        )
        .build();
    let rss = built.text("/rss.xml");
    assert!(!rss.contains("media:description"), "{rss}");
    let (_, picture) = rss.split_once("<media:content ").unwrap();
    let (picture, _) = picture.split_once("</media:content>").unwrap();
    assert!(
        picture.contains("<media:title>What it shows</media:title>"),
        "{picture}"
    );
}

#[test]
fn long_description_is_whole_in_feeds_and_short_on_cards() {
    let written = format!("{}end", "Word for word. ".repeat(40));
    let paragraph = "First paragraph. ".repeat(40);
    let built = TestSite::new()
        .post(
            "a.md",
            format!("---\ntitle: a\ndate: 2024-01-02\ndescription: {written}\n---\nText.\n"),
        )
        .post(
            "b.md",
            format!("---\ntitle: b\ndate: 2024-01-01\n---\n{paragraph}\n"),
        )
        .build();
    let entries = assert_formats_agree(&built, "/");
    assert_eq!(entries[0].summary, written);
    let length = entries[1].summary.chars().count();
    assert!(
        length <= 300 && entries[1].summary.ends_with('…'),
        "{}",
        entries[1].summary
    );
    for page in [built.text("/cards/a/"), built.text("/")] {
        assert!(
            page.contains("Word for word.") && !page.contains("end\""),
            "{page}"
        );
        assert!(!page.contains(&written), "{page}");
    }
}

#[test]
fn overlong_description_is_cut_with_a_finding() {
    let post = format!(
        "---\ntitle: a\ndate: 2024-01-02\ndescription: {}\n---\nText.\n",
        "word ".repeat(5_000)
    );
    let built = TestSite::new().post("a.md", post).build();
    assert_eq!(built.rules(), [courant::model::finding::Rule::FieldType]);
    assert!(assert_formats_agree(&built, "/")[0].summary.len() <= 20_000);
}

#[test]
fn feed_links_itself_the_site_and_all_formats() {
    let built = TestSite::new()
        .config("[server]\npublic_url = \"https://feeds.example/sub/\"")
        .post("a.md", plain("a", "2024-01-01"))
        .build();
    let link = built
        .snapshot
        .get("/rss.xml")
        .unwrap()
        .link_header
        .clone()
        .unwrap();
    assert_eq!(
        *link,
        *"<https://feeds.example/sub/rss.xml>; rel=\"self\"; type=\"application/rss+xml\", <https://example.org/>; rel=\"alternate\"; type=\"text/html\", <https://feeds.example/sub/atom.xml>; rel=\"alternate\"; type=\"application/atom+xml\", <https://feeds.example/sub/feed.json>; rel=\"alternate\"; type=\"application/feed+json\""
    );
    assert!(
        built
            .text("/atom.xml")
            .contains("<link href=\"https://feeds.example/sub/atom.xml\" rel=\"self\"")
    );
    assert!(
        built
            .text("/feed.json")
            .contains("\"feed_url\": \"https://feeds.example/sub/feed.json\"")
    );
}

#[test]
fn feeds_show_icon_logo_and_contacts() {
    let site = |images: &str| {
        let contacts =
            "managing_editor = \"ed@example.org (Ed)\"\nwebmaster = \"web@example.org\"\n";
        TestSite::new()
            .config(&format!("{images}{contacts}"))
            .post("a.md", plain("a", "2024-01-01"))
            .build()
    };
    let built = site("icon = \"/icon.png\"\nlogo = \"/logo.svg\"\n");
    let rss = built.text("/rss.xml");
    // RSS has no SVG images, so it shows the icon.
    for element in [
        "<url>https://example.org/icon.png</url>",
        "<managingEditor>ed@example.org (Ed)</managingEditor>",
        "<webMaster>web@example.org</webMaster>",
    ] {
        assert!(rss.contains(element), "{element} {rss}");
    }
    let atom = built.text("/atom.xml");
    assert!(atom.contains("<icon>https://example.org/icon.png</icon>"));
    assert!(atom.contains("<logo>https://example.org/logo.svg</logo>"));
    let json = built.text("/feed.json");
    assert!(json.contains("\"favicon\": \"https://example.org/icon.png\""));
    assert!(json.contains("\"icon\": \"https://example.org/logo.svg\""));
    assert!(
        site("logo = \"/logo.gif\"\n")
            .text("/rss.xml")
            .contains("<url>https://example.org/logo.gif</url>")
    );
    assert!(!site("").text("/rss.xml").contains("<image>"));
}

#[test]
fn link_post_leads_to_the_chosen_address() {
    let post = "---\ntitle: a\ndate: 2024-01-01\nexternal_url: https://far.example/?a=1&b=2\n---\n";
    let site = |config: &str| TestSite::new().config(config).post("a.md", post).build();
    let own = site("");
    let rss = own.text("/rss.xml");
    assert!(rss.contains("<link>https://example.org/a/</link>"), "{rss}");
    assert!(
        rss.contains("<atom:link href=\"https://far.example/?a=1&amp;b=2\" rel=\"related\""),
        "{rss}"
    );
    assert!(
        own.text("/atom.xml")
            .contains("<link href=\"https://far.example/?a=1&amp;b=2\" rel=\"related\"")
    );
    let json = own.text("/feed.json");
    assert!(json.contains("\"url\": \"https://example.org/a/\""));
    assert!(json.contains("\"external_url\": \"https://far.example/?a=1&b=2\""));

    let external = site("[feed]\nlink_posts = \"external\"");
    let rss = external.text("/rss.xml");
    assert!(rss.contains("<link>https://far.example/?a=1&amp;b=2</link>"));
    assert!(rss.contains("<guid>https://example.org/a/</guid>"));
    let atom = external.text("/atom.xml");
    assert!(atom.contains("<link href=\"https://example.org/a/\" rel=\"related\""));
    assert_eq!(external.text("/feed.json"), json);
}

#[test]
fn only_a_page_elsewhere_makes_a_link_post() {
    for (field, url) in [
        ("link: https://far.example/x", Some("https://far.example/x")),
        ("link: /projects/", None),
        ("link: https://example.org/other/", None),
        ("link: {url: https://far.example/}", None),
        ("link: 'javascript:alert(1)'", None),
        ("external_url: 'https://me:pw@far.example/'", None),
        (
            "external_url: '{{ x }}'\nlink: https://far.example/y",
            Some("https://far.example/y"),
        ),
    ] {
        let post = format!("---\ntitle: a\ndate: 2024-01-01\n{field}\n---\n");
        let built = TestSite::new().post("a.md", post).build();
        let json: serde_json::Value = serde_json::from_str(&built.text("/feed.json")).unwrap();
        assert_eq!(json["items"][0]["external_url"].as_str(), url, "{field}");
        assert_eq!(built.findings.len(), 0, "{field}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[<>&\"'\\]\\[\u{0}-\u{20}\u{fffe}a-c;#x0-9]{0,40}",
        Just("]]>".to_owned())
    ]
}

/// Quotes a text as a YAML double-quoted scalar.
fn quote_yaml(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_well_formed_feeds_that_agree(title in any_text(), author in any_text(), category in any_text(), description in any_text(), body in any_text()) {
        let post = format!(
            "---\ntitle: {}\nauthor: {}\ncategory: [{}]\ndescription: {}\ndate: 2024-01-01\n---\n{body}\n",
            quote_yaml(&format!("t{title}")), quote_yaml(&author), quote_yaml(&category), quote_yaml(&description)
        );
        let built = TestSite::new().post("a.md", post).build();
        let entries = assert_formats_agree(&built, "/");
        prop_assert_eq!(entries.len(), 1);
        prop_assert!(built.everything().chars().all(courant::text::is_xml_char));
    }
}

#[test]
fn feed_with_the_same_bytes_has_the_same_version() {
    let news = |name: &str, date: &str| {
        let text = format!("---\ntitle: {name}\ndate: {date}\ncategories: [News]\n---\nText.\n");
        (format!("{name}.md"), text)
    };
    let mut site = TestSite::new();
    for (name, date) in [
        ("a", "2024-01-01"),
        ("b", "2024-03-01"),
        ("c", "2024-06-01"),
    ] {
        let (path, text) = news(name, date);
        site = site.post(&path, text);
    }
    let before = site.build();
    for day in 1..20 {
        site = site.post(
            &format!("p{day}.md"),
            plain("Other", &format!("2024-12-{day:02}")),
        );
    }
    let after = site.build();
    let ttl = |built: &Built| Channel::read_from(built.text("/category/news/rss.xml").as_bytes());
    let ttl = |built: &Built| ttl(built).expect("RSS").ttl().map(str::to_owned);
    assert_ne!(
        ttl(&before),
        ttl(&after),
        "frequent posts change the interval"
    );
    let versions = |built: &Built| {
        let versions = built.snapshot.feed_versions().into_iter();
        versions
            .map(|(url, tag)| (url, tag.to_string()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let (old, new) = (versions(&before), versions(&after));
    for name in ["rss.xml", "atom.xml", "feed.json"] {
        let path = format!("/category/news/{name}");
        let url = format!("https://example.org{path}");
        let is_same = before.text(&path) == after.text(&path);
        assert_eq!(is_same, name != "rss.xml", "{name}");
        assert_eq!(old[&url] == new[&url], is_same, "{name}");
    }
}
