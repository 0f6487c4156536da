//! courant as a service: sockets that are handed to it, and what its manager is told. The tests stand in
//! for systemd.

use std::fs;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::serve::lines;
use crate::support::{Response, TestSite, plain, request};

/// The longest that anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is never reached, so that nobody listens there by mistake.
const NOT_OURS: &str = "[server]\nlisten = \"192.0.2.1:9\"\n";

/// A shell hands on what it has: its input is descriptor 3 then, its output 4, and its process is courant.
const HAND_OVER: &str = "exec 3<&0 4>&1 </dev/null >/dev/null; export LISTEN_PID=$$; exec \"$@\"";

/// courant, as a manager starts it that hands over these.
fn handing(site: &TestSite, first: Stdio, second: Stdio, count: usize) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", HAND_OVER, "sh", env!("CARGO_BIN_EXE_courant")])
        .arg("--config")
        .arg(site.write_config())
        .env_clear()
        .env("LISTEN_FDS", count.to_string())
        .stdin(first)
        .stdout(second)
        .stderr(Stdio::piped());
    command
}

fn one(site: &TestSite, socket: impl Into<OwnedFd>) -> Command {
    handing(site, Stdio::from(socket.into()), Stdio::null(), 1)
}

struct Running {
    child: Child,
    lines: Receiver<String>,
    /// What was logged and not yet asked for.
    seen: Vec<String>,
}

impl Running {
    /// Starts it, and waits for the line that says where it listens; which is given too.
    fn start(mut command: Command) -> (Running, String) {
        let mut child = command.spawn().expect("courant runs");
        let lines = lines(BufReader::new(child.stderr.take().expect("a pipe")));
        let seen = Vec::new();
        let mut running = Running { child, lines, seen };
        let line = running.logged("listening addresses");
        (running, line)
    }

    /// The line of the log that holds the text, when it is there. Threads log in any order.
    fn logged(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.iter().position(|line| line.contains(text)) {
                return self.seen.remove(at);
            }
            let line = self.lines.recv_timeout(PATIENCE);
            let seen = &mut self.seen;
            seen.push(line.unwrap_or_else(|_| panic!("no `{text}` in {seen:?}")));
        }
    }

    fn signal(&self, name: &str) {
        let killed = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(killed.expect("kill runs").success());
    }

    /// Ends it as a manager does.
    fn stop(mut self) {
        self.signal("TERM");
        // Its log ends with it.
        let ended = loop {
            if let Err(why) = self.lines.recv_timeout(PATIENCE) {
                break why;
            }
        };
        assert_eq!(ended, RecvTimeoutError::Disconnected, "it goes on");
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
    }
}

impl Drop for Running {
    /// Nothing is left of a test that failed.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How it ends that cannot begin.
fn ended(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().expect("courant runs");
    (status.code(), String::from_utf8(stderr).expect("UTF-8"))
}

#[test]
fn a_tcp_socket_that_is_handed_over_is_served_at_in_place_of_those_of_the_configuration() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let site = site.config(NOT_OURS);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // Who comes before courant does waits.
    let mut early = TcpStream::connect(address).unwrap();
    early
        .write_all(b"GET /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .unwrap();
    let (running, line) = Running::start(one(&site, socket));
    assert!(line.contains(&format!("addresses=\"{address}\"")), "{line}");
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Served"), "{answer}");
    // Whichever thread takes it.
    for _ in 0..40 {
        assert_eq!(request(address, "GET", "/rss.xml", &[]).status, 200);
    }
    running.stop();
}

#[test]
fn a_unix_socket_that_is_handed_over_is_served_at_and_its_file_is_left_where_it_is() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let path = site.root().join("handed.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let (running, line) = Running::start(one(&site, socket));
    assert!(line.contains(&format!("unix:{}", path.display())), "{line}");
    let mut client = UnixStream::connect(&path).unwrap();
    client
        .write_all(b"GET /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).unwrap();
    assert!(Response::parse(&bytes).text().contains("Served"));
    running.stop();
    assert!(path.exists(), "it is not ours");
}

#[test]
fn who_comes_between_two_instances_waits_in_the_socket_that_both_are_handed() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let (running, _) = Running::start(one(&site, socket.try_clone().unwrap()));
    assert_eq!(request(address, "GET", "/rss.xml", &[]).status, 200);
    running.stop();
    let asking = std::thread::spawn(move || request(address, "GET", "/rss.xml", &[]).status);
    let (running, _) = Running::start(one(&site, socket));
    assert_eq!(asking.join().unwrap(), 200);
    running.stop();
}

#[test]
fn the_socket_that_is_named_admin_is_not_one_that_the_site_is_served_at() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let [admin, public] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let address = public.local_addr().unwrap();
    let mut command = handing(
        &site,
        Stdio::from(OwnedFd::from(admin)),
        Stdio::from(OwnedFd::from(public)),
        2,
    );
    command.env("LISTEN_FDNAMES", "admin:courant.socket");
    let (running, line) = Running::start(command);
    assert!(line.contains(&format!("addresses=\"{address}\"")), "{line}");
    assert_eq!(request(address, "GET", "/rss.xml", &[]).status, 200);
    running.stop();
}

#[test]
fn what_does_not_listen_for_streams_is_refused_with_a_hint_and_exit_code_2() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (pair, _other) = UnixStream::pair().unwrap();
    let file = fs::File::open(site.write_config()).unwrap();
    let wrong: [OwnedFd; 5] = [
        UdpSocket::bind("127.0.0.1:0").unwrap().into(),
        UnixDatagram::unbound().unwrap().into(),
        connected.into(),
        pair.into(),
        file.into(),
    ];
    for wrong in wrong {
        let mut command = one(&site, wrong);
        command.env("LISTEN_FDNAMES", "web");
        let (code, told) = ended(command);
        assert_eq!(code, Some(2), "{told}");
        assert!(
            told.contains("as number 1, `web`, is no listening stream socket")
                && told.contains("hint: in the `.socket` unit, use `ListenStream=`"),
            "{told}"
        );
    }
}

#[test]
fn names_that_do_not_fit_the_sockets_are_refused() {
    let site = TestSite::new();
    let [first, second] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let of = |socket: &TcpListener| Stdio::from(OwnedFd::from(socket.try_clone().unwrap()));
    for (names, says) in [
        ("admin:admin", "more than one"),
        ("admin", "`LISTEN_FDNAMES` names 1"),
    ] {
        let mut command = handing(&site, of(&first), of(&second), 2);
        command.env("LISTEN_FDNAMES", names);
        let (code, told) = ended(command);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(says) && told.contains("hint: "), "{told}");
    }
}

#[test]
fn what_is_handed_to_another_process_is_left_alone() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    command
        .args(["--listen", "127.0.0.1:0", "--config"])
        .arg(site.write_config())
        .env_clear()
        .envs([("LISTEN_FDS", "1"), ("LISTEN_PID", "1")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let (running, line) = Running::start(command);
    assert!(line.contains("127.0.0.1:"), "{line}");
    running.stop();
}

/// The socket of a manager that listens to what it is told.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn new(site: &TestSite) -> Manager {
        let socket = UnixDatagram::bind(Manager::path(site)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Manager { socket }
    }

    fn path(site: &TestSite) -> std::path::PathBuf {
        site.root().join("notify")
    }

    /// The next that it is told.
    fn told(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).expect("it is told");
        String::from_utf8(bytes[..length].to_vec()).expect("UTF-8")
    }

    /// All that it is told up to this.
    fn until(&self, what: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let told = self.told();
            let is_it = told.contains(what);
            all.push(told);
            if is_it {
                return all;
            }
            assert!(all.len() < 10_000, "no {what} in {all:?}");
        }
    }

    /// What it was told and has not read.
    fn rest(&self) -> Vec<String> {
        self.socket.set_nonblocking(true).unwrap();
        let mut rest = Vec::new();
        let mut bytes = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut bytes) {
            rest.push(String::from_utf8(bytes[..length].to_vec()).unwrap());
        }
        self.socket.set_nonblocking(false).unwrap();
        rest
    }
}

/// courant, as a manager starts it that wants to be told.
fn telling(site: &TestSite, socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    command
        .args(["--listen", "127.0.0.1:0", "--config"])
        .arg(site.write_config())
        .env_clear()
        .env("NOTIFY_SOCKET", socket)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn address(line: &str) -> &str {
    line.split('"').nth(1).expect("an address in quotes")
}

#[test]
fn the_manager_is_told_when_requests_are_answered_what_is_served_and_when_that_ends() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", "---\ntitle: [\n---\n");
    let manager = Manager::new(&site);
    let (running, line) = Running::start(telling(&site, &Manager::path(&site)));
    let before = manager.until("READY=1");
    assert_eq!(
        before,
        ["STATUS=generation 1: 1 post, 1 finding\n", "READY=1\n"]
    );
    assert_eq!(request(address(&line), "GET", "/rss.xml", &[]).status, 200);
    fs::write(site.content().join("c.md"), plain("Gamma", "2024-01-02")).unwrap();
    assert_eq!(manager.told(), "STATUS=generation 2: 2 posts, 1 finding\n");
    fs::rename(site.content(), site.root().join("away")).unwrap();
    manager.until("STATUS=the content cannot be read, generation 2 goes on being served\n");
    fs::rename(site.root().join("away"), site.content()).unwrap();
    manager.until("STATUS=generation 2: 2 posts, 1 finding\n");
    running.stop();
    assert_eq!(manager.rest(), ["STOPPING=1\n"]);
}

/// The time since the machine started, in microseconds, as the clock of the protocol counts it; rounded down.
fn uptime() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    (seconds * 100.0) as u64 * 10_000
}

#[test]
fn a_reload_begins_and_ends_for_the_manager_whatever_it_leads_to() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let manager = Manager::new(&site);
    let (mut running, _) = Running::start(telling(&site, &Manager::path(&site)));
    manager.until("READY=1");
    let file = site.root().join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    let faulty = good.replace("title =", "titel =");
    let elsewhere = format!("{good}\n[content]\ndir = \"nowhere\"\n");
    for (text, says) in [
        (&good, "configuration reloaded"),
        (&faulty, "configuration has faults"),
        (&elsewhere, "configuration cannot be used yet"),
        // Told of before, so nothing is logged.
        (&elsewhere, "reloading on SIGHUP"),
    ] {
        fs::write(&file, text).unwrap();
        let before = uptime();
        running.signal("HUP");
        let told = manager.until("RELOADING=1").pop().unwrap();
        let since = told
            .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
            .unwrap_or_else(|| panic!("{told}"));
        let since: u64 = since.trim().parse().unwrap();
        // A container may count from its own start.
        assert!(since >= before || since > 0, "{since} {before}");
        assert_eq!(manager.until("READY=1").last().unwrap(), "READY=1\n");
        running.logged(says);
    }
    running.stop();
}

#[test]
fn a_socket_that_nobody_listens_at_is_logged_and_the_site_is_served() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let (mut running, line) = Running::start(telling(&site, Path::new("/nowhere/notify")));
    let warned = running.logged("cannot tell the service manager");
    assert!(warned.contains("NOTIFY_SOCKET"), "{warned}");
    assert_eq!(request(address(&line), "GET", "/rss.xml", &[]).status, 200);
    running.stop();
}

#[test]
fn the_watchdog_hears_of_each_turn_of_the_watch_and_of_nothing_else() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let manager = Manager::new(&site);
    let mut command = telling(&site, &Manager::path(&site));
    // Shorter than anything takes, so every turn is told.
    command.env("WATCHDOG_USEC", "2");
    let (running, line) = Running::start(command);
    manager.until("WATCHDOG=1\n");
    manager.until("WATCHDOG=1\n");

    // A configuration that is read for as long as we like holds the watch up.
    let file = site.root().join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    let pipe = site.root().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
    fs::rename(&pipe, &file).unwrap();
    let end = Instant::now() + PATIENCE;
    let mut writer = loop {
        // It can be opened in this way when somebody reads it.
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
        match rustix::fs::open(&file, flags, rustix::fs::Mode::empty()) {
            Ok(writer) => break fs::File::from(writer),
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        std::thread::yield_now();
    };
    manager.rest();
    for _ in 0..50 {
        assert_eq!(request(address(&line), "GET", "/rss.xml", &[]).status, 200);
    }
    assert_eq!(manager.rest(), [""; 0], "the watch hangs");
    // Before it goes on, or it could begin to read what nobody writes to any more.
    fs::write(&pipe, &good).unwrap();
    fs::rename(&pipe, &file).unwrap();
    writer.write_all(good.as_bytes()).unwrap();
    drop(writer);
    manager.until("WATCHDOG=1\n");
    running.stop();
}

#[test]
fn a_watchdog_that_is_not_set_or_is_another_process_s_hears_nothing() {
    for variables in [&[][..], &[("WATCHDOG_USEC", "2"), ("WATCHDOG_PID", "1")]] {
        let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
        let manager = Manager::new(&site);
        let mut command = telling(&site, &Manager::path(&site));
        command.envs(variables.iter().copied());
        let (running, _) = Running::start(command);
        manager.until("READY=1");
        fs::write(site.content().join("b.md"), plain("Beta", "2024-01-02")).unwrap();
        manager.until("2 posts");
        running.stop();
        assert_eq!(manager.rest(), ["STOPPING=1\n"]);
    }
}
