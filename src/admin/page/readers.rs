//! Who reads, as far as it can be told without knowing anybody.

use maud::{Markup, html};

use super::Frame;
use super::parts::{bytes, number, outside, percent, plural, table};
use crate::admin::desk::Desk;
use crate::server::{Figures, OfAgent, OfFeed, ReaderFigures};

/// More services are counted.
const MOST_SERVICES: usize = 4;

pub(super) fn page(frame: &Frame<'_>, desk: &Desk) -> Markup {
    let figures = desk.traffic().figures();
    let readers = desk.traffic().reader_figures();
    html! {
        main #main {
            h1 { "Readers" }
            div data-live="tiles" { (tiles(&figures, &readers)) }
            section aria-labelledby="feeds" data-live="feeds" { (feeds(frame, &readers.feeds)) }
            div.columns {
                section aria-labelledby="agents" data-live="agents" { (agents(&readers)) }
                section aria-labelledby="hasty" data-live="hasty" { (hasty(&readers.hasty)) }
            }
            section aria-labelledby="answers" data-live="answers" { (answers(&figures)) }
            p.note {
                "Subscribers are what services such as Feedly say of themselves, the latest of each in the last "
                "day. Other readers are estimated, to some percent, from a hash of their address and program with a "
                "key that nobody knows: no address is kept. All other figures are since the start."
            }
        }
    }
}

fn tiles(figures: &Figures, readers: &ReaderFigures) -> Markup {
    let sum = |of: fn(&OfFeed) -> u64| readers.feeds.iter().map(of).sum::<u64>();
    let (subscribers, pollers) = (sum(|of| of.subscribers), sum(|of| of.pollers));
    let (asked, conditional) = (sum(|of| of.requests), sum(|of| of.conditional));
    let tile = |name: &str, value: String, more: &str| {
        html! { div.tile { dt { (name) } dd { strong { (value) } small { (more) } } } }
    };
    html! {
        dl.tiles {
            (tile("Subscribers", number(subscribers), "by way of services"))
            (tile("Other readers", number(pollers), "in the last day, about"))
            (tile("With a condition", percent(conditional, asked), "of requests for feeds"))
            (tile("Not modified", percent(sum(|of| of.not_modified), asked), "of requests for feeds"))
            (tile("Connections", number(figures.connections.open), "open now"))
            (tile("Refused", number(figures.too_many()), "for asking too often"))
        }
    }
}

fn feeds(frame: &Frame<'_>, feeds: &[OfFeed]) -> Markup {
    let public_url = &frame.view.overview.judged.site.settings.public_url;
    let columns = [
        "Subscribers",
        "Other readers",
        "Requests",
        "With a condition",
        "Not modified",
        "Bodies",
    ];
    let rows = html! { @for of in feeds { tr {
        th scope="row" {
            @match &of.path {
                Some(path) => (outside(&format!("{public_url}{path}"), path)),
                None => "all others",
            }
            @if !of.services.is_empty() { span.path { (services(of)) } }
        }
        td.number { (number(of.subscribers)) }
        td.number { (number(of.pollers)) }
        td.number { (number(of.requests)) }
        td.number { (percent(of.conditional, of.requests)) }
        td.number { (percent(of.not_modified, of.requests)) }
        td.number { (bytes(of.body_bytes)) }
    } } };
    html! {
        h2 #feeds { "Feeds" }
        @if feeds.is_empty() { p.empty { "Nobody has asked for a feed yet." } }
        @else { (table("feeds", &["Feed"], &columns, &rows)) }
    }
}

fn services(of: &OfFeed) -> String {
    let largest = of.services.iter().take(MOST_SERVICES);
    let mut named: Vec<String> = largest
        .map(|(name, count)| format!("{name} {}", number(*count)))
        .collect();
    let more = of.services.len().saturating_sub(MOST_SERVICES);
    if more > 0 {
        named.push(format!("and {}", plural(more, "other service")));
    }
    named.join(", ")
}

fn agents(readers: &ReaderFigures) -> Markup {
    let columns = ["Requests", "With a condition", "Not modified"];
    let rows = html! { @for of in &readers.agents { tr {
        th scope="row" { (of.name) }
        td.number { (number(of.requests)) }
        td.number { (percent(of.conditional, of.requests)) }
        td.number { (percent(of.not_modified, of.requests)) }
    } } };
    html! {
        h2 #agents { "Programs" }
        @if readers.agents.is_empty() { p.empty { "None so far." } }
        @else {
            (table("agents", &["Program"], &columns, &rows))
            @if readers.other_agents > 0 { p.note { (number(readers.other_agents)) " requests of others" } }
        }
    }
}

fn hasty(hasty: &[OfAgent]) -> Markup {
    let rows = html! { @for of in hasty { tr {
        th scope="row" { (of.name) }
        td.number { (number(of.hasty)) }
        td.number { (number(of.refused)) }
    } } };
    html! {
        h2 #hasty { "Who polls too fast" }
        @if hasty.is_empty() { p.empty { "Nobody." } }
        @else {
            (table("hasty", &["Program"], &["Too soon", "Refused"], &rows))
            p.note { "Sooner than once in " code { "server.limits.poll_interval" } ", and without a condition." }
        }
    }
}

fn answers(figures: &Figures) -> Markup {
    let columns = ["Requests", "With a condition", "Not modified", "Bodies"];
    let rows = html! { @for of in &figures.classes { tr {
        th scope="row" { (of.class.name().replace('_', " ")) }
        td.number { (number(of.requests())) }
        td.number { (percent(of.conditional, of.requests())) }
        td.number { (percent(of.with_status(304), of.requests())) }
        td.number { (bytes(of.body_bytes)) }
    } } };
    html! {
        h2 #answers { "Answers" }
        (table("answers", &["Asked for"], &columns, &rows))
    }
}
