//! Names to addresses, by the system, or by a table in tests.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use futures::future::BoxFuture;

/// A name server that takes longer than this will not answer.
const LONGEST: Duration = Duration::from_secs(10);
/// More addresses of one name are not looked at.
const MOST: usize = 32;

/// Whoever knows the addresses of names.
pub trait Resolve: Send + Sync {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// As every other program of this machine resolves names.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(async move {
            let looked = tokio::time::timeout(LONGEST, tokio::net::lookup_host((name.as_str(), 0))).await;
            let found = looked.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer"))??;
            Ok(found.map(|address| address.ip()).take(MOST).collect())
        })
    }
}

impl<F> Resolve for F
where
    F: Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync,
{
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let found = self(name);
        Box::pin(async move { found })
    }
}
