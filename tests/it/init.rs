//! `courant init`: each generator's site into a configuration that serves its posts with its own
//! addresses, the talk of what was found where, and no file that was there before.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use courant::config::Config;
use courant::content::{Library, Loss};
use courant::finding::Severity;
use courant::survey::survey;
use tempfile::TempDir;

use crate::support::new_year_2025;

/// The directory of a site, made of files.
struct Made {
    dir: TempDir,
}

fn site(files: &[(&str, &str)]) -> Made {
    let dir = TempDir::with_prefix("courant-init-").expect("a directory");
    let made = Made { dir };
    for (path, text) in files {
        made.write(path, text);
    }
    made
}

/// A post as most sites write it.
fn post(title: &str, date: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\n---\nThe body of {title}.\n")
}

impl Made {
    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        fs::write(file, bytes).expect("written");
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("harbour")
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).expect("the file is there")
    }

    fn courant(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_courant"))
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .output()
            .expect("courant runs")
    }

    /// Runs `init`, has `check` read what it wrote, and returns that.
    fn init(&self, file: &str) -> String {
        let output = self.courant(&["init"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(
            output.stdout, b"",
            "data goes to the standard output, and this is none"
        );
        let check = self.courant(&["check", "--config", file]);
        assert_eq!(
            check.status.code(),
            Some(0),
            "{}{}",
            said(&check),
            text(&check.stdout)
        );
        self.read(file)
    }

    /// The addresses of the posts as a configuration has them, in the order of the files.
    fn addresses(&self, file: &str) -> Vec<String> {
        let config = Config::load(&self.root().join(file)).expect("the configuration is right");
        let mut library = Library::default();
        library
            .look(
                &config,
                Loss::IsBelieved,
                new_year_2025(),
                &courant::progress::Progress::default(),
            )
            .expect("the content can be read");
        library
            .posts()
            .map(|post| post.permalink.url.to_string())
            .collect()
    }
}

fn said(output: &Output) -> String {
    text(&output.stderr)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const GATSBY: &str = r##"/* The site of the harbour. */
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

const DECAP: &str = r#"backend:
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

fn gatsby() -> Made {
    let made = site(&[
        ("gatsby-config.js", GATSBY),
        ("static/admin/config.yml", DECAP),
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
        made.write(&format!("src/pages/blog/{name}.md"), text);
    }
    made
}

#[test]
fn gatsby_with_decap() {
    let made = gatsby();
    insta::assert_snapshot!(made.init("config.toml"), @r##"
    # The configuration of courant for a site made with Gatsby and Decap CMS, by `courant init`.

    [site]
    # gatsby-config.js, line 7
    url = "https://harbour.example"
    # a guess: in 2 of the posts' own addresses
    former_urls = ["https://old-harbour.example"]
    # gatsby-config.js, line 6
    title = "The Harbour"
    # gatsby-config.js, line 8
    description = "News and stories from a small harbour"
    # no file says which language the posts are in, so it is the default
    # language = "en"
    # gatsby-config.js, line 9
    twitter = "harbourexample"
    # gatsby-config.js, line 24
    theme_color = "#0f766e"

    [content]
    # gatsby-config.js, line 21
    dir = "src/pages"
    # static/admin/config.yml, line 20
    require = { templateKey = "blog-post" }
    # Gatsby serves what is in `static` from the root of the site
    static_dir = "static"

    [cards]
    # cards can bear the site's mark
    # logo = "static/img/logo.svg"

    # Every other setting, and its default: the annotated reference, `config.toml` in courant's
    # repository.
    "##);
    assert_eq!(
        made.addresses("config.toml"),
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
fn what_was_found_is_told_with_its_place_and_the_next_steps() {
    let made = gatsby();
    insta::assert_snapshot!(said(&made.courant(&["init"])), @r#"
    made with Gatsby, by `gatsby-config.js`, and Decap CMS, by `static/admin/config.yml`

      site.url            https://harbour.example                gatsby-config.js:7
      site.former_urls    ["https://old-harbour.example"]        a guess: in 2 of the posts' own addresses
      site.title          The Harbour                            gatsby-config.js:6
      site.description    News and stories from a small harbour  gatsby-config.js:8
      site.twitter        harbourexample                         gatsby-config.js:9
      site.theme_color    #0f766e                                gatsby-config.js:24
      content.dir         src/pages                              gatsby-config.js:21
      content.require     { templateKey = "blog-post" }          static/admin/config.yml:20
      content.static_dir  static                                 Gatsby serves what is in `static` from the root of the site

      5 posts, 1 other page
      2 suggestions in the file, as comments

    wrote `config.toml`
      next: `courant check --config config.toml` says what is wrong with the posts,
            `courant serve --config config.toml` serves them
    "#);
}

#[test]
fn hugo() {
    let made = site(&[
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
    insta::assert_snapshot!(made.init("courant.toml"), @r#"
    # The configuration of courant for a site made with Hugo, by `courant init`.

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
    # Hugo serves what is in `static` from the root of the site
    static_dir = "static"

    # Every other setting, and its default: the annotated reference, `config.toml` in courant's
    # repository.
    "#);
    assert_eq!(
        made.addresses("courant.toml"),
        [
            "https://harbour.example/posts/2024/05/the-pier/",
            "https://harbour.example/posts/2024/06/tides/"
        ]
    );
    assert!(
        !made.root().join("config.toml").exists(),
        "a name that Hugo reads"
    );
}

#[test]
fn hugo_in_a_configuration_directory_and_in_a_language_s_own_content() {
    let made = site(&[
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
        ("content/pt/noticias/cais.md", &post("Cais", "2024-05-01")),
        ("content/pt/sobre/nos.md", &post("Sobre", "2024-05-01")),
        ("content/en/news/quay.md", &post("Quay", "2024-05-01")),
    ]);
    let toml = made.init("courant.toml");
    for line in [
        "title = \"O Porto\"",
        "description = \"Notícias do cais\"",
        "language = \"pt-PT\"",
        "dir = \"content/pt\"",
        "include = [\"noticias/**\"]",
        "permalinks = \"/pt/:path/\"",
    ] {
        assert!(toml.contains(line), "{line} in\n{toml}");
    }
    assert_eq!(
        made.addresses("courant.toml"),
        ["https://harbour.example/pt/noticias/cais/"]
    );
}

#[test]
fn sections_of_hugo_s_with_other_addresses_are_told_and_left_out() {
    for (permalinks, expected) in [
        (
            "post = '/:year/:slugorcontentbasename/'\nnotes = '/n/:year/'\n",
            "/2024/pier/",
        ),
        ("post = '/p/:slugorcontentbasename/'\n", "/p/pier/"),
        ("notes = '/:year/:slugorcontentbasename/'\n", "/post/pier/"),
    ] {
        let config =
            format!("baseURL = 'https://harbour.example'\ntitle = 'a'\n[permalinks]\n{permalinks}");
        let made = site(&[
            ("hugo.toml", &config),
            ("content/post/pier.md", &post("Pier", "2024-05-01")),
            ("content/post/tides.md", &post("Tides", "2024-05-02")),
            ("content/notes/a.md", &post("A", "2024-05-01")),
        ]);
        let output = made.courant(&["init", "--print"]);
        assert!(
            said(&output).contains("the posts of `notes` are left out"),
            "{}",
            said(&output)
        );
        made.init("courant.toml");
        let addresses = made.addresses("courant.toml");
        assert_eq!(addresses.len(), 2, "{addresses:?}");
        assert_eq!(addresses[0], format!("https://harbour.example{expected}"));
    }
}

#[test]
fn sections_of_hugo_s_with_the_same_addresses_are_served_together() {
    let made = site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\n[permalinks]\npost = '/:year/:filename/'\nnotes = '/:year/:filename/'\n",
        ),
        ("content/post/pier.md", &post("Pier", "2024-05-01")),
        ("content/notes/tides.md", &post("Tides", "2024-05-01")),
    ]);
    made.init("courant.toml");
    assert_eq!(
        made.addresses("courant.toml"),
        [
            "https://harbour.example/2024/tides/",
            "https://harbour.example/2024/pier/"
        ]
    );
}

#[test]
fn hugo_s_own_form_of_addresses_needs_no_line() {
    let made = site(&[
        (
            "config.yaml",
            "baseURL: https://harbour.example/blog/\ntitle: The Harbour\nlanguageCode: en\n",
        ),
        ("content/posts/pier.md", &post("Pier", "2024-05-01")),
    ]);
    let toml = made.init("courant.toml");
    assert!(!toml.contains("permalinks"), "{toml}");
    assert!(!toml.contains("[content]"), "all as by default\n{toml}");
    assert_eq!(
        made.addresses("courant.toml"),
        ["https://harbour.example/blog/posts/pier/"]
    );
}

const JEKYLL: &str = "# Where we are\ntitle: The Harbour\ntagline: News from the quay\nurl: https://harbour.example\nbaseurl: /log/\nlang: en_GB\ntimezone: Europe/London\ntwitter:\n  username: harbourexample\nauthor:\n  name: Mira Halloway\n  url: https://mira.example/\npermalink: /news/:year/:month/:title/\n";

#[test]
fn jekyll() {
    let made = site(&[
        ("_config.yml", JEKYLL),
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
    insta::assert_snapshot!(made.init(".courant.toml"), @r#"
    # The configuration of courant for a site made with Jekyll, by `courant init`.

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
    permalinks = "/news/:year/:month/:slug/"
    # _config.yml, line 9
    twitter = "harbourexample"

    [content]
    # Jekyll makes posts of what is in `_posts`
    dir = "_posts"
    # Jekyll serves `assets` and its like from where they are
    static_dir = "."

    [[authors]]
    # _config.yml, line 11
    name = "Mira Halloway"
    url = "https://mira.example/"

    # Every other setting, and its default: the annotated reference, `config.toml` in courant's
    # repository.
    "#);
    assert_eq!(
        made.addresses(".courant.toml"),
        [
            "https://harbour.example/log/news/2024/05/the-pier/",
            "https://harbour.example/log/news/2024/06/tides/"
        ]
    );
}

#[test]
fn the_styles_of_jekyll_s_addresses() {
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
        let made = site(&[
            ("_config.yml", &config),
            ("_posts/2024-05-01-the-pier.md", &text),
        ]);
        made.init(".courant.toml");
        assert_eq!(
            made.addresses(".courant.toml"),
            [format!("https://harbour.example{expected}")],
            "{style}{front}"
        );
    }
}

#[test]
fn an_address_that_cannot_be_made_is_told_with_its_place() {
    let made = site(&[
        (
            "_config.yml",
            "title: The Harbour\nurl: https://harbour.example\npermalink: weekdate\n",
        ),
        (
            "_posts/2024-05-01-the-pier.md",
            "---\ntitle: The pier\n---\n",
        ),
    ]);
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    let said = said(&output);
    assert!(said.contains("--> _config.yml:3"), "{said}");
    assert!(said.contains("no address can be made of `:week`"), "{said}");
}

#[test]
fn jekyll_below_docs_and_in_directories_of_its_own() {
    let made = site(&[
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
    let toml = made.init(".courant.toml");
    assert!(toml.contains("dir = \"docs/log/_posts\""), "{toml}");
    assert_eq!(
        made.addresses(".courant.toml"),
        ["https://harbour.example/the-pier.html"]
    );
}

#[test]
fn zola() {
    let made = site(&[
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
    let before = made.read("config.toml");
    insta::assert_snapshot!(made.init("courant.toml"), @r#"
    # The configuration of courant for a site made with Zola, by `courant init`.

    [site]
    # config.toml, line 2
    url = "https://harbour.example"
    # config.toml, line 3
    title = "The Harbour"
    # config.toml, line 4
    description = "News from the quay"
    # Zola leaves the day before a name out of the address
    permalinks = "/:dir/:slug/"
    # config.toml, line 8
    twitter = "harbourexample"

    [content]
    # a guess: other pages are in: the top
    include = ["blog/**"]
    # Zola serves what is in `static` from the root of the site
    static_dir = "static"

    # Every other setting, and its default: the annotated reference, `config.toml` in courant's
    # repository.
    "#);
    assert_eq!(
        made.addresses("courant.toml"),
        [
            "https://harbour.example/blog/the-pier/",
            "https://harbour.example/blog/tides/"
        ]
    );
    assert_eq!(
        made.read("config.toml"),
        before,
        "Zola's own stays as it was"
    );
    let said = said(&made.courant(&["init", "--output", "other.toml"]));
    assert!(said.contains("courant check --config other.toml"), "{said}");
}

const ASTRO: &str = "import { defineConfig } from 'astro/config';\nimport mdx from '@astrojs/mdx';\nimport { SITE_URL } from './src/consts';\n\n// https://astro.build/config\nexport default defineConfig({\n  site: SITE_URL,\n  integrations: [mdx()],\n});\n";

#[test]
fn astro() {
    let made = site(&[
        ("astro.config.mjs", ASTRO),
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
    insta::assert_snapshot!(made.init("config.toml"), @r#"
    # The configuration of courant for a site made with Astro, by `courant init`.

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
    # timezone = "Europe/Lisbon"
    # by src/pages/blog/[...slug].astro
    permalinks = "/blog/:path/"

    [content]
    # src/content.config.ts, line 3
    dir = "src/content/blog"
    # Astro serves what is in `public` from the root of the site
    static_dir = "public"

    # Every other setting, and its default: the annotated reference, `config.toml` in courant's
    # repository.
    "#);
    assert_eq!(
        made.addresses("config.toml"),
        [
            "https://harbour.example/blog/pier/",
            "https://harbour.example/blog/tides/"
        ]
    );
}

#[test]
fn astro_with_a_collection_kept_elsewhere() {
    let made = site(&[
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
    made.init("config.toml");
    assert_eq!(
        made.addresses("config.toml"),
        ["https://harbour.example/posts/pier/"]
    );
}

#[test]
fn astro_with_a_base_a_route_of_another_name_and_no_slash() {
    let made = site(&[
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
        ("src/content/posts/pier.md", &post("Pier", "2024-05-01")),
        ("src/content/authors/mira.md", "---\nname: Mira\n---\n"),
    ]);
    made.init("config.toml");
    assert_eq!(
        made.addresses("config.toml"),
        ["https://harbour.example/log/writing/pier"]
    );
}

const ELEVENTY: &str = "const rss = require(\"@11ty/eleventy-plugin-rss\");\n\nmodule.exports = function (eleventyConfig) {\n  eleventyConfig.addPassthroughCopy({ \"./public/\": \"/\" });\n  eleventyConfig.addFilter(\"head\", (array, n) => n < 0 ? array.slice(n) : array.slice(0, n));\n  return {\n    markdownTemplateEngine: \"njk\",\n    dir: {\n      input: \"content\",\n      includes: \"../_includes\",\n      data: \"../_data\",\n    },\n  };\n};\n";

#[test]
fn eleventy() {
    let made = site(&[
        (".eleventy.js", ELEVENTY),
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
        ("content/blog/pier.md", &post("The pier", "2024-05-01")),
        ("content/blog/tides/index.md", &post("Tides", "2024-06-01")),
    ]);
    insta::assert_snapshot!(made.init("config.toml"), @r#"
    # The configuration of courant for a site made with Eleventy, by `courant init`.

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
    # timezone = "Europe/Lisbon"
    # Eleventy makes addresses of paths below its input
    permalinks = "/blog/:path/"

    [content]
    # a guess: most posts are in `content/blog`
    dir = "content/blog"
    # .eleventy.js, line 4
    static_dir = "public"

    # Every other setting, and its default: the annotated reference, `config.toml` in courant's
    # repository.
    "#);
    assert_eq!(
        made.addresses("config.toml"),
        [
            "https://harbour.example/blog/pier/",
            "https://harbour.example/blog/tides/"
        ]
    );
}

#[test]
fn eleventy_with_a_permalink_for_the_directory() {
    let made = site(&[
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
    made.init("config.toml");
    assert_eq!(
        made.addresses("config.toml"),
        ["https://harbour.example/log/pier/"]
    );
}

#[test]
fn nuxt_content() {
    let made = site(&[
        (
            "nuxt.config.ts",
            "export default defineNuxtConfig({\n  modules: ['@nuxt/content'],\n  site: { url: 'https://harbour.example', name: 'The Harbour' },\n  app: { head: { htmlAttrs: { lang: 'pt' } } },\n})\n",
        ),
        ("content/index.md", "---\ntitle: Home\n---\n"),
        ("content/blog/pier.md", &post("Pier", "2024-05-01")),
    ]);
    let toml = made.init("config.toml");
    assert!(toml.contains("include = [\"blog/**\"]"), "{toml}");
    assert!(toml.contains("language = \"pt\""), "{toml}");
    assert_eq!(
        made.addresses("config.toml"),
        ["https://harbour.example/blog/pier"]
    );
}

#[test]
fn hexo_is_not_taken_for_jekyll() {
    let made = site(&[
        (
            "_config.yml",
            "title: The Harbour\nurl: https://harbour.example\npermalink: :year/:title/\n",
        ),
        (
            "package.json",
            "{ \"dependencies\": { \"hexo\": \"^7.0.0\" } }\n",
        ),
        ("source/_posts/pier.md", &post("Pier", "2024-05-01")),
    ]);
    made.init("config.toml");
    assert_eq!(
        made.addresses("config.toml"),
        ["https://harbour.example/2024/pier/"]
    );
}

#[test]
fn posts_without_a_generator_are_found_where_they_lie_thickest() {
    let made = site(&[
        ("README.md", "# Not a post\n"),
        ("notes/todo.md", "---\ntitle: To do\n---\n"),
        ("writing/2023/pier.md", &post("Pier", "2023-05-01")),
        ("writing/2024/tides.md", &post("Tides", "2024-05-01")),
    ]);
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(made.read(".courant.toml"), @r#"
    # The configuration of courant for a site, by `courant init`.

    [site]
    # replace this: the site's address was not found
    url = "https://example.org"
    # a guess: the name of the directory
    title = "harbour"
    # no file says which language the posts are in, so it is the default
    # language = "en"
    # 2 posts have dates without a zone, which are read as UTC
    # timezone = "Europe/Lisbon"
    # where posts are read, if it is below `/writing/`
    # permalinks = "/writing/:path/"

    [content]
    # a guess: most files with a date are in `writing`
    dir = "writing"

    # Every other setting, and its default: the annotated reference, `config.toml` in courant's
    # repository.
    "#);
    insta::assert_snapshot!(said(&output), @r#"
    no generator was recognised

      site.url     https://example.org  a placeholder: the site's address was not found
      site.title   harbour              a guess: the name of the directory
      content.dir  writing              a guess: most files with a date are in `writing`

      2 posts, 0 other pages
      3 suggestions in the file, as comments

    wrote `.courant.toml`
      `.courant.toml` begins with a dot because many generators publish other files;
      where a web server serves this directory as it is, keep the file outside of it: `--output FILE`
      replace `site.url` in it first: it stands in for what was not found
      next: `courant check --config .courant.toml` says what is wrong with the posts,
            `courant serve --config .courant.toml` serves them
    "#);
    let check = made.courant(&["check", "--config", ".courant.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));
}

#[test]
fn without_a_generator_the_posts_tell_the_address() {
    let with = |url: &str| format!("---\ntitle: a\ndate: 2024-01-01\ncanonical_url: {url}\n---\n");
    let made = site(&[
        ("posts/a.md", &with("https://harbour.example/a")),
        ("posts/b.md", &with("https://harbour.example/b")),
        ("posts/c.md", &with("https://elsewhere.example/x/c")),
        ("posts/d.md", &with("https://elsewhere.example/x/d")),
    ]);
    let toml = made.init(".courant.toml");
    assert!(toml.contains("url = \"https://harbour.example\""), "{toml}");
    assert!(
        toml.contains("# former_urls = [\"https://elsewhere.example\"]"),
        "another place is suggested, not believed\n{toml}"
    );
}

#[test]
fn the_newest_posts_tell_where_the_site_is_now() {
    let made = site(&[]);
    for number in 10..30 {
        let (host, date) = match number {
            10..25 => ("old.example", "2020"),
            _ => ("www.new.example", "2024"),
        };
        made.write(
            &format!("posts/{number}.md"),
            format!(
                "---\ntitle: a\ndate: {date}-01-{number}\nurl: https://{host}/log/{number}\n---\n"
            ),
        );
    }
    // Five of the newest ten, and the newer ones.
    let toml = made.init(".courant.toml");
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
fn a_cms_alone_tells_where_posts_are_and_how_they_are_addressed() {
    let made = site(&[
        (
            "public/admin/config.yml",
            "site_url: https://harbour.example\nmedia_folder: public/uploads\npublic_folder: /uploads\ncollections:\n  - name: pages\n    folder: pages\n    fields: [{name: title, widget: string}]\n  - name: posts\n    folder: data/log\n    preview_path: \"log/{{year}}/{{slug}}\"\n    fields:\n      - {name: title, widget: string}\n      - {name: date, widget: datetime, format: \"YYYY-MM-DDTHH:mm:ss[Z]\"}\n  - name: events\n    folder: data/events\n    fields: [{name: date, widget: datetime}]\n",
        ),
        ("pages/about.md", "---\ntitle: About\n---\n"),
        ("data/log/pier.md", &post("Pier", "2024-05-01T10:00:00Z")),
        (
            "data/events/regatta.md",
            &post("Regatta", "2024-05-01T10:00:00Z"),
        ),
    ]);
    let output = made.courant(&["init", "--print"]);
    assert!(
        said(&output).contains("the posts of the collection `events` are left out"),
        "{}",
        said(&output)
    );
    made.init(".courant.toml");
    assert_eq!(
        made.addresses(".courant.toml"),
        ["https://harbour.example/log/2024/pier/"]
    );
}

#[test]
fn a_date_under_a_name_of_its_own_is_configured_or_told() {
    let made = site(&[
        (
            "admin/config.yml",
            "site_url: https://harbour.example\nmedia_folder: img\ncollections:\n  - name: posts\n    folder: posts\n    fields: [{name: appeared_on, widget: datetime}]\n",
        ),
        (
            "posts/pier.md",
            "---\ntitle: Pier\nappeared_on: 2024-05-01\n---\n",
        ),
    ]);
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    let told = said(&output).contains("posts have their date in `appeared_on`, which is not read");
    let configured = made
        .read(".courant.toml")
        .contains("fields = { date = \"appeared_on\" }");
    assert!(told != configured, "{}", said(&output));
}

#[test]
fn a_date_that_no_cms_names_is_found_in_the_posts() {
    let made = site(&[
        (
            "astro.config.mjs",
            "export default { site: 'https://harbour.example' }",
        ),
        (
            "src/content/blog/a.md",
            "---\ntitle: a\npubDatetime: 2024-05-01T10:00:00Z\nmodDatetime: 2024-05-02T10:00:00Z\n---\n",
        ),
    ]);
    let said = said(&made.courant(&["init"]));
    let told = said.contains("posts have their date in `pubDatetime`, which is not read")
        && said.contains("--> src/content/blog/a.md:3");
    let configured = made
        .read("config.toml")
        .contains("fields = { date = \"pubDatetime\" }");
    assert!(told != configured, "{said}");
}

#[test]
fn the_domain_file_and_the_package_tell_what_no_generator_does() {
    let files = [("posts/a.md", post("A", "2024-01-01"))];
    let (path, text) = &files[0];
    let package = "{ \"name\": \"harbour-log\", \"homepage\": \"https://home.example/log\" }";
    let made = site(&[(path, text), ("package.json", package)]);
    let toml = made.init(".courant.toml");
    assert!(
        toml.contains("url = \"https://home.example/log\""),
        "{toml}"
    );
    assert!(toml.contains("title = \"harbour-log\""), "{toml}");
    let made = site(&[
        (path, text),
        ("package.json", package),
        ("CNAME", "harbour.example\n"),
    ]);
    let toml = made.init(".courant.toml");
    assert!(toml.contains("url = \"https://harbour.example\""), "{toml}");
}

#[test]
fn kinds_of_pages_are_guessed_where_no_cms_names_them() {
    let made = kinds_of_pages();
    let toml = made.init("config.toml");
    assert!(
        toml.contains("# a guess: 5 of 5 posts have it, and other pages another\nrequire = { templateKey = \"blog-post\" }"),
        "{toml}"
    );
}

#[test]
fn guessed_kind_that_would_lose_a_post_is_only_suggested() {
    let made = kinds_of_pages();
    made.write(
        "src/pages/events/e.md",
        "---\ntemplateKey: event\ntitle: a\ndate: 2024-01-01\n---\n",
    );
    let toml = made.init("config.toml");
    assert!(
        toml.contains("# 5 of 6 posts have it, but it would leave out a file with a title and a date, src/pages/events/e.md\n# require = { templateKey = \"blog-post\" }"),
        "{toml}"
    );
}

/// A Gatsby site whose posts say a kind, and one page without a date another.
fn kinds_of_pages() -> Made {
    let made = site(&[
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
        made.write(
            &format!("src/pages/blog/{name}.md"),
            "---\ntemplateKey: blog-post\ntitle: a\ndate: 2024-01-01\n---\n",
        );
    }
    made
}

#[test]
fn every_file_is_looked_at_before_a_kind_is_guessed() {
    let made = kinds_of_pages();
    // Of so many files a sample is read first, every second one, which leaves `odd.md` out.
    for number in 0..2000 {
        made.write(
            &format!("src/pages/blog/{number:04}.md"),
            "---\ntemplateKey: blog-post\ntitle: a\ndate: 2024-01-01\n---\n",
        );
    }
    for name in ["odd", "odd2"] {
        made.write(
            &format!("src/pages/blog/{name}.md"),
            "---\ntemplateKey: note\ntitle: a\ndate: 2024-01-01\n---\n",
        );
    }
    let toml = said_and_printed(&made).1;
    assert!(toml.contains("it would leave out 2 files with a title and a date, such as src/pages/blog/odd.md\n# require"), "{toml}");
}

#[test]
fn kind_that_the_cms_names_keeps_posts_without_it() {
    let made = gatsby();
    made.write(
        "src/pages/blog/first.md",
        "---\ntitle: first\ndate: 2014-05-03\n---\n",
    );
    let (said, toml) = said_and_printed(&made);
    assert!(toml.contains("\n# require = { templateKey"), "{toml}");
    assert!(toml.contains("\ninclude = [\"blog/**\"]"), "{toml}");
    assert!(said.contains("6 posts"), "{said}");
}

#[test]
fn posts_that_the_cms_filters_out_are_counted() {
    let filtered = DECAP.replace(
        "    create: true\n",
        "    filter: {field: templateKey, value: blog-post}\n",
    );
    let made = gatsby();
    made.write("static/admin/config.yml", filtered);
    made.write(
        "src/pages/blog/first.md",
        "---\ntitle: first\ndate: 2014-05-03\n---\n",
    );
    let (said, toml) = said_and_printed(&made);
    assert!(toml.contains("\nrequire = { templateKey"), "{toml}");
    assert!(
        said.contains("  1 file with a title and a date is left out: `src/pages/blog/first.md`\n"),
        "{said}"
    );
}

#[test]
fn post_among_pages_without_dates_is_not_excluded() {
    let made = site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\n",
        ),
        ("content/en/about.md", "---\ntitle: About\n---\n"),
        ("content/en/post/a.md", &post("A", "2024-01-01")),
        ("content/fr/about.md", "---\ntitle: Nous\n---\n"),
    ]);
    let (said, toml) = said_and_printed(&made);
    assert!(toml.contains("include = [\"en/**\"]"), "{toml}");
    assert!(said.contains("1 post, 2 other pages"), "{said}");
}

#[test]
fn posts_outside_the_sections_of_posts_are_counted() {
    let made = site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\n[params]\nmainSections = ['posts']\n",
        ),
        ("content/posts/a.md", &post("A", "2024-01-01")),
        ("content/notes/b.md", &post("B", "2024-01-01")),
        ("content/notes/c.md", &post("C", "2024-01-01")),
    ]);
    let (said, _) = said_and_printed(&made);
    assert!(
        said.contains(
            "  2 files with a title and a date are left out, such as `content/notes/b.md`\n"
        ),
        "{said}"
    );
}

/// What `init --print` tells people, and the configuration that it prints.
fn said_and_printed(made: &Made) -> (String, String) {
    let output = made.courant(&["init", "--print"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    (said(&output), text(&output.stdout))
}

#[test]
fn every_file_in_a_directory_of_posts_is_a_post() {
    let package = "{ \"dependencies\": { \"hexo\": \"^7.0.0\" } }\n";
    for (dir, package, file) in [
        ("_posts", "{}", ".courant.toml"),
        ("source/_posts", package, "config.toml"),
    ] {
        let made = site(&[
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
            // Without a date it is a fault that `check` lists, and not left out.
            ("new/f", "talk", ""),
        ] {
            made.write(
                &format!("{dir}/{name}.md"),
                format!("---\ntitle: {name}\ntype: {kind}\n{date}---\n"),
            );
        }
        made.courant(&["init"]);
        let toml = made.read(file);
        for key in ["require", "include", "exclude"] {
            assert!(!toml.contains(key), "{key} in\n{toml}");
        }
        assert_eq!(made.addresses(file).len(), 6 - 1, "{dir}");
    }
}

/// Names of files that a site's directory is published with are not those of its configuration.
#[test]
fn configuration_has_a_name_that_the_generator_does_not_publish() {
    let a = post("A", "2024-01-01");
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
            "where a web server serves this directory as it is",
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
    ] {
        let made = site(&[(config, text), (content, &a)]);
        let output = made.courant(&["init"]);
        let said = said(&output);
        assert!(
            said.contains(&format!("wrote `{expected}`\n")),
            "{config}: {said}"
        );
        assert!(said.contains(reason), "{config}: {said}");
        assert_eq!(
            said.contains("begins with a dot"),
            !reason.is_empty(),
            "{config}: {said}"
        );
        // The other commands find it without being told.
        let check = made.courant(&["check"]);
        assert_eq!(check.status.code(), Some(0), "{config}");
    }
}

#[test]
fn published_name_that_is_asked_for_is_warned_of() {
    let made = jekyll_site();
    for (args, is_warned) in [
        (["init", "--output", "taken.toml"], true),
        (["init", "--output", "_taken.toml"], false),
        (["init", "--output", "../taken.toml"], false),
    ] {
        let output = made.courant(&args);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let said = said(&output);
        assert_eq!(
            said.contains("taken.toml` with the site: call it `.courant.toml`"),
            is_warned,
            "{args:?}: {said}"
        );
    }
}

#[test]
fn published_configuration_is_reported_and_not_shadowed() {
    let made = jekyll_site();
    made.write(
        "config.toml",
        "[site]\nurl = \"https://harbour.example\"\ntitle = \"Mine\"\n",
    );
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(said(&output), @r#"
    error: `config.toml` is there already, and may be published with the site
      hint: rename it to `.courant.toml`, which courant reads without `--config` too; `--output FILE` writes to another file
    "#);
    assert!(!made.root().join(".courant.toml").exists());
    // That of another tool is nobody's business here.
    made.write("config.toml", "[tool]\nkey = 1\n");
    assert_eq!(made.courant(&["init"]).status.code(), Some(0));
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
        let made = jekyll_site();
        made.write(
            "_config.yml",
            format!("url: https://harbour.example\ninclude:\n  - {entry}\n"),
        );
        let said = said(&made.courant(&["init"]));
        assert_eq!(
            said.contains("`include` has Jekyll publish `.courant.toml` with the site"),
            is_warned,
            "{entry}: {said}"
        );
        assert_eq!(
            said.contains("--> _config.yml:3"),
            is_warned,
            "{entry}: {said}"
        );
    }
}

#[test]
fn ledger_of_ids_is_as_hidden_as_the_configuration() {
    let made = jekyll_site();
    made.courant(&["init"]);
    made.write(
        "../old.xml",
        "<rss version=\"2.0\"><channel><title>a</title><link>https://harbour.example/</link><description>a</description><item><guid>urn:x:1</guid><link>https://harbour.example/2024/05/01/a.html</link></item></channel></rss>",
    );
    let output = made.courant(&["import-ids", "../old.xml"]);
    let said = said(&output);
    assert!(said.contains("`.ids.toml` is written: 1 id"), "{said}");
    assert!(said.contains("write `ids = \".ids.toml\"`"), "{said}");
    assert!(made.read(".ids.toml").contains("urn:x:1"));
    assert!(!made.root().join("ids.toml").exists());
    // A ledger from before the configuration had that name goes on being read.
    fs::rename(made.root().join(".ids.toml"), made.root().join("ids.toml")).unwrap();
    let config = Config::load(&made.root().join(".courant.toml")).unwrap();
    assert_eq!(config.site.ids.get("2024-05-01-a.md"), Some("urn:x:1"));
}

/// What a site's files keep for its generator or its author is not copied.
#[test]
fn secrets_of_the_site_do_not_reach_the_configuration() {
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
        let made = site(&[
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
        let (_, toml) = said_and_printed(&made);
        assert!(!toml.contains("SECRET"), "{file}\n{toml}");
    }
}

fn jekyll_site() -> Made {
    site(&[
        ("_config.yml", "url: https://harbour.example\n"),
        ("_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
    ])
}

#[test]
fn nothing_is_overwritten() {
    let made = gatsby();
    made.write("config.toml", "mine");
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(said(&output), @r#"
    error: `config.toml` is there already, and is left as it is
      hint: `--output FILE` writes to another file, `--print` to the standard output
    "#);
    assert_eq!(made.read("config.toml"), "mine");
    made.write("taken.toml", "mine too");
    let output = made.courant(&["init", "--output", "taken.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(made.read("taken.toml"), "mine too");
    // A link that leads nowhere is a file that is there.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", made.root().join("link.toml")).unwrap();
        let output = made.courant(&["init", "--output", "link.toml"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(!made.root().join("nowhere").exists());
    }
}

#[test]
fn it_prints_and_writes_no_file() {
    let made = gatsby();
    made.write("config.toml", "mine");
    let output = made.courant(&["init", "--print"]);
    assert_eq!(output.status.code(), Some(0));
    let printed = text(&output.stdout);
    assert!(
        Config::parse(&printed, "config.toml", &made.root()).is_ok(),
        "{printed}"
    );
    assert!(!said(&output).contains("wrote"));
    assert_eq!(made.read("config.toml"), "mine");
}

#[test]
fn paths_lead_from_the_file_that_is_written() {
    let made = gatsby();
    fs::create_dir(made.dir.path().join("etc")).unwrap();
    let output = made.courant(&["init", "--output", "../etc/harbour.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let toml = made.read("../etc/harbour.toml");
    assert!(toml.contains("dir = \"../harbour/src/pages\""), "{toml}");
    let check = made.courant(&["check", "--config", "../etc/harbour.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));
    let output = made.courant(&["init", "--output", "it's here.toml"]);
    let argument = r"--config 'it'\''s here.toml'";
    assert!(said(&output).contains(argument), "{}", said(&output));
    // From above, the site has a name.
    let output = Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["init", "harbour"])
        .current_dir(made.dir.path())
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("harbour/gatsby-config.js:7"),
        "{}",
        said(&output)
    );
    assert!(
        said(&output).contains("--config harbour/config.toml"),
        "{}",
        said(&output)
    );
    assert!(made.read("config.toml").contains("dir = \"src/pages\""));
}

#[test]
fn a_directory_that_cannot_take_the_file_is_told() {
    let made = gatsby();
    let output = made.courant(&["init", "--output", "no/such/config.toml"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(said(&output), @r#"
    error: cannot write `no/such/config.toml`
      because: No such file or directory (os error 2)
      hint: `--output FILE` writes to another file, `--print` to the standard output
    "#);
}

#[test]
fn what_is_computed_is_told_with_its_place_and_what_to_write() {
    let made = site(&[
        (
            "gatsby-config.ts",
            "const config: GatsbyConfig = {\n  siteMetadata: {\n    title: getTitle('x'),\n    siteUrl: process.env.URL,\n    description: process.env.ABOUT || 'News from the quay',\n  },\n};\nexport default config;\n",
        ),
        ("content/blog/a.md", &post("A", "2024-01-01")),
    ]);
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(said(&output), @r#"
    made with Gatsby, by `gatsby-config.ts`

      site.url          https://example.org  a placeholder: the site's address was not found
      site.title        harbour              a guess: the name of the directory
      site.description  News from the quay   a guess: gatsby-config.ts, line 5, where the environment may say another
      content.dir       content/blog         a guess: most files with a date are in `content/blog`

      1 post, 0 other pages
      2 suggestions in the file, as comments

    warning[config]: `site.url` is computed, and could not be read: `process.env.URL`
     --> gatsby-config.ts:4:5
      |
    4 |     siteUrl: process.env.URL,
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: see that `site.url` is right in the file that was written

    warning[config]: `site.title` is computed, and could not be read: `getTitle('x')`
     --> gatsby-config.ts:3:5
      |
    3 |     title: getTitle('x'),
      |     ^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: see that `site.title` is right in the file that was written

    wrote `config.toml`
      replace `site.url` in it first: it stands in for what was not found
      next: `courant check --config config.toml` says what is wrong with the posts,
            `courant serve --config config.toml` serves them
    "#);
    let toml = made.read("config.toml");
    assert!(
        toml.contains(
            "where the environment may say another\ndescription = \"News from the quay\""
        ),
        "{toml}"
    );
}

#[test]
fn a_broken_configuration_is_told_with_its_line_and_the_rest_is_written() {
    for (file, broken, line) in [
        (
            "_config.yml",
            "title: The Harbour\nurl: https://a: b: c\n",
            2,
        ),
        ("hugo.toml", "title = 'a'\nbaseURL = \n", 2),
        ("hugo.json", "{\n  \"title\": \"a\",\n}\n", 3),
    ] {
        let made = site(&[
            (file, broken),
            (
                "_posts/2024-05-01-the-pier.md",
                "---\ntitle: The pier\n---\n",
            ),
            ("content/posts/a.md", &post("A", "2024-01-01")),
            ("CNAME", "harbour.example\n"),
        ]);
        let output = made.courant(&["init", "--output", "c.toml"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(
            said(&output).contains(&format!("--> {file}:{line}:")),
            "{}",
            said(&output)
        );
        let check = made.courant(&["check", "--config", "c.toml"]);
        assert_eq!(check.status.code(), Some(0), "{}", said(&check));
        assert_eq!(made.addresses("c.toml").len(), 1);
    }
}

#[test]
fn a_configuration_that_is_no_text_is_told() {
    let made = site(&[(
        "_posts/2024-05-01-the-pier.md",
        "---\ntitle: The pier\n---\n",
    )]);
    made.write("_config.yml", b"title: a\nurl: \xff\n");
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        said(&output).contains("cannot be read: it is not UTF-8"),
        "{}",
        said(&output)
    );
    assert!(
        said(&output).contains("--> _config.yml:2"),
        "{}",
        said(&output)
    );
    let made = site(&[(
        "_posts/2024-05-01-the-pier.md",
        "---\ntitle: The pier\n---\n",
    )]);
    made.write("_config.yml", " ".repeat(2 * 1024 * 1024));
    assert!(said(&made.courant(&["init"])).contains("larger than 1 MiB"));
}

#[test]
fn values_that_courant_cannot_use_are_told_and_left_out() {
    let made = site(&[
        (
            "_config.yml",
            "title: The Harbour\nurl: http://localhost:4000\ntimezone: Mars/Olympus\nlang: english language\n",
        ),
        (
            "_posts/2024-05-01-the-pier.md",
            "---\ntitle: The pier\n---\n",
        ),
    ]);
    let output = made.courant(&["init"]);
    let said = said(&output);
    for place in ["_config.yml:2", "_config.yml:3", "_config.yml:4"] {
        assert!(said.contains(&format!("--> {place}")), "{place} in\n{said}");
    }
    assert!(
        said.contains("names no time zone: `Mars/Olympus`"),
        "{said}"
    );
    let toml = made.read(".courant.toml");
    assert!(toml.contains("url = \"https://example.org\""), "{toml}");
    assert!(!toml.contains("timezone"), "{toml}");
}

#[test]
fn an_empty_directory_is_no_site() {
    let made = site(&[]);
    fs::create_dir(made.root()).unwrap();
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(said(&output), @r#"
    error: there are no posts in `.`, and no generator's configuration
      hint: name the directory of a site, as in `courant init path/to/site`; for a new one, a `config.toml` with `url` and `title` below `[site]` is enough
    "#);
    assert!(!made.root().join("config.toml").exists());
}

#[test]
fn a_file_and_nothing_are_no_directories() {
    let made = site(&[("a.md", "")]);
    let output = made.courant(&["init", "a.md"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(said(&output), @r#"
    error: cannot read the directory `a.md`
      because: Not a directory (os error 20)
      hint: name the directory of a site, as in `courant init path/to/site`
    "#);
    assert_eq!(made.courant(&["init", "nowhere"]).status.code(), Some(1));
}

#[test]
fn a_generator_without_posts_yet_is_told_what_is_missing() {
    let made = site(&[(
        "hugo.toml",
        "baseURL = 'https://harbour.example'\ntitle = 'a'\n",
    )]);
    let output = made.courant(&["init"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        said(&output).contains("the directory `content` is not there"),
        "{}",
        said(&output)
    );
    made.write("content/posts/a.md", post("A", "2024-01-01"));
    assert_eq!(
        made.courant(&["check", "--config", "courant.toml"])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn odd_names_and_values_stay_what_they_are() {
    let made = site(&[
        (
            "_config.yml",
            "title: \"The \\\"Harbour\\\" \\\\ Quay\\n# [site]\"\nurl: https://harbour.example\n",
        ),
        ("package.json", "not json"),
        ("_posts/2024-05-01-pier.md", "---\ntitle: a\n---\n"),
        ("_posts/[en]/2024-05-01-tide.md", "---\ntitle: b\n---\n"),
    ]);
    made.init(".courant.toml");
    let config = Config::load(&made.root().join(".courant.toml")).unwrap();
    assert_eq!(config.site.title, "The \"Harbour\" \\ Quay # [site]");
}

#[test]
fn names_that_a_generator_tidies_are_told() {
    let made = site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example'\ntitle = 'a'\n",
        ),
        ("content/posts/The Pier.md", &post("A", "2024-01-01")),
        ("content/posts/b.md", &post("B", "2024-01-01")),
    ]);
    let said = said(&made.courant(&["init"]));
    assert!(said.contains("1 post is named as `The Pier` is"), "{said}");
}

#[test]
fn posts_that_are_left_out_are_told() {
    let made = site(&[
        (
            "astro.config.mjs",
            "export default { site: 'https://harbour.example' }",
        ),
        ("src/content/blog/a.md", &post("A", "2024-01-01")),
        ("src/content/blog/b.md", &post("B", "2024-01-01")),
        ("src/content/notes/c.md", &post("C", "2024-01-01")),
        ("src/content/notes/d.md", &post("D", "2024-01-01")),
    ]);
    let found = survey(&made.root()).unwrap();
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
fn links_that_lead_back_and_deep_directories_end() {
    let made = site(&[
        ("posts/a.md", &post("A", "2024-01-01")),
        (
            &format!("posts/{}b.md", "d/".repeat(40)),
            &post("B", "2024-01-01"),
        ),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", made.root().join("posts/up")).unwrap();
    let found = survey(&made.root()).unwrap();
    assert_eq!(found.posts, 1);
}

/// What `init` says of the keys, the reference has.
#[test]
fn every_key_that_is_written_is_in_the_reference() {
    let reference =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")).unwrap();
    for made in [
        gatsby(),
        site(&[
            ("_config.yml", JEKYLL),
            ("_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
        ]),
    ] {
        let toml = survey(&made.root()).unwrap().to_toml(&made.root());
        for line in toml.lines().filter(|line| !line.starts_with('#')) {
            let Some((key, _)) = line.split_once(" = ") else {
                continue;
            };
            assert!(reference.contains(&format!("{key} = ")), "{key}");
        }
    }
}
