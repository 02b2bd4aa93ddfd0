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

/// Connections at a time; more wait in the backlog of the system. Each run holds two sockets, and a
/// process may often have 4096.
pub const CONNECTIONS: usize = 1024;

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

/// Candidates that a response shows of a ranking.
pub(crate) const RANKED: usize = 10;

/// Characters that an error shows of each provider's message.
pub(crate) const SUMMARY_CHARS: usize = 80;

/// Attempts that an error shows.
pub(crate) const SUMMARIES: usize = 16;
