//! Finds merge conflict markers in a file.

use super::broken_visibility::{VisibilityLimits, scan_for_limits};
use crate::config::Config;
use crate::front_matter::{self, FrontMatterSplit};
use crate::text::code_fences::parse_fence;

/// Start and end of code in template languages and HTML.
const CODE_DELIMITERS: [(&str, &str); 8] = [
    ("{% highlight", "endhighlight"),
    ("{% codeblock", "endcodeblock"),
    ("{% raw", "endraw"),
    ("{% verbatim", "endverbatim"),
    ("{{< highlight", "/highlight"),
    ("{{% highlight", "/highlight"),
    ("<pre", "</pre>"),
    ("<code", "</code>"),
];

/// An unresolved merge conflict.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MergeConflict {
    /// Line of the first marker, counted from 1.
    pub(super) line: usize,
    /// Position of that line, in bytes.
    begin: usize,
    /// End of the last marker, in bytes.
    end: usize,
}

impl MergeConflict {
    /// Finds conflict markers outside of code, in a text whose lines end with LF. A line of `=` may underline a
    /// heading, so it needs one of the other markers.
    pub(super) fn find_markers(text: &str) -> Option<MergeConflict> {
        let has = |mark: &str| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
        if !has("<<<<<<<") && !has(">>>>>>>") {
            return None;
        }
        // Position of the last end of each kind of code. Only ASCII is lowered, so positions stay the same.
        let lower = text.to_ascii_lowercase();
        let last_closings = CODE_DELIMITERS.map(|(_, close)| lower.rfind(close));
        let mut code: Option<OpenCode> = None;
        let mut is_divided = false;
        let mut found: Option<MergeConflict> = None;
        let mut begin = 0;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let end = begin + line.len();
            if let Some(open) = &code {
                if open.is_closed_by(line) {
                    code = None;
                }
            } else if let Some(opened) = OpenCode::from_opening_line(line, end, &last_closings) {
                code = Some(opened);
            } else {
                let is_side = is_conflict_marker(line, "<<<<<<<")
                    || (is_divided && is_conflict_marker(line, ">>>>>>>"));
                is_divided |= line.trim_end() == "=======" || is_conflict_marker(line, "|||||||");
                match &mut found {
                    Some(found) if is_side => found.end = end,
                    None if is_side => {
                        found = Some(MergeConflict {
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
        // A conflict without an end may continue to the end of the file.
        found.map(|found| match is_divided {
            true => found,
            false => MergeConflict {
                end: text.len(),
                ..found
            },
        })
    }

    /// Reads the visibility that the front matter of either side asks for.
    pub(super) fn read_visibility(&self, text: &str, config: &Config) -> VisibilityLimits {
        let before = text.get(..self.begin).unwrap_or_default();
        if let FrontMatterSplit::Present(front) = front_matter::split_front_matter(before) {
            // The conflict is below the front matter, so both sides share it.
            let end = before.len() - front.body.len();
            return scan_for_limits(before.get(..end).unwrap_or(front.text), config);
        }
        let end = match front_matter::split_front_matter(text) {
            FrontMatterSplit::Present(front) => self.end.max(text.len() - front.body.len()),
            FrontMatterSplit::Unclosed(_) | FrontMatterSplit::None => text.len(),
        };
        scan_for_limits(text.get(..end).unwrap_or_default(), config)
    }
}

/// Returns true if a line is this marker, alone or followed by the name of a side.
fn is_conflict_marker(line: &str, mark: &str) -> bool {
    line.strip_prefix(mark)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
}

/// Open code block.
enum OpenCode {
    Fenced(char, usize),
    Tagged(&'static str),
}

impl OpenCode {
    /// Returns the code that a line opens. `end` is the end of the line. A tag without an end tag opens none.
    fn from_opening_line(
        line: &str,
        end: usize,
        last_closings: &[Option<usize>],
    ) -> Option<OpenCode> {
        if let Some((mark, length, _)) = parse_fence(line) {
            return Some(OpenCode::Fenced(mark, length));
        }
        let line = line.trim_start().to_lowercase();
        let tags = CODE_DELIMITERS.iter().zip(last_closings);
        let mut opened = tags.filter_map(|((open, close), last)| {
            let rest = line.strip_prefix(open)?;
            // A longer name is a different tag: `<preview`.
            if rest.starts_with(|c: char| c.is_alphanumeric() || c == '-') {
                return None;
            }
            let is_closed = last.is_some_and(|last| last >= end);
            (!rest.contains(close) && is_closed).then_some(OpenCode::Tagged(close))
        });
        opened.next()
    }

    fn is_closed_by(&self, line: &str) -> bool {
        match self {
            OpenCode::Fenced(mark, length) => {
                parse_fence(line).is_some_and(|(other, others, info)| {
                    other == *mark && others >= *length && info.is_empty()
                })
            }
            OpenCode::Tagged(close) => line.to_lowercase().contains(close),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "---\ntitle: A\n---\n";

    #[test]
    fn conflict_markers_are_found_with_their_line() {
        for (text, line) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> side\n", 2),
            ("<<<<<<< ours\na\n", 1),
            ("a\n||||||| base\nb\n=======\nc\n>>>>>>> side\n", 6),
            ("a\n=======\nb\n>>>>>>> side\n", 4),
            ("```\n<<<<<<< code\n```\n<<<<<<<\n", 4),
            ("<pre>a</pre>\n<<<<<<< b\n", 2),
        ] {
            let found = MergeConflict::find_markers(text).map(|conflict| conflict.line);
            assert_eq!(found, Some(line), "{text}");
        }
    }

    #[test]
    fn markers_in_code_and_headings_are_ignored() {
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
            assert_eq!(MergeConflict::find_markers(text), None, "{text}");
        }
    }

    #[test]
    fn hidden_on_either_side_stays_hidden() {
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
            let conflict = MergeConflict::find_markers(text).unwrap();
            assert_eq!(
                conflict.read_visibility(text, &config).hides,
                is_hidden,
                "{text}"
            );
        }
        let text = format!("{FRONT}<<<<<<< a\ndraft: true\n=======\n>>>>>>> b\n");
        let conflict = MergeConflict::find_markers(&text).unwrap();
        assert!(!conflict.read_visibility(&text, &config).hides);
    }
}
