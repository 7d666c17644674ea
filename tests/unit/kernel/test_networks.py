"""What a rate limit counts by: a whole home or office network, never a neighbour's."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import networks


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_counts_with_its_24(address: ipaddress.IPv4Address) -> None:
    network = ipaddress.ip_network(networks.prefix(str(address)))
    assert address in network
    assert network.prefixlen == 24
    # mapped into IPv6 it is the same network
    assert networks.prefix(f"::ffff:{address}") == str(network)


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_counts_with_its_56(address: ipaddress.IPv6Address) -> None:
    network = ipaddress.ip_network(networks.prefix(str(address)))
    if address.ipv4_mapped is None:
        assert address in network
        assert network.prefixlen == 56
    assert networks.prefix(address.exploded.upper()) == str(network)


@given(st.text(max_size=50))
def test_anything_else_counts_together(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        assert networks.prefix(text) == "unknown"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.1", "203.0.113.254", True),
        ("203.0.113.1", "203.0.114.1", False),
        ("2001:db8::1", "2001:db8:0:ff:ffff::1", True),
        ("2001:db8::1", "2001:db8:0:100::1", False),
        ("203.0.113.1", "::ffff:203.0.113.9", True),
        ("fe80::1%eth0", "fe80::1", True),
    ],
)
def test_neighbours(one: str, other: str, same: bool) -> None:
    assert (networks.prefix(one) == networks.prefix(other)) == same
