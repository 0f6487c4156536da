//! Checks that a server at its limits keeps serving.
//!
//! At the connection limit, both listeners close an idle connection for a new one. The limit on
//! open files leaves some for the content. A rejected request body does not cost the client the
//! response.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::server_room::{LONG_TIMEOUT, RawClient, TestServer, connect_stuck_reader, header_value};

const GET_ROBOTS: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";
/// More than the kernel buffers between two local sockets.
const LARGE_BODY_BYTES: usize = 3_000_000;

async fn request_robots(client: &mut RawClient) {
    client.send(GET_ROBOTS).await;
    client.read_until("robots!\n").await;
}

async fn connect_and_request(server: &TestServer) -> RawClient {
    let mut client = server.connect().await;
    request_robots(&mut client).await;
    client
}

#[tokio::test]
async fn new_connection_evicts_the_longest_idle_one() {
    let server = TestServer::start(|config| config.max_connections = 2).await;
    let mut longest = connect_and_request(&server).await;
    let mut other = connect_and_request(&server).await;
    let mut newcomer = connect_and_request(&server).await;
    assert_eq!(longest.read_to_end().await, "", "the connection is closed");
    request_robots(&mut other).await;
    request_robots(&mut newcomer).await;
    assert_eq!(server.traffic.traffic_figures().connections.evicted, 1);
}

#[tokio::test]
async fn silent_connection_is_evicted() {
    let server = TestServer::start(|config| config.max_connections = 1).await;
    let mut silent = server.connect().await;
    connect_and_request(&server).await;
    assert_eq!(silent.read_to_end().await, "");
}

#[tokio::test]
async fn idle_http2_connection_is_evicted_with_goaway() {
    let server = TestServer::start(|config| config.max_connections = 1).await;
    let (mut sender, connection) = server.connect_http2().await;
    let request = Request::get("http://e.org/robots.txt")
        .body(Empty::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    answer.into_body().collect().await.unwrap();
    connect_and_request(&server).await;
    connection
        .await
        .unwrap()
        .expect("the connection closes cleanly after GOAWAY");
}

#[tokio::test]
async fn connection_with_a_response_in_flight_is_not_evicted() {
    let server = TestServer::start(|config| config.max_connections = 1).await;
    let mut busy = connect_stuck_reader(&server).await;
    let mut newcomer = server.connect().await;
    newcomer.send(GET_ROBOTS).await;
    // The new connection is accepted only once all responses are sent, 16 MiB in total.
    let all = async {
        let mut bytes = 0;
        let mut buffer = vec![0; 64 * 1024];
        while bytes < 16 * 1024 * 1024 {
            match tokio::io::AsyncReadExt::read(&mut busy.0, &mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(read) => bytes += read,
            }
        }
        bytes
    };
    let bytes = timeout(LONG_TIMEOUT, all).await.unwrap();
    assert!(bytes >= 16 * 1024 * 1024, "{bytes}");
    newcomer.read_until("robots!\n").await;
}

#[tokio::test]
async fn client_gets_the_response_despite_a_rejected_body() {
    let server = TestServer::start(|_| ()).await;
    for (start, fields, status) in [
        ("POST /rss.xml", "", "405"),
        ("POST /rss.xml", "Expect: 100-continue\r\n", "405"),
        ("PUT /none", "", "405"),
        ("GET /rss.xml", "", "400"),
    ] {
        let mut client = server.connect().await;
        let head = format!(
            "{start} HTTP/1.1\r\nHost: e.org\r\n{fields}Content-Length: {LARGE_BODY_BYTES}\r\n\r\n"
        );
        client.send(&head).await;
        // The whole body can be sent, although the response comes first.
        let sent = client.0.write_all(&vec![b'z'; LARGE_BODY_BYTES]).await;
        sent.expect("the connection is not reset");
        let answer = client.read_to_end().await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{start}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert_eq!(header_value(&answer, "connection"), Some("close"));
        let allowed = header_value(&answer, "allow");
        assert_eq!(allowed.is_some(), status == "405", "{answer}");
    }
}

#[tokio::test]
async fn endless_body_is_cut_off() {
    let server = TestServer::start(|_| ()).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: e.org\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let flooding = async {
        let chunk = [b"10000\r\n".as_slice(), &[b'z'; 0x10000], b"\r\n"].concat();
        while client.0.write_all(&chunk).await.is_ok() {}
    };
    timeout(LONG_TIMEOUT, flooding)
        .await
        .expect("the connection is closed");
    server.assert_still_answers().await;
}

#[tokio::test]
async fn rejected_method_without_body_keeps_the_connection() {
    let server = TestServer::start(|_| ()).await;
    let mut client = server.connect().await;
    client
        .send("POST /rss.xml HTTP/1.1\r\nHost: e.org\r\nContent-Length: 0\r\n\r\n")
        .await;
    let answer = client.read_until("method not allowed\n").await;
    assert_eq!(header_value(&answer, "connection"), None, "{answer}");
    request_robots(&mut client).await;
}

/// A POST in HPACK's static table whose stream stays open for a body, followed by a PING.
const POST_AND_PING: &[u8] =
    b"\0\0\x03\x01\x04\0\0\0\x01\x83\x86\x84\0\0\x08\x06\0\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08";

#[tokio::test]
async fn rejected_http2_body_resets_only_its_stream() {
    let server = TestServer::start(|_| ()).await;
    let mut client = server.connect().await;
    client
        .send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    client.0.write_all(POST_AND_PING).await.unwrap();
    // RST_STREAM of stream 1 with NO_ERROR (RFC 9113 §8.1).
    let reset = b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\0";
    let mut received = Vec::new();
    while !received.windows(reset.len()).any(|part| part == reset) {
        let byte = timeout(
            LONG_TIMEOUT,
            tokio::io::AsyncReadExt::read_u8(&mut client.0),
        )
        .await;
        received.push(
            byte.expect("the stream is reset in time")
                .expect("the connection stays"),
        );
    }
    // The connection stays usable: GET /robots.txt on stream 3.
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
    use crate::serve::{read_lines, served_address, wait_for_log};
    use crate::support::{TestSite, plain, request, request_with_host};

    /// Starts the command in a shell that limits open files, and reads its startup log.
    fn start_with_limits(
        site: &TestSite,
        limits: &str,
        admin: &str,
    ) -> (KillOnDrop, String, BufReader<std::process::ChildStderr>) {
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
            "public URL: "
        } else {
            "admin page: "
        };
        let mut output = String::new();
        while !output.contains(last) {
            assert_ne!(stderr.read_line(&mut output).expect("UTF-8"), 0, "{output}");
        }
        (KillOnDrop(child), output, stderr)
    }

    /// A process that is killed at the end of the test.
    struct KillOnDrop(Child);

    impl Drop for KillOnDrop {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Opens a connection that stays idle after one answered request.
    fn open_idle_connection(address: &str) -> TcpStream {
        let mut socket = TcpStream::connect(address).expect("connected");
        socket
            .set_read_timeout(Some(LONG_TIMEOUT))
            .expect("the timeout is set");
        let get = b"GET /robots.txt HTTP/1.1\r\nHost: example.org\r\n\r\n";
        socket.write_all(get).expect("sent");
        assert_ne!(socket.read(&mut [0; 4096]).expect("answered"), 0);
        socket
    }

    fn wait_until_gone(address: &str, text: &str) {
        let end = std::time::Instant::now() + LONG_TIMEOUT;
        while request(address, "GET", "/rss.xml", &[])
            .text()
            .contains(text)
        {
            assert!(std::time::Instant::now() < end, "`{text}` is still served");
            std::thread::yield_now();
        }
    }

    #[test]
    fn hide_is_published_at_the_open_file_limit() {
        let site = TestSite::new().post("a.md", plain("Secret", "2024-01-01"));
        let (child, output, stderr) = start_with_limits(&site, "ulimit -n 64", "off");
        let log = read_lines(stderr);
        let address = served_address(&output).to_owned();
        let idle: Vec<_> = (0..100).map(|_| open_idle_connection(&address)).collect();
        let hidden = "---\ntitle: Secret\ndate: 2024-01-01\nhidePost: true\n---\n";
        fs::write(site.content().join("a.md"), hidden).unwrap();
        wait_until_gone(&address, "Secret");
        drop(idle);
        drop(child);
        let output: Vec<String> = log.iter().collect();
        assert!(
            !output
                .iter()
                .any(|line| line.contains("open files (os error")),
            "{output:?}"
        );
    }

    #[test]
    fn low_open_file_limit_is_raised_and_logged() {
        let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
        let (child, output, _) = start_with_limits(&site, "ulimit -Sn 64; ulimit -Hn 4096", "off");
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.0.id())).unwrap();
        let open = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let numbers: Vec<&str> = open.unwrap().split_whitespace().skip(3).take(2).collect();
        assert_eq!(numbers, ["4096", "4096"]);
        drop(child);
        assert!(output.contains("fewer connections than"), "{output}");
        assert!(output.contains("connections=3840"), "{output}");
    }

    #[test]
    fn health_check_answers_with_many_open_connections() {
        let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
        let (child, output, _) = start_with_limits(&site, "ulimit -n 4096", "127.0.0.1:0");
        let (_, admin_line) = output
            .split_once("admin page: ")
            .expect("the admin address is logged");
        let admin = served_address(admin_line).to_owned();
        let silent = (0..200).map(|_| TcpStream::connect(&admin).expect("connected"));
        let silent: Vec<_> = silent.collect();
        let begun: Vec<_> = (0..200)
            .map(|_| {
                let mut socket = TcpStream::connect(&admin).expect("connected");
                socket.write_all(b"GET /heal").expect("sent");
                socket
            })
            .collect();
        let answer = request_with_host(&admin, "localhost", "GET", "/healthz", &[]);
        assert_eq!(answer.status, 200);
        drop((silent, begun));
        drop(child);
    }

    #[test]
    fn http2_frame_floods_write_no_log_lines() {
        let site = TestSite::new()
            .url("https://harbour.example/")
            .post("a.md", plain("A", "2024-01-01"));
        let (child, output, stderr) = start_with_limits(&site, "ulimit -n 4096", "off");
        let log = read_lines(stderr);
        let address = served_address(&output).to_owned();
        wait_for_log(&log, "listening");
        for _ in 0..3 {
            let mut socket = TcpStream::connect(&address).expect("connected");
            socket
                .set_read_timeout(Some(LONG_TIMEOUT))
                .expect("the timeout is set");
            let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
            socket.write_all(preface).expect("sent");
            // PING acknowledgements without a PING.
            let ack = b"\0\0\x08\x06\x01\0\0\0\0\0\0\0\0\0\0\0\x07";
            socket.write_all(&ack.repeat(50)).expect("sent");
            // More streams opened and reset at once than allowed.
            let mut frames = Vec::new();
            for stream in (1_u32..400).step_by(2) {
                frames.extend(b"\0\0\x03\x01\x05");
                frames.extend(stream.to_be_bytes());
                frames.extend(b"\x82\x86\x84\0\0\x04\x03\0");
                frames.extend(stream.to_be_bytes());
                frames.extend(8_u32.to_be_bytes());
            }
            // The server may close the connection before all is sent.
            let _ = socket.write_all(&frames);
            let _ = socket.shutdown(Shutdown::Write);
            let _ = socket.read_to_end(&mut Vec::new());
        }
        assert_eq!(request(&address, "GET", "/rss.xml", &[]).status, 200);
        drop(child);
        let output: Vec<String> = log.iter().collect();
        assert!(output.is_empty(), "{output:?}");
    }
}
