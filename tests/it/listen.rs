//! Where courant listens: Unix sockets, TLS, several addresses at once, and what becomes of who waits
//! there when it stops.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use courant::artifact::{Artifact, ArtifactKey, Body, OutputBytes};
use courant::config::{self, Listen};
use courant::gallery::Gallery;
use courant::server::{Drained, Listeners, Part, Server, Source, Tls, TlsError, Traffic};
use courant::snapshot::{Current, Snapshot};
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Response, TestSite, clock, plain, request};

/// The longest that anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);
const GET: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";
const KEPT_ALIVE: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";

/// Serves one text at sockets, and how that is stopped.
struct Running {
    stop: oneshot::Sender<()>,
    drained: JoinHandle<Drained>,
}

impl Running {
    fn start(config: &config::Server, part: Part) -> Running {
        let artifact = Artifact {
            key: ArtifactKey::Robots,
            body: Body::Ready(OutputBytes::new(b"robots!\n".to_vec())),
            links: Vec::new(),
            noindex: false,
        };
        let current = Current::default();
        current.publish(Snapshot::next(
            &Snapshot::default(),
            vec![artifact],
            clock(),
        ));
        let gallery = Gallery::new(1 << 20, 4).unwrap();
        let source = Source {
            current,
            gallery,
            traffic: Traffic::default(),
            access_log: None,
        };
        let server = Server::new(source, config, clock);
        let (stop, stopped) = oneshot::channel::<()>();
        let drained = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            server.serve(part, stopped).await
        });
        Running { stop, drained }
    }

    async fn stop(self) -> Drained {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.drained).await.unwrap().unwrap()
    }
}

fn config(listen: Vec<Listen>) -> config::Server {
    config::Server {
        listen,
        public_url: "https://e.org".to_owned(),
        drain_timeout: PATIENCE,
        ..config::Server::default()
    }
}

fn any_port() -> Listen {
    "127.0.0.1:0".parse().unwrap()
}

/// One part that listens at all addresses, and what they are.
fn listening(config: &config::Server, tls: Option<Arc<Tls>>) -> (Part, Vec<Listen>) {
    let listeners = Listeners::bind(config, tls, 1).unwrap();
    listeners.listen(false).unwrap();
    let addresses = listeners.addresses();
    (listeners.into_parts().remove(0), addresses)
}

fn port(address: &Listen) -> SocketAddr {
    match address {
        Listen::Tcp(address) => *address,
        Listen::Unix(path) => panic!("{path:?} has no port"),
    }
}

async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut text)).await;
    read.expect("the server closes").expect("text");
    text
}

/// What a Unix socket answers.
fn ask(path: &Path) -> Response {
    let mut socket = UnixStream::connect(path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(GET.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    Response::parse(&bytes)
}

#[tokio::test]
async fn several_addresses_are_listened_on_in_one_process() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let config = config(vec![any_port(), Listen::Unix(path.clone()), any_port()]);
    let (part, addresses) = listening(&config, None);
    let running = Running::start(&config, part);
    assert_ne!(addresses[0], addresses[2]);
    for address in [&addresses[0], &addresses[2]] {
        let mut client = TcpStream::connect(port(address)).await.unwrap();
        client.write_all(GET.as_bytes()).await.unwrap();
        assert!(rest(&mut client).await.ends_with("robots!\n"));
    }
    let asked = tokio::task::spawn_blocking(move || ask(&path)).await;
    assert_eq!(asked.unwrap().text(), "robots!\n");
    assert_eq!(running.stop().await, Drained { cut_off: 0 });
}

#[tokio::test]
async fn a_unix_socket_has_its_mode_and_goes_when_the_server_does() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let mut config = config(vec![Listen::Unix(path.clone())]);
    let (part, _) = listening(&config, None);
    let file = std::fs::metadata(&path).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o660);
    Running::start(&config, part).stop().await;
    assert!(!path.exists());
    config.unix_mode = 0o666;
    let (_part, _) = listening(&config, None);
    let file = std::fs::metadata(&path).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o666);
}

#[test]
fn only_a_unix_socket_that_nobody_listens_on_is_replaced() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let config = config(vec![Listen::Unix(path.clone())]);
    let why = || {
        let refused = Listeners::bind(&config, None, 1).expect_err("it is taken");
        assert_eq!(
            refused.to_string(),
            format!("cannot listen on `unix:{}`", path.display())
        );
        refused.source.kind()
    };
    let other = UnixListener::bind(&path).unwrap();
    assert_eq!(why(), std::io::ErrorKind::AddrInUse);
    // Its file stays, as that of a program that was killed.
    drop(other);
    drop(Listeners::bind(&config, None, 1).expect("nobody listens there"));
    assert!(!path.exists(), "ours goes");
    std::fs::write(&path, "a letter").unwrap();
    assert_eq!(why(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a letter");
}

/// A certificate and its key on disk.
struct Certificate {
    dir: TempDir,
}

impl Certificate {
    fn new() -> Certificate {
        Certificate {
            dir: TempDir::new().unwrap(),
        }
    }

    fn files(&self) -> config::Tls {
        config::Tls {
            certificate: self.dir.path().join("certificate.pem"),
            key: self.dir.path().join("key.pem"),
        }
    }

    /// Puts a new pair in place of the one before; what clients have to trust.
    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["e.org".to_owned()]).unwrap();
        rename_over(&self.files().certificate, &cert.pem());
        rename_over(&self.files().key, &signing_key.serialize_pem());
        cert.der().clone()
    }
}

/// As programs do that renew certificates.
fn rename_over(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, file).unwrap();
}

/// A connection by one that trusts this certificate alone, and speaks these protocols.
async fn handshake(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
    config.alpn_protocols = protocols.collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("e.org").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// A server that waits so long for a handshake.
async fn encrypted(
    certificate: &Certificate,
    header_timeout: Duration,
) -> (Arc<Tls>, SocketAddr, Running) {
    let tls = Tls::load(&certificate.files()).unwrap();
    let mut config = config(vec![any_port()]);
    config.header_timeout = header_timeout;
    let (part, addresses) = listening(&config, Some(Arc::clone(&tls)));
    (tls, port(&addresses[0]), Running::start(&config, part))
}

#[tokio::test]
async fn tls_answers_over_http_1_and_http_2_as_the_client_chooses() {
    let certificate = Certificate::new();
    let trusted = certificate.renew();
    let (_tls, address, _running) = encrypted(&certificate, PATIENCE).await;
    for offered in [&[][..], &["http/1.1"]] {
        let mut client = handshake(address, &trusted, offered).await.unwrap();
        let chosen = client.get_ref().1.alpn_protocol();
        assert_eq!(chosen, offered.first().map(|name| name.as_bytes()));
        client.write_all(GET.as_bytes()).await.unwrap();
        assert!(rest(&mut client).await.ends_with("robots!\n"));
    }
    let client = handshake(address, &trusted, &["http/1.1", "h2"]).await;
    let client = client.unwrap();
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(client))
            .await
            .unwrap();
    tokio::spawn(connection);
    let get = Request::get("https://e.org/robots.txt");
    let get = get.body(Empty::<&'static [u8]>::new()).unwrap();
    let answer = sender.send_request(get).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_2)
    );
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "robots!\n");
}

#[tokio::test]
async fn a_handshake_must_be_over_within_the_time_for_a_head_and_holds_nobody_up() {
    let certificate = Certificate::new();
    let trusted = certificate.renew();
    let (_tls, address, _running) = encrypted(&certificate, Duration::from_secs(2)).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(GET.as_bytes()).await.unwrap();
    let mut client = handshake(address, &trusted, &[]).await.unwrap();
    client.write_all(GET.as_bytes()).await.unwrap();
    assert!(rest(&mut client).await.ends_with("robots!\n"));
    assert_eq!(rest(&mut silent).await, "");
    let mut said = Vec::new();
    // A TLS alert, or a reset.
    let _ = timeout(PATIENCE, plain.read_to_end(&mut said))
        .await
        .unwrap();
    assert!(!said.starts_with(b"HTTP"), "{said:?}");
}

#[tokio::test]
async fn a_certificate_is_renewed_and_a_bad_one_changes_nothing() {
    let certificate = Certificate::new();
    let first = certificate.renew();
    let (tls, address, _running) = encrypted(&certificate, PATIENCE).await;
    let trusts = |trusted: CertificateDer<'static>| async move {
        handshake(address, &trusted, &[]).await.is_ok()
    };
    assert!(tls.look(false).is_none(), "nothing changed");
    // One half of a renewal, seen by chance.
    let old_key = std::fs::read_to_string(certificate.files().key).unwrap();
    let second = certificate.renew();
    assert!(tls.look(false).is_none(), "it may still be changing");
    assert!(trusts(first.clone()).await && !trusts(second.clone()).await);
    assert!(matches!(tls.look(false), Some(Ok(()))));
    assert!(trusts(second.clone()).await && !trusts(first.clone()).await);
    assert!(tls.look(false).is_none(), "once");

    let good = std::fs::read_to_string(certificate.files().key).unwrap();
    let (key, pem) = (certificate.files().key, certificate.files().certificate);
    rename_over(&key, &old_key);
    let refused = |error: Option<Result<(), TlsError>>| error.unwrap().unwrap_err().to_string();
    assert!(tls.look(false).is_none());
    assert_eq!(
        refused(tls.look(false)),
        format!(
            "the key in `{}` is not that of the certificate in `{}`",
            key.display(),
            pem.display()
        )
    );
    assert!(tls.look(false).is_none(), "told once");
    rename_over(&key, "no key at all\n");
    assert_eq!(
        refused(tls.look(true)),
        format!(
            "cannot use the key in `{}`: it holds no private key in PEM form",
            key.display()
        )
    );
    rename_over(&key, &good);
    rename_over(&pem, "");
    let said = refused(tls.look(true));
    let start = format!("cannot use the certificate in `{}`: ", pem.display());
    assert!(said.starts_with(&start), "{said}");
    assert!(trusts(second).await, "the last good one goes on");
    let third = certificate.renew();
    assert!(matches!(tls.look(true), Some(Ok(()))), "at once when asked");
    assert!(trusts(third).await);
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_is_refused_at_the_start() {
    let certificate = Certificate::new();
    let missing = Tls::load(&certificate.files()).unwrap_err();
    assert!(
        matches!(&missing, TlsError::Certificate { file, .. } if *file == certificate.files().certificate),
        "{missing}"
    );
    certificate.renew();
    let other = Certificate::new();
    other.renew();
    std::fs::copy(other.files().key, certificate.files().key).unwrap();
    let strangers = Tls::load(&certificate.files()).unwrap_err();
    assert!(
        matches!(strangers, TlsError::Strangers { .. }),
        "{strangers}"
    );
}

/// Nothing is taken before the stop: all of them wait in the queue then.
#[tokio::test]
async fn who_waits_in_the_queue_at_the_stop_is_answered() {
    let config = config(vec![any_port()]);
    let (part, addresses) = listening(&config, None);
    let mut waiting = Vec::new();
    for number in 0..100 {
        let mut client = TcpStream::connect(port(&addresses[0])).await.unwrap();
        // Some ask later, when they have been taken.
        if number % 2 == 0 {
            client.write_all(GET.as_bytes()).await.unwrap();
        }
        waiting.push(client);
    }
    let running = Running::start(&config, part);
    running.stop.send(()).unwrap();
    for (number, client) in waiting.iter_mut().enumerate() {
        if number % 2 == 1 {
            client.write_all(KEPT_ALIVE.as_bytes()).await.unwrap();
        }
        let answer = rest(client).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n"),
            "{number}: {answer}"
        );
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.ends_with("robots!\n"), "{answer}");
    }
    assert_eq!(running.drained.await.unwrap(), Drained { cut_off: 0 });
}

#[tokio::test]
async fn who_waits_at_a_unix_socket_at_the_stop_is_answered() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let config = config(vec![Listen::Unix(path.clone())]);
    let (part, _) = listening(&config, None);
    let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
    client.write_all(GET.as_bytes()).await.unwrap();
    let running = Running::start(&config, part);
    assert_eq!(running.stop().await, Drained { cut_off: 0 });
    assert!(rest(&mut client).await.ends_with("robots!\n"));
}

#[tokio::test]
async fn a_kept_connection_may_ask_once_more_when_the_server_stops() {
    let config = config(vec![any_port()]);
    let (part, addresses) = listening(&config, None);
    let running = Running::start(&config, part);
    let mut client = TcpStream::connect(port(&addresses[0])).await.unwrap();
    client.write_all(KEPT_ALIVE.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    running.stop.send(()).unwrap();
    // The socket is closed: the server has heard of the stop.
    let gone = async { while TcpStream::connect(port(&addresses[0])).await.is_ok() {} };
    timeout(PATIENCE, gone).await.unwrap();
    client.write_all(KEPT_ALIVE.as_bytes()).await.unwrap();
    let rest = rest(&mut client).await;
    let (first, second) = rest.split_once("robots!\n").unwrap();
    assert!(!first.contains("connection: close"), "{first}");
    assert!(second.starts_with("HTTP/1.1 200 OK\r\n"), "{second}");
    assert!(second.contains("\r\nconnection: close\r\n"), "{second}");
    assert_eq!(running.drained.await.unwrap(), Drained { cut_off: 0 });
}

#[tokio::test]
async fn a_request_that_has_begun_at_the_stop_is_answered_however_long_it_takes_to_arrive() {
    let config = config(vec![any_port()]);
    let (part, addresses) = listening(&config, None);
    let running = Running::start(&config, part);
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = TcpStream::connect(port(&addresses[0])).await.unwrap();
        client.write_all(KEPT_ALIVE.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"robots!\n") {
            answer.push(client.read_u8().await.unwrap());
        }
        clients.push(client);
    }
    let mut fresh = TcpStream::connect(port(&addresses[0])).await.unwrap();
    let (head, tail) = KEPT_ALIVE.split_at(20);
    clients[0].write_all(head.as_bytes()).await.unwrap();
    fresh.write_all(head.as_bytes()).await.unwrap();
    // An answer to a later request: what was sent before has arrived.
    clients[2].write_all(KEPT_ALIVE.as_bytes()).await.unwrap();
    clients[2].read_exact(&mut [0; 12]).await.unwrap();
    running.stop.send(()).unwrap();
    // The idle one is closed: from here on nobody is waited for who has not begun.
    assert_eq!(rest(&mut clients[1]).await, "");
    for client in [&mut clients[0], &mut fresh] {
        client.write_all(tail.as_bytes()).await.unwrap();
        let answer = rest(client).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("robots!\n"), "{answer}");
    }
    assert_eq!(running.drained.await.unwrap(), Drained { cut_off: 0 });
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_stop_up_for_long() {
    let config = config(vec![any_port()]);
    let (part, addresses) = listening(&config, None);
    let running = Running::start(&config, part);
    let mut idle = TcpStream::connect(port(&addresses[0])).await.unwrap();
    idle.write_all(KEPT_ALIVE.as_bytes()).await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    let start = Instant::now();
    assert_eq!(running.stop().await, Drained { cut_off: 0 });
    assert!(start.elapsed() < PATIENCE / 2);
}

/// courant as a process, with its log up to a line that holds the text.
struct Process {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Process {
    fn start(site: &TestSite, arguments: &[&str]) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
            .arg("--config")
            .arg(site.write_config())
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("courant runs");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        Process { child, stderr }
    }

    fn until(&mut self, text: &str) -> String {
        let mut said = String::new();
        while !said.contains(text) {
            let read = self.stderr.read_line(&mut said).expect("UTF-8");
            assert_ne!(read, 0, "ended before `{text}`: {said}");
        }
        said
    }

    fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let mut kill = Command::new("kill");
        let sent = kill.args([&format!("-{name}"), &process]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_log_names_every_address_and_the_second_of_two_takes_over() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let path = site.root().join("courant.sock");
    let socket = format!("unix:{}", path.display());
    let mut first = Process::start(&site, &["--listen", "127.0.0.1:0", "--listen", &socket]);
    let said = first.until("listening addresses=");
    let (_, addresses) = said.split_once("addresses=\"").expect("a field");
    let addresses = addresses.split('"').next().unwrap();
    let (address, rest) = addresses.split_once(", ").expect("two");
    assert_eq!(rest, socket);
    assert!(ask(&path).text().contains("Sitemap"), "robots.txt");

    let mut second = Process::start(&site, &["--listen", address]);
    second.until("another process listens here too");
    first.signal("TERM");
    first.until("stopped");
    assert_eq!(first.child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
    for _ in 0..20 {
        let answer = request(address, "GET", "/rss.xml", &[]);
        assert!(answer.text().contains("Served"));
    }
    second.signal("TERM");
    assert_eq!(second.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_certificate_is_read_again_on_sighup_and_when_its_files_change() {
    let certificate = Certificate::new();
    certificate.renew();
    let config::Tls {
        certificate: pem,
        key,
    } = certificate.files();
    let section = format!("[server]\ntls = {{ certificate = {pem:?}, key = {key:?} }}");
    let site = TestSite::new()
        .post("a.md", plain("Served", "2024-01-01"))
        .config(&section);
    let mut process = Process::start(&site, &["--listen", "127.0.0.1:0"]);
    assert!(
        process
            .until("seen from outside as")
            .contains("https://127.0.0.1:")
    );
    process.signal("HUP");
    process.until("certificate read again");
    certificate.renew();
    process.until("certificate read again");
    rename_over(&key, "");
    let said = process.until("the one before goes on being used");
    assert!(
        said.contains("cannot use the key in") && said.contains("hint="),
        "{said}"
    );
}

#[test]
fn addresses_that_cannot_be_had_are_named_with_the_key_and_a_remedy() {
    let site = TestSite::new();
    let file: PathBuf = site.root().join("letter");
    std::fs::write(&file, "").unwrap();
    let file = format!("unix:{}", file.display());
    for (address, hint) in [
        (
            &*file,
            "remove the file, or choose another path in `server.listen`",
        ),
        (
            "unix:/nowhere/courant.sock",
            "make the directory first; `server.listen`",
        ),
        ("203.0.113.1:0", "the address is not one of this machine"),
    ] {
        let mut process = Process::start(&site, &["--listen", address]);
        let said = process.until("hint: ");
        assert!(
            said.contains(&format!("cannot listen on `{address}`")),
            "{said}"
        );
        assert!(said.contains(hint), "{said}");
        assert_eq!(process.child.wait().unwrap().code(), Some(1));
    }
    let mut process = Process::start(&site, &["--listen", "8080"]);
    process.until("write `127.0.0.1:8080`, or `unix:/run/courant.sock`");
    assert_eq!(process.child.wait().unwrap().code(), Some(2));
}
