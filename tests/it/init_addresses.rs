//! Checks that `init` finds the addresses that a generator's configuration and code make.

use courant::init::{format_config, propose_config};

use crate::init::{SiteDir, create_site, post_text, stderr_of};

/// Site, and what `init` makes of it.
pub(crate) struct ConfiguredSite {
    pub(crate) site: SiteDir,
    /// Text of the configuration.
    pub(crate) toml: String,
    /// Findings, one a line.
    pub(crate) warnings: String,
}

/// Writes a site with a post at each path, and its configuration.
pub(crate) fn configure_site(files: &[(&str, &str)], posts: &[&str]) -> ConfiguredSite {
    let site = create_site(files);
    for path in posts {
        site.write_file(path, post_text("The Pier", "2024-05-01"));
    }
    let found = propose_config(&site.root()).expect("a configuration");
    let toml = format_config(&found, &site.root());
    site.write_file("courant.toml", &toml);
    let warnings = found.findings.iter().map(ToString::to_string);
    ConfiguredSite {
        warnings: warnings.collect::<Vec<_>>().join("\n"),
        site,
        toml,
    }
}

impl ConfiguredSite {
    /// Checks the paths of the public posts, in any order.
    pub(crate) fn assert_paths(&self, expected: &[&str]) {
        let urls = self.site.post_urls("courant.toml");
        let mut paths: Vec<_> = urls
            .iter()
            .filter_map(|url| url.strip_prefix("https://harbour.example"))
            .collect();
        paths.sort_unstable();
        assert_eq!(paths, expected, "{}\n{}", self.toml, self.warnings);
    }

    /// Checks that the addresses are as expected, and that nothing is left to check by hand.
    pub(crate) fn assert_sure_paths(&self, expected: &[&str]) {
        self.assert_paths(expected);
        assert_eq!(self.warnings, "", "{}", self.toml);
        let guesses = self.toml.matches("a guess: from").count();
        assert_eq!(guesses, 0, "{}", self.toml);
    }
}

pub(crate) const ASTRO: (&str, &str) = (
    "astro.config.mjs",
    "export default defineConfig({ site: 'https://harbour.example' });\n",
);

/// Returns an Astro route that renders the posts of `blog` with these parameters.
pub(crate) fn astro_route(parameters: &str) -> String {
    format!(
        "---\nimport {{ getCollection, render }} from 'astro:content';\nexport async function getStaticPaths() {{\n  const posts = await getCollection('blog');\n  return posts.map((post) => ({{ params: {{ {parameters} }}, props: {{ post }} }}));\n}}\nconst {{ Content }} = await render(Astro.props.post);\n---\n<Content />\n"
    )
}

#[test]
pub(crate) fn astro_route_that_renders_a_post_is_taken() {
    let list = "---\nexport async function getStaticPaths() {\n  const posts = await getCollection('blog');\n  const groups = posts.map((post) => post.id.split('/')[0]);\n  return groups.map((category) => ({ params: { category } }));\n}\n---\n<List />\n";
    let route = astro_route(
        "category: post.id.split('/')[0], year: new Date(post.data.date).getFullYear(), id: post.id.split('/').pop()",
    );
    let site = configure_site(
        &[
            ASTRO,
            (
                "src/content.config.ts",
                "const blog = defineCollection({ loader: glob({ pattern: '**/[^_]*.{md,mdx}', base: './src/content/blog' }) });\nexport const collections = { blog };\n",
            ),
            ("src/pages/blog/[category].astro", list),
            ("src/pages/blog/[category]/[year]/[id].astro", &route),
            (
                "src/content/blog/_notes.md",
                &post_text("Notes", "2024-05-01"),
            ),
        ],
        &["src/content/blog/news/pier.md"],
    );
    site.assert_sure_paths(&["/blog/news/2024/pier/"]);
    assert!(
        site.toml
            .contains("# from src/pages/blog/[category]/[year]/[id].astro\n"),
        "{}",
        site.toml
    );
}

#[test]
fn astro_collections_are_found_in_their_common_forms() {
    for config in [
        "export const collections = { blog: defineCollection({ loader: glob({ pattern: '**/*.md', base: './src/data' }) }) };\n",
        "const posts = defineCollection({ loader: glob({ pattern: ['**/*.md', '!drafts/**'], base: 'src/data' }) });\nexport const collections = { blog: posts };\n",
        "const blog = defineCollection({ loader: glob({ pattern: 'src/data/**/*.md' }) });\nexport const collections = { blog };\n",
    ] {
        let site = configure_site(
            &[
                ASTRO,
                ("src/content.config.ts", config),
                (
                    "src/pages/log/[...slug].astro",
                    &astro_route("slug: post.id"),
                ),
            ],
            &["src/data/pier.md"],
        );
        site.assert_sure_paths(&["/log/pier/"]);
    }
}

#[test]
fn astro_files_outside_the_pattern_are_not_posts() {
    let site = configure_site(
        &[
            ASTRO,
            (
                "src/content.config.ts",
                "const blog = defineCollection({ loader: glob({ pattern: ['*.md', '!old.md'], base: 'src/blog' }) });\n",
            ),
            ("src/pages/[slug].astro", &astro_route("slug: post.id")),
        ],
        &[
            "src/blog/pier.md",
            "src/blog/old.md",
            "src/blog/drafts/tide.md",
        ],
    );
    site.assert_paths(&["/pier/"]);
}

#[test]
fn astro_patterns_of_a_list_are_all_read() {
    let site = configure_site(
        &[
            ASTRO,
            (
                "src/content.config.ts",
                "const blog = defineCollection({ loader: glob({ pattern: ['*.md', '*.mdx'], base: 'src/data' }) });\nexport const collections = { blog };\n",
            ),
            ("src/pages/[slug].astro", &astro_route("slug: post.id")),
        ],
        &["src/data/pier.md", "src/data/quay.mdx"],
    );
    site.assert_sure_paths(&["/pier/", "/quay/"]);
}

#[test]
fn astro_paths_end_as_configured() {
    for (option, path) in [
        ("trailingSlash: 'never'", "/harbour/2024/05/pier"),
        ("build: { format: 'file' }", "/harbour/2024/05/pier.html"),
        (
            "trailingSlash: 'never', build: { format: 'file' }",
            "/harbour/2024/05/pier",
        ),
        ("trailingSlash: 'always'", "/harbour/2024/05/pier/"),
    ] {
        let config = format!(
            "export default defineConfig({{ site: 'https://harbour.example', base: '/harbour/', {option} }});\n"
        );
        let route = astro_route(
            "year: post.data.date.getFullYear(), month: String(post.data.date.getMonth() + 1).padStart(2, '0'), slug: post.slug",
        );
        let site = configure_site(
            &[
                ("astro.config.mjs", &config),
                (
                    "src/content/config.ts",
                    "export const collections = { blog: defineCollection({ type: 'content' }) };\n",
                ),
                ("src/pages/[year]/[month]/[...slug].astro", &route),
            ],
            &["src/content/blog/pier.md"],
        );
        site.assert_sure_paths(&[path]);
    }
}

#[test]
fn astro_languages_of_a_route_are_set() {
    let site = configure_site(
        &[
            (
                "astro.config.mjs",
                "export default defineConfig({ site: 'https://harbour.example', i18n: { locales: ['fr', 'en'], defaultLocale: 'en' } });\n",
            ),
            (
                "src/pages/[...lang]/blog/[...slug].astro",
                &astro_route("lang, slug: slug.join('/') || undefined"),
            ),
        ],
        &[
            "src/content/blog/en/pier.md",
            "src/content/blog/fr/jetee.md",
        ],
    );
    site.assert_sure_paths(&["/blog/pier/", "/fr/blog/jetee/"]);
}

#[test]
pub(crate) fn astro_route_leaves_the_default_language_out() {
    for (written, default) in [
        (r#"post.id.replace(/^en\//, "")"#, "en"),
        ("post.id.replace('fr/', '')", "fr"),
    ] {
        let config = format!(
            "export default defineConfig({{ site: 'https://harbour.example', i18n: {{ locales: ['en', 'fr'], defaultLocale: '{default}' }} }});\n"
        );
        let route = astro_route(&format!("slug: {written}"));
        let files = [
            ("astro.config.mjs", config.as_str()),
            ("src/pages/[...slug].astro", &route),
        ];
        let posts = ["src/content/blog/en/a.md", "src/content/blog/fr/b.md"];
        let site = configure_site(&files, &posts);
        site.assert_sure_paths(match default {
            "en" => &["/a/", "/fr/b/"],
            _ => &["/b/", "/en/a/"],
        });
    }
}

#[test]
fn astro_computed_parameter_is_a_warning() {
    for (written, file) in [
        ("shorten(post)", "pier.md"),
        (
            "post.id.split('/').pop().split('_').pop()",
            "2024-05-01_pier.md",
        ),
    ] {
        let site = configure_site(
            &[
                ASTRO,
                (
                    "src/pages/blog/[slug].astro",
                    &astro_route(&format!("slug: {written}")),
                ),
            ],
            &[&format!("src/content/blog/{file}")],
        );
        site.assert_paths(&["/blog/pier/"]);
        let warning = format!(
            "addresses are made by code in `src/pages/blog/[slug].astro`, line 5: `{written}`"
        );
        assert!(site.warnings.contains(&warning), "{}", site.warnings);
        assert!(
            site.toml.contains("# a guess: from src/pages/blog"),
            "{}",
            site.toml
        );
    }
}

#[test]
fn starlight_documentation_is_at_the_root() {
    let site = configure_site(
        &[
            (
                "astro.config.mjs",
                "import starlight from '@astrojs/starlight';\nexport default defineConfig({\n  site: 'https://harbour.example',\n  integrations: [\n    starlight({ title: { en: 'The Harbour' }, sidebar: [{ label: 'Guides' }], locales: { 'pt-br': { label: 'Português', lang: 'pt-BR' }, root: { label: 'English', lang: 'en' } } }),\n  ],\n});\n",
            ),
            (
                "src/content.config.ts",
                "export const collections = { docs: defineCollection({ loader: docsLoader() }) };\n",
            ),
            ("src/content/docs/guide.md", "---\ntitle: Guide\n---\n"),
            ("package.json", "{ \"name\": \"@harbour/website\" }\n"),
        ],
        &[
            "src/content/docs/blog/pier.md",
            "src/content/docs/pt-br/blog/cais.md",
        ],
    );
    site.assert_sure_paths(&["/blog/pier/", "/pt-br/blog/cais/"]);
    for line in ["title = \"The Harbour\"", "languages = [\"en\", \"pt-BR\"]"] {
        assert!(site.toml.contains(line), "{line} in {}", site.toml);
    }
}

pub(crate) const ELEVENTY: (&str, &str) = (
    "eleventy.config.js",
    "export default function (eleventyConfig) {\n  return { dir: { input: 'src' } };\n}\n",
);
pub(crate) const ELEVENTY_SITE: (&str, &str) = (
    "src/_data/site.json",
    "{ \"title\": \"The Harbour\", \"url\": \"https://harbour.example\", \"lang\": \"en\" }\n",
);

#[test]
fn hexo_title_is_the_rest_of_the_path() {
    for (names, posts, paths) in [
        (
            ":category/:year/:title.md",
            ["news/2024/pier.md", "news/2024/harbour/quay.md"],
            ["/harbour/quay/", "/pier/"],
        ),
        (
            ":category/:title.md",
            ["news/pier.md", "quay.md"],
            ["/pier/", "/quay/"],
        ),
        (
            ":year/:title.md",
            ["2024/pier.md", "news/quay/a.md"],
            ["/a/", "/pier/"],
        ),
    ] {
        let config = format!(
            "title: H\nurl: https://harbour.example\npermalink: :title/\nnew_post_name: {names}\n"
        );
        let package = ("package.json", "{ \"dependencies\": { \"hexo\": \"7\" } }");
        let posts = posts.map(|post| format!("source/_posts/{post}"));
        let posts = posts.each_ref().map(String::as_str);
        configure_site(&[("_config.yml", &config), package], &posts).assert_paths(&paths);
    }
}

#[test]
fn eleventy_permalinks_of_data_files_are_converted() {
    for (file, text, path) in [
        (
            "src/posts/posts.json",
            "{ \"tags\": \"posts\", \"permalink\": \"/log/{{ page.fileSlug }}/\" }",
            "/log/pier/",
        ),
        (
            "src/posts/posts.11tydata.json",
            "{ \"tags\": [\"posts\"], \"permalink\": \"{{ page.filePathStem }}.html\" }",
            "/posts/news/pier.html",
        ),
        (
            "src/posts/posts.11tydata.js",
            "module.exports = { tags: 'posts', permalink: \"/{{ page.date | date: '%Y/%m' }}/{{ title | slugify }}/\" };",
            "/2024/05/the-pier/",
        ),
        (
            "src/posts/posts.11tydata.mjs",
            "export default { tags: ['posts'], eleventyComputed: { permalink: (data) => `/log/${data.page.fileSlug}/` } };",
            "/log/pier/",
        ),
        (
            "src/posts/posts.11tydata.cjs",
            "module.exports = { tags: ['posts'], permalink({ page }) { return `/${page.date.getFullYear()}/${page.fileSlug}/`; } };",
            "/2024/pier/",
        ),
        (
            "src/posts/posts.11tydata.js",
            "module.exports = { tags: 'posts' };",
            "/posts/news/2024-05-01-pier/",
        ),
    ] {
        let site = configure_site(
            &[ELEVENTY, ELEVENTY_SITE, (file, text)],
            &["src/posts/news/2024-05-01-pier.md"],
        );
        site.assert_sure_paths(&[path]);
    }
}

#[test]
fn eleventy_permalinks_of_functions_are_converted() {
    for (body, path) in [
        (
            "(data) { const s = data.page.fileSlug; return `/x/${s}/` }",
            "/x/pier/",
        ),
        (
            "(data) {\n  const d = new Date(data.page.date)\n  const month = String(d.getMonth() + 1).padStart(2, '0')\n  return `/${d.getFullYear()}/${month}/${data.page.fileSlug}/`\n}",
            "/2024/05/pier/",
        ),
        (
            ": function (data) { const { page } = data; return '/x/' + page.fileSlug + '/'; }",
            "/x/pier/",
        ),
        (
            ": data => { const slug = data.page?.fileSlug; const base = `/log/${slug}`; return `${base}/`; }",
            "/log/pier/",
        ),
        (
            "(data: Post): string | false { if (data.external) return false; return `/x/${data.page.fileSlug}/` }",
            "/x/pier/",
        ),
    ] {
        let data =
            format!("const data = {{ tags: 'posts', permalink{body} }}\nexport default data\n");
        for (file, shared) in [
            ("src/posts/posts.11tydata.js", None),
            (
                "src/posts/posts.11tydata.ts",
                Some("export { default } from './posts.11tydata.ts'\n"),
            ),
            (
                "src/shared/article.ts",
                Some("import article from '../shared/article.ts'\nexport default article\n"),
            ),
        ] {
            let shared = shared.map(|shared| ("src/posts/posts.11tydata.js", shared));
            let files: Vec<_> = [ELEVENTY, ELEVENTY_SITE, (file, data.as_str())]
                .into_iter()
                .chain(shared)
                .collect();
            configure_site(&files, &["src/posts/pier.md"]).assert_sure_paths(&[path]);
        }
    }
}

#[test]
fn eleventy_function_that_returns_false_hides_posts() {
    let data = "export default { tags: 'posts', permalink(data) {\n  if (data.external) {\n    return false;\n  }\n  return `/x/${data.page.fileSlug}/`\n} }\n";
    let data = ("src/posts/posts.11tydata.js", data);
    let site = configure_site(&[ELEVENTY, ELEVENTY_SITE, data], &["src/posts/pier.md"]);
    site.assert_sure_paths(&["/x/pier/"]);
    let hidden = "fields = { hidden = \"external\" }";
    assert!(site.toml.contains(hidden), "{}", site.toml);
    let data = "export default { tags: 'posts', permalink(data) {\n  if (!isShown(data)) return false\n  return `/x/${data.page.fileSlug}/`\n} }\n";
    let data = ("src/posts/posts.11tydata.js", data);
    let site = configure_site(&[ELEVENTY, ELEVENTY_SITE, data], &["src/posts/pier.md"]);
    let warning = "leaves out by `permalink`: `!isShown(data)` may be public";
    assert!(site.warnings.contains(warning), "{}", site.warnings);
}

#[test]
fn eleventy_function_that_cannot_be_read_is_a_warning() {
    for data in [
        "module.exports = {\n permalink(data) { return compute(data) } }",
        "module.exports = {\n permalink: function (data) { return compute(data) } }",
        "module.exports = {\n permalink(data) { const d = new Date(data.edited); return `/${d.getFullYear()}/${data.page.fileSlug}/` } }",
        "module.exports = {\n permalink(data) { let s = 'a'; s += data.title; return `/${s}/` } }",
        "module.exports = {\n permalink(data) { if (data.part) return '/part/'; return `/${data.page.fileSlug}/` } }",
        "module.exports = {}\nmodule.exports['permalink'] = make()",
        "const a = require('a')\nmodule.exports = makeData('posts')",
        "const data = {}\nexport default data; data.permalink = (data) => `/${data.page.fileSlug}/`",
    ] {
        let file = ("src/posts/posts.11tydata.js", data);
        let site = configure_site(&[ELEVENTY, ELEVENTY_SITE, file], &["src/posts/pier.md"]);
        let warning = "addresses are made by code in `src/posts/posts.11tydata.js`, line 2";
        assert!(site.warnings.contains(warning), "{data}: {}", site.warnings);
        assert!(
            site.toml.contains("# a guess: Eleventy makes"),
            "{data}: {}",
            site.toml
        );
    }
}

#[test]
fn eleventy_is_recognised_without_a_configuration_file() {
    let package = "{ \"devDependencies\": { \"@11ty/eleventy\": \"^3.1.0\" } }\n";
    let data = ("_data/site.json", ELEVENTY_SITE.1);
    let posts = ["posts/2024-05-01-pier.md", "posts/quay.md"];
    configure_site(&[("package.json", package), data], &posts)
        .assert_sure_paths(&["/posts/2024-05-01-pier/", "/posts/quay/"]);
}

#[test]
fn eleventy_permalink_of_layout_and_global_data_are_found() {
    let layout = (
        "src/_includes/layouts/post.njk",
        "---\nlayout: layouts/base.njk\npermalink: \"/journal/{{ title | slug }}/\"\n---\n{{ content }}\n",
    );
    let tags = (
        "src/posts/posts.json",
        "{ \"tags\": \"posts\", \"layout\": \"layouts/post\" }",
    );
    let site = configure_site(
        &[ELEVENTY, ELEVENTY_SITE, layout, tags],
        &["src/posts/pier.md"],
    );
    site.assert_sure_paths(&["/journal/the-pier/"]);
    assert!(
        site.toml
            .contains("# src/_includes/layouts/post.njk, line 3"),
        "{}",
        site.toml
    );
    let site = configure_site(
        &[
            (
                "eleventy.config.js",
                "export default function (config) {\n  config.setInputDirectory('src');\n  config.addGlobalData('permalink', () => {\n    return (data) => `${data.page.filePathStem}.${data.page.outputFileExtension}`;\n  });\n}\nexport const options = { pathPrefix: '/harbour/' };\n",
            ),
            ELEVENTY_SITE,
            tags,
        ],
        &["src/posts/pier.md"],
    );
    site.assert_sure_paths(&["/harbour/posts/pier.html"]);
}

#[test]
fn eleventy_collection_of_files_is_the_content() {
    let site = configure_site(
        &[
            (
                "eleventy.config.js",
                "module.exports = (config) => {\n  config.addCollection('posts', (api) => api.getFilteredByGlob('./src/notes/*.md'));\n  return { dir: { input: 'src' } };\n};\n",
            ),
            ELEVENTY_SITE,
        ],
        &[
            "src/notes/pier.md",
            "src/notes/private/tide.md",
            "src/talks/a.md",
            "src/talks/b.md",
            "src/talks/c.md",
        ],
    );
    site.assert_paths(&["/notes/pier/"]);
    assert!(
        site.toml
            .contains("# eleventy.config.js, line 2\ndir = \"src/notes\""),
        "{}",
        site.toml
    );
}

#[test]
fn eleventy_files_without_a_page_are_left_out() {
    let site = configure_site(
        &[
            (
                "eleventy.config.js",
                "module.exports = (config) => {\n  config.ignores.add('src/posts/private/**');\n  return { dir: { input: 'src' } };\n};\n",
            ),
            ELEVENTY_SITE,
            (".eleventyignore", "# Old posts\nsrc/posts/old\n"),
            ("src/posts/posts.json", "{ \"tags\": \"posts\" }"),
            ("src/posts/drafts/drafts.json", "{ \"permalink\": false }"),
            (
                "src/posts/tide.11tydata.js",
                "module.exports = { draft: true };",
            ),
        ],
        &[
            "src/posts/pier.md",
            "src/posts/tide.md",
            "src/posts/drafts/crane.md",
            "src/posts/old/quay.md",
            "src/posts/private/lock.md",
        ],
    );
    site.assert_paths(&["/posts/pier/"]);
}

#[test]
fn eleventy_permalink_that_cannot_be_read_is_a_warning() {
    for permalink in [
        "\"{% if draft %}/x/{% endif %}\"",
        "(data) => data.draft ? false : `/${data.page.fileSlug}/`",
        "makePermalink",
    ] {
        let data = format!("module.exports = {{ tags: 'posts', permalink: {permalink} }};\n");
        let site = configure_site(
            &[
                ELEVENTY,
                ELEVENTY_SITE,
                ("src/posts/posts.11tydata.js", &data),
            ],
            &["src/posts/pier.md"],
        );
        assert!(
            site.warnings
                .contains("addresses are made by code in `src/posts/posts.11tydata.js`, line 1"),
            "{permalink}: {}",
            site.warnings
        );
    }
}

const GATSBY: (&str, &str) = (
    "gatsby-config.js",
    "module.exports = {\n  pathPrefix: '/harbour',\n  siteMetadata: { title: 'The Harbour', siteUrl: 'https://harbour.example' },\n  plugins: [{ resolve: 'gatsby-source-filesystem', options: { name: 'blog', path: `${__dirname}/content/blog`, ignore: ['**/drafts/**'] } }],\n};\n",
);

/// Returns a `gatsby-node` with the expressions of `slug` and of the path.
fn gatsby_node(slug: &str, path: &str) -> String {
    format!(
        "const {{ createFilePath }} = require('gatsby-source-filesystem');\nexports.onCreateNode = ({{ node, actions, getNode }}) => {{\n  const value = createFilePath({{ node, getNode, basePath: 'pages' }});\n  actions.createNodeField({{ node, name: 'slug', {slug} }});\n}};\nexports.createPages = async ({{ actions: {{ createPage }}, posts }}) => {{\n  posts.forEach((post) => createPage({{ path: {path}, component: template, context: {{ slug: post.fields.slug }} }}));\n  createPage({{ path: `/tags/${{tag}}/`, component: tags }});\n  createPage({{ path: '/blog', component: list }});\n}};\n"
    )
}

#[test]
fn gatsby_addresses_of_code_are_converted() {
    for (slug, path, address) in [
        ("value", "post.fields.slug", "/harbour/news/pier/"),
        (
            "value",
            "`/log${post.fields.slug}`",
            "/harbour/log/news/pier/",
        ),
        (
            "value",
            "'/log' + post.node.fields.slug",
            "/harbour/log/news/pier/",
        ),
        (
            "value: `/log${value}`",
            "post.fields.slug",
            "/harbour/log/news/pier/",
        ),
        (
            "value: `/log${createFilePath({ node, getNode, basePath: `blog` })}`",
            "post.fields.slug",
            "/harbour/log/news/pier/",
        ),
        (
            "value: `/${_.kebabCase(node.frontmatter.title)}/`",
            "post.fields.slug",
            "/harbour/the-pier/",
        ),
        (
            "value",
            "`/log/${post.frontmatter.slug}/`",
            "/harbour/log/pier/",
        ),
    ] {
        let site = configure_site(
            &[GATSBY, ("gatsby-node.js", &gatsby_node(slug, path))],
            &["content/blog/news/pier.md", "content/blog/drafts/tide.md"],
        );
        site.assert_sure_paths(&[address]);
    }
}

#[test]
fn gatsby_replacements_are_converted_by_their_result() {
    let years = [
        "content/blog/2019/pier.md",
        "content/blog/2020/tide/index.md",
    ];
    let days = ["content/blog/2019-05-01-pier.md"];
    for (slug, posts, addresses) in [
        (
            r"value: createFilePath({ node, getNode }).replace(/\/\d{4}/, '')",
            &years[..],
            &["/harbour/pier/", "/harbour/tide/"][..],
        ),
        (
            r#"value: value.replace(/^\/\d{4}-\d{2}-\d{2}-/, "/")"#,
            &days,
            &["/harbour/pier/"],
        ),
        (
            r"value: '/log' + value.replace(/[0-9]{4}\//g, '')",
            &years,
            &["/harbour/log/pier/", "/harbour/log/tide/"],
        ),
        (
            r"value: value.replace('/notes', '')",
            &["content/blog/notes/pier.md"],
            &["/harbour/pier/"],
        ),
    ] {
        let node = gatsby_node(slug, "post.fields.slug");
        let site = configure_site(&[GATSBY, ("gatsby-node.js", &node)], posts);
        site.assert_sure_paths(addresses);
    }
    for slug in [
        r"value: value.replace(/\/\d{4}/, '')",
        r"value: value.replace(/(unclosed/, '')",
        "value: value.replace(/-/g, (found) => '_')",
    ] {
        let node = gatsby_node(slug, "post.fields.slug");
        let posts = ["content/blog/2019/a/pier.md", "content/blog/low-tide.md"];
        let site = configure_site(&[GATSBY, ("gatsby-node.js", &node)], &posts);
        assert!(!site.toml.contains("permalinks"), "{slug}: {}", site.toml);
        assert!(
            site.warnings.contains("addresses are made by code"),
            "{slug}"
        );
    }
}

#[test]
fn gatsby_metadata_in_a_variable_is_read() {
    for property in ["siteMetadata", "siteMetadata: siteMetadata"] {
        let config = format!(
            "const siteMetadata = {{ title: 'The Mole', siteUrl: 'https://harbour.example' }};\nmodule.exports = {{ {property}, plugins: [] }};\n"
        );
        let site = configure_site(&[("gatsby-config.js", &config)], &["src/posts/pier.md"]);
        assert!(site.toml.contains("title = \"The Mole\""), "{}", site.toml);
        assert!(
            site.toml.contains("url = \"https://harbour.example\""),
            "{}",
            site.toml
        );
    }
}

#[test]
fn gatsby_file_route_is_converted() {
    let site = configure_site(
        &[GATSBY, ("src/pages/log/{Mdx.frontmatter__title}.tsx", "")],
        &["content/blog/a.mdx"],
    );
    site.assert_sure_paths(&["/harbour/log/the-pier/"]);
    let route = "src/pages/log/{MarkdownRemark.frontmatter__slug}.js";
    let site = configure_site(
        &[
            GATSBY,
            (route, ""),
            (
                "content/blog/b.md",
                "---\ntitle: B\ndate: 2024-05-01\nslug: Low/The-Needle\n---\nText.\n",
            ),
        ],
        &[],
    );
    site.assert_sure_paths(&["/harbour/log/low/the-needle/"]);
}

#[test]
fn gatsby_addresses_that_cannot_be_read_are_a_warning() {
    for (slug, path, line) in [
        ("value: `/blog/${parts[1]}.html`", "post.fields.slug", 7),
        ("value", "post.frontmatter.slug || post.fields.slug", 7),
        ("value", "makePath(post.fields.slug, 'x')", 7),
    ] {
        let site = configure_site(
            &[GATSBY, ("gatsby-node.js", &gatsby_node(slug, path))],
            &["content/blog/pier.md"],
        );
        let expected = format!("addresses are made by code in `gatsby-node.js`, line {line}");
        assert!(
            site.warnings.contains(&expected),
            "{path}: {}",
            site.warnings
        );
        assert!(!site.toml.contains("permalinks"), "{}", site.toml);
    }
    let node = "exports.createPages = ({ actions }) => actions.createPage({ path: post.fields.slug, component });\nexports.onCreateNode = ({ node, actions, getNode }) => {\n  let slug = getNode(node.parent).name;\n  slug = `/${slug}`;\n  actions.createNodeField({ node, name: 'slug', value: slug });\n};\n";
    let site = configure_site(
        &[GATSBY, ("gatsby-node.js", node)],
        &["content/blog/pier.md"],
    );
    assert!(
        site.warnings.contains("in `gatsby-node.js`, line"),
        "{}",
        site.warnings
    );
}

#[test]
fn gatsby_posts_that_state_their_path_need_no_warning() {
    let node = gatsby_node("value", "post.frontmatter.path");
    let site = configure_site(
        &[
            GATSBY,
            ("gatsby-node.js", &node),
            (
                "content/blog/pier.md",
                "---\ntitle: Pier\ndate: 2024-05-01\npath: https://harbour.example/harbour/x/\n---\n",
            ),
        ],
        &[],
    );
    site.assert_sure_paths(&["/harbour/x/"]);
}

/// Returns the files of a Hexo site with more keys in its configuration.
fn hexo_site(more: &str, posts: &[&str]) -> ConfiguredSite {
    let config = format!("title: The Harbour\nurl: https://harbour.example\n{more}");
    configure_site(
        &[
            ("_config.yml", &config),
            ("_config.landscape.yml", "permalink: :no/\n"),
            (
                "package.json",
                "{ \"dependencies\": { \"hexo\": \"^7.0.0\" } }\n",
            ),
        ],
        posts,
    )
}

#[test]
fn hexo_permalinks_are_converted() {
    for (more, path) in [
        ("", "/2024/05/01/2024-05-01-pier/"),
        (
            "permalink: news/:year/:month/:day/:title/\nnew_post_name: :year-:month-:day-:title.md\n",
            "/news/2024/05/01/pier/",
        ),
        (
            "permalink: :title.html\nnew_post_name: :year-:month-:day-:title.md\npretty_urls:\n  trailing_html: false\n",
            "/pier",
        ),
        (
            "permalink: :i_month/:post_title/\nroot: /log/\n",
            "/log/5/the-pier/",
        ),
    ] {
        hexo_site(more, &["source/_posts/2024-05-01-pier.md"]).assert_sure_paths(&[path]);
    }
}

#[test]
fn hexo_category_with_a_space_is_one() {
    let config = "title: The Harbour\nurl: https://harbour.example\npermalink: :category/:name/\n";
    let post = "---\ntitle: Tart\ndate: 2024-05-01\ncategories: Sweet Things\n---\nText.\n";
    let files = [
        ("_config.yml", config),
        (
            "package.json",
            "{ \"dependencies\": { \"hexo\": \"8\" } }\n",
        ),
        ("source/_posts/tart.md", post),
    ];
    configure_site(&files, &[]).assert_sure_paths(&["/Sweet-Things/tart/"]);
}

#[test]
fn hexo_languages_of_permalinks_are_kept() {
    let dirs = "language: [en, fr]\npermalink: :lang/:title/\nnew_post_name: :lang/:title.md\n";
    hexo_site(
        dirs,
        &["source/_posts/en/pier.md", "source/_posts/fr/jetee.md"],
    )
    .assert_sure_paths(&["/en/pier/", "/fr/jetee/"]);
    let default = format!("{dirs}permalink_defaults:\n  lang: en\n");
    let posts = [
        "source/_posts/pier.md",
        "source/_posts/en/quay.md",
        "source/_posts/fr/jetee.md",
    ];
    hexo_site(&default, &posts).assert_sure_paths(&["/en/pier/", "/en/quay/", "/fr/jetee/"]);
    let site = hexo_site(
        "language: [en, fr]\npermalink: :lang/:title/\n",
        &["source/_posts/pier.md"],
    );
    assert!(
        site.warnings.contains("the default language"),
        "{}",
        site.warnings
    );
    assert!(
        site.toml.contains("languages = [\"en\", \"fr\"]"),
        "{}",
        site.toml
    );
}

#[test]
fn hexo_drafts_and_skipped_posts_stay_hidden() {
    let site = hexo_site(
        "permalink: :title/\nrender_drafts: true\nskip_render:\n  - _posts/raw/**\nsource_dir: source\n",
        &[
            "source/_posts/pier.md",
            "source/_posts/raw/tide.md",
            "source/_drafts/crane.md",
        ],
    );
    site.assert_paths(&["/pier/"]);
}

const NUXT: (&str, &str) = (
    "nuxt.config.ts",
    "export default defineNuxtConfig({ modules: ['@nuxt/content'], site: { url: 'https://harbour.example', name: 'The Harbour' } })\n",
);

#[test]
fn nuxt_collections_are_read() {
    for (config, path) in [
        (
            "blog: defineCollection({ type: 'page', source: '2.blog/**/*.md' })",
            "/blog/pier",
        ),
        (
            "blog: defineCollection({ type: 'page', source: { include: '2.blog/**', prefix: '/news', exclude: ['2.blog/old/**'] } })",
            "/news/pier",
        ),
        (
            "content: defineCollection({ type: 'page', source: '**' }), data: defineCollection({ type: 'data', source: '2.blog/**' })",
            "/blog/pier",
        ),
    ] {
        let config =
            format!("export default defineContentConfig({{ collections: {{ {config} }} }})\n");
        let site = configure_site(
            &[NUXT, ("content.config.ts", &config)],
            &["content/2.blog/1.pier.md"],
        );
        site.assert_sure_paths(&[path]);
        assert!(site.toml.contains("names = \"nuxt\""), "{}", site.toml);
    }
}

#[test]
fn nuxt_route_with_an_address_of_its_own_is_used() {
    let config = "export default defineContentConfig({ collections: { posts: defineCollection({ type: 'page', source: 'posts/*.md' }) } })\n";
    for (route, path) in [
        (
            "<script setup>\nconst { data } = await useAsyncData(() => queryCollection('posts').path(`/posts/${useRoute().params.slug}`).first())\n</script>\n<template><ContentRenderer :value=\"data\" /></template>\n",
            "/blog/pier",
        ),
        (
            "<script setup>\nconst route = useRoute()\nconst { data } = await useAsyncData(() => queryCollection('posts').path(route.path).first())\n</script>\n",
            "/posts/pier",
        ),
    ] {
        let site = configure_site(
            &[
                NUXT,
                ("content.config.ts", config),
                ("app/pages/blog/[slug].vue", route),
            ],
            &["content/posts/pier.md"],
        );
        site.assert_sure_paths(&[path]);
    }
}

#[test]
fn nuxt_languages_and_base_are_read() {
    let site = configure_site(
        &[(
            "nuxt.config.ts",
            "export default defineNuxtConfig({\n  site: { url: 'https://harbour.example', name: 'The Harbour' },\n  app: { baseURL: '/harbour/' },\n  i18n: { locales: [{ code: 'fr', name: 'Français' }, { code: 'en', name: 'English' }], defaultLocale: 'en' },\n})\n",
        )],
        &["content/en/blog/pier.md", "content/fr/blog/jetee.md"],
    );
    site.assert_sure_paths(&["/harbour/blog/pier", "/harbour/fr/blog/jetee"]);
}

#[test]
fn nuxt_drafts_and_partial_content_stay_hidden() {
    let site = configure_site(
        &[NUXT],
        &[
            "content/blog/pier.md",
            "content/blog/tide.draft.md",
            "content/blog/_part.md",
            "content/blog/-old.md",
        ],
    );
    site.assert_paths(&["/blog/pier"]);
}

#[test]
fn hexo_ignored_names_and_patterns_stay_hidden() {
    let site = hexo_site(
        "permalink: :title/\nignore:\n  - '**/ig.md'\nexclude: '*.draft.md'\n",
        &[
            "source/_posts/pier.md",
            "source/_posts/_w.md",
            "source/_posts/_d/w.md",
            "source/_posts/.w.md",
            "source/_posts/ig.md",
            "source/_posts/a/ig.md",
            "source/_posts/b.draft.md",
            "source/_posts/a/b.draft.md",
        ],
    );
    site.assert_paths(&["/pier/"]);
    let site = hexo_site(
        "permalink: :title/\nignore:\n  - '!(pier).md'\n",
        &["source/_posts/pier.md"],
    );
    let found = site.warnings.contains("_config.yml") && site.warnings.contains("may be public");
    assert!(found, "{}", site.warnings);
}

/// Checks the posts that a configuration leaves public, and the start of a warning's text.
fn assert_left_out(files: &[(&str, &str)], posts: &[&str], public: &[&str], warning: &str) {
    let site = configure_site(files, posts);
    site.assert_paths(public);
    assert!(site.warnings.contains(warning), "{}", site.warnings);
}

#[test]
fn docusaurus_excluded_posts_stay_hidden() {
    for options in [
        "presets: [['classic', { blog: { exclude: ['**/wip/**', '**/d-*.md'] } }]]",
        "presets: [['classic', { blog: { path: 'blog', exclude: ['**/wip/**', '**/d-*.md'] } }]]",
        "presets: [['classic', { blog: false }]], plugins: [['@docusaurus/plugin-content-blog', { path: 'blog', exclude: ['**/wip/**', '**/d-*.md'] }]]",
    ] {
        let config =
            format!("export default {{ title: 'P', url: 'https://harbour.example', {options} }}\n");
        assert_left_out(
            &[("docusaurus.config.js", &config)],
            &["blog/a.md", "blog/wip/b.md", "blog/d-c.md", "blog/x/d-c.md"],
            &["/blog/a"],
            "",
        );
    }
}

#[test]
fn pelican_excluded_articles_stay_hidden() {
    let config = "SITEURL = 'https://harbour.example'\nPATH = 'content'\nSLUGIFY_SOURCE = 'basename'\nARTICLE_EXCLUDES = ['exc']\nIGNORE_FILES = ['ig*', OTHER]\n";
    assert_left_out(
        &[("pelicanconf.py", config)],
        &[
            "content/a.md",
            "content/exc/b.md",
            "content/igc.md",
            "content/x/igd.md",
        ],
        &["/a.html"],
        "pelicanconf.py:5",
    );
}

#[test]
fn zola_ignored_content_stays_hidden() {
    let config = "base_url = 'https://harbour.example'\ntitle = 'P'\nignored_content = ['*/ig.md', '**/wip/**']\n";
    assert_left_out(
        &[("zola.toml", config)],
        &[
            "content/a.md",
            "content/ig.md",
            "content/x/ig.md",
            "content/wip/b.md",
        ],
        &["/a/"],
        "",
    );
}

#[test]
fn hugo_cascades_and_ignored_files_stay_hidden() {
    let config = "baseURL = 'https://harbour.example/'\ntitle = 'P'\nignoreFiles = ['\\.draft\\.md$', '^x']\n[[cascade]]\ndraft = true\n[cascade.target]\npath = '/posts/wip/**'\n[[module.mounts]]\nsource = 'content'\ntarget = 'content'\nexcludeFiles = ['posts/exc/*']\n";
    let posts = [
        "content/posts/a.md",
        "content/posts/b.draft.md",
        "content/posts/wip/c.md",
        "content/posts/exc/d.md",
    ];
    for warning in ["hugo.toml:3", "hugo.toml:4", "`cascade` with `draft`"] {
        let files = [("hugo.toml", config)];
        assert_left_out(&files, &posts, &["/posts/a/"], warning);
    }
}

#[test]
fn gatsby_list_with_a_regex_keeps_its_patterns() {
    let config = "module.exports = {\n siteMetadata: { title: 'P', siteUrl: 'https://harbour.example' },\n plugins: [{ resolve: 'gatsby-source-filesystem', options: { path: 'content/blog', name: 'blog',\n ignore: [/wip-/, '**/draft-*'] } }],\n}\n";
    assert_left_out(
        &[("gatsby-config.js", config)],
        &["content/blog/a.md", "content/blog/draft-b.md"],
        &["/a/"],
        "gatsby-config.js:4",
    );
}

#[test]
fn eleventy_data_files_that_hide_posts_are_read() {
    let package = (
        "package.json",
        "{ \"dependencies\": { \"@11ty/eleventy\": \"3\" } }\n",
    );
    let metadata = (
        "_data/metadata.json",
        "{ \"title\": \"P\", \"url\": \"https://harbour.example\" }\n",
    );
    for (data, warning) in [
        ("exports.draft = true\n", ""),
        ("module.exports.permalink = false;\n", ""),
        ("module.exports = { draft: !0 }\n", ""),
        (
            "module.exports = { permalink: process.env.X ? false : false }\n",
            "",
        ),
        (
            "module.exports = { eleventyComputed: { permalink: () => false } }\n",
            "",
        ),
        (
            "module.exports = {\n draft: process.env.X === 'a' }\n",
            "posts/wip/wip.11tydata.js:2",
        ),
    ] {
        assert_left_out(
            &[package, metadata, ("posts/wip/wip.11tydata.js", data)],
            &["posts/a.md", "posts/b.md", "posts/wip/c.md"],
            &["/posts/a/", "/posts/b/"],
            warning,
        );
    }
    let config = "module.exports = (config) => {\n config.addGlobalData('draft', true)\n}\n";
    assert_left_out(
        &[package, metadata, (".eleventy.js", config)],
        &["posts/a.md"],
        &[],
        ".eleventy.js:2",
    );
}

#[test]
fn hugo_directories_of_languages_may_have_other_names() {
    let site = create_site(&[
        (
            "hugo.toml",
            "baseURL = 'https://harbour.example/'\ntitle = 'H'\n[languages.en]\ncontentDir = 'content/english'\n[languages.pt-br]\ncontentDir = 'content/brazil'\n",
        ),
        (
            "content/english/log/crane.md",
            &post_text("Crane", "2024-05-01"),
        ),
        (
            "content/brazil/log/crane.md",
            &post_text("Guindaste", "2024-05-02"),
        ),
        ("content/attic/log/old.md", &post_text("Old", "2024-05-03")),
    ]);
    let toml = site.init_and_check("courant.toml");
    let rewrites =
        "rewrites = { \"english/:path*\" = \"en/:path*\", \"brazil/:path*\" = \"pt-br/:path*\" }";
    assert!(toml.contains(rewrites), "{toml}");
    assert_eq!(
        site.post_urls("courant.toml"),
        [
            "https://harbour.example/pt-br/log/crane/",
            "https://harbour.example/log/crane/"
        ]
    );
}

#[test]
fn vitepress_rewrites_change_addresses() {
    let config = |rewrites: &str| {
        format!(
            "export default {{ title: 'P', sitemap: {{ hostname: 'https://pier.example' }}, rewrites{rewrites} }}\n"
        )
    };
    let rewrites = "{ 'notes/:month/:note.md': ':note.md', 'crews/:crew/src/:rest*': ':crew/:rest*', 'a/:b?': 'b' }";
    let site = create_site(&[
        (".vitepress/config.ts", &config(&format!(": {rewrites}"))),
        ("notes/may/ebb.md", &post_text("Ebb", "2024-05-01")),
        ("crews/red/src/oars.md", &post_text("Oars", "2024-05-02")),
        ("crews/blue/src/index.md", &post_text("Blue", "2024-05-03")),
        ("crews/blue/old/sail.md", &post_text("Sail", "2024-05-04")),
    ]);
    let printed = stderr_of(&site.run_courant(&["init"]));
    assert_eq!(
        printed.matches("`rewrites` changes addresses").count(),
        1,
        "{printed}"
    );
    assert_eq!(
        site.post_urls("config.toml"),
        [
            "https://pier.example/crews/blue/old/sail.html",
            "https://pier.example/blue/",
            "https://pier.example/red/oars.html",
            "https://pier.example/ebb.html",
        ]
    );
    for function in ["(id) { return id }", ": (id) => id.slice(2)"] {
        let site = create_site(&[
            (".vitepress/config.ts", &config(function)),
            ("notes/ebb.md", &post_text("Ebb", "2024-05-01")),
        ]);
        let printed = stderr_of(&site.run_courant(&["init"]));
        assert!(
            printed.contains("`rewrites` changes addresses, and is not read"),
            "{printed}"
        );
    }
}

#[test]
fn jekyll_reads_unquoted_times_with_seconds_as_utc() {
    let post = |date: &str| format!("---\ntitle: Bell\ndate: {date}\n---\nIt rang.\n");
    let site = create_site(&[
        (
            "_config.yml",
            "title: P\nurl: https://pier.example\ntimezone: America/New_York\npermalink: /:day/:hour/:title\n",
        ),
        ("_posts/2024-05-09-plain.md", &post("2024-05-09 23:45:00")),
        ("_posts/2024-05-08-letter.md", &post("2024-05-08T23:45:00")),
        ("_posts/2024-05-07-minute.md", &post("2024-05-07 23:45")),
        (
            "_posts/2024-05-06-quoted.md",
            &post("\"2024-05-06 23:45:00\""),
        ),
        (
            "_posts/2024-05-05-zone.md",
            &post("2024-05-05 22:45:00 -0500"),
        ),
        ("_posts/2024-05-04-day.md", &post("2024-05-04")),
    ]);
    site.init_and_check(".courant.toml");
    let expected = [
        "04/00/day",
        "05/23/zone",
        "06/23/quoted",
        "07/23/minute",
        "08/19/letter",
        "09/19/plain",
    ];
    let expected = expected.map(|path| format!("https://pier.example/{path}"));
    assert_eq!(site.post_urls(".courant.toml"), expected);
}

#[test]
fn hexo_removes_html_from_permalinks_of_posts() {
    let post = "---\ntitle: Reel\ndate: 2024-05-02\npermalink: /kept/reel.html\n---\nIt turns.\n";
    let config =
        |more: &str| format!("title: P\nurl: https://pier.example\npermalink: :title.html\n{more}");
    for (more, ending) in [
        ("pretty_urls:\n  trailing_html: false\n", ""),
        ("", ".html"),
    ] {
        let site = create_site(&[
            ("package.json", "{ \"dependencies\": { \"hexo\": \"8\" } }"),
            ("_config.yml", &config(more)),
            ("source/_posts/reel.md", post),
            ("source/_posts/rod.md", &post_text("Rod", "2024-05-01")),
        ]);
        site.init_and_check("config.toml");
        let expected = ["kept/reel", "rod"];
        let expected = expected.map(|path| format!("https://pier.example/{path}{ending}"));
        assert_eq!(site.post_urls("config.toml"), expected);
    }
}

#[test]
fn pelican_translations_have_addresses_of_their_own() {
    let post = |title: &str, slug: &str, lang: &str| {
        format!("Title: {title}\nDate: 2024-05-01\nLang: {lang}\nSlug: {slug}\n\nIt floats.\n")
    };
    let config = "SITENAME = 'P'\nSITEURL = 'https://pier.example'\nDEFAULT_LANG = 'en'\n";
    for (more, of_translation) in [
        ("", "raft-pt-BR.html"),
        ("ARTICLE_LANG_URL = 'l/{lang}/{slug}/'\n", "l/pt-BR/raft/"),
    ] {
        let site = create_site(&[
            ("pelicanconf.py", &format!("{config}{more}")),
            ("content/raft.md", &post("Raft", "raft", "en")),
            ("content/balsa.md", &post("Balsa", "raft", "pt-BR")),
        ]);
        let toml = site.init_and_check("config.toml");
        assert!(toml.contains("languages = [\"en\", \"pt-BR\"]"), "{toml}");
        let mut urls = site.post_urls("config.toml");
        urls.sort_by_key(|url| url.contains("pt-BR"));
        let expected = ["raft.html", of_translation];
        let expected = expected.map(|path| format!("https://pier.example/{path}"));
        assert_eq!(urls, expected);
    }
}

#[test]
fn astro_pages_keep_their_paths() {
    let slug = |text: String| text.replacen("---\n", "---\nslug: elsewhere\n", 1);
    let tide = slug(post_text("Tide", "2024-05-02"));
    let collection = "const logs = defineCollection({ loader: glob({ pattern: '**/*.md', base: 'src/pages/logs' }) });\nexport const collections = { logs };\n";
    for config in ["export const collections = {};\n", collection] {
        let site = configure_site(
            &[
                ASTRO,
                ("src/content.config.ts", config),
                ("src/content/quotes/one.json", "{}"),
                ("src/pages/logs/2024/Spring.Tide.md", &tide),
            ],
            &["src/pages/logs/Pier_One.md", "src/pages/logs/Quay/index.md"],
        );
        site.assert_sure_paths(&["/logs/2024/Spring.Tide/", "/logs/Pier_One/", "/logs/Quay/"]);
        assert!(!site.toml.contains("names ="), "{}", site.toml);
    }
}

#[test]
fn directory_of_posts_without_dates_is_named() {
    let undated = "---\ntitle: Tern\n---\nText.\n";
    let site = configure_site(
        &[
            ASTRO,
            ("src/content/blog/a.md", undated),
            ("src/content/blog/b.md", undated),
        ],
        &["src/content/blog/pier.md"],
    );
    assert!(
        site.warnings.contains("2 of 3 files have no date"),
        "{}",
        site.warnings
    );
    assert!(
        site.warnings.contains("src/content/blog"),
        "{}",
        site.warnings
    );
}
