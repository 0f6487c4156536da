//! Checks that `courant init` reads Docusaurus, VitePress and Pelican, and ends with an address to compare.

use courant::init::{format_config, propose_config};

use crate::init::{create_site, post_text, stderr_of};

const DOCUSAURUS_CONFIG: &str = r"// @ts-check
const config = {
  title: 'The Pier',
  tagline: 'Boats and tides',
  url: 'https://pier.example',
  baseUrl: '/harbour/',
  i18n: { defaultLocale: 'pt-BR', locales: ['pt-BR'] },
  presets: [
    ['classic', { docs: { path: './handbook' }, blog: { path: './log', routeBasePath: 'news' } }],
  ],
  themeConfig: { navbar: { title: 'Not the title' } },
};
export default config;
";

#[test]
fn docusaurus_site_is_configured() {
    let site = create_site(&[
        ("docusaurus.config.js", DOCUSAURUS_CONFIG),
        ("static/img/logo.svg", "<svg/>"),
        ("handbook/intro.md", "---\ntitle: Intro\n---\n"),
        (
            "log/2024-05-01-crane.md",
            "---\ntitle: Crane\n---\nA.\n\n<!-- truncate -->\n\nMore.\n",
        ),
        (
            "log/boats/2024-05-02-tug/index.mdx",
            "---\ntitle: Tug\n---\nA tug.\n",
        ),
        ("log/2024/05/03/quay.md", "---\ntitle: Quay\n---\nA quay.\n"),
        ("log/plain.md", &post_text("Plain", "2024-05-04")),
        (
            "log/2024-05-05-slug.md",
            "---\ntitle: Slug\nslug: /deep/er\n---\nText.\n",
        ),
        (
            "log/2024-05-06-draft.md",
            "---\ntitle: D\ndraft: true\n---\nText.\n",
        ),
        (
            "log/2024-05-07-un.md",
            "---\ntitle: U\nunlisted: true\n---\nText.\n",
        ),
        ("log/_2024-05-08-part.md", &post_text("Part", "2024-05-08")),
    ]);
    insta::assert_snapshot!(site.init_and_check("config.toml"), @r##"
    # Configuration of courant for a site made with Docusaurus, by `courant init`.

    [site]
    # docusaurus.config.js, line 5
    url = "https://pier.example/harbour"
    # docusaurus.config.js, line 3
    title = "The Pier"
    # docusaurus.config.js, line 4
    description = "Boats and tides"
    # docusaurus.config.js, line 7
    language = "pt-BR"
    # docusaurus.config.js, line 9
    permalinks = "/news/:path"
    # from static/img/logo.svg
    logo = "/img/logo.svg"

    [content]
    # docusaurus.config.js, line 9
    dir = "log"
    # Docusaurus skips names that begin with `_`
    exclude = ["**/_*", "**/_*/**"]
    # Docusaurus serves the files in `static` from the site's root
    static_dir = "static"
    # Docusaurus makes addresses of names by this rule
    names = "docusaurus"
    # Docusaurus replaces `:smile:` by an emoji
    emoji = true

    [cards]
    # cards can show the site's logo
    # logo = "static/img/logo.svg"

    [feed]
    # Docusaurus writes feeds at these paths
    aliases = { "/blog/rss.xml" = "/rss.xml", "/blog/atom.xml" = "/atom.xml", "/blog/feed.json" = "/feed.json" }

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "##);
    let urls = site.post_urls("config.toml");
    for path in [
        "/news/2024/05/01/crane",
        "/news/2024/05/02/boats/tug",
        "/news/2024/05/03/quay",
        "/news/plain",
        "/news/deep/er",
    ] {
        let url = format!("https://pier.example/harbour{path}");
        assert!(urls.contains(&url), "{url} in {urls:?}");
    }
    assert!(!urls.iter().any(|url| url.contains("part")), "{urls:?}");
}

#[test]
fn docusaurus_blog_plugins_are_read() {
    let site = create_site(&[
        (
            "docusaurus.config.ts",
            "export default { url: 'https://pier.example', trailingSlash: true, presets: [['classic', { blog: false }]], plugins: [['@docusaurus/plugin-content-blog', { id: 'x', path: 'log', routeBasePath: '/' }]] }\n",
        ),
        ("log/2024-05-01-crane.md", "---\ntitle: Crane\n---\nA.\n"),
    ]);
    site.init_and_check("config.toml");
    assert_eq!(
        site.post_urls("config.toml"),
        ["https://pier.example/2024/05/01/crane/"]
    );
}

#[test]
fn vitepress_site_is_configured() {
    let config = "import { defineConfig } from 'vitepress'\nexport default defineConfig({\n  title: 'The Pier',\n  description: 'Boats',\n  lang: 'en-GB',\n  base: '/harbour/',\n  cleanUrls: true,\n  srcDir: './src',\n  sitemap: { hostname: 'https://pier.example' },\n  rewrites: { 'a/:b': ':b' },\n})\n";
    let files = [
        (
            "docs/src/guide/intro.md",
            "---\ntitle: Intro\n---\n".to_owned(),
        ),
        ("docs/src/posts/crane.md", post_text("Crane", "2024-05-01")),
        ("docs/src/posts/tug.md", post_text("Tug", "2024-05-02")),
        ("docs/src/public/a.png", String::new()),
        ("docs/.vitepress/config.mts", config.to_owned()),
    ];
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let site = create_site(&files);
    insta::assert_snapshot!(site.init_and_check("config.toml"), @r##"
    # Configuration of courant for a site made with VitePress, by `courant init`.

    [site]
    # docs/.vitepress/config.mts, line 9
    url = "https://pier.example/harbour"
    # docs/.vitepress/config.mts, line 3
    title = "The Pier"
    # docs/.vitepress/config.mts, line 4
    description = "Boats"
    # docs/.vitepress/config.mts, line 5
    language = "en-GB"
    # 2 posts have dates without a zone, which are read as UTC
    # timezone = "UTC"
    # docs/.vitepress/config.mts, line 7
    permalinks = "/:path"

    [content]
    # docs/.vitepress/config.mts, line 8
    dir = "docs/src"
    # a guess: other pages are in: guide
    include = ["posts/**"]
    # docs/.vitepress/config.mts, line 10
    rewrites = { "a/:b" = ":b" }
    # VitePress serves the files in `docs/src/public` from the site's root
    static_dir = "docs/src/public"
    # VitePress makes addresses of names by this rule
    names = "vitepress"
    # VitePress replaces `:smile:` by an emoji
    emoji = true

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "##);
    assert_eq!(
        site.post_urls("config.toml"),
        [
            "https://pier.example/harbour/posts/crane",
            "https://pier.example/harbour/posts/tug"
        ]
    );
    let site = create_site(&[
        (".vitepress/config.ts", "export default { title: 'P' }\n"),
        ("posts/crane.md", &post_text("Crane", "2024-05-01")),
        ("posts/tug.md", &post_text("Tug", "2024-05-02")),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    assert!(
        printed.contains("https://example.org/posts/tug.html"),
        "{printed}"
    );
}

const PELICAN_CONFIG: &str = "AUTHOR = 'Ada'\nSITENAME = u'The Pier'  # 'quoted'\nSITEURL = ''\nPATH = 'content'\nTIMEZONE = 'Europe/Lisbon'\nDEFAULT_LANG = 'pt'\nARTICLE_URL = '{category}/{date:%Y}/{slug}/'\nARTICLE_SAVE_AS = ARTICLE_URL + 'index.html'\n";

#[test]
fn pelican_site_is_configured() {
    let site = create_site(&[
        ("pelicanconf.py", PELICAN_CONFIG),
        (
            "publishconf.py",
            "from pelicanconf import *\nSITEURL = \"https://pier.example\"\n",
        ),
        (
            "content/boats/crane.md",
            "Title: The crane: a history\nDate: 2024-05-01 10:00\nTags: a, b\n\nA crane.\n",
        ),
        (
            "content/tug.md",
            "Title: Tug\nDate: 2024-05-02\nCategory: Work boats\nSlug: the-tug\nStatus: published\n\nA tug.\n",
        ),
        (
            "content/pages/about.md",
            "Title: About\nDate: 2024-05-03\n\nUs.\n",
        ),
        (
            "content/x.md",
            "Title: Hidden\nDate: 2024-05-04\nStatus: draft\n\nNo.\n",
        ),
        ("output/index.html", "<p>"),
        (
            "output/feeds/atom.xml",
            "<feed xmlns='http://www.w3.org/2005/Atom'/>",
        ),
        ("output/boats/2024/the-crane-a-history/index.html", "<p>"),
        ("output/work/2024/the-tug/index.html", "<p>"),
    ]);
    insta::assert_snapshot!(site.init_and_check("config.toml"), @r##"
    # Configuration of courant for a site made with Pelican, by `courant init`.

    [site]
    # publishconf.py, line 2
    url = "https://pier.example"
    # pelicanconf.py, line 2
    title = "The Pier"
    # pelicanconf.py, line 6
    language = "pt"
    # pelicanconf.py, line 5
    timezone = "Europe/Lisbon"
    # pelicanconf.py, line 7
    permalinks = "/:category/:year/:slug_or_title/"

    [content]
    # Pelican builds articles from all other files
    exclude = ["pages/**"]
    # Pelican serves the files in `content` from the site's root
    static_dir = "content"
    # Pelican makes addresses of names by this rule
    names = "pelican"
    # Pelican reads the fields at the top of a post, and its directory's name
    field_lines = true
    # Pelican reads the fields at the top of a post, and its directory's name
    directory_categories = true
    # Pelican puts articles without a category there
    default_category = "misc"

    [feed]
    # Pelican writes feeds at these paths
    aliases = { "/feeds/all.atom.xml" = "/atom.xml", "/feeds/:slug.atom.xml" = "/category/:slug/atom.xml" }

    # The annotated reference, `config.toml` in courant's repository, lists all other settings and
    # their defaults.
    "##);
    let urls = site.post_urls("config.toml");
    assert_eq!(
        urls.len(),
        3,
        "with the hidden one, and without the page: {urls:?}"
    );
    assert!(urls.contains(&"https://pier.example/boats/2024/the-crane-a-history/".to_owned()));
    assert!(urls.contains(&"https://pier.example/work-boats/2024/the-tug/".to_owned()));
    std::fs::remove_file(site.root().join("config.toml")).unwrap();
    let printed = stderr_of(&site.run_courant(&["init"]));
    let expected = "    content/tug.md\n    https://pier.example/work-boats/2024/the-tug/\n  `output` has the addresses of 1 of 2 public posts; missing:\n    /work-boats/2024/the-tug/\n";
    assert!(printed.ends_with(expected), "{printed}");
}

#[test]
fn pelican_content_is_the_directory_that_commands_name() {
    let in_articles = "INPUTDIR=$(BASEDIR)/articles\n";
    for (file, text, dir) in [
        ("Makefile", in_articles, "articles"),
        (
            "fabfile.py",
            "def build():\n    local('pelican articles -s pelicanconf.py')\n",
            "articles",
        ),
        (
            ".github/workflows/site.yml",
            "      - run: pelican articles -o output\n",
            "articles",
        ),
        ("Makefile", "# pelican articles\n", "content"),
    ] {
        let post = "---\ntitle: The pier: a history\ndate: 2024-05-01\n---\n\nText.\n";
        let site = create_site(&[
            (
                "pelicanconf.py",
                "SITEURL = 'https://pier.example'\nSITENAME = 'P'\nARTICLE_URL = '{category}/{slug}.html'\nDEFAULT_CATEGORY = 'Big news'\n",
            ),
            (file, text),
            ("articles/a.md", post),
            (
                "articles/boats/b.md",
                "Title: B\nDate: 2024-05-02\nSlug: A b\n\nText.\n",
            ),
            ("content/c.md", "Title: C\nDate: 2024-05-01\n\nText.\n"),
            (
                "README.md",
                "Title: For authors\nDate: 2024-05-01\n\nText.\n",
            ),
        ]);
        let stderr = stderr_of(&site.run_courant(&["init"]));
        let expected = match dir {
            "articles" => vec![
                "https://pier.example/big-news/the-pier-a-history.html",
                "https://pier.example/boats/A%20b.html",
            ],
            _ => vec!["https://pier.example/big-news/c.html"],
        };
        assert_eq!(site.post_urls("config.toml"), expected, "{file}: {stderr}");
    }
}

#[test]
fn pelican_parts_of_file_names_stay_as_they_are() {
    for (config, expected) in [
        ("ARTICLE_URL = '{filename}/'\n", "/A_b.0/"),
        (
            "FILENAME_METADATA = r'(?P<date>\\d{4}-\\d{2}-\\d{2})-(?P<slug>.*)'\n",
            "/A_b.0.html",
        ),
        ("SLUGIFY_SOURCE = 'basename'\n", "/2024-05-01-a_b0.html"),
    ] {
        let config = format!("SITEURL = 'https://pier.example'\nSITENAME = 'P'\n{config}");
        let post = "Title: A\nDate: 2024-05-01\n\nText.\n";
        let site = create_site(&[
            ("pelicanconf.py", &config),
            ("content/2024-05-01-A_b.0.md", post),
        ]);
        site.init_and_check("config.toml");
        let expected = format!("https://pier.example{expected}");
        assert_eq!(site.post_urls("config.toml"), [expected], "{config}");
    }
}

#[test]
fn jekyll_base_path_without_a_url_is_kept() {
    for (more, expected) in [
        ("", "https://example.org/avatica/a.html"),
        ("harbour.example", "https://harbour.example/avatica/a.html"),
    ] {
        let site = create_site(&[
            (
                "_config.yml",
                "title: A\nbaseurl: /avatica/\npermalink: /:title.html\n",
            ),
            ("_posts/2024-05-01-a.md", "---\ntitle: a\n---\n"),
            ("CNAME", more),
        ]);
        site.run_courant(&["init", "--output", ".courant.toml"]);
        assert_eq!(site.post_urls(".courant.toml"), [expected]);
    }
}

#[test]
fn hugo_bundle_has_one_post() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://pier.example/'\ntitle = 'P'\n[languages.en]\n[languages.fr]\n",
        ),
        ("content/post/a/index.md", &post_text("A", "2024-05-01")),
        ("content/post/a/notes.md", &post_text("N", "2024-05-01")),
        ("content/post/a/b/notes.md", &post_text("N", "2024-05-01")),
        ("content/post/a/b/index.md", &post_text("N", "2024-05-01")),
        ("content/post/c/index.fr.md", &post_text("C", "2024-05-01")),
        ("content/post/c/notes.md", &post_text("N", "2024-05-01")),
        ("content/post/_index.md", "---\ntitle: All\n---\n"),
        ("content/post/d.md", &post_text("D", "2024-05-01")),
    ]);
    site.init_and_check("courant.toml");
    assert_eq!(
        site.post_urls("courant.toml"),
        [
            "https://pier.example/post/a/",
            "https://pier.example/fr/post/c/",
            "https://pier.example/post/d/",
        ]
    );
}

#[test]
fn pelican_articles_that_are_drafts_by_default_stay_hidden() {
    let site = create_site(&[
        (
            "pelicanconf.py",
            "SITEURL = 'https://pier.example'\nARTICLE_PATHS = ['log', 'news']\nSLUGIFY_PRESERVE_CASE = True  # as before\nDEFAULT_METADATA = {\n    'status': 'draft',\n}\nARTICLE_URL = '{date:%b}/{slug}'\n",
        ),
        (
            "log/a.md",
            "Title: A\nDate: 2024-05-01\nStatus: published\n\nText.\n",
        ),
        ("log/b.md", "Title: B\nDate: 2024-05-02\n\nText.\n"),
        (
            "other/c.md",
            "Title: C\nDate: 2024-05-03\nStatus: published\n\nText.\n",
        ),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    assert!(
        printed.contains("`{date:%b}` is not supported"),
        "{printed}"
    );
    assert_eq!(
        site.post_urls("config.toml"),
        ["https://pier.example/log/a/"]
    );
    let toml = std::fs::read_to_string(site.root().join("config.toml")).unwrap();
    assert!(toml.contains("names = \"pelican-cased\""), "{toml}");
}

#[test]
fn sitemap_of_a_built_copy_is_compared() {
    let zola = "base_url = 'https://pier.example/h'\ntitle = 'P'\n";
    let site = create_site(&[
        ("zola.toml", zola),
        (
            "content/crane.md",
            "+++\ntitle = 'Crane'\ndate = 2024-05-01\n+++\nA.\n",
        ),
        (
            "content/tug.md",
            "+++\ntitle = 'Tug'\ndate = 2024-05-02\n+++\nA.\n",
        ),
        (
            "content/no.md",
            "+++\ntitle = 'No'\ndate = 2024-05-03\ndraft = true\n+++\nA.\n",
        ),
        (
            "public/sitemap.xml",
            "<sitemapindex><sitemap><loc>https://pier.example/h/sitemap-1.xml</loc></sitemap></sitemapindex>",
        ),
        (
            "public/sitemap-1.xml",
            "<urlset><url><loc>http://127.0.0.1:1111/h/crane/</loc></url><url><loc>https://pier.example/h/log/tug/</loc></url></urlset>",
        ),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    let expected = "
  compare the address of the newest post with that on your site:
    content/tug.md
    https://pier.example/h/tug/
  `public/sitemap-1.xml` has the addresses of 1 of 2 public posts; missing:
    /h/tug/ (there: /h/log/tug/)
";
    assert!(printed.ends_with(expected), "{printed}");
    assert!(!printed.contains("no.md"), "{printed}");
}

#[test]
fn feed_of_a_built_copy_is_compared() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://pier.example/'\ntitle = 'P'\n",
        ),
        ("content/posts/crane.md", &post_text("Crane", "2024-05-01")),
        ("content/posts/tug.md", &post_text("Tug", "2024-05-02")),
        (
            "public/posts/index.xml",
            "<rss><channel><item><link>https://pier.example/posts/tug/</link></item><item><link>https://pier.example/crane/</link></item></channel></rss>",
        ),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    let expected = "  courant makes 1 of the 2 addresses in `public/posts/index.xml`; missing:\n    /crane/ (courant: /posts/crane/)\n";
    assert!(printed.ends_with(expected), "{printed}");
}

#[test]
fn least_certain_setting_of_addresses_is_named() {
    let site = create_site(&[
        (
            "gatsby-config.js",
            "module.exports = { siteMetadata: { siteUrl: 'https://pier.example' } }\n",
        ),
        ("content/crane.md", &post_text("Crane", "2024-05-01")),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    let expected = "https://pier.example/crane/\n  least certain: site.permalinks, the default, because no file says how addresses are made\n";
    assert!(printed.ends_with(expected), "{printed}");
    let site = create_site(&[
        ("astro.config.mjs", "export default {}\n"),
        (
            "src/content/log/crane.md",
            &post_text("Crane", "2024-05-01"),
        ),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    let expected =
        "  least certain: site.permalinks, a guess: from the name of the collection, `log`\n";
    assert!(printed.ends_with(expected), "{printed}");
    let site = create_site(&[
        ("hugo.toml", "baseURL = 'https://pier.example/'\n"),
        (
            "content/posts/crane.md",
            "---\ntitle: a\ndate: 2024-05-01\ndraft: true\n---\n",
        ),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    let expected = "\n  no post is public with this configuration: `courant check` says why\n";
    assert!(printed.ends_with(expected), "{printed}");
}

#[test]
fn former_feed_paths_of_each_generator_become_aliases() {
    let post = "---\ntitle: A\ndate: 2024-05-01\n---\n";
    for (files, expected) in [
        (
            vec![
                ("hugo.toml", "baseURL = 'https://e.org/'\n"),
                ("content/posts/a.md", post),
            ],
            vec![
                "\"/index.xml\" = \"/rss.xml\"",
                "\"/tags/:slug/index.xml\" = \"/tag/:slug/rss.xml\"",
            ],
        ),
        (
            vec![
                ("_config.yml", "title: A\nfeed:\n  path: /blog/feed.xml\n"),
                ("_posts/2024-05-01-a.md", post),
            ],
            vec!["\"/blog/feed.xml\" = \"/rss.xml\""],
        ),
        (
            vec![
                (
                    "zola.toml",
                    "base_url = 'https://e.org'\nfeed_filenames = ['index.xml', 'releases.json']\n",
                ),
                ("content/a.md", post),
            ],
            vec![
                "\"/index.xml\" = \"/rss.xml\"",
                "\"/tags/:slug/index.xml\" = \"/tag/:slug/rss.xml\"",
            ],
        ),
        (
            vec![
                (
                    "docusaurus.config.js",
                    "module.exports = {title: 'A', url: 'https://e.org'};\n",
                ),
                ("blog/2024-05-01-a.md", post),
            ],
            vec![
                "\"/blog/rss.xml\" = \"/rss.xml\"",
                "\"/blog/atom.xml\" = \"/atom.xml\"",
            ],
        ),
        (
            vec![
                ("pelicanconf.py", "SITENAME = 'A'\n"),
                ("content/a.md", "Title: a\nDate: 2024-05-01\n\nText.\n"),
            ],
            vec![
                "\"/feeds/all.atom.xml\" = \"/atom.xml\"",
                "\"/feeds/:slug.atom.xml\" = \"/category/:slug/atom.xml\"",
            ],
        ),
        (
            vec![
                (
                    "astro.config.mjs",
                    "export default {site: 'https://e.org'};\n",
                ),
                ("src/pages/index.xml.js", ""),
                ("src/content/blog/a.md", post),
            ],
            vec!["\"/index.xml\" = \"/rss.xml\""],
        ),
        (
            vec![
                (
                    "gatsby-config.js",
                    "module.exports = {plugins: [{options: {feeds: [{\n  output: '/blog/rss.xml',\n}]}}]};\n",
                ),
                ("content/a.md", post),
            ],
            vec!["\"/blog/rss.xml\" = \"/rss.xml\""],
        ),
    ] {
        let site = create_site(&files);
        let toml = format_config(&propose_config(&site.root()).unwrap(), &site.root());
        for alias in expected {
            assert!(toml.contains(alias), "{alias}: {toml}");
        }
        assert!(!toml.contains("releases.json"), "{toml}");
    }
}

#[test]
fn posts_that_errors_hide_are_counted() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example/'\ntitle = 'Harbour'\n",
        ),
        ("content/posts/a.md", &post_text("Pier", "2024-05-01")),
        ("content/posts/b.md", &post_text("Quay", "2024-02-30")),
        ("content/posts/c.md", &post_text("Mole", "2023-02-29")),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    let expected = "\n  2 posts not published because of errors, such as `content/posts/b.md`: `courant check` lists them\n";
    assert!(printed.contains(expected), "{printed}");
}
