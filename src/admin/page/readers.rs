//! Who reads, as far as it can be told without knowing anybody.

use maud::{Markup, html};

use super::Frame;
use super::parts::{bytes, number, percent};
use crate::admin::desk::Desk;

pub(super) fn page(_frame: &Frame<'_>, desk: &Desk) -> Markup {
    let figures = desk.traffic().figures();
    html! {
        main #main {
            h1 { "Readers" }
            section aria-labelledby="answers" {
                h2 #answers { "Answers since the start" }
                div.scroll tabindex="0" role="region" aria-labelledby="answers" {
                    table {
                        thead { tr {
                            th scope="col" { "Asked for" }
                            th.number scope="col" { "Requests" }
                            th.number scope="col" { "With a condition" }
                            th.number scope="col" { "Not modified" }
                            th.number scope="col" { "Bodies" }
                        } }
                        tbody {
                            @for of in &figures.classes {
                                tr {
                                    th scope="row" { (of.class.name().replace('_', " ")) }
                                    td.number { (number(of.requests())) }
                                    td.number { (percent(of.conditional, of.requests())) }
                                    td.number { (percent(of.with_status(304), of.requests())) }
                                    td.number { (bytes(of.body_bytes)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
