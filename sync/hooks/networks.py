"""Where a webhook may lead: to public addresses, and to networks that the operator names."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW: Final = 2**32 - 1


class NotANetwork(ValueError):
    """{text!r} is no network: write 10.1.0.0/16 or fd00::/8, several with commas."""

    def __init__(self, text: str) -> None:
        super().__init__((type(self).__doc__ or "").format(text=text))


def networks_of(text: str) -> Sequence[Network]:
    """Read networks that stand with commas between them. Raises NotANetwork."""
    try:
        return [ip_network(each.strip()) for each in text.split(",") if each.strip()]
    except ValueError:
        raise NotANetwork(text) from None


def may_be_reached(told: str, allowed: Sequence[Network]) -> bool:
    """Whether a webhook may be sent to an address that its name leads to."""
    try:
        address = _inner(ip_address(told.partition("%")[0]))
    except ValueError:
        return False
    if any(address in network for network in allowed):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: Address) -> Address:
    """Return the address that another carries: what translates it would go there."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
