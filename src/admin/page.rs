//! Renders the admin pages as HTML.
//!
//! Pages work without the script. It only fetches the same page again after a change and replaces
//! the parts that differ.
//!
//! All text is escaped by `maud`. No text of a post is put in a style, a script, or a URL whose scheme
//! was not checked.

mod components;
mod frame;
mod overview;
mod post;
mod posts;
mod preview;
mod subscribers;

use maud::{DOCTYPE, Markup, html};

use super::page::frame::PageContext;
use super::query::QueryParams;
use super::state::AdminState;
use components::SiteClock;

pub(super) use preview::render_entry;

/// Page of the admin listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdminPage {
    /// Current generation, recent changes, outputs and findings.
    Overview,
    /// Table of all posts.
    Posts,
    /// Details of one post.
    Post,
    /// Statistics of feed readers and requests.
    Subscribers,
}

/// Rendered page.
pub(super) struct RenderedPage {
    pub(crate) html: String,
    /// False if the requested post does not exist.
    pub(super) is_found: bool,
    /// Origin of an external image on the page, to be allowed by the content security policy.
    pub(super) image_origin: Option<String>,
}

/// Static file that pages use.
#[derive(Debug)]
pub(super) struct StaticAsset {
    pub(super) media_type: &'static str,
    pub(super) text: &'static str,
}

const STYLE_SHEET: StaticAsset = StaticAsset {
    media_type: "text/css; charset=utf-8",
    text: include_str!("page/style.css"),
};
const SCRIPT: StaticAsset = StaticAsset {
    media_type: "text/javascript; charset=utf-8",
    text: include_str!("page/script.js"),
};
const ICON: StaticAsset = StaticAsset {
    media_type: "image/svg+xml",
    text: include_str!("page/icon.svg"),
};

/// Finds a static file by its path. These need no access check.
pub(super) fn find_asset(path: &str) -> Option<&'static StaticAsset> {
    match path {
        "/style.css" => Some(&STYLE_SHEET),
        "/script.js" => Some(&SCRIPT),
        "/icon.svg" => Some(&ICON),
        _ => None,
    }
}

impl AdminPage {
    /// Finds a page by its path.
    pub(super) fn from_path(path: &str) -> Option<AdminPage> {
        match path {
            "/" => Some(AdminPage::Overview),
            "/posts" => Some(AdminPage::Posts),
            "/post" => Some(AdminPage::Post),
            "/readers" => Some(AdminPage::Subscribers),
            _ => None,
        }
    }
}

/// Renders a page. Blocks while the watch is busy, and may read files.
pub(super) fn render_page(
    page: AdminPage,
    state: &AdminState,
    query: &QueryParams,
) -> RenderedPage {
    let (status, posts) = state.load_status_and_posts();
    let Some(posts) = posts else {
        return RenderedPage {
            html: render_starting().into_string(),
            is_found: true,
            image_origin: None,
        };
    };
    let settings = &posts.overview.evaluated.site.settings;
    let context = PageContext {
        status: &status,
        posts: &posts,
        clock: SiteClock::new(state.current_time(), settings.timezone),
        announcements: state.announce_targets(),
        export: state.export_figures(),
        git: state.git_figures(),
    };
    let (title, body, is_found, image_origin) = match page {
        AdminPage::Overview => (
            "Overview",
            overview::render_overview_page(&context, &state.current_snapshot()),
            true,
            None,
        ),
        AdminPage::Posts => (
            "Posts",
            posts::render_posts_page(&context, query),
            true,
            None,
        ),
        AdminPage::Post => {
            let post = post::render_post_page(&context, query.get("path"));
            ("Post", post.body, post.is_found, post.image_origin)
        }
        AdminPage::Subscribers => (
            "Readers",
            subscribers::render_subscribers_page(&context, state),
            true,
            None,
        ),
    };
    let html = render_document(
        &format!("{title} · {}", settings.title),
        Some((&context, page)),
        &body,
    );
    RenderedPage {
        html: html.into_string(),
        is_found,
        image_origin,
    }
}

/// Renders the form that asks for the token.
pub(super) fn render_login(was_wrong: bool) -> String {
    let body = html! {
        main.narrow id="main" {
            h1 { "Log in" }
            p { "This page is for the operator of the site. Enter the token that is set under " code { "[admin]" } " in the configuration." }
            form.login method="post" action="/login" {
                label for="token" { "Token" }
                input #token name="token" type="password" autocomplete="current-password" required autofocus
                    aria-describedby=[was_wrong.then_some("wrong")] aria-invalid=[was_wrong.then_some("true")];
                @if was_wrong { p.error #wrong role="alert" { "Wrong token." } }
                button type="submit" { "Log in" }
            }
        }
    };
    render_document("courant", None, &body).into_string()
}

/// Renders a page for the time before the first post table is available.
fn render_starting() -> Markup {
    let body = html! {
        main.narrow id="main" {
            h1 { "Starting" }
            p { "The posts are being read. Reload this page in a moment." }
            p { a href="" { "Reload" } }
        }
    };
    render_document("courant", None, &body)
}

/// Renders a whole HTML document. Without `page` it has no header.
fn render_document(
    title: &str,
    page: Option<(&PageContext<'_>, AdminPage)>,
    body: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
                script src="/script.js" defer {}
            }
            body {
                @if let Some((context, page)) = page { (render_header(context, page)) }
                (body)
            }
        }
    }
}

/// Renders the navigation and the live status.
fn render_header(context: &PageContext<'_>, page: AdminPage) -> Markup {
    let current = |linked: AdminPage| (page == linked).then_some("page");
    let is_degraded = !context.status.degradations.to_messages().is_empty();
    html! {
        a.skip href="#main" { "Skip to the content" }
        header {
            div.bar {
                a.brand href="/" { img src="/icon.svg" alt="" width="24" height="24"; span { "courant" } }
                nav aria-label="Pages" {
                    a href="/" aria-current=[current(AdminPage::Overview)] { "Overview" }
                    a href="/posts" aria-current=[current(AdminPage::Posts).or(current(AdminPage::Post))] { "Posts" }
                    a href="/readers" aria-current=[current(AdminPage::Subscribers)] { "Readers" }
                }
                p.live #live data-state=(if is_degraded { "degraded" } else { "ready" }) {
                    span.dot aria-hidden="true" {}
                    span #live-text data-at=(context.status.version) {
                        "Generation " (context.status.content.generation)
                    }
                }
            }
        }
        p.unseen role="status" aria-live="polite" #announce {}
    }
}
