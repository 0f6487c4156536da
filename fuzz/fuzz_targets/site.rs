//! A small generated site, rendered once, and requests to it.

#![allow(dead_code, reason = "each target includes what it needs of it")]

#[path = "../../benches/generate.rs"]
mod generate;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use courant::content::{Depth, Parsed, parse};
use courant::post::Post;
use courant::render::{CardImages, NoImages, render};
use courant::server::{Body, Rules, respond};
use courant::site::Site;
use courant::snapshot::Snapshot;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};

/// Of each all forms are there.
pub static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let config = generate::config(Path::new("."));
    let posts: Vec<Arc<Post>> = (0..20)
        .filter_map(|number| {
            let (text, path) = (generate::post(number), generate::path(number));
            match parse(text.as_bytes(), &path, &config, Depth::Publish) {
                Parsed::Post { post, .. } => Some(post),
                _ => None,
            }
        })
        .collect();
    let site = Site::judge(&config, &posts, DateTime::<Utc>::from(generate::now())).site;
    let images: Arc<dyn CardImages> = Arc::new(NoImages);
    let artifacts = render(&site, &images)
        .expect("the site can be rendered")
        .artifacts;
    let snapshot = Snapshot::next(&Snapshot::default(), artifacts, now());
    snapshot.compress();
    snapshot
});

pub fn now() -> SystemTime {
    generate::now()
}

/// What a reader is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub etag: Option<String>,
    pub coding: Option<String>,
    pub vary: Option<String>,
    pub location: Option<String>,
    pub length: usize,
}

/// Asks as a well-behaved client would, but for the target and the fields that are given.
pub fn ask(uri: Uri, fields: &[(HeaderName, HeaderValue)], prefix: &str) -> Option<Answer> {
    let mut request = Request::get(uri).header("host", "harbour.example");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let request = request.body(()).expect("the parts are well formed");
    let rules = Rules::new(&format!("https://harbour.example{prefix}"), 8_000, 16_384);
    let response = respond(&request.into_parts().0, &SNAPSHOT, &rules, now());
    (!response.body().is_deferred()).then(|| told(&response))
}

fn told(response: &Response<Body>) -> Answer {
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
