//! The sections of `config.toml`, each from what is written to what is meant.
//!
//! Every section is read to its end even when one before it has faults, so that all are reported.

use std::path::Path;
use std::time::Duration;

use super::admin::admin;
use super::cards::{cards, choice};
use super::check::check;
use super::feeds;
use super::fields::fields;
use super::ids::{self, Ledger};
use super::patterns::patterns;
use super::raw::{Faults, Table, Written};
use super::server::server;
use super::values::{
    DAY, email, fediverse, language_tag, permalinks, site_url, theme_color, timezone, twitter,
    web_address, with, within,
};
use super::{
    Author, Config, Content, HiddenPosts, RobotsGroup, Shortcodes, Site, Sitemap, Watch, WatchMode,
};
use crate::zone::Zone;

/// A post of 16 MiB is not one; the largest seen in the wild, with an inlined photograph, is 0.6.
const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;
/// A file is written in two or three steps, milliseconds apart, and some systems do not tell of its end.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// What an edit may take where no event tells of it.
const POLL: Duration = Duration::from_secs(1);
/// What a lost event may cost.
const RESCAN: Duration = Duration::from_secs(30);

pub(super) fn read(faults: &Faults<'_>, file: &str, dir: &Path, ledger: Ledger) -> Option<Config> {
    let mut root = faults.root();
    let site = site(root.table("site"), faults, file, dir, ledger);
    let content = content(root.table("content"), faults, dir);
    let hidden = hidden(root.table("visibility"), faults);
    let has_pictures = content.static_dir.is_some();
    let cards = cards(root.table("cards"), faults, dir, has_pictures);
    let feed = feeds::defaults(root.table("feed"), faults);
    let feeds = feeds::all(root.tables("feeds"), faults, &feed);
    let sitemap = sitemap(root.table("sitemap"), faults, site.as_ref());
    let robots = root
        .tables("robots")
        .into_iter()
        .map(|table| robots(table, faults))
        .collect();
    let authors = root
        .tables("authors")
        .into_iter()
        .filter_map(|table| author(table, faults, site.as_ref()))
        .collect();
    let check = check(root.table("check"), faults);
    let server = server(root.table("server"), faults, site.as_ref(), dir);
    let admin = admin(root.table("admin"), faults, dir);
    let watch = watch(root.table("watch"), faults);
    root.finish();
    Some(Config {
        file: file.to_owned(),
        site: site?,
        content,
        hidden,
        cards,
        feed,
        feeds,
        sitemap,
        robots: Some(robots)
            .filter(|groups: &Vec<_>| !groups.is_empty())
            .unwrap_or_else(|| {
                vec![RobotsGroup {
                    user_agents: vec!["*".to_owned()],
                    allow: Vec::new(),
                    disallow: Vec::new(),
                }]
            }),
        authors,
        check,
        server: server?,
        admin,
        watch,
    })
}

fn site(
    mut table: Table<'_, '_>,
    faults: &Faults<'_>,
    file: &str,
    dir: &Path,
    ledger: Ledger,
) -> Option<Site> {
    let url = match table.string("url") {
        Some(written) => site_url(faults, &written),
        None => {
            table.missing(
                "url",
                "write `url = \"https://example.org\"`, the address of the site",
            );
            None
        }
    };
    let title = table
        .string("title")
        .map(|written| written.value.trim().to_owned());
    if title.as_deref().unwrap_or_default().is_empty() {
        table.missing("title", "write `title = \"…\"`, the name that readers see");
    }
    let former_urls = table
        .strings("former_urls")
        .map(|written| {
            let one = |text: &String| site_url(faults, &with(&written, text.clone()));
            written.value.iter().filter_map(one).collect()
        })
        .unwrap_or_default();
    let named = table.string("ids");
    let ids = ids::read(faults, table.offset(), named.as_ref(), file, dir, ledger);
    let timezone = table
        .string("timezone")
        .and_then(|written| timezone(faults, &written));
    let language = table
        .string("language")
        .and_then(|written| language_tag(faults, &written));
    let languages = table
        .strings("languages")
        .map(|written| {
            let one = |tag: &String| language_tag(faults, &with(&written, tag.clone()));
            written.value.iter().filter_map(one).collect()
        })
        .unwrap_or_default();
    let permalinks = table
        .string("permalinks")
        .and_then(|written| permalinks(faults, &written));
    let image = table
        .string("image")
        .and_then(|written| web_address(faults, &written, url.as_ref()?));
    let fediverse = table
        .string("fediverse")
        .and_then(|written| fediverse(faults, &written));
    let theme_color = table
        .string("theme_color")
        .and_then(|written| theme_color(faults, &written));
    let description = table
        .string("description")
        .map(|written| written.value.trim().to_owned());
    let copyright = table.string("copyright").map(|written| written.value);
    let twitter = table
        .string("twitter")
        .and_then(|written| twitter(faults, &written));
    table.finish();
    Some(Site {
        url: url?,
        former_urls,
        ids,
        description: description
            .filter(|text| !text.is_empty())
            .or_else(|| title.clone())?,
        title: title?,
        language: language.unwrap_or_else(|| "en".to_owned()),
        languages,
        timezone_is_set: timezone.is_some(),
        timezone: timezone.unwrap_or(Zone::UTC),
        permalinks: permalinks.unwrap_or_else(|| "/:path/".to_owned()),
        image,
        copyright,
        twitter,
        fediverse,
        theme_color: theme_color.unwrap_or_else(|| "#0f766e".to_owned()),
    })
}

fn content(mut table: Table<'_, '_>, faults: &Faults<'_>, dir: &Path) -> Content {
    let written = table.string("dir");
    let include = patterns(faults, table.strings("include"));
    let exclude = patterns(faults, table.strings("exclude")).unwrap_or_default();
    let require = table
        .scalars("require")
        .map(|written| written.value)
        .unwrap_or_default();
    let static_dir = table.string("static_dir");
    let fields = fields(table.table("fields"), faults);
    let z_is_local = table.boolean("z_is_local");
    let public_states = table.strings("public_states");
    let numbered_names = table.boolean("numbered_names");
    let shortcodes = choice(
        faults,
        table.string("shortcodes"),
        &[("reduce", Shortcodes::Reduce), ("keep", Shortcodes::Keep)],
    );
    let max_file_size = table
        .count("max_file_size")
        .and_then(|written| u64::try_from(written.value).ok());
    let posts = dir.join(written.map_or_else(|| "content".to_owned(), |written| written.value));
    table.former(
        "cache",
        "delete the line; nothing is kept between runs any more, and every start reads all posts",
    );
    table.finish();
    Content {
        dir: posts,
        include,
        exclude,
        require,
        fields,
        z_is_local: z_is_local.is_some_and(|written| written.value),
        public_states: public_states
            .map(|written| written.value)
            .unwrap_or_default(),
        numbered_names: numbered_names.is_some_and(|written| written.value),
        shortcodes: shortcodes.unwrap_or(Shortcodes::Reduce),
        static_dir: static_dir.map(|written| dir.join(written.value)),
        max_file_size: max_file_size.unwrap_or(MAX_FILE_SIZE),
    }
}

fn hidden(mut table: Table<'_, '_>, faults: &Faults<'_>) -> HiddenPosts {
    let known = [
        ("hidden", HiddenPosts::Hidden),
        ("unlisted", HiddenPosts::Unlisted),
    ];
    let hidden = choice(faults, table.string("hidden"), &known);
    table.finish();
    hidden.unwrap_or(HiddenPosts::Hidden)
}

fn sitemap(mut table: Table<'_, '_>, faults: &Faults<'_>, site: Option<&Site>) -> Sitemap {
    let written = table.strings("pages");
    table.finish();
    let Some(site) = site else {
        return Sitemap { pages: Vec::new() };
    };
    let Some(written) = written else {
        return Sitemap {
            pages: vec![site.url.clone()],
        };
    };
    let one = |text: &String| {
        let page = site
            .url
            .join(text)
            .ok()
            .filter(|page| page.origin() == site.url.origin());
        if page.is_none() {
            faults.at(
                &written,
                &format!("holds `{text}`, which is not on the site"),
                "write paths such as `/about/`",
            );
        }
        page
    };
    Sitemap {
        pages: written.value.iter().filter_map(one).collect(),
    }
}

fn robots(mut table: Table<'_, '_>, faults: &Faults<'_>) -> RobotsGroup {
    let user_agents = table.strings("user_agents");
    let allow = table.strings("allow");
    let disallow = table.strings("disallow");
    table.finish();
    for written in [&user_agents, &allow, &disallow].into_iter().flatten() {
        if written
            .value
            .iter()
            .any(|line| line.chars().any(char::is_control))
        {
            faults.at(written, "holds a line break", "one rule is one string");
        }
    }
    let rules = |written: Option<Written<Vec<String>>>| {
        written.map(|written| written.value).unwrap_or_default()
    };
    RobotsGroup {
        user_agents: Some(rules(user_agents))
            .filter(|agents| !agents.is_empty())
            .unwrap_or_else(|| vec!["*".to_owned()]),
        allow: rules(allow),
        disallow: rules(disallow),
    }
}

fn author(mut table: Table<'_, '_>, faults: &Faults<'_>, site: Option<&Site>) -> Option<Author> {
    let name = table.string("name");
    if name.is_none() {
        table.missing("name", "write the name as the posts do");
    }
    let url = table
        .string("url")
        .and_then(|written| web_address(faults, &written, &site?.url));
    let author = Author {
        name: name
            .map(|written| written.value.trim().to_owned())
            .unwrap_or_default(),
        url: url.map(Into::into),
        email: table
            .string("email")
            .and_then(|written| email(faults, &written)),
        fediverse: table
            .string("fediverse")
            .and_then(|written| fediverse(faults, &written)),
        twitter: table
            .string("twitter")
            .and_then(|written| twitter(faults, &written)),
    };
    table.finish();
    (!author.name.is_empty()).then_some(author)
}

fn watch(mut table: Table<'_, '_>, faults: &Faults<'_>) -> Watch {
    let mode = choice(
        faults,
        table.string("mode"),
        &[
            ("auto", WatchMode::Auto),
            ("native", WatchMode::Native),
            ("poll", WatchMode::Poll),
            ("off", WatchMode::Off),
        ],
    );
    let debounce = within(
        faults,
        table.duration("debounce"),
        Duration::ZERO..=Duration::from_secs(10),
        DEBOUNCE,
    );
    let mut interval = |key, usual| {
        let bounds = Duration::from_millis(100)..=DAY;
        within(faults, table.duration(key), bounds, usual)
    };
    let poll = interval("poll", POLL);
    let rescan = interval("rescan", RESCAN);
    table.finish();
    Watch {
        mode: mode.unwrap_or(WatchMode::Auto),
        debounce,
        poll,
        rescan,
    }
}
