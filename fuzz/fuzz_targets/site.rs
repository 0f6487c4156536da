//! Renders a small generated site once, and answers requests to it.

#![allow(dead_code, reason = "each target includes what it needs of it")]

#[path = "../../benches/generate.rs"]
mod generate;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use courant::http::{ResponderConfig, ResponseBody, respond_to_request};
use courant::model::parse_mode::ParseMode;
use courant::model::post::Post;
use courant::post::{ParsedFile, parse_file};
use courant::publish::snapshot::Snapshot;
use courant::render::render_site;
use courant::site::SiteEvaluation;
use courant::site::card_images::{CardImageSource, NoCardImages};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};

/// The rendered site, with every content coding of each output.
pub static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let config = generate::parse_config(Path::new("."));
    let posts: Vec<Arc<Post>> = (0..20)
        .filter_map(|number| {
            let (text, path) = (generate::post_text(number), generate::post_path(number));
            match parse_file(text.as_bytes(), &path, &config, ParseMode::Full) {
                ParsedFile::Post { post, .. } => Some(post),
                _ => None,
            }
        })
        .collect();
    let site =
        SiteEvaluation::evaluate_posts(&config, &posts, DateTime::<Utc>::from(generate::now()))
            .site;
    let images: Arc<dyn CardImageSource> = Arc::new(NoCardImages);
    let artifacts = render_site(&site, &images)
        .expect("the site can be rendered")
        .artifacts;
    let snapshot = Snapshot::next_generation(&Snapshot::default(), artifacts, now());
    snapshot.compress_fast();
    snapshot
});

pub fn now() -> SystemTime {
    generate::now()
}

/// The parts of a response that the targets check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub etag: Option<String>,
    pub coding: Option<String>,
    pub vary: Option<String>,
    pub location: Option<String>,
    pub length: usize,
}

/// Sends a valid request with the given target and fields. Returns `None` for a lazy body.
pub fn send_request(
    uri: Uri,
    fields: &[(HeaderName, HeaderValue)],
    prefix: &str,
) -> Option<Answer> {
    let mut request = Request::get(uri).header("host", "harbour.example");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let request = request.body(()).expect("the parts are well formed");
    let config = ResponderConfig::new(&format!("https://harbour.example{prefix}"), 8_000, 16_384);
    let response = respond_to_request(&request.into_parts().0, &SNAPSHOT, &config, now());
    (!response.body().is_lazy()).then(|| summarize_response(&response))
}

fn summarize_response(response: &Response<ResponseBody>) -> Answer {
    let field = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().expect("a field of ours is ASCII").to_owned())
    };
    Answer {
        status: response.status(),
        etag: field("etag"),
        coding: field("content-encoding"),
        vary: field("vary"),
        location: field("location"),
        length: response.body().len(),
    }
}
