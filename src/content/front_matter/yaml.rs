//! YAML events into a [`Node`], within a budget.
//!
//! The tree is built here from the parser's events, so that scalars stay as written and an alias
//! costs what it expands to: a bomb of aliases runs out of budget after kilobytes, not gigabytes.

mod continued;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::{Fault, MAX_FIELDS, MAX_NODES, MAX_TEXT, Node, Parsed, Value, add_field};
use crate::text::clean;

/// No front matter seen goes below five.
const MAX_DEPTH: usize = 32;

/// How many values that go on at column 0 are indented for the parser, each at the cost of parsing once more.
const MAX_CONTINUED: usize = 32;

/// Parses one document; `lines_before` is added to line numbers, which the parser counts from 1. A quoted text, or a
/// list in brackets, may go on at column 0: libyaml, js-yaml, go-yaml and Psych read that, and this parser does not,
/// so such lines are indented, which adds nothing to the value.
pub(super) fn parse(text: &str, lines_before: usize) -> Result<Parsed, Fault> {
    let mut builder = Builder::new(lines_before);
    if text.len() > MAX_TEXT {
        return Err(builder.over_budget(1, "is larger than 1 MiB"));
    }
    let mut text = Cow::Borrowed(text);
    let mut doubtful = Vec::new();
    let mut continued_before = 0;
    loop {
        let error = match builder.read(&text) {
            Ok(None) => return builder.finish(doubtful),
            Ok(Some(error)) => error,
            Err(fault) => return Err(fault),
        };
        let place = error.marker().index();
        let continued = match continued_before < MAX_CONTINUED {
            true => continued::indent(&text, error.info(), place),
            false => None,
        };
        let Some(continued) = continued else {
            return Err(Fault {
                line: error.marker().line() + lines_before,
                over_budget: false,
                message: format!("does not parse: {}", error.info()),
                hint: hint_for(error.info()),
            });
        };
        for (line, inside) in continued.lines {
            doubtful.push((line + lines_before, inside));
        }
        text = Cow::Owned(continued.text);
        builder = Builder::new(lines_before);
        continued_before += 1;
    }
}

/// A list or map that is not yet closed.
enum Open {
    List(Vec<Node>),
    Map {
        fields: Vec<(String, Node)>,
        key: Option<(String, usize)>,
    },
}

struct Builder {
    lines_before: usize,
    open: Vec<(Open, usize, usize)>,
    anchors: HashMap<usize, (Node, usize, usize)>,
    nodes: usize,
    text: usize,
    documents: usize,
    root: Option<Node>,
    repeated: Vec<(String, usize)>,
}

impl Builder {
    fn new(lines_before: usize) -> Builder {
        Builder {
            lines_before,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            text: 0,
            documents: 0,
            root: None,
            repeated: Vec::new(),
        }
    }

    /// Reads a text to its end, or to where it does not parse.
    fn read(&mut self, text: &str) -> Result<Option<ScanError>, Fault> {
        for event in Parser::new_from_str(text) {
            match event {
                Ok((event, span)) => self.take(event, span)?,
                Err(error) => return Ok(Some(error)),
            }
        }
        Ok(None)
    }

    fn finish(self, doubtful: Vec<(usize, String)>) -> Result<Parsed, Fault> {
        let root = self.root.unwrap_or(Node {
            line: self.lines_before + 1,
            value: Value::Null,
        });
        let root = match root.value {
            Value::Map(_) => root,
            Value::Null => Node {
                line: root.line,
                value: Value::Map(Vec::new()),
            },
            _ => {
                return Err(Fault {
                    line: root.line,
                    over_budget: false,
                    message: "holds no fields".to_owned(),
                    hint: "write `name: value` lines between the fences",
                });
            }
        };
        Ok(Parsed {
            root,
            repeated: self.repeated,
            doubtful,
        })
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let line = span.start.line() + self.lines_before;
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Fault {
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
                    Value::Null
                } else {
                    Value::Scalar(clean(text.into_owned()))
                };
                self.add(Node { line, value }, anchor)?;
            }
            Event::SequenceStart(anchor, _) => self.open(Open::List(Vec::new()), line, anchor)?,
            Event::MappingStart(anchor, _) => {
                self.open(
                    Open::Map {
                        fields: Vec::new(),
                        key: None,
                    },
                    line,
                    anchor,
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => {
                let Some((node, nodes, text)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Fault {
                        line,
                        over_budget: false,
                        message: "holds an alias of what encloses it".to_owned(),
                        hint: "write the value out",
                    });
                };
                self.nodes += nodes;
                self.text += text;
                self.check(line)?;
                self.place(node, line)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, open: Open, line: usize, anchor: usize) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.over_budget(line - self.lines_before, "is nested deeper than 32"));
        }
        self.open.push((open, line, anchor));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some((open, line, anchor)) = self.open.pop() else {
            return Ok(());
        };
        let value = match open {
            Open::List(items) => Value::List(items),
            Open::Map { fields, .. } => Value::Map(merged(fields)),
        };
        self.add(Node { line, value }, anchor)
    }

    /// Counts a finished node, remembers it if it is anchored, and puts it where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        let line = node.line;
        self.nodes += 1;
        if let Value::Scalar(text) = &node.value {
            self.text += text.len();
        }
        self.check(line)?;
        if anchor > 0 {
            let (nodes, text) = size(&node);
            self.anchors.insert(anchor, (node.clone(), nodes, text));
        }
        self.place(node, line)
    }

    fn place(&mut self, node: Node, line: usize) -> Result<(), Fault> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(items), ..)) => items.push(node),
            Some((Open::Map { fields, key }, ..)) => match key.take() {
                None => {
                    if fields.len() >= MAX_FIELDS {
                        return Err(super::over_budget(
                            line,
                            "has more than 2,000 fields in one map",
                        ));
                    }
                    let name = match node.value {
                        Value::Scalar(text) => text,
                        Value::Null => String::new(),
                        _ => {
                            return Err(Fault {
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
                    // The line of a field is that of its name: a folded value begins below it.
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

    fn check(&self, line: usize) -> Result<(), Fault> {
        if self.nodes > MAX_NODES {
            return Err(self.over_budget(
                line - self.lines_before,
                "expands to more than 10,000 values",
            ));
        }
        if self.text > MAX_TEXT {
            return Err(self.over_budget(line - self.lines_before, "expands to more than 1 MiB"));
        }
        Ok(())
    }

    fn over_budget(&self, line: usize, what: &str) -> Fault {
        super::over_budget(line + self.lines_before, what)
    }
}

/// Merge keys (yaml.org/type/merge): `<<` gives the fields of a map, or of a list of them, that
/// are not there already. Half of the tools honour it, and a post may be hidden by it.
fn merged(mut fields: Vec<(String, Node)>) -> Vec<(String, Node)> {
    if !fields.iter().any(|(name, _)| name == "<<") {
        return fields;
    }
    let mut names: HashSet<String> = fields.iter().map(|(name, _)| name.clone()).collect();
    // It may stand twice, as any field may.
    while let Some(at) = fields.iter().position(|(name, _)| name == "<<") {
        let (_, merge) = fields.remove(at);
        let maps = match merge.value {
            Value::List(items) => items,
            _ => vec![merge],
        };
        for map in maps {
            let Value::Map(more) = map.value else {
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

/// How many nodes and bytes of text a tree holds; its depth is within the budget.
fn size(node: &Node) -> (usize, usize) {
    let add = |(nodes, text): (usize, usize), node: &Node| {
        let (more_nodes, more_text) = size(node);
        (nodes + more_nodes, text + more_text)
    };
    match &node.value {
        Value::Null => (1, 0),
        Value::Scalar(text) => (1, text.len()),
        Value::List(items) => items.iter().fold((1, 0), add),
        Value::Map(fields) => fields.iter().map(|(_, node)| node).fold((1, 0), add),
    }
}

fn hint_for(info: &str) -> &'static str {
    if info.contains("mapping values are not allowed") || info.contains("illegal placement of ':'")
    {
        "quote a value that holds `: `, such as `title: \"One: two\"`"
    } else if info.contains("tab") {
        "indent with blanks; YAML takes no tabs"
    } else if info.contains("while scanning a quoted scalar") || info.contains("unexpected end") {
        "a quote or bracket is opened and not closed"
    } else if info.contains("anchor") || info.contains("alias") {
        "quote a value that begins with `*` or `&`"
    } else {
        "the lines between the fences are YAML: `name: value`, lists as `- item`, two blanks deeper"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(yaml: &str, path: &str) -> String {
        parse(yaml, 1)
            .unwrap()
            .root
            .get(path)
            .unwrap()
            .text()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn scalars_keep_the_text_they_were_written_with() {
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
    fn escapes_cannot_bring_back_what_xml_forbids() {
        assert_eq!(text_of("title: \"a\\x0bb\\0c\"", "title"), "abc");
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let text = "title: a\nseo:\n  description: >\n    text\n  url: u\n";
        let node = parse(text, 1).unwrap().root;
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
    fn a_bomb_of_aliases_runs_out_of_budget() {
        let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let before = level - 1;
            let list = vec![format!("*a{before}"); 9].join(", ");
            yaml += &format!("a{level}: &a{level} [{list}]\n");
        }
        let fault = parse(&yaml, 1).unwrap_err();
        assert!(fault.over_budget, "{fault:?}");
    }

    #[test]
    fn deep_nesting_runs_out_of_budget() {
        for yaml in [
            "a: ".to_owned() + &"[".repeat(100_000),
            "- ".repeat(100_000),
        ] {
            let fault = parse(&yaml, 1).unwrap_err();
            assert!(
                fault.over_budget || fault.message.contains("recursion"),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn an_alias_of_itself_is_a_fault() {
        assert!(parse("a: &a [*a]", 1).is_err());
    }

    #[test]
    fn quoted_texts_and_lists_go_on_at_column_0() {
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
        let items = parse("a: [\nx,\n\"]\ny\",\nz\n]\n", 1).unwrap().root;
        let Value::List(items) = &items.get("a").unwrap().value else {
            panic!("{items:?}")
        };
        let texts: Vec<_> = items.iter().filter_map(Node::text).collect();
        assert_eq!(texts, ["x", "] y", "z"]);
        let lines = parse("a: 'b\ndraft: true\nc'\n", 1).unwrap().doubtful;
        assert_eq!(lines, [(3, "draft: true".to_owned()), (4, "c'".to_owned())]);
    }

    #[test]
    fn an_endless_quote_is_a_fault() {
        for yaml in ["a: \"b\nc: d\n", "a: 'b\nc: d\ne: 'f'\n", "a: [\nb\nc: d\n"] {
            assert!(parse(yaml, 1).is_err(), "{yaml}");
        }
    }

    #[test]
    fn many_continued_values_stay_within_bounds() {
        let many = "a: 'b\nc'\n".replace('a', "a1");
        let text: String = (0..10_000)
            .map(|n| many.replace("a1", &format!("a{n}")))
            .collect();
        assert!(parse(&text, 1).is_err());
    }

    #[test]
    fn merge_keys_give_what_is_not_there() {
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
    fn an_unquoted_colon_is_a_fault_with_line_and_remedy() {
        let fault = parse("date: 2024-01-01\ntitle: One: two\n", 1).unwrap_err();
        assert_eq!(fault.line, 3);
        assert!(fault.hint.contains("quote"), "{fault:?}");
    }

    #[test]
    fn nothing_is_an_empty_map_and_a_list_is_a_fault() {
        assert_eq!(parse("", 1).unwrap().root.value, Value::Map(Vec::new()));
        assert!(parse("- a\n", 1).is_err());
    }
}
