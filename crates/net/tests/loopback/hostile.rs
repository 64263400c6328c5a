//! A server among people who do not mean well.

use super::build::{port, server, server_with};
use fa_measure::control::PROTOCOL;
use fa_measure::wire::{LEN, Packet, Token};
use fa_net::{ServeOptions, Server};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Sends raw bytes and returns everything until the server closes; a request says `connection: close`.
fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.addresses()[0]).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good as a close.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

const PREPARE: &str = r#"{"test":"x","length":1000000000,"step":200000000,"flows":[{"flow":0,"end":"receiver","start":0,"length":1000000000,"tos":null,"cong_control":null,"block":8192}],"probes":[{"probe":0,"count":10,"interval":100000000,"tos":null}]}"#;

#[test]
fn nonsense_is_answered_in_the_protocols_own_way() {
    let server = server();
    let huge = "x".repeat(2 * 1024 * 1024);
    for (bytes, expected) in [
        (b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(), "200"),
        (request("GET", "/health", ""), "200"),
        (request("GET", "/metrics", ""), "200"),
        (request("GET", "/etc/passwd", ""), "404"),
        (request("POST", "/v1/session", "{"), "400"),
        (request("POST", "/v1/session", "{\"test\":1}"), "422"),
        (request("POST", "/v1/session", &huge), "413"),
        (request("POST", "/v1/hello", r#"{"protocol":99,"version":"9"}"#), "409"),
        (request("POST", "/v1/session/xyz/stop", "null"), "404"),
        (request("DELETE", "/v1/session/00000000000000000000000000000000", ""), "404"),
        (request("GET", "/v1/session/00000000000000000000000000000000/flow/0", ""), "426"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), "400"),
    ] {
        let answer = raw(&server, &bytes);
        assert_eq!(status(&answer), expected, "{:?}: {answer}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
    }
}

#[test]
fn impossible_sessions_are_refused_with_the_limit() {
    let server = server();
    for (from, to, says) in [
        ("\"length\":1000000000,\"step\"", "\"length\":0,\"step\"", "run"),
        ("\"length\":1000000000,\"step\"", "\"length\":999999999999999999,\"step\"", "longest"),
        ("\"step\":200000000", "\"step\":0", "step"),
        ("\"block\":8192", "\"block\":4294967295", "blocks"),
        ("\"count\":10", "\"count\":4294967295", "requests"),
        ("\"start\":0", "\"start\":-5", "lasts longer"),
    ] {
        let body = PREPARE.replace(from, to);
        assert_ne!(body, PREPARE, "{from}");
        let answer = raw(&server, &request("POST", "/v1/session", &body));
        assert_eq!(status(&answer), "403", "{answer}");
        assert!(answer.contains(says), "{answer}");
    }
}

/// An answer up to its body.
fn head_of(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    String::from_utf8(answer).unwrap()
}

/// A control connection that stays open.
struct Held(TcpStream);

impl Held {
    fn prepare(server: &Server) -> (Self, serde_json::Value) {
        Self::prepare_with(server, PREPARE)
    }

    fn prepare_with(server: &Server, prepare: &str) -> (Self, serde_json::Value) {
        let mut stream = TcpStream::connect(server.addresses()[0]).unwrap();
        let length = prepare.len();
        let head = format!(
            "POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(prepare.as_bytes()).unwrap();
        let head = head_of(&mut stream);
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        (Self(stream), serde_json::from_slice(&body).unwrap())
    }
}

#[test]
fn a_killed_client_frees_its_session() {
    let (line, lines) = channel();
    let options = ServeOptions { address: Some(Ipv4Addr::LOCALHOST.into()), port: 0, ..ServeOptions::default() };
    let server = Server::start(options, move |l| line.send(l.to_owned()).unwrap()).unwrap();
    let (held, _) = Held::prepare(&server);
    assert!(raw(&server, &request("GET", "/metrics", "")).contains("fa_sessions_open 1"));
    drop(held.0);
    let told = lines.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(told.contains("controller gone"), "{told}");
    assert!(raw(&server, &request("GET", "/metrics", "")).contains("fa_sessions_open 0"));
}

#[test]
fn a_session_for_which_there_is_no_memory_is_refused_until_another_is_gone() {
    let (line, lines) = channel();
    let (address, memory) = (Some(Ipv4Addr::LOCALHOST.into()), Some(20_000_000));
    let options = ServeOptions { address, port: 0, memory, ..ServeOptions::default() };
    let server = Server::start(options, move |l| line.send(l.to_owned()).unwrap()).unwrap();
    // A bit each: 12.5 MB.
    let prepare = PREPARE.replace("\"count\":10", "\"count\":100000000");
    let (held, _) = Held::prepare_with(&server, &prepare);
    assert!(raw(&server, &request("GET", "/metrics", "")).contains("fa_session_memory_bytes 125"));
    let answer = raw(&server, &request("POST", "/v1/session", &prepare));
    assert_eq!(status(&answer), "403", "{answer}");
    assert!(answer.contains("needs 12.5 MB of memory") && answer.contains("12.5 MB are taken"), "{answer}");
    drop(held.0);
    lines.recv_timeout(Duration::from_secs(10)).unwrap();
    let (_held, _) = Held::prepare_with(&server, &prepare);
}

#[test]
fn a_flow_is_connected_once() {
    let server = server();
    let (_held, prepared) = Held::prepare(&server);
    let session = prepared["session"].as_str().unwrap().to_owned();
    let connect = |flow: u16| {
        let mut stream = TcpStream::connect(server.addresses()[0]).unwrap();
        let path = format!("/v1/session/{session}/flow/{flow}");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: fa-flow\r\n\r\n").unwrap();
        let head = head_of(&mut stream);
        (status(&head).to_owned(), stream)
    };
    let (first, _open) = connect(0);
    assert_eq!(first, "101");
    assert_eq!(connect(0).0, "409");
    assert_eq!(connect(7).0, "409", "never announced");
}

#[test]
fn strangers_on_udp_are_not_answered_and_friends_not_at_greater_length() {
    let server = server();
    let (_held, prepared) = Held::prepare(&server);
    let known = Token::from_hex(prepared["probe_tokens"][0].as_str().unwrap()).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port(&server))).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // Garbage, another's token, an answer without a challenge, a request without admission: none of it is answered, so
    // the first thing to come back belongs to the hello at the end.
    socket.send(&[0; 1400]).unwrap();
    socket.send(&[0x66, 0x61, 0xd0]).unwrap();
    socket.send(&Packet::Hello(Token([7; 16])).emit()).unwrap();
    socket.send(&Packet::Answer(known, 42).emit()).unwrap();
    socket.send(&Packet::Request { session: known.session(), seq: 0 }.emit()).unwrap();
    socket.send(&Packet::Hello(known).emit()).unwrap();
    let mut buffer = [0; 2000];
    let mut next = || {
        let n = socket.recv(&mut buffer).unwrap();
        assert_eq!(n, LEN, "never longer than what it answers");
        Packet::parse(&buffer[..n]).unwrap()
    };
    let Packet::Challenge(_, nonce) = next() else { panic!("not a challenge") };
    socket.send(&Packet::Answer(known, nonce ^ 1).emit()).unwrap();
    socket.send(&Packet::Answer(known, nonce).emit()).unwrap();
    assert_eq!(next(), Packet::Welcome(known));
    socket.send(&Packet::Request { session: known.session(), seq: 10 }.emit()).unwrap();
    socket.send(&Packet::Request { session: known.session() ^ 1, seq: 0 }.emit()).unwrap();
    socket.send(&Packet::Request { session: known.session(), seq: 3 }.emit()).unwrap();
    let Packet::Reply(reply) = next() else { panic!("not a reply") };
    assert_eq!((reply.seq, reply.received), (3, 1), "only what is in the schedule of this session counts");
}

#[test]
fn without_ipv6_or_with_one_address_the_server_says_where_it_is() {
    let server = server_with(ServeOptions::default());
    assert_eq!(server.addresses().len(), 1);
    assert_ne!(port(&server), 0);
}

#[test]
fn who_has_not_shown_the_key_learns_nothing_about_the_host() {
    let server = server_with(ServeOptions { key: Some(b"sesame".to_vec()), ..ServeOptions::default() });
    let ask = format!(r#"{{"protocol":{PROTOCOL},"version":"9"}}"#);
    let hello = raw(&server, &request("POST", "/v1/hello", &ask));
    let body: serde_json::Value = serde_json::from_str(hello.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["challenge", "protocol", "version"]);
}
