//! Checks that `courant init` writes a working configuration for each generator's site.
//!
//! Posts keep their URLs, each value is reported with its source, and no file is overwritten.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use courant::config::Config;
use courant::init::{format_config, propose_config};
use courant::library::{DeletionPolicy, Library};
use courant::model::finding::Severity;
use tempfile::TempDir;

use crate::support::new_year_2025;

/// A site's directory below a temporary one.
pub(crate) struct SiteDir {
    dir: TempDir,
}

pub(crate) fn create_site(files: &[(&str, &str)]) -> SiteDir {
    let dir = TempDir::with_prefix("courant-init-").expect("a directory");
    let site = SiteDir { dir };
    for (path, text) in files {
        site.write_file(path, text);
    }
    site
}

/// Returns a post as most sites write it.
pub(crate) fn post_text(title: &str, date: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\n---\nThe body of {title}.\n")
}

impl SiteDir {
    pub(crate) fn write_file(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        fs::write(file, bytes).expect("written");
    }

    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("harbour")
    }

    pub(crate) fn read_file(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).expect("the file is there")
    }

    pub(crate) fn run_courant(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_courant"))
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .output()
            .expect("courant runs")
    }

    /// Runs `init`, runs `check` on the written configuration, and returns its text.
    pub(crate) fn init_and_check(&self, file: &str) -> String {
        let output = self.run_courant(&["init"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr_of(&output));
        assert_eq!(
            output.stdout, b"",
            "stdout is for data, and init writes none"
        );
        let check = self.run_courant(&["check", "--config", file]);
        assert_eq!(
            check.status.code(),
            Some(0),
            "{}{}",
            stderr_of(&check),
            lossy_text(&check.stdout)
        );
        self.read_file(file)
    }

    /// Returns the permalinks of the posts under a configuration, in the order of the files.
    pub(crate) fn post_urls(&self, file: &str) -> Vec<String> {
        let config = Config::load(&self.root().join(file)).expect("the configuration is right");
        let mut library = Library::default();
        library
            .scan_all(
                &config,
                DeletionPolicy::Immediate,
                new_year_2025(),
                &courant::progress::Progress::default(),
            )
            .expect("the content can be read");
        library
            .published_posts()
            .map(|post| post.permalink.url.to_string())
            .collect()
    }
}

pub(crate) fn stderr_of(output: &Output) -> String {
    lossy_text(&output.stderr)
}

fn lossy_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const GATSBY_CONFIG: &str = r##"/* The site of the harbour. */
const path = require("path");
// siteUrl: "https://not.example"
module.exports = {
  siteMetadata: {
    title: `The Harbour`,
    siteUrl: "https://harbour.example",
    description: 'News and stories from a small harbour', // said everywhere
    social: { twitter: "@harbourexample" },
  },
  plugins: [
    "gatsby-plugin-react-helmet",
    {
      resolve: `gatsby-source-filesystem`,
      options: { path: `${__dirname}/static/img`, name: "uploads" },
    },
    {
      resolve: "gatsby-source-filesystem",
      options: {
        name: "pages",
        path: path.join(__dirname, "src", "pages"),
      },
    },
    { resolve: "gatsby-plugin-manifest", options: { theme_color: "#0f766e" } },
  ],
};
"##;

const DECAP_CONFIG: &str = r#"backend:
  name: git-gateway
media_folder: static/img
public_folder: /img
collections:
  - name: pages
    files:
      - file: src/pages/about/index.md
        name: about
        fields:
          - {label: Template, name: templateKey, widget: hidden, default: about-page}
  - name: blog
    label: Blog
    folder: src/pages/blog
    create: true
    fields:
      - label: Template
        name: templateKey
        widget: hidden
        default: blog-post
      - {label: Title, name: title, widget: string}
      - {label: Date, name: date, widget: datetime}
      - {label: Body, name: body, widget: markdown}
"#;

fn gatsby_site() -> SiteDir {
    let site = create_site(&[
        ("gatsby-config.js", GATSBY_CONFIG),
        ("static/admin/config.yml", DECAP_CONFIG),
        ("static/img/logo.svg", "<svg/>"),
        (
            "src/pages/about/index.md",
            "---\ntemplateKey: about-page\ntitle: About\n---\n",
        ),
    ]);
    for (name, url) in [
        ("pier", "https://harbour.example/blog/the-pier"),
        ("tides", "https://harbour.example/blog/tides"),
        ("regatta", "https://old-harbour.example/blog/regatta"),
        ("storm", "https://old-harbour.example/blog/storm"),
        ("cranes", "https://medium.com/@harbour/cranes"),
    ] {
        let text = format!(
            "---\ntemplateKey: blog-post\ntitle: {name}\ndate: 2024-05-03T14:30:00.000Z\nseo:\n  url: {url}\n---\n"
        );
        site.write_file(&format!("src/pages/blog/{name}.md"), text);
    }
    site
}

#[test]
fn gatsby_site_with_decap_is_configured() {
    let site = gatsby_site();
    insta::assert_snapshot!(site.init_and_check("config.toml"), @r##"
    # Configuration of courant for a site made with Gatsby and Decap CMS, by `courant init`.

    [site]
    # gatsby-config.js, line 7
    url = "https://harbour.example"
    # a guess: in 2 of the posts' own addresses
    former_urls = ["https://old-harbour.example"]
    # gatsby-config.js, line 6
    title = "The Harbour"
    # gatsby-config.js, line 8
    description = "News and stories from a small harbour"
    # no file states the language of the posts, so this is the default
    # language = "en"
    # gatsby-config.js, line 9
    twitter = "harbourexample"
    # gatsby-config.js, line 24
    theme_color = "#0f766e"
    # from static/img/logo.svg
    logo = "/img/logo.svg"

    [content]
    # gatsby-config.js, line 21
    dir = "src/pages"
    # static/admin/config.yml, line 20
    require = { templateKey = "blog-post" }
    # Gatsby serves the files in `static` from the site's root
    static_dir = "static"

    [cards]
    # cards can show the site's logo
    # logo = "static/img/logo.svg"

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "##);
    assert_eq!(
        site.post_urls("config.toml"),
        [
            "https://medium.com/@harbour/cranes",
            "https://harbour.example/blog/the-pier",
            "https://harbour.example/blog/regatta",
            "https://harbour.example/blog/storm",
            "https://harbour.example/blog/tides",
        ]
    );
}

#[test]
fn init_reports_sources_and_next_steps() {
    let site = gatsby_site();
    insta::assert_snapshot!(stderr_of(&site.run_courant(&["init"])), @r#"
    made with Gatsby (`gatsby-config.js`) and Decap CMS (`static/admin/config.yml`)

      site.url            https://harbour.example                gatsby-config.js:7
      site.former_urls    ["https://old-harbour.example"]        a guess: in 2 of the posts' own addresses
      site.title          The Harbour                            gatsby-config.js:6
      site.description    News and stories from a small harbour  gatsby-config.js:8
      site.twitter        harbourexample                         gatsby-config.js:9
      site.theme_color    #0f766e                                gatsby-config.js:24
      site.logo           /img/logo.svg                          static/img/logo.svg
      content.dir         src/pages                              gatsby-config.js:21
      content.require     { templateKey = "blog-post" }          static/admin/config.yml:20
      content.static_dir  static                                 Gatsby serves the files in `static` from the site's root

      5 posts, 1 other page
      2 suggestions in the file, as comments

    wrote `config.toml`
      next: `courant check --config config.toml` lists problems of the posts,
            `courant serve --config config.toml` serves them

      compare the address of the newest post with that on your site:
        src/pages/blog/pier.md
        https://harbour.example/blog/the-pier
    "#);
}

#[test]
fn hugo_site_is_configured() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example/'\nlanguageCode = 'en-gb'\ntitle = 'The Harbour'\ntimeZone = 'Europe/London'\ncopyright = '© The Harbour'\n\n[params]\n  description = 'News from the quay'\n\n[permalinks]\n  [permalinks.page]\n    posts = '/:sections/:year/:month/:slug/'\n",
        ),
        ("static/img/pier.jpg", ""),
        ("content/_index.md", "---\ntitle: Home\n---\n"),
        ("content/about.md", "---\ntitle: About\n---\n"),
        ("content/docs/mooring.md", "---\ntitle: Mooring\n---\n"),
        ("content/posts/_index.md", "---\ntitle: Posts\n---\n"),
        (
            "content/posts/pier.md",
            "+++\ntitle = 'The pier'\ndate = 2024-05-01T10:00:00Z\nslug = 'the-pier'\n+++\n",
        ),
        (
            "content/posts/tides/index.md",
            "---\ntitle: Tides\nslug: tides\ndate: 2024-06-01\n---\n",
        ),
        (
            "themes/quay/exampleSite/content/posts/no.md",
            "---\ntitle: No\ndate: 2024-01-01\n---\n",
        ),
    ]);
    insta::assert_snapshot!(site.init_and_check("courant.toml"), @r#"
    # Configuration of courant for a site made with Hugo, by `courant init`.

    [site]
    # hugo.toml, line 1
    url = "https://harbour.example/"
    # hugo.toml, line 3
    title = "The Harbour"
    # hugo.toml, line 8
    description = "News from the quay"
    # hugo.toml, line 2
    language = "en-gb"
    # hugo.toml, line 4
    timezone = "Europe/London"
    # hugo.toml, line 12
    permalinks = "/:section/:year/:month/:slug/"
    # hugo.toml, line 5
    copyright = "© The Harbour"

    [content]
    # a guess: other pages are in: the top, docs
    include = ["posts/**"]
    # Hugo serves the files in `static` from the site's root
    static_dir = "static"
    # Hugo makes addresses of names by this rule
    names = "hugo"

    [feed]
    # Hugo writes feeds at these paths
    aliases = { "/index.xml" = "/rss.xml", "/tags/:slug/index.xml" = "/tag/:slug/rss.xml", "/categories/:slug/index.xml" = "/category/:slug/rss.xml" }

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "#);
    assert_eq!(
        site.post_urls("courant.toml"),
        [
            "https://harbour.example/posts/2024/05/the-pier/",
            "https://harbour.example/posts/2024/06/tides/"
        ]
    );
    assert!(
        !site.root().join("config.toml").exists(),
        "Hugo reads this name"
    );
}

#[test]
fn hugo_config_directory_and_language_content_are_read() {
    let site = create_site(&[
        (
            "config/_default/hugo.yaml",
            "baseURL: https://harbour.example/\ndefaultContentLanguage: pt\ndefaultContentLanguageInSubdir: true\n",
        ),
        (
            "config/_default/languages.yaml",
            "pt:\n  title: O Porto\n  locale: pt-PT\n  contentDir: content/pt\nen:\n  title: The Harbour\n  contentDir: content/en\n",
        ),
        (
            "config/_default/params.toml",
            "description = 'Notícias do cais'\nmainSections = ['noticias']\n",
        ),
        (
            "content/pt/noticias/cais.md",
            &post_text("Cais", "2024-05-01"),
        ),
        ("content/pt/sobre/nos.md", &post_text("Sobre", "2024-05-01")),
        ("content/en/news/quay.md", &post_text("Quay", "2024-05-01")),
    ]);
    let toml = site.init_and_check("courant.toml");
    for line in [
        "title = \"O Porto\"",
        "description = \"Notícias do cais\"",
        "language = \"pt\"",
        "languages = [\"pt\", \"en\"]",
        "include = [\"pt/noticias/**\"]",
        "permalinks = \"/pt/:path/\"",
    ] {
        assert!(toml.contains(line), "{line} in\n{toml}");
    }
    assert_eq!(
        site.post_urls("courant.toml"),
        ["https://harbour.example/pt/noticias/cais/"]
    );
}

#[test]
fn hugo_sections_keep_their_own_permalinks() {
    for (permalinks, expected) in [
        (
            "post = '/:year/:slugorcontentbasename/'\nnotes = '/n/:year/'\n",
            ["/n/2024/", "/2024/pier/", "/2024/tides/"],
        ),
        (
            "post = '/p/:slugorcontentbasename/'\n",
            ["/notes/a/", "/p/pier/", "/p/tides/"],
        ),
        (
            "notes = '/:year/:slugorcontentbasename/'\n",
            ["/2024/a/", "/post/pier/", "/post/tides/"],
        ),
    ] {
        let config =
            format!("baseURL = 'https://harbour.example'\ntitle = 'a'\n[permalinks]\n{permalinks}");
        let site = create_site(&[
            ("hugo.toml", &config),
            ("content/post/pier.md", &post_text("Pier", "2024-05-01")),
            ("content/post/tides.md", &post_text("Tides", "2024-05-02")),
            ("content/notes/a.md", &post_text("A", "2024-05-01")),
        ]);
        site.init_and_check("courant.toml");
        assert_eq!(
            site.post_urls("courant.toml"),
            expected.map(|path| format!("https://harbour.example{path}"))
        );
    }
}

#[test]
fn hugo_sections_with_equal_permalinks_are_served_together() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\n[permalinks]\npost = '/:year/:filename/'\nnotes = '/:year/:filename/'\n",
        ),
        ("content/post/pier.md", &post_text("Pier", "2024-05-01")),
        ("content/notes/tides.md", &post_text("Tides", "2024-05-01")),
    ]);
    site.init_and_check("courant.toml");
    assert_eq!(
        site.post_urls("courant.toml"),
        [
            "https://harbour.example/2024/tides/",
            "https://harbour.example/2024/pier/"
        ]
    );
}

#[test]
fn hugo_default_permalinks_need_no_line() {
    let site = create_site(&[
        (
            "config.yaml",
            "baseURL: https://harbour.example/blog/\ntitle: The Harbour\nlanguageCode: en\n",
        ),
        ("content/posts/pier.md", &post_text("Pier", "2024-05-01")),
    ]);
    let toml = site.init_and_check("courant.toml");
    assert!(!toml.contains("permalinks"), "{toml}");
    assert!(
        toml.contains(
            "[content]\n# Hugo makes addresses of names by this rule\nnames = \"hugo\"\n\n"
        ),
        "every other value is the default\n{toml}"
    );
    assert_eq!(
        site.post_urls("courant.toml"),
        ["https://harbour.example/blog/posts/pier/"]
    );
}

const JEKYLL_CONFIG: &str = "# Where we are\ntitle: The Harbour\ntagline: News from the quay\nurl: https://harbour.example\nbaseurl: /log/\nlang: en_GB\ntimezone: Europe/London\ntwitter:\n  username: harbourexample\nauthor:\n  name: Mira Halloway\n  url: https://mira.example/\npermalink: /news/:year/:month/:title/\n";

#[test]
fn jekyll_site_is_configured() {
    let site = create_site(&[
        ("_config.yml", JEKYLL_CONFIG),
        ("assets/pier.jpg", ""),
        ("about.md", "---\ntitle: About\nlayout: page\n---\n"),
        (
            "_posts/2024-05-01-the-pier.md",
            "---\ntitle: The pier\nlayout: post\n---\n",
        ),
        (
            "_posts/2024-06-01-tides.markdown",
            "---\ntitle: Tides\nlayout: post\n---\n",
        ),
        ("_drafts/no.md", "---\ntitle: No\n---\n"),
    ]);
    insta::assert_snapshot!(site.init_and_check(".courant.toml"), @r#"
    # Configuration of courant for a site made with Jekyll, by `courant init`.

    [site]
    # _config.yml, line 4
    url = "https://harbour.example/log"
    # _config.yml, line 2
    title = "The Harbour"
    # _config.yml, line 3
    description = "News from the quay"
    # _config.yml, line 6
    language = "en-GB"
    # _config.yml, line 7
    timezone = "Europe/London"
    # _config.yml, line 13
    permalinks = "/news/:year/:month/:title/"
    # _config.yml, line 9
    twitter = "harbourexample"

    [content]
    # Jekyll builds posts from the files in `_posts`
    dir = "_posts"
    # Jekyll serves `assets` and similar directories under their own paths
    static_dir = "."
    # Jekyll makes addresses of names by this rule
    names = "jekyll"

    [feed]
    # Jekyll writes feeds at these paths
    aliases = { "/feed.xml" = "/rss.xml" }

    [[authors]]
    # _config.yml, line 11
    name = "Mira Halloway"
    url = "https://mira.example/"

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "#);
    assert_eq!(
        site.post_urls(".courant.toml"),
        [
            "https://harbour.example/log/news/2024/05/the-pier/",
            "https://harbour.example/log/news/2024/06/tides/"
        ]
    );
}

#[test]
fn jekyll_permalink_styles_keep_their_urls() {
    for (style, front, expected) in [
        ("", "", "/2024/05/01/the-pier.html"),
        ("permalink: date\n", "", "/2024/05/01/the-pier.html"),
        ("permalink: pretty\n", "", "/2024/05/01/the-pier/"),
        ("permalink: none\n", "", "/the-pier.html"),
        (
            "permalink: pretty\n",
            "category: news\n",
            "/news/2024/05/01/the-pier/",
        ),
        ("permalink: /:title:output_ext\n", "", "/the-pier.html"),
        ("permalink: blog/:slug\n", "", "/blog/the-pier"),
        (
            "permalink: none\ndefaults:\n  - scope: {path: '', type: posts}\n    values: {permalink: '/p/:title/'}\n",
            "",
            "/p/the-pier/",
        ),
        (
            "collections:\n  posts:\n    permalink: /c/:title/\n",
            "",
            "/c/the-pier/",
        ),
    ] {
        let config = format!("title: The Harbour\nurl: https://harbour.example\n{style}");
        let text = format!("---\ntitle: The pier\n{front}---\n");
        let site = create_site(&[
            ("_config.yml", &config),
            ("_posts/2024-05-01-the-pier.md", &text),
        ]);
        site.init_and_check(".courant.toml");
        assert_eq!(
            site.post_urls(".courant.toml"),
            [format!("https://harbour.example{expected}")],
            "{style}{front}"
        );
    }
}

#[test]
fn unsupported_permalink_placeholder_is_reported_with_its_line() {
    let site = create_site(&[
        (
            "_config.yml",
            "title: The Harbour\nurl: https://harbour.example\npermalink: weekdate\n",
        ),
        (
            "_posts/2024-05-01-the-pier.md",
            "---\ntitle: The pier\n---\n",
        ),
    ]);
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    let stderr = stderr_of(&output);
    assert!(stderr.contains("--> _config.yml:3"), "{stderr}");
    assert!(stderr.contains("`:week` is not supported"), "{stderr}");
}

#[test]
fn jekyll_site_below_docs_is_found() {
    let site = create_site(&[
        (
            "docs/_config.yml",
            "title: The Harbour\nurl: https://harbour.example\ncollections_dir: log\npermalink: none\n",
        ),
        (
            "docs/log/_posts/2024-05-01-the-pier.md",
            "---\ntitle: The pier\n---\n",
        ),
        ("README.md", "# Not a post\n"),
    ]);
    let toml = site.init_and_check(".courant.toml");
    assert!(toml.contains("dir = \"docs/log/_posts\""), "{toml}");
    assert_eq!(
        site.post_urls(".courant.toml"),
        ["https://harbour.example/the-pier.html"]
    );
}

#[test]
fn zola_site_is_configured() {
    let site = create_site(&[
        (
            "config.toml",
            "# The Harbour's own\nbase_url = \"https://harbour.example\"\ntitle = \"The Harbour\"\ndescription = \"News from the quay\"\ndefault_language = \"en\"\n\n[extra]\ntwitter = \"harbourexample\"\n",
        ),
        ("static/img/pier.jpg", ""),
        ("templates/base.html", "<html lang=\"{{ lang }}\">"),
        ("content/_index.md", "+++\ntitle = \"Home\"\n+++\n"),
        ("content/about.md", "+++\ntitle = \"About\"\n+++\n"),
        ("content/blog/_index.md", "+++\nsort_by = \"date\"\n+++\n"),
        (
            "content/blog/2024-05-01-the-pier.md",
            "+++\ntitle = \"The pier\"\n+++\n",
        ),
        (
            "content/blog/2024-06-01_tides/index.md",
            "+++\ntitle = \"Tides\"\n+++\n",
        ),
    ]);
    let before = site.read_file("config.toml");
    insta::assert_snapshot!(site.init_and_check("courant.toml"), @r#"
    # Configuration of courant for a site made with Zola, by `courant init`.

    [site]
    # config.toml, line 2
    url = "https://harbour.example"
    # config.toml, line 3
    title = "The Harbour"
    # config.toml, line 4
    description = "News from the quay"
    # Zola leaves the date at the start of a file name out of the address
    permalinks = "/:dir/:slug/"
    # config.toml, line 8
    twitter = "harbourexample"

    [content]
    # a guess: other pages are in: the top
    include = ["blog/**"]
    # Zola serves the files in `static` from the site's root
    static_dir = "static"
    # Zola makes addresses of names by this rule
    names = "zola"

    [feed]
    # Zola writes feeds at these paths
    aliases = { "/tags/:slug/atom.xml" = "/tag/:slug/atom.xml", "/categories/:slug/atom.xml" = "/category/:slug/atom.xml" }

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "#);
    assert_eq!(
        site.post_urls("courant.toml"),
        [
            "https://harbour.example/blog/the-pier/",
            "https://harbour.example/blog/tides/"
        ]
    );
    assert_eq!(
        site.read_file("config.toml"),
        before,
        "Zola's own file is unchanged"
    );
    let stderr = stderr_of(&site.run_courant(&["init", "--output", "other.toml"]));
    assert!(
        stderr.contains("courant check --config other.toml"),
        "{stderr}"
    );
}

const ASTRO_CONFIG: &str = "import { defineConfig } from 'astro/config';\nimport mdx from '@astrojs/mdx';\nimport { SITE_URL } from './src/consts';\n\n// https://astro.build/config\nexport default defineConfig({\n  site: SITE_URL,\n  integrations: [mdx()],\n});\n";

#[test]
fn astro_site_is_configured() {
    let site = create_site(&[
        ("astro.config.mjs", ASTRO_CONFIG),
        (
            "src/consts.ts",
            "export const SITE_TITLE = 'The Harbour';\nexport const SITE_DESCRIPTION: string = \"News from the quay\";\nexport const SITE_URL = 'https://harbour.example';\n",
        ),
        (
            "src/content.config.ts",
            "import { glob } from 'astro/loaders';\nconst blog = defineCollection({\n  loader: glob({ base: './src/content/blog', pattern: '**/*.{md,mdx}' }),\n  schema: ({ image }) => z.object({ title: z.string() }),\n});\nexport const collections = { blog };\n",
        ),
        ("src/pages/blog/[...slug].astro", ""),
        (
            "src/layouts/Base.astro",
            "---\n---\n<!doctype html>\n<html lang=\"en-GB\">\n",
        ),
        ("public/favicon.svg", "<svg/>"),
        (
            "src/content/blog/pier.md",
            "---\ntitle: The pier\npubDate: 'May 01 2024'\n---\n",
        ),
        (
            "src/content/blog/tides.mdx",
            "---\ntitle: Tides\npubDate: 'Jun 01 2024'\n---\n",
        ),
        (
            "node_modules/a/README.md",
            "---\ntitle: No\ndate: 2024-01-01\n---\n",
        ),
    ]);
    insta::assert_snapshot!(site.init_and_check("config.toml"), @r#"
    # Configuration of courant for a site made with Astro, by `courant init`.

    [site]
    # src/consts.ts, line 3
    url = "https://harbour.example"
    # src/consts.ts, line 1
    title = "The Harbour"
    # src/consts.ts, line 2
    description = "News from the quay"
    # a guess: src/layouts/Base.astro, line 4
    language = "en-GB"
    # 2 posts have dates without a zone, which are read as UTC
    # timezone = "UTC"
    # from src/pages/blog/[...slug].astro
    permalinks = "/blog/:path/"

    [content]
    # src/content.config.ts, line 3
    dir = "src/content/blog"
    # Astro serves the files in `public` from the site's root
    static_dir = "public"
    # Astro makes addresses of names by this rule
    names = "astro"

    [cards]
    # cards can show the site's logo
    # logo = "public/favicon.svg"

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "#);
    assert_eq!(
        site.post_urls("config.toml"),
        [
            "https://harbour.example/blog/pier/",
            "https://harbour.example/blog/tides/"
        ]
    );
}

#[test]
fn astro_collection_outside_the_default_directory_is_found() {
    let site = create_site(&[
        (
            "astro.config.ts",
            "import { SITE } from './src/config';\nexport default defineConfig({ site: SITE.website });\n",
        ),
        (
            "src/config.ts",
            "export const SITE = {\n  website: 'https://harbour.example/',\n  title: 'The Harbour',\n  desc: 'News',\n} as const;\n",
        ),
        (
            "src/content.config.ts",
            "export const BLOG_PATH = 'src/data/blog';\nconst blog = defineCollection({ loader: glob({ pattern: '**/[^_]*.md', base: `./${BLOG_PATH}` }) });\n",
        ),
        ("src/pages/posts/[...slug]/index.astro", ""),
        ("src/pages/tags/[tag]/[...page].astro", ""),
        (
            "src/data/blog/pier.md",
            "---\ntitle: Pier\ndate: 2024-05-01T10:00:00Z\n---\n",
        ),
    ]);
    site.init_and_check("config.toml");
    assert_eq!(
        site.post_urls("config.toml"),
        ["https://harbour.example/posts/pier/"]
    );
}

#[test]
fn astro_base_route_and_trailing_slash_are_kept() {
    let site = create_site(&[
        (
            "astro.config.ts",
            "export default { site: 'https://harbour.example/', base: '/log', trailingSlash: 'never' } satisfies Config;\n",
        ),
        (
            "src/config.ts",
            "export const SITE = { title: 'The Harbour', desc: 'News' };\n",
        ),
        ("src/pages/writing/[slug]/index.astro", ""),
        ("src/pages/tags/[tag].astro", ""),
        (
            "src/content/posts/pier.md",
            &post_text("Pier", "2024-05-01"),
        ),
        ("src/content/authors/mira.md", "---\nname: Mira\n---\n"),
    ]);
    site.init_and_check("config.toml");
    assert_eq!(
        site.post_urls("config.toml"),
        ["https://harbour.example/log/writing/pier"]
    );
}

const ELEVENTY_CONFIG: &str = "const rss = require(\"@11ty/eleventy-plugin-rss\");\n\nmodule.exports = function (eleventyConfig) {\n  eleventyConfig.addPassthroughCopy({ \"./public/\": \"/\" });\n  eleventyConfig.addFilter(\"head\", (array, n) => n < 0 ? array.slice(n) : array.slice(0, n));\n  return {\n    markdownTemplateEngine: \"njk\",\n    dir: {\n      input: \"content\",\n      includes: \"../_includes\",\n      data: \"../_data\",\n    },\n  };\n};\n";

#[test]
fn eleventy_site_is_configured() {
    let site = create_site(&[
        (".eleventy.js", ELEVENTY_CONFIG),
        (
            "_data/metadata.js",
            "module.exports = {\n\ttitle: \"The Harbour\",\n\turl: \"https://harbour.example/\",\n\tlanguage: \"en-GB\",\n\tdescription: \"News from the quay\",\n\tauthor: { name: \"Mira Halloway\", url: \"https://mira.example/\" },\n};\n",
        ),
        ("public/img/pier.jpg", ""),
        ("content/about.md", "---\ntitle: About\n---\n"),
        (
            "content/blog/blog.11tydata.js",
            "module.exports = { tags: [\"posts\"] };\n",
        ),
        ("content/blog/pier.md", &post_text("The pier", "2024-05-01")),
        (
            "content/blog/tides/index.md",
            &post_text("Tides", "2024-06-01"),
        ),
    ]);
    insta::assert_snapshot!(site.init_and_check("config.toml"), @r#"
    # Configuration of courant for a site made with Eleventy, by `courant init`.

    [site]
    # _data/metadata.js, line 3
    url = "https://harbour.example/"
    # _data/metadata.js, line 2
    title = "The Harbour"
    # _data/metadata.js, line 5
    description = "News from the quay"
    # _data/metadata.js, line 4
    language = "en-GB"
    # 2 posts have dates without a zone, which are read as UTC
    # timezone = "UTC"
    # Eleventy makes addresses from paths below its input
    permalinks = "/blog/:path/"

    [content]
    # content/blog/blog.11tydata.js, line 1
    dir = "content/blog"
    # .eleventy.js, line 4
    static_dir = "public"
    # Eleventy makes addresses of names by this rule
    names = "eleventy"

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "#);
    assert_eq!(
        site.post_urls("config.toml"),
        [
            "https://harbour.example/blog/pier/",
            "https://harbour.example/blog/tides/"
        ]
    );
}

#[test]
fn eleventy_directory_permalink_is_used() {
    let site = create_site(&[
        (
            "eleventy.config.mjs",
            "export default function (config) { config.setInputDirectory('src'); }\n",
        ),
        (
            "src/_data/site.json",
            "{\n  \"name\": \"The Harbour\",\n  \"url\": \"https://harbour.example\",\n  \"lang\": \"en\"\n}\n",
        ),
        (
            "src/posts/posts.json",
            "{ \"layout\": \"post.njk\", \"permalink\": \"/log/{{ page.fileSlug }}/index.html\" }\n",
        ),
        (
            "src/posts/2024-05-01-pier.md",
            "---\ntitle: The pier\n---\n",
        ),
    ]);
    site.init_and_check("config.toml");
    assert_eq!(
        site.post_urls("config.toml"),
        ["https://harbour.example/log/pier/"]
    );
}

#[test]
fn nuxt_content_site_is_configured() {
    let site = create_site(&[
        (
            "nuxt.config.ts",
            "export default defineNuxtConfig({\n  modules: ['@nuxt/content'],\n  site: { url: 'https://harbour.example', name: 'The Harbour' },\n  app: { head: { htmlAttrs: { lang: 'pt' } } },\n})\n",
        ),
        ("content/index.md", "---\ntitle: Home\n---\n"),
        ("content/blog/pier.md", &post_text("Pier", "2024-05-01")),
    ]);
    let toml = site.init_and_check("config.toml");
    assert!(toml.contains("include = [\"blog/**\"]"), "{toml}");
    assert!(toml.contains("language = \"pt\""), "{toml}");
    assert_eq!(
        site.post_urls("config.toml"),
        ["https://harbour.example/blog/pier"]
    );
}

#[test]
fn hexo_is_not_taken_for_jekyll() {
    let site = create_site(&[
        (
            "_config.yml",
            "title: The Harbour\nurl: https://harbour.example\npermalink: :year/:title/\n",
        ),
        (
            "package.json",
            "{ \"dependencies\": { \"hexo\": \"^7.0.0\" } }\n",
        ),
        ("source/_posts/pier.md", &post_text("Pier", "2024-05-01")),
    ]);
    site.init_and_check("config.toml");
    assert_eq!(
        site.post_urls("config.toml"),
        ["https://harbour.example/2024/pier/"]
    );
}

#[test]
fn without_a_generator_the_directory_with_most_posts_is_used() {
    let site = create_site(&[
        ("README.md", "# Not a post\n"),
        ("notes/todo.md", "---\ntitle: To do\n---\n"),
        ("writing/2023/pier.md", &post_text("Pier", "2023-05-01")),
        ("writing/2024/tides.md", &post_text("Tides", "2024-05-01")),
    ]);
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(site.read_file(".courant.toml"), @r#"
    # Configuration of courant for a site, by `courant init`.

    [site]
    # replace this: the site's address was not found
    url = "https://example.org"
    # a guess: the name of the directory, so replace it
    title = "harbour"
    # no file states the language of the posts, so this is the default
    # language = "en"
    # 2 posts have dates without a zone, which are read as UTC
    # timezone = "UTC"
    # if the site serves posts below `/writing/`
    # permalinks = "/writing/:path/"

    [content]
    # a guess: most files with a date are in `writing`
    dir = "writing"

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "#);
    insta::assert_snapshot!(stderr_of(&output), @r#"
    no generator was recognised

      site.url     https://example.org  a placeholder: the site's address was not found
      site.title   harbour              a guess: the name of the directory, so replace it
      content.dir  writing              a guess: most files with a date are in `writing`

      2 posts, 0 other pages
      3 suggestions in the file, as comments

    wrote `.courant.toml`
      `.courant.toml` begins with a dot because many generators publish other files;
      if a web server serves this directory as it is, keep the file outside of it: `--output FILE`
      replace `site.url` in it first: it is a placeholder for a value that was not found
      next: `courant check --config .courant.toml` lists problems of the posts,
            `courant serve --config .courant.toml` serves them

      compare the address of the newest post with that on your site:
        writing/2024/tides.md
        https://example.org/2024/tides/
      least certain: site.permalinks, the default, because no file says how addresses are made
    "#);
    let check = site.run_courant(&["check", "--config", ".courant.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr_of(&check));
}

#[test]
fn without_a_generator_post_urls_give_the_site_url() {
    let with = |url: &str| format!("---\ntitle: a\ndate: 2024-01-01\nurl: {url}\n---\n");
    let site = create_site(&[
        ("posts/a.md", &with("https://harbour.example/a")),
        ("posts/b.md", &with("https://harbour.example/b")),
        ("posts/c.md", &with("https://elsewhere.example/x/c")),
        ("posts/d.md", &with("https://elsewhere.example/x/d")),
    ]);
    let toml = site.init_and_check(".courant.toml");
    assert!(toml.contains("url = \"https://harbour.example\""), "{toml}");
    assert!(
        toml.contains("# former_urls = [\"https://elsewhere.example\"]"),
        "a second host is only suggested\n{toml}"
    );
}

#[test]
fn newest_post_urls_give_the_site_url() {
    let site = create_site(&[]);
    for number in 10..30 {
        let (host, date) = match number {
            10..25 => ("old.example", "2020"),
            _ => ("www.new.example", "2024"),
        };
        site.write_file(
            &format!("posts/{number}.md"),
            format!(
                "---\ntitle: a\ndate: {date}-01-{number}\nurl: https://{host}/log/{number}\n---\n"
            ),
        );
    }
    // Both hosts have five of the newest ten posts; the newer five win.
    let toml = site.init_and_check(".courant.toml");
    assert!(
        toml.contains("\nurl = \"https://www.new.example\""),
        "{toml}"
    );
    assert!(
        toml.contains("\nformer_urls = [\"https://old.example\"]"),
        "{toml}"
    );
}

#[test]
fn color_and_logo_are_found_without_a_generator() {
    let site = |files: &[(&str, &str)]| {
        let post = post_text("One", "2024-05-01");
        let mut all = vec![("blog/one.md", &*post)];
        all.extend(files);
        create_site(&all).init_and_check(".courant.toml")
    };
    let manifest = "{\"theme_color\": \"#0A6\", \"icons\": [{\"src\": \"/i/small.png\"}, {\"src\": \"/i/large.png\"}]}";
    let toml = site(&[
        ("public/site.webmanifest", manifest),
        ("public/i/large.png", ""),
        ("css/site.css", ":root { --accent: #c0392b; }"),
    ]);
    assert!(toml.contains("\ntheme_color = \"#00aa66\""), "{toml}");
    assert!(toml.contains("public/site.webmanifest, line 1"), "{toml}");
    assert!(toml.contains("# logo = \"public/i/large.png\""), "{toml}");
    let toml = site(&[
        (
            "_includes/head.html",
            "<head>\n<meta name=\"theme-color\" content=\"#336699\">",
        ),
        ("assets/favicon.svg", "<svg/>"),
    ]);
    assert!(toml.contains("\ntheme_color = \"#336699\""), "{toml}");
    assert!(toml.contains("# logo = \"assets/favicon.svg\""), "{toml}");
    let toml = site(&[("css/site.css", ":root {\n --accent: #c0392b; }")]);
    assert!(toml.contains("\ntheme_color = \"#c0392b\""), "{toml}");
    assert!(
        toml.contains("`--accent` in css/site.css, line 2"),
        "{toml}"
    );
}

#[test]
fn cms_config_alone_gives_directory_and_permalinks() {
    let site = create_site(&[
        (
            "public/admin/config.yml",
            "site_url: https://harbour.example\nmedia_folder: public/uploads\npublic_folder: /uploads\ncollections:\n  - name: pages\n    folder: pages\n    fields: [{name: title, widget: string}]\n  - name: posts\n    folder: data/log\n    preview_path: \"log/{{year}}/{{slug}}\"\n    fields:\n      - {name: title, widget: string}\n      - {name: date, widget: datetime, format: \"YYYY-MM-DDTHH:mm:ss[Z]\"}\n  - name: events\n    folder: data/events\n    fields: [{name: date, widget: datetime}]\n",
        ),
        ("pages/about.md", "---\ntitle: About\n---\n"),
        (
            "data/log/pier.md",
            &post_text("Pier", "2024-05-01T10:00:00Z"),
        ),
        (
            "data/events/regatta.md",
            &post_text("Regatta", "2024-05-01T10:00:00Z"),
        ),
    ]);
    let output = site.run_courant(&["init", "--print"]);
    assert!(
        stderr_of(&output).contains("the posts of the collection `events` are left out"),
        "{}",
        stderr_of(&output)
    );
    site.init_and_check(".courant.toml");
    assert_eq!(
        site.post_urls(".courant.toml"),
        ["https://harbour.example/log/2024/pier/"]
    );
}

#[test]
fn custom_date_field_is_configured_or_reported() {
    let site = create_site(&[
        (
            "admin/config.yml",
            "site_url: https://harbour.example\nmedia_folder: img\ncollections:\n  - name: posts\n    folder: posts\n    fields: [{name: appeared_on, widget: datetime}]\n",
        ),
        (
            "posts/pier.md",
            "---\ntitle: Pier\nappeared_on: 2024-05-01\n---\n",
        ),
    ]);
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    let is_reported =
        stderr_of(&output).contains("posts have their date in `appeared_on`, which is not read");
    let is_configured = site
        .read_file(".courant.toml")
        .contains("fields = { date = \"appeared_on\" }");
    assert!(is_reported != is_configured, "{}", stderr_of(&output));
}

#[test]
fn date_field_is_found_in_the_posts_without_a_cms() {
    let site = create_site(&[
        (
            "astro.config.mjs",
            "export default { site: 'https://harbour.example' }",
        ),
        (
            "src/content/blog/a.md",
            "---\ntitle: a\npubDatetime: 2024-05-01T10:00:00Z\nmodDatetime: 2024-05-02T10:00:00Z\n---\n",
        ),
    ]);
    let stderr = stderr_of(&site.run_courant(&["init"]));
    let is_reported = stderr.contains("posts have their date in `pubDatetime`, which is not read")
        && stderr.contains("--> src/content/blog/a.md:3");
    let is_configured = site
        .read_file("config.toml")
        .contains("fields = { date = \"pubDatetime\" }");
    assert!(is_reported != is_configured, "{stderr}");
}

#[test]
fn cname_and_package_json_give_url_and_title() {
    let files = [("posts/a.md", post_text("A", "2024-01-01"))];
    let (path, text) = &files[0];
    let package = "{ \"name\": \"harbour-log\", \"homepage\": \"https://home.example/log\" }";
    let site = create_site(&[(path, text), ("package.json", package)]);
    let toml = site.init_and_check(".courant.toml");
    assert!(
        toml.contains("url = \"https://home.example/log\""),
        "{toml}"
    );
    assert!(toml.contains("title = \"harbour-log\""), "{toml}");
    let site = create_site(&[
        (path, text),
        ("package.json", package),
        ("CNAME", "harbour.example\n"),
    ]);
    let toml = site.init_and_check(".courant.toml");
    assert!(toml.contains("url = \"https://harbour.example\""), "{toml}");
}

#[test]
fn page_kind_is_guessed_without_a_cms() {
    let site = site_with_page_kinds();
    let toml = site.init_and_check("config.toml");
    assert!(
        toml.contains("# a guess: 5 of 5 posts have it, and other pages have a different value\nrequire = { templateKey = \"blog-post\" }"),
        "{toml}"
    );
}

#[test]
fn guessed_kind_is_only_suggested_if_it_loses_a_post() {
    let site = site_with_page_kinds();
    site.write_file(
        "src/pages/events/e.md",
        "---\ntemplateKey: event\ntitle: a\ndate: 2024-01-01\n---\n",
    );
    let toml = site.init_and_check("config.toml");
    assert!(
        toml.contains("# 5 of 6 posts have it, but it would leave out a file with a title and a date, src/pages/events/e.md\n# require = { templateKey = \"blog-post\" }"),
        "{toml}"
    );
}

/// Returns a Gatsby site whose posts have one kind, and a page without a date a different one.
fn site_with_page_kinds() -> SiteDir {
    let site = create_site(&[
        (
            "gatsby-config.js",
            "module.exports = { siteMetadata: { title: 'A', siteUrl: 'https://harbour.example' }, plugins: [{ resolve: 'gatsby-source-filesystem', options: { name: 'pages', path: `${__dirname}/src/pages` } }] }",
        ),
        (
            "src/pages/about/index.md",
            "---\ntemplateKey: about-page\ntitle: a\n---\n",
        ),
    ]);
    for name in ["a", "b", "c", "d", "e"] {
        site.write_file(
            &format!("src/pages/blog/{name}.md"),
            "---\ntemplateKey: blog-post\ntitle: a\ndate: 2024-01-01\n---\n",
        );
    }
    site
}

#[test]
fn every_file_is_read_before_a_kind_is_guessed() {
    let site = site_with_page_kinds();
    // So many files are sampled first: every second one, which skips `odd.md`.
    for number in 0..2000 {
        site.write_file(
            &format!("src/pages/blog/{number:04}.md"),
            "---\ntemplateKey: blog-post\ntitle: a\ndate: 2024-01-01\n---\n",
        );
    }
    for name in ["odd", "odd2"] {
        site.write_file(
            &format!("src/pages/blog/{name}.md"),
            "---\ntemplateKey: note\ntitle: a\ndate: 2024-01-01\n---\n",
        );
    }
    let toml = run_init_print(&site).1;
    assert!(toml.contains("it would leave out 2 files with a title and a date, such as src/pages/blog/odd.md\n# require"), "{toml}");
}

#[test]
fn posts_without_the_cms_kind_are_kept() {
    let site = gatsby_site();
    site.write_file(
        "src/pages/blog/first.md",
        "---\ntitle: first\ndate: 2014-05-03\n---\n",
    );
    let (stderr, toml) = run_init_print(&site);
    assert!(toml.contains("\n# require = { templateKey"), "{toml}");
    assert!(toml.contains("\ninclude = [\"blog/**\"]"), "{toml}");
    assert!(stderr.contains("6 posts"), "{stderr}");
}

#[test]
fn posts_filtered_out_by_the_cms_are_counted() {
    let filtered = DECAP_CONFIG.replace(
        "    create: true\n",
        "    filter: {field: templateKey, value: blog-post}\n",
    );
    let site = gatsby_site();
    site.write_file("static/admin/config.yml", filtered);
    site.write_file(
        "src/pages/blog/first.md",
        "---\ntitle: first\ndate: 2014-05-03\n---\n",
    );
    let (stderr, toml) = run_init_print(&site);
    assert!(toml.contains("\nrequire = { templateKey"), "{toml}");
    assert!(
        stderr
            .contains("  1 file with a title and a date is left out: `src/pages/blog/first.md`\n"),
        "{stderr}"
    );
}

#[test]
fn post_among_pages_without_dates_is_not_excluded() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\n",
        ),
        ("content/en/about.md", "---\ntitle: About\n---\n"),
        ("content/en/post/a.md", &post_text("A", "2024-01-01")),
        ("content/fr/about.md", "---\ntitle: Nous\n---\n"),
    ]);
    let (stderr, toml) = run_init_print(&site);
    assert!(toml.contains("include = [\"en/**\"]"), "{toml}");
    assert!(stderr.contains("1 post, 2 other pages"), "{stderr}");
}

#[test]
fn posts_outside_the_main_sections_are_counted() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\n[params]\nmainSections = ['posts']\n",
        ),
        ("content/posts/a.md", &post_text("A", "2024-01-01")),
        ("content/notes/b.md", &post_text("B", "2024-01-01")),
        ("content/notes/c.md", &post_text("C", "2024-01-01")),
    ]);
    let (stderr, _) = run_init_print(&site);
    assert!(
        stderr.contains(
            "  2 files with a title and a date are left out, such as `content/notes/b.md`\n"
        ),
        "{stderr}"
    );
}

/// Runs `init --print` and returns its stderr and the printed configuration.
pub(crate) fn run_init_print(site: &SiteDir) -> (String, String) {
    let output = site.run_courant(&["init", "--print"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr_of(&output));
    (stderr_of(&output), lossy_text(&output.stdout))
}

#[test]
fn every_file_in_a_posts_directory_is_a_post() {
    let package = "{ \"dependencies\": { \"hexo\": \"^7.0.0\" } }\n";
    for (dir, package, file) in [
        ("_posts", "{}", ".courant.toml"),
        ("source/_posts", package, "config.toml"),
    ] {
        let site = create_site(&[
            (
                "_config.yml",
                "title: The Harbour\nurl: https://harbour.example\n",
            ),
            ("package.json", package),
        ]);
        for (name, kind, date) in [
            ("2024-05-01-a", "letter", "date: 2024-05-01\n"),
            ("2024-05-02-b", "letter", "date: 2024-05-02\n"),
            ("2024-05-03-c", "letter", "date: 2024-05-03\n"),
            ("2024-05-04-d", "letter", "date: 2024-05-04\n"),
            ("talks/2024-05-05-e", "talk", "date: 2024-05-05\n"),
            // A post without a date is a fault that `check` lists; it is not left out.
            ("new/f", "talk", ""),
        ] {
            site.write_file(
                &format!("{dir}/{name}.md"),
                format!("---\ntitle: {name}\ntype: {kind}\n{date}---\n"),
            );
        }
        site.run_courant(&["init"]);
        let toml = site.read_file(file);
        for key in ["require", "include", "exclude"] {
            assert!(!toml.contains(key), "{key} in\n{toml}");
        }
        assert_eq!(site.post_urls(file).len(), 6 - 1, "{dir}");
    }
}

#[test]
fn configuration_name_is_not_published_by_the_generator() {
    let a = post_text("A", "2024-01-01");
    for (config, text, content, expected, reason) in [
        (
            "_config.yml",
            "url: https://harbour.example\n",
            "_posts/2024-01-01-a.md",
            ".courant.toml",
            "begins with a dot because Jekyll publishes other files",
        ),
        (
            "docs/_config.yml",
            "url: https://harbour.example\n",
            "docs/_posts/2024-01-01-a.md",
            ".courant.toml",
            "begins with a dot because Jekyll publishes other files",
        ),
        (
            "README.md",
            "",
            "posts/a.md",
            ".courant.toml",
            "if a web server serves this directory as it is",
        ),
        (
            "admin/config.yml",
            "site_url: https://harbour.example\n",
            "posts/a.md",
            ".courant.toml",
            "begins with a dot",
        ),
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\n",
            "content/posts/a.md",
            "courant.toml",
            "",
        ),
        (
            ".eleventy.js",
            "module.exports = {};\n",
            "posts/a.md",
            "config.toml",
            "",
        ),
        (
            "docusaurus.config.js",
            "module.exports = {};\n",
            "blog/a.md",
            "config.toml",
            "",
        ),
        (
            ".vitepress/config.ts",
            "export default {}\n",
            "posts/a.md",
            "config.toml",
            "",
        ),
        (
            "pelicanconf.py",
            "PATH = 'content'\n",
            "content/a.md",
            "config.toml",
            "",
        ),
    ] {
        let site = create_site(&[(config, text), (content, &a)]);
        let output = site.run_courant(&["init"]);
        let stderr = stderr_of(&output);
        assert!(
            stderr.contains(&format!("wrote `{expected}`\n")),
            "{config}: {stderr}"
        );
        assert!(stderr.contains(reason), "{config}: {stderr}");
        assert_eq!(
            stderr.contains("begins with a dot"),
            !reason.is_empty(),
            "{config}: {stderr}"
        );
        // `check` finds the file without `--config`.
        let check = site.run_courant(&["check"]);
        assert_eq!(check.status.code(), Some(0), "{config}");
    }
}

#[test]
fn requested_name_that_would_be_published_is_a_warning() {
    let site = jekyll_site();
    for (args, is_warned) in [
        (["init", "--output", "taken.toml"], true),
        (["init", "--output", "_taken.toml"], false),
        (["init", "--output", "../taken.toml"], false),
    ] {
        let output = site.run_courant(&args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr_of(&output));
        let stderr = stderr_of(&output);
        assert_eq!(
            stderr.contains("taken.toml` with the site: call it `.courant.toml`"),
            is_warned,
            "{args:?}: {stderr}"
        );
    }
}

#[test]
fn published_configuration_is_reported_and_not_shadowed() {
    let site = jekyll_site();
    site.write_file(
        "config.toml",
        "[site]\nurl = \"https://harbour.example\"\ntitle = \"Mine\"\n",
    );
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(stderr_of(&output), @r#"
    error: `config.toml` already exists, and may be published with the site
      hint: rename it to `.courant.toml`, which courant also finds without `--config`; `--output FILE` writes to another file
    "#);
    assert!(!site.root().join(".courant.toml").exists());
    // A `config.toml` of a different tool is ignored.
    site.write_file("config.toml", "[tool]\nkey = 1\n");
    assert_eq!(site.run_courant(&["init"]).status.code(), Some(0));
}

#[test]
fn include_that_publishes_the_configuration_is_a_warning() {
    for (entry, is_warned) in [
        ("\".\"", true),
        ("\".*\"", true),
        (".courant.toml", true),
        (".well-known", false),
        ("_pages", false),
    ] {
        let site = jekyll_site();
        site.write_file(
            "_config.yml",
            format!("url: https://harbour.example\ninclude:\n  - {entry}\n"),
        );
        let stderr = stderr_of(&site.run_courant(&["init"]));
        assert_eq!(
            stderr.contains("`include` makes Jekyll publish `.courant.toml` with the site"),
            is_warned,
            "{entry}: {stderr}"
        );
        assert_eq!(
            stderr.contains("--> _config.yml:3"),
            is_warned,
            "{entry}: {stderr}"
        );
    }
}

#[test]
fn id_map_is_as_hidden_as_the_configuration() {
    let site = jekyll_site();
    site.run_courant(&["init"]);
    site.write_file(
        "../old.xml",
        "<rss version=\"2.0\"><channel><title>a</title><link>https://harbour.example/</link><description>a</description><item><guid>urn:x:1</guid><link>https://harbour.example/2024/05/01/a.html</link></item></channel></rss>",
    );
    let output = site.run_courant(&["import-ids", "../old.xml"]);
    let stderr = stderr_of(&output);
    assert!(stderr.contains("wrote `.ids.toml`: 1 id"), "{stderr}");
    assert!(stderr.contains("write `ids = \".ids.toml\"`"), "{stderr}");
    assert!(site.read_file(".ids.toml").contains("urn:x:1"));
    assert!(!site.root().join("ids.toml").exists());
    // An id map under the older name `ids.toml` is still read.
    fs::rename(site.root().join(".ids.toml"), site.root().join("ids.toml")).unwrap();
    let config = Config::load(&site.root().join(".courant.toml")).unwrap();
    assert_eq!(config.site.ids.get("2024-05-01-a.md"), Some("urn:x:1"));
}

#[test]
fn site_secrets_do_not_reach_the_configuration() {
    for (file, text) in [
        (
            "_config.yml",
            "title: The Harbour\nurl: https://keeper:SECRET@harbour.example\nemail: SECRET@harbour.example\ngithub_token: SECRET\nauthor:\n  name: Mira\n  email: SECRET@harbour.example\n  url: mailto:SECRET@harbour.example\n",
        ),
        (
            "package.json",
            "{ \"name\": \"harbour\", \"homepage\": \"https://x:SECRET@harbour.example/\" }",
        ),
        (
            "astro.config.mjs",
            "export default { site: 'https://harbour.example/?token=SECRET', token: 'SECRET' }",
        ),
        (
            "hugo.toml",
            "baseURL = 'https://x:SECRET@harbour.example'\n[params]\napiKey = 'SECRET'\n[params.social]\ntwitter = 'https://SECRET@x.com/'\n",
        ),
        (
            "admin/config.yml",
            "backend: {name: github, auth_endpoint: SECRET}\nsite_url: https://x:SECRET@harbour.example\n",
        ),
    ] {
        let site = create_site(&[
            (file, text),
            ("_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
            (
                "content/posts/a.md",
                "---\ntitle: a\ndate: 2024-05-01\nurl: https://x:SECRET@old.example/a\n---\n",
            ),
            (
                "content/posts/b.md",
                "---\ntitle: b\ndate: 2024-05-02\nurl: https://x:SECRET@old.example/b\n---\n",
            ),
        ]);
        let (_, toml) = run_init_print(&site);
        assert!(!toml.contains("SECRET"), "{file}\n{toml}");
    }
}

fn jekyll_site() -> SiteDir {
    create_site(&[
        ("_config.yml", "url: https://harbour.example\n"),
        ("_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
    ])
}

#[test]
fn init_overwrites_no_file() {
    let site = gatsby_site();
    site.write_file("config.toml", "mine");
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(stderr_of(&output), @r#"
    error: `config.toml` already exists and was not changed
      hint: `--output FILE` writes to another file, `--print` to stdout
    "#);
    assert_eq!(site.read_file("config.toml"), "mine");
    site.write_file("taken.toml", "mine too");
    let output = site.run_courant(&["init", "--output", "taken.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(site.read_file("taken.toml"), "mine too");
    // A dangling symlink counts as an existing file.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", site.root().join("link.toml")).unwrap();
        let output = site.run_courant(&["init", "--output", "link.toml"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(!site.root().join("nowhere").exists());
    }
}

#[test]
fn print_option_writes_no_file() {
    let site = gatsby_site();
    site.write_file("config.toml", "mine");
    let output = site.run_courant(&["init", "--print"]);
    assert_eq!(output.status.code(), Some(0));
    let printed = lossy_text(&output.stdout);
    assert!(
        Config::parse(&printed, "config.toml", &site.root()).is_ok(),
        "{printed}"
    );
    assert!(!stderr_of(&output).contains("wrote"));
    assert_eq!(site.read_file("config.toml"), "mine");
}

#[test]
fn paths_are_relative_to_the_written_file() {
    let site = gatsby_site();
    fs::create_dir(site.dir.path().join("etc")).unwrap();
    let output = site.run_courant(&["init", "--output", "../etc/harbour.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr_of(&output));
    let toml = site.read_file("../etc/harbour.toml");
    assert!(toml.contains("dir = \"../harbour/src/pages\""), "{toml}");
    let check = site.run_courant(&["check", "--config", "../etc/harbour.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr_of(&check));
    let output = site.run_courant(&["init", "--output", "it's here.toml"]);
    let argument = r"--config 'it'\''s here.toml'";
    assert!(
        stderr_of(&output).contains(argument),
        "{}",
        stderr_of(&output)
    );
    // Run from the parent directory, paths begin with the site's name.
    let output = Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["init", "harbour"])
        .current_dir(site.dir.path())
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr_of(&output));
    assert!(
        stderr_of(&output).contains("harbour/gatsby-config.js:7"),
        "{}",
        stderr_of(&output)
    );
    assert!(
        stderr_of(&output).contains("--config harbour/config.toml"),
        "{}",
        stderr_of(&output)
    );
    assert!(
        site.read_file("config.toml")
            .contains("dir = \"src/pages\"")
    );
}

#[test]
fn missing_output_directory_is_an_error() {
    let site = gatsby_site();
    let output = site.run_courant(&["init", "--output", "no/such/config.toml"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(stderr_of(&output), @r#"
    error: cannot write `no/such/config.toml`
      because: No such file or directory (os error 2)
      hint: `--output FILE` writes to another file, `--print` to stdout
    "#);
}

#[test]
fn computed_values_are_reported_with_place_and_hint() {
    let site = create_site(&[
        (
            "gatsby-config.ts",
            "const config: GatsbyConfig = {\n  siteMetadata: {\n    title: getTitle('x'),\n    siteUrl: process.env.URL,\n    description: process.env.ABOUT || 'News from the quay',\n  },\n};\nexport default config;\n",
        ),
        ("content/blog/a.md", &post_text("A", "2024-01-01")),
    ]);
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(stderr_of(&output), @r#"
    made with Gatsby (`gatsby-config.ts`)

      site.url          https://example.org  a placeholder: the site's address was not found
      site.title        harbour              a guess: the name of the directory, so replace it
      site.description  News from the quay   a guess: gatsby-config.ts, line 5; the environment may override it
      content.dir       content/blog         a guess: most files with a date are in `content/blog`

      1 post, 0 other pages
      2 suggestions in the file, as comments

    warning[config]: `site.url` is computed, and could not be read: `process.env.URL`
     --> gatsby-config.ts:4:5
      |
    4 |     siteUrl: process.env.URL,
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: check `site.url` in the configuration file

    warning[config]: `site.title` is computed, and could not be read: `getTitle('x')`
     --> gatsby-config.ts:3:5
      |
    3 |     title: getTitle('x'),
      |     ^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: check `site.title` in the configuration file

    wrote `config.toml`
      replace `site.url` in it first: it is a placeholder for a value that was not found
      next: `courant check --config config.toml` lists problems of the posts,
            `courant serve --config config.toml` serves them

      compare the address of the newest post with that on your site:
        content/blog/a.md
        https://example.org/a/
      least certain: site.permalinks, the default, because no file says how addresses are made
    "#);
    let toml = site.read_file("config.toml");
    assert!(
        toml.contains("the environment may override it\ndescription = \"News from the quay\""),
        "{toml}"
    );
}

#[test]
fn broken_generator_config_is_reported_and_the_rest_written() {
    for (file, broken, line) in [
        (
            "_config.yml",
            "title: The Harbour\nurl: https://a: b: c\n",
            2,
        ),
        ("hugo.toml", "title = 'a'\nbaseURL = \n", 2),
        ("hugo.json", "{\n  \"title\": \"a\",\n}\n", 3),
    ] {
        let site = create_site(&[
            (file, broken),
            (
                "_posts/2024-05-01-the-pier.md",
                "---\ntitle: The pier\n---\n",
            ),
            ("content/posts/a.md", &post_text("A", "2024-01-01")),
            ("CNAME", "harbour.example\n"),
        ]);
        let output = site.run_courant(&["init", "--output", "c.toml"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr_of(&output));
        assert!(
            stderr_of(&output).contains(&format!("--> {file}:{line}:")),
            "{}",
            stderr_of(&output)
        );
        let check = site.run_courant(&["check", "--config", "c.toml"]);
        assert_eq!(check.status.code(), Some(0), "{}", stderr_of(&check));
        assert_eq!(site.post_urls("c.toml").len(), 1);
    }
}

#[test]
fn binary_or_oversized_generator_config_is_reported() {
    let site = create_site(&[(
        "_posts/2024-05-01-the-pier.md",
        "---\ntitle: The pier\n---\n",
    )]);
    site.write_file("_config.yml", b"title: a\nurl: \xff\n");
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stderr_of(&output).contains("cannot be read: it is not UTF-8"),
        "{}",
        stderr_of(&output)
    );
    assert!(
        stderr_of(&output).contains("--> _config.yml:2"),
        "{}",
        stderr_of(&output)
    );
    let site = create_site(&[(
        "_posts/2024-05-01-the-pier.md",
        "---\ntitle: The pier\n---\n",
    )]);
    site.write_file("_config.yml", " ".repeat(2 * 1024 * 1024));
    assert!(stderr_of(&site.run_courant(&["init"])).contains("larger than 1 MiB"));
}

#[test]
fn unusable_values_are_reported_and_left_out() {
    let site = create_site(&[
        (
            "_config.yml",
            "title: The Harbour\nurl: http://localhost:4000\ntimezone: Mars/Olympus\nlang: english language\n",
        ),
        (
            "_posts/2024-05-01-the-pier.md",
            "---\ntitle: The pier\n---\n",
        ),
    ]);
    let output = site.run_courant(&["init"]);
    let stderr = stderr_of(&output);
    for place in ["_config.yml:2", "_config.yml:3", "_config.yml:4"] {
        assert!(
            stderr.contains(&format!("--> {place}")),
            "{place} in\n{stderr}"
        );
    }
    assert!(
        stderr.contains("is not a time zone: `Mars/Olympus`"),
        "{stderr}"
    );
    let toml = site.read_file(".courant.toml");
    assert!(toml.contains("url = \"https://example.org\""), "{toml}");
    assert!(!toml.contains("timezone"), "{toml}");
}

#[test]
fn empty_directory_is_not_a_site() {
    let site = create_site(&[]);
    fs::create_dir(site.root()).unwrap();
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(stderr_of(&output), @r#"
    error: no posts and no generator configuration in `.`
      hint: name the directory of a site, as in `courant init path/to/site`; for a new one, a `config.toml` with `url` and `title` below `[site]` is enough
    "#);
    assert!(!site.root().join("config.toml").exists());
}

#[test]
fn init_rejects_a_file_and_a_missing_path() {
    let site = create_site(&[("a.md", "")]);
    let output = site.run_courant(&["init", "a.md"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(stderr_of(&output), @r#"
    error: cannot read the directory `a.md`
      because: Not a directory (os error 20)
      hint: name the directory of a site, as in `courant init path/to/site`
    "#);
    assert_eq!(
        site.run_courant(&["init", "nowhere"]).status.code(),
        Some(1)
    );
}

#[test]
fn missing_content_directory_of_a_generator_is_reported() {
    let site = create_site(&[(
        "hugo.toml",
        "baseURL = 'https://harbour.example'\ntitle = 'a'\n",
    )]);
    let output = site.run_courant(&["init"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr_of(&output).contains("the directory `content` does not exist"),
        "{}",
        stderr_of(&output)
    );
    site.write_file("content/posts/a.md", post_text("A", "2024-01-01"));
    assert_eq!(
        site.run_courant(&["check", "--config", "courant.toml"])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn unusual_names_and_values_are_kept() {
    let site = create_site(&[
        (
            "_config.yml",
            "title: \"The \\\"Harbour\\\" \\\\ Quay\\n# [site]\"\nurl: https://harbour.example\n",
        ),
        ("package.json", "not json"),
        ("_posts/2024-05-01-pier.md", "---\ntitle: a\n---\n"),
        ("_posts/[en]/2024-05-01-tide.md", "---\ntitle: b\n---\n"),
    ]);
    site.init_and_check(".courant.toml");
    let config = Config::load(&site.root().join(".courant.toml")).unwrap();
    assert_eq!(config.site.title, "The \"Harbour\" \\ Quay # [site]");
}

#[test]
fn names_follow_the_rule_of_the_generator() {
    let post = post_text("The Pier", "2024-01-02");
    let slug = "---\ntitle: Tide\ndate: 2024-05-01\nslug: SpringTide\n---\n";
    let undated = "---\ntitle: The Pier\n---\n";
    let hexo = (
        "package.json",
        "{ \"dependencies\": { \"hexo\": \"^7.0.0\" } }\n",
    );
    let hugo = "baseURL = 'https://harbour.example'\ntitle = 'a'\n";
    let jekyll = "title: a\nurl: https://harbour.example\npermalink: ";
    let zola = "base_url = 'https://harbour.example'\ntitle = 'a'\n";
    let astro = (
        "astro.config.mjs",
        "export default { site: 'https://harbour.example' }",
    );
    for (names, files, expected) in [
        (
            "hugo",
            &[("hugo.toml", hugo), ("content/posts/The Pier.md", &post)][..],
            "/posts/the-pier/",
        ),
        (
            "hugo",
            &[("hugo.toml", hugo), ("content/posts/a.md", slug)],
            "/posts/springtide/",
        ),
        (
            "hugo-cased",
            &[
                ("hugo.toml", &format!("disablePathToLower = true\n{hugo}")),
                ("content/posts/a.md", slug),
            ],
            "/posts/SpringTide/",
        ),
        (
            "hugo-unaccented",
            &[
                ("hugo.toml", &format!("removePathAccents = true\n{hugo}")),
                ("content/posts/Café.md", &post),
            ],
            "/posts/cafe/",
        ),
        (
            "hugo-cased-unaccented",
            &[
                (
                    "hugo.toml",
                    &format!(
                        "disablePathToLower = true\nremovePathAccents = true\n{hugo}\n[frontmatter]\ndate = [':filename', ':default']\n"
                    ),
                ),
                ("content/posts/2024-05-03-São-Paulo.md", undated),
            ],
            "/posts/Sao-Paulo/",
        ),
        (
            "jekyll",
            &[
                (
                    "_config.yml",
                    &format!("{jekyll}/:year/:month/:day/:title/"),
                ),
                ("_posts/2024-05-01-My First Post.md", undated),
            ],
            "/2024/05/01/My-First-Post/",
        ),
        (
            "jekyll",
            &[
                ("_config.yml", &format!("{jekyll}/blog/:title/")),
                ("_posts/2024-12-1-crane.md", undated),
            ],
            "/blog/crane/",
        ),
        (
            "zola",
            &[("config.toml", zola), ("content/blog/Café_1.md", &post)],
            "/blog/cafe-1/",
        ),
        (
            "zola-safe",
            &[
                ("config.toml", &format!("{zola}[slugify]\npaths = 'safe'\n")),
                ("content/blog/Cafe?.md", &post),
            ],
            "/blog/Cafe/",
        ),
        (
            "zola-off",
            &[
                ("config.toml", &format!("{zola}[slugify]\npaths = 'off'\n")),
                ("content/blog/A_b.md", &post),
            ],
            "/blog/A_b/",
        ),
        (
            "astro",
            &[astro, ("src/content/blog/NixOS-24.05.md", &post)],
            "/blog/nixos-2405/",
        ),
        (
            "eleventy",
            &[
                (".eleventy.js", "module.exports = () => ({});\n"),
                (
                    "_data/site.json",
                    "{ \"url\": \"https://harbour.example\", \"title\": \"a\" }",
                ),
                (
                    "blog/blog.json",
                    "{ \"permalink\": \"/b/{{ title | slugify }}/\" }",
                ),
                (
                    "blog/a.md",
                    "---\ntitle: Don't & Do\ndate: 2024-05-01\n---\n",
                ),
            ],
            "/b/dont-and-do/",
        ),
        (
            "hexo",
            &[
                hexo,
                (
                    "_config.yml",
                    &format!(
                        "{jekyll}news/:year/:month/:day/:title/\nnew_post_name: :year-:month-:day-:title.md\n"
                    ),
                ),
                ("source/_posts/2024-05-01-crane.md", undated),
            ],
            "/news/2024/05/01/crane/",
        ),
        (
            "hexo-lower",
            &[
                hexo,
                (
                    "_config.yml",
                    &format!("{jekyll}:category/:name/\nfilename_case: 1\n"),
                ),
                (
                    "source/_posts/2024-05-01-Crane.md",
                    "---\ntitle: a\ncategories: [Big News]\n---\n",
                ),
            ],
            "/big-news/2024-05-01-Crane/",
        ),
        (
            "nuxt",
            &[
                (
                    "nuxt.config.ts",
                    "export default defineNuxtConfig({ site: { url: 'https://harbour.example', name: 'a' } })",
                ),
                ("content/1.blog/2.The Pier.md", &post),
            ],
            "/blog/the-pier",
        ),
    ] {
        let site = create_site(files);
        let stderr = stderr_of(&site.run_courant(&["init", "--output", ".courant.toml"]));
        assert!(!stderr.contains("warning"), "{names}: {stderr}");
        let toml = site.read_file(".courant.toml");
        let line = format!("names = \"{names}\"");
        assert!(toml.contains(&line), "{names}: {toml}");
        let urls = site.post_urls(".courant.toml");
        assert_eq!(
            urls,
            [format!("https://harbour.example{expected}")],
            "{toml}"
        );
    }
}

#[test]
fn posts_left_out_are_reported() {
    let site = create_site(&[
        (
            "astro.config.mjs",
            "export default { site: 'https://harbour.example' }",
        ),
        ("src/content/blog/a.md", &post_text("A", "2024-01-01")),
        ("src/content/blog/b.md", &post_text("B", "2024-01-01")),
        ("src/content/notes/c.md", &post_text("C", "2024-01-01")),
        ("src/content/notes/d.md", &post_text("D", "2024-01-01")),
    ]);
    let found = propose_config(&site.root()).unwrap();
    assert!(
        found.findings.iter().any(|finding| {
            finding.severity == Severity::Warning
                && finding.file.ends_with("src/content/notes")
                && finding.message == "2 files with a date are left out"
        }),
        "{:?}",
        found.findings
    );
}

#[test]
fn symlink_loops_and_deep_directories_terminate() {
    let site = create_site(&[
        ("posts/a.md", &post_text("A", "2024-01-01")),
        (
            &format!("posts/{}b.md", "d/".repeat(40)),
            &post_text("B", "2024-01-01"),
        ),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", site.root().join("posts/up")).unwrap();
    let found = propose_config(&site.root()).unwrap();
    assert_eq!(found.post_count, 1);
}

#[test]
fn every_written_key_is_in_the_reference() {
    let reference =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")).unwrap();
    for site in [
        gatsby_site(),
        create_site(&[
            ("_config.yml", JEKYLL_CONFIG),
            ("_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
        ]),
        create_site(&[
            ("pelicanconf.py", "DEFAULT_METADATA = {'status': 'draft'}\n"),
            ("a.md", "Title: a\nDate: 2024-05-01\n\nText.\n"),
        ]),
    ] {
        let toml = format_config(&propose_config(&site.root()).unwrap(), &site.root());
        for line in toml.lines().filter(|line| !line.starts_with('#')) {
            let Some((key, _)) = line.split_once(" = ") else {
                continue;
            };
            assert!(reference.contains(&format!("{key} = ")), "{key}");
        }
    }
}
