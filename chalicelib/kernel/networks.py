"""Network prefixes: what a rate limit counts by. One home line changes its address within its prefix."""

from __future__ import annotations

import ipaddress


def prefix(ip: str) -> str:
    """The /24 of an IPv4 and the /56 of an IPv6 address, as text; ``unknown`` for anything else."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    length = 24 if address.version == 4 else 56
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))
