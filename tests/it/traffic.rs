//! What is counted of requests and connections, by a server that is asked.

use std::time::Duration;

use courant::config::{Polls, TrustedProxies};
use courant::server::{Class, Figures, OfOneClass};

use crate::server_room::{LONG, Running, SHORT, field};
use crate::support::{TestSite, plain};

fn of(figures: &Figures, class: Class) -> OfOneClass {
    let mut classes = figures.classes.iter();
    classes.find(|of| of.class == class).unwrap().clone()
}

#[tokio::test]
async fn each_answer_is_counted_under_what_was_asked_for() {
    let server = Running::start(|_| ()).await;
    let full = server.get("/rss.xml", "").await;
    let condition = format!("If-None-Match: {}\r\n", field(&full, "etag").unwrap());
    server.get("/rss.xml", &condition).await;
    let old = "If-None-Match: \"old\"\r\n";
    server.get("/rss.xml", old).await;
    server.get("/robots.txt", "").await;
    server.get("/none", "").await;
    server
        .exchange("HEAD /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .await;
    server
        .exchange("POST /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .await;
    let figures = server.traffic.figures();
    let feeds = of(&figures, Class::Feed);
    assert_eq!(feeds.answers, [(200, 3), (304, 1)]);
    assert_eq!(feeds.conditional, 2);
    assert_eq!(feeds.body_bytes, 2 * 1900, "HEAD and 304 have none");
    let times: u64 = feeds.times.buckets.iter().map(|(_, count)| count).sum();
    assert_eq!(times, 4);
    assert!(feeds.times.sum > Duration::ZERO);
    let maps = of(&figures, Class::Sitemap);
    assert_eq!(maps.answers, [(200, 1)]);
    assert_eq!(maps.body_bytes, 8);
    let others = of(&figures, Class::Other);
    assert_eq!(others.answers, [(404, 1), (405, 1)]);
    assert_eq!(figures.requests(), 7);
}

#[test]
fn cards_and_pages_for_people_are_told_from_feeds() {
    let site = TestSite::new().post("a.md", plain("One", "2024-01-01"));
    let served = site.serve();
    let html = ("Accept", "text/html,application/xhtml+xml");
    served.request("GET", "/rss.xml", &[html]);
    served.get("/");
    served.get("/cards/a/");
    served.get("/cards/a/.png");
    served.get("/opml.xml");
    let figures = served.traffic.figures();
    let counted = Class::ALL.map(|class| of(&figures, class).requests());
    assert_eq!(counted, [1, 0, 1, 1, 2, 0]);
    let image = of(&figures, Class::CardImage);
    assert_eq!(image.answers, [(200, 1)], "counted when it is drawn");
    assert!(image.body_bytes > 1_000);
}

#[tokio::test]
async fn connections_are_counted_while_they_are_open_and_when_they_are_sent_away() {
    let server = Running::start(|config| {
        config.header_timeout = SHORT;
        config.drain_timeout = LONG;
    })
    .await;
    let traffic = server.traffic.clone();
    let mut client = server.connect().await;
    client
        .send("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    client.read_until("robots!\n").await;
    let told = traffic.figures().connections;
    assert_eq!((told.open, told.accepted, told.refused), (1, 1, 0));
    let mut late = server.connect().await;
    late.send("GET /robots.txt HT").await;
    assert_eq!(late.read_to_end().await, "");
    assert_eq!(traffic.figures().connections.late, 1);
    drop(client);
    server.stop().await;
    let told = traffic.figures().connections;
    assert_eq!((told.open, told.accepted), (0, 2));
}

#[tokio::test]
async fn who_asks_too_often_is_counted_as_such() {
    let server = Running::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.polls = Some(Polls {
            burst: 1,
            interval: Duration::from_secs(60),
        });
    })
    .await;
    for _ in 0..3 {
        server
            .get("/rss.xml", "X-Forwarded-For: 192.0.2.1\r\n")
            .await;
    }
    let figures = server.traffic.figures();
    assert_eq!(figures.too_many(), 2);
    assert_eq!(of(&figures, Class::Feed).answers, [(200, 1), (429, 2)]);
}

#[tokio::test]
async fn readers_are_counted_by_feed_without_their_addresses() {
    let server = Running::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.polls = Some(Polls {
            burst: 2,
            interval: Duration::from_secs(60),
        });
    })
    .await;
    let from = |number: u8, agent: &str, more: &str| {
        format!("X-Forwarded-For: 192.0.2.{number}\r\nUser-Agent: {agent}\r\n{more}")
    };
    let first = server.get("/rss.xml", &from(1, "Reader/1.0", "")).await;
    let tag = format!("If-None-Match: {}\r\n", field(&first, "etag").unwrap());
    server.get("/rss.xml", &from(1, "Reader/1.1", &tag)).await;
    server.get("/rss.xml", &from(2, "Reader/1.1", &tag)).await;
    for number in 3..6 {
        let agent = "Feedly/1.0 (16 subscribers)";
        server.get("/rss.xml", &from(number, agent, &tag)).await;
    }
    for _ in 0..3 {
        server.get("/rss.xml", &from(9, "Wild/1.0", "")).await;
    }
    server.get("/robots.txt", &from(9, "Wild/1.0", "")).await;
    server.get("/none.xml", &from(9, "Wild/1.0", "")).await;
    let told = server.traffic.reader_figures();
    assert_eq!(told.feeds.len(), 1, "{told:?}");
    let of = &told.feeds[0];
    assert_eq!(of.path.as_deref(), Some("/rss.xml"));
    assert_eq!(of.subscribers, 16);
    // Four, of which two may fall into one place of the sketch, once in eighty runs.
    assert!((3..=4).contains(&of.pollers), "{told:?}");
    assert_eq!((of.requests, of.conditional, of.not_modified), (9, 5, 5));
    assert!(of.body_bytes >= 3 * 1900, "{told:?}");
    let agents = told.agents.iter().map(|of| (&*of.name, of.requests));
    let agents: Vec<_> = agents.collect();
    assert_eq!(agents, [("Feedly", 3), ("Reader", 3), ("Wild", 3)]);
    let hasty: Vec<_> = told
        .hasty
        .iter()
        .map(|of| (&*of.name, of.hasty, of.refused))
        .collect();
    assert_eq!(hasty, [("Wild", 1, 1)]);
    assert!(!format!("{told:?}").contains("192.0.2"));
}
