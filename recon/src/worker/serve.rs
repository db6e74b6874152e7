//! This machine's devices for other programs: threads that carry what comes over the link.

use std::time::Duration;

use tokio::runtime::Builder;

use crate::model::{Host, HostOptions, RemoteAddress, RemoteError, ServeNews};

/// How often it is asked whether to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// Clients are told of the end for so long.
const GOODBYE: Duration = Duration::from_secs(2);

/// Serves until `stops` says so. `ready` hears once of the address that clients need, before the
/// first can come; `hear` of each that comes.
///
/// # Errors
/// [`RemoteError::Serve`] where it cannot begin or go on; [`RemoteError::NotLoopback`]. What
/// `ready` returns.
pub fn serve<E: From<RemoteError>>(
    options: HostOptions,
    ready: impl FnOnce(&RemoteAddress) -> Result<(), E>,
    hear: impl Fn(ServeNews) + Send + Sync + 'static,
    stops: &(dyn Fn() -> bool + Sync),
) -> Result<(), E> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|it| RemoteError::Serve(it.to_string()))?;
    let served = runtime.block_on(async {
        let host = Host::open(options, hear).await?;
        ready(host.address())?;
        let stop = async {
            while !stops() {
                tokio::time::sleep(GLANCE).await;
            }
        };
        Ok(host.run(stop).await?)
    });
    runtime.shutdown_timeout(GOODBYE);
    served
}
