//! Scans a body once from start to end, and writes the parts that stay.

use super::body_cursor::BodyCursor;
use super::conditionals::OpenConditions;
use super::hiding_marks::{may_hide_content, may_hide_in_element};
use super::removed::{RemovalReason, RemovedTag};
use super::replacement::ClosingTags;
use super::site_vars::{PageVars, SiteVars};
use super::template_tag::{self, TemplateTag};
use super::variables::Variables;
use super::{
    conditionals, directive_lines, hidden_sections, hiding_marks, mdx, missing_links, replacement,
};
use crate::kramdown;
use crate::links;
use crate::model::markup::Markup;
use crate::text::code_fences::{indent_width, parse_fence};
use crate::text::{code_spans, first_bytes};
use std::borrow::Cow;

/// Address in Pelican that begins at the root of the site.
pub(super) const PELICAN_ROOT: &str = "{static}/";

/// Maximum length of a code span, in bytes. A longer one is read as text.
const MAX_CODE_SPAN_BYTES: usize = 2_000;

/// Maximum depth of files that include others.
const MAX_INCLUDE_DEPTH: usize = 2;

/// Maximum bytes of tags that a body of which something is left may lose, and still count as whole.
const MAX_MINOR_REMOVED_BYTES: usize = 400;

/// A body without shortcodes.
#[derive(Debug)]
pub(crate) struct Stripped<'a> {
    /// The Markdown.
    pub(crate) text: Cow<'a, str>,
    /// The removed tags, each name once, in order of first occurrence.
    pub(crate) removed: Vec<RemovedTag>,
    /// True if more than half of the body is tags whose output only the generator knows.
    pub(crate) is_mostly_removed: bool,
}

impl Stripped<'_> {
    /// Wraps a body that needs no change.
    pub(crate) fn from_unchanged(text: &str) -> Stripped<'_> {
        Stripped {
            text: Cow::Borrowed(text),
            removed: Vec::new(),
            is_mostly_removed: false,
        }
    }
}

pub(super) struct ShortcodeScanner<'a, 's> {
    cursor: BodyCursor<'a>,
    variables: Variables<'s>,
    /// Number of files around this text that include it.
    include_depth: usize,
    /// Line of the first value or file that was inserted.
    first_insertion: Option<usize>,
    /// True if an included file was left out, which may have defined links.
    lacks_include: bool,
    is_mdx: bool,
    /// True if template tags are interpreted; otherwise they are text.
    has_templates: bool,
    /// True if the body may have wiki links.
    has_wiki_links: bool,
    /// True if some attribute of the body may hide an element.
    has_hiding_attribute: bool,
    conditions: OpenConditions<'a>,
    closing_tags: ClosingTags,
    /// Character and length of the open code fence.
    fence: Option<(char, usize)>,
    /// Indent of the open code fence if it is in a list item, else 0.
    fence_indent: usize,
    /// True if the previous line was blank or indented code, so that indented code may follow.
    may_be_code: bool,
    /// True if the current lines belong to a list item.
    in_list: bool,
    /// Position up to which an element for code has hidden sections, and is read as other HTML.
    hiding_code_end: usize,
    /// Position up to which lines and backticks are the text of a `<pre>` with hidden sections.
    preformatted_end: usize,
    /// Number of HTML tags that could not be parsed.
    unparsed_tags: usize,
}

impl<'a, 's> ShortcodeScanner<'a, 's> {
    pub(super) fn new(
        body: &'a str,
        page: &'s PageVars,
        has_templates: bool,
        site: &'s SiteVars,
    ) -> ShortcodeScanner<'a, 's> {
        ShortcodeScanner {
            cursor: BodyCursor::new(body),
            variables: Variables::new(site, page),
            include_depth: 0,
            first_insertion: None,
            lacks_include: false,
            is_mdx: has_templates && page.markup == Markup::Mdx,
            has_templates,
            has_wiki_links: has_templates && page.markup != Markup::Html && body.contains("[["),
            has_hiding_attribute: hiding_marks::may_have_hiding_attribute(body),
            conditions: OpenConditions::default(),
            closing_tags: ClosingTags::default(),
            fence: None,
            fence_indent: 0,
            may_be_code: true,
            in_list: false,
            hiding_code_end: 0,
            preformatted_end: 0,
            unparsed_tags: 0,
        }
    }

    pub(super) fn into_stripped(mut self) -> Stripped<'a> {
        self.scan_body();
        self.cursor.end_section_with_body();
        let removed_bytes = self.cursor.removed.unknown_bytes;
        let mut text = self.cursor.output;
        let mut removed = self.cursor.removed.tags;
        // An inserted text and the text around it may begin and end a hidden section together.
        if let Some(line) = self.first_insertion.filter(|_| may_hide_content(&text)) {
            let (page, site) = (PageVars::default(), self.variables.site);
            let hidden = ShortcodeScanner::new(&text, &page, false, site).into_stripped();
            let tags = hidden.removed.into_iter();
            removed.extend(tags.map(|tag| RemovedTag { line, ..tag }));
            text = hidden.text.into_owned();
        }
        let is_html = self.variables.page.markup == Markup::Html;
        if self.has_templates && !is_html && kramdown::has_markdown_block(&text) {
            text = kramdown::separate_markdown_blocks(&text);
        }
        if self.has_templates && !is_html && self.variables.site.files.uses_kramdown {
            text = kramdown::convert_tables_and_links(&kramdown::end_html_blocks(&text));
        }
        if self.lacks_include && self.fence.is_none() {
            missing_links::define_missing_links(&mut text);
        }
        let is_mostly_removed = removed_bytes * 2 > self.cursor.body.len()
            && (removed_bytes > MAX_MINOR_REMOVED_BYTES || text.trim().is_empty());
        Stripped {
            text: Cow::Owned(text),
            removed,
            is_mostly_removed,
        }
    }

    fn scan_body(&mut self) {
        let has_code = self.cursor.body.contains("<pre") || self.cursor.body.contains("<code");
        let has_hidden = may_hide_content(self.cursor.body);
        while self.cursor.position < self.cursor.body.len() {
            let begins_line = self.cursor.position == 0
                || self.cursor.body.as_bytes().get(self.cursor.position - 1) == Some(&b'\n');
            if begins_line && self.scan_line() {
                continue;
            }
            let rest = self.cursor.remaining_text();
            let next_special = rest.bytes().position(|byte| match byte {
                b'`' | b'{' | b'\n' => true,
                b'<' => self.is_mdx || has_code || has_hidden,
                b'%' => has_hidden,
                b':' => self.has_templates,
                b'[' => self.has_wiki_links,
                _ => false,
            });
            match next_special {
                None => self.cursor.copy_bytes(rest.len()),
                Some(0) => self.scan_special(rest),
                Some(at) => self.cursor.copy_bytes(at),
            }
        }
    }

    /// Consumes a line that is not text: a fence, code, a directive, an MDX module. Returns false for text.
    fn scan_line(&mut self) -> bool {
        let rest = self.cursor.remaining_text();
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        if hidden_sections::end_block_section_before(&mut self.cursor, line) {
            self.fence = None;
            self.fence_indent = 0;
        }
        if self.cursor.position < self.preformatted_end {
            return false;
        }
        // A fence in a list item ends with the item.
        if self.fence_indent > indent_width(line) && !line.trim().is_empty() {
            self.fence = None;
            self.fence_indent = 0;
        }
        if let Some((mark, length)) = self.fence {
            let ends = parse_fence(line).is_some_and(|(other, more, info)| {
                other == mark && more >= length && info.is_empty()
            });
            if ends {
                self.fence = None;
                self.fence_indent = 0;
            }
            self.push_code(line);
            return true;
        }
        if self.is_indented_code(line) {
            self.push_code(line);
            return true;
        }
        // In MDX an indented line is no code.
        let indent = indent_width(line);
        if self.is_mdx && indent >= 4 && !self.in_list && !line.trim().is_empty() {
            self.cursor.position += indent;
            return false;
        }
        if hidden_sections::remove_link_comment(&mut self.cursor, rest)
            || hidden_sections::begin_block_section(&mut self.cursor, line, self.has_templates)
        {
            return true;
        }
        if let Some((mark, length, _)) = parse_fence(line) {
            self.fence = Some((mark, length));
            self.fence_indent = if self.in_list {
                directive_lines::content_indent(line)
            } else {
                0
            };
            self.cursor.copy_bytes(line.len());
            return true;
        }
        if self.is_mdx
            && let Some(length) = mdx::module_length(rest)
        {
            self.cursor.position += length;
            return true;
        }
        if !self.has_templates {
            return false;
        }
        if directive_lines::is_abbreviation(line) {
            self.cursor.position += line.len();
            return true;
        }
        if hidden_sections::apply_container_line(&mut self.cursor, line) {
            return true;
        }
        match directive_lines::replace_directive_line(line, rest, &mut self.cursor.output) {
            Some(length) => {
                self.cursor.position += length;
                true
            }
            None => false,
        }
    }

    /// Returns true if a line is indented code (`CommonMark` §4.4): after a blank line and not in a list
    /// item, to which indented lines belong.
    fn is_indented_code(&mut self, line: &str) -> bool {
        let is_blank = line.trim().is_empty();
        let is_indented = line.starts_with("    ") || line.starts_with('\t');
        let is_code = is_indented && !is_blank && self.may_be_code && !self.in_list && !self.is_mdx;
        if is_blank {
            self.may_be_code = true;
        } else if !is_code {
            self.may_be_code = false;
            self.in_list = directive_lines::is_list_item(line)
                || (self.in_list && line.starts_with([' ', '\t']));
        }
        is_code
    }

    /// Copies code without the escapes that keep a generator from running it.
    fn push_code(&mut self, code: &str) {
        match self.has_templates {
            true => self
                .cursor
                .output
                .push_str(&code_spans::remove_escapes(code)),
            false => self.cursor.output.push_str(code),
        }
        self.cursor.position += code.len();
    }

    fn scan_special(&mut self, rest: &'a str) {
        if rest.starts_with('\n') {
            return self.cursor.copy_bytes(1);
        }
        if rest.starts_with('`') {
            return match self.cursor.position < self.preformatted_end {
                true => self.cursor.copy_bytes(1),
                false => self.scan_code_span(rest),
            };
        }
        if rest.starts_with('[') {
            return match links::replace_wiki_link(rest, &self.cursor.output) {
                Some((link, length)) => {
                    self.cursor.output.push_str(&link);
                    self.cursor.position += length;
                }
                None => self.cursor.copy_bytes(1),
            };
        }
        if rest.starts_with('%') {
            return hidden_sections::remove_obsidian_comment(&mut self.cursor, rest);
        }
        if rest.starts_with(':') {
            let before = &self.cursor.output;
            if let Some(component) = directive_lines::parse_inline_component(rest, before) {
                let begin = self.cursor.position;
                self.cursor.output.push_str(component.label);
                self.cursor.position += component.length;
                if component.label.is_empty() {
                    let name = format!(":{}", component.name);
                    let reason = RemovalReason::UnknownOutput;
                    self.cursor.record_removal(name, begin, reason);
                }
                return;
            }
            return hidden_sections::remove_locked_directive(&mut self.cursor, rest);
        }
        if rest.starts_with('<') {
            let begins_code = rest.starts_with("<pre") || rest.starts_with("<code");
            let is_element =
                !self.cursor.is_escaped() || self.cursor.position < self.preformatted_end;
            if is_element
                && (hidden_sections::remove_html_comment(&mut self.cursor, rest)
                    || self.apply_section_tag(rest))
            {
                return;
            }
            let code = begins_code.then(|| self.plain_code_length(rest));
            return match code.flatten() {
                Some(length) => self.push_code(rest.get(..length).unwrap_or(rest)),
                None if self.is_mdx => replacement::process_component(&mut self.cursor, rest),
                None => self.cursor.copy_bytes(1),
            };
        }
        if self.has_templates
            && let Some((text, length)) = code_spans::parse_escaped_shortcode(rest, |end, from| {
                self.cursor.find_delimiter(end, from)
            })
        {
            self.cursor.output.push_str(&text);
            self.cursor.position += length;
            return;
        }
        // Pelican's `{static}` is the root of the site, not of the host.
        if self.has_templates && rest.starts_with(PELICAN_ROOT) {
            self.cursor.copy_bytes(PELICAN_ROOT.len() - "/".len());
            let path = self.variables.site.url.path().trim_end_matches('/');
            self.cursor.output.push_str(path);
            return;
        }
        // An escaped brace is a brace, and `${{` belongs to shells and CI files.
        let is_variable = self.cursor.output.ends_with('$')
            && !template_tag::is_after_currency(rest)
            && !["{%", "{#", "{{%", "{{<", "{{#", "{/"]
                .iter()
                .any(|open| rest.starts_with(open));
        if is_variable || self.cursor.is_escaped() {
            let braces = rest.bytes().take_while(|byte| *byte == b'{').count();
            return self.cursor.copy_bytes(braces);
        }
        if hidden_sections::remove_brace_comment(&mut self.cursor, rest, self.has_templates) {
            return;
        }
        if !self.has_templates {
            return self.cursor.copy_bytes(1);
        }
        if conditionals::remove_handlebars_section(&mut self.cursor, &mut self.conditions, rest) {
            return;
        }
        if let Some(length) = directive_lines::attributes_length(rest, &self.cursor.output) {
            self.cursor.position += length;
            return;
        }
        let before = std::mem::take(&mut self.cursor.output);
        let tag = template_tag::parse_tag(rest, &before, |end, from| {
            self.cursor.find_delimiter(end, from)
        });
        self.cursor.output = before;
        match tag {
            Some(tag) => self.process_tag(&tag),
            None if self.is_mdx => replacement::process_expression(&mut self.cursor, rest),
            None => self.cursor.copy_bytes(1),
        }
    }

    /// Returns the length of an element for code at the current position. `None` if it has hidden sections, as its
    /// content is HTML, in which elements and template tags are interpreted.
    fn plain_code_length(&mut self, rest: &str) -> Option<usize> {
        if self.cursor.position < self.hiding_code_end {
            return None;
        }
        let length = self
            .cursor
            .try_parse(|| code_spans::code_element_length(rest))?;
        let code = rest.get(..length)?;
        if !may_hide_in_element(code, self.has_templates) {
            return Some(length);
        }
        self.hiding_code_end = self.cursor.position + length;
        if rest.starts_with("<pre") {
            self.preformatted_end = self.hiding_code_end;
        }
        None
    }

    /// Begins or ends a section at an HTML tag. Returns true if the tag was consumed.
    fn apply_section_tag(&mut self, rest: &'a str) -> bool {
        hidden_sections::apply_section_tag(
            &mut self.cursor,
            rest,
            self.has_hiding_attribute,
            &mut self.unparsed_tags,
        )
    }

    fn process_tag(&mut self, tag: &TemplateTag<'a>) {
        let begin = self.cursor.position;
        self.cursor.position += tag.length;
        let (cursor, conditions) = (&mut self.cursor, &mut self.conditions);
        if conditionals::remove_template_section(cursor, conditions, tag, begin) {
            return;
        }
        let inserted_bytes = self.variables.inserted_bytes;
        if !self.insert_include(tag, begin) {
            self.lacks_include |= tag.name.to_ascii_lowercase().starts_with("include");
            let is_conditional = self.conditions.is_any_open();
            replacement::process_tag(
                &mut self.cursor,
                &mut self.closing_tags,
                tag,
                begin,
                &mut self.variables,
                is_conditional,
            );
        }
        if self.variables.inserted_bytes > inserted_bytes && self.first_insertion.is_none() {
            let before = self.cursor.body.get(..begin).unwrap_or_default();
            self.first_insertion = Some(before.matches('\n').count());
        }
    }

    /// Inserts the Markdown file that a tag includes. Returns false if the tag includes none.
    fn insert_include(&mut self, tag: &TemplateTag<'a>, begin: usize) -> bool {
        let found = self.variables.find_include(tag);
        let Some(text) = found.filter(|_| self.include_depth < MAX_INCLUDE_DEPTH) else {
            return false;
        };
        if !self.variables.reserve_insertion(text.len()) {
            return false;
        }
        self.variables.set_parameters(tag);
        let Variables { site, page, .. } = self.variables;
        let outer_variables = std::mem::replace(&mut self.variables, Variables::new(site, page));
        let mut included = ShortcodeScanner {
            variables: outer_variables,
            include_depth: self.include_depth + 1,
            is_mdx: false,
            ..ShortcodeScanner::new(text, page, true, site)
        };
        included.scan_body();
        // What follows the tag may belong to a quote or an indented block that is open.
        included.cursor.end_section(RemovalReason::Unclosed);
        self.variables = included.variables;
        self.lacks_include |= included.lacks_include;
        self.cursor.output.push_str(&included.cursor.output);
        for RemovedTag { name, reason, .. } in included.cursor.removed.tags {
            // The section may be meant to end after the included file.
            if reason == RemovalReason::Unclosed {
                self.cursor.position = self.cursor.body.len();
            }
            self.cursor.record_removal(name, begin, reason);
        }
        true
    }

    fn scan_code_span(&mut self, rest: &'a str) {
        let run = rest.bytes().take_while(|byte| *byte == b'`').count();
        let inside = first_bytes(rest.get(run..).unwrap_or_default(), MAX_CODE_SPAN_BYTES);
        let paragraph = inside.split("\n\n").next().unwrap_or(inside);
        let mut from = 0;
        while let Some(at) = paragraph.get(from..).and_then(|rest| rest.find('`')) {
            let begin = from + at;
            let closing = paragraph.get(begin..).unwrap_or_default();
            let ticks = closing.bytes().take_while(|byte| *byte == b'`').count();
            if ticks == run {
                let whole = rest.get(..run + begin + ticks).unwrap_or(rest);
                return self.push_code(whole);
            }
            from = begin + ticks;
        }
        self.cursor.copy_bytes(run);
    }
}
