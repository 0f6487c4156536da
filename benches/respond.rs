//! Measures the cost of one response above the HTTP library.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(missing_docs, reason = "criterion writes the public function")]

mod generate;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use courant::http::{ResponderConfig, respond_to_request};
use courant::model::parse_mode::ParseMode;
use courant::model::post::Post;
use courant::post::{ParsedFile, parse_file};
use courant::publish::snapshot::Snapshot;
use courant::render::render_site;
use courant::site::SiteEvaluation;
use courant::site::card_images::{CardImageSource, NoCardImages};
use criterion::{Criterion, criterion_group, criterion_main};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};

const POST_COUNT: usize = 125;

fn build_snapshot() -> Snapshot {
    let config = generate::parse_config(Path::new("."));
    let posts: Vec<Arc<Post>> = (0..POST_COUNT)
        .filter_map(|number| {
            match parse_file(
                generate::post_text(number).as_bytes(),
                &generate::post_path(number),
                &config,
                ParseMode::Full,
            ) {
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
    let snapshot = Snapshot::next_generation(&Snapshot::default(), artifacts, generate::now());
    snapshot.compress_fast();
    snapshot
}

fn feed_request(fields: &[(&str, &str)]) -> Parts {
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

fn bench_respond(criterion: &mut Criterion) {
    let snapshot = build_snapshot();
    let resource = snapshot.get("/rss.xml").expect("the site has a feed");
    let coded = resource.gzip_encoding().expect("the feed shrinks");
    let gzip = ("accept-encoding", "gzip, deflate, br");
    let cases = [
        ("200 identity", feed_request(&[]), StatusCode::OK),
        ("200 coded", feed_request(&[gzip]), StatusCode::OK),
        (
            "304",
            feed_request(&[gzip, ("if-none-match", &coded.etag)]),
            StatusCode::NOT_MODIFIED,
        ),
        (
            "304 by date",
            feed_request(&[
                gzip,
                (
                    "if-modified-since",
                    &httpdate::fmt_http_date(resource.last_modified),
                ),
            ]),
            StatusCode::NOT_MODIFIED,
        ),
    ];
    let rules = ResponderConfig::new("https://harbour.example", 8_000, 16_000);
    let mut group = criterion.benchmark_group("respond");
    for (name, request, status) in &cases {
        let answer = respond_to_request(request, &snapshot, &rules, generate::now());
        assert_eq!(answer.status(), *status, "{name}");
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                respond_to_request(black_box(request), &snapshot, &rules, generate::now())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench_respond);
criterion_main!(benches);
