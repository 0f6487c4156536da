//! Finds the marks that a stopped merge leaves in a text.

use super::broken::{Limits, read_limits};
use super::constructs::fence;
use super::front_matter::{self, Split};
use crate::config::Config;

/// What opens code in a template language, and what closes it.
const TEMPLATE_CODE: [(&str, &str); 8] = [
    ("{% highlight", "endhighlight"),
    ("{% codeblock", "endcodeblock"),
    ("{% raw", "endraw"),
    ("{% verbatim", "endverbatim"),
    ("{{< highlight", "/highlight"),
    ("{{% highlight", "/highlight"),
    ("<pre", "</pre>"),
    ("<code", "</code>"),
];

/// A merge that stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    /// The line of its first mark, counted from 1.
    pub(super) line: usize,
    /// Where that line begins, in bytes.
    begin: usize,
    /// Where the last mark ends, in bytes.
    end: usize,
}

impl Conflict {
    /// Finds the marks of a merge in a text whose lines end with LF, outside of code. A line of `=` alone
    /// underlines a heading, so that it takes one of the other marks.
    pub(super) fn find(text: &str) -> Option<Conflict> {
        let has = |mark: &str| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
        if !has("<<<<<<<") && !has(">>>>>>>") {
            return None;
        }
        // Where each kind of code is closed for the last time. ASCII alone, so that places stay the same.
        let lower = text.to_ascii_lowercase();
        let last_closings = TEMPLATE_CODE.map(|(_, close)| lower.rfind(close));
        let mut code: Option<Code> = None;
        let mut is_divided = false;
        let mut found: Option<Conflict> = None;
        let mut begin = 0;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let end = begin + line.len();
            if let Some(open) = &code {
                if open.is_closed_by(line) {
                    code = None;
                }
            } else if let Some(opened) = Code::opened_by(line, end, &last_closings) {
                code = Some(opened);
            } else {
                let is_side = is_mark(line, "<<<<<<<") || (is_divided && is_mark(line, ">>>>>>>"));
                is_divided |= line.trim_end() == "=======" || is_mark(line, "|||||||");
                match &mut found {
                    Some(found) if is_side => found.end = end,
                    None if is_side => {
                        found = Some(Conflict {
                            line: at + 1,
                            begin,
                            end,
                        });
                    }
                    _ => {}
                }
            }
            begin = end;
        }
        // One that does not end may go on to the end.
        found.map(|found| match is_divided {
            true => found,
            false => Conflict {
                end: text.len(),
                ..found
            },
        })
    }

    /// What the front matter of any side says of who may see the post.
    pub(super) fn limits(&self, text: &str, config: &Config) -> Limits {
        let before = text.get(..self.begin).unwrap_or_default();
        if let Split::Front(front) = front_matter::split(before) {
            // Both sides have the same.
            let end = before.len() - front.body.len();
            return read_limits(before.get(..end).unwrap_or(front.text), config);
        }
        let end = match front_matter::split(text) {
            Split::Front(front) => self.end.max(text.len() - front.body.len()),
            Split::Open(_) | Split::None => text.len(),
        };
        read_limits(text.get(..end).unwrap_or_default(), config)
    }
}

/// Whether a line is the mark, alone or with the name of a side behind it.
fn is_mark(line: &str, mark: &str) -> bool {
    line.strip_prefix(mark)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
}

/// Code that is open.
enum Code {
    Fenced(char, usize),
    Tagged(&'static str),
}

impl Code {
    /// The code that a line opens which ends at `end`. A tag that nothing closes behind it opens none.
    fn opened_by(line: &str, end: usize, last_closings: &[Option<usize>]) -> Option<Code> {
        if let Some((mark, length, _)) = fence(line) {
            return Some(Code::Fenced(mark, length));
        }
        let line = line.trim_start().to_lowercase();
        let tags = TEMPLATE_CODE.iter().zip(last_closings);
        let is_name_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
        let mut opened = tags.filter_map(|((open, close), last)| {
            let rest = line.strip_prefix(open).filter(|rest| is_name_end(rest))?;
            let is_closed = last.is_some_and(|last| last >= end);
            (!rest.contains(close) && is_closed).then_some(Code::Tagged(close))
        });
        opened.next()
    }

    fn is_closed_by(&self, line: &str) -> bool {
        match self {
            Code::Fenced(mark, length) => fence(line).is_some_and(|(other, others, info)| {
                other == *mark && others >= *length && info.is_empty()
            }),
            Code::Tagged(close) => line.to_lowercase().contains(close),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "---\ntitle: A\n---\n";

    #[test]
    fn marks_of_a_merge_are_found_with_their_line() {
        for (text, line) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> side\n", 2),
            ("<<<<<<< ours\na\n", 1),
            ("a\n||||||| base\nb\n=======\nc\n>>>>>>> side\n", 6),
            ("a\n=======\nb\n>>>>>>> side\n", 4),
            ("```\n<<<<<<< code\n```\n<<<<<<<\n", 4),
            ("<pre>a</pre>\n<<<<<<< b\n", 2),
        ] {
            let found = Conflict::find(text).map(|conflict| conflict.line);
            assert_eq!(found, Some(line), "{text}");
        }
    }

    #[test]
    fn marks_in_code_and_headings_are_none() {
        for text in [
            "Heading\n=======\n",
            "```\n<<<<<<< HEAD\n=======\n>>>>>>> side\n```\n",
            "~~~~ diff\n<<<<<<< HEAD\n~~~\n>>>>>>> side\n~~~~\n",
            "- a\n  ```\n<<<<<<< HEAD\n  ```\n",
            "    <<<<<<< HEAD\n    =======\n",
            "{% highlight text %}\n<<<<<<< HEAD\n=======\n>>>>>>> a\n{% endhighlight %}\n",
            "<pre>\n<<<<<<< HEAD\n</pre>\n",
            ">>>>>>> a quote in quotes\n",
            "<<<<<<<< eight\n",
            "`<<<<<<< HEAD`\n",
        ] {
            assert_eq!(Conflict::find(text), None, "{text}");
        }
    }

    #[test]
    fn any_side_that_hides_hides() {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n";
        let config = Config::parse(toml, "config.toml", std::path::Path::new("/")).unwrap();
        for (text, is_hidden) in [
            (
                "---\ntitle: A\n<<<<<<< a\ndraft: true\n=======\ndraft: false\n>>>>>>> b\n---\n",
                true,
            ),
            (
                "---\ntitle: A\n<<<<<<< a\ndraft: false\n=======\ndraft: true\n>>>>>>> b\n---\n",
                true,
            ),
            (
                "<<<<<<< a\n---\ntitle: A\n---\n=======\n---\ndraft: true\n---\n>>>>>>> b\n",
                true,
            ),
            (
                "---\ndraft: true\n---\nA\n<<<<<<< a\nb\n=======\nc\n>>>>>>> b\n",
                true,
            ),
            ("---\ntitle: A\n<<<<<<< a\n---\nB\ndraft: true\n", true),
            (
                "---\n<<<<<<< a\ntitle: A\n=======\ntitle: B\n>>>>>>> b\ndraft: true\n---\n",
                true,
            ),
            (
                "---\ntitle: A\n---\nhide the ball\n<<<<<<< a\nb\n=======\n>>>>>>> b\ndraft: true\n",
                false,
            ),
        ] {
            let conflict = Conflict::find(text).unwrap();
            assert_eq!(conflict.limits(text, &config).hides, is_hidden, "{text}");
        }
        let text = format!("{FRONT}<<<<<<< a\ndraft: true\n=======\n>>>>>>> b\n");
        let conflict = Conflict::find(&text).unwrap();
        assert!(!conflict.limits(&text, &config).hides);
    }
}
