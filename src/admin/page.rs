//! What is known into the HTML that the operator sees. It works without the script, which only fetches the
//! same page again when there is news and puts the new parts in place of the old.
//!
//! All text goes through `maud`, which escapes it; nothing of a post stands in a style, a script or an
//! address without a scheme of ours.

mod now;
mod parts;
mod post;
mod posts;
mod preview;
mod readers;

use maud::{DOCTYPE, Markup, html};

use super::desk::Desk;
use super::route::Query;
use super::told::Now;
use super::view::View;
use parts::Clock;

pub(super) use preview::entry;

/// One of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// What is served, and what is wrong.
    Now,
    /// All posts.
    Posts,
    /// One post.
    Post,
    /// Who reads.
    Readers,
}

/// A page that was made.
pub(super) struct Made {
    pub(super) html: String,
    /// Whether what it is about is there.
    pub(super) is_there: bool,
    /// An origin that it shows a picture from.
    pub(super) pictures_from: Option<String>,
}

/// Something that pages are made with.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) media_type: &'static str,
    pub(super) text: &'static str,
}

const STYLE: Asset = Asset {
    media_type: "text/css; charset=utf-8",
    text: include_str!("page/style.css"),
};
const SCRIPT: Asset = Asset {
    media_type: "text/javascript; charset=utf-8",
    text: include_str!("page/script.js"),
};
const ICON: Asset = Asset {
    media_type: "image/svg+xml",
    text: include_str!("page/icon.svg"),
};

/// What is there whoever asks.
pub(super) fn asset(path: &str) -> Option<&'static Asset> {
    match path {
        "/style.css" => Some(&STYLE),
        "/script.js" => Some(&SCRIPT),
        "/icon.svg" => Some(&ICON),
        _ => None,
    }
}

impl Page {
    pub(super) fn at(path: &str) -> Option<Page> {
        match path {
            "/" => Some(Page::Now),
            "/posts" => Some(Page::Posts),
            "/post" => Some(Page::Post),
            "/readers" => Some(Page::Readers),
            _ => None,
        }
    }
}

/// What every page is made of.
struct Frame<'a> {
    now: &'a Now,
    view: &'a View,
    clock: Clock,
}

/// Makes a page. It may wait for the watch, and read files.
pub(super) fn render(page: Page, desk: &Desk, query: &Query) -> Made {
    let (now, view) = desk.look();
    let Some(view) = view else {
        return Made {
            html: starting().into_string(),
            is_there: true,
            pictures_from: None,
        };
    };
    let settings = &view.overview.judged.site.settings;
    let frame = Frame {
        now: &now,
        view: &view,
        clock: Clock::new(desk.clock(), settings.timezone),
    };
    let (title, body, is_there, pictures_from) = match page {
        Page::Now => ("Now", now::page(&frame, &desk.snapshot()), true, None),
        Page::Posts => ("Posts", posts::page(&frame, query), true, None),
        Page::Post => {
            let made = post::page(&frame, query.get("path"));
            ("Post", made.body, made.is_there, made.pictures_from)
        }
        Page::Readers => ("Readers", readers::page(&frame, desk), true, None),
    };
    let html = document(
        &format!("{title} · {}", settings.title),
        Some((&frame, page)),
        &body,
    );
    Made {
        html: html.into_string(),
        is_there,
        pictures_from,
    }
}

/// What is asked of who has no token yet.
pub(super) fn login(was_wrong: bool) -> String {
    let body = html! {
        main.narrow id="main" {
            h1 { "Who asks?" }
            p { "This page is for who runs the site. It asks for the token of " code { "[admin]" } " in the configuration." }
            form.login method="post" action="/login" {
                label for="token" { "Token" }
                input #token name="token" type="password" autocomplete="current-password" required autofocus
                    aria-describedby=[was_wrong.then_some("wrong")] aria-invalid=[was_wrong.then_some("true")];
                @if was_wrong { p.error #wrong role="alert" { "That is another." } }
                button type="submit" { "Show it" }
            }
        }
    };
    document("courant", None, &body).into_string()
}

fn starting() -> Markup {
    let body = html! {
        main.narrow id="main" {
            h1 { "Busy" }
            p { "The posts are being read. This page can tell more in a moment." }
            p { a href="" { "Look again" } }
        }
    };
    document("courant", None, &body)
}

fn document(title: &str, at: Option<(&Frame<'_>, Page)>, body: &Markup) -> Markup {
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
                @if let Some((frame, page)) = at { (header(frame, page)) }
                (body)
            }
        }
    }
}

fn header(frame: &Frame<'_>, page: Page) -> Markup {
    let current = |of: Page| (page == of).then_some("page");
    let troubles = !frame.now.troubles.sentences().is_empty();
    html! {
        a.skip href="#main" { "Skip to the content" }
        header {
            div.bar {
                a.brand href="/" { img src="/icon.svg" alt="" width="24" height="24"; span { "courant" } }
                nav aria-label="Pages" {
                    a href="/" aria-current=[current(Page::Now)] { "Now" }
                    a href="/posts" aria-current=[current(Page::Posts).or(current(Page::Post))] { "Posts" }
                    a href="/readers" aria-current=[current(Page::Readers)] { "Readers" }
                }
                p.live #live data-state=(if troubles { "degraded" } else { "ready" }) {
                    span.dot aria-hidden="true" {}
                    span #live-text data-at=(frame.now.version) {
                        "Generation " (frame.now.status.generation)
                    }
                }
            }
        }
        p.unseen role="status" aria-live="polite" #announce {}
    }
}
