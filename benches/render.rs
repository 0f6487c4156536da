//! Measures parsing one post, and judging, rendering and comparing a site of a thousand posts.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(missing_docs, reason = "criterion writes the public function")]

mod generate;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use courant::config::Config;
use courant::model::parse_mode::ParseMode;
use courant::model::post::Post;
use courant::post::{ParsedFile, parse_file};
use courant::publish::snapshot::Snapshot;
use courant::render::render_site;
use courant::site::SiteEvaluation;
use courant::site::card_images::{CardImageSource, NoCardImages};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const POST_COUNT: usize = 1_000;

fn parse_posts(config: &Config) -> Vec<Arc<Post>> {
    (0..POST_COUNT)
        .filter_map(|number| {
            match parse_file(
                generate::post_text(number).as_bytes(),
                &generate::post_path(number),
                config,
                ParseMode::Full,
            ) {
                ParsedFile::Post { post, .. } => Some(post),
                _ => None,
            }
        })
        .collect()
}

fn bench_parsing(criterion: &mut Criterion) {
    let config = generate::parse_config(Path::new("."));
    let text = generate::post_with_size(1, 6 * 1024);
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("a post of 6 KB", |bencher| {
        bencher.iter(|| parse_file(black_box(text.as_bytes()), "a.md", &config, ParseMode::Full));
    });
    group.finish();
}

fn bench_rendering(criterion: &mut Criterion) {
    let config = generate::parse_config(Path::new("."));
    let posts = parse_posts(&config);
    assert_eq!(posts.len(), POST_COUNT, "every generated post is one");
    let now = DateTime::<Utc>::from(generate::now());
    let site = SiteEvaluation::evaluate_posts(&config, &posts, now).site;
    assert_eq!(
        site.listed_entries().len(),
        POST_COUNT,
        "every generated post is public"
    );
    let images: Arc<dyn CardImageSource> = Arc::new(NoCardImages);
    let rendered = render_site(&site, &images).expect("the site can be rendered");
    let artifacts = rendered.artifacts;
    let first = Snapshot::next_generation(&Snapshot::default(), artifacts.clone(), generate::now());

    let mut group = criterion.benchmark_group("a thousand posts");
    group.sample_size(20);
    group.throughput(Throughput::Elements(POST_COUNT as u64));
    group.bench_function("judge", |bencher| {
        bencher.iter(|| SiteEvaluation::evaluate_posts(&config, black_box(&posts), now));
    });
    group.bench_function("render", |bencher| {
        bencher.iter(|| render_site(black_box(&site), &images));
    });
    group.bench_function("snapshot, all new", |bencher| {
        let empty = Snapshot::default();
        bencher.iter_batched(
            || artifacts.clone(),
            |artifacts| Snapshot::next_generation(&empty, artifacts, generate::now()),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("snapshot, nothing changed", |bencher| {
        bencher.iter_batched(
            || artifacts.clone(),
            |artifacts| Snapshot::next_generation(&first, artifacts, generate::now()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, bench_parsing, bench_rendering);
criterion_main!(benches);
