//! Checks the counters of requests and connections on a running server.

use std::time::Duration;

use courant::config::{PollLimit, TrustedProxies};
use courant::stats::{ClassFigures, ResourceClass, TrafficFigures};

use crate::server_room::{LONG_TIMEOUT, SHORT_TIMEOUT, TestServer, header_value};
use crate::support::{TestSite, plain};

fn class_figures(figures: &TrafficFigures, class: ResourceClass) -> ClassFigures {
    let mut classes = figures.classes.iter();
    classes
        .find(|figures| figures.class == class)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn responses_are_counted_by_class_and_status() {
    let server = TestServer::start(|_| ()).await;
    let full = server.get("/rss.xml", "").await;
    let condition = format!(
        "If-None-Match: {}\r\n",
        header_value(&full, "etag").unwrap()
    );
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
    let figures = server.traffic.traffic_figures();
    let feeds = class_figures(&figures, ResourceClass::Feed);
    assert_eq!(feeds.responses_by_status, [(200, 3), (304, 1)]);
    assert_eq!(feeds.conditional_requests, 2);
    assert_eq!(feeds.body_bytes, 2 * 1900, "HEAD and 304 have none");
    let times: u64 = feeds.durations.buckets.iter().map(|(_, count)| count).sum();
    assert_eq!(times, 4);
    assert!(feeds.durations.sum > Duration::ZERO);
    let maps = class_figures(&figures, ResourceClass::Sitemap);
    assert_eq!(maps.responses_by_status, [(200, 1)]);
    assert_eq!(maps.body_bytes, 8);
    let others = class_figures(&figures, ResourceClass::Other);
    assert_eq!(others.responses_by_status, [(404, 1), (405, 1)]);
    assert_eq!(figures.request_count(), 7);
}

#[test]
fn cards_and_html_pages_are_counted_apart_from_feeds() {
    let site = TestSite::new().post("a.md", plain("One", "2024-01-01"));
    let served = site.serve();
    let html = ("Accept", "text/html,application/xhtml+xml");
    served.request("GET", "/rss.xml", &[html]);
    served.get("/");
    served.get("/cards/a/");
    served.get("/cards/a/card.png");
    served.get("/opml.xml");
    let figures = served.traffic.traffic_figures();
    let counted = ResourceClass::ALL.map(|class| class_figures(&figures, class).request_count());
    assert_eq!(counted, [1, 0, 1, 1, 2, 0]);
    let image = class_figures(&figures, ResourceClass::CardImage);
    assert_eq!(
        image.responses_by_status,
        [(200, 1)],
        "a drawn card image is counted"
    );
    assert!(image.body_bytes > 1_000);
}

#[tokio::test]
async fn open_and_timed_out_connections_are_counted() {
    let server = TestServer::start(|config| {
        config.header_timeout = SHORT_TIMEOUT;
        config.drain_timeout = LONG_TIMEOUT;
    })
    .await;
    let traffic = server.traffic.clone();
    let mut client = server.connect().await;
    client
        .send("GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n")
        .await;
    client.read_until("robots!\n").await;
    let connections = traffic.traffic_figures().connections;
    assert_eq!(
        (connections.open, connections.accepted, connections.rejected),
        (1, 1, 0)
    );
    let mut late = server.connect().await;
    late.send("GET /robots.txt HT").await;
    assert_eq!(late.read_to_end().await, "");
    assert_eq!(traffic.traffic_figures().connections.header_timeouts, 1);
    drop(client);
    server.stop().await;
    let connections = traffic.traffic_figures().connections;
    assert_eq!((connections.open, connections.accepted), (0, 2));
}

#[tokio::test]
async fn rate_limited_polls_are_counted() {
    let server = TestServer::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.poll_limit = Some(PollLimit {
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
    let figures = server.traffic.traffic_figures();
    assert_eq!(figures.rate_limited_count(), 2);
    assert_eq!(
        class_figures(&figures, ResourceClass::Feed).responses_by_status,
        [(200, 1), (429, 2)]
    );
}

#[tokio::test]
async fn subscribers_are_counted_by_feed_without_addresses() {
    let server = TestServer::start(|config| {
        config.trusted_proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
        config.limits.poll_limit = Some(PollLimit {
            burst: 2,
            interval: Duration::from_secs(60),
        });
    })
    .await;
    let from = |number: u8, agent: &str, more: &str| {
        format!("X-Forwarded-For: 192.0.2.{number}\r\nUser-Agent: {agent}\r\n{more}")
    };
    let first = server.get("/rss.xml", &from(1, "Reader/1.0", "")).await;
    let tag = format!(
        "If-None-Match: {}\r\n",
        header_value(&first, "etag").unwrap()
    );
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
    let readers = server.traffic.audience_stats();
    assert_eq!(readers.feeds.len(), 1, "{readers:?}");
    let feed = &readers.feeds[0];
    assert_eq!(feed.path.as_deref(), Some("/rss.xml"));
    assert_eq!(feed.subscribers, 16);
    // Four pollers. In one of eighty runs two of them share a slot of the sketch.
    assert!((3..=4).contains(&feed.pollers), "{readers:?}");
    assert_eq!(
        (feed.requests, feed.conditional, feed.not_modified),
        (9, 5, 5)
    );
    assert!(feed.body_bytes >= 3 * 1900, "{readers:?}");
    let agents = readers
        .agents
        .iter()
        .map(|agent| (&*agent.name, agent.requests));
    let agents: Vec<_> = agents.collect();
    assert_eq!(agents, [("Feedly", 3), ("Reader", 3), ("Wild", 3)]);
    let hasty: Vec<_> = readers
        .fast_pollers
        .iter()
        .map(|agent| (&*agent.name, agent.too_frequent, agent.rate_limited))
        .collect();
    assert_eq!(hasty, [("Wild", 1, 1)]);
    assert!(!format!("{readers:?}").contains("192.0.2"));
}
