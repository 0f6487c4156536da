//! How long a card takes, warm, on one core: laid out, drawn and encoded; and how many bytes it is.
//!
//! `cargo bench --bench cards` prints criterion's figures. `cargo bench --bench cards -- --beside N`
//! draws N cards of the titles below and prints the mean in milliseconds and bytes, for
//! `benches/beside-satori`, which does the same with Satori.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the figures are the output")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Instant, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use courant::artifact::Deferred;
use courant::config::Config;
use courant::content::{Depth, Parsed, parse};
use courant::site::Site;
use courant::studio::Studio;
use criterion::Criterion;

/// The first fourteen lines are what `benches/beside-satori` reads.
const TITLES: &str = include_str!("titles.txt");

fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != "--beside").skip(1);
    if let Some(count) = args.next() {
        beside(count.parse().expect("N is a number"));
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("draw a card");
    for theme in ["paper", "ink", "poster"] {
        let cards = cards(theme);
        let mut next = cards.iter().cycle();
        group.bench_function(theme, |bencher| {
            bencher.iter(|| {
                let card = next.next().expect("there are cards");
                black_box(card.draw.draw().expect("drawn"))
            });
        });
    }
    group.finish();
    criterion.final_summary();
}

fn beside(count: usize) {
    let cards = cards("paper");
    let start = Instant::now();
    cards.first().expect("a card").draw.draw().expect("drawn");
    let first = start.elapsed();
    for card in &cards {
        card.draw.draw().expect("drawn");
    }
    let start = Instant::now();
    let bytes: usize = cards
        .iter()
        .cycle()
        .take(count)
        .map(|card| card.draw.draw().expect("drawn").len())
        .sum();
    let mean = start.elapsed().as_secs_f64() * 1e3 / count as f64;
    println!(
        "{mean:.3} {} {:.1}",
        bytes / count,
        first.as_secs_f64() * 1e3
    );
}

/// The cards of a post for each title, not drawn yet.
fn cards(theme: &str) -> Vec<Deferred> {
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
            match parse(text.as_bytes(), &format!("{number}.md"), &config, Depth::Publish) {
                Parsed::Post { post, .. } => Some(post),
                _ => None,
            }
        })
        .collect();
    let now = DateTime::<Utc>::from_timestamp(1_735_689_600, 0).expect("an instant");
    let site = Site::judge(&config, &posts, now).site;
    let mut studio = Studio::new(&config);
    studio.look(None, UNIX_EPOCH);
    let cards: Vec<_> = site.all_cards().collect();
    let images = studio.show(site.pictures(), UNIX_EPOCH);
    let posts = cards.iter().filter(|card| card.article.is_some());
    posts
        .filter_map(|card| Some(images.of(&site, card)?.deferred))
        .collect()
}
