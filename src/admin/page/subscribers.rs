//! Renders the admin page with the statistics of feed readers and requests. No client address is stored.

use maud::{Markup, html};

use super::components::{
    external_link, format_bytes, format_number, format_percent, format_plural, render_table,
};
use super::frame::PageContext;
use crate::admin::state::AdminState;
use crate::stats::{AgentStats, AudienceStats, FeedStats, TrafficFigures};

/// Maximum subscriber services named per feed. Further services are only counted.
const MAX_SERVICES: usize = 4;

pub(super) fn render_subscribers_page(context: &PageContext<'_>, state: &AdminState) -> Markup {
    let traffic = state.traffic_stats().traffic_figures();
    let audience = state.traffic_stats().audience_stats();
    html! {
        main #main {
            h1 { "Readers" }
            div data-live="tiles" { (render_tiles(&traffic, &audience)) }
            section aria-labelledby="feeds" data-live="feeds" { (render_feeds(context, &audience.feeds)) }
            div.columns {
                section aria-labelledby="agents" data-live="agents" { (render_agents(&audience)) }
                section aria-labelledby="fast-pollers" data-live="fast-pollers" { (render_fast_pollers(&audience.fast_pollers)) }
            }
            section aria-labelledby="answers" data-live="answers" { (render_responses(&traffic)) }
            p.note {
                "Subscribers are reported by services such as Feedly: the latest report of each in the last day. "
                "Other readers are estimated, to within a few percent, from a hash of their address and program "
                "with a secret random key; no address is stored. All other figures count from the start of courant."
            }
        }
    }
}

fn render_tiles(traffic: &TrafficFigures, audience: &AudienceStats) -> Markup {
    let sum = |count: fn(&FeedStats) -> u64| audience.feeds.iter().map(count).sum::<u64>();
    let (subscribers, pollers) = (sum(|feed| feed.subscribers), sum(|feed| feed.pollers));
    let (requests, conditional) = (sum(|feed| feed.requests), sum(|feed| feed.conditional));
    let not_modified = sum(|feed| feed.not_modified);
    let tile = |name: &str, value: String, caption: &str| {
        html! { div.tile { dt { (name) } dd { strong { (value) } small { (caption) } } } }
    };
    html! {
        dl.tiles {
            (tile("Subscribers", format_number(subscribers), "reported by services"))
            (tile("Other readers", format_number(pollers), "in the last day, estimated"))
            (tile("Conditional", format_percent(conditional, requests), "of requests for feeds"))
            (tile("Not modified", format_percent(not_modified, requests), "of requests for feeds"))
            (tile("Connections", format_number(traffic.connections.open), "open now"))
            (tile("Rate limited", format_number(traffic.rate_limited_count()), "requests answered with 429"))
        }
    }
}

fn render_feeds(context: &PageContext<'_>, feeds: &[FeedStats]) -> Markup {
    let public_url = &context.posts.overview.evaluated.site.settings.public_url;
    let columns = [
        "Subscribers",
        "Other readers",
        "Requests",
        "Conditional",
        "Not modified",
        "Bodies",
    ];
    let rows = html! { @for feed in feeds { tr {
        th scope="row" {
            @match &feed.path {
                Some(path) => (external_link(&format!("{public_url}{path}"), path)),
                None => "all others",
            }
            @if !feed.services.is_empty() { span.path { (list_services(feed)) } }
        }
        td.number { (format_number(feed.subscribers)) }
        td.number { (format_number(feed.pollers)) }
        td.number { (format_number(feed.requests)) }
        td.number { (format_percent(feed.conditional, feed.requests)) }
        td.number { (format_percent(feed.not_modified, feed.requests)) }
        td.number { (format_bytes(feed.body_bytes)) }
    } } };
    html! {
        h2 #feeds { "Feeds" }
        @if feeds.is_empty() { p.empty { "No feed was requested yet." } }
        @else { (render_table("feeds", &["Feed"], &columns, &rows)) }
    }
}

/// Lists the services of a feed, each with its number of subscribers.
fn list_services(feed: &FeedStats) -> String {
    let largest = feed.services.iter().take(MAX_SERVICES);
    let mut parts: Vec<String> = largest
        .map(|(name, count)| format!("{name} {}", format_number(*count)))
        .collect();
    let other_count = feed.services.len().saturating_sub(MAX_SERVICES);
    if other_count > 0 {
        parts.push(format!(
            "and {}",
            format_plural(other_count, "other service")
        ));
    }
    parts.join(", ")
}

fn render_agents(audience: &AudienceStats) -> Markup {
    let columns = ["Requests", "Conditional", "Not modified"];
    let rows = html! { @for agent in &audience.agents { tr {
        th scope="row" { (agent.name) }
        td.number { (format_number(agent.requests)) }
        td.number { (format_percent(agent.conditional, agent.requests)) }
        td.number { (format_percent(agent.not_modified, agent.requests)) }
    } } };
    html! {
        h2 #agents { "Programs" }
        @if audience.agents.is_empty() { p.empty { "None so far." } }
        @else {
            (render_table("agents", &["Program"], &columns, &rows))
            @if audience.other_agent_requests > 0 { p.note { (format_number(audience.other_agent_requests)) " requests of other programs" } }
        }
    }
}

/// Renders the programs that poll feeds too often.
fn render_fast_pollers(pollers: &[AgentStats]) -> Markup {
    let rows = html! { @for agent in pollers { tr {
        th scope="row" { (agent.name) }
        td.number { (format_number(agent.too_frequent)) }
        td.number { (format_number(agent.rate_limited)) }
    } } };
    html! {
        h2 #fast-pollers { "Polling too often" }
        @if pollers.is_empty() { p.empty { "None." } }
        @else {
            (render_table("fast-pollers", &["Program"], &["Too early", "Rate limited"], &rows))
            p.note {
                "Unconditional requests, more often than once per " code { "server.limits.poll_interval" } "."
            }
        }
    }
}

fn render_responses(traffic: &TrafficFigures) -> Markup {
    let columns = ["Requests", "Conditional", "Not modified", "Bodies"];
    let rows = html! { @for class in &traffic.classes { tr {
        th scope="row" { (class.class.metrics_label().replace('_', " ")) }
        td.number { (format_number(class.request_count())) }
        td.number { (format_percent(class.conditional_requests, class.request_count())) }
        td.number { (format_percent(class.count_with_status(304), class.request_count())) }
        td.number { (format_bytes(class.body_bytes)) }
    } } };
    html! {
        h2 #answers { "Responses" }
        (render_table("answers", &["Output"], &columns, &rows))
    }
}
