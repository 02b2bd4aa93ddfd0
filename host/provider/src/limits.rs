//! What is read of anybody has an end: in bytes, in depth, in number and in time.

use std::time::Duration;

/// The most bytes of an answer in one piece, and of all text of a streamed one. The longest answers
/// that models give today are about 1 MiB.
pub(super) const ANSWER_BYTES: usize = 16 << 20;

/// The most bytes of a stream. Each token comes with some 300 bytes of JSON around it, so that
/// this is some 200,000 tokens.
pub(super) const STREAM_BYTES: usize = 64 << 20;

/// The most bytes of embeddings in one piece: 2048 inputs, the most that OpenAI takes, of 1536 numbers
/// in digits have some 40 MiB.
pub(super) const EMBEDDINGS_BYTES: usize = 64 << 20;

/// The most numbers of one embedding. Models have some thousands.
pub(super) const DIMENSIONS: usize = 1 << 16;

/// The most bytes of a line of a stream, and of the data of an event. An event of Google can hold
/// an image.
pub(super) const EVENT_BYTES: usize = 8 << 20;

/// The most bytes that are read of a response which is a failure.
pub(super) const FAILURE_BYTES: usize = 64 << 10;

/// The most headers of a response, over HTTP/1. Their text has the bound of the HTTP library,
/// about 400 KiB.
pub(super) const HEADERS: usize = 100;

/// The most bytes of the headers of a response, over HTTP/2.
pub(super) const HEADER_BYTES: u32 = 64 << 10;

/// The deepest nesting of what a provider sends. It is also as deep as `serde_json` reads.
pub(super) const DEPTH: usize = 128;

/// The most elements of an array, and members of an object. A token with its probability is an
/// element, and there are fewer in any answer.
pub(super) const ELEMENTS: usize = 1 << 20;

/// The most sources of one answer.
pub(super) const ANNOTATIONS: usize = 1000;

/// The most bytes of what has to come back with a call of a tool. Signatures are some KiB long.
pub(super) const EXTRA_BYTES: usize = 256 << 10;

/// The most calls of tools in one answer. No model has made so many at once.
pub(super) const TOOL_CALLS: usize = 256;

/// The most characters of a provider's message.
pub(super) const MESSAGE_CHARS: usize = 1000;

/// The most characters of a body that is not known to have a message.
pub(super) const EXCERPT_CHARS: usize = 200;

/// How long a call may take that says nothing of it; the clients of providers have the same.
pub(super) const WHOLE: Duration = Duration::from_mins(10);

/// How long the pauses of a streamed answer may be, if a call says nothing of times.
pub(super) const IDLE: Duration = Duration::from_mins(1);

/// How long a stream may take that never pauses for long.
pub(super) const STREAM: Duration = Duration::from_hours(1);

/// How long a stream is read on when the answer is complete: the counts of tokens come after it.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How long the end of a response is waited for when nothing else can come: a connection whose
/// response was read to its end serves another call.
pub(super) const DRAIN: Duration = Duration::from_millis(10);

/// The most bytes of a file with a token. The longest tokens that clouds give are some KiB long.
pub(super) const TOKEN_BYTES: u64 = 64 << 10;

/// How long a command may take to print a token.
pub(super) const COMMAND: Duration = Duration::from_secs(30);

/// How long a token of a command is used.
pub(super) const TOKEN: Duration = Duration::from_mins(5);
