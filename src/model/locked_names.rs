//! Decides which names of tags, shortcodes and containers say that their content is not for every reader.

/// A name is locked if it contains one of these anywhere: `PasswordProtected`, `hugo-encrypt`.
const LOCKED_SUBSTRINGS: [&str; 10] = [
    "encrypt",
    "password",
    "protect",
    "private",
    "secret",
    "hidden",
    "memberonly",
    "membersonly",
    "paywall",
    "confidential",
];
/// A name is locked if it begins with one of these: `hideBox`, `premiumcontent`.
const LOCKED_PREFIXES: [&str; 4] = ["hide", "draft", "premium", "formembers"];
/// A name is locked if one of these is among its words. As parts of longer words they mean something else.
const LOCKED_WORDS: [&str; 14] = [
    "hide",
    "draft",
    "drafts",
    "todo",
    "todos",
    "lock",
    "locked",
    "login",
    "internal",
    "premium",
    "restricted",
    "redacted",
    "unlisted",
    "subscribers",
];
/// A name that ends with one of these is a widget, not a restriction: `internal-link`, `LockIcon`.
const WIDGET_WORDS: [&str; 6] = ["badge", "button", "form", "icon", "image", "link"];
/// A name that ends with one of these lists people: `MembersList`.
const PEOPLE_WORDS: [&str; 4] = ["card", "grid", "list", "table"];
/// Hexo tags that show their content on a click, to every reader.
const HEXO_TOGGLE_TAGS: [&str; 3] = ["hidetoggle", "hideblock", "hideinline"];

/// Returns true if the name of a tag, shortcode or container says that its content is not for every reader.
/// Letter case, `-` and `_` do not matter, as in front matter fields.
pub(crate) fn is_locked_name(name: &str) -> bool {
    let normalized_name: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    if HEXO_TOGGLE_TAGS
        .iter()
        .any(|tag| tag.eq_ignore_ascii_case(name))
    {
        return false;
    }
    if has_locked_substring(&normalized_name) {
        return true;
    }
    let words: Vec<String> = split_words(name).map(str::to_lowercase).collect();
    let is_one_of = |list: &[&str], word: &String| list.contains(&word.as_str());
    let ends_with = |list: &[&str]| words.last().is_some_and(|word| is_one_of(list, word));
    if ends_with(&WIDGET_WORDS) {
        return false;
    }
    // `team-members` lists people.
    let begins_with_members = words.first().is_some_and(|word| word == "members");
    let is_for_members = (begins_with_members && !ends_with(&PEOPLE_WORDS))
        || words.windows(2).any(|pair| pair == ["for", "members"]);
    is_for_members
        || LOCKED_PREFIXES
            .iter()
            .any(|word| normalized_name.starts_with(word))
        || is_one_of(&LOCKED_WORDS, &normalized_name)
        || words.iter().any(|word| is_one_of(&LOCKED_WORDS, word))
}

/// Returns true if a lower-case name contains one of `LOCKED_SUBSTRINGS`, which always mean restricted content.
pub(crate) fn has_locked_substring(lowercase_name: &str) -> bool {
    LOCKED_SUBSTRINGS
        .iter()
        .any(|word| lowercase_name.contains(word))
}

/// Splits a name at punctuation and camel case: `members-only`, `membersOnly` and `TODOList` have two words each.
fn split_words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .flat_map(|part| {
            let mut word_start = 0;
            let mut words = Vec::new();
            let chars: Vec<(usize, char)> = part.char_indices().collect();
            for (index, (offset, letter)) in chars.iter().enumerate().skip(1) {
                let before = chars.get(index - 1).map(|(_, letter)| *letter);
                let after = chars.get(index + 1).map(|(_, letter)| *letter);
                let is_word_start = letter.is_uppercase()
                    && (before.is_some_and(char::is_lowercase)
                        || after.is_some_and(char::is_lowercase));
                if is_word_start {
                    words.extend(part.get(word_start..*offset));
                    word_start = *offset;
                }
            }
            words.extend(part.get(word_start..));
            words
        })
        .filter(|word| !word.is_empty())
}
