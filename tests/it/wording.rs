//! Holds the rules for names and comments that a machine can check. CONTRIBUTING.md tells all of them.

use std::fs;

use crate::tidy::{root, sources};

/// Words of a private language that this project once had. None may be a part of a name.
const PRIVATE_WORDS: [&str; 30] = [
    "felt",
    "lent",
    "told",
    "glance",
    "desk",
    "heir",
    "whoever",
    "nobody",
    "somebody",
    "anybody",
    "pulse",
    "guests",
    "shelf",
    "contest",
    "trail",
    "sight",
    "sighted",
    "teller",
    "asker",
    "happening",
    "stations",
    "wants",
    "wishes",
    "farewell",
    "linger",
    "forgive",
    "hasty",
    "calm",
    "trouble",
    "troubles",
];

/// Beginnings of a comment that leave out the noun that it is about.
const VAGUE_BEGINNINGS: [&str; 18] = [
    "Who ",
    "Whom ",
    "Whose ",
    "Whoever ",
    "What ",
    "Whatever ",
    "Whether ",
    "Which ",
    "That which ",
    "Another ",
    "Others ",
    "How ",
    "So many ",
    "So much ",
    "As many ",
    "Where ",
    "Nobody ",
    "Somebody ",
];

/// Largest share of function names that are one word, in percent.
const MAX_ONE_WORD_PERCENT: usize = 40;
/// Least mean length of a function's name, in tenths of a letter.
const MIN_MEAN_NAME_TENTHS: usize = 95;
/// Most closures that get a name and are used once, in 10,000 lines.
const MAX_NAMED_ONCE_PER_10_000_LINES: usize = 15;

/// Returns a file's lines without comments.
fn code_lines(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect()
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Lists the names in a line of code, without those in string literals.
fn names_in_code(line: &str) -> impl Iterator<Item = &str> {
    let outside_strings = line.split('"').step_by(2);
    outside_strings.flat_map(|code| code.split(|c| !is_name_char(c)))
}

/// Splits a name in snake case or camel case, and returns its words in lower case.
fn words_of_name(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if c == '_' || c.is_uppercase() && was_lower {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().unwrap().push(c.to_ascii_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words
}

/// Lists the names of the functions that a text defines.
fn function_names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in code_lines(text) {
        let Some((before, after)) = line.split_once("fn ") else {
            continue;
        };
        let is_definition = before.is_empty() || before.ends_with([' ', '\t', '(']);
        let name = after.split(|c| !is_name_char(c)).next().unwrap();
        if is_definition && name.starts_with(|c: char| c.is_ascii_lowercase()) {
            names.push(name);
        }
    }
    names
}

/// Returns the name of a closure that a line begins to define.
fn closure_name(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("let ")?;
    let rest = rest.strip_prefix("mut ").unwrap_or(rest);
    let (name, value) = rest.split_once(" = ")?;
    let value = value.strip_prefix("async ").unwrap_or(value);
    let value = value.strip_prefix("move ").unwrap_or(value);
    let is_name = name.chars().all(is_name_char);
    (is_name && value.starts_with('|')).then_some(name)
}

/// Lists the closures that are used at most once after their definition, within its block.
fn closures_used_once(text: &str) -> Vec<String> {
    let lines = code_lines(text);
    let mut once = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = closure_name(line) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let block = lines[at + 1..].iter().take_while(|line| {
            line.trim().is_empty() || line.len() - line.trim_start().len() >= indent
        });
        let uses = block.flat_map(|line| line.split(|c| !is_name_char(c)));
        if uses.filter(|word| *word == name).count() <= 1 {
            once.push(line.trim().to_owned());
        }
    }
    once
}

fn assert_none(violations: &[String], rule: &str) {
    let list = violations.join("\n");
    assert!(violations.is_empty(), "{rule}:\n{list}");
}

#[test]
fn module_heads_are_sentences_with_a_verb() {
    let mut violations = Vec::new();
    for (file, text) in sources() {
        let head: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let head = head.join(" ");
        let sentence = head.split(". ").next().unwrap_or_default();
        let verb = sentence.split(' ').next().unwrap_or_default();
        let verb = verb.trim_end_matches(',');
        let begins_with_verb = verb.starts_with(|c: char| c.is_ascii_uppercase())
            && verb.ends_with('s')
            && !verb.ends_with("ss");
        if !begins_with_verb || sentence.contains(" into ") {
            violations.push(format!("{file}: {sentence}"));
        }
    }
    assert_none(
        &violations,
        "a module's head begins with a verb (\"Answers …\") and holds no \" into \"",
    );
}

#[test]
fn names_hold_no_private_word() {
    let mut violations = Vec::new();
    for (file, text) in sources() {
        for line in code_lines(&text) {
            for name in names_in_code(line) {
                if words_of_name(name)
                    .iter()
                    .any(|word| PRIVATE_WORDS.contains(&word.as_str()))
                {
                    violations.push(format!("{file}: {name}"));
                }
            }
        }
    }
    violations.sort();
    violations.dedup();
    assert_none(
        &violations,
        "a name holds a word that only this project would know",
    );
}

#[test]
fn comments_begin_with_a_noun_or_a_verb() {
    let mut violations = Vec::new();
    for (file, text) in sources() {
        let mut is_begin = true;
        for line in text.lines() {
            let line = line.trim_start();
            let doc = line
                .strip_prefix("/// ")
                .or_else(|| line.strip_prefix("//! "));
            if let Some(doc) = doc.filter(|_| is_begin)
                && VAGUE_BEGINNINGS.iter().any(|begin| doc.starts_with(begin))
            {
                violations.push(format!("{file}: {doc}"));
            }
            is_begin = doc.is_none() || doc.is_some_and(str::is_empty);
        }
    }
    assert_none(&violations, "a comment begins with no noun");
}

#[test]
fn functions_are_named_for_what_they_do() {
    let sources = sources();
    let names: Vec<&str> = sources
        .values()
        .flat_map(|text| function_names(text))
        .collect();
    let one_word = names
        .iter()
        .filter(|name| !name.trim_matches('_').contains('_'))
        .count();
    let letters: usize = names.iter().map(|name| name.len()).sum();
    let percent = 100 * one_word / names.len();
    let mean_tenths = 10 * letters / names.len();
    println!(
        "{} functions, {percent} % of one word, {mean_tenths} tenths of a letter in the mean",
        names.len()
    );
    assert!(
        percent <= MAX_ONE_WORD_PERCENT,
        "{percent} % of the functions' names are one word"
    );
    assert!(
        mean_tenths >= MIN_MEAN_NAME_TENTHS,
        "names of functions have {mean_tenths} tenths of a letter"
    );
    let prepositions = ["of", "with", "at", "by", "to", "on"];
    let vague: Vec<String> = sources
        .iter()
        .flat_map(|(file, text)| {
            function_names(text)
                .into_iter()
                .map(move |name| (file, name))
        })
        .filter(|(_, name)| prepositions.contains(name))
        .map(|(file, name)| format!("{file}: {name}"))
        .collect();
    assert_none(&vague, "a function is called by a preposition");
}

#[test]
fn closures_used_once_have_no_name() {
    let sources = sources();
    let lines: usize = sources.values().map(|text| text.lines().count()).sum();
    let mut once = Vec::new();
    for (file, text) in &sources {
        once.extend(
            closures_used_once(text)
                .into_iter()
                .map(|line| format!("{file}: {line}")),
        );
    }
    println!(
        "{} closures that are named and used once in {lines} lines",
        once.len()
    );
    assert!(
        once.len() * 10_000 <= MAX_NAMED_ONCE_PER_10_000_LINES * lines,
        "closures get a name and are used once:\n{}",
        once.join("\n")
    );
}

#[test]
fn test_names_have_at_most_ten_words() {
    let mut violations = Vec::new();
    let mut dirs = vec![root().join("src"), root().join("tests")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for (at, line) in lines.iter().enumerate() {
                let is_test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                let Some(definition) = lines.get(at + 1).filter(|_| is_test) else {
                    continue;
                };
                for name in function_names(definition) {
                    if name.split('_').count() > 10 {
                        violations.push(format!("{}: {name}", path.display()));
                    }
                }
            }
        }
    }
    assert_none(&violations, "a test's name has more than ten words");
}

#[test]
fn checks_find_what_they_look_for() {
    assert_eq!(words_of_name("FeltSocket_told"), ["felt", "socket", "told"]);
    assert_eq!(
        function_names("    pub(super) fn of(all: &str) {\n// fn no()"),
        ["of"]
    );
    assert_eq!(closure_name("    let double = |n| n * 2;"), Some("double"));
    assert_eq!(closure_name("    let both = a || b;"), None);
    let once = "fn f() {\n    let double = |n| n * 2;\n    double(2)\n}\nfn double() {}";
    assert_eq!(closures_used_once(once), ["let double = |n| n * 2;"]);
    let twice = "fn f() {\n    let double = |n| n * 2;\n    double(double(2))\n}";
    assert!(closures_used_once(twice).is_empty());
}
