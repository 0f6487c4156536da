//! Reads the items of RSS (0.9 to 2.0) and Atom (0.3 and 1.0) feeds.
//!
//! The parser uses the events of `quick-xml`. The crates that write courant's feeds reject a whole
//! feed for one bad date, and support neither `xml:base` nor line numbers. Only this file and the
//! XML writer name `quick-xml`. Entities of a DTD are never expanded.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::encoding::Decoder;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use url::Url;

use super::feed_item::{ImportedFeed, NOT_A_FEED_HINT, RawItem, ReadFeedError, line_at_offset};

/// Maximum depth of elements. No feed nests deeper, and `quick-xml` counts in sixteen bits.
const MAX_ELEMENT_DEPTH: usize = 10_000;
const DUBLIN_CORE_NAMESPACE: &[u8] = b"http://purl.org/dc/elements/1.1/";
const MALFORMED_HINT: &str = "save the feed again; if its source has the fault, fix it there, or delete the faulty part from the file";

/// State of the parser of one feed.
#[derive(Debug, Default)]
struct FeedParser {
    format: Option<XmlFeedFormat>,
    /// Number of open elements.
    depth: usize,
    /// Depth and resolved `xml:base` of each open element that has one.
    bases: Vec<(usize, Option<Url>)>,
    item: Option<OpenItem>,
    field: Option<OpenField>,
    items: Vec<RawItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum XmlFeedFormat {
    Rss,
    Atom,
}

/// Item whose end tag is not yet read.
#[derive(Debug)]
struct OpenItem {
    depth: usize,
    /// Namespace of the item and its own children: feeds differ in whether RSS has one.
    namespace: Option<Vec<u8>>,
    /// `rdf:about`, the id of an item in RSS 1.0.
    about: String,
    written: RawItem,
    /// Rank of the link so far; lower is better.
    link_rank: u8,
}

#[derive(Debug)]
struct OpenField {
    depth: usize,
    field: ItemField,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemField {
    Id,
    Link,
    Title,
    Published,
    Updated,
}

pub(super) fn parse_xml_feed(bytes: &[u8]) -> Result<ImportedFeed, ReadFeedError> {
    let mut reader = NsReader::from_reader(bytes);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    // All feed readers accept a bare `&`, which is common in URLs.
    config.allow_dangling_amp = true;
    let mut parser = FeedParser::default();
    loop {
        let event = reader.read_resolved_event();
        let (namespace, event) = match event {
            Ok((namespace, event)) => (copy_namespace(namespace), event),
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(bytes.len());
                let message = format!("it is not well-formed XML: {error}");
                return Err(ReadFeedError::malformed_at(
                    Some(line_at_offset(bytes, at)),
                    message,
                    MALFORMED_HINT,
                ));
            }
        };
        let decoder = reader.decoder();
        let step = match event {
            Event::Start(element) => parser.start_element(&element, namespace, decoder),
            Event::End(_) => {
                parser.end_element();
                Ok(())
            }
            Event::Text(text) => text
                .xml10_content()
                .map(|text| parser.push_text(&text))
                .map_err(|error| error.to_string().into()),
            Event::CData(text) => text
                .xml10_content()
                .map(|text| parser.push_text(&text))
                .map_err(|error| error.to_string().into()),
            Event::GeneralRef(reference) => parser.push_reference(&reference),
            Event::Eof if parser.depth > 0 => {
                Err("it is not well-formed XML: it ends inside an element".into())
            }
            Event::Eof => break,
            Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::Empty(_) => Ok(()),
        };
        step.map_err(|fault: ParseFault| {
            let at = usize::try_from(reader.buffer_position()).unwrap_or(bytes.len());
            ReadFeedError::malformed_at(Some(line_at_offset(bytes, at)), fault.message, fault.hint)
        })?;
    }
    match parser.format {
        Some(XmlFeedFormat::Rss) => Ok(ImportedFeed::from_raw_items("RSS", parser.items)),
        Some(XmlFeedFormat::Atom) => Ok(ImportedFeed::from_raw_items("Atom", parser.items)),
        None => Err(ReadFeedError::malformed_at(
            None,
            "it has no root element",
            NOT_A_FEED_HINT,
        )),
    }
}

/// Reads the addresses of the pages in a sitemap, up to the first fault. An index of sitemaps has none.
pub(super) fn parse_sitemap_urls(bytes: &[u8]) -> Vec<String> {
    let mut reader = NsReader::from_reader(bytes);
    let mut urls = Vec::new();
    let mut is_page = false;
    let mut address: Option<String> = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => match element.name().as_ref() {
                b"url" => is_page = true,
                b"loc" if is_page => address = Some(String::new()),
                _ => {}
            },
            Ok(Event::Text(text)) => {
                if let (Some(address), Ok(text)) = (&mut address, text.xml10_content()) {
                    address.push_str(&text);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                let name = reference.decode().unwrap_or_default();
                if let Some(address) = &mut address {
                    address.push_str(resolve_predefined_entity(&name).unwrap_or_default());
                }
            }
            Ok(Event::End(_)) => urls.extend(address.take().map(|url| url.trim().to_owned())),
            Ok(Event::Eof) | Err(_) => return urls,
            Ok(_) => {}
        }
    }
}

/// Fault at the current position of the reader.
struct ParseFault {
    message: String,
    hint: &'static str,
}

impl<T: Into<String>> From<T> for ParseFault {
    fn from(message: T) -> ParseFault {
        ParseFault {
            message: message.into(),
            hint: MALFORMED_HINT,
        }
    }
}

impl FeedParser {
    fn start_element(
        &mut self,
        element: &BytesStart<'_>,
        namespace: Option<Vec<u8>>,
        decoder: Decoder,
    ) -> Result<(), ParseFault> {
        self.depth += 1;
        if self.depth > MAX_ELEMENT_DEPTH {
            return Err(format!("its elements are nested deeper than {MAX_ELEMENT_DEPTH}").into());
        }
        let attribute = |wanted: &[u8]| attribute_value(element, wanted, decoder);
        if let Some(base) = attribute(b"xml:base") {
            let base = match self.current_base() {
                Some(outer) => outer.join(&base).ok(),
                None => Url::parse(&base).ok(),
            };
            self.bases.push((self.depth, base));
        }
        let local = element.local_name();
        let local = local.as_ref();
        let Some(format) = self.format else {
            self.format = Some(match local {
                b"rss" | b"RDF" => XmlFeedFormat::Rss,
                b"feed" => XmlFeedFormat::Atom,
                other => {
                    let name = String::from_utf8_lossy(other).into_owned();
                    return Err(ParseFault {
                        message: format!("its root element is `{name}`, which is not a feed"),
                        hint: NOT_A_FEED_HINT,
                    });
                }
            });
            return Ok(());
        };
        if self.field.is_some() {
            return Ok(());
        }
        let depth = self.depth;
        let Some(item) = &mut self.item else {
            let is_item = match format {
                XmlFeedFormat::Rss => local == b"item",
                XmlFeedFormat::Atom => local == b"entry",
            };
            if is_item {
                self.item = Some(OpenItem {
                    depth,
                    namespace,
                    about: attribute(b"rdf:about").unwrap_or_default(),
                    written: RawItem::default(),
                    link_rank: u8::MAX,
                });
            }
            return Ok(());
        };
        if depth != item.depth + 1 {
            return Ok(());
        }
        let is_own = namespace.is_some() && namespace == item.namespace;
        let is_dublin_core = namespace.as_deref() == Some(DUBLIN_CORE_NAMESPACE);
        let field = match (format, local) {
            (XmlFeedFormat::Rss, b"date") if is_dublin_core => ItemField::Published,
            _ if !is_own => return Ok(()),
            (XmlFeedFormat::Rss, b"guid") => {
                item.written.id_is_link = attribute(b"isPermaLink")
                    .is_none_or(|is| !is.trim().eq_ignore_ascii_case("false"));
                ItemField::Id
            }
            (XmlFeedFormat::Rss, b"link") => ItemField::Link,
            (XmlFeedFormat::Rss, b"pubDate") => ItemField::Published,
            (XmlFeedFormat::Atom, b"id") => ItemField::Id,
            (XmlFeedFormat::Atom, b"link") => {
                let rank = rank_link(attribute(b"rel"), attribute(b"type"));
                if let (Some(rank), Some(href)) = (rank, attribute(b"href"))
                    && rank < item.link_rank
                {
                    item.link_rank = rank;
                    self.set_field(ItemField::Link, href);
                }
                return Ok(());
            }
            (XmlFeedFormat::Atom, b"published" | b"issued") => ItemField::Published,
            (XmlFeedFormat::Atom, b"updated" | b"modified") => ItemField::Updated,
            (_, b"title") => ItemField::Title,
            _ => return Ok(()),
        };
        self.field = Some(OpenField {
            depth,
            field,
            text: String::new(),
        });
        Ok(())
    }

    fn push_text(&mut self, text: &str) {
        if let Some(field) = &mut self.field {
            field.text.push_str(text);
        }
    }

    fn push_reference(&mut self, reference: &BytesRef<'_>) -> Result<(), ParseFault> {
        let Some(field) = &mut self.field else {
            return Ok(());
        };
        let name = reference.decode().map_err(|error| error.to_string())?;
        if let Some(known) = resolve_predefined_entity(&name) {
            field.text.push_str(known);
        } else if reference.is_char_ref() {
            // An invalid character reference is dropped, as no feed can hold its character.
            field
                .text
                .extend(reference.resolve_char_ref().ok().flatten());
        } else if matches!(field.field, ItemField::Id | ItemField::Link) {
            return Err(format!(
                "an id or a link has the entity `&{name};`, which is not expanded"
            )
            .into());
        } else {
            field.text.push_str(&format!("&{name};"));
        }
        Ok(())
    }

    fn end_element(&mut self) {
        if let Some(field) = self.field.take_if(|field| field.depth == self.depth) {
            self.set_field(field.field, field.text);
        }
        if let Some(item) = self.item.take_if(|item| item.depth == self.depth) {
            let mut written = item.written;
            if written.id.trim().is_empty() {
                written.id = item.about;
            }
            self.items.push(written);
        }
        if self
            .bases
            .last()
            .is_some_and(|(depth, _)| *depth == self.depth)
        {
            self.bases.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Sets a field of the item. The first value that is not empty is kept.
    fn set_field(&mut self, field: ItemField, text: String) {
        let text = match field {
            ItemField::Link => resolve_link(text.trim(), self.current_base()),
            _ => text,
        };
        let is_atom = self.format == Some(XmlFeedFormat::Atom);
        let Some(item) = &mut self.item else { return };
        let written = &mut item.written;
        let target = match field {
            ItemField::Id => &mut written.id,
            ItemField::Link => &mut written.link,
            ItemField::Title => &mut written.title,
            ItemField::Published => &mut written.published,
            ItemField::Updated => &mut written.updated,
        };
        // In Atom a link of a better rank replaces an earlier one.
        if target.trim().is_empty() || (field == ItemField::Link && is_atom) {
            *target = text;
        }
    }

    fn current_base(&self) -> Option<&Url> {
        self.bases.last()?.1.as_ref()
    }
}

/// Ranks a link of an Atom entry: 0 for an alternate link to HTML, 1 for an alternate link to
/// a different type, `None` for any other relation.
fn rank_link(rel: Option<String>, kind: Option<String>) -> Option<u8> {
    let is_alternate = rel.is_none_or(|rel| rel.trim().eq_ignore_ascii_case("alternate"));
    let is_html = kind.is_none_or(|kind| kind.contains("html"));
    is_alternate.then_some(if is_html { 0 } else { 1 })
}

/// Resolves a relative link. An absolute one is unchanged, as readers may use it as the id.
fn resolve_link(link: &str, base: Option<&Url>) -> String {
    if link.is_empty() || Url::parse(link).is_ok() {
        return link.to_owned();
    }
    let resolved = base.and_then(|base| base.join(link).ok());
    resolved.map_or_else(|| link.to_owned(), Into::into)
}

/// Returns the value of an attribute; without unescaping if its escapes are invalid.
fn attribute_value(element: &BytesStart<'_>, wanted: &[u8], decoder: Decoder) -> Option<String> {
    let attribute = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.as_ref() == wanted)?;
    let value = attribute
        .decoded_and_normalized_value(XmlVersion::Implicit1_0, decoder)
        .or_else(|_| decoder.decode(&attribute.value));
    value.ok().map(|value| value.into_owned())
}

/// Copies a namespace: empty if there is none, `None` if its prefix is not declared.
fn copy_namespace(namespace: ResolveResult<'_>) -> Option<Vec<u8>> {
    match namespace {
        ResolveResult::Unbound => Some(Vec::new()),
        ResolveResult::Bound(Namespace(name)) => Some(name.to_owned()),
        ResolveResult::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed_item::FeedItem;
    use super::super::read_feed;

    fn items(text: &str) -> Vec<FeedItem> {
        read_feed(text.as_bytes())
            .unwrap_or_else(|error| panic!("{error}: {text}"))
            .items
    }

    /// Id and link of each item.
    fn ids(text: &str) -> Vec<(String, String)> {
        let pair = |item: FeedItem| (item.id, item.link.unwrap_or_default());
        items(text).into_iter().map(pair).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn rss(items: &str) -> String {
        format!(
            "<?xml version='1.0'?>\n<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:media='m'><channel><title>The feed</title><link>https://e.org/</link><guid>of the channel</guid>{items}</channel></rss>"
        )
    }

    fn atom(entries: &str) -> String {
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><id>of the feed</id><title>The feed</title><link href='https://e.org/'/>{entries}</feed>"
        )
    }

    fn error_message(text: &[u8]) -> String {
        read_feed(text).expect_err("a fault").to_string()
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        for (written, id) in [
            ("https://old.example/blog/a", "https://old.example/blog/a"),
            ("\n   42 \t\n", "42"),
            (
                "a  b [c] <![CDATA[<d> &amp; ]]>&amp;&#x26;&lt;é&#233;",
                "a  b [c] <d> &amp; &&<éé",
            ),
            (
                "https://e.org/?a=1&b=2&amp;c=%e9",
                "https://e.org/?a=1&b=2&c=%e9",
            ),
            ("a<!-- no -->b<?no no?>c", "abc"),
            ("line\r\nend", "line\nend"),
            ("a&#0;b&#11;c", "abc"),
        ] {
            let guid = format!("<item><guid isPermaLink='false'>{written}</guid></item>");
            assert_eq!(ids(&rss(&guid)), pairs(&[(id, "")]), "{written}");
            let entry = format!("<entry><id>{written}</id></entry>");
            assert_eq!(ids(&atom(&entry)), pairs(&[(id, "")]), "{written}");
        }
    }

    #[test]
    fn rss_item_id_is_its_guid_or_its_link() {
        let items = "\
            <item><title>A</title><link> https://e.org/a </link><guid isPermaLink='false'>1</guid></item>\
            <item><guid>https://e.org/b</guid></item>\
            <item><guid isPermaLink='false'>https://e.org/c</guid></item>\
            <item><link>https://e.org/d</link><guid/></item>\
            <item><link/><atom:link href='https://e.org/no'/><link>https://e.org/e</link></item>\
            <item><title>Neither</title></item>\
            <item><media:group><guid>no</guid><title>no</title></media:group><guid>f</guid><guid>no</guid></item>";
        let archive = read_feed(rss(items).as_bytes()).unwrap();
        assert_eq!((archive.format, archive.without_id), ("RSS", 1));
        assert_eq!(
            ids(&rss(items)),
            pairs(&[
                ("1", "https://e.org/a"),
                ("https://e.org/b", "https://e.org/b"),
                ("https://e.org/c", ""),
                ("https://e.org/d", "https://e.org/d"),
                ("https://e.org/e", "https://e.org/e"),
                ("f", "f"),
            ])
        );
        assert_eq!(archive.items[5].title, "");
    }

    #[test]
    fn all_versions_of_rss_are_read() {
        let rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' xmlns:d='http://purl.org/dc/elements/1.1/'><channel rdf:about='x'><items><rdf:Seq><rdf:li resource='https://e.org/a'/></rdf:Seq></items></channel><item rdf:about='https://e.org/about'><title>A</title><link>https://e.org/a</link><d:date>2024-05-01T10:00:00+02:00</d:date></item><item><link>https://e.org/b</link></item></rdf:RDF>";
        assert_eq!(
            ids(rdf),
            pairs(&[
                ("https://e.org/about", "https://e.org/a"),
                ("https://e.org/b", "https://e.org/b"),
            ])
        );
        assert_eq!(
            items(rdf)[0].published.unwrap().to_rfc3339(),
            "2024-05-01T10:00:00+02:00"
        );
        let old = "<?xml version='1.0'?><!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://my.netscape.com/publish/formats/rss-0.91.dtd'><rss version='0.91'><channel><item><title>A</title><link>https://e.org/a</link></item></channel></rss>";
        assert_eq!(ids(old), pairs(&[("https://e.org/a", "https://e.org/a")]));
        let spaced = "<rss xmlns='http://backend.userland.com/rss2'><channel><item><guid>a</guid></item></channel></rss>";
        assert_eq!(ids(spaced), pairs(&[("a", "a")]));
    }

    #[test]
    fn atom_entry_link_is_the_alternate_one() {
        let entries = "\
            <entry><id>1</id><link rel='edit' href='https://e.org/no'/><link rel='alternate' type='application/json' href='https://e.org/no'/><link type='text/html' href='https://e.org/a?x=1&amp;y=2'/><link href='https://e.org/no'/></entry>\
            <entry><id>2</id><link rel='alternate' type='text/plain' href='https://e.org/b'/><link rel='self' href='https://e.org/no'/></entry>\
            <entry><source><id>no</id><title>no</title><link href='https://e.org/no'/></source><id>3</id></entry>\
            <entry><link href='https://e.org/?a=1&b=2'/></entry>";
        assert_eq!(
            ids(&atom(entries)),
            pairs(&[
                ("1", "https://e.org/a?x=1&y=2"),
                ("2", "https://e.org/b"),
                ("3", ""),
                ("https://e.org/?a=1&b=2", "https://e.org/?a=1&b=2"),
            ])
        );
        let prefixed = "<a:feed xmlns:a='http://purl.org/atom/ns#'><a:entry><a:id>1</a:id><a:issued>2004-01-01T00:00:00Z</a:issued><a:modified>soon</a:modified></a:entry></a:feed>";
        let items = items(prefixed);
        assert!(items[0].published.is_some() && items[0].updated.is_none());
    }

    #[test]
    fn links_are_resolved_and_ids_are_not() {
        let feed = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://e.org/blog/'><entry xml:base='2024/'><id>a</id><link href='a'/></entry><entry><id>b</id><link xml:base='/x/' href='b'/></entry><entry><id>c</id><link href='HTTPS://E.org/c c'/></entry></feed>";
        assert_eq!(
            ids(feed),
            pairs(&[
                ("a", "https://e.org/blog/2024/a"),
                ("b", "https://e.org/x/b"),
                ("c", "HTTPS://E.org/c c"),
            ])
        );
        let rss = rss(
            "<item xml:base='https://e.org/blog/'><link>a</link></item><item><link>/b</link></item>",
        );
        assert_eq!(
            ids(&rss),
            pairs(&[
                ("https://e.org/blog/a", "https://e.org/blog/a"),
                ("/b", "/b")
            ])
        );
    }

    #[test]
    fn titles_are_text_on_one_line() {
        let entries = "<entry><id>1</id><title type='xhtml'><div>A\n <b>bold</b> &amp; title</div></title></entry><entry><id>2</id><title type='html'>A &lt;b&gt;bold&lt;/b&gt; &amp;amp; &nbsp; title</title></entry>";
        let titles: Vec<_> = items(&atom(entries))
            .into_iter()
            .map(|item| item.title)
            .collect();
        assert_eq!(
            titles,
            ["A bold & title", "A <b>bold</b> &amp; &nbsp; title"]
        );
    }

    #[test]
    fn other_encodings_are_read_as_the_file_declares_them() {
        let mut latin = b"<?xml version='1.0' encoding='ISO-8859-1'?>".to_vec();
        latin.extend(b"<rss><channel><item><guid>caf\xe9</guid></item></channel></rss>");
        assert_eq!(read_feed(latin.as_slice()).unwrap().items[0].id, "café");
        let undeclared = b"<rss><channel>\n<item><guid>caf\xe9</guid></item></channel></rss>";
        assert!(
            error_message(undeclared).starts_with("line 2: "),
            "{}",
            error_message(undeclared)
        );
    }

    #[test]
    fn invalid_feeds_are_rejected_with_a_line() {
        for (text, said) in [
            (
                "<!doctype html>\n<html><body>",
                "line 2: its root element is `html`, which is not a feed",
            ),
            (
                "<urlset/>",
                "line 1: its root element is `urlset`, which is not a feed",
            ),
            ("<!-- a -->", "it has no root element"),
            (
                "<rss>\n<channel>\n</item>",
                "line 3: it is not well-formed XML: ",
            ),
            (
                "<rss>\n<channel><item>",
                "line 2: it is not well-formed XML: it ends inside an element",
            ),
            (
                "<rss>\n<channel><item><guid",
                "line 2: it is not well-formed XML: ",
            ),
        ] {
            assert!(
                error_message(text.as_bytes()).starts_with(said),
                "{}",
                error_message(text.as_bytes())
            );
        }
    }

    #[test]
    fn entities_of_a_dtd_are_not_expanded() {
        let mut dtd = "<!DOCTYPE rss [<!ENTITY a0 'x'>".to_owned();
        for level in 1..40 {
            let twice = format!("&a{};", level - 1).repeat(10);
            dtd += &format!("<!ENTITY a{level} '{twice}'>");
        }
        dtd += "<!ENTITY file SYSTEM 'file:///etc/passwd'>]>";
        let feed =
            |field: &str| format!("{dtd}\n<rss><channel><item>{field}</item></channel></rss>");
        let items = items(&feed(
            "<guid>1</guid><title>&a39;&file;</title><x y='&a39;'>&a39;</x>",
        ));
        assert_eq!(items[0].title, "&a39;&file;");
        let told = error_message(feed("<guid>&a39;</guid>").as_bytes());
        assert_eq!(
            told,
            "line 2: an id or a link has the entity `&a39;`, which is not expanded"
        );
    }

    #[test]
    fn nesting_depth_is_limited() {
        let nested = |levels| {
            let (open, close) = ("<x>".repeat(levels), "</x>".repeat(levels));
            rss(&format!("<item><guid>1</guid>{open}{close}</item>"))
        };
        assert_eq!(ids(&nested(9_000)).len(), 1);
        let told = error_message(nested(100_000).as_bytes());
        assert_eq!(told, "line 2: its elements are nested deeper than 10000");
    }
}
