//! Detects a Pelican site and reads the assignments of `pelicanconf.py` and `publishconf.py`, without running them.

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::left_out_files::leave_out_listed;
use crate::detect::pages::MarkdownPages;
use crate::detect::permalink_syntax;
use crate::detect::python_settings::convert_assignments;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::ScriptFile;
use crate::detect::site_tree;
use crate::javascript::{ParsedScript, ScriptExpression};

const CONFIG_FILE: &str = "pelicanconf.py";
/// Files that may run Pelican with the directory of the content as an argument.
const COMMAND_FILES: [&str; 4] = ["Makefile", "tasks.py", "fabfile.py", "develop_server.sh"];
/// Directory of workflows on GitHub.
const WORKFLOWS_DIR: &str = ".github/workflows";
/// Settings, and the variables that hold them. An earlier variable is preferred.
const SETTINGS: [(SettingKey, &[&str]); 6] = [
    (SettingKey::Url, &["SITEURL"]),
    (SettingKey::Title, &["SITENAME"]),
    (
        SettingKey::Description,
        &["SITEDESCRIPTION", "SITESUBTITLE"],
    ),
    (SettingKey::Language, &["DEFAULT_LANG"]),
    (SettingKey::Timezone, &["TIMEZONE"]),
    (SettingKey::Twitter, &["TWITTER_USERNAME"]),
];

/// Reads the settings of a Pelican site; returns false if it does not use Pelican.
pub(super) fn read_pelican_site(draft: &mut DetectedSite<'_>) -> bool {
    if !draft.tree.is_file(CONFIG_FILE) {
        return false;
    }
    draft.record_tool("Pelican", CONFIG_FILE);
    // The settings for publication replace the others.
    let scripts: Vec<ScriptFile> = ["publishconf.py", CONFIG_FILE]
        .into_iter()
        .filter_map(|file| {
            let text = draft.read_text(file)?;
            Some(ScriptFile::parse_script(file, &convert_assignments(&text)))
        })
        .collect();
    for code in &scripts {
        draft.set_all_from_script(code, &SETTINGS, ParsedScript::find_variable);
    }
    let value = |name: &str| {
        let mut found = scripts
            .iter()
            .filter_map(|code| Some(code.resolve_entry(code.script.find_variable(name)?)));
        found.next()
    };
    let text = |name: &str| match value(name)? {
        (ScriptExpression::Text(text), source) => Some((text, source)),
        _ => None,
    };
    let paths = |name: &str| match value(name)? {
        (ScriptExpression::TextList(paths), source) => {
            let paths = paths
                .iter()
                .filter_map(|path| site_tree::normalize_path(path));
            let paths: Vec<String> = paths.filter(|path| !path.is_empty()).collect();
            Some((paths, source)).filter(|(paths, _)| !paths.is_empty())
        }
        _ => None,
    };
    let why = "Pelican reads the fields at the top of a post, and its directory's name".to_owned();
    for key in [SettingKey::FieldLines, SettingKey::DirectoryCategories] {
        let source = SettingSource::GeneratorDefault(why.clone());
        draft.set_if_more_certain(key, SettingValue::Flag(true), source);
    }
    let has_drafts = |(status, _): &(String, _)| status.eq_ignore_ascii_case("draft");
    if let Some((_, source)) = text("DEFAULT_METADATA.status").filter(has_drafts) {
        let table = vec![("status".to_owned(), "published".to_owned())];
        draft.set_if_more_certain(SettingKey::Require, SettingValue::Table(table), source);
    }
    let why = "Pelican builds articles from all other files".to_owned();
    let no_pages = (
        vec!["pages".to_owned()],
        SettingSource::GeneratorDefault(why),
    );
    let (key, (dirs, source)) = match paths("ARTICLE_PATHS") {
        Some(articles) => (SettingKey::Include, articles),
        None => (SettingKey::Exclude, paths("PAGE_PATHS").unwrap_or(no_pages)),
    };
    let patterns = dirs
        .iter()
        .map(|dir| format!("{}/**", globset::escape(dir)));
    draft.set_if_more_certain(key, SettingValue::List(patterns.collect()), source);
    let why = "Pelican puts articles without a category there".to_owned();
    let (category, source) = text("DEFAULT_CATEGORY")
        .unwrap_or_else(|| ("misc".to_owned(), SettingSource::GeneratorDefault(why)));
    draft.set_if_more_certain(SettingKey::DefaultCategory, category, source);
    let why = "Pelican builds articles from the files in this directory".to_owned();
    let (dir, source) = text("PATH")
        .or_else(|| find_content_argument(draft))
        .unwrap_or_else(|| {
            let usual = Some("content").filter(|dir| draft.tree.is_dir(dir));
            let dir = usual.unwrap_or_default().to_owned();
            (dir, SettingSource::GeneratorDefault(why))
        });
    let Some(dir) = site_tree::normalize_path(&dir) else {
        return true;
    };
    draft.set_static_dir(&dir, "Pelican");
    let flag = |name: &str| match value(name)? {
        (ScriptExpression::Reference(text), source) if text == "True" => Some(source),
        _ => None,
    };
    let unicode = flag("SLUGIFY_USE_UNICODE").map(|source| ("pelican-unicode", source));
    let cased = flag("SLUGIFY_PRESERVE_CASE").map(|source| ("pelican-cased", source));
    let (names, place) = unicode.or(cased).unzip();
    draft.set_names(names.unwrap_or("pelican"), place);
    let why = "Pelican's default addresses".to_owned();
    let (written, place) = text("ARTICLE_URL").unwrap_or_else(|| {
        (
            "{slug}.html".to_owned(),
            SettingSource::GeneratorDefault(why),
        )
    });
    let is_from_name = text("SLUGIFY_SOURCE").is_some_and(|(source, _)| source == "basename");
    let file_fields = text("FILENAME_METADATA").map_or_else(String::new, |(regex, _)| regex);
    let has_field = |name: &str| file_fields.contains(&format!("(?P<{name}>"));
    let slug = match has_field("slug") {
        true if has_field("date") => ":slug",
        false if !is_from_name => ":slug_or_title",
        _ => ":slug_or_filename",
    };
    let mut root = ContentRoot::with_only_posts(dir, source);
    for name in ["ARTICLE_EXCLUDES", "IGNORE_FILES"] {
        let mut found = value(name);
        if let Some((
            ScriptExpression::TextList(written) | ScriptExpression::PartialList(written),
            _,
        )) = &mut found
        {
            let patterns = written.iter().flat_map(|text| match name {
                // The name of a directory, too.
                "IGNORE_FILES" => vec![format!("**/{text}"), format!("**/{text}/**")],
                _ => site_tree::normalize_path(text)
                    .map(|dir| format!("{}/**", globset::escape(&dir)))
                    .into_iter()
                    .collect(),
            });
            *written = patterns.collect();
        }
        leave_out_listed(&mut root, draft, name, found);
    }
    set_translations(draft, &root.dir, slug, text("ARTICLE_LANG_URL"));
    let root = match convert_address(&written, slug) {
        Ok(pattern) => root.with_permalinks(&pattern, place),
        Err(part) => {
            draft.warn_of_unsupported_part(&place, "ARTICLE_URL", &written, &part);
            root
        }
    };
    draft.content_roots.push(root);
    true
}

/// Sets the languages that posts name, with the pattern of those beside the default one.
fn set_translations(
    draft: &mut DetectedSite<'_>,
    dir: &str,
    slug: &'static str,
    written: Option<(String, SettingSource)>,
) {
    let pages = MarkdownPages::read_sample(draft.tree, dir);
    let named = pages
        .dated_pages()
        .filter_map(|page| page.front.get("lang")?.as_text());
    let default = match draft.setting_value(SettingKey::Language) {
        Some(SettingValue::Text(default)) => default.clone(),
        _ => "en".to_owned(),
    };
    // Addresses have the tags as the posts write them.
    let mut languages: Vec<String> = named.map(str::to_owned).collect();
    languages.retain(|tag| !tag.eq_ignore_ascii_case(&default));
    languages.sort();
    languages.dedup_by(|tag, kept| tag.eq_ignore_ascii_case(kept));
    let why = "Pelican's default addresses of translations, in the languages that posts name";
    let (written, place) = written.unwrap_or_else(|| {
        let source = SettingSource::GeneratorDefault(why.to_owned());
        ("{slug}-{lang}.html".to_owned(), source)
    });
    let patterns: Result<Vec<_>, _> = languages
        .iter()
        .map(|tag| {
            let pattern = convert_address(&written.replace("{lang}", tag), slug);
            pattern.map(|pattern| (tag.clone(), pattern))
        })
        .collect();
    match patterns {
        Ok(patterns) if !patterns.is_empty() => {
            languages.push(default.clone());
            draft.set_languages(languages, Some(&default), place.clone());
            let patterns = SettingValue::Table(patterns);
            draft.set_if_more_certain(SettingKey::LanguagePermalinks, patterns, place);
        }
        Ok(_) => {}
        Err(part) => {
            draft.warn_of_unsupported_part(&place, "ARTICLE_LANG_URL", &written, &part);
        }
    }
}

/// Finds the directory that a Makefile, a task or a workflow gives Pelican as an argument.
fn find_content_argument(draft: &DetectedSite<'_>) -> Option<(String, SettingSource)> {
    let workflows = draft.tree.list_files(WORKFLOWS_DIR).into_iter();
    let workflows = workflows.map(|name| site_tree::join_paths(WORKFLOWS_DIR, &name));
    let files = COMMAND_FILES.into_iter().map(str::to_owned);
    for file in files.chain(workflows) {
        let text = draft.tree.read_text(&file).unwrap_or_default();
        let lines = text.lines().enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.trim_start().starts_with('#')) {
            let is_separator = |c: char| c.is_whitespace() || "=\"'`".contains(c);
            let words = line.split(is_separator).filter(|word| !word.is_empty());
            let words: Vec<&str> = words.collect();
            let dir = words.windows(2).find_map(|pair| {
                let [command, argument] = pair else {
                    return None;
                };
                let is_command = matches!(*command, "INPUTDIR" | "pelican" | "pelicanasf");
                let dir = argument
                    .rsplit_once("DIR)/")
                    .map_or(*argument, |(_, dir)| dir);
                let dir = site_tree::normalize_path(dir)?;
                (is_command && !dir.is_empty() && draft.tree.is_dir(&dir)).then_some(dir)
            });
            if let Some(dir) = dir {
                return Some((dir, SettingSource::from_line(&file, at + 1)));
            }
        }
    }
    None
}

/// Converts `posts/{date:%Y}/{slug}.html` to a permalink pattern, with a part for the slug.
///
/// # Errors
/// The part that has no replacement.
fn convert_address(written: &str, slug: &'static str) -> Result<String, String> {
    let made = permalink_syntax::from_bracket_syntax(written, ("{", "}"), |name| {
        let part = match name {
            "slug" => slug,
            "category" => ":category",
            // Plugins take it from the name of the file, without its date.
            "filename" => ":name",
            name => {
                let format = name.strip_prefix("date:");
                return Vec::from_iter(format.and_then(permalink_syntax::from_date_format));
            }
        };
        vec![part.to_owned()]
    })?;
    Ok(made.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_without_running() {
        let python = "# SITEURL = 'no'\nimport os\nSITENAME = u\"Ada's #1 pier\"  # it's\nSITEURL = os.environ['URL']\nPATHS = ['a',  # first\n  'b']\nMETA = {'status': 'draft'}\nif X:\n    SITENAME = 'no'\n";
        let code = ScriptFile::parse_script("a.py", &convert_assignments(python));
        let value = |name: &str| code.resolve_entry(code.script.find_variable(name).unwrap());
        let (title, source) = value("SITENAME");
        assert_eq!(title, ScriptExpression::Text("Ada's #1 pier".to_owned()));
        assert_eq!(source, SettingSource::from_line("a.py", 3));
        assert!(matches!(value("SITEURL").0, ScriptExpression::Computed(_)));
        let list = ScriptExpression::TextList(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(value("PATHS").0, list);
        assert_eq!(
            value("META.status").0,
            ScriptExpression::Text("draft".to_owned())
        );
    }

    #[test]
    fn addresses_become_permalink_patterns() {
        for (written, expected) in [
            ("{slug}.html", "/:slug_or_title.html"),
            (
                "posts/{date:%Y}/{date:%m}/{slug}/",
                "/posts/:year/:month/:slug_or_title/",
            ),
            (
                "{category}/{date:%Y/%m/%d}/{slug}.html",
                "/:category/:year/:month/:day/:slug_or_title.html",
            ),
        ] {
            assert_eq!(
                convert_address(written, ":slug_or_title").as_deref(),
                Ok(expected)
            );
        }
        assert_eq!(
            convert_address("{slug}/", ":slug_or_filename").as_deref(),
            Ok("/:slug_or_filename/")
        );
        assert_eq!(
            convert_address("{date:%b}/{slug}", ":slug"),
            Err("{date:%b}".to_owned())
        );
    }
}
