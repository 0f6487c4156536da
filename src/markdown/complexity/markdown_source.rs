//! Checks Markdown against limits before it is parsed, by counting bytes.

use super::{MAX_PARSER_STEPS, count_bytes};

/// Maximum size of a body, in bytes without inlined images. A long novel has a million. Its HTML is at least as long.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
/// Maximum lines times the lists that they may be in. A blank line is passed to each open list, at 30 ns each.
/// That is 200,000 lines with an indent of twenty.
const MAX_LINE_WORK: usize = 2_000_000;
/// Maximum bytes of words times the URLs in each, as the end of the word is searched from each URL. That is a
/// word of 100 KB with five hundred URLs.
const MAX_URL_SCAN_WORK: usize = 50_000_000;
/// Maximum number of braces, each of which may begin a shortcode. Its end is searched in a few kilobytes, and
/// that of a pair in the whole body. Five hundred formulas have two thousand.
const MAX_BRACES: usize = 25_000;
/// Maximum number of lines that may begin an MDX import or export, whose end is searched in 20 KB. A page has a dozen.
const MAX_MDX_MODULES: usize = 1_000;
/// Maximum number of nested code elements, whose end is searched in 200 KB. `<pre><code>` are two.
const MAX_NESTED_CODE: usize = 100;

/// Size in bytes up to which any body is within the limits. With a URL in each four bytes it costs 14,000² / 4,
/// which is less than 50,000,000, and its lines are in at most a hundred lists.
const ALWAYS_ALLOWED_BYTES: usize = 14_000;

/// Maximum parser steps for a byte with a meaning in Markdown, such as a line end.
const STEPS_PER_MARK: usize = 16;
/// Maximum additional steps for each list around it.
const STEPS_PER_LIST: usize = 3;
/// Maximum nesting of lists in the parser.
const MAX_NESTED_LISTS: usize = 100;
/// Maximum steps for a table cell that a short row omits.
const STEPS_PER_CELL: usize = 8;

/// Limit that a body exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExceededLimit {
    /// Size of the text or HTML: 2 MiB.
    Size,
    /// Lines in nested lists and quotes.
    Lines,
    /// URLs in one word.
    Urls,
    /// Possible beginnings of shortcodes, MDX imports and exports, and code elements.
    Shortcodes,
    /// Steps of the Markdown parser.
    Steps,
    /// Tags, attributes, references or nesting of the HTML.
    Html,
}

impl ExceededLimit {
    /// Describes the excess, to follow "the body" in a message.
    pub(crate) fn to_message(self) -> &'static str {
        match self {
            ExceededLimit::Size => "is larger than 2 MiB",
            ExceededLimit::Lines => "has too many lines in nested lists or quotes",
            ExceededLimit::Urls => "has too many URLs in one word",
            ExceededLimit::Shortcodes => {
                "has too many braces, MDX imports or exports, or unclosed code elements"
            }
            ExceededLimit::Steps => "has too many table cells or Markdown punctuation marks",
            ExceededLimit::Html => {
                "has too many HTML tags, attributes or character references, or too many nested or unclosed elements"
            }
        }
    }
}

/// Returns the number of bytes in inlined images (`data:` URLs).
pub(crate) fn count_inlined_bytes(text: &str) -> usize {
    let mut inlined = 0;
    let mut from = 0;
    for at in memchr::memmem::find_iter(text.as_bytes(), b"data:image") {
        let rest = text.as_bytes().get(at.max(from)..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| {
                matches!(byte, b')' | b'"' | b'\'' | b'>') || byte.is_ascii_whitespace()
            })
            .unwrap_or(rest.len());
        inlined += length;
        from = at.max(from) + length;
    }
    inlined
}

/// Checks a body against the limits that need no parsing.
///
/// # Errors
///
/// Returns the limit that the body exceeds.
pub(crate) fn check_markdown(text: &str) -> Result<(), ExceededLimit> {
    if text.len() <= ALWAYS_ALLOWED_BYTES {
        return Ok(());
    }
    if text.len() > MAX_BODY_BYTES && text.len() - count_inlined_bytes(text) > MAX_BODY_BYTES {
        return Err(ExceededLimit::Size);
    }
    if estimate_line_work(text) > MAX_LINE_WORK {
        return Err(ExceededLimit::Lines);
    }
    if estimate_url_work(text) > MAX_URL_SCAN_WORK {
        return Err(ExceededLimit::Urls);
    }
    if count_bytes(text, |byte| byte == b'{') > MAX_BRACES
        || count_mdx_modules(text) > MAX_MDX_MODULES
        || count_nested_code(text, "<pre", "</pre>") > MAX_NESTED_CODE
        || count_nested_code(text, "<code", "</code>") > MAX_NESTED_CODE
    {
        return Err(ExceededLimit::Shortcodes);
    }
    Ok(())
}

/// Returns an upper bound of the open lists, summed over all lines. The start of a line limits their number. The
/// lines below may be in as many, until a blank line is followed by a line with less indent.
fn estimate_line_work(text: &str) -> usize {
    if count_bytes(text, |byte| byte == b'\n') * MAX_NESTED_LISTS <= MAX_LINE_WORK {
        return 0;
    }
    let (mut work, mut depth, mut after_blank) = (0_usize, 0, true);
    for line in text.split('\n') {
        if line.trim_matches([' ', '\t', '>', '\r']).is_empty() {
            after_blank = true;
        } else {
            let lists = estimate_list_depth(line);
            depth = if after_blank { lists } else { depth.max(lists) };
            after_blank = false;
        }
        work = work.saturating_add(depth);
    }
    work
}

/// Returns the number of lists that a line may be in by its start: each takes two columns.
fn estimate_list_depth(line: &str) -> usize {
    let prefix = line.bytes().take_while(|byte| {
        matches!(byte, b' ' | b'\t' | b'>' | b'-' | b'*' | b'+' | b'.' | b')')
            || byte.is_ascii_digit()
    });
    let columns: usize = prefix.map(|byte| if byte == b'\t' { 4 } else { 1 }).sum();
    columns.div_ceil(2).min(MAX_NESTED_LISTS)
}

/// Counts the lines that may begin an MDX import or export.
fn count_mdx_modules(text: &str) -> usize {
    memchr::memmem::find_iter(text.as_bytes(), b"\nimport").count()
        + memchr::memmem::find_iter(text.as_bytes(), b"\nexport").count()
}

/// Returns the maximum number of code elements that are open at a time.
fn count_nested_code(text: &str, begin: &str, end: &str) -> usize {
    let mut ends = memchr::memmem::find_iter(text.as_bytes(), end).peekable();
    let (mut open, mut most) = (0_usize, 0);
    for begin in memchr::memmem::find_iter(text.as_bytes(), begin) {
        while ends.next_if(|end| *end < begin).is_some() {
            open = open.saturating_sub(1);
        }
        open += 1;
        most = most.max(open);
    }
    most
}

/// Returns bytes times URLs, summed over the words.
fn estimate_url_work(text: &str) -> usize {
    // Shorter words cannot reach the limit, even if they are only URLs.
    let mut work = 0_usize;
    for word in text
        .split_ascii_whitespace()
        .filter(|word| word.len() > 4_096)
    {
        let addresses = memchr::memmem::find_iter(word.as_bytes(), b"://").count()
            + memchr::memmem::find_iter(word.as_bytes(), b"www.").count();
        work = work.saturating_add(addresses.saturating_mul(word.len()));
    }
    work
}

/// Returns true if an upper bound of the parser's steps is above the limit.
pub(crate) fn may_take_too_many_steps(text: &str) -> bool {
    let marks = count_bytes(text, is_markdown_mark);
    let steps = |columns: usize, lines: usize, lists: usize| {
        let cells = if columns == 0 {
            0
        } else {
            (columns + 1).saturating_mul(lines)
        };
        (marks * (STEPS_PER_MARK + STEPS_PER_LIST * lists))
            .saturating_add(cells.saturating_mul(STEPS_PER_CELL))
    };
    let lines = count_bytes(text, |byte| byte == b'\n') + 1;
    // A coarse bound is enough for most posts.
    if steps(count_pipes(text), lines, MAX_NESTED_LISTS) <= MAX_PARSER_STEPS {
        return false;
    }
    let columns = text.split('\n').map(count_pipes).max().unwrap_or_default();
    let lists = text
        .split('\n')
        .map(estimate_list_depth)
        .max()
        .unwrap_or_default();
    steps(columns, lines, lists) > MAX_PARSER_STEPS
}

/// Returns true if a byte may have a meaning in Markdown. `w` may begin `www.`.
fn is_markdown_mark(byte: u8) -> bool {
    (byte < 0x80 && byte != b' ' && !byte.is_ascii_alphanumeric()) || byte == b'w'
}

fn count_pipes(text: &str) -> usize {
    count_bytes(text, |byte| byte == b'|')
}

/// Estimates which paragraph, table or list costs most, and returns its first line, counted from 0.
pub(crate) fn find_costliest_line(text: &str) -> usize {
    let (mut costliest, mut most) = (0, 0);
    let (mut begin, mut lines, mut columns, mut marks, mut bytes) = (0, 0_usize, 0_usize, 0, 0);
    for (number, line) in text.split('\n').enumerate() {
        if line.trim().is_empty() {
            (begin, lines, columns, marks, bytes) = (number + 1, 0, 0, 0, 0);
            continue;
        }
        lines += 1;
        columns = columns.max(count_pipes(line));
        marks += count_bytes(line, is_markdown_mark);
        bytes += line.len();
        let cost = marks + columns.saturating_mul(lines) + bytes / 16;
        if cost > most {
            (costliest, most) = (begin, cost);
        }
    }
    costliest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_posts_are_parsed() {
        for text in [
            String::new(),
            "Some words of *prose*.\n\n".repeat(80_000),
            "    code();\n".repeat(100_000),
            "- item\n\n  more\n\n".repeat(20_000),
            format!("![a](data:image/png;base64,{})", "A".repeat(12_000_000)),
            format!("{}\n", "{\"url\":\"https://e.org/a\"},".repeat(1_000)),
            "<pre><code>a</code></pre> <code>b</code>\n".repeat(5_000),
        ] {
            let head: String = text.chars().take(40).collect();
            assert_eq!(check_markdown(&text), Ok(()), "{head}");
        }
    }

    #[test]
    fn body_above_a_limit_is_rejected() {
        for (text, excess) in [
            ("w".repeat(5_000_000), ExceededLimit::Size),
            (
                format!("{}a\n{}", "- ".repeat(90), "\n".repeat(100_000)),
                ExceededLimit::Lines,
            ),
            (
                format!("{}a\nlazy\n{}", "- ".repeat(90), "\n".repeat(100_000)),
                ExceededLimit::Lines,
            ),
            ("http://a<".repeat(10_000), ExceededLimit::Urls),
            ("www.a.b<*".repeat(10_000), ExceededLimit::Urls),
            ("{{".repeat(15_000), ExceededLimit::Shortcodes),
            ("\nimport {\n".repeat(6_000), ExceededLimit::Shortcodes),
            (
                format!(
                    "{}{}{}",
                    "</pre>".repeat(3_000),
                    "<pre>a".repeat(3_000),
                    "</pre>".repeat(3_000)
                ),
                ExceededLimit::Shortcodes,
            ),
        ] {
            let head: String = text.chars().take(40).collect();
            assert_eq!(check_markdown(&text), Err(excess), "{head}");
        }
    }

    #[test]
    fn costliest_line_is_in_the_table() {
        let text = format!(
            "{}\n|{}\n|{}\n{}\nmore\n",
            "words\n\n".repeat(10),
            "a|".repeat(50),
            "-|".repeat(50),
            "|b|\n".repeat(50),
        );
        assert_eq!(find_costliest_line(&text), 21);
        assert_eq!(find_costliest_line(""), 0);
    }
}
