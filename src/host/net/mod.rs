//! The network under a grant: the proxy that is a command's only way out, and requests of our own.
//!
//! Both go where a grant's hosts lead and nowhere else. Names are judged before they are looked up, their
//! addresses after; what is connected to is an address that was judged, never a name again. Nothing here
//! asks or decides what may be granted.

mod address;
mod connection;
mod head;
mod hello;
mod hosts;
mod outward;
mod proxy;
mod relay;
mod resolve;
mod upstream;
mod web;

pub use address::AddressKind;
pub use hosts::{Host, Refusal, Target};
pub use outward::Outward;
pub use proxy::{Proxy, ProxyLimits};
pub use resolve::{Resolve, SystemResolver};
pub use web::{Answer, FetchError, WebLimits, fetch};
