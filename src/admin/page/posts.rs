//! Renders the table of all posts, with a search and a filter by state.

use maud::{Markup, html};

use super::components::{
    external_link, format_count, format_plural, link_to_post, render_badge, render_message,
    url_with_query,
};
use super::frame::PageContext;
use crate::admin::post_table::{POST_STATES, PostRow};
use crate::admin::query::QueryParams;

/// Maximum posts per page, which keeps pages fast.
const POSTS_PER_PAGE: usize = 100;
/// Value of the state filter that selects posts with errors or warnings.
const FINDINGS_FILTER: &str = "findings";

pub(super) fn render_posts_page(context: &PageContext<'_>, query: &QueryParams) -> Markup {
    let (search, state) = (query.get("q"), query.get("state"));
    let words: Vec<String> = search
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let rows = context.posts.rows.iter().filter(|row| {
        let has_state = match state {
            "" => true,
            FINDINGS_FILTER => row.errors + row.warnings > 0,
            state => row.state == state,
        };
        has_state && row.has_words(&words)
    });
    let rows: Vec<&PostRow> = rows.collect();
    let pages = rows.len().div_ceil(POSTS_PER_PAGE).max(1);
    let number = query.get("page").parse().unwrap_or(1).clamp(1, pages);
    let shown = rows
        .iter()
        .skip((number - 1) * POSTS_PER_PAGE)
        .take(POSTS_PER_PAGE);
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
                        option value="" { "All, " (format_count(context.posts.rows.len())) }
                        @for choice in POST_STATES {
                            option value=(choice) selected[state == choice] { (choice) ", " (format_count(context.posts.count_in_state(choice))) }
                        }
                        option value=(FINDINGS_FILTER) selected[state == FINDINGS_FILTER] { "with findings" }
                    }
                }
                button type="submit" { "Show" }
            }
            section data-live="posts" aria-label="Posts" {
                p.note role="status" { (format_plural(rows.len(), "post")) @if pages > 1 { ", page " (number) " of " (pages) } }
                @if rows.is_empty() {
                    p.empty { "No matching posts." }
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
                            tbody { @for row in shown { (render_row(context, row)) } }
                        }
                    }
                }
                (render_pager(query, number, pages))
            }
        }
    }
}

fn render_row(context: &PageContext<'_>, row: &PostRow) -> Markup {
    html! {
        tr {
            th scope="row" {
                (link_to_post(&row.path, &row.title))
                span.path { (row.path) }
                @if let (Some(url), "public" | "unlisted") = (&row.url, row.state) {
                    span.url { (external_link(url, url)) }
                }
            }
            td.state {
                (render_badge(row.state))
                @if row.state != "public" { span.reason { (render_message(&row.reason)) } }
            }
            td { @if let Some(at) = row.published { (context.clock.render_time(at)) } }
            td { @if let Some(at) = row.next_change { (context.clock.render_time(at)) } }
            td.number data-severity=(row_severity(row)) {
                @if row.errors + row.warnings > 0 { (format_count(row.errors + row.warnings)) }
            }
        }
    }
}

/// Returns the highest severity of a row's findings, as the style sheet names it.
pub(super) fn row_severity(row: &PostRow) -> &'static str {
    match (row.errors, row.warnings) {
        (0, 0) => "none",
        (0, _) => "warning",
        _ => "error",
    }
}

/// Renders the links to the newer and older posts.
fn render_pager(query: &QueryParams, number: usize, pages: usize) -> Markup {
    let page_link = |page: usize| {
        url_with_query(
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
                @if number > 1 { a rel="prev" href=(page_link(number - 1)) { "Newer" } }
                @if number < pages { a rel="next" href=(page_link(number + 1)) { "Older" } }
            }
        }
    }
}
