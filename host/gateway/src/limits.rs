//! Bounds of what clients may ask for and hold.

use std::time::Duration;

use sigmapol_core::INPUT_BYTES;

/// A request's body: what a contract may have. The largest that clients were seen to send have 115
/// kB; a long conversation with images has some megabytes.
pub const BODY_BYTES: usize = INPUT_BYTES;

/// For a body to come, from its first byte to its last. It is enough for the longest at 2 Mbit/s, and
/// one that trickles holds its connection no longer.
pub const BODY_TIME: Duration = Duration::from_secs(60);

/// Headers of a request in all, to within a read of the same size; a client that carries its state in a header was seen with 750 bytes.
pub const HEADER_BYTES: usize = 64 << 10;

/// Headers of a request by number; SDKs send some 25.
pub const HEADERS: usize = 100;

/// For the head of a request to come, and for how long a connection may be idle before it: SDKs keep
/// theirs for some seconds.
pub const HEADER_TIME: Duration = Duration::from_secs(30);

/// For a client to read some of what it is sent.
pub const WRITE_TIME: Duration = Duration::from_secs(60);

/// Descriptors of a process that are for other things than connections: the ledger, the state, the
/// log, a file that is read again.
pub(crate) const DESCRIPTORS_KEPT: usize = 32;

/// Connections at a time. Each run holds two sockets, and a process may often have 4096. For one more,
/// the one that has been without a request for longest is closed, at last one that does not read its
/// answer; where all have a request, it waits.
pub const CONNECTIONS: usize = 1024;

/// Requests at a time: one for each connection, as HTTP/1.1 has it. HTTP/2 could bring a hundred for
/// each; all that a request takes, its body first, is taken so often at most.
pub const REQUESTS: usize = CONNECTIONS;

/// How often it is looked whether there is a connection without a request, where there is no place.
pub(crate) const PLACE_AGAIN: Duration = Duration::from_millis(100);

/// For a TLS handshake: two or three turns, and one computation that takes a millisecond.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// HTTP/2: requests at a time on one connection. RFC 9113, 6.5.2, advises no fewer than 100.
pub const STREAMS: u32 = 100;

/// HTTP/2: bytes of a body that a client may send before they are read. On a way of 50 ms it lets 5 MB/s
/// through.
pub const STREAM_WINDOW: u32 = 256 << 10;

/// HTTP/2: the same for all streams of a connection, which so take no more memory than four.
pub const CONNECTION_WINDOW: u32 = 1 << 20;

/// HTTP/2: bytes of a response that wait for the client to read: more than one frame, as each of our
/// frames is small.
pub const SEND_BYTES: usize = 64 << 10;

/// HTTP/2: streams that a client has taken back before they were begun on. The flood of 2023,
/// CVE-2023-44487, sends thousands; a client that changes its mind has one or two.
pub const RESETS: usize = 20;

/// HTTP/2: streams that were broken off here for a client's faults, of which one that means well has
/// none; then the connection is closed, too.
pub const FAULTS: usize = 100;

/// HTTP/2: how often a client is asked whether it is there, and for its answer. A way that is broken is
/// noticed within twice this; gateways on it drop what is silent for a minute.
pub const PING_TIME: Duration = Duration::from_secs(20);

/// Bytes of a stream that a client leaves unread before it is cut off: a long answer has a tenth of
/// this. Otherwise clients that do not read would decide how much memory there is.
pub const UNREAD_BYTES: usize = 1 << 20;

/// For a stream to say nothing before a client is told that it goes on, where its protocol has a word
/// for that: agents were seen to expect one each 15 s.
pub const IDLE_TIME: Duration = Duration::from_secs(10);

/// For a flow to fail with a status: a stream begins then, whatever comes of it.
pub const FLOW_SILENCE: Duration = Duration::from_secs(1);

/// For open responses to end once the server is asked to stop: as long as an adapter lets a stream
/// go on.
pub const DRAIN_TIME: Duration = Duration::from_secs(3600);

/// Between two looks at the file of the configuration: an operator who changes it does not wait long,
/// and a look costs some microseconds.
pub const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Candidates that a response shows of a ranking.
pub(crate) const RANKED: usize = 10;

/// Characters that an error shows of each provider's message.
pub(crate) const SUMMARY_CHARS: usize = 80;

/// Attempts that an error shows.
pub(crate) const SUMMARIES: usize = 16;

/// Bounds of connections that a server may have smaller: for machines with little memory, and for tests
/// that cannot wait. By default the constants of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// [`CONNECTIONS`]
    pub connections: usize,
    /// [`REQUESTS`]
    pub requests: usize,
    /// [`HANDSHAKE_TIME`]
    pub handshake_time: Duration,
    /// [`HEADER_TIME`]
    pub header_time: Duration,
    /// [`BODY_TIME`]
    pub body_time: Duration,
    /// [`WRITE_TIME`]
    pub write_time: Duration,
    /// [`PING_TIME`]
    pub ping_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            requests: REQUESTS,
            handshake_time: HANDSHAKE_TIME,
            header_time: HEADER_TIME,
            body_time: BODY_TIME,
            write_time: WRITE_TIME,
            ping_time: PING_TIME,
        }
    }
}
