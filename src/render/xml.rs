//! Writes well-formed XML.
//!
//! Only this file and the reader in `src/import/xml_feed.rs` name the `quick-xml` crate.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// XML document in progress; elements are indented by two spaces.
pub(super) struct XmlWriter(Writer<Vec<u8>>);

impl XmlWriter {
    /// Starts a document with the XML declaration.
    pub(super) fn new() -> io::Result<XmlWriter> {
        XmlWriter::with_capacity(0)
    }

    /// Starts a document with the XML declaration, and reserves `capacity` bytes.
    pub(super) fn with_capacity(capacity: usize) -> io::Result<XmlWriter> {
        let mut xml = XmlWriter(Writer::new_with_indent(
            Vec::with_capacity(capacity),
            b' ',
            2,
        ));
        xml.0
            .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(xml)
    }

    /// Opens an element.
    pub(super) fn open_element(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> io::Result<()> {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.0.write_event(Event::Start(start))
    }

    /// Closes an element.
    pub(super) fn close_element(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    /// Writes an element without content.
    pub(super) fn write_empty_element(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> io::Result<()> {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.0.write_event(Event::Empty(start))
    }

    /// Writes an element that holds text.
    pub(super) fn write_text_element(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.open_element(name, &[])?;
        self.0.write_event(Event::Text(BytesText::new(text)))?;
        self.close_element(name)
    }

    /// Returns the document, with a line break at the end.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut bytes = self.0.into_inner();
        bytes.push(b'\n');
        bytes
    }
}
