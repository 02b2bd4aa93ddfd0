//! A connection whose other side has to read.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// Fails a write that gets on by no byte for a time. Otherwise a client that does not read would hold
/// its place for good.
pub(crate) struct Stalled<S> {
    inner: S,
    limit: Duration,
    /// Of the write that waits.
    until: Pin<Box<Sleep>>,
    /// There is one.
    waits: Arc<AtomicBool>,
}

impl<S> Stalled<S> {
    /// `waits` says whether a write does.
    pub(crate) fn new(inner: S, limit: Duration, waits: Arc<AtomicBool>) -> Self {
        Self { inner, limit, until: Box::pin(sleep(limit)), waits }
    }

    /// What a write came to; one that waits has an end.
    fn bound<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits.store(false, Ordering::Relaxed);
            return written;
        }
        if !self.waits.swap(true, Ordering::Relaxed) {
            self.until.as_mut().reset(Instant::now() + self.limit);
        }
        ready!(self.until.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalled<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.bound(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.bound(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.bound(shut, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        self.bound(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::Instant,
    };

    use super::*;

    /// The clock stands still but for waits: nothing here takes time.
    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_reads_has_an_end() {
        let limit = Duration::from_secs(60);
        let (near, mut far) = duplex(4);
        let mut near = Stalled::new(near, limit, Arc::default());
        let began = Instant::now();
        // each byte that is read is time for the next one
        let reader = async {
            for _ in 0..4 {
                sleep(limit / 2).await;
                far.read_u8().await.unwrap();
            }
            &far
        };
        let (written, _far) = tokio::join!(near.write_all(b"12345678"), reader);
        written.unwrap();
        let error = near.write_all(b"9").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), 4 * (limit / 2) + limit);
    }
}
