#!/usr/bin/env python3
"""Check what `contract-graph audit prove` printed: check-audit-proof.py PROOF.json PUBLIC_KEY.pem.

It shares no code with contract-graph, and needs Python 3.9 and `cryptography`. It ends with 0 if the event is
proved.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

if len(sys.argv) != 3:  # noqa: PLR2004 - its own name, the proof, the key
    sys.exit("usage: check-audit-proof.py PROOF.json PUBLIC_KEY.pem")
try:
    said = json.loads(Path(sys.argv[1]).read_bytes())
    key = load_pem_public_key(Path(sys.argv[2]).read_bytes())
    head, event, place, last = said["head"], said["event"], said["position"], said["head"]["size"] - 1
    statement = json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
    key.verify(base64.b64decode(said["signature"]), statement)
    found, path = bytes.fromhex(said["leaf"]), [bytes.fromhex(each) for each in said["proof"]]
    good = 0 <= place <= last
except InvalidSignature:
    sys.exit("REFUSED: the head is not signed by the key")
except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
    sys.exit(f"REFUSED: this is no proof, or no Ed25519 public key in PEM: {type(error).__name__} {error}")

if event is not None and hashlib.sha256(b"\0" + event.encode()).digest() != found:
    sys.exit("REFUSED: the leaf is not that of the event")
for each in path:  # RFC 9162, section 2.1.3.2
    good = good and last > 0
    if place & 1 or place == last:
        found = hashlib.sha256(b"\1" + each + found).digest()
        while not place & 1 and place:
            place, last = place >> 1, last >> 1
    else:
        found = hashlib.sha256(b"\1" + found + each).digest()
    place, last = place >> 1, last >> 1
if not good or last or found.hex() != head["root"]:
    sys.exit("REFUSED: the event is not in the log that was signed")
print(f"proved: position {said['position']} of the {head['size']} events signed at {head['sealed_at']}")
print(event if event is not None else "(the event was dropped; only its leaf is proved)")
