//! Measures layout, drawing and encoding of a card image on one warm core, and its size.
//!
//! `cargo bench --bench cards` prints criterion's figures. `cargo bench --bench cards -- --beside
//! N` draws N cards of the titles below and prints the mean time in milliseconds, the mean size in
//! bytes, and the time of the first card. `benches/beside-satori` does the same with Satori.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the figures are the output")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Instant, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use courant::cards::source::CardSource;
use courant::config::Config;
use courant::model::artifact::LazyBody;
use courant::model::parse_mode::ParseMode;
use courant::post::{ParsedFile, parse_file};
use courant::site::SiteEvaluation;
use criterion::Criterion;

/// `benches/beside-satori` reads the first fourteen lines.
const TITLES: &str = include_str!("titles.txt");

fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != "--beside").skip(1);
    if let Some(count) = args.next() {
        print_mean(count.parse().expect("N is a number"));
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("draw a card");
    for theme in ["paper", "ink", "poster"] {
        let cards = prepare_cards(theme);
        let mut next = cards.iter().cycle();
        group.bench_function(theme, |bencher| {
            bencher.iter(|| {
                let card = next.next().expect("there are cards");
                black_box(card.renderer.render_body().expect("drawn"))
            });
        });
    }
    group.finish();
    criterion.final_summary();
}

fn print_mean(count: usize) {
    let cards = prepare_cards("paper");
    let start = Instant::now();
    cards
        .first()
        .expect("a card")
        .renderer
        .render_body()
        .expect("drawn");
    let first = start.elapsed();
    for card in &cards {
        card.renderer.render_body().expect("drawn");
    }
    let start = Instant::now();
    let bytes: usize = cards
        .iter()
        .cycle()
        .take(count)
        .map(|card| card.renderer.render_body().expect("drawn").len())
        .sum();
    let mean = start.elapsed().as_secs_f64() * 1e3 / count as f64;
    println!(
        "{mean:.3} {} {:.1}",
        bytes / count,
        first.as_secs_f64() * 1e3
    );
}

/// Returns one undrawn card for each title.
fn prepare_cards(theme: &str) -> Vec<LazyBody> {
    let toml = format!(
        "[site]\nurl = \"https://harbour.example\"\ntitle = \"The Harbour\"\n\
         [cards]\nsystem_fonts = false\ntheme = {theme:?}\n"
    );
    let config = Config::parse(&toml, "config.toml", Path::new(".")).expect("a configuration");
    let posts: Vec<_> = TITLES
        .lines()
        .enumerate()
        .filter_map(|(number, title)| {
            let title = serde_json::to_string(title).ok()?;
            let text = format!(
                "---\ntitle: {title}\ndate: 2024-05-03\nauthor: Mira Halloway\ncategory: Engineering\n---\n"
            );
            match parse_file(text.as_bytes(), &format!("{number}.md"), &config, ParseMode::Full) {
                ParsedFile::Post { post, .. } => Some(post),
                _ => None,
            }
        })
        .collect();
    let now = DateTime::<Utc>::from_timestamp(1_735_689_600, 0).expect("an instant");
    let site = SiteEvaluation::evaluate_posts(&config, &posts, now).site;
    let mut studio = CardSource::new(&config);
    studio.rescan_files(None, UNIX_EPOCH);
    let cards: Vec<_> = site.build_all_cards().collect();
    let images = studio.refresh_images(
        &site,
        site.all_entries().map(AsRef::as_ref).collect(),
        UNIX_EPOCH,
    );
    let posts = cards.iter().filter(|card| card.article.is_some());
    posts
        .filter_map(|card| Some(images.image_for(&site, card)?.body))
        .collect()
}
