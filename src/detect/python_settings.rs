//! Reads the settings of a Python file, without running it.

/// Writes Python's assignments as JavaScript's, line by line: `NAME = u'a'  # b` becomes `const NAME = 'a'`.
pub(crate) fn convert_assignments(text: &str) -> String {
    let mut script = String::with_capacity(text.len());
    for line in text.lines() {
        let mut quote = None;
        let comment = line.char_indices().find(|(_, character)| {
            match (quote, *character) {
                (None, '\'' | '"') => quote = Some(*character),
                (Some(open), character) if open == character => quote = None,
                _ => {}
            }
            quote.is_none() && *character == '#'
        });
        let code = comment.map_or(line, |(at, _)| line.get(..at).unwrap_or_default());
        let is_assignment = code.starts_with(|c: char| c.is_ascii_uppercase());
        script.push_str(if is_assignment { "const " } else { "" });
        match code.split_once('=') {
            Some((name, value)) if is_assignment => {
                let value = value.trim_start();
                let text = value.trim_start_matches(['u', 'r']);
                let value = if text.starts_with(['\'', '"']) {
                    text
                } else {
                    value
                };
                script.push_str(&format!("{name}= {value}"));
            }
            _ => script.push_str(code),
        }
        script.push('\n');
    }
    script
}
