//! Checks that `init` finds the fields that a site uses, and says which addresses code makes.

use crate::init_addresses::{ASTRO, ELEVENTY, ELEVENTY_SITE, astro_route, configure_site};

const NUXT: (&str, &str) = (
    "nuxt.config.ts",
    "export default defineNuxtConfig({ site: { url: 'https://harbour.example' } })\n",
);

fn link_post(host: &str) -> String {
    format!("---\ntitle: A link\ndate: 2024-05-01\nurl: https://{host}/x/a-47ah\n---\nText.\n")
}

#[test]
fn url_of_a_link_blog_is_no_address() {
    let vitepress =
        "export default { sitemap: { hostname: 'https://harbour.example' }, cleanUrls: true }\n";
    let route = astro_route("slug: post.id");
    for (config, more, dir, path) in [
        (NUXT, ("README.md", ""), "content/blog", "/blog/crane"),
        (
            (".vitepress/config.ts", vitepress),
            ("README.md", ""),
            "posts",
            "/posts/crane",
        ),
        (
            ASTRO,
            ("src/pages/blog/[slug].astro", route.as_str()),
            "src/content/blog",
            "/blog/crane/",
        ),
    ] {
        let file = format!("{dir}/crane.md");
        let site = configure_site(&[config, more, (&file, &link_post("dev.example"))], &[]);
        site.assert_paths(&[path]);
        assert!(
            site.toml.contains("fields = { permalink = "),
            "{}",
            site.toml
        );
    }
}

#[test]
fn site_url_is_not_guessed_from_links_to_several_hosts() {
    let posts = ["a", "b", "c"].map(|host| {
        (
            format!("posts/{host}.md"),
            link_post(&format!("{host}.example")),
        )
    });
    let files = posts
        .each_ref()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let site = configure_site(&files, &[]);
    assert!(
        site.toml.contains("# replace this: the site's address"),
        "{}",
        site.toml
    );
}

#[test]
fn feed_code_gives_title_and_url() {
    let code = "const baseUrl = `https://harbour.example`\nconst feed = new Feed({ title: 'The Harbour\\u{2019}s Log', id: baseUrl, link: baseUrl })\n";
    let site = configure_site(
        &[
            (
                ".vitepress/config.ts",
                "export default { cleanUrls: true }\n",
            ),
            (".vitepress/genFeed.ts", code),
        ],
        &["posts/crane.md"],
    );
    site.assert_paths(&["/posts/crane"]);
    let title = "# a guess: in .vitepress/genFeed.ts\ntitle = \"The Harbour\u{2019}s Log\"";
    assert!(site.toml.contains(title), "{}", site.toml);
}

fn astro_collection(loader: &str) -> String {
    format!(
        "const blog = defineCollection({{ loader: glob({{ pattern: '**/*.md', base: './src/posts', {loader} }}) }});\nexport const collections = {{ blog }};\n"
    )
}

#[test]
fn generated_ids_of_astro_are_read_or_reported() {
    for (loader, path, warning) in [
        (
            "generateId: ({ entry }) => entry.replace(/\\.md$/, '')",
            "/log/The_Crane/",
            "",
        ),
        (
            "generateId: ({ entry, data }) => `${data.date}/${entry}`",
            "/log/the_crane/",
            "line 1: `${data.date}/${entry}`",
        ),
        (
            "generateId({ entry }) { const name = f(entry); return name; }",
            "/log/the_crane/",
            "line 1: `${f(entry)}`",
        ),
    ] {
        let site = configure_site(
            &[
                ASTRO,
                ("src/content.config.ts", &astro_collection(loader)),
                (
                    "src/pages/log/[...slug].astro",
                    &astro_route("slug: post.id"),
                ),
            ],
            &["src/posts/The_Crane.md"],
        );
        site.assert_paths(&[path]);
        let is_claimed = site.toml.contains("# from src/pages/log/[...slug].astro");
        assert_eq!(is_claimed, warning.is_empty(), "{}", site.toml);
        assert!(site.warnings.contains(warning), "{}", site.warnings);
    }
}

#[test]
fn astro_field_before_the_id_is_the_slug() {
    let post = "---\ntitle: A\ndate: 2024-05-01\nabbrlink: x/hello\n---\n";
    for value in [
        "post.data.abbrlink || post.id",
        "post.data.abbrlink ?? post.id",
        "post.data.abbrlink",
    ] {
        let route =
            astro_route("slug").replace("  return", &format!("  const slug = {value};\n  return"));
        let site = configure_site(
            &[
                ASTRO,
                ("src/pages/blog/[...slug].astro", &route),
                ("src/content/blog/a.md", post),
            ],
            &["src/content/blog/pier.md"],
        );
        site.assert_sure_paths(&["/blog/pier/", "/blog/x/hello/"]);
    }
}

#[test]
fn astro_languages_of_constants_are_read() {
    let constants = "export const themeConfig = { site: { title: 'The Log', url: 'https://harbour.example' }, global: { locale: 'zh', moreLocales: ['en'] } };\n";
    let post = |tag: &str| format!("---\ntitle: A\ndate: 2024-05-01\nlang: {tag}\n---\n");
    let site = configure_site(
        &[
            (
                "astro.config.ts",
                "export default defineConfig({ site: themeConfig.site.url, i18n: { locales: Object.keys(langs) } });\n",
            ),
            ("src/config.ts", constants),
            (
                "src/pages/[...lang]/[slug].astro",
                &astro_route("lang, slug: post.id"),
            ),
            ("src/content/blog/a.md", &post("zh")),
            ("src/content/blog/b.md", &post("en")),
        ],
        &[],
    );
    site.assert_paths(&["/a/", "/en/b/"]);
    assert!(site.toml.contains("title = \"The Log\""), "{}", site.toml);
}

#[test]
fn astro_parameters_that_are_not_found_are_a_warning() {
    let route = astro_route("slug: post.id").replace(
        "({ params: { slug: post.id }, props: { post } })",
        "toPath(post)",
    );
    let site = configure_site(
        &[ASTRO, ("src/pages/blog/[slug].astro", &route)],
        &["src/content/blog/pier.md"],
    );
    assert!(
        site.warnings.contains("addresses are made by code"),
        "{}",
        site.warnings
    );
}

#[test]
fn eleventy_directories_below_have_their_own_permalinks() {
    let site = configure_site(
        &[
            ELEVENTY,
            ELEVENTY_SITE,
            (
                "src/posts/articles/articles.11tydata.js",
                "export default { permalink: '/article/{{ page.fileSlug }}/index.html' };\n",
            ),
            (
                "src/posts/notes/notes.json",
                "{ \"permalink\": \"note/{{ page.fileSlug }}/\" }\n",
            ),
        ],
        &[
            "src/posts/articles/2024-05-01-a.md",
            "src/posts/notes/2024-05-01-n.md",
        ],
    );
    site.assert_paths(&["/article/a/", "/note/n/"]);
}

#[test]
fn languages_in_file_names_are_set_or_reported() {
    let posts = [
        "content/blog/crane/index.md",
        "content/blog/crane/index.de.md",
        "content/blog/pier/index.md",
        "content/blog/pier/index.de.md",
    ];
    let config = |more: &str| {
        format!(
            "module.exports = {{ siteMetadata: {{ siteUrl: 'https://harbour.example' }}, plugins: [{{ resolve: 'gatsby-source-filesystem', options: {{ path: 'content/blog' }} }}{more}] }}\n"
        )
    };
    let plugin = ", { resolve: 'gatsby-plugin-i18n', options: { langKeyDefault: 'en' } }";
    let site = configure_site(&[("gatsby-config.js", &config(plugin))], &posts);
    site.assert_paths(&["/crane/", "/de/crane/", "/de/pier/", "/pier/"]);
    let site = configure_site(&[("gatsby-config.js", &config(""))], &posts);
    assert!(
        site.warnings.contains("names of files end in languages"),
        "{}",
        site.warnings
    );
    let strays = [
        "content/blog/a.md",
        "content/blog/a.js.md",
        "content/blog/b.md",
        "content/blog/b.js.md",
        "content/blog/a.it.md",
    ];
    let site = configure_site(&[("gatsby-config.js", &config(""))], &strays);
    assert!(
        !site.warnings.contains("end in languages"),
        "{}",
        site.warnings
    );
}

#[test]
fn field_that_all_posts_have_is_the_title() {
    let post = "---\nsubject_title: The Crane\ndate: 2024-05-01\n---\nText.\n";
    let site = configure_site(&[("posts/a.md", post), ("posts/b.md", post)], &[]);
    assert!(
        site.toml.contains("fields = { title = \"subject_title\" }"),
        "{}",
        site.toml
    );
}

#[test]
fn authors_of_data_files_are_configured_without_mail() {
    let jekyll = (
        "_config.yml",
        "url: https://harbour.example\ntitle: Harbour\n",
    );
    let post = "---\ntitle: Crane\ndate: 2024-05-01\nauthor: ada\n---\nText.\n";
    let yaml = "ada:\n  name: Ada Quay\n  email: ada@harbour.example\n  web: https://ada.example/\n  twitter: '@adaquay'\nbo:\n  display_name: Bo Reef\nplain:\n  bio: none\n";
    let site = configure_site(
        &[
            jekyll,
            ("_data/authors.yml", yaml),
            ("_posts/2024-05-01-crane.md", post),
        ],
        &[],
    );
    let ada = "[[authors]]\n# _data/authors.yml, line 1\nname = \"Ada Quay\"\nid = \"ada\"\nurl = \"https://ada.example/\"\ntwitter = \"adaquay\"\n";
    assert!(site.toml.contains(ada), "{}", site.toml);
    let bo = "[[authors]]\n# _data/authors.yml, line 6\nname = \"Bo Reef\"\nid = \"bo\"\n";
    assert!(site.toml.contains(bo), "{}", site.toml);
    assert!(!site.toml.contains("mail"), "{}", site.toml);
    assert_eq!(site.toml.matches("[[authors]]").count(), 2);
}

#[test]
fn files_of_authors_are_read_by_their_names() {
    let hugo = (
        "hugo.toml",
        "baseURL = 'https://harbour.example/'\ntitle = 'Harbour'\n",
    );
    let post = "---\ntitle: Crane\ndate: 2024-05-01\nauthor: ada\n---\nText.\n";
    for (file, text) in [
        ("data/authors/ada.toml", "name = 'Ada Quay'\n"),
        ("data/authors/ada.json", "{\"name\": \"Ada Quay\"}"),
        ("src/content/authors/ada.md", "---\nname: Ada Quay\n---\n"),
        ("data/authors.json", "{\"ada\": {\"name\": \"Ada Quay\"}}"),
    ] {
        let site = configure_site(&[hugo, (file, text), ("content/posts/crane.md", post)], &[]);
        assert!(
            site.toml.contains("name = \"Ada Quay\"\nid = \"ada\"\n"),
            "{file} {}",
            site.toml
        );
    }
}

#[test]
fn icon_and_logo_of_the_static_directory_are_configured() {
    let hugo = (
        "hugo.toml",
        "baseURL = 'https://harbour.example/'\ntitle = 'Harbour'\n",
    );
    let post = "---\ntitle: Crane\ndate: 2024-05-01\n---\nText.\n";
    let site = configure_site(
        &[
            hugo,
            ("static/apple-touch-icon.png", "x"),
            ("static/images/logo.svg", "x"),
            ("content/posts/crane.md", post),
        ],
        &[],
    );
    for line in [
        "icon = \"/apple-touch-icon.png\"\n",
        "logo = \"/images/logo.svg\"\n",
    ] {
        assert!(site.toml.contains(line), "{line} {}", site.toml);
    }
}

#[test]
fn title_of_feed_or_home_page_precedes_package_name() {
    let package = ("package.json", "{\"name\": \"@harbour/basics\"}");
    let astro = (
        "astro.config.mjs",
        "export default defineConfig({ site: 'https://harbour.example' });\n",
    );
    let vitepress = (".vitepress/config.ts", "export default { lang: 'en' };\n");
    let post = ("posts/a.md", "---\ntitle: Crane\ndate: 2024-05-01\n---\n");
    for (config, file, text) in [
        (
            astro,
            "src/pages/rss.xml.js",
            "export const GET = (context) => rss({ title: 'Low Water', site: context.site, items: posts.map((post) => ({ title: post.data.title, link: post.id })) });\n",
        ),
        (
            vitepress,
            ".vitepress/buildEnd.config.ts",
            "const feed = new Feed({ title: 'Low Water', id: host, link: host });\n",
        ),
        (
            astro,
            "src/pages/index.astro",
            "<html><head><title>Low Water</title></head></html>\n",
        ),
    ] {
        let site = configure_site(&[config, package, (file, text), post], &[]);
        let expected = "title = \"Low Water\"";
        assert!(site.toml.contains(expected), "{file} {}", site.toml);
    }
    let computed = ("src/pages/index.astro", "<title>{title}</title>\n");
    let site = configure_site(&[astro, package, computed, post], &[]);
    assert!(
        site.toml.contains("title = \"@harbour/basics\""),
        "{}",
        site.toml
    );
}
