//! Bounds Markdown before it is parsed, by counts that one look at its bytes gives.

use super::{MAX_STEPS, count};

/// Bytes of a body, without those of inlined pictures: a long novel has a million. Its HTML has no fewer.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
/// Lines times lists that they may be in: a blank line is taken to each list that is open, at thirty nanoseconds
/// each. That is 200,000 lines with twenty blanks before each.
const MAX_LINE_WORK: usize = 2_000_000;
/// Bytes of words times the web addresses in each: the end of the word is looked for from each. That is a
/// word of 100 KB with five hundred.
const MAX_WORD_WORK: usize = 50_000_000;
/// Braces, which may begin a construct of a generator: its end is looked for in 2,000 bytes, and that of a block in
/// the whole body. Five hundred formulas have two thousand.
const MAX_BRACES: usize = 25_000;
/// Lines that may begin a module of MDX, which ends within 20 KB. A page has a dozen.
const MAX_MODULES: usize = 1_000;
/// Elements of code that are open at a time, whose end is looked for in 200 KB. `<pre><code>` makes two.
const MAX_OPEN_CODE: usize = 100;

/// A smaller body is cheap, whatever it holds: with a web address in each four bytes it takes 14,000² / 4, which is
/// less than 50,000,000, and its lines are in a hundred lists at most.
const ALWAYS_FITS_BYTES: usize = 14_000;

/// More steps than that are not taken by a byte that means something to Markdown, be it the end of a line.
const STEPS_PER_MARK: usize = 16;
/// More than that are not added by each list around it.
const STEPS_PER_LIST: usize = 3;
/// The parser opens no more lists within each other.
const MAX_LISTS: usize = 100;
/// More steps than that are not taken by a cell that a short row of a table leaves out.
const STEPS_PER_CELL: usize = 8;

/// A bound that a body exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::content) enum Excess {
    /// It is larger than 2 MiB, as text or as HTML.
    Size,
    /// It has more lines in deeper lists and quotes.
    Lines,
    /// It has more web addresses in one word.
    Addresses,
    /// It has more of what may begin a construct of a generator.
    Constructs,
    /// Its Markdown takes more steps.
    Steps,
    /// Its HTML has more tags, attributes or references, or nests deeper.
    Html,
}

impl Excess {
    /// What is too much, as the rest of a sentence about the body.
    pub(in crate::content) fn what(self) -> &'static str {
        match self {
            Excess::Size => "is larger than 2 MiB",
            Excess::Lines => "has too many lines in nested lists or quotes",
            Excess::Addresses => "has too many web addresses in one word",
            Excess::Constructs => {
                "has too many braces, modules of MDX or unclosed elements of code"
            }
            Excess::Steps => "has too many table cells or marks of Markdown",
            Excess::Html => {
                "has too many tags, attributes or references of HTML, or nests or leaves open too many"
            }
        }
    }
}

/// Bytes of inlined pictures (`data:` addresses).
pub(in crate::content) fn inlined_bytes(text: &str) -> usize {
    let ends = |byte: &u8| matches!(byte, b')' | b'"' | b'\'' | b'>') || byte.is_ascii_whitespace();
    let mut inlined = 0;
    let mut from = 0;
    for at in memchr::memmem::find_iter(text.as_bytes(), b"data:image") {
        let rest = text.as_bytes().get(at.max(from)..).unwrap_or_default();
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        inlined += length;
        from = at.max(from) + length;
    }
    inlined
}

/// Checks what is known of a body before it is parsed.
pub(in crate::content) fn check_markdown(text: &str) -> Result<(), Excess> {
    if text.len() <= ALWAYS_FITS_BYTES {
        return Ok(());
    }
    if text.len() > MAX_BODY_BYTES && text.len() - inlined_bytes(text) > MAX_BODY_BYTES {
        return Err(Excess::Size);
    }
    if line_work(text) > MAX_LINE_WORK {
        return Err(Excess::Lines);
    }
    if word_work(text) > MAX_WORD_WORK {
        return Err(Excess::Addresses);
    }
    if count(text, |byte| byte == b'{') > MAX_BRACES
        || modules(text) > MAX_MODULES
        || open_code(text, "<pre", "</pre>") > MAX_OPEN_CODE
        || open_code(text, "<code", "</code>") > MAX_OPEN_CODE
    {
        return Err(Excess::Constructs);
    }
    Ok(())
}

/// An upper bound of how many lists are open, summed over the lines. What a line begins with tells how many there
/// may be; the lines below it are in as many until one stands further left after a blank one.
fn line_work(text: &str) -> usize {
    if count(text, |byte| byte == b'\n') * MAX_LISTS <= MAX_LINE_WORK {
        return 0;
    }
    let (mut work, mut depth, mut after_blank) = (0_usize, 0, true);
    for line in text.split('\n') {
        if line.trim_matches([' ', '\t', '>', '\r']).is_empty() {
            after_blank = true;
        } else {
            let lists = possible_lists(line);
            depth = if after_blank { lists } else { depth.max(lists) };
            after_blank = false;
        }
        work = work.saturating_add(depth);
    }
    work
}

/// In how many lists a line may be, by what it begins with: each takes two columns.
fn possible_lists(line: &str) -> usize {
    let is_of_prefix = |byte: &u8| {
        matches!(byte, b' ' | b'\t' | b'>' | b'-' | b'*' | b'+' | b'.' | b')')
            || byte.is_ascii_digit()
    };
    let prefix = line.bytes().take_while(is_of_prefix);
    let columns: usize = prefix.map(|byte| if byte == b'\t' { 4 } else { 1 }).sum();
    columns.div_ceil(2).min(MAX_LISTS)
}

/// Lines that may begin a module of MDX.
fn modules(text: &str) -> usize {
    memchr::memmem::find_iter(text.as_bytes(), b"\nimport").count()
        + memchr::memmem::find_iter(text.as_bytes(), b"\nexport").count()
}

/// The most elements of code that are open at a time.
fn open_code(text: &str, begin: &str, end: &str) -> usize {
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

/// Bytes times web addresses, summed over the words.
fn word_work(text: &str) -> usize {
    // In words of 10 KB with nothing but addresses there may be as many.
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

/// Whether Markdown may take more steps than there may be, by an upper bound.
pub(in crate::content) fn may_take_too_many_steps(text: &str) -> bool {
    let marks = count(text, is_mark);
    let steps = |columns: usize, lines: usize, lists: usize| {
        let cells = if columns == 0 {
            0
        } else {
            (columns + 1).saturating_mul(lines)
        };
        (marks * (STEPS_PER_MARK + STEPS_PER_LIST * lists))
            .saturating_add(cells.saturating_mul(STEPS_PER_CELL))
    };
    let lines = count(text, |byte| byte == b'\n') + 1;
    // Most posts are small enough for a coarse bound.
    if steps(pipes(text), lines, MAX_LISTS) <= MAX_STEPS {
        return false;
    }
    let columns = text.split('\n').map(pipes).max().unwrap_or_default();
    let lists = text
        .split('\n')
        .map(possible_lists)
        .max()
        .unwrap_or_default();
    steps(columns, lines, lists) > MAX_STEPS
}

/// Whether a byte may mean something to Markdown. The `w` is the first of `www.`.
fn is_mark(byte: u8) -> bool {
    (byte < 0x80 && byte != b' ' && !byte.is_ascii_alphanumeric()) || byte == b'w'
}

fn pipes(text: &str) -> usize {
    count(text, |byte| byte == b'|')
}

/// The line that the costliest paragraph, table or list begins on, counted from 0, as far as that shows from its
/// bytes.
pub(in crate::content) fn costliest_line(text: &str) -> usize {
    let (mut costliest, mut most) = (0, 0);
    let (mut begin, mut lines, mut columns, mut marks, mut bytes) = (0, 0_usize, 0_usize, 0, 0);
    for (number, line) in text.split('\n').enumerate() {
        if line.trim().is_empty() {
            (begin, lines, columns, marks, bytes) = (number + 1, 0, 0, 0, 0);
            continue;
        }
        lines += 1;
        columns = columns.max(pipes(line));
        marks += count(line, is_mark);
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
    fn body_beyond_a_bound_is_not_parsed() {
        for (text, excess) in [
            ("w".repeat(5_000_000), Excess::Size),
            (
                format!("{}a\n{}", "- ".repeat(90), "\n".repeat(100_000)),
                Excess::Lines,
            ),
            (
                format!("{}a\nlazy\n{}", "- ".repeat(90), "\n".repeat(100_000)),
                Excess::Lines,
            ),
            ("http://a<".repeat(10_000), Excess::Addresses),
            ("www.a.b<*".repeat(10_000), Excess::Addresses),
            ("{{".repeat(15_000), Excess::Constructs),
            ("\nimport {\n".repeat(6_000), Excess::Constructs),
            (
                format!(
                    "{}{}{}",
                    "</pre>".repeat(3_000),
                    "<pre>a".repeat(3_000),
                    "</pre>".repeat(3_000)
                ),
                Excess::Constructs,
            ),
        ] {
            let head: String = text.chars().take(40).collect();
            assert_eq!(check_markdown(&text), Err(excess), "{head}");
        }
    }

    #[test]
    fn costliest_line_is_that_of_the_table() {
        let text = format!(
            "{}\n|{}\n|{}\n{}\nmore\n",
            "words\n\n".repeat(10),
            "a|".repeat(50),
            "-|".repeat(50),
            "|b|\n".repeat(50),
        );
        assert_eq!(costliest_line(&text), 21);
        assert_eq!(costliest_line(""), 0);
    }
}
