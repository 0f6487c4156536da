//! Elements and text into well-formed XML.
//!
//! With `src/archive/xml.rs`, which reads, the only file that names the `quick-xml` crate.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// A piece of XML being written; elements are indented by two blanks.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// A document, with its declaration.
    pub(super) fn document() -> io::Result<Xml> {
        Xml::document_of(0)
    }

    /// A document of about so many bytes, with its declaration.
    pub(super) fn document_of(bytes: usize) -> io::Result<Xml> {
        let mut xml = Xml(Writer::new_with_indent(Vec::with_capacity(bytes), b' ', 2));
        xml.0
            .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(xml)
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.0.write_event(Event::Start(start))
    }

    /// Closes an element.
    pub(super) fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    /// Writes an element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.0.write_event(Event::Empty(start))
    }

    /// Writes an element that holds text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.open(name, &[])?;
        self.0.write_event(Event::Text(BytesText::new(text)))?;
        self.close(name)
    }

    /// The bytes, with a line break at the end.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut bytes = self.0.into_inner();
        bytes.push(b'\n');
        bytes
    }
}
