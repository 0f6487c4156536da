//! Answers one HTTP request from a snapshot: validation, negotiation, preconditions, response headers.

mod accept_encoding;
mod cache_control;
mod canonical_path;
mod choose_encoding;
pub(crate) mod client_ip;
mod date_header;
mod error_response;
mod feed_delta;
mod feed_variant;
mod host_header;
mod html_preference;
mod preconditions;
mod qvalue;
pub(crate) mod request_headers;
pub(crate) mod request_target;
pub mod respond;
pub(crate) mod response_body;
mod response_headers;
pub(crate) mod validate;
pub(crate) mod webhook_signature;

pub use cache_control::CacheHeaders;
pub use respond::{ResponderConfig, respond_to_request};
pub use response_body::ResponseBody;
