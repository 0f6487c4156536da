//! What an operator and a writer wait for: from start to the first byte of an answer, and from
//! saving a post to its being served. The binary itself is run, and asked over loopback.
//!
//! Beside each figure stands its floor, measured in the same round: reading all the files, and
//! writing the one. `cargo bench --bench end_to_end` prints tables in Markdown.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run is to stop")]
#![allow(clippy::print_stdout, reason = "the tables are the output")]

mod generate;

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const SIZES: [usize; 2] = [125, 10_000];
const STARTS: usize = 7;
const EDITS: usize = 30;
/// Longer than the watch goes on looking after an edit, so that each edit finds it at rest.
const REST: Duration = Duration::from_millis(400);
const POLL: Duration = Duration::from_micros(500);
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let sites = SIZES.map(|count| {
        let dir = TempDir::with_prefix("courant-bench-").expect("a directory can be made");
        let config = generate::write_site(dir.path(), count, generate::Options::default());
        (count, dir, config)
    });
    println!("| posts | spawn to first byte, median (min–max) | only reading the files | ratio |");
    println!("|------:|------:|------:|------:|");
    for (count, dir, config) in &sites {
        starts(*count, dir.path(), config);
    }
    println!("\n| posts | `check`, median (min–max) | of a start, median of the pairs |");
    println!("|------:|------:|------:|");
    for (count, _, config) in &sites {
        checks(*count, config);
    }
    println!("\n| posts | save to served, p50 | p99 | only write, rename, stat, p50 | p99 |");
    println!("|------:|------:|------:|------:|------:|");
    let memory: Vec<_> = sites
        .iter()
        .map(|(count, dir, config)| (count, edits(*count, dir.path(), config)))
        .collect();
    println!("\n| posts | files | resident at start | after {EDITS} edits | at most |");
    println!("|------:|------:|------:|------:|------:|");
    for (count, [files, start, end, most]) in memory {
        println!("| {count} | {files:.1} MiB | {start:.0} MiB | {end:.0} MiB | {most:.0} MiB |");
    }
}

fn starts(count: usize, dir: &Path, config: &Path) {
    let files = files(dir, count);
    let (mut served, mut read) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        read.push(read_all(&files));
        served.push(Server::start(config).1);
    }
    served.sort();
    read.sort();
    let (median, floor) = (at(&served, 50), at(&read, 50));
    println!(
        "| {count} | {} ({}–{}) | {} | {:.0} |",
        millis(median),
        millis(at(&served, 0)),
        millis(at(&served, 100)),
        millis(floor),
        median.as_secs_f64() / floor.as_secs_f64()
    );
}

/// A check and a start of the same site, in turn.
fn checks(count: usize, config: &Path) {
    let (mut checked, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let started = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_courant"))
            .args(["check", "--quiet", "--config"])
            .arg(config)
            .output()
            .expect("courant runs");
        let took = started.elapsed();
        assert!(output.status.success(), "the site has no errors");
        let start = Server::start(config).1;
        checked.push(took);
        ratios.push(took.as_secs_f64() / start.as_secs_f64());
    }
    checked.sort();
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios.get(STARTS / 2).expect("something was measured");
    println!(
        "| {count} | {} ({}–{}) | {ratio:.2} |",
        millis(at(&checked, 50)),
        millis(at(&checked, 0)),
        millis(at(&checked, 100)),
    );
}

/// Returns sizes in MiB: of the files, and of the process at the start, at the end, at most.
fn edits(count: usize, dir: &Path, config: &Path) -> [f64; 4] {
    let (server, _) = Server::start(config);
    let start = server.memory("VmRSS:");
    let newest = count - 1;
    let post = dir.join("content").join(generate::path(newest));
    let beside = dir.join("beside");
    fs::create_dir_all(&beside).expect("a directory can be made");
    let mut connection = Connection::open(&server.address);
    let (mut seen, mut floor) = (Vec::new(), Vec::new());
    for edit in 0..EDITS {
        rest();
        let word = format!("edit-{edit}-of-{count}");
        let text = generate::titled(newest, &format!("A title with {word}"));
        floor.push(save(&beside.join("post.md"), &text));
        let started = Instant::now();
        save(&post, &text);
        while !connection.get(&generate::card(newest)).contains(&word) {
            assert!(started.elapsed() < PATIENCE, "{word} never came");
            thread::sleep(POLL);
        }
        seen.push(started.elapsed());
    }
    seen.sort();
    floor.sort();
    println!(
        "| {count} | {} | {} | {} | {} |",
        millis(at(&seen, 50)),
        millis(at(&seen, 99)),
        millis(at(&floor, 50)),
        millis(at(&floor, 99))
    );
    let bytes: usize = (0..count).map(|number| generate::post(number).len()).sum();
    [
        bytes as f64 / 1_048_576.0,
        start,
        server.memory("VmRSS:"),
        server.memory("VmHWM:"),
    ]
}

/// As an editor saves: written beside under another name, then put in its place.
fn save(file: &Path, text: &str) -> Duration {
    let started = Instant::now();
    let new = file.with_file_name(".post.new");
    fs::write(&new, text).expect("the post can be written");
    fs::rename(&new, file).expect("the post can be put in its place");
    fs::metadata(file).expect("the post is there");
    started.elapsed()
}

fn rest() {
    let started = Instant::now();
    while started.elapsed() < REST {
        thread::sleep(Duration::from_millis(1));
    }
}

fn files(dir: &Path, count: usize) -> Vec<PathBuf> {
    let content = dir.join("content");
    (0..count)
        .map(|number| content.join(generate::path(number)))
        .collect()
}

/// Reads every file on two threads and does nothing else.
fn read_all(files: &[PathBuf]) -> Duration {
    let started = Instant::now();
    thread::scope(|scope| {
        for half in files.chunks(files.len().div_ceil(2)) {
            scope.spawn(move || {
                for file in half {
                    fs::read(file).expect("the post can be read");
                }
            });
        }
    });
    started.elapsed()
}

/// The binary, serving; killed when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it and asks for a feed. Returns the time until the first byte of the answer.
    fn start(config: &Path) -> (Server, Duration) {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
            .arg("--config")
            .arg(config)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stderr = child.stderr.take().expect("stderr is piped");
        let mut lines = BufReader::new(stderr).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (address, _) = line.trim().strip_prefix("http://")?.split_once('/')?;
                Some(address.to_owned())
            })
            .expect("the start-up summary tells the address");
        let mut stream = TcpStream::connect(&address).expect("the server takes connections");
        ask(&mut stream, "/rss.xml");
        stream
            .read_exact(&mut [0])
            .expect("the server answers requests");
        let elapsed = started.elapsed();
        // What it logs later has to go somewhere, or it would wait for a reader.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        (Server { child, address }, elapsed)
    }

    /// A line of the process's status, in MiB.
    fn memory(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the process runs, and this is Linux");
        let mut words = status.lines().filter_map(|line| line.strip_prefix(name));
        let kib = words.find_map(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap_or_default() / 1_024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection, kept for many requests.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).expect("the server takes connections");
        stream.set_nodelay(true).expect("the socket is ours");
        Connection(BufReader::new(stream))
    }

    /// The body of the answer.
    fn get(&mut self, path: &str) -> String {
        ask(self.0.get_mut(), path);
        let mut length = 0;
        for line in self.0.by_ref().lines() {
            let line = line.expect("the head arrives").to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("the length is a number");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = Vec::new();
        let mut rest = self.0.by_ref().take(length);
        io::copy(&mut rest, &mut body).expect("the body arrives");
        String::from_utf8(body).expect("the body is UTF-8")
    }
}

fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: harbour.example\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .expect("the request can be sent");
}

/// A percentile of sorted times, by the nearest rank.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    let found = sorted.get(rank.saturating_sub(1));
    found.copied().expect("something was measured")
}

fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        10.0.. => format!("{millis:.0} ms"),
        1.0.. => format!("{millis:.1} ms"),
        _ => format!("{millis:.3} ms"),
    }
}
