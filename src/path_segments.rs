//! Makes path segments from names, slugs, titles and categories as the site's generator does.
//!
//! Each rule is a pure function of a text. A slash in its result separates segments.

use deunicode::deunicode_char;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup as Group};
use unicode_normalization::UnicodeNormalization as _;

use crate::config::NameStyle;
use crate::front_matter::date;
use crate::markdown::plain_text;
use crate::text::slugify_label;

/// Source of a text that becomes a path segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SegmentSource {
    /// Directory in `:dir` or `:section`.
    Section,
    /// Directory in `:path`.
    Dir,
    /// File name at the end of `:path`.
    File,
    /// File name in other parts.
    Name,
    /// Field `slug`.
    Slug,
    /// Title; with Jekyll the file name in `:title`.
    Title,
    /// Category.
    Term,
}

/// Makes path segments from a text by the rule of a style.
pub(crate) fn make_segments(style: NameStyle, source: SegmentSource, text: &str) -> String {
    use NameStyle as N;
    use SegmentSource as S;
    match (style, source) {
        // Hugo makes sections lower-case even then.
        (N::HugoCased, S::Section) => make_segments(N::Hugo, source, text),
        (N::HugoCasedUnaccented, S::Section) => make_segments(N::HugoUnaccented, source, text),
        (N::Hugo | N::HugoUnaccented, S::Section | S::Dir | S::File) => {
            urlize_hugo(style, &text.replace(' ', "-"))
        }
        (N::Hugo | N::HugoCased | N::HugoUnaccented | N::HugoCasedUnaccented, _) => {
            urlize_hugo(style, text)
        }
        (N::Jekyll, S::Name | S::Slug) => slugify_jekyll(text),
        (N::Jekyll, S::Title) => slugify_jekyll_title(text),
        // A collection's directory (`_posts`) is not part of the address.
        (N::Jekyll, S::Section | S::Dir) if text.starts_with('_') => String::new(),
        (N::Jekyll, S::Term) => text.to_lowercase(),
        (N::Zola | N::ZolaSafe, S::Section | S::Dir) | (N::ZolaOff, _) | (N::Astro, S::Slug) => {
            text.to_owned()
        }
        (N::Zola, _) => slugify_zola(text),
        (N::ZolaSafe, _) => text
            .trim_end_matches([' ', '.'])
            .replace(|c: char| "<>:\"/\\|?*".contains(c), ""),
        (N::Astro, _) => slugify_github(text),
        (N::Eleventy, S::Title | S::Term) => slugify_eleventy(text),
        (N::Eleventy, S::Slug) => {
            let segments = text.split('/').map(slugify_eleventy);
            segments.collect::<Vec<_>>().join("/")
        }
        (N::EleventySlug, S::Title | S::Term) => slugify_simov(text),
        (N::Hexo, S::Term) => slugize_hexo(text),
        (N::HexoUpper, S::Term) => slugize_hexo(text).to_uppercase(),
        (N::Hexo | N::HexoUpper, S::Title) | (N::HexoLower, S::Title | S::Term) => {
            slugize_hexo(text).to_lowercase()
        }
        (N::Nuxt, _) => match text.strip_suffix(".draft").unwrap_or(text) {
            "index" => String::new(),
            name => slugify_simov(name),
        },
        (N::DocusaurusDocs, S::Section | S::Dir | S::File | S::Name) => {
            strip_number_prefix(text).to_owned()
        }
        (N::Pelican | N::PelicanCased | N::PelicanUnicode, S::Name | S::Title | S::Term) => {
            slugify_pelican(style, text)
        }
        (N::Pelican | N::PelicanCased | N::PelicanUnicode, S::Slug) => text.to_owned(),
        (_, S::Slug) if text.contains(char::is_whitespace) => {
            let segments = text.split('/').filter(|segment| !segment.is_empty());
            segments.map(slugify_label).collect::<Vec<_>>().join("/")
        }
        (_, S::Title | S::Term) => slugify_label(text),
        (_, S::Section | S::Dir | S::File | S::Name | S::Slug) => text.to_owned(),
    }
}

/// Hugo's `urlize` (`MakePathSanitized`). Its paths of files have a hyphen for each space before.
fn urlize_hugo(style: NameStyle, text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    let mut has_pending_hyphen = false;
    for (at, character) in text.char_indices() {
        let escape = text.get(at..at + 3).and_then(|text| text.strip_prefix('%'));
        if is_word_character(character)
            || "./\\_#+~-@".contains(character)
            || escape.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            if has_pending_hyphen && character != '-' {
                path.push('-');
            }
            has_pending_hyphen = false;
            path.push(character);
        } else if character.is_whitespace() && !path.is_empty() && !path.ends_with('-') {
            has_pending_hyphen = true;
        }
    }
    if matches!(
        style,
        NameStyle::HugoUnaccented | NameStyle::HugoCasedUnaccented
    ) {
        let letters = path.nfd().filter(|c| !is_in(*c, Group::NonspacingMark));
        path = letters.nfc().collect();
    }
    // `str::to_lowercase` would write a sigma at the end of a word in its final form.
    match style {
        NameStyle::HugoCased | NameStyle::HugoCasedUnaccented => path,
        _ => path.chars().flat_map(char::to_lowercase).collect(),
    }
}

/// Jekyll's `slugify` in its mode `default`.
pub(crate) fn slugify_jekyll(text: &str) -> String {
    let slug = hyphenate_runs(text, is_word_character);
    slug.trim_matches('-').to_lowercase()
}

/// Jekyll's `slugify` in its mode `pretty`, which keeps the case. Full stops at the end of a name are dropped.
fn slugify_jekyll_title(text: &str) -> String {
    let others = "._~!$&'()+,;=@";
    let slug = hyphenate_runs(text, |c| is_word_character(c) || others.contains(c));
    slug.trim_matches('-').trim_end_matches('.').to_owned()
}

/// Zola's `slugify`, of the crate `slug`.
fn slugify_zola(text: &str) -> String {
    let slug = hyphenate_runs(&to_ascii(text, "-"), |c| c.is_ascii_alphanumeric());
    slug.trim_matches('-').to_ascii_lowercase()
}

/// The slug of github-slugger, which Astro uses for each name in an id.
fn slugify_github(text: &str) -> String {
    let others = Group::LetterNumber.union(Group::ConnectorPunctuation);
    let mut slug = text.to_lowercase();
    slug.retain(|c| {
        " -".contains(c) || c.is_alphabetic() || is_word_character(c) || is_in(c, others)
    });
    slug.replace(' ', "-")
}

/// The slug of `@sindresorhus/slugify`, which separates `camelCase` and joins `don't`.
fn slugify_eleventy(text: &str) -> String {
    const REPLACEMENTS: &str = "&-and- ♥-love- 🦄-unicorn- äae öoe üue ёyo йy щsch ъ ь юyu яya єye ґg \
        βv ηi ήi ξks υy ύy ϋy ΰy φf χx ءe أa ؤw إa ئy اa ةt عe غgh ىa کk ژzh ټp ځz څc ږg ښx ګg ۀe ۍai ٹt ڈd \
        ڑr ےe եye ըy թt ճtch ոvo չch ռr ցc փp քq ևyev თt ფph ქq ღgh ყk ჩch ცts ძdz წts ჭtch ხkh";
    let ascii = transliterate(text, REPLACEMENTS, is_transliterated);
    let letters: Vec<char> = format!("  {ascii}  ").chars().collect();
    let mut words = String::new();
    for window in letters.windows(5) {
        let [twice_before, before, letter, after, twice_after] = *window else {
            continue;
        };
        let starts_word = match letter {
            'A'..='Z' if before.is_ascii_uppercase() => after.is_ascii_lowercase() && after != 's',
            'A'..='Z' => before.is_ascii_lowercase() || before.is_ascii_digit(),
            '0'..='9' => before.is_ascii_uppercase() && twice_before.is_ascii_uppercase(),
            _ => false,
        };
        let is_contraction = letter == '\''
            && before.is_ascii_alphanumeric()
            && "stST".contains(after)
            && twice_after.is_whitespace();
        words.extend(starts_word.then_some(' '));
        words.extend(Some(letter).filter(|_| !is_contraction));
    }
    let slug = hyphenate_runs(&words, |c| c.is_ascii_alphanumeric());
    slug.trim_matches('-').to_ascii_lowercase()
}

/// The slug of the package `slugify` in lower case, which Nuxt Content and Eleventy's filter `slug` use.
fn slugify_simov(text: &str) -> String {
    const REPLACEMENTS: &str = "$dollar %percent &and <less >greater |or ¢cent £pound ¥yen €euro ©(c) ®(r) \
        ™tm ♥love ∑sum ∞infinity đdj əe ηh ήh θ8 ξ3 υy ύy ϋy ΰy φf χx ωw ώw ёyo єye ћc џdz йj хh цc щsh ъu ь \
        юyu яya ѝu ґg ғgh қkh ңng үue ұu әae өoe ءa آaa أa ؤu إi ئe اa ةh ذth ضdh عa غgh ىa ژzh کk \
        թt ժjh խx ծc ձd ճtw չch ռr ցc փp քq օo ևev თt ფf ქk ღgh ჩch ცts ძdz წts ხkh";
    let mut kept = transliterate(text, REPLACEMENTS, is_transliterated).replace('-', " ");
    kept.retain(|c| c.is_ascii_alphanumeric() || c.is_whitespace() || "_$*+~.()'\"!:@".contains(c));
    let words: Vec<&str> = kept.split_whitespace().collect();
    words.join("-").to_ascii_lowercase()
}

/// Hexo's `slugize`, which writes Latin letters without their accents.
fn slugize_hexo(text: &str) -> String {
    let mut text = transliterate(
        text,
        "ßs ðð þþ ĳĳ ĸĸ ŋŋ",
        |c| matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'),
    );
    text.retain(|c| !c.is_control());
    let slug = hyphenate_runs(&text, |c| !c.is_whitespace() && !c.is_ascii_punctuation());
    slug.trim_matches('-').to_owned()
}

/// Pelican's `slugify` with its default `SLUG_REGEX_SUBSTITUTIONS`.
fn slugify_pelican(style: NameStyle, text: &str) -> String {
    let mut text: String = plain_text::to_plain_text(text).nfkc().collect();
    if style != NameStyle::PelicanUnicode {
        text = to_ascii(&text, "");
    }
    let word = Group::Letter.union(Group::Number);
    text.retain(|c| is_in(c, word) || c.is_whitespace() || "_-".contains(c));
    let slug = hyphenate_runs(text.trim(), |c| !c.is_whitespace() && c != '-');
    match style {
        NameStyle::PelicanCased => slug,
        _ => slug.to_lowercase(),
    }
}

/// Removes the number before a name, as Docusaurus does in `01-start`. Dates and versions stay.
fn strip_number_prefix(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let after_space = rest.trim_start();
    let name = after_space.trim_start_matches(['-', '_', '.']);
    let is_version = rest.starts_with(['-', '_', '.'])
        && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    let has_number = rest.len() < text.len() && name.len() < after_space.len();
    let name = name.trim_start();
    Some(name)
        .filter(|name| has_number && !is_version && !name.is_empty())
        .unwrap_or(text)
}

/// Removes a number that sorts files: `1.intro` becomes `intro` in Nuxt. `None` if there is none. Versions stay: `1.0.x`.
pub(crate) fn strip_sort_number(name: &str) -> Option<&str> {
    let mut numbers = name.strip_suffix(".x").unwrap_or(name).split('.');
    let is_version = numbers.all(is_number);
    let (number, rest) = name.split_once('.')?;
    Some(rest).filter(|rest| is_number(number) && !is_version && !rest.is_empty())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Joins the names of a path as in the blog of Docusaurus. The last date before a name comes first, or else the date
/// that directories make: `2024/05/01`.
pub(crate) fn join_dated_path<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    // `2024/05-04-a`
    let split = names.windows(2).rposition(date::is_day_split_after_year);
    let joined = split.and_then(|at| Some(format!("{}-{}", names.get(at)?, names.get(at + 1)?)));
    if let Some((joined, at)) = joined.as_deref().zip(split) {
        names.splice(at..at + 2, [joined]);
    }
    let is_dated = |name: &&str| date::parse_date_prefix(name).is_some();
    let dated = names.iter().rposition(is_dated);
    if let Some(name) = dated.and_then(|at| names.get_mut(at)) {
        let rest = date::parse_date_prefix(name).map_or("", |(_, rest)| rest);
        let day = name.strip_suffix(rest).unwrap_or_default();
        let day = day.replace('-', "/");
        *name = rest.strip_prefix('-').unwrap_or(rest);
        return format!("{day}/{}", names.join("/"));
    }
    let dirs = names.windows(3).position(date::is_day_of_directories);
    if let Some(dirs) = dirs
        && let Some(moved) = names.get_mut(..dirs + 3)
    {
        moved.rotate_left(dirs);
    }
    format!("/{}", names.join("/"))
}

/// Replaces runs of characters by a hyphen, unless `is_kept` returns true for them.
fn hyphenate_runs(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut slug = String::with_capacity(text.len());
    for character in text.chars() {
        if is_kept(character) {
            slug.push(character);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug
}

/// Writes a text in ASCII, and characters without a transliteration as `unknown`.
fn to_ascii(text: &str, unknown: &'static str) -> String {
    let ascii = text.chars().map(|c| deunicode_char(c).unwrap_or(unknown));
    ascii.collect()
}

/// Replaces characters by `replacements`, words in which each is followed by its text, and those that `is_covered`
/// in the usual way. Of a capital, the first letter stays one.
fn transliterate(text: &str, replacements: &str, is_covered: fn(char) -> bool) -> String {
    let mut ascii = String::new();
    for character in text.nfc() {
        let lower = character.to_lowercase().next().unwrap_or(character);
        let mut words = replacements.split(' ');
        let replaced = words.find_map(|word| word.strip_prefix(lower));
        let usual = deunicode_char(character).filter(|_| is_covered(character));
        match replaced.or(usual) {
            Some(letters) if replaced.is_some() && lower != character => {
                let mut letters = letters.chars();
                ascii.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                ascii.push_str(letters.as_str());
            }
            Some(letters) => ascii.push_str(letters),
            None => ascii.push(character),
        }
    }
    ascii
}

/// Returns true for the letters that the packages for slugs transliterate. They remove those of other scripts.
fn is_transliterated(character: char) -> bool {
    let is_known = matches!(character, '\u{aa}'..='\u{24f}' | '\u{370}'..='\u{58f}' | '\u{600}'..='\u{6ff}'
        | '\u{10a0}'..='\u{10ff}' | '\u{1e00}'..='\u{1fff}');
    is_known && character.is_alphanumeric()
}

/// Returns true for letters, marks and decimal digits of any script.
fn is_word_character(character: char) -> bool {
    let marks_and_digits = Group::Mark.union(Group::DecimalNumber);
    is_in(character, Group::Letter.union(marks_and_digits))
}

fn is_in(character: char, group: Group) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_rule(style: NameStyle, source: SegmentSource, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(make_segments(style, source, text), *expected, "{text}");
        }
    }

    #[test]
    fn hugo_urlizes_as_in_its_tests() {
        assert_rule(
            NameStyle::Hugo,
            SegmentSource::Title,
            &[
                ("  FOO bar  ", "foo-bar"),
                ("Foo.Bar/fOO_bAr-Foo", "foo.bar/foo_bar-foo"),
                ("FOO,bar:FooBar", "foobarfoobar"),
                ("трям/трям", "трям/трям"),
                ("은행", "은행"),
                ("100%-google", "100-google"),
                ("SpringTide", "springtide"),
                ("foo - bar", "foo-bar"),
                ("ΑΣ", "ασ"),
            ],
        );
        // Each space of a file's path is a hyphen, before other characters are removed.
        assert_rule(
            NameStyle::Hugo,
            SegmentSource::File,
            &[("Low Water", "low-water"), ("foo - bar", "foo---bar")],
        );
        assert_rule(
            NameStyle::HugoCased,
            SegmentSource::Title,
            &[
                ("  FOO bar  ", "FOO-bar"),
                ("FOO,bar:FooBar", "FOObarFooBar"),
                ("%20 %2", "%20-2"),
                ("foo- bar", "foo-bar"),
                ("संस्कृत", "संस्कृत"),
                ("a%C3%B1ame", "a%C3%B1ame"),
                ("this+is+a+test", "this+is+a+test"),
                ("~foo", "~foo"),
                ("foo--bar", "foo--bar"),
                ("foo@bar", "foo@bar"),
            ],
        );
        let section = &[("seCt3", "sect3")];
        assert_rule(NameStyle::HugoCased, SegmentSource::Section, section);
        let unaccented = &[
            ("Банковский кассир", "банковскии-кассир"),
            ("Café au", "cafe-au"),
        ];
        assert_rule(NameStyle::HugoUnaccented, SegmentSource::Title, unaccented);
        let cased = &[("Café au", "Cafe-au")];
        assert_rule(NameStyle::HugoCasedUnaccented, SegmentSource::Title, cased);
    }

    #[test]
    fn jekyll_slugifies_as_in_its_tests() {
        assert_rule(
            NameStyle::Jekyll,
            SegmentSource::Slug,
            &[
                ("  Working with drafts   ", "working-with-drafts"),
                ("So what is Jekyll, exactly?", "so-what-is-jekyll-exactly"),
                ("كيف حالك؟", "كيف-حالك"),
                ("The _config.yml file?", "the-config-yml-file"),
                ("Customizing Git - Git Hooks", "customizing-git-git-hooks"),
                ("5時〜6時 三・一四", "5時-6時-三-一四"),
                ("மல்லிப்பூ வகைகள்", "மல்லிப்பூ-வகைகள்"),
                ("zh_cn", "zh-cn"),
            ],
        );
        assert_rule(
            NameStyle::Jekyll,
            SegmentSource::Title,
            &[
                ("The _config.yml file?", "The-_config.yml-file"),
                ("zh_cn", "zh_cn"),
                ("My First Post", "My-First-Post"),
                ("post...", "post"),
            ],
        );
    }

    #[test]
    fn zola_slugifies_as_in_its_tests() {
        for (text, on, safe) in [
            ("input", "input", "input"),
            ("test ", "test", "test"),
            ("tes t", "tes-t", "tes t"),
            ("dot. ", "dot", "dot"),
            ("日本", "ri-ben", "日本"),
            ("héhé", "hehe", "héhé"),
            ("test (hey)", "test-hey", "test (hey)"),
            ("Æúű--cool?", "aeuu-cool", "Æúű--cool"),
            ("a/b", "a-b", "ab"),
        ] {
            assert_rule(NameStyle::Zola, SegmentSource::File, &[(text, on)]);
            assert_rule(NameStyle::ZolaSafe, SegmentSource::Slug, &[(text, safe)]);
        }
        assert_rule(NameStyle::Zola, SegmentSource::Dir, &[("A b", "A b")]);
    }

    #[test]
    fn astro_slugifies_as_github_slugger_in_its_tests() {
        assert_rule(
            NameStyle::Astro,
            SegmentSource::File,
            &[
                ("bravoCharlieDelta", "bravocharliedelta"),
                ("heading with a - dash", "heading-with-a---dash"),
                (
                    "heading with an _ underscore",
                    "heading-with-an-_-underscore",
                ),
                ("heading with a period.txt", "heading-with-a-periodtxt"),
                (" a ", "-a-"),
                (
                    "apostrophe’s should be trimmed",
                    "apostrophes-should-be-trimmed",
                ),
                ("I ♥ unicode", "i--unicode"),
                ("en–dash", "endash"),
                ("😄_😄 unicode emoji", "_-unicode-emoji"),
                ("Профили пользователей", "профили-пользователей"),
                ("Привет non-latin 你好", "привет-non-latin-你好"),
                ("a0 ١ ² Ⅷ Ⓐ", "a0-١--ⅷ-ⓐ"),
                ("nixos-24.05", "nixos-2405"),
            ],
        );
    }

    #[test]
    fn eleventy_slugifies_as_in_the_tests_of_its_package() {
        assert_rule(
            NameStyle::Eleventy,
            SegmentSource::Title,
            &[
                ("       foo bar", "foo-bar"),
                ("[foo] [bar]", "foo-bar"),
                ("Foo ÿ", "foo-y"),
                ("fooBar", "foo-bar"),
                ("UNICORNS AND RAINBOWS", "unicorns-and-rainbows"),
                ("Foo & Bar", "foo-and-bar"),
                ("Hællæ, hva skjera?", "haellae-hva-skjera"),
                ("Foo Bar2", "foo-bar2"),
                ("I ♥ Dogs", "i-love-dogs"),
                ("Déjà Vu!", "deja-vu"),
                ("fooBar 123 $#%", "foo-bar-123"),
                ("🦄🦄🦄", "unicorn-unicorn-unicorn"),
                ("foo360BAR", "foo360-bar"),
                ("FOO360", "foo-360"),
                ("FOOBar", "foo-bar"),
                ("APIs", "apis"),
                ("APISection", "api-section"),
                ("Util APIs", "util-apis"),
                ("Conway's Law", "conways-law"),
                ("Don't Repeat Yourself", "dont-repeat-yourself"),
                ("my parents' rules", "my-parents-rules"),
                ("ä ö ü Ä Ö Ü ß", "ae-oe-ue-ae-oe-ue-ss"),
                ("ố Ừ Đ", "o-u-d"),
                ("ث س و", "th-s-w"),
                ("Юлия", "yuliya"),
                ("日本", ""),
            ],
        );
    }

    #[test]
    fn nuxt_slugifies_as_in_its_tests() {
        assert_rule(
            NameStyle::Nuxt,
            SegmentSource::File,
            &[
                ("index", ""),
                ("index.draft", ""),
                ("indexer", "indexer"),
                ("indexer.draft", "indexer"),
                ("_4.the-post", "_4.the-post"),
                ("file?param=value#hash", "fileparamvaluehash"),
                ("فرهنگ", "frhng"),
                ("فارسی", "farsy"),
                ("foo , bar", "foo-bar"),
                ("foo  bar--baz", "foo-bar-baz"),
                ("day + night", "day-+-night"),
                ("-Come on, fhqwhgads-", "come-on-fhqwhgads"),
                ("ъяъ", "uyau"),
                ("unicode ♥ is", "unicode-love-is"),
                ("Low & High", "low-and-high"),
            ],
        );
    }

    #[test]
    fn hexo_slugizes_as_in_its_tests() {
        assert_rule(
            NameStyle::Hexo,
            SegmentSource::Term,
            &[
                ("Hello World", "Hello-World"),
                ("Hellò wòrld", "Hello-world"),
                ("~Hello World~", "Hello-World"),
                (
                    "Hello ~`!@#$%^&*()-_+=[]{}|\\;:\"'<>,.?/World",
                    "Hello-World",
                ),
                ("遊戲", "遊戲"),
                ("Straße", "Strase"),
            ],
        );
        assert_rule(
            NameStyle::HexoUpper,
            SegmentSource::Term,
            &[("Hello World", "HELLO-WORLD")],
        );
        assert_rule(
            NameStyle::HexoUpper,
            SegmentSource::Title,
            &[("Hello World", "hello-world")],
        );
    }

    #[test]
    fn docusaurus_moves_dates_and_removes_numbers() {
        assert_rule(
            NameStyle::DocusaurusDocs,
            SegmentSource::Dir,
            &[
                ("0-myDoc", "myDoc"),
                ("003 - myDoc", "myDoc"),
                ("01_intro", "intro"),
                ("2021-01-31 - Doc", "2021-01-31 - Doc"),
                ("7.0-foo", "7.0-foo"),
                ("2021-11-foo", "2021-11-foo"),
                ("intro", "intro"),
                ("1", "1"),
            ],
        );
        for (names, path) in [
            (&["2019-01-01-date-matters"][..], "2019/01/01/date-matters"),
            (&["team", "2020-1-2-hello"], "2020/1/2/team/hello"),
            (&["2021-02-15", "hello"], "2021/02/15//hello"),
            (&["2021", "02", "15", "hello"], "/2021/02/15/hello"),
            (&["news", "2021", "02-15-hello"], "2021/02/15/news/hello"),
            (
                &["news", "2021", "02", "15", "hello"],
                "/2021/02/15/news/hello",
            ),
            (
                &["2021-01-31-a", "2021-02-15-b"],
                "2021/02/15/2021-01-31-a/b",
            ),
            (&["team", "hello"], "/team/hello"),
        ] {
            assert_eq!(join_dated_path(names.iter().copied()), path);
        }
    }

    #[test]
    fn pelican_slugifies_as_in_its_tests() {
        let cases = [
            ("this is a test", "this-is-a-test", "this-is-a-test"),
            ("this → is ← a ↑ test", "this-is-a-test", "this-is-a-test"),
            ("this--is---a test", "this-is-a-test", "this-is-a-test"),
            (
                "unicode測試許功蓋，你看到了嗎？",
                "unicodece-shi-xu-gong-gai-ni-kan-dao-liao-ma",
                "unicode測試許功蓋你看到了嗎",
            ),
            (
                "大飯原発４号機、１８日夜起動へ",
                "da-fan-yuan-fa-4hao-ji-18ri-ye-qi-dong-he",
                "大飯原発4号機18日夜起動へ",
            ),
            ("Çığ", "cig", "çığ"),
        ];
        for (text, ascii, unicode) in cases {
            assert_rule(NameStyle::Pelican, SegmentSource::Title, &[(text, ascii)]);
            assert_rule(
                NameStyle::PelicanUnicode,
                SegmentSource::Title,
                &[(text, unicode)],
            );
        }
        assert_rule(
            NameStyle::PelicanCased,
            SegmentSource::Name,
            &[("The Cat", "The-Cat")],
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_causes_a_panic(text in proptest::prelude::any::<String>()) {
            for (_, style) in NameStyle::WORDS {
                for source in [SegmentSource::Section, SegmentSource::File, SegmentSource::Name, SegmentSource::Slug, SegmentSource::Title, SegmentSource::Term] {
                    make_segments(style, source, &text);
                }
            }
            join_dated_path(text.split('/'));
        }
    }
}
