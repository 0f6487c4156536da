//! Checks passed sockets and service notifications, with the tests in the place of systemd.

use std::fs;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::serve::read_lines;
use crate::support::{Response, TestSite, plain, request};

/// Longest wait before a test fails. Tests wait for an effect, not for time to pass.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Address that cannot be bound, so a test fails if the configured address is used.
const UNBINDABLE_LISTEN: &str = "[server]\nlisten = \"192.0.2.1:9\"\n";

/// Shell script that passes its stdin and stdout as descriptors 3 and 4, then becomes courant.
const PASS_SOCKETS_SCRIPT: &str =
    "exec 3<&0 4>&1 </dev/null >/dev/null; export LISTEN_PID=$$; exec \"$@\"";

/// Prepares courant as a manager starts it that passes `count` sockets.
fn command_with_sockets(site: &TestSite, first: Stdio, second: Stdio, count: usize) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args([
            "-c",
            PASS_SOCKETS_SCRIPT,
            "sh",
            env!("CARGO_BIN_EXE_courant"),
        ])
        .arg("--config")
        .arg(site.write_config())
        .env_clear()
        .env("LISTEN_FDS", count.to_string())
        .stdin(first)
        .stdout(second)
        .stderr(Stdio::piped());
    command
}

fn command_with_socket(site: &TestSite, socket: impl Into<OwnedFd>) -> Command {
    command_with_sockets(site, Stdio::from(socket.into()), Stdio::null(), 1)
}

struct ServiceProcess {
    child: Child,
    lines: Receiver<String>,
    /// Log lines that were read and not yet returned.
    seen: Vec<String>,
}

impl ServiceProcess {
    /// Starts courant, and returns it with the log line that lists its addresses.
    fn start(mut command: Command) -> (ServiceProcess, String) {
        let mut child = command.spawn().expect("courant runs");
        let lines = read_lines(BufReader::new(child.stderr.take().expect("a pipe")));
        let seen = Vec::new();
        let mut running = ServiceProcess { child, lines, seen };
        let line = running.wait_for_log("listening addresses");
        (running, line)
    }

    /// Waits for a log line that contains the text. Threads log in any order.
    fn wait_for_log(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.iter().position(|line| line.contains(text)) {
                return self.seen.remove(at);
            }
            let line = self.lines.recv_timeout(TEST_TIMEOUT);
            let seen = &mut self.seen;
            seen.push(line.unwrap_or_else(|_| panic!("no `{text}` in {seen:?}")));
        }
    }

    fn send_signal(&self, name: &str) {
        let killed = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        assert!(killed.expect("kill runs").success());
    }

    /// Stops courant with SIGTERM, as a manager does.
    fn terminate(mut self) {
        self.send_signal("TERM");
        // The log ends with the process.
        let ended = loop {
            if let Err(why) = self.lines.recv_timeout(TEST_TIMEOUT) {
                break why;
            }
        };
        assert_eq!(
            ended,
            RecvTimeoutError::Disconnected,
            "the process keeps running"
        );
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
    }
}

impl Drop for ServiceProcess {
    /// Kills the process, also after a failed test.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs courant to its end and returns exit code and stderr.
fn run_to_end(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().expect("courant runs");
    (status.code(), String::from_utf8(stderr).expect("UTF-8"))
}

#[test]
fn passed_tcp_socket_replaces_the_configured_addresses() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let site = site.config(UNBINDABLE_LISTEN);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // A client that connects before courant runs waits in the backlog.
    let mut early = TcpStream::connect(address).unwrap();
    early
        .write_all(b"GET /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .unwrap();
    let (running, line) = ServiceProcess::start(command_with_socket(&site, socket));
    assert!(line.contains(&format!("addresses=\"{address}\"")), "{line}");
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Served"), "{answer}");
    // Enough requests for every worker thread to accept some.
    for _ in 0..40 {
        assert_eq!(request(address, "GET", "/rss.xml", &[]).status, 200);
    }
    running.terminate();
}

#[test]
fn passed_unix_socket_is_served_and_its_file_kept() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let path = site.root().join("handed.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let (running, line) = ServiceProcess::start(command_with_socket(&site, socket));
    assert!(line.contains(&format!("unix:{}", path.display())), "{line}");
    let mut client = UnixStream::connect(&path).unwrap();
    client
        .write_all(b"GET /rss.xml HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).unwrap();
    assert!(Response::parse(&bytes).text().contains("Served"));
    running.terminate();
    assert!(path.exists(), "a passed socket file belongs to the manager");
}

#[test]
fn connections_between_two_instances_wait_in_the_passed_socket() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let (running, _) =
        ServiceProcess::start(command_with_socket(&site, socket.try_clone().unwrap()));
    assert_eq!(request(address, "GET", "/rss.xml", &[]).status, 200);
    running.terminate();
    let asking = std::thread::spawn(move || request(address, "GET", "/rss.xml", &[]).status);
    let (running, _) = ServiceProcess::start(command_with_socket(&site, socket));
    assert_eq!(asking.join().unwrap(), 200);
    running.terminate();
}

#[test]
fn socket_named_admin_does_not_serve_the_site() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let [admin, public] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let address = public.local_addr().unwrap();
    let mut command = command_with_sockets(
        &site,
        Stdio::from(OwnedFd::from(admin)),
        Stdio::from(OwnedFd::from(public)),
        2,
    );
    command.env("LISTEN_FDNAMES", "admin:courant.socket");
    let (running, line) = ServiceProcess::start(command);
    assert!(line.contains(&format!("addresses=\"{address}\"")), "{line}");
    assert_eq!(request(address, "GET", "/rss.xml", &[]).status, 200);
    running.terminate();
}

#[test]
fn passed_descriptor_must_be_a_listening_stream_socket() {
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
        let mut command = command_with_socket(&site, wrong);
        command.env("LISTEN_FDNAMES", "web");
        let (code, stderr) = run_to_end(command);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(
            stderr.contains("passed descriptor 1 (`web`) is not a listening stream socket")
                && stderr.contains("hint: in the `.socket` unit, use `ListenStream=`"),
            "{stderr}"
        );
    }
}

#[test]
fn mismatched_socket_names_are_rejected() {
    let site = TestSite::new();
    let [first, second] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let of = |socket: &TcpListener| Stdio::from(OwnedFd::from(socket.try_clone().unwrap()));
    for (names, says) in [
        ("admin:admin", "more than one"),
        ("admin", "names in `LISTEN_FDNAMES` is 1"),
    ] {
        let mut command = command_with_sockets(&site, of(&first), of(&second), 2);
        command.env("LISTEN_FDNAMES", names);
        let (code, stderr) = run_to_end(command);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(
            stderr.contains(says) && stderr.contains("hint: "),
            "{stderr}"
        );
    }
}

#[test]
fn sockets_for_a_different_process_are_ignored() {
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
    let (running, line) = ServiceProcess::start(command);
    assert!(line.contains("127.0.0.1:"), "{line}");
    running.terminate();
}

/// The notification socket of a service manager.
struct NotifySocket {
    socket: UnixDatagram,
}

impl NotifySocket {
    fn new(site: &TestSite) -> NotifySocket {
        let socket = UnixDatagram::bind(NotifySocket::path(site)).unwrap();
        socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
        NotifySocket { socket }
    }

    fn path(site: &TestSite) -> std::path::PathBuf {
        site.root().join("notify")
    }

    /// Receives the next notification.
    fn receive(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).expect("a notification");
        String::from_utf8(bytes[..length].to_vec()).expect("UTF-8")
    }

    /// Receives notifications up to one that contains `what`.
    fn receive_until(&self, what: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let notification = self.receive();
            let is_it = notification.contains(what);
            all.push(notification);
            if is_it {
                return all;
            }
            assert!(all.len() < 10_000, "no {what} in {all:?}");
        }
    }

    /// Returns the notifications that are queued.
    fn drain(&self) -> Vec<String> {
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

/// Prepares courant with `NOTIFY_SOCKET` set.
fn command_with_notify(site: &TestSite, socket: &Path) -> Command {
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

fn quoted_address(line: &str) -> &str {
    line.split('"').nth(1).expect("an address in quotes")
}

#[test]
fn manager_is_notified_of_ready_status_and_stopping() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", "---\ntitle: [\n---\n");
    let manager = NotifySocket::new(&site);
    let (running, line) =
        ServiceProcess::start(command_with_notify(&site, &NotifySocket::path(&site)));
    let before = manager.receive_until("READY=1");
    assert_eq!(
        before,
        ["STATUS=generation 1: 1 post, 1 finding\n", "READY=1\n"]
    );
    assert_eq!(
        request(quoted_address(&line), "GET", "/rss.xml", &[]).status,
        200
    );
    fs::write(site.content().join("c.md"), plain("Gamma", "2024-01-02")).unwrap();
    assert_eq!(
        manager.receive(),
        "STATUS=generation 2: 2 posts, 1 finding\n"
    );
    fs::rename(site.content(), site.root().join("away")).unwrap();
    manager.receive_until("STATUS=the content cannot be read, generation 2 stays served\n");
    fs::rename(site.root().join("away"), site.content()).unwrap();
    manager.receive_until("STATUS=generation 2: 2 posts, 1 finding\n");
    running.terminate();
    assert_eq!(manager.drain(), ["STOPPING=1\n"]);
}

/// Returns the time since boot in microseconds (`CLOCK_MONOTONIC`), rounded down.
fn uptime_microseconds() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    (seconds * 100.0) as u64 * 10_000
}

#[test]
fn every_reload_notifies_reloading_and_ready() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let manager = NotifySocket::new(&site);
    let (mut running, _) =
        ServiceProcess::start(command_with_notify(&site, &NotifySocket::path(&site)));
    manager.receive_until("READY=1");
    let file = site.root().join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    let faulty = good.replace("title =", "titel =");
    let elsewhere = format!("{good}\n[content]\ndir = \"nowhere\"\n");
    for (text, says) in [
        (&good, "configuration reloaded"),
        (&faulty, "invalid configuration rejected"),
        (&elsewhere, "configuration cannot be applied yet"),
        // The same fault as before is not logged again.
        (&elsewhere, "reloading on SIGHUP"),
    ] {
        fs::write(&file, text).unwrap();
        let before = uptime_microseconds();
        running.send_signal("HUP");
        let notification = manager.receive_until("RELOADING=1").pop().unwrap();
        let since = notification
            .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
            .unwrap_or_else(|| panic!("{notification}"));
        let since: u64 = since.trim().parse().unwrap();
        // A container may count from its own start.
        assert!(since >= before || since > 0, "{since} {before}");
        assert_eq!(
            manager.receive_until("READY=1").last().unwrap(),
            "READY=1\n"
        );
        running.wait_for_log(says);
    }
    running.terminate();
}

#[test]
fn unreachable_notify_socket_is_logged_and_the_site_served() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let (mut running, line) =
        ServiceProcess::start(command_with_notify(&site, Path::new("/nowhere/notify")));
    let warned = running.wait_for_log("cannot notify the service manager");
    assert!(warned.contains("NOTIFY_SOCKET"), "{warned}");
    assert_eq!(
        request(quoted_address(&line), "GET", "/rss.xml", &[]).status,
        200
    );
    running.terminate();
}

#[test]
fn watchdog_is_notified_by_watch_turns_only() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let manager = NotifySocket::new(&site);
    let mut command = command_with_notify(&site, &NotifySocket::path(&site));
    // Shorter than any turn of the watch, so every turn notifies.
    command.env("WATCHDOG_USEC", "2");
    let (running, line) = ServiceProcess::start(command);
    manager.receive_until("WATCHDOG=1\n");
    manager.receive_until("WATCHDOG=1\n");

    // Reading the configuration from a FIFO blocks the watch until the test writes to it.
    let file = site.root().join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    let pipe = site.root().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
    fs::rename(&pipe, &file).unwrap();
    let end = Instant::now() + TEST_TIMEOUT;
    let mut writer = loop {
        // A FIFO can be opened for non-blocking writes once it has a reader.
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
        match rustix::fs::open(&file, flags, rustix::fs::Mode::empty()) {
            Ok(writer) => break fs::File::from(writer),
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        std::thread::yield_now();
    };
    manager.drain();
    for _ in 0..50 {
        assert_eq!(
            request(quoted_address(&line), "GET", "/rss.xml", &[]).status,
            200
        );
    }
    assert_eq!(
        manager.drain(),
        [""; 0],
        "a blocked watch sends no notification"
    );
    // Replaced before the watch continues, or it could open the FIFO again without a writer.
    fs::write(&pipe, &good).unwrap();
    fs::rename(&pipe, &file).unwrap();
    writer.write_all(good.as_bytes()).unwrap();
    drop(writer);
    manager.receive_until("WATCHDOG=1\n");
    running.terminate();
}

#[test]
fn watchdog_is_silent_if_unset_or_for_a_different_process() {
    for variables in [&[][..], &[("WATCHDOG_USEC", "2"), ("WATCHDOG_PID", "1")]] {
        let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
        let manager = NotifySocket::new(&site);
        let mut command = command_with_notify(&site, &NotifySocket::path(&site));
        command.envs(variables.iter().copied());
        let (running, _) = ServiceProcess::start(command);
        manager.receive_until("READY=1");
        fs::write(site.content().join("b.md"), plain("Beta", "2024-01-02")).unwrap();
        manager.receive_until("2 posts");
        running.terminate();
        assert_eq!(manager.drain(), ["STOPPING=1\n"]);
    }
}
