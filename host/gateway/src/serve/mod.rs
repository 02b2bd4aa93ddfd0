//! A server for the gateway, with the bounds of [`limits`](crate::limits).

mod connection;
mod places;
mod stalled;
mod tls;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::Extension;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    access::Access,
    app::guarded_app,
    limits::{Bounds, DRAIN_TIME},
    state::State,
};
use connection::{Shared, connection};
use places::{Place, Places};

pub use tls::{Tls, TlsError};

/// For a process that has no descriptor left to get one: the connection that leaves takes a turn.
const ACCEPT_AGAIN: Duration = Duration::from_millis(5);

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Others than this machine could reach it.
    #[error(
        "{address}: expected {missing}, or a loopback address such as 127.0.0.1: whoever reached it \
         could spend money"
    )]
    Unguarded {
        /// The address.
        address: IpAddr,
        /// What has to be there: `keys`, `an admin token`, or both.
        missing: &'static str,
    },
    /// The address is taken, or none of this machine's.
    #[error("{address}: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
}

/// A gateway that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    access: Access,
    tls: Option<Tls>,
    bounds: Bounds,
}

impl Server {
    /// Listens on a loopback address, and asks nobody for a key; port 0 is any that is free.
    ///
    /// # Errors
    ///
    /// [`ListenError`].
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        Self::bind_with(address, Access::default()).await
    }

    /// Listens where only those come in who have what `access` asks for. Beyond this machine it has to
    /// ask for keys, and to have an admin.
    ///
    /// # Errors
    ///
    /// [`ListenError`].
    pub async fn bind_with(address: SocketAddr, access: Access) -> Result<Self, ListenError> {
        let missing = match (access.has_keys(), access.has_admin()) {
            (true, true) => None,
            (false, true) => Some("keys"),
            (true, false) => Some("an admin token"),
            (false, false) => Some("keys and an admin token"),
        };
        if let Some(missing) = missing.filter(|_| !address.ip().is_loopback()) {
            return Err(ListenError::Unguarded { address: address.ip(), missing });
        }
        let failed = |error| ListenError::Bind { address, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, access, tls: None, bounds: Bounds::default() })
    }

    /// With TLS, and HTTP/2 for clients that ask for it. Without, it speaks HTTP/1.1 alone.
    #[must_use]
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// With other bounds than the default ones.
    #[must_use]
    pub fn bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` comes; then no connection is taken any more, and those that are open end
    /// with the response that they are at, a stream with its last frame. What has not ended after
    /// [`DRAIN_TIME`] is broken off; dropping the future breaks everything off at once.
    pub async fn serve(self, state: State, stop: impl Future<Output = ()>) {
        let Self { listener, access, tls, bounds, .. } = self;
        let places = Places::new(bounds.connections);
        let (stopping, stopped) = watch::channel(false);
        let live = state.live();
        drop(state); // it would keep the router that it began with
        let routes = guarded_app(live.clone(), access).layer(Extension(bounds));
        let requests = Arc::new(Semaphore::new(bounds.requests));
        let shared = Shared { routes, bounds, requests, stopped };
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = accept(&listener, &places) => accepted,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((socket, place)) => {
                    let tls = tls.as_ref().map(Tls::acceptor);
                    let shared = shared.clone();
                    connections.spawn(async move {
                        connection(socket, tls, shared, &place.load).await;
                    });
                }
                // a client that is gone again is no concern of the others
                Err(error) if is_of_a_client(&error) => {}
                // a process may have fewer descriptors than there are places
                Err(_) => {
                    places.ask_one_to_leave();
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
        live.state().drain();
        drop(listener);
        drop(shared);
        let _ = stopping.send(true); // without a connection there is nobody to tell
        let ended = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(DRAIN_TIME, ended).await;
    }
}

/// Whether a client has gone before it was taken.
fn is_of_a_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// The next connection, and a place for it.
async fn accept(listener: &TcpListener, places: &Places) -> io::Result<(TcpStream, Place)> {
    let (socket, _) = listener.accept().await?;
    // frames go out one by one, and none waits for the answer to another
    let _ = socket.set_nodelay(true);
    Ok((socket, places.take().await))
}
