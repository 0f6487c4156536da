//! Renders the HTML pages: home pages, the pages of feeds for browsers, and card pages.

pub(crate) mod card_page;
pub(crate) mod feed_html;
pub(crate) mod home_page;
pub(crate) mod page_style;
