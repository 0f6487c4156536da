//! Checks that `courant init` follows the directories, languages and defaults of a site.

use courant::init::propose_config;

use crate::init::{SiteDir, create_site, post_text, run_init_print, stderr_of};

/// Returns the permalinks of the posts without the origin of the site.
fn post_paths(site: &SiteDir, file: &str) -> Vec<String> {
    let urls = site.post_urls(file).into_iter();
    urls.map(|url| url.replace("https://harbour.example", ""))
        .collect()
}

/// Asserts that the text has all lines.
fn assert_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|known| known == *line),
            "{line} in\n{text}"
        );
    }
}

#[test]
fn hugo_language_files_give_directories_and_addresses() {
    let site = create_site(&[
        (
            "config/_default/hugo.toml",
            "baseURL = 'https://harbour.example/'\ndefaultContentLanguage = 'en'\ndefaultContentLanguageInSubdir = false\n[uglyURLs]\npost = true\n[permalinks]\npost = '/:year/:month/:day/:slug/'\n",
        ),
        (
            "config/_default/languages.en.toml",
            "title = 'The Harbour'\ncontentDir = 'content/en'\nlocale = 'en-US'\n",
        ),
        (
            "config/_default/languages.fr.toml",
            "title = 'Le port'\ncontentDir = 'content/fr'\nlocale = 'fr-FR'\n",
        ),
        ("config/_default/params.en.toml", "description = 'News'\n"),
        ("package.json", "{\"name\": \"harbour-website\"}"),
        ("content/en/about.md", "---\ntitle: About\n---\n"),
        ("content/fr/about.md", "---\ntitle: Nous\n---\n"),
        ("content/en/docs/a.md", "---\ntitle: A\n---\n"),
        ("content/en/docs/b.md", "---\ntitle: B\n---\n"),
        ("content/fr/docs/a.md", "---\ntitle: A\n---\n"),
        (
            "content/en/post/2024-05-01-crane.md",
            &post_text("The crane", "2024-05-01"),
        ),
        (
            "content/fr/post/2024-05-02-grue.md",
            &post_text("La grue", "2024-05-02"),
        ),
    ]);
    let toml = site.init_and_check("courant.toml");
    assert_lines(
        &toml,
        &[
            "title = \"The Harbour\"",
            "description = \"News\"",
            "languages = [\"en\", \"fr\"]",
            "# config/_default/hugo.toml, line 7",
            "permalinks = \"/:year/:month/:day/:title.html\"",
            "include = [\"en/post/**\", \"fr/post/**\"]",
        ],
    );
    assert_eq!(
        post_paths(&site, "courant.toml"),
        ["/2024/05/01/the-crane.html", "/fr/2024/05/02/la-grue.html"]
    );
}

#[test]
fn hugo_mounts_of_languages_are_one_site() {
    let mount = |language: &str, key: &str| {
        format!("[[module.mounts]]\nsource = 'content/{language}'\ntarget = 'content'\n{key}\n")
    };
    for keys in [
        ["lang = 'en'", "lang = 'fr'"],
        [
            "[module.mounts.sites.matrix]\nlanguages = ['en']",
            "[module.mounts.sites.matrix]\nlanguages = ['fr']",
        ],
    ] {
        let config = format!(
            "baseURL = 'https://harbour.example/'\ntitle = 'a'\n[languages.en]\nlocale = 'en-US'\n[languages.fr]\nlocale = 'fr-FR'\n{}{}",
            mount("en", keys[0]),
            mount("fr", keys[1])
        );
        let site = create_site(&[
            ("hugo.toml", &config),
            ("content/en/blog/a.md", &post_text("A", "2024-05-01")),
            ("content/fr/blog/a.md", &post_text("A", "2024-05-01")),
        ]);
        let toml = site.init_and_check("courant.toml");
        assert_lines(&toml, &["languages = [\"en\", \"fr\"]"]);
        assert!(!toml.contains("en-US"), "{toml}");
        assert_eq!(
            post_paths(&site, "courant.toml"),
            ["/blog/a/", "/fr/blog/a/"]
        );
    }
}

#[test]
fn hugo_mount_below_content_is_in_the_address() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example/'\ntitle = 'a'\n[[module.mounts]]\nsource = 'log'\ntarget = 'content/news'\n",
        ),
        ("log/2024/a.md", &post_text("A", "2024-05-01")),
    ]);
    site.init_and_check("courant.toml");
    assert_eq!(post_paths(&site, "courant.toml"), ["/news/2024/a/"]);
}

#[test]
fn hugo_default_language_in_a_directory_keeps_its_addresses() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example/'\ntitle = 'a'\ndefaultContentLanguageInSubdir = true\n[languages.en]\ncontentDir = 'content/en'\n[languages.fr]\ncontentDir = 'content/fr'\n[permalinks]\npost = '/:year/:contentbasename/'\n",
        ),
        ("content/en/notes/n.md", &post_text("N", "2024-05-01")),
        ("content/en/post/a.md", &post_text("A", "2024-05-01")),
        ("content/fr/post/b.md", &post_text("B", "2024-05-01")),
    ]);
    site.init_and_check("courant.toml");
    assert_eq!(
        post_paths(&site, "courant.toml"),
        ["/en/notes/n/", "/en/2024/a/", "/fr/2024/b/"]
    );
}

#[test]
fn hugo_languages_of_file_names_keep_their_directories() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example/'\ntitle = 'a'\ndefaultContentLanguageInSubdir = true\n[languages.en]\ntitle = 'a'\n[languages.fr]\ntitle = 'b'\n",
        ),
        ("content/post/a.md", &post_text("A", "2024-05-01")),
        ("content/post/a.fr.md", &post_text("B", "2024-05-01")),
    ]);
    let toml = site.init_and_check("courant.toml");
    let line = "language_permalinks = { fr = \"/fr/:path/\" }";
    assert!(toml.contains(line), "{toml}");
    assert_eq!(
        post_paths(&site, "courant.toml"),
        ["/fr/post/a/", "/en/post/a/"]
    );
}

#[test]
fn hugo_configuration_below_directories_is_read() {
    let site = create_site(&[
        (
            "config/_default/hugo.yaml",
            "baseURL: https://harbour.example/\ntitle: a\n",
        ),
        (
            "config/_default/routes/permalinks.yaml",
            "post: /:year/:contentbasename/\njournal: /journal/:slug/\n",
        ),
        ("content/post/a.md", &post_text("A", "2024-05-01")),
    ]);
    let (stderr, _) = run_init_print(&site);
    let warning = "`permalinks` names the section `journal`, which is no directory of `content`";
    assert!(stderr.contains(warning), "{stderr}");
    assert!(!stderr.contains("section `post`"), "{stderr}");
    site.init_and_check("courant.toml");
    assert_eq!(post_paths(&site, "courant.toml"), ["/2024/a/"]);
}

#[test]
fn disabled_hugo_language_is_excluded() {
    for (config, posts) in [
        (
            "[languages.en]\ncontentDir = 'content/en'\n[languages.fr]\ncontentDir = 'content/fr'\ndisabled = true\n",
            ["content/en/post/a.md", "content/fr/post/b.md"],
        ),
        (
            "disableLanguages = ['fr']\n[languages.en]\nweight = 1\n[languages.fr]\nweight = 2\n",
            ["content/post/a.md", "content/post/b.fr.md"],
        ),
    ] {
        let config = format!("baseURL = 'https://harbour.example/'\ntitle = 'a'\n{config}");
        let a = post_text("A", "2024-05-01");
        let site = create_site(&[("hugo.toml", &config), (posts[0], &a), (posts[1], &a)]);
        site.init_and_check("courant.toml");
        assert_eq!(post_paths(&site, "courant.toml"), ["/post/a/"], "{config}");
    }
}

#[test]
fn hugo_production_settings_override_the_others() {
    let site = create_site(&[
        ("hugo.toml", "baseURL = 'https://c.example'\ntitle = 'c'\n"),
        (
            "config/_default/hugo.toml",
            "baseURL = 'https://b.example'\ntitle = 'b'\n",
        ),
        (
            "config/production/hugo.toml",
            "baseURL = 'https://harbour.example'\n",
        ),
        ("content/posts/a.md", &post_text("A", "2024-05-01")),
    ]);
    let toml = site.init_and_check("courant.toml");
    assert_lines(
        &toml,
        &["url = \"https://harbour.example\"", "title = \"b\""],
    );
}

#[test]
fn setting_is_not_claimed_from_a_line_without_it() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\ndefaultContentLanguageInSubdir = false\n[uglyURLs]\nother = true\n",
        ),
        ("content/posts/a.md", &post_text("A", "2024-05-01")),
    ]);
    let (stderr, toml) = run_init_print(&site);
    assert!(!toml.contains("permalinks"), "{toml}");
    let line = stderr.lines().find(|line| line.contains("permalinks"));
    assert!(
        line.unwrap().contains("Hugo makes addresses from paths"),
        "{stderr}"
    );
}

const JEKYLL_CONFIG: &str = "url: https://harbour.example\ntitle: The Harbour\n";

/// Returns a Jekyll site with more configuration, and an undated title in each post.
fn jekyll_site(config: &str, posts: &[&str]) -> SiteDir {
    let config = format!("{JEKYLL_CONFIG}{config}");
    let mut files = vec![("_config.yml", config.as_str())];
    files.extend(posts.iter().map(|post| (*post, "---\ntitle: a\n---\n")));
    create_site(&files)
}

#[test]
fn jekyll_posts_at_any_depth_are_served() {
    let site = jekyll_site(
        "permalink: pretty\n",
        &[
            "_posts/2024-05-01-top.md",
            "en/news/_posts/2024-05-01-crane.md",
            "fr/news/_posts/2024-05-01-grue.md",
            "en/news/about.md",
            "_archive/_posts/2024-05-01-no.md",
            "vendor/bundle/_posts/2024-05-01-no.md",
        ],
    );
    let toml = site.init_and_check(".courant.toml");
    assert_lines(
        &toml,
        &[
            "dir = \".\"",
            "include = [\"_posts/**\", \"en/news/_posts/**\", \"fr/news/_posts/**\"]",
        ],
    );
    assert!(!toml.contains("exclude"), "{toml}");
    assert_eq!(
        post_paths(&site, ".courant.toml"),
        [
            "/2024/05/01/top/",
            "/en/news/2024/05/01/crane/",
            "/fr/news/2024/05/01/grue/"
        ]
    );
}

#[test]
fn jekyll_defaults_that_hide_posts_exclude_them() {
    for values in [
        "published: false",
        "published: 'no'",
        "published: later",
        "draft: true",
        "status: review",
        "password: x",
    ] {
        let defaults = format!(
            "permalink: none\ndefaults:\n  - scope: {{path: _posts/team}}\n    values: {{{values}}}\n  - scope: {{path: other}}\n    values: {{published: false}}\n  - scope: {{path: '', type: pages}}\n    values: {{published: false}}\n"
        );
        let posts = ["_posts/2024-05-01-a.md", "_posts/team/2024-05-01-b.md"];
        let site = jekyll_site(&defaults, &posts);
        let toml = site.init_and_check(".courant.toml");
        assert_lines(&toml, &["# _config.yml, line 6", "exclude = [\"team*\"]"]);
        assert_eq!(post_paths(&site, ".courant.toml"), ["/a.html"], "{values}");
    }
    let shown = "defaults:\n  - scope: {path: _posts}\n    values: {published: true, draft: false, layout: post}\n";
    let site = jekyll_site(shown, &["_posts/2024-05-01-a.md"]);
    assert!(!site.init_and_check(".courant.toml").contains("exclude"));
    let all = "defaults:\n  - values: {published: false}\n";
    let site = jekyll_site(all, &["_posts/2024-05-01-a.md"]);
    site.run_courant(&["init"]);
    assert!(post_paths(&site, ".courant.toml").is_empty());
}

#[test]
fn jekyll_excluded_posts_are_excluded() {
    for (entry, posts) in [
        (
            "_posts/old",
            ["_posts/2024-05-01-a.md", "_posts/old/2024-05-01-b.md"],
        ),
        (
            "/old/",
            ["_posts/2024-05-01-a.md", "old/_posts/2024-05-01-b.md"],
        ),
        (
            "'*.markdown'",
            ["_posts/2024-05-01-a.md", "_posts/2024-05-01-b.markdown"],
        ),
    ] {
        let config = format!("permalink: none\nexclude: [README.md, {entry}]\n");
        let site = jekyll_site(&config, &posts);
        let toml = site.init_and_check(".courant.toml");
        assert!(!toml.contains("README"), "{toml}");
        assert_eq!(post_paths(&site, ".courant.toml"), ["/a.html"], "{entry}");
    }
}

#[test]
fn jekyll_defaults_give_permalinks_by_directory() {
    let site = jekyll_site(
        "permalink: none\ndefaults:\n  - scope: {path: _posts/news, type: posts}\n    values: {permalink: '/n/:title/'}\n  - scope: {path: '', type: posts}\n    values: {permalink: '/p/:title/', author: Mira, layout: post}\n",
        &["_posts/2024-05-01-a.md", "_posts/news/2024-05-01-b.md"],
    );
    let (stderr, _) = run_init_print(&site);
    assert!(
        stderr.contains("`defaults` give `author` to posts") && stderr.contains("_config.yml:8"),
        "{stderr}"
    );
    let toml = site.init_and_check(".courant.toml");
    assert_lines(
        &toml,
        &["permalinks = { \"\" = \"/p/:title/\", news = \"/n/:title/\" }"],
    );
    assert_eq!(post_paths(&site, ".courant.toml"), ["/p/a/", "/n/b/"]);
}

#[test]
fn jekyll_collection_with_output_is_served() {
    let post = post_text("A", "2024-05-01");
    for (config, expected) in [
        ("news: {output: true}", "/news/tide/a.html"),
        (
            "news: {output: true, permalink: '/log/:year/:title/'}",
            "/log/2024/a/",
        ),
        ("news: {output: false}", ""),
    ] {
        let config = format!("{JEKYLL_CONFIG}collections:\n  {config}\n");
        let site = create_site(&[("_config.yml", &config), ("_news/tide/a.md", &post)]);
        site.run_courant(&["init"]);
        let toml = site.read_file(".courant.toml");
        let is_served = toml.contains("dir = \"_news\"");
        assert_eq!(is_served, !expected.is_empty(), "{toml}");
        if is_served {
            assert_eq!(post_paths(&site, ".courant.toml"), [expected]);
        }
    }
}

#[test]
fn jekyll_collections_of_posts_are_served_beside_the_posts() {
    let config = format!(
        "{JEKYLL_CONFIG}permalink: /log/:title.html\ncollections_dir: all\ncollections:\n  notes: {{output: true, permalink: '/n/:name/'}}\n  recipes: {{output: true}}\n  crew: {{output: true}}\n  shelf: {{output: false}}\ndefaults:\n  - scope: {{path: _notes/team}}\n    values: {{published: false, permalink: /team/:name/}}\n"
    );
    let dated = post_text("A", "2024-05-01");
    let site = create_site(&[
        ("_config.yml", &config),
        ("all/_posts/2024-05-01-tide.md", "---\ntitle: a\n---\n"),
        ("all/_notes/Soil Test.md", &dated),
        ("all/_notes/team/secret.md", &dated),
        ("all/_recipes/winter/stew.md", &dated),
        ("all/_crew/mira.md", "---\ntitle: Mira\n---\n"),
        ("all/_shelf/jar.md", &dated),
    ]);
    let toml = site.init_and_check(".courant.toml");
    assert_lines(
        &toml,
        &[
            "dir = \"all\"",
            "include = [\"_posts/**\", \"_notes/**\", \"_recipes/**\"]",
            "permalinks = { \"\" = \"/log/:title.html\", _notes = \"/n/:filename/\", \"_notes/team\" = \"/team/:filename/\", _recipes = \"/recipes/:path\" }",
            "exclude = [\"_notes/team*\"]",
        ],
    );
    let mut paths = post_paths(&site, ".courant.toml");
    paths.sort();
    assert_eq!(
        paths,
        ["/log/tide.html", "/n/soil-test/", "/recipes/winter/stew"]
    );
}

#[test]
fn settings_that_show_hidden_posts_are_reported() {
    let site = jekyll_site("future: true\n", &["_posts/2024-05-01-a.md"]);
    let (stderr, _) = run_init_print(&site);
    assert!(
        stderr.contains("`future` shows posts that courant keeps hidden")
            && stderr.contains("--> _config.yml:3"),
        "{stderr}"
    );
    let site = jekyll_site("future: false\n", &["_posts/2024-05-01-a.md"]);
    assert!(!run_init_print(&site).0.contains("future"));
}

#[test]
fn languages_of_jekyll_polyglot_are_found() {
    let site = jekyll_site(
        "plugins: [jekyll-polyglot]\nlanguages: [en, fr]\nlang: en-US\n",
        &["_posts/2024-05-01-a.md"],
    );
    let toml = site.init_and_check(".courant.toml");
    assert_lines(&toml, &["languages = [\"en\", \"fr\"]"]);
    assert!(!toml.contains("en-US"), "{toml}");
}

#[test]
fn language_outside_of_the_list_is_reported() {
    let site = jekyll_site(
        "default_lang: de\nlanguages: [en, fr]\n",
        &["_posts/2024-05-01-a.md"],
    );
    let (stderr, _) = run_init_print(&site);
    assert!(
        stderr.contains("the language `de` is not among the languages of the site"),
        "{stderr}"
    );
}

#[test]
fn site_in_a_subdirectory_is_found() {
    for (below, expected) in [
        ("site", "site"),
        ("packages/web", "packages/web"),
        ("docs", "docs"),
    ] {
        let config = format!("{JEKYLL_CONFIG}permalink: none\n");
        let site = create_site(&[
            ("README.md", "The site is below.\n"),
            (&format!("{below}/_config.yml"), &config),
            (&format!("{below}/assets/a.png"), ""),
            (
                &format!("{below}/_posts/2024-05-01-a.md"),
                "---\ntitle: a\n---\n",
            ),
        ]);
        let stderr = stderr_of(&site.run_courant(&["init"]));
        assert!(
            stderr.contains(&format!("made with Jekyll (`{expected}/_config.yml`)")),
            "{stderr}"
        );
        let toml = site.read_file(".courant.toml");
        assert_lines(
            &toml,
            &[
                &format!("# {expected}/_config.yml, line 1"),
                &format!("dir = \"{expected}/_posts\""),
                &format!("static_dir = \"{expected}\""),
            ],
        );
        assert!(!site.root().join(below).join(".courant.toml").exists());
        assert_eq!(post_paths(&site, ".courant.toml"), ["/a.html"]);
    }
}

#[test]
fn reasons_of_a_site_in_a_subdirectory_name_its_files() {
    let site = create_site(&[
        (
            "website/package.json",
            "{\"dependencies\": {\"hexo\": \"8\"}}",
        ),
        ("website/_config.yml", "url: https://pier.example\n"),
        ("website/source/_posts/a.md", &post_text("A", "2024-05-01")),
    ]);
    site.run_courant(&["init"]);
    let toml = site.read_file("config.toml");
    let reason = "# Hexo builds posts from the files in `website/source/_posts`";
    assert_lines(&toml, &[reason]);
}

#[test]
fn pelican_slugs_come_from_file_names() {
    for (regex, address) in [
        (r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<slug>.*)", "/lute.html"),
        (r"(?P<slug>.*)", "/2024-05-01-lute.html"),
        (r"(?P<date>\d{4}-\d{2}-\d{2}).*", "/for-lute.html"),
    ] {
        let config = format!(
            "SITENAME = 'Shelf'\nSITEURL = 'https://harbour.example'\nPATH = 'content'\nFILENAME_METADATA = r'{regex}'\n"
        );
        let site = create_site(&[
            ("pelicanconf.py", &config),
            ("content/2024-05-01-lute.md", "Title: For lute\n\nText.\n"),
        ]);
        site.run_courant(&["init"]);
        assert_eq!(post_paths(&site, "config.toml"), [address], "{regex}");
    }
}

#[test]
fn package_of_eleventy_does_not_outweigh_another_configuration() {
    for (file, text, generator) in [
        ("zola.toml", "base_url = 'https://pier.example'\n", "Zola"),
        ("hugo.toml", "baseURL = 'https://pier.example'\n", "Hugo"),
        ("_config.yml", "url: https://pier.example\n", "Jekyll"),
        ("eleventy.config.js", "export default {};\n", "Eleventy"),
    ] {
        let package = "{\"devDependencies\": {\"@11ty/eleventy\": \"3\"}}";
        let site = create_site(&[
            (file, text),
            ("package.json", package),
            ("content/a.md", &post_text("A", "2024-05-01")),
            ("_posts/2024-05-01-b.md", &post_text("B", "2024-05-01")),
        ]);
        let stderr = stderr_of(&site.run_courant(&["init"]));
        let expected = format!("made with {generator} (`{file}`)");
        assert!(stderr.contains(&expected), "{stderr}");
    }
}

#[test]
fn posts_at_the_top_outweigh_a_generator_below() {
    let site = create_site(&[
        ("writing/a.md", &post_text("A", "2024-05-01")),
        ("writing/b.md", &post_text("B", "2024-05-01")),
        ("writing/c.md", &post_text("C", "2024-05-01")),
        ("docs/_config.yml", JEKYLL_CONFIG),
        ("docs/_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
    ]);
    let found = propose_config(&site.root()).unwrap();
    assert_eq!((found.tools.len(), found.post_count), (0, 3));
}

#[test]
fn sections_with_a_dated_page_are_never_left_out() {
    let site = create_site(&[
        (
            "config.toml",
            "base_url = \"https://harbour.example\"\ntitle = \"a\"\n",
        ),
        ("content/log/_index.md", "+++\nsort_by = \"weight\"\n+++\n"),
        ("content/log/a.md", &post_text("A", "2024-05-01")),
        ("content/log/a.fr.md", "---\ntitle: A\n---\n"),
        ("content/log/a.ja.md", "---\ntitle: A\n---\n"),
        ("content/pages/b.md", "---\ntitle: B\n---\n"),
        ("content/news/_index.md", "+++\nsort_by = \"date\"\n+++\n"),
        ("content/news/c.md", &post_text("C", "2024-05-01")),
    ]);
    let (_, toml) = run_init_print(&site);
    assert_lines(&toml, &["include = [\"log/**\", \"news/**\"]"]);
}

#[test]
fn address_is_found_in_data_files_or_suggested() {
    let a = post_text("A", "2024-05-01");
    let site = create_site(&[
        ("posts/a.md", &a),
        ("_data/site.yml", "name: a\nurl: https://harbour.example/\n"),
        ("_data/sponsor.yml", "url: https://sponsor.example/\n"),
    ]);
    let toml = site.init_and_check(".courant.toml");
    assert_lines(
        &toml,
        &[
            "# a guess: in _data/site.yml",
            "url = \"https://harbour.example/\"",
        ],
    );
    let site = create_site(&[
        ("posts/a.md", &a),
        (
            "README.md",
            "Made with [Hugo](https://gohugo.io/), see https://github.com/a/b.\nLive at <https://harbour.example/>.\n",
        ),
    ]);
    let toml = site.init_and_check(".courant.toml");
    assert_lines(
        &toml,
        &[
            "url = \"https://example.org\"",
            "# url = \"https://harbour.example\"",
        ],
    );
    let site = create_site(&[("posts/a.md", &a), ("source/CNAME", "harbour.example\n")]);
    assert_lines(
        &site.init_and_check(".courant.toml"),
        &["url = \"https://harbour.example\""],
    );
}

#[test]
fn most_dated_pages_are_never_left_out() {
    let mut files = vec![(
        "hugo.toml".to_owned(),
        "baseURL = 'https://harbour.example'\ntitle = 'a'\n".to_owned(),
    )];
    for number in 0..4 {
        let dated = post_text("A", "2024-05-01");
        files.push((format!("content/guide/dated{number}.md"), dated));
        let undated = "---\ntitle: a\n---\n".to_owned();
        files.push((format!("content/guide/page{number}.md"), undated));
    }
    files.push(("content/news/a.md".to_owned(), post_text("A", "2024-05-01")));
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let found = propose_config(&create_site(&files).root()).unwrap();
    assert_eq!(found.post_count, 5);
}

#[test]
fn dated_page_beside_section_directories_is_never_left_out() {
    let site = create_site(&[
        (
            "zola.toml",
            "base_url = \"https://harbour.example\"\ntitle = \"a\"\n",
        ),
        ("content/a.md", &post_text("A", "2024-05-01")),
        ("content/log/b.md", &post_text("B", "2024-05-01")),
        ("content/pages/c.md", "---\ntitle: C\n---\n"),
    ]);
    let found = propose_config(&site.root()).unwrap();
    assert_eq!(found.post_count, 2);
    let (_, toml) = run_init_print(&site);
    assert_lines(&toml, &["exclude = [\"pages/**\"]"]);
}

#[test]
fn posts_in_restructured_text_are_counted_by_init() {
    let post = "The crane\n#########\n\n:date: 2024-05-01\n\nText.\n";
    let site = create_site(&[
        (
            "pelicanconf.py",
            "SITEURL = 'https://harbour.example'\nPATH = 'content'\n",
        ),
        ("content/a.md", &post_text("A", "2024-05-01")),
        ("content/b.rst", post),
        ("content/c.rst", post),
        ("content/about.rst", "About\n#####\n\nText.\n"),
    ]);
    let found = propose_config(&site.root()).unwrap();
    let finding = found
        .findings
        .iter()
        .find(|finding| finding.file.ends_with("b.rst"));
    let message = finding.map(|finding| finding.message.as_str());
    assert_eq!(
        message,
        Some("2 posts in reStructuredText, such as this file, will not be served")
    );
}
