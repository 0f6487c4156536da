//! Measures the time from start to the first response byte, and from saving a post to serving it.
//!
//! Runs the binary and sends requests over loopback. Beside each figure stands its floor, measured
//! in the same round: only reading all files, or only writing one. `cargo bench --bench end_to_end`
//! prints tables in Markdown.

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

const POST_COUNTS: [usize; 2] = [125, 10_000];
const START_ROUNDS: usize = 7;
const EDIT_COUNT: usize = 30;
/// Longer than the watch stays active after an edit, so that each edit finds it idle.
const IDLE_PAUSE: Duration = Duration::from_millis(400);
const POLL_INTERVAL: Duration = Duration::from_micros(500);
const EDIT_TIMEOUT: Duration = Duration::from_secs(60);

fn main() {
    let sites = POST_COUNTS.map(|count| {
        let dir = TempDir::with_prefix("courant-bench-").expect("a directory can be made");
        let config = generate::write_site(dir.path(), count, generate::Options::default());
        (count, dir, config)
    });
    println!("| posts | spawn to first byte, median (min–max) | only reading the files | ratio |");
    println!("|------:|------:|------:|------:|");
    for (count, dir, config) in &sites {
        measure_starts(*count, dir.path(), config);
    }
    println!("\n| posts | `check`, median (min–max) | of a start, median of the pairs |");
    println!("|------:|------:|------:|");
    for (count, _, config) in &sites {
        measure_checks(*count, config);
    }
    println!("\n| posts | save to served, p50 | p99 | only write, rename, stat, p50 | p99 |");
    println!("|------:|------:|------:|------:|------:|");
    let memory: Vec<_> = sites
        .iter()
        .map(|(count, dir, config)| (count, measure_edits(*count, dir.path(), config)))
        .collect();
    println!("\n| posts | files | resident at start | after {EDIT_COUNT} edits | at most |");
    println!("|------:|------:|------:|------:|------:|");
    for (count, [files, start, end, most]) in memory {
        println!("| {count} | {files:.1} MiB | {start:.0} MiB | {end:.0} MiB | {most:.0} MiB |");
    }
}

fn measure_starts(count: usize, dir: &Path, config: &Path) {
    let files = post_files(dir, count);
    let (mut served, mut read) = (Vec::new(), Vec::new());
    for _ in 0..START_ROUNDS {
        read.push(read_files(&files));
        served.push(Server::start(config).1);
    }
    served.sort();
    read.sort();
    let (median, floor) = (percentile(&served, 50), percentile(&read, 50));
    println!(
        "| {count} | {} ({}–{}) | {} | {:.0} |",
        format_millis(median),
        format_millis(percentile(&served, 0)),
        format_millis(percentile(&served, 100)),
        format_millis(floor),
        median.as_secs_f64() / floor.as_secs_f64()
    );
}

/// Measures a check and a start of the same site, in turn.
fn measure_checks(count: usize, config: &Path) {
    let (mut checked, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..START_ROUNDS {
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
    let ratio = ratios
        .get(START_ROUNDS / 2)
        .expect("something was measured");
    println!(
        "| {count} | {} ({}–{}) | {ratio:.2} |",
        format_millis(percentile(&checked, 50)),
        format_millis(percentile(&checked, 0)),
        format_millis(percentile(&checked, 100)),
    );
}

/// Measures edits. Returns MiB: of the files, and resident at the start, at the end, at the peak.
fn measure_edits(count: usize, dir: &Path, config: &Path) -> [f64; 4] {
    let (server, _) = Server::start(config);
    let start = server.memory_mib("VmRSS:");
    let newest = count - 1;
    let post = dir.join("content").join(generate::post_path(newest));
    let beside = dir.join("beside");
    fs::create_dir_all(&beside).expect("a directory can be made");
    let mut connection = Connection::open(&server.address);
    let (mut seen, mut floor) = (Vec::new(), Vec::new());
    for edit in 0..EDIT_COUNT {
        wait_until_idle();
        let word = format!("edit-{edit}-of-{count}");
        let text = generate::post_with_title(newest, &format!("A title with {word}"));
        floor.push(save_post(&beside.join("post.md"), &text));
        let started = Instant::now();
        save_post(&post, &text);
        while !connection.get(&generate::card_path(newest)).contains(&word) {
            assert!(started.elapsed() < EDIT_TIMEOUT, "{word} never came");
            thread::sleep(POLL_INTERVAL);
        }
        seen.push(started.elapsed());
    }
    seen.sort();
    floor.sort();
    println!(
        "| {count} | {} | {} | {} | {} |",
        format_millis(percentile(&seen, 50)),
        format_millis(percentile(&seen, 99)),
        format_millis(percentile(&floor, 50)),
        format_millis(percentile(&floor, 99))
    );
    let bytes: usize = (0..count)
        .map(|number| generate::post_text(number).len())
        .sum();
    [
        bytes as f64 / 1_048_576.0,
        start,
        server.memory_mib("VmRSS:"),
        server.memory_mib("VmHWM:"),
    ]
}

/// Saves as editors do: writes a new file, then renames it over the old one.
fn save_post(file: &Path, text: &str) -> Duration {
    let started = Instant::now();
    let new = file.with_file_name(".post.new");
    fs::write(&new, text).expect("the post can be written");
    fs::rename(&new, file).expect("the post can be put in its place");
    fs::metadata(file).expect("the post is there");
    started.elapsed()
}

fn wait_until_idle() {
    let started = Instant::now();
    while started.elapsed() < IDLE_PAUSE {
        thread::sleep(Duration::from_millis(1));
    }
}

fn post_files(dir: &Path, count: usize) -> Vec<PathBuf> {
    let content = dir.join("content");
    (0..count)
        .map(|number| content.join(generate::post_path(number)))
        .collect()
}

/// Reads every file on two threads and does nothing else.
fn read_files(files: &[PathBuf]) -> Duration {
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

/// A running courant process, killed on drop.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts courant and requests a feed. Returns the time until the first byte of the response.
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
        send_request(&mut stream, "/rss.xml");
        stream
            .read_exact(&mut [0])
            .expect("the server answers requests");
        let elapsed = started.elapsed();
        // Reads the log, or the process would block on a full pipe.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        (Server { child, address }, elapsed)
    }

    /// Returns a value of `/proc/PID/status` in MiB.
    fn memory_mib(&self, name: &str) -> f64 {
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

/// A keep-alive connection.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).expect("the server takes connections");
        stream.set_nodelay(true).expect("the socket is ours");
        Connection(BufReader::new(stream))
    }

    /// Requests a path and returns the body.
    fn get(&mut self, path: &str) -> String {
        send_request(self.0.get_mut(), path);
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

fn send_request(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: harbour.example\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .expect("the request can be sent");
}

/// Returns a percentile of sorted times, by the nearest rank.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    let found = sorted.get(rank.saturating_sub(1));
    found.copied().expect("something was measured")
}

fn format_millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        10.0.. => format!("{millis:.0} ms"),
        1.0.. => format!("{millis:.1} ms"),
        _ => format!("{millis:.3} ms"),
    }
}
