//! From text to a generation: what one post costs to parse, and a site of a thousand to judge,
//! to render and to compare with the generation before.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(missing_docs, reason = "criterion writes the public function")]

mod generate;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use courant::config::Config;
use courant::content::{Depth, Parsed, parse};
use courant::post::Post;
use courant::render::{CardImages, NoImages, render};
use courant::site::Site;
use courant::snapshot::Snapshot;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const POSTS: usize = 1_000;

fn posts(config: &Config) -> Vec<Arc<Post>> {
    (0..POSTS)
        .filter_map(|number| {
            match parse(
                generate::post(number).as_bytes(),
                &generate::path(number),
                config,
                Depth::Publish,
            ) {
                Parsed::Post { post, .. } => Some(post),
                _ => None,
            }
        })
        .collect()
}

fn parsing(criterion: &mut Criterion) {
    let config = generate::config(Path::new("."));
    let text = generate::post_of_size(1, 6 * 1024);
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("a post of 6 KB", |bencher| {
        bencher.iter(|| parse(black_box(text.as_bytes()), "a.md", &config, Depth::Publish));
    });
    group.finish();
}

fn rendering(criterion: &mut Criterion) {
    let config = generate::config(Path::new("."));
    let posts = posts(&config);
    assert_eq!(posts.len(), POSTS, "every generated post is one");
    let now = DateTime::<Utc>::from(generate::now());
    let site = Site::judge(&config, &posts, now).site;
    assert_eq!(
        site.entries().len(),
        POSTS,
        "every generated post is public"
    );
    let images: Arc<dyn CardImages> = Arc::new(NoImages);
    let rendered = render(&site, &images).expect("the site can be rendered");
    let artifacts = rendered.artifacts;
    let first = Snapshot::next(&Snapshot::default(), artifacts.clone(), generate::now());

    let mut group = criterion.benchmark_group("a thousand posts");
    group.sample_size(20);
    group.throughput(Throughput::Elements(POSTS as u64));
    group.bench_function("judge", |bencher| {
        bencher.iter(|| Site::judge(&config, black_box(&posts), now));
    });
    group.bench_function("render", |bencher| {
        bencher.iter(|| render(black_box(&site), &images));
    });
    group.bench_function("snapshot, all new", |bencher| {
        let empty = Snapshot::default();
        bencher.iter_batched(
            || artifacts.clone(),
            |artifacts| Snapshot::next(&empty, artifacts, generate::now()),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("snapshot, nothing changed", |bencher| {
        bencher.iter_batched(
            || artifacts.clone(),
            |artifacts| Snapshot::next(&first, artifacts, generate::now()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, parsing, rendering);
criterion_main!(benches);
