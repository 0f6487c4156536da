//! Parses YAML front matter to a [`Node`], within a budget.
//!
//! The tree is built from the parser's events, so that scalars stay as written. An alias costs what it expands
//! to, so an alias bomb runs out of budget after kilobytes, not gigabytes.

mod continuation_lines;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::node::{
    FrontMatterError, FrontMatterValue, MAX_FIELDS_PER_MAP, MAX_FRONT_MATTER_BYTES,
    MAX_FRONT_MATTER_NODES, Node, ParsedFrontMatter, add_field,
};
use crate::text::strip_forbidden_chars;

/// Maximum nesting of lists and maps. No front matter seen in practice goes below five.
const MAX_NESTING_DEPTH: usize = 32;

/// Maximum values that continue at column 0. Each one is indented and costs parsing the text once more.
const MAX_CONTINUED_VALUES: usize = 32;

/// Parses one document; `lines_before` is added to line numbers, which the parser counts from 1.
///
/// A quoted text, or a list in brackets, may continue at column 0: libyaml, js-yaml, go-yaml and Psych read that, but
/// this parser does not. So such lines are indented, which does not change the value.
pub(super) fn parse_yaml(
    text: &str,
    lines_before: usize,
) -> Result<ParsedFrontMatter, FrontMatterError> {
    let mut builder = TreeBuilder::new(lines_before);
    if text.len() > MAX_FRONT_MATTER_BYTES {
        return Err(builder.over_budget_error(1, "is larger than 1 MiB"));
    }
    let mut text = Cow::Borrowed(text);
    let mut doubtful = Vec::new();
    let mut continued_before = 0;
    loop {
        let error = match builder.read_events(&text) {
            Ok(None) => return builder.into_parsed(doubtful),
            Ok(Some(error)) => error,
            Err(fault) => return Err(fault),
        };
        let place = error.marker().index();
        let continued = match continued_before < MAX_CONTINUED_VALUES {
            true => continuation_lines::indent_continued_value(&text, error.info(), place),
            false => None,
        };
        let Some(continued) = continued else {
            return Err(FrontMatterError {
                line: error.marker().line() + lines_before,
                over_budget: false,
                message: format!("does not parse: {}", error.info()),
                hint: hint_for_error(error.info()),
            });
        };
        for (line, inside) in continued.lines {
            doubtful.push((line + lines_before, inside));
        }
        text = Cow::Owned(continued.text);
        builder = TreeBuilder::new(lines_before);
        continued_before += 1;
    }
}

/// A list or map that is not yet closed.
enum OpenCollection {
    List(Vec<Node>),
    Map {
        fields: Vec<(String, Node)>,
        key: Option<(String, usize)>,
    },
}

struct TreeBuilder {
    lines_before: usize,
    open_collections: Vec<(OpenCollection, usize, usize)>,
    anchors: HashMap<usize, (Node, usize, usize)>,
    nodes: usize,
    text_bytes: usize,
    documents: usize,
    root: Option<Node>,
    repeated: Vec<(String, usize)>,
}

impl TreeBuilder {
    fn new(lines_before: usize) -> TreeBuilder {
        TreeBuilder {
            lines_before,
            open_collections: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            text_bytes: 0,
            documents: 0,
            root: None,
            repeated: Vec::new(),
        }
    }

    /// Reads the events of a text, and returns the error of a text that does not parse.
    fn read_events(&mut self, text: &str) -> Result<Option<ScanError>, FrontMatterError> {
        for event in Parser::new_from_str(text) {
            match event {
                Ok((event, span)) => self.handle_event(event, span)?,
                Err(error) => return Ok(Some(error)),
            }
        }
        Ok(None)
    }

    /// Returns the parsed fields. An empty document is an empty map.
    fn into_parsed(
        self,
        doubtful: Vec<(usize, String)>,
    ) -> Result<ParsedFrontMatter, FrontMatterError> {
        let root = self.root.unwrap_or(Node {
            line: self.lines_before + 1,
            value: FrontMatterValue::Null,
            is_plain: false,
        });
        let root = match root.value {
            FrontMatterValue::Map(_) => root,
            FrontMatterValue::Null => Node {
                line: root.line,
                value: FrontMatterValue::Map(Vec::new()),
                is_plain: false,
            },
            _ => {
                return Err(FrontMatterError {
                    line: root.line,
                    over_budget: false,
                    message: "holds no fields".to_owned(),
                    hint: "write `name: value` lines between the fences",
                });
            }
        };
        Ok(ParsedFrontMatter {
            root,
            repeated_fields: self.repeated,
            ambiguous_lines: doubtful,
        })
    }

    /// Applies one event of the parser.
    fn handle_event(&mut self, event: Event<'_>, span: Span) -> Result<(), FrontMatterError> {
        let line = span.start.line() + self.lines_before;
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(FrontMatterError {
                        line,
                        over_budget: false,
                        message: "holds a second document".to_owned(),
                        hint: "a front matter is one document between two `---` lines",
                    });
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    FrontMatterValue::Null
                } else {
                    FrontMatterValue::Scalar(strip_forbidden_chars(text.into_owned()))
                };
                let is_plain = style == ScalarStyle::Plain;
                let node = Node {
                    line,
                    value,
                    is_plain,
                };
                self.add_node(node, anchor)?;
            }
            Event::SequenceStart(anchor, _) => {
                self.open_collection(OpenCollection::List(Vec::new()), line, anchor)?
            }
            Event::MappingStart(anchor, _) => {
                self.open_collection(
                    OpenCollection::Map {
                        fields: Vec::new(),
                        key: None,
                    },
                    line,
                    anchor,
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close_collection()?,
            Event::Alias(anchor) => {
                let Some((node, nodes, text)) = self.anchors.get(&anchor).cloned() else {
                    return Err(FrontMatterError {
                        line,
                        over_budget: false,
                        message: "holds an alias of a value that encloses it".to_owned(),
                        hint: "write the value out",
                    });
                };
                self.nodes += nodes;
                self.text_bytes += text;
                self.check_budget(line)?;
                self.attach_node(node, line)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open_collection(
        &mut self,
        open: OpenCollection,
        line: usize,
        anchor: usize,
    ) -> Result<(), FrontMatterError> {
        if self.open_collections.len() >= MAX_NESTING_DEPTH {
            return Err(
                self.over_budget_error(line - self.lines_before, "is nested deeper than 32")
            );
        }
        self.open_collections.push((open, line, anchor));
        Ok(())
    }

    /// Closes the innermost list or map and adds it to the tree.
    fn close_collection(&mut self) -> Result<(), FrontMatterError> {
        let Some((open, line, anchor)) = self.open_collections.pop() else {
            return Ok(());
        };
        let value = match open {
            OpenCollection::List(items) => FrontMatterValue::List(items),
            OpenCollection::Map { fields, .. } => FrontMatterValue::Map(apply_merge_keys(fields)),
        };
        let node = Node {
            line,
            value,
            is_plain: false,
        };
        self.add_node(node, anchor)
    }

    /// Counts a finished node, stores it if it is anchored, and attaches it to the tree.
    fn add_node(&mut self, node: Node, anchor: usize) -> Result<(), FrontMatterError> {
        let line = node.line;
        self.nodes += 1;
        if let FrontMatterValue::Scalar(text) = &node.value {
            self.text_bytes += text.len();
        }
        self.check_budget(line)?;
        if anchor > 0 {
            let (nodes, text) = measure_tree(&node);
            self.anchors.insert(anchor, (node.clone(), nodes, text));
        }
        self.attach_node(node, line)
    }

    /// Attaches a node to the innermost open list or map, or makes it the root.
    fn attach_node(&mut self, node: Node, line: usize) -> Result<(), FrontMatterError> {
        match self.open_collections.last_mut() {
            None => self.root = Some(node),
            Some((OpenCollection::List(items), ..)) => items.push(node),
            Some((OpenCollection::Map { fields, key }, ..)) => match key.take() {
                None => {
                    if fields.len() >= MAX_FIELDS_PER_MAP {
                        return Err(super::node::over_budget_error(
                            line,
                            "has more than 2,000 fields in one map",
                        ));
                    }
                    let name = match node.value {
                        FrontMatterValue::Scalar(text) => text,
                        FrontMatterValue::Null => String::new(),
                        _ => {
                            return Err(FrontMatterError {
                                line,
                                over_budget: false,
                                message: "has a field whose name is not text".to_owned(),
                                hint: "write `name: value`; quote a value that holds braces, such as `\"{{ … }}\"`",
                            });
                        }
                    };
                    *key = Some((name, line));
                }
                Some((name, key_line)) => {
                    // A field has the line of its name, as a folded value begins below it.
                    let node = Node {
                        line: key_line,
                        ..node
                    };
                    if add_field(fields, name, node)?
                        && let Some((name, _)) = fields.last()
                    {
                        self.repeated.push((name.clone(), key_line));
                    }
                }
            },
        }
        Ok(())
    }

    /// Fails if the document has too many values or too much text.
    fn check_budget(&self, line: usize) -> Result<(), FrontMatterError> {
        if self.nodes > MAX_FRONT_MATTER_NODES {
            return Err(self.over_budget_error(
                line - self.lines_before,
                "expands to more than 10,000 values",
            ));
        }
        if self.text_bytes > MAX_FRONT_MATTER_BYTES {
            return Err(
                self.over_budget_error(line - self.lines_before, "expands to more than 1 MiB")
            );
        }
        Ok(())
    }

    fn over_budget_error(&self, line: usize, what: &str) -> FrontMatterError {
        super::node::over_budget_error(line + self.lines_before, what)
    }
}

/// Applies merge keys (yaml.org/type/merge): `<<` adds the fields of a map, or of a list of maps, that are missing.
///
/// Half of the tools honour merge keys, and one may hide a post.
fn apply_merge_keys(mut fields: Vec<(String, Node)>) -> Vec<(String, Node)> {
    if !fields.iter().any(|(name, _)| name == "<<") {
        return fields;
    }
    let mut names: HashSet<String> = fields.iter().map(|(name, _)| name.clone()).collect();
    // Like any field, it may appear twice.
    while let Some(at) = fields.iter().position(|(name, _)| name == "<<") {
        let (_, merge) = fields.remove(at);
        let maps = match merge.value {
            FrontMatterValue::List(items) => items,
            _ => vec![merge],
        };
        for map in maps {
            let FrontMatterValue::Map(more) = map.value else {
                continue;
            };
            for (name, node) in more {
                if names.insert(name.clone()) {
                    fields.push((name, node));
                }
            }
        }
    }
    fields
}

/// Counts the nodes and the bytes of text in a tree. The recursion is bounded, as the tree is within the budget.
fn measure_tree(node: &Node) -> (usize, usize) {
    let add = |(nodes, text): (usize, usize), node: &Node| {
        let (more_nodes, more_text) = measure_tree(node);
        (nodes + more_nodes, text + more_text)
    };
    match &node.value {
        FrontMatterValue::Null => (1, 0),
        FrontMatterValue::Scalar(text) => (1, text.len()),
        FrontMatterValue::List(items) => items.iter().fold((1, 0), add),
        FrontMatterValue::Map(fields) => fields.iter().map(|(_, node)| node).fold((1, 0), add),
    }
}

fn hint_for_error(info: &str) -> &'static str {
    if info.contains("mapping values are not allowed") || info.contains("illegal placement of ':'")
    {
        "quote a value that holds `: `, such as `title: \"One: two\"`"
    } else if info.contains("tab") {
        "indent with spaces; YAML does not allow tabs"
    } else if info.contains("while scanning a quoted scalar") || info.contains("unexpected end") {
        "a quote or bracket is opened and not closed"
    } else if info.contains("anchor") || info.contains("alias") {
        "quote a value that begins with `*` or `&`"
    } else {
        "the lines between the fences are YAML: `name: value`, lists as `- item`, indented by two spaces"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(yaml: &str, path: &str) -> String {
        parse_yaml(yaml, 1)
            .unwrap()
            .root
            .get(path)
            .unwrap()
            .as_text()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn scalars_keep_their_text_as_written() {
        assert_eq!(text_of("title: 1.10", "title"), "1.10");
        assert_eq!(text_of("title: 0x1F", "title"), "0x1F");
        assert_eq!(text_of("title: No", "title"), "No");
        assert_eq!(
            text_of("date: 2024-05-01T10:00:00.000Z", "date"),
            "2024-05-01T10:00:00.000Z"
        );
    }

    #[test]
    fn folded_scalars_are_one_line() {
        assert_eq!(
            text_of("title: One title over\n  two lines", "title"),
            "One title over two lines"
        );
        assert_eq!(
            text_of("title: >-\n  One title over\n  two lines\n", "title"),
            "One title over two lines"
        );
        assert_eq!(text_of("title: \"One:\n  two\"", "title"), "One: two");
        assert_eq!(text_of("title: a\r\n  b\r\nother: c\r\n", "title"), "a b");
    }

    #[test]
    fn escapes_cannot_restore_forbidden_characters() {
        assert_eq!(text_of("title: \"a\\x0bb\\0c\"", "title"), "abc");
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let text = "title: a\nseo:\n  description: >\n    text\n  url: u\n";
        let node = parse_yaml(text, 1).unwrap().root;
        let line = |path| node.get(path).unwrap().line;
        assert_eq!(
            (
                line("title"),
                line("seo"),
                line("seo.description"),
                line("seo.url")
            ),
            (2, 3, 4, 6)
        );
    }

    #[test]
    fn alias_bomb_exceeds_the_budget() {
        let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let before = level - 1;
            let list = vec![format!("*a{before}"); 9].join(", ");
            yaml += &format!("a{level}: &a{level} [{list}]\n");
        }
        let fault = parse_yaml(&yaml, 1).unwrap_err();
        assert!(fault.over_budget, "{fault:?}");
    }

    #[test]
    fn deep_nesting_exceeds_the_budget() {
        for yaml in [
            "a: ".to_owned() + &"[".repeat(100_000),
            "- ".repeat(100_000),
        ] {
            let fault = parse_yaml(&yaml, 1).unwrap_err();
            assert!(
                fault.over_budget || fault.message.contains("recursion"),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn alias_of_itself_is_an_error() {
        assert!(parse_yaml("a: &a [*a]", 1).is_err());
    }

    #[test]
    fn quoted_texts_and_lists_continue_at_column_0() {
        for (yaml, path, text) in [
            ("a: \"From\nevery, x\"\nb: c\n", "a", "From every, x"),
            ("a: 'it''s\nb: c'\nb: d\n", "a", "it's b: c"),
            ("a: \"x\\\"\n\ny\"\nb: c", "a", "x\"\ny"),
            ("a: \"x\\\ny\n\"\nb: c", "b", "c"),
            ("a:\n  b: \"x\ny\"\n  c: d\n", "a.c", "d"),
            ("é: 'é\nx'\na: 'ü\ny'\n", "a", "ü y"),
            ("a: [\nx,\n\"]\ny\",\n{z: [1]} # ]\n]\nb: c\n", "b", "c"),
            ("a:\n  - b: {\nx: 1\n}\nb: c\n", "b", "c"),
        ] {
            assert_eq!(text_of(yaml, path), text, "{yaml}");
        }
        let items = parse_yaml("a: [\nx,\n\"]\ny\",\nz\n]\n", 1).unwrap().root;
        let FrontMatterValue::List(items) = &items.get("a").unwrap().value else {
            panic!("{items:?}")
        };
        let texts: Vec<_> = items.iter().filter_map(Node::as_text).collect();
        assert_eq!(texts, ["x", "] y", "z"]);
        let lines = parse_yaml("a: 'b\ndraft: true\nc'\n", 1)
            .unwrap()
            .ambiguous_lines;
        assert_eq!(lines, [(3, "draft: true".to_owned()), (4, "c'".to_owned())]);
    }

    #[test]
    fn unclosed_quote_is_an_error() {
        for yaml in ["a: \"b\nc: d\n", "a: 'b\nc: d\ne: 'f'\n", "a: [\nb\nc: d\n"] {
            assert!(parse_yaml(yaml, 1).is_err(), "{yaml}");
        }
    }

    #[test]
    fn many_continued_values_stay_within_bounds() {
        let many = "a: 'b\nc'\n".replace('a', "a1");
        let text: String = (0..10_000)
            .map(|n| many.replace("a1", &format!("a{n}")))
            .collect();
        assert!(parse_yaml(&text, 1).is_err());
    }

    #[test]
    fn merge_keys_add_missing_fields() {
        let yaml = "base: &b {hidePost: true, title: base}\n<<: *b\ntitle: own\n";
        assert_eq!(text_of(yaml, "hidePost"), "true");
        assert_eq!(text_of(yaml, "title"), "own");
        let list = "a: &a {x: 1}\nb: &b {x: 2, y: 3}\n<<: [*a, *b]\n";
        assert_eq!(
            (text_of(list, "x"), text_of(list, "y")),
            ("1".into(), "3".into())
        );
    }

    #[test]
    fn unquoted_colon_is_an_error_with_line_and_hint() {
        let fault = parse_yaml("date: 2024-01-01\ntitle: One: two\n", 1).unwrap_err();
        assert_eq!(fault.line, 3);
        assert!(fault.hint.contains("quote"), "{fault:?}");
    }

    #[test]
    fn empty_text_is_an_empty_map_a_list_an_error() {
        assert_eq!(
            parse_yaml("", 1).unwrap().root.value,
            FrontMatterValue::Map(Vec::new())
        );
        assert!(parse_yaml("- a\n", 1).is_err());
    }
}
