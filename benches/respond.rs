//! From a request to a response: the whole of what a request costs above the HTTP library.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(missing_docs, reason = "criterion writes the public function")]

mod generate;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use courant::content::{Depth, Parsed, parse};
use courant::post::Post;
use courant::render::{CardImages, NoImages, render};
use courant::server::{Rules, respond};
use courant::site::Site;
use courant::snapshot::Snapshot;
use criterion::{Criterion, criterion_group, criterion_main};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};

const POSTS: usize = 125;

fn snapshot() -> Snapshot {
    let config = generate::config(Path::new("."));
    let posts: Vec<Arc<Post>> = (0..POSTS)
        .filter_map(|number| {
            match parse(
                generate::post(number).as_bytes(),
                &generate::path(number),
                &config,
                Depth::Publish,
            ) {
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
    let snapshot = Snapshot::next(&Snapshot::default(), artifacts, generate::now());
    snapshot.compress();
    snapshot
}

fn request(fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::get("/rss.xml")
        .header("host", "harbour.example")
        .header("user-agent", "reader/1.0 (+https://reader.example)")
        .header("accept", "*/*");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(()).expect("the request is well formed");
    request.into_parts().0
}

fn answering(criterion: &mut Criterion) {
    let snapshot = snapshot();
    let resource = snapshot.get("/rss.xml").expect("the site has a feed");
    let coded = resource.gzip().expect("the feed shrinks");
    let gzip = ("accept-encoding", "gzip, deflate, br");
    let cases = [
        ("200 identity", request(&[]), StatusCode::OK),
        ("200 coded", request(&[gzip]), StatusCode::OK),
        (
            "304",
            request(&[gzip, ("if-none-match", &coded.etag)]),
            StatusCode::NOT_MODIFIED,
        ),
        (
            "304 by date",
            request(&[
                gzip,
                (
                    "if-modified-since",
                    &httpdate::fmt_http_date(resource.last_modified),
                ),
            ]),
            StatusCode::NOT_MODIFIED,
        ),
    ];
    let rules = Rules::new("https://harbour.example", 8_000, 16_000);
    let mut group = criterion.benchmark_group("respond");
    for (name, request, status) in &cases {
        let answer = respond(request, &snapshot, &rules, generate::now());
        assert_eq!(answer.status(), *status, "{name}");
        group.bench_function(*name, |bencher| {
            bencher.iter(|| respond(black_box(request), &snapshot, &rules, generate::now()));
        });
    }
    group.finish();
}

criterion_group!(benches, answering);
criterion_main!(benches);
