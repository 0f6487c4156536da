//! Checks each output in each content coding, over the wire.

use std::io::Read as _;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use crate::serve::{served_address, start_courant};
use crate::support::{Response, Served, TestSite, request};

/// Outputs rendered and compressed ahead of requests.
const EAGER_PATHS: [&str; 5] = ["/rss.xml", "/atom.xml", "/feed.json", "/", "/llms.txt"];
/// Outputs rendered on request.
const LAZY_PATHS: [&str; 4] = [
    "/rss/2.xml",
    "/tag/boats/atom.xml",
    "/cards/3/",
    "/sitemap.xml",
];
const CODINGS: [&str; 3] = ["gzip", "br", "zstd"];

fn tagged_post(number: usize, title: &str) -> String {
    let day = number % 28 + 1;
    let text = format!("What was said on day {day} is number {number}. ").repeat(8);
    format!("---\ntitle: {title} {number}\ndate: 2024-03-{day:02}\ntags: [Boats]\n---\n{text}\n")
}

fn site_of_30_posts() -> TestSite {
    (0..30).fold(TestSite::new().config("llms_txt = true"), |site, number| {
        site.post(&format!("{number}.md"), tagged_post(number, "A post"))
    })
}

/// Requests a path with the given `Accept-Encoding`, without compressing anything first.
fn get_coded(served: &Served, path: &str, accept: &str) -> Response {
    let fields = [("Accept-Encoding", accept)];
    request(served.address, "GET", path, &fields)
}

/// Sends a conditional request and returns status and ETag.
fn revalidate(served: &Served, path: &str, accept: &str, tag: &str) -> (u16, Option<String>) {
    let fields = [("Accept-Encoding", accept), ("If-None-Match", tag)];
    let response = request(served.address, "GET", path, &fields);
    assert!(response.status == 200 || response.body.is_empty());
    let tag = response.header("etag").map(str::to_owned);
    (response.status, tag)
}

fn etag(response: &Response) -> String {
    response.header("etag").expect("an ETag").to_owned()
}

/// Returns the ETag of the same content in the coding with this suffix.
fn etag_with_suffix(identity: &str, suffix: &str) -> String {
    format!("{}{suffix}\"", identity.strip_suffix('"').expect("quoted"))
}

fn decode_body(response: &Response) -> Vec<u8> {
    let coded = response.body.as_slice();
    let mut bytes = Vec::new();
    let read = match response.header("content-encoding") {
        None => return coded.to_vec(),
        Some("gzip") => GzDecoder::new(coded).read_to_end(&mut bytes),
        Some("br") => brotli::Decompressor::new(coded, 4096).read_to_end(&mut bytes),
        Some("zstd") => zstd::Decoder::new(coded).and_then(|mut zstd| zstd.read_to_end(&mut bytes)),
        coding => panic!("unrequested coding {coding:?}"),
    };
    read.expect("a complete coded body");
    bytes
}

#[test]
fn each_coding_decodes_equally_and_has_its_own_etag() {
    let served = site_of_30_posts().serve();
    served.current.load_snapshot().compress_fast();
    let fast = ["-gzip", "-br5", "-zstd3"];
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
                let coded = get_coded(&served, path, coding);
                assert_eq!(coded.header("content-encoding"), Some(coding), "{path}");
                assert!(coded.header("vary").unwrap().contains("Accept-Encoding"));
                assert_eq!(coded.header("content-type"), plain.header("content-type"));
                assert!(decode_body(&coded) == plain.body, "{path} in {coding}");
                assert!(coded.body.len() < plain.body.len(), "{path} in {coding}");
                assert_eq!(
                    etag(&coded),
                    etag_with_suffix(&etag(&plain), suffix),
                    "{path}"
                );
                lengths.push(coded.body.len());
            }
        }
        lengths
    };
    let before = compare(&EAGER_PATHS, fast);
    compare(&LAZY_PATHS, fast);
    assert!(served.current.load_snapshot().compress_best(&mut || false));
    let after = compare(&EAGER_PATHS, best);
    compare(&LAZY_PATHS, fast);
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| after <= before)
    );
    assert!(after.iter().sum::<usize>() < before.iter().sum());
}

#[test]
fn etags_are_equal_on_every_server_of_the_same_content() {
    let etags_of_new_server = |best: bool| {
        let served = site_of_30_posts().serve();
        let snapshot = served.current.load_snapshot();
        snapshot.compress_fast();
        if best {
            snapshot.compress_best(&mut || false);
        }
        let paths = EAGER_PATHS.into_iter().chain(LAZY_PATHS);
        let etags =
            paths.flat_map(|path| CODINGS.map(|coding| etag(&get_coded(&served, path, coding))));
        etags.collect::<Vec<_>>()
    };
    let (first, second) = (etags_of_new_server(false), etags_of_new_server(false));
    assert_eq!(first, second);
    assert_eq!(etags_of_new_server(true), etags_of_new_server(true));
    assert_ne!(first, etags_of_new_server(true));
}

#[test]
fn etag_of_any_accepted_coding_is_not_modified() {
    let served = site_of_30_posts().serve();
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
        let plain = etag(&request(served.address, "GET", path, &[]));
        for (suffix, coding) in forms {
            let tag = etag_with_suffix(&plain, suffix);
            for accept in [all, coding] {
                let again = revalidate(&served, path, accept, &tag);
                assert_eq!(again, (304, Some(tag.clone())), "{path}, {accept}");
            }
            let others = CODINGS.into_iter().filter(|other| other != coding);
            for accept in others.chain(["identity"]).filter(|_| *coding != "identity") {
                let (status, _) = revalidate(&served, path, accept, &tag);
                assert_eq!(status, 200, "{tag} with Accept-Encoding {accept}");
            }
            let (status, _) = revalidate(&served, path, "identity;q=0, deflate", &tag);
            // No acceptable coding exists, so only the identity matches.
            assert_eq!(status, if suffix.is_empty() { 304 } else { 200 }, "{tag}");
        }
        plain
    };
    let snapshot = served.current.load_snapshot();
    let before = EAGER_PATHS.map(|path| compare(path, &forms));
    snapshot.compress_fast();
    assert_eq!(EAGER_PATHS.map(|path| compare(path, &forms)), before);
    snapshot.compress_best(&mut || false);
    assert_eq!(EAGER_PATHS.map(|path| compare(path, &forms)), before);
    let late = [forms[0], forms[1], forms[2], forms[4]];
    for path in LAZY_PATHS {
        compare(path, &late);
    }

    served.save("27.md", &tagged_post(27, "Edited"));
    served.until("the edit is served", |served| served.serves("Edited 27"));
    for (path, before) in EAGER_PATHS.into_iter().zip(before).take(3) {
        for (suffix, _) in forms {
            let (status, now) = revalidate(&served, path, all, &etag_with_suffix(&before, suffix));
            assert_eq!(status, 200, "{path} changed");
            assert!(!now.unwrap().starts_with(before.trim_end_matches('"')));
        }
        compare(path, &forms);
    }
}

#[test]
fn uncompressed_output_is_served_with_vary() {
    let served = site_of_30_posts().serve();
    for path in EAGER_PATHS {
        let early = get_coded(&served, path, "br, zstd, gzip");
        assert_eq!(early.header("content-encoding"), None);
        assert!(early.header("vary").unwrap().contains("Accept-Encoding"));
    }
    served.current.load_snapshot().compress_fast();
    for path in EAGER_PATHS {
        let lengths = CODINGS.map(|coding| get_coded(&served, path, coding).body.len());
        let coded = get_coded(&served, path, "br, zstd, gzip");
        assert_eq!(Some(&coded.body.len()), lengths.iter().min(), "{path}");
    }
    let wish = "br;q=0.5, zstd;q=0.9, gzip;q=0.1";
    let zstd = get_coded(&served, "/rss.xml", wish);
    assert_eq!(zstd.header("content-encoding"), Some("zstd"));
}

#[test]
fn large_output_is_coded_in_gzip_only() {
    let served = site_of_30_posts().large_above(2_000).serve();
    served.current.load_snapshot().compress_fast();
    served.current.load_snapshot().compress_best(&mut || false);
    for path in &EAGER_PATHS[..3] {
        let coded = get_coded(&served, path, "br, zstd, gzip");
        assert_eq!(coded.header("content-encoding"), Some("gzip"), "{path}");
        let plain = get_coded(&served, path, "br, zstd");
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert!(plain.header("vary").unwrap().contains("Accept-Encoding"));
        assert!(decode_body(&coded) == plain.body);
        let never = etag_with_suffix(&etag(&plain), "-br5");
        assert_eq!(revalidate(&served, path, "br", &never).0, 200, "{path}");
    }
}

#[test]
fn card_image_is_never_compressed() {
    let served = site_of_30_posts().serve();
    let picture = get_coded(&served, "/cards/3/card.png", "br, zstd, gzip");
    assert_eq!(picture.status, 200);
    assert_eq!(picture.header("content-encoding"), None);
    assert_eq!(picture.header("vary"), None);
    let coded = etag_with_suffix(&etag(&picture), "-gzip");
    assert_eq!(
        revalidate(&served, "/cards/3/card.png", "gzip", &coded).0,
        200
    );
}

#[test]
fn etags_of_the_last_process_stay_valid() {
    let site = TestSite::new().post("1.md", tagged_post(1, "A post"));
    let best_etag_and_body = |known: &[String]| {
        let (mut child, summary, _stderr) = start_courant(&site);
        let fields = [("Accept-Encoding", "br")];
        for tag in known {
            let fields = [fields[0], ("If-None-Match", tag)];
            let again = request(served_address(&summary), "GET", "/rss.xml", &fields);
            assert_eq!((again.status, again.header("etag")), (304, Some(&**tag)));
        }
        let end = Instant::now() + Duration::from_secs(120);
        let best = loop {
            let response = request(served_address(&summary), "GET", "/rss.xml", &fields);
            if etag(&response).ends_with("-br11\"") {
                break response;
            }
            assert!(
                Instant::now() < end,
                "timed out waiting for the best coding: {response:?}"
            );
            std::thread::yield_now();
        };
        child.kill().expect("ended");
        child.wait().expect("ended");
        (etag(&best), best.body)
    };
    let first = best_etag_and_body(&[]);
    let fast_tag = first.0.replace("-br11", "-br5");
    assert_eq!(best_etag_and_body(&[first.0.clone(), fast_tag]), first);
}
