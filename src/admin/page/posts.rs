//! All posts, with their states and why, to be searched and narrowed down.

use maud::{Markup, html};

use super::Frame;
use super::parts::{badge, count, link, message, outside, plural, post_link};
use crate::admin::route::Query;
use crate::admin::view::{Row, STATES};

/// As many as a page stays quick with.
const PER_PAGE: usize = 100;
/// What narrows posts down to those with something wrong.
const WITH_FINDINGS: &str = "findings";

pub(super) fn page(frame: &Frame<'_>, query: &Query) -> Markup {
    let (search, state) = (query.get("q"), query.get("state"));
    let words: Vec<String> = search
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let is_wanted = |row: &&Row| {
        let fits = match state {
            "" => true,
            WITH_FINDINGS => row.errors + row.warnings > 0,
            state => row.state == state,
        };
        fits && row.has(&words)
    };
    let rows: Vec<&Row> = frame.view.rows.iter().filter(is_wanted).collect();
    let pages = rows.len().div_ceil(PER_PAGE).max(1);
    let number = query.get("page").parse().unwrap_or(1).clamp(1, pages);
    let shown = rows.iter().skip((number - 1) * PER_PAGE).take(PER_PAGE);
    html! {
        main #main {
            h1 { "Posts" }
            form.filter method="get" action="/posts" role="search" {
                div {
                    label for="q" { "Search" }
                    input #q name="q" type="search" value=(search) placeholder="Title, file or address";
                }
                div {
                    label for="state" { "State" }
                    select #state name="state" {
                        option value="" { "All, " (count(frame.view.rows.len())) }
                        @for one in STATES {
                            option value=(one) selected[state == one] { (one) ", " (count(frame.view.count(one))) }
                        }
                        option value=(WITH_FINDINGS) selected[state == WITH_FINDINGS] { "with findings" }
                    }
                }
                button type="submit" { "Show" }
            }
            section data-live="posts" aria-label="Posts" {
                p.note role="status" { (plural(rows.len(), "post")) @if pages > 1 { ", page " (number) " of " (pages) } }
                @if rows.is_empty() {
                    p.empty { "No post is like that." }
                } @else {
                    div.scroll tabindex="0" role="group" aria-label="Posts" {
                        table.posts {
                            thead { tr {
                                th scope="col" { "Post" }
                                th scope="col" { "State" }
                                th scope="col" { "Published" }
                                th scope="col" { "Until" }
                                th.number scope="col" { "Findings" }
                            } }
                            tbody { @for row in shown { (line(frame, row)) } }
                        }
                    }
                }
                (pager(query, number, pages))
            }
        }
    }
}

fn line(frame: &Frame<'_>, row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" {
                (post_link(&row.path, &row.title))
                span.path { (row.path) }
                @if let (Some(url), "public" | "unlisted") = (&row.url, row.state) {
                    span.url { (outside(url, url)) }
                }
            }
            td.state {
                (badge(row.state))
                @if row.state != "public" { span.reason { (message(&row.reason)) } }
            }
            td { @if let Some(at) = row.published { (frame.clock.at(at)) } }
            td { @if let Some(at) = row.next_change { (frame.clock.at(at)) } }
            td.number data-severity=(severity(row)) {
                @if row.errors + row.warnings > 0 { (count(row.errors + row.warnings)) }
            }
        }
    }
}

pub(super) fn severity(row: &Row) -> &'static str {
    match (row.errors, row.warnings) {
        (0, 0) => "none",
        (0, _) => "warning",
        _ => "error",
    }
}

fn pager(query: &Query, number: usize, pages: usize) -> Markup {
    let to = |page: usize| {
        link(
            "/posts",
            &[
                ("q", query.get("q")),
                ("state", query.get("state")),
                ("page", &page.to_string()),
            ],
        )
    };
    html! {
        @if pages > 1 {
            nav.pager aria-label="Further posts" {
                @if number > 1 { a rel="prev" href=(to(number - 1)) { "Newer" } }
                @if number < pages { a rel="next" href=(to(number + 1)) { "Older" } }
            }
        }
    }
}
