//! What kind of place an address is. Only what the whole Internet can reach counts as public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The clouds' own services, which hand out credentials to whoever asks. Azure's is a public address.
const METADATA: [Ipv4Addr; 3] =
    [Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];

/// By the registries of special-purpose addresses (RFC 6890 and its successors).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    Public,
    Loopback,
    /// RFC 1918, and unique local addresses.
    Private,
    LinkLocal,
    /// Shared by a provider's customers (100.64.0.0/10).
    Shared,
    Metadata,
    /// Multicast, documentation, benchmarks, tunnels, and what is not given out.
    Reserved,
}

impl AddressKind {
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// For a sentence: `a private address`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Loopback => "an address of this machine",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::Shared => "an address of a provider's inner network",
            Self::Metadata => "a cloud's metadata service",
            Self::Reserved => "a reserved address",
        }
    }
}

fn of_v4(address: Ipv4Addr) -> AddressKind {
    if METADATA.contains(&address) {
        return AddressKind::Metadata;
    }
    match address.octets() {
        [127, ..] => AddressKind::Loopback,
        // Linux takes 0.0.0.0 for this machine; the rest of the block is no destination.
        [0, 0, 0, 0] => AddressKind::Loopback,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => AddressKind::Private,
        [169, 254, ..] => AddressKind::LinkLocal,
        [100, 64..=127, ..] => AddressKind::Shared,
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => AddressKind::Reserved,
        _ => AddressKind::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> AddressKind {
    if address == Ipv6Addr::LOCALHOST || address == Ipv6Addr::UNSPECIFIED {
        return AddressKind::Loopback;
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let low = |high: u16, low: u16| of_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b, c, d, e, f) {
        // Amazon's metadata service; it lies in the private block.
        (0xfd00, 0x0ec2, 0, 0, 0, 0) => AddressKind::Metadata,
        // An IPv4 address in other clothes: mapped, compatible, translated, 6to4.
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => low(g, h),
        (0x2002, ..) => match low(b, c) {
            AddressKind::Public => AddressKind::Reserved,
            kind => kind,
        },
        (0xfc00..=0xfdff, ..) => AddressKind::Private,
        (0xfe80..=0xfebf, ..) => AddressKind::LinkLocal,
        (0xfec0..=0xfeff, ..) => AddressKind::Private,
        // Teredo and other protocol assignments, documentation.
        (0x2001, 0..=0x01ff, ..) | (0x2001, 0x0db8, ..) | (0x3fff, 0..=0x0fff, ..) => AddressKind::Reserved,
        // The only block that is given out.
        (0x2000..=0x3fff, ..) => AddressKind::Public,
        _ => AddressKind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_every_border() {
        use AddressKind::*;
        for (address, kind) in [
            ("9.255.255.255", Public),
            ("10.0.0.0", Private),
            ("11.0.0.0", Public),
            ("0.0.0.0", Loopback),
            ("0.1.2.3", Reserved),
            ("1.0.0.0", Public),
            ("100.63.255.255", Public),
            ("100.64.0.0", Shared),
            ("100.127.255.255", Shared),
            ("100.128.0.0", Public),
            ("100.100.100.200", Metadata),
            ("126.255.255.255", Public),
            ("127.0.0.1", Loopback),
            ("128.0.0.0", Public),
            ("168.63.129.16", Metadata),
            ("168.63.129.17", Public),
            ("169.253.255.255", Public),
            ("169.254.0.1", LinkLocal),
            ("169.254.169.254", Metadata),
            ("169.255.0.0", Public),
            ("172.15.255.255", Public),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("172.32.0.0", Public),
            ("192.0.0.1", Reserved),
            ("192.0.1.1", Public),
            ("192.0.2.1", Reserved),
            ("192.167.255.255", Public),
            ("192.168.0.0", Private),
            ("192.169.0.0", Public),
            ("198.17.255.255", Public),
            ("198.18.0.0", Reserved),
            ("198.20.0.0", Public),
            ("223.255.255.255", Public),
            ("224.0.0.1", Reserved),
            ("255.255.255.255", Reserved),
            ("::", Loopback),
            ("::1", Loopback),
            ("::2", Reserved),
            ("::ffff:127.0.0.1", Loopback),
            ("::ffff:8.8.8.8", Public),
            ("::ffff:169.254.169.254", Metadata),
            ("::ffff:0:10.0.0.1", Private),
            ("::10.0.0.1", Private),
            ("64:ff9b::10.0.0.1", Private),
            ("64:ff9b::8.8.8.8", Public),
            ("64:ff9b:1::8.8.8.8", Reserved),
            ("2002:0a00:0001::1", Private),
            ("2002:0808:0808::1", Reserved),
            ("2001:0:53aa::1", Reserved),
            ("2001:db8::1", Reserved),
            ("2606:4700::1111", Public),
            ("fc00::1", Private),
            ("fd00:ec2::254", Metadata),
            ("fe80::1", LinkLocal),
            ("fec0::1", Private),
            ("ff02::1", Reserved),
            ("4000::1", Reserved),
        ] {
            assert_eq!(AddressKind::of(address.parse().unwrap()), kind, "{address}");
        }
    }
}
