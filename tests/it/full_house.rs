//! A server at its limits goes on serving: at the limit on connections an idle one is closed for a new one, the
//! operator's listener does the same, the limit on open files leaves some for the content, and a request whose body is
//! not read does not cost its client the answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::server_room::{Client, LONG, Running, field, stuck_reader};

const GET: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
/// More than the system buffers between two sockets of this machine.
const LARGE_BODY: usize = 3_000_000;

async fn ask(client: &mut Client) {
    client.send(GET).await;
    client.read_until("robots!\n").await;
}

async fn asked(server: &Running) -> Client {
    let mut client = server.connect().await;
    ask(&mut client).await;
    client
}

#[tokio::test]
async fn newcomer_takes_the_place_of_the_longest_idle() {
    let server = Running::start(|config| config.max_connections = 2).await;
    let mut longest = asked(&server).await;
    let mut other = asked(&server).await;
    let mut newcomer = asked(&server).await;
    assert_eq!(longest.read_to_end().await, "", "it is closed");
    ask(&mut other).await;
    ask(&mut newcomer).await;
    assert_eq!(server.traffic.figures().connections.evicted, 1);
}

#[tokio::test]
async fn silent_connection_makes_room_too() {
    let server = Running::start(|config| config.max_connections = 1).await;
    let mut silent = server.connect().await;
    asked(&server).await;
    assert_eq!(silent.read_to_end().await, "");
}

#[tokio::test]
async fn idle_http2_connection_makes_room_with_goaway() {
    let server = Running::start(|config| config.max_connections = 1).await;
    let (mut sender, connection) = server.http2().await;
    let request = Request::get("http://e.org/robots.txt")
        .body(Empty::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    answer.into_body().collect().await.unwrap();
    asked(&server).await;
    connection
        .await
        .unwrap()
        .expect("it is told that the connection closes");
}

#[tokio::test]
async fn answer_in_flight_is_never_evicted() {
    let server = Running::start(|config| config.max_connections = 1).await;
    let mut busy = stuck_reader(&server).await;
    let mut newcomer = server.connect().await;
    newcomer.send(GET).await;
    // The newcomer is let in when the answers are through, of which there are 16 MiB, and not before.
    let all = async {
        let mut bytes = 0;
        let mut room = vec![0; 64 * 1024];
        while bytes < 16 * 1024 * 1024 {
            match tokio::io::AsyncReadExt::read(&mut busy.0, &mut room).await {
                Ok(0) | Err(_) => break,
                Ok(read) => bytes += read,
            }
        }
        bytes
    };
    let bytes = timeout(LONG, all).await.unwrap();
    assert!(bytes >= 16 * 1024 * 1024, "{bytes}");
    newcomer.read_until("robots!\n").await;
}

#[tokio::test]
async fn refused_body_does_not_cost_its_client_the_answer() {
    let server = Running::start(|_| ()).await;
    for (start, fields, status) in [
        ("POST /rss.xml", "", "405"),
        ("POST /rss.xml", "Expect: 100-continue\r\n", "405"),
        ("PUT /none", "", "405"),
        ("GET /rss.xml", "", "400"),
    ] {
        let mut client = server.connect().await;
        let head = format!(
            "{start} HTTP/1.1\r\nHost: e.org\r\n{fields}Content-Length: {LARGE_BODY}\r\n\r\n"
        );
        client.send(&head).await;
        // All of it can be sent, though the answer is there before.
        let sent = client.0.write_all(&vec![b'z'; LARGE_BODY]).await;
        sent.expect("the connection is not reset");
        let answer = client.read_to_end().await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{start}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert_eq!(field(&answer, "connection"), Some("close"));
        let allowed = field(&answer, "allow");
        assert_eq!(allowed.is_some(), status == "405", "{answer}");
    }
}

#[tokio::test]
async fn endless_body_is_cut_off() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: e.org\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let flooding = async {
        let chunk = [b"10000\r\n".as_slice(), &[b'z'; 0x10000], b"\r\n"].concat();
        while client.0.write_all(&chunk).await.is_ok() {}
    };
    timeout(LONG, flooding).await.expect("it is cut off");
    server.still_answers().await;
}

#[tokio::test]
async fn refused_method_without_body_keeps_the_connection() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client
        .send("POST /rss.xml HTTP/1.1\r\nHost: e.org\r\nContent-Length: 0\r\n\r\n")
        .await;
    let answer = client.read_until("method not allowed\n").await;
    assert_eq!(field(&answer, "connection"), None, "{answer}");
    ask(&mut client).await;
}

/// A POST over `http` by HPACK's static table, whose stream stays open for its body, and a ping after it.
const POST_AND_PING: &[u8] =
    b"\0\0\x03\x01\x04\0\0\0\x01\x83\x86\x84\0\0\x08\x06\0\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08";

#[tokio::test]
async fn refused_body_over_http2_ends_its_stream_alone() {
    let server = Running::start(|_| ()).await;
    let mut client = server.connect().await;
    client
        .send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    client.0.write_all(POST_AND_PING).await.unwrap();
    // RST_STREAM of stream 1 with NO_ERROR (RFC 9113 §8.1).
    let reset = b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\0";
    let mut received = Vec::new();
    while !received.windows(reset.len()).any(|part| part == reset) {
        let byte = timeout(LONG, tokio::io::AsyncReadExt::read_u8(&mut client.0)).await;
        received.push(byte.expect("it is reset").expect("the connection stays"));
    }
    // The same connection is asked again: GET of /robots.txt on stream 3.
    let get = b"\0\0\x0f\x01\x05\0\0\0\x03\x82\x86\x04\x0b/robots.txt";
    client.0.write_all(get).await.unwrap();
    client.read_until_contains("robots!\n").await;
}

#[cfg(target_os = "linux")]
mod process {
    use std::fs;
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::serve::{address, lines, logged};
    use crate::support::{TestSite, plain, request, request_of};

    /// Starts the command in a shell that sets limits on open files first.
    fn limited(
        site: &TestSite,
        limits: &str,
        admin: &str,
    ) -> (Ends, String, BufReader<std::process::ChildStderr>) {
        let program = env!("CARGO_BIN_EXE_courant");
        let config = site.write_config();
        let script = format!(
            "{limits}; exec '{program}' --config '{}' --listen 127.0.0.1:0 --admin-listen {admin}",
            config.display()
        );
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let last = if admin == "off" {
            "seen from outside as"
        } else {
            "for you alone"
        };
        let mut said = String::new();
        while !said.contains(last) {
            assert_ne!(stderr.read_line(&mut said).expect("UTF-8"), 0, "{said}");
        }
        (Ends(child), said, stderr)
    }

    /// A process that ends with the test.
    struct Ends(Child);

    impl Drop for Ends {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// A connection that is kept after it asked once, if it was answered.
    fn kept(address: &str) -> TcpStream {
        let mut socket = TcpStream::connect(address).expect("connected");
        socket.set_read_timeout(Some(LONG)).expect("a time-out");
        let get = b"GET /robots.txt HTTP/1.1\r\nHost: example.org\r\n\r\n";
        socket.write_all(get).expect("sent");
        assert_ne!(socket.read(&mut [0; 4096]).expect("answered"), 0);
        socket
    }

    fn until_gone(address: &str, text: &str) {
        let end = std::time::Instant::now() + LONG;
        while request(address, "GET", "/rss.xml", &[])
            .text()
            .contains(text)
        {
            assert!(std::time::Instant::now() < end, "`{text}` is still served");
            std::thread::yield_now();
        }
    }

    #[test]
    fn hide_is_published_however_many_connections_are_open() {
        let site = TestSite::new().post("a.md", plain("Secret", "2024-01-01"));
        let (child, said, stderr) = limited(&site, "ulimit -n 64", "off");
        let log = lines(stderr);
        let address = address(&said).to_owned();
        let kept: Vec<_> = (0..100).map(|_| kept(&address)).collect();
        let hidden = "---\ntitle: Secret\ndate: 2024-01-01\nhidePost: true\n---\n";
        fs::write(site.content().join("a.md"), hidden).unwrap();
        until_gone(&address, "Secret");
        drop(kept);
        drop(child);
        let said: Vec<String> = log.iter().collect();
        assert!(
            !said
                .iter()
                .any(|line| line.contains("open files (os error")),
            "{said:?}"
        );
    }

    #[test]
    fn limit_on_open_files_is_raised_and_told_where_it_is_low() {
        let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
        let (child, said, _) = limited(&site, "ulimit -Sn 64; ulimit -Hn 4096", "off");
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.0.id())).unwrap();
        let open = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let numbers: Vec<&str> = open.unwrap().split_whitespace().skip(3).take(2).collect();
        assert_eq!(numbers, ["4096", "4096"]);
        drop(child);
        assert!(said.contains("fewer connections than"), "{said}");
        assert!(said.contains("connections=3840"), "{said}");
    }

    #[test]
    fn health_is_told_whatever_else_is_open() {
        let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
        let (child, said, _) = limited(&site, "ulimit -n 4096", "127.0.0.1:0");
        let (_, own) = said.split_once("for you alone").expect("it is said");
        let admin = address(own).to_owned();
        let silent = (0..200).map(|_| TcpStream::connect(&admin).expect("connected"));
        let silent: Vec<_> = silent.collect();
        let begun: Vec<_> = (0..200)
            .map(|_| {
                let mut socket = TcpStream::connect(&admin).expect("connected");
                socket.write_all(b"GET /heal").expect("sent");
                socket
            })
            .collect();
        let answer = request_of(&admin, "localhost", "GET", "/healthz", &[]);
        assert_eq!(answer.status, 200);
        drop((silent, begun));
        drop(child);
    }

    #[test]
    fn frames_of_one_client_write_no_line() {
        let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
        let (child, said, stderr) = limited(&site, "ulimit -n 4096", "off");
        let log = lines(stderr);
        let address = address(&said).to_owned();
        logged(&log, "listening");
        for _ in 0..3 {
            let mut socket = TcpStream::connect(&address).expect("connected");
            socket.set_read_timeout(Some(LONG)).expect("a time-out");
            let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
            socket.write_all(preface).expect("sent");
            // Answers to pings that nobody sent.
            let ack = b"\0\0\x08\x06\x01\0\0\0\0\0\0\0\0\0\0\0\x07";
            socket.write_all(&ack.repeat(50)).expect("sent");
            // More streams that are reset at once than are let pass.
            let mut frames = Vec::new();
            for stream in (1_u32..400).step_by(2) {
                frames.extend(b"\0\0\x03\x01\x05");
                frames.extend(stream.to_be_bytes());
                frames.extend(b"\x82\x86\x84\0\0\x04\x03\0");
                frames.extend(stream.to_be_bytes());
                frames.extend(8_u32.to_be_bytes());
            }
            // It may be closed before all is sent.
            let _ = socket.write_all(&frames);
            let _ = socket.shutdown(Shutdown::Write);
            let _ = socket.read_to_end(&mut Vec::new());
        }
        assert_eq!(request(&address, "GET", "/rss.xml", &[]).status, 200);
        drop(child);
        let said: Vec<String> = log.iter().collect();
        assert!(said.is_empty(), "{said:?}");
    }
}
