#!/usr/bin/env python3
"""Check what `contract-graph audit prove` printed: check-audit-proof.py PROOF.json PUBLIC_KEY.pem.

It shares no code with contract-graph; it needs Python 3.9 and the package `cryptography`.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_public_key

said = json.loads(Path(sys.argv[1]).read_bytes())
key = load_pem_public_key(Path(sys.argv[2]).read_bytes())
head, event = said["head"], said["event"]
statement = json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
key.verify(base64.b64decode(said["signature"]), statement)  # raises InvalidSignature

found = bytes.fromhex(said["leaf"])
if event is not None and hashlib.sha256(b"\0" + event.encode()).digest() != found:
    sys.exit("REFUSED: the leaf is not that of the event")
place, last = said["position"], head["size"] - 1  # RFC 9162, section 2.1.3.2
good = 0 <= place <= last
for each in map(bytes.fromhex, said["proof"]):
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
