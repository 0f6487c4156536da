//! A card as networks draw it, and an entry as a feed reader does.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use url::Url;

use super::Frame;
use super::parts::link;
use crate::admin::desk::Desk;
use crate::admin::networks::{ALL, Drawn, Layout, Network, Pictured, Shown};
use crate::site::card::Card;

/// Of a reader: quiet, and as wide as one reads well.
const READER: &str = "body{font:17px/1.6 system-ui,sans-serif;margin:1rem;max-width:42rem;\
    color:#1c1c1c;background:#fff;overflow-wrap:anywhere}img,video{max-width:100%;height:auto}\
    pre{overflow:auto}header{border-bottom:1px solid #ddd;margin-bottom:1rem}h1{font-size:1.4rem;line-height:1.25}\
    header p{color:#555}a{color:#0b57d0}";

/// What a card and its entry look like, and the origin of the picture.
pub(super) fn of(frame: &Frame<'_>, card: &Card) -> (Markup, Option<String>) {
    let overview = &frame.view.overview;
    let site = &overview.judged.site.settings;
    let pictured = Pictured::of(card, |url| overview.pictures.get(url));
    let (source, origin) = match pictured {
        Pictured::Drawn => (link("/card.png", &[("path", &card.path)]), None),
        Pictured::Own(url, _) => (url.to_owned(), origin(url)),
    };
    let alt = card
        .image
        .as_ref()
        .and_then(|image| image.alt.clone())
        .unwrap_or_else(|| card.alt(&site.title));
    let markup = html! {
        section aria-labelledby="preview" {
            h2 #preview { "As a link to it is shown" }
            div.networks {
                @for network in &ALL {
                    @let drawn = network.draws(card, &site.title, &pictured);
                    (one(network, &drawn, &source, &alt, &site.theme_color))
                }
            }
        }
        @if card.article.is_some() {
            section aria-labelledby="entry" {
                h2 #entry { "As a feed reader shows it" }
                iframe.entry src=(link("/entry", &[("path", &card.source)])) title="The entry as a feed reader shows it"
                    sandbox="" loading="lazy" {}
            }
        }
    };
    (markup, origin)
}

fn one(network: &Network, drawn: &Drawn, source: &str, alt: &str, colour: &str) -> Markup {
    let layout = match network.layout {
        Layout::Over => "over",
        Layout::Below => "below",
        Layout::Quote => "quote",
        Layout::Chat => "chat",
    };
    let shown = match drawn.picture {
        Shown::Large => "large",
        Shown::Small => "small",
        Shown::Not => "none",
    };
    let picture = html! {
        @if drawn.picture != Shown::Not { img src=(source) alt=(alt) loading="lazy"; }
    };
    html! {
        figure.network data-network=(network.name) {
            figcaption { (network.name) }
            @if drawn.is_nothing {
                p.empty { "Nothing is drawn." }
            } @else {
                div.card data-layout=(layout) data-picture=(shown) {
                    @if network.layout == Layout::Quote {
                        (texts(network, drawn))
                        (picture)
                    } @else {
                        div.picture { (picture) @if network.layout == Layout::Over { span.title { (drawn.title) } } }
                        (texts(network, drawn))
                    }
                }
            }
            @if !drawn.notes.is_empty() {
                ul.notes { @for note in &drawn.notes { li { (note) } } }
            }
            @if network.name == "Discord" { p.note { "The bar has the colour " code { (colour) } "." } }
        }
    }
}

fn texts(network: &Network, drawn: &Drawn) -> Markup {
    html! {
        div.texts {
            @match network.layout {
                Layout::Over => span.site { "From " (drawn.site) },
                Layout::Quote | Layout::Below => {
                    span.site { (drawn.site) }
                    span.title { (drawn.title) }
                    @if let Some(text) = &drawn.description { span.description { (text) } }
                }
                Layout::Chat => {
                    span.title { (drawn.title) }
                    @if let Some(text) = &drawn.description { span.description { (text) } }
                    span.site { (drawn.site) }
                }
            }
        }
    }
}

/// The entry of a post, as a page of its own that is shown in a frame; `None` where it has none. Its HTML is
/// what feeds have: sanitised, and here in a sandbox besides.
pub(in crate::admin) fn entry(desk: &Desk, path: &str) -> Option<String> {
    let (_, view) = desk.look();
    let view = view?;
    let site = &view.overview.judged.site;
    let entries = site.entries();
    let entry = entries
        .iter()
        .chain(site.unlisted.iter())
        .find(|entry| entry.source() == path)?;
    let zone = site.settings.timezone;
    let content = entry.content().html;
    let authors: Vec<&str> = entry
        .authors()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let html = html! {
        (DOCTYPE)
        html lang=(entry.language().unwrap_or(&site.settings.language)) {
            head {
                meta charset="utf-8";
                base href=(entry.url()) target="_blank";
                title { (entry.title()) }
                style { (PreEscaped(READER)) }
            }
            body {
                header {
                    h1 { (entry.title()) }
                    p {
                        (site.settings.title)
                        @if !authors.is_empty() { " · " (authors.join(", ")) }
                        " · " (entry.published().with_timezone(&zone).format("%-d %b %Y, %H:%M"))
                    }
                }
                (PreEscaped(content))
            }
        }
    };
    Some(html.into_string())
}

fn origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then(|| url.origin().ascii_serialization())
}
