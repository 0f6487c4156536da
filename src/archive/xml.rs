//! RSS (0.9 to 2.0) and Atom (0.3, 1.0) into items.
//!
//! Read here from the events of `quick-xml`, and not by the crates that write our feeds: those give up
//! a whole feed for one bad date, and know neither `xml:base` nor the line of a fault. With
//! `src/render/xml.rs` the only file that names the crate. Entities of a DTD are never expanded.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::encoding::Decoder;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use url::Url;

use super::{Archive, ArchiveError, NOT_A_FEED, Written, line_of};

/// No feed nests deeper, and `quick-xml` counts in sixteen bits.
const MOST_NESTED: usize = 10_000;
const DUBLIN_CORE: &[u8] = b"http://purl.org/dc/elements/1.1/";
const BROKEN: &str = "save the feed again; if it is so at its source, mend it there, or delete what is broken from the file";

/// A feed being read.
#[derive(Debug, Default)]
struct Walk {
    format: Option<Format>,
    /// How many elements are open.
    depth: usize,
    /// The `xml:base` in force, for each open element that has one.
    bases: Vec<(usize, Option<Url>)>,
    item: Option<Open>,
    field: Option<OpenField>,
    items: Vec<Written>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Rss,
    Atom,
}

/// An item whose end is not yet reached.
#[derive(Debug)]
struct Open {
    depth: usize,
    /// What its own children are in, too: feeds disagree on whether RSS has a namespace.
    namespace: Option<Vec<u8>>,
    /// `rdf:about`, which names an item of RSS 1.0.
    about: String,
    written: Written,
    /// How little is to be said for the link that was taken; lower is better.
    link_rank: u8,
}

#[derive(Debug)]
struct OpenField {
    depth: usize,
    field: Field,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Link,
    Title,
    Published,
    Updated,
}

pub(super) fn read(bytes: &[u8]) -> Result<Archive, ArchiveError> {
    let mut reader = NsReader::from_reader(bytes);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    // As all readers do: addresses with a bare `&` are common.
    config.allow_dangling_amp = true;
    let mut walk = Walk::default();
    loop {
        let event = reader.read_resolved_event();
        let (namespace, event) = match event {
            Ok((namespace, event)) => (owned(namespace), event),
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(bytes.len());
                let message = format!("it is not well-formed XML: {error}");
                return Err(ArchiveError::fault(
                    Some(line_of(bytes, at)),
                    message,
                    BROKEN,
                ));
            }
        };
        let decoder = reader.decoder();
        let step = match event {
            Event::Start(element) => walk.start(&element, namespace, decoder),
            Event::End(_) => {
                walk.end();
                Ok(())
            }
            Event::Text(text) => text
                .xml10_content()
                .map(|text| walk.text(&text))
                .map_err(|error| error.to_string().into()),
            Event::CData(text) => text
                .xml10_content()
                .map(|text| walk.text(&text))
                .map_err(|error| error.to_string().into()),
            Event::GeneralRef(reference) => walk.reference(&reference),
            Event::Eof if walk.depth > 0 => {
                Err("it is not well-formed XML: it ends in the middle".into())
            }
            Event::Eof => break,
            Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::Empty(_) => Ok(()),
        };
        step.map_err(|fault: Fault| {
            let at = usize::try_from(reader.buffer_position()).unwrap_or(bytes.len());
            ArchiveError::fault(Some(line_of(bytes, at)), fault.message, fault.hint)
        })?;
    }
    match walk.format {
        Some(Format::Rss) => Ok(Archive::new("RSS", walk.items)),
        Some(Format::Atom) => Ok(Archive::new("Atom", walk.items)),
        None => Err(ArchiveError::fault(
            None,
            "it has no root element",
            NOT_A_FEED,
        )),
    }
}

/// What is wrong at the place that the reader is at.
struct Fault {
    message: String,
    hint: &'static str,
}

impl<T: Into<String>> From<T> for Fault {
    fn from(message: T) -> Fault {
        Fault {
            message: message.into(),
            hint: BROKEN,
        }
    }
}

impl Walk {
    fn start(
        &mut self,
        element: &BytesStart<'_>,
        namespace: Option<Vec<u8>>,
        decoder: Decoder,
    ) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MOST_NESTED {
            return Err(format!("its elements are nested deeper than {MOST_NESTED}").into());
        }
        let attribute = |wanted: &[u8]| attribute(element, wanted, decoder);
        if let Some(base) = attribute(b"xml:base") {
            let base = match self.base() {
                Some(outer) => outer.join(&base).ok(),
                None => Url::parse(&base).ok(),
            };
            self.bases.push((self.depth, base));
        }
        let local = element.local_name();
        let local = local.as_ref();
        let Some(format) = self.format else {
            self.format = Some(match local {
                b"rss" | b"RDF" => Format::Rss,
                b"feed" => Format::Atom,
                other => {
                    let name = String::from_utf8_lossy(other).into_owned();
                    return Err(Fault {
                        message: format!("its root element is `{name}`, which is that of no feed"),
                        hint: NOT_A_FEED,
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
                Format::Rss => local == b"item",
                Format::Atom => local == b"entry",
            };
            if is_item {
                self.item = Some(Open {
                    depth,
                    namespace,
                    about: attribute(b"rdf:about").unwrap_or_default(),
                    written: Written::default(),
                    link_rank: u8::MAX,
                });
            }
            return Ok(());
        };
        if depth != item.depth + 1 {
            return Ok(());
        }
        let is_own = namespace.is_some() && namespace == item.namespace;
        let is_dublin_core = namespace.as_deref() == Some(DUBLIN_CORE);
        let field = match (format, local) {
            (Format::Rss, b"date") if is_dublin_core => Field::Published,
            _ if !is_own => return Ok(()),
            (Format::Rss, b"guid") => {
                item.written.id_is_link = attribute(b"isPermaLink")
                    .is_none_or(|is| !is.trim().eq_ignore_ascii_case("false"));
                Field::Id
            }
            (Format::Rss, b"link") => Field::Link,
            (Format::Rss, b"pubDate") => Field::Published,
            (Format::Atom, b"id") => Field::Id,
            (Format::Atom, b"link") => {
                let rank = link_rank(attribute(b"rel"), attribute(b"type"));
                if let (Some(rank), Some(href)) = (rank, attribute(b"href"))
                    && rank < item.link_rank
                {
                    item.link_rank = rank;
                    self.set(Field::Link, href);
                }
                return Ok(());
            }
            (Format::Atom, b"published" | b"issued") => Field::Published,
            (Format::Atom, b"updated" | b"modified") => Field::Updated,
            (_, b"title") => Field::Title,
            _ => return Ok(()),
        };
        self.field = Some(OpenField {
            depth,
            field,
            text: String::new(),
        });
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if let Some(field) = &mut self.field {
            field.text.push_str(text);
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Fault> {
        let Some(field) = &mut self.field else {
            return Ok(());
        };
        let name = reference.decode().map_err(|error| error.to_string())?;
        if let Some(known) = resolve_predefined_entity(&name) {
            field.text.push_str(known);
        } else if reference.is_char_ref() {
            // One that stands for nothing is left out: no feed could hold it.
            field
                .text
                .extend(reference.resolve_char_ref().ok().flatten());
        } else if matches!(field.field, Field::Id | Field::Link) {
            return Err(
                format!("it writes `&{name};`, which is not expanded, in an id or a link").into(),
            );
        } else {
            field.text.push_str(&format!("&{name};"));
        }
        Ok(())
    }

    fn end(&mut self) {
        if let Some(field) = self.field.take_if(|field| field.depth == self.depth) {
            self.set(field.field, field.text);
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

    /// Notes a field of the item; of several that say something the first stands.
    fn set(&mut self, field: Field, text: String) {
        let text = match field {
            Field::Link => resolve(text.trim(), self.base()),
            _ => text,
        };
        let is_atom = self.format == Some(Format::Atom);
        let Some(item) = &mut self.item else { return };
        let written = &mut item.written;
        let place = match field {
            Field::Id => &mut written.id,
            Field::Link => &mut written.link,
            Field::Title => &mut written.title,
            Field::Published => &mut written.published,
            Field::Updated => &mut written.updated,
        };
        // A better link of Atom comes later and goes first.
        if place.trim().is_empty() || (field == Field::Link && is_atom) {
            *place = text;
        }
    }

    fn base(&self) -> Option<&Url> {
        self.bases.last()?.1.as_ref()
    }
}

/// Which of an entry's links is where it is read: an alternate one, of HTML rather than of another kind.
fn link_rank(rel: Option<String>, kind: Option<String>) -> Option<u8> {
    let is_alternate = rel.is_none_or(|rel| rel.trim().eq_ignore_ascii_case("alternate"));
    let is_html = kind.is_none_or(|kind| kind.contains("html"));
    is_alternate.then_some(if is_html { 0 } else { 1 })
}

/// What is absolute stays as it is written: readers may know the item by it.
fn resolve(link: &str, base: Option<&Url>) -> String {
    if link.is_empty() || Url::parse(link).is_ok() {
        return link.to_owned();
    }
    let resolved = base.and_then(|base| base.join(link).ok());
    resolved.map_or_else(|| link.to_owned(), Into::into)
}

/// The value of an attribute; as it stands there if it is not escaped as it should be.
fn attribute(element: &BytesStart<'_>, wanted: &[u8], decoder: Decoder) -> Option<String> {
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

/// `None` is that of a prefix that is nowhere declared, and equal to no other.
fn owned(namespace: ResolveResult<'_>) -> Option<Vec<u8>> {
    match namespace {
        ResolveResult::Unbound => Some(Vec::new()),
        ResolveResult::Bound(Namespace(name)) => Some(name.to_owned()),
        ResolveResult::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Item, read};

    fn items(text: &str) -> Vec<Item> {
        read(text.as_bytes())
            .unwrap_or_else(|error| panic!("{error}: {text}"))
            .items
    }

    /// Id and link of each item.
    fn ids(text: &str) -> Vec<(String, String)> {
        let pair = |item: Item| (item.id, item.link.unwrap_or_default());
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

    fn fault(text: &[u8]) -> String {
        read(text).expect_err("a fault").to_string()
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
    fn an_item_of_rss_is_known_by_its_guid_or_else_by_its_link() {
        let items = "\
            <item><title>A</title><link> https://e.org/a </link><guid isPermaLink='false'>1</guid></item>\
            <item><guid>https://e.org/b</guid></item>\
            <item><guid isPermaLink='false'>https://e.org/c</guid></item>\
            <item><link>https://e.org/d</link><guid/></item>\
            <item><link/><atom:link href='https://e.org/no'/><link>https://e.org/e</link></item>\
            <item><title>Neither</title></item>\
            <item><media:group><guid>no</guid><title>no</title></media:group><guid>f</guid><guid>no</guid></item>";
        let archive = read(rss(items).as_bytes()).unwrap();
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
    fn rss_of_all_ages_is_read() {
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
    fn an_entry_of_atom_is_read_at_its_alternate_link() {
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
    fn links_are_resolved_against_what_the_feed_says_and_ids_never() {
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
        assert_eq!(read(latin.as_slice()).unwrap().items[0].id, "café");
        let undeclared = b"<rss><channel>\n<item><guid>caf\xe9</guid></item></channel></rss>";
        assert!(
            fault(undeclared).starts_with("line 2: "),
            "{}",
            fault(undeclared)
        );
    }

    #[test]
    fn what_is_no_feed_is_told_with_its_line() {
        for (text, said) in [
            (
                "<!doctype html>\n<html><body>",
                "line 2: its root element is `html`, which is that of no feed",
            ),
            (
                "<urlset/>",
                "line 1: its root element is `urlset`, which is that of no feed",
            ),
            ("<!-- a -->", "it has no root element"),
            (
                "<rss>\n<channel>\n</item>",
                "line 3: it is not well-formed XML: ",
            ),
            (
                "<rss>\n<channel><item>",
                "line 2: it is not well-formed XML: it ends in the middle",
            ),
            (
                "<rss>\n<channel><item><guid",
                "line 2: it is not well-formed XML: ",
            ),
        ] {
            assert!(
                fault(text.as_bytes()).starts_with(said),
                "{}",
                fault(text.as_bytes())
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
        let told = fault(feed("<guid>&a39;</guid>").as_bytes());
        assert_eq!(
            told,
            "line 2: it writes `&a39;`, which is not expanded, in an id or a link"
        );
    }

    #[test]
    fn nesting_has_a_bound_and_costs_no_stack() {
        let nested = |levels| {
            let (open, close) = ("<x>".repeat(levels), "</x>".repeat(levels));
            rss(&format!("<item><guid>1</guid>{open}{close}</item>"))
        };
        assert_eq!(ids(&nested(9_000)).len(), 1);
        let told = fault(nested(100_000).as_bytes());
        assert_eq!(told, "line 2: its elements are nested deeper than 10000");
    }
}
