//! Reads start tags of HTML and of components, and tells which lock or hide what they enclose.

use super::mdx;
use super::tag::head;

/// A start tag with more bytes is read no further.
const MAX_START_TAG_BYTES: usize = 4_000;

/// One that locks, and has more bytes than this, is text.
const MAX_LOCKED_TAG_BYTES: usize = 100_000;

/// A name that holds one of these locks, wherever it stands: `PasswordProtected`, `hugo-encrypt`.
const LOCK_WORDS: [&str; 10] = [
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
/// A name that begins with one of these locks: `hideBox`, `premiumcontent`.
const LOCK_BEGINNINGS: [&str; 4] = ["hide", "draft", "premium", "formembers"];
/// A name locks that has one of these among its words. Within other words they mean something else.
const LOCK_WHOLE_WORDS: [&str; 14] = [
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
/// A name that ends with one of these calls a thing, and no reader: `internal-link`, `LockIcon`.
const THING_WORDS: [&str; 6] = ["badge", "button", "form", "icon", "image", "link"];
/// One that ends with one of these shows people: `MembersList`.
const PEOPLE_WORDS: [&str; 4] = ["card", "grid", "list", "table"];
/// Tags of Hexo that show what they enclose on a click. All may read it.
const SHOWN_ON_CLICK: [&str; 3] = ["hidetoggle", "hideblock", "hideinline"];

/// Whether the name of a tag, a shortcode or a container says that not everybody may read what is in it.
/// Case, `-`, `_` and camel case are ignored, as they are in names of markers.
pub(super) fn is_locked_name(name: &str) -> bool {
    let letters: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    if SHOWN_ON_CLICK
        .iter()
        .any(|shown| shown.eq_ignore_ascii_case(name))
    {
        return false;
    }
    if is_strictly_locked(&letters) {
        return true;
    }
    let words: Vec<String> = words(name).map(str::to_lowercase).collect();
    let is_one_of = |list: &[&str], word: &String| list.contains(&word.as_str());
    let ends_with = |list: &[&str]| words.last().is_some_and(|word| is_one_of(list, word));
    if ends_with(&THING_WORDS) {
        return false;
    }
    // People elsewhere: `team-members`.
    let begins_with_members = words.first().is_some_and(|word| word == "members");
    let is_for_members = (begins_with_members && !ends_with(&PEOPLE_WORDS))
        || words.windows(2).any(|pair| pair == ["for", "members"]);
    is_for_members
        || LOCK_BEGINNINGS.iter().any(|word| letters.starts_with(word))
        || is_one_of(&LOCK_WHOLE_WORDS, &letters)
        || words.iter().any(|word| is_one_of(&LOCK_WHOLE_WORDS, word))
}

/// Whether the small letters of a name have a word that means nothing but a lock.
pub(super) fn is_strictly_locked(letters: &str) -> bool {
    LOCK_WORDS.iter().any(|word| letters.contains(word))
}

/// Whether the name of an element locks what it encloses. A component `<Members>` is a list of people.
pub(super) fn is_locked_element(name: &str) -> bool {
    name != "Members" && is_locked_name(name)
}

/// The words of a name: `members-only`, `membersOnly` and `TODOList` have two each.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .flat_map(|part| {
            let mut begin = 0;
            let mut words = Vec::new();
            let letters: Vec<(usize, char)> = part.char_indices().collect();
            for (index, (at, letter)) in letters.iter().enumerate().skip(1) {
                let before = letters.get(index - 1).map(|(_, letter)| *letter);
                let after = letters.get(index + 1).map(|(_, letter)| *letter);
                let begins = letter.is_uppercase()
                    && (before.is_some_and(char::is_lowercase)
                        || after.is_some_and(char::is_lowercase));
                if begins {
                    words.extend(part.get(begin..*at));
                    begin = *at;
                }
            }
            words.extend(part.get(begin..));
            words
        })
        .filter(|word| !word.is_empty())
}

/// The start tag of an element or a component.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    /// In bytes.
    pub(super) length: usize,
    /// Whether it encloses nothing: `<Name />`, `<img>`.
    pub(super) is_alone: bool,
    /// Whether its name locks what it encloses.
    pub(super) is_locked: bool,
    /// Whether browsers show nothing of it: `hidden`, `style="display: none"`.
    pub(super) is_hidden: bool,
}

/// The start tag that a text begins with.
pub(super) fn start_tag(rest: &str) -> Option<StartTag<'_>> {
    let name = start_name(rest)?;
    let is_locked = is_locked_element(name);
    let text = head(rest, MAX_START_TAG_BYTES);
    match attributes(text, 1 + name.len()) {
        Some((length, ends_alone, is_hidden)) => {
            let is_void = mdx::VOID.contains(&name.to_ascii_lowercase().as_str());
            // Elsewhere than in XML the slash means nothing on an element of HTML.
            let is_html = name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                && !is_locked;
            Some(StartTag {
                name,
                length,
                is_alone: is_void || (ends_alone && !(is_html && is_hidden)),
                is_locked,
                is_hidden,
            })
        }
        // What is too long to be read, or written wrongly, still says by its name what it is.
        None if is_locked && head(rest, MAX_LOCKED_TAG_BYTES).contains('>') => Some(StartTag {
            name,
            length: 1 + name.len(),
            is_alone: false,
            is_locked,
            is_hidden: false,
        }),
        None => None,
    }
}

/// The name of the element whose start tag a text begins with.
pub(super) fn start_name(rest: &str) -> Option<&str> {
    name_of(rest.strip_prefix('<')?)
}

/// The name of the element whose end tag a text begins with.
pub(super) fn end_tag(rest: &str) -> Option<&str> {
    name_of(rest.strip_prefix("</")?)
}

fn name_of(inside: &str) -> Option<&str> {
    let end = inside
        .find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | ':'))
        .unwrap_or(inside.len());
    let (name, tail) = inside.split_at_checked(end)?;
    // An address has a colon too: `<https://e.org>`.
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.ends_with(':');
    (is_name && tail.starts_with([' ', '\n', '\t', '\r', '>', '/'])).then_some(name)
}

/// The length of a start tag whose attributes begin at `at`, whether it ends with a slash, and whether an
/// attribute hides the element.
fn attributes(text: &str, at: usize) -> Option<(usize, bool, bool)> {
    let mut tail = text.get(at..)?;
    let mut is_hidden = false;
    loop {
        tail = tail.trim_start();
        if let Some(after) = tail.strip_prefix("/>") {
            return Some((text.len() - after.len(), true, is_hidden));
        }
        if let Some(after) = tail.strip_prefix('>') {
            return Some((text.len() - after.len(), false, is_hidden));
        }
        if let Some(after) = tail.strip_prefix('/') {
            tail = after;
            continue;
        }
        if tail.starts_with('{') {
            tail = tail.get(mdx::braces(tail)?..)?;
            continue;
        }
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .filter(|end| *end > 0)?;
        let (name, after) = tail.split_at_checked(end)?;
        tail = after;
        let mut value = None;
        if let Some(after) = after.trim_start().strip_prefix('=') {
            let after = after.trim_start();
            let end = match after.chars().next()? {
                quote @ ('"' | '\'') => after.get(1..)?.find(quote)? + 2,
                '{' => mdx::braces(after)?,
                _ => after.find(|c: char| c.is_whitespace() || c == '>')?,
            };
            value = after.get(..end);
            tail = after.get(end..)?;
        }
        is_hidden |= hides(name, value);
    }
}

/// Whether an attribute keeps browsers from showing the element.
fn hides(name: &str, value: Option<&str>) -> bool {
    let plain = || -> String {
        let value = value.unwrap_or_default().chars();
        value
            .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
            .flat_map(char::to_lowercase)
            .collect()
    };
    if name.eq_ignore_ascii_case("hidden") {
        // The page's own search finds what is `until-found`.
        return !matches!(plain().as_str(), "until-found" | "{false}");
    }
    if name.eq_ignore_ascii_case("style") {
        let style = plain();
        return style.contains("display:none") || style.contains("visibility:hidden");
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lock_in_any_spelling() {
        for name in [
            "encrypt",
            "Encrypted",
            "hugo-encrypt",
            "PasswordProtected",
            "password_protected",
            "passwordprotected",
            "protect",
            "private",
            "PrivateNote",
            "secret",
            "draft",
            "isDraft",
            "draft-only",
            "hidden",
            "hide",
            "hideBox",
            "members",
            "members-only",
            "MembersOnly",
            "membersonly",
            "memberOnly",
            "todo",
            "TODO",
            "ToDo",
            "TODOList",
            "post.locked",
            "Paywall",
            "members-area",
            "for-members",
            "lock",
            "LoginBox",
            "confidential",
            "premiumcontent",
            "restricted",
            "redacted",
            "unlisted",
            "internal-note",
            "encrypt:block",
        ] {
            assert!(is_locked_name(name), "{name}");
        }
        for name in [
            "details",
            "summary",
            "note",
            "figure",
            "remember",
            "blocked",
            "método",
            "metodo",
            "section",
            "overdraft",
            "include",
            "div",
            "Card",
            "unlock",
            "TeamMembers",
            "MembersList",
            "internal-link",
            "LockIcon",
            "blocks",
            "unrestricted",
            "hideToggle",
            "hideBlock",
            "HIDEINLINE",
            "",
        ] {
            assert!(!is_locked_name(name), "{name}");
        }
    }

    #[test]
    fn start_tags_tell_whether_they_hide() {
        let is_hidden = |text| start_tag(text).map(|tag| tag.is_hidden);
        for text in [
            "<div hidden>",
            "<p class=\"a > b\" HIDDEN=\"\">",
            "<li\n hidden=hidden>",
            "<Box hidden={true}>",
            "<div style=\"color: red; display : none\">",
            "<div style={{ display: 'none' }}>",
            "<img hidden src=\"a.png\">",
        ] {
            assert_eq!(is_hidden(text), Some(true), "{text}");
        }
        for text in [
            "<div>",
            "<div hidden=\"until-found\">",
            "<Box hidden={false}>",
            "<input type=\"hidden\">",
            "<div aria-hidden=\"true\" style=\"overflow: hidden\">",
            "<div title=\"hidden\">",
        ] {
            assert_eq!(is_hidden(text), Some(false), "{text}");
        }
        for text in [
            "<",
            "< div hidden>",
            "<https://hidden>",
            "<div hidden",
            "<private",
            "<private://a>",
        ] {
            assert_eq!(is_hidden(text), None, "{text}");
        }
        let long = format!("<members-only a=\"{}\">", "x".repeat(5_000));
        assert!(start_tag(&long).is_some_and(|tag| tag.is_locked && !tag.is_alone));
        assert!(start_tag("<members-only />").is_some_and(|tag| tag.is_alone));
        assert!(start_tag("<div hidden />").is_some_and(|tag| !tag.is_alone));
    }
}
