//! Each output in each content coding, over the wire.

use std::io::Read as _;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use crate::serve::{address, start};
use crate::support::{Response, Served, TestSite, request};

/// What is made ahead.
const MADE: [&str; 4] = ["/rss.xml", "/atom.xml", "/feed.json", "/"];
/// What is made when somebody asks.
const LATE: [&str; 4] = [
    "/rss.xml?page=2",
    "/tag/boats/atom.xml",
    "/cards/3/",
    "/sitemap.xml",
];
const CODINGS: [&str; 3] = ["gzip", "br", "zstd"];

fn post(number: usize, title: &str) -> String {
    let day = number % 28 + 1;
    let text = format!("What was said on day {day} is number {number}. ").repeat(8);
    format!("---\ntitle: {title} {number}\ndate: 2024-03-{day:02}\ntags: [Boats]\n---\n{text}\n")
}

fn site() -> TestSite {
    (0..30).fold(TestSite::new(), |site, number| {
        site.post(&format!("{number}.md"), post(number, "A post"))
    })
}

/// The answer to who takes these codings, with nothing made that was not.
fn ask(served: &Served, path: &str, accept: &str) -> Response {
    let fields = [("Accept-Encoding", accept)];
    request(served.address, "GET", path, &fields)
}

/// The answer to who has something of this tag.
fn ask_again(served: &Served, path: &str, accept: &str, tag: &str) -> (u16, Option<String>) {
    let fields = [("Accept-Encoding", accept), ("If-None-Match", tag)];
    let response = request(served.address, "GET", path, &fields);
    assert!(response.status == 200 || response.body.is_empty());
    let tag = response.header("etag").map(str::to_owned);
    (response.status, tag)
}

fn tag(response: &Response) -> String {
    response.header("etag").expect("a tag").to_owned()
}

/// The tag of another form of the same content.
fn named(identity: &str, suffix: &str) -> String {
    format!("{}{suffix}\"", identity.strip_suffix('"').expect("quoted"))
}

fn decoded(response: &Response) -> Vec<u8> {
    let coded = response.body.as_slice();
    let mut bytes = Vec::new();
    let read = match response.header("content-encoding") {
        None => return coded.to_vec(),
        Some("gzip") => GzDecoder::new(coded).read_to_end(&mut bytes),
        Some("br") => brotli::Decompressor::new(coded, 4096).read_to_end(&mut bytes),
        Some("zstd") => zstd::Decoder::new(coded).and_then(|mut zstd| zstd.read_to_end(&mut bytes)),
        other => panic!("{other:?} was not asked for"),
    };
    read.expect("whole and sound");
    bytes
}

#[test]
fn each_coding_is_decoded_to_the_same_bytes_and_has_a_tag_of_its_own() {
    let served = site().serve();
    served.current.load().compress();
    let at_once = ["-gzip", "-br5", "-zstd3"];
    let best = ["-gzip", "-br11", "-zstd19"];
    let compare = |paths: &[&str], suffixes: [&str; 3]| {
        let mut lengths = Vec::new();
        for path in paths {
            let plain = request(served.address, "GET", path, &[]);
            assert_eq!(plain.header("content-encoding"), None);
            assert!(
                plain.header("vary").unwrap().contains("Accept-Encoding"),
                "{path}"
            );
            for (coding, suffix) in CODINGS.into_iter().zip(suffixes) {
                let coded = ask(&served, path, coding);
                assert_eq!(coded.header("content-encoding"), Some(coding), "{path}");
                assert!(coded.header("vary").unwrap().contains("Accept-Encoding"));
                assert_eq!(coded.header("content-type"), plain.header("content-type"));
                assert!(decoded(&coded) == plain.body, "{path} in {coding}");
                assert!(coded.body.len() < plain.body.len(), "{path} in {coding}");
                assert_eq!(tag(&coded), named(&tag(&plain), suffix), "{path}");
                lengths.push(coded.body.len());
            }
        }
        lengths
    };
    let before = compare(&MADE, at_once);
    compare(&LATE, at_once);
    assert!(served.current.load().refine(&mut || false));
    let after = compare(&MADE, best);
    compare(&LATE, at_once);
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| after <= before)
    );
    assert!(after.iter().sum::<usize>() < before.iter().sum());
}

#[test]
fn tags_are_those_of_every_other_server_of_the_same_content() {
    let tags = |best: bool| {
        let served = site().serve();
        let snapshot = served.current.load();
        snapshot.compress();
        if best {
            snapshot.refine(&mut || false);
        }
        let paths = MADE.into_iter().chain(LATE);
        let tags = paths.flat_map(|path| CODINGS.map(|coding| tag(&ask(&served, path, coding))));
        tags.collect::<Vec<_>>()
    };
    let (first, second) = (tags(false), tags(false));
    assert_eq!(first, second);
    assert_eq!(tags(true), tags(true));
    assert_ne!(first, tags(true));
}

#[test]
fn what_a_client_has_in_any_form_that_it_takes_costs_no_body() {
    let served = site().serve();
    let all = "gzip, br, zstd";
    let forms = [
        ("", "identity"),
        ("-gzip", "gzip"),
        ("-br5", "br"),
        ("-br11", "br"),
        ("-zstd3", "zstd"),
        ("-zstd19", "zstd"),
    ];
    let compare = |path: &str, forms: &[(&str, &str)]| {
        let plain = tag(&request(served.address, "GET", path, &[]));
        for (suffix, coding) in forms {
            let tag = named(&plain, suffix);
            for accept in [all, coding] {
                let again = ask_again(&served, path, accept, &tag);
                assert_eq!(again, (304, Some(tag.clone())), "{path}, {accept}");
            }
            let others = CODINGS.into_iter().filter(|other| other != coding);
            for accept in others.chain(["identity"]).filter(|_| *coding != "identity") {
                let (status, _) = ask_again(&served, path, accept, &tag);
                assert_eq!(status, 200, "{tag} to who takes {accept}");
            }
            let (status, _) = ask_again(&served, path, "identity;q=0, deflate", &tag);
            // Nothing else is there for such a client.
            assert_eq!(status, if suffix.is_empty() { 304 } else { 200 }, "{tag}");
        }
        plain
    };
    let snapshot = served.current.load();
    let before = MADE.map(|path| compare(path, &forms));
    snapshot.compress();
    assert_eq!(MADE.map(|path| compare(path, &forms)), before);
    snapshot.refine(&mut || false);
    assert_eq!(MADE.map(|path| compare(path, &forms)), before);
    let late = [forms[0], forms[1], forms[2], forms[4]];
    for path in LATE {
        compare(path, &late);
    }

    served.save("27.md", &post(27, "Edited"));
    served.until("the edit is there", |served| served.serves("Edited 27"));
    for (path, before) in MADE.into_iter().zip(before).take(3) {
        for (suffix, _) in forms {
            let (status, now) = ask_again(&served, path, all, &named(&before, suffix));
            assert_eq!(status, 200, "{path} is another");
            assert!(!now.unwrap().starts_with(before.trim_end_matches('"')));
        }
        compare(path, &forms);
    }
}

#[test]
fn what_is_not_coded_yet_goes_as_it_is_and_says_that_it_may_be() {
    let served = site().serve();
    for path in MADE {
        let early = ask(&served, path, "br, zstd, gzip");
        assert_eq!(early.header("content-encoding"), None);
        assert!(early.header("vary").unwrap().contains("Accept-Encoding"));
    }
    served.current.load().compress();
    for path in MADE {
        let lengths = CODINGS.map(|coding| ask(&served, path, coding).body.len());
        let coded = ask(&served, path, "br, zstd, gzip");
        assert_eq!(Some(&coded.body.len()), lengths.iter().min(), "{path}");
    }
    let wish = "br;q=0.5, zstd;q=0.9, gzip;q=0.1";
    let zstd = ask(&served, "/rss.xml", wish);
    assert_eq!(zstd.header("content-encoding"), Some("zstd"));
}

#[test]
fn what_is_large_is_coded_in_gzip_only() {
    let served = site().packing_above(2_000).serve();
    served.current.load().compress();
    served.current.load().refine(&mut || false);
    for path in &MADE[..3] {
        let coded = ask(&served, path, "br, zstd, gzip");
        assert_eq!(coded.header("content-encoding"), Some("gzip"), "{path}");
        let plain = ask(&served, path, "br, zstd");
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert!(plain.header("vary").unwrap().contains("Accept-Encoding"));
        assert!(decoded(&coded) == plain.body);
        let never = named(&tag(&plain), "-br5");
        assert_eq!(ask_again(&served, path, "br", &never).0, 200, "{path}");
    }
}

#[test]
fn a_picture_goes_as_it_is() {
    let served = site().serve();
    let picture = ask(&served, "/cards/3/.png", "br, zstd, gzip");
    assert_eq!(picture.status, 200);
    assert_eq!(picture.header("content-encoding"), None);
    assert_eq!(picture.header("vary"), None);
    let coded = named(&tag(&picture), "-gzip");
    assert_eq!(ask_again(&served, "/cards/3/.png", "gzip", &coded).0, 200);
}

#[test]
fn a_process_comes_to_what_is_smallest_and_the_next_one_knows_what_it_sent() {
    let site = TestSite::new().post("1.md", post(1, "A post"));
    let run = |known: &[String]| {
        let (mut child, summary, _stderr) = start(&site);
        let fields = [("Accept-Encoding", "br")];
        for tag in known {
            let fields = [fields[0], ("If-None-Match", tag)];
            let again = request(address(&summary), "GET", "/rss.xml", &fields);
            assert_eq!((again.status, again.header("etag")), (304, Some(&**tag)));
        }
        let end = Instant::now() + Duration::from_secs(120);
        let best = loop {
            let response = request(address(&summary), "GET", "/rss.xml", &fields);
            if tag(&response).ends_with("-br11\"") {
                break response;
            }
            assert!(Instant::now() < end, "{response:?} is not the smallest");
            std::thread::yield_now();
        };
        child.kill().expect("ended");
        child.wait().expect("ended");
        (tag(&best), best.body)
    };
    let first = run(&[]);
    let at_once = first.0.replace("-br11", "-br5");
    assert_eq!(run(&[first.0.clone(), at_once]), first);
}
