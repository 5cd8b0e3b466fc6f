#!/usr/bin/env python3
"""Verifies exports of Tocsin's audit log. Independent of Tocsin: standard library only; signatures need `cryptography`.
Prints one JSON line for each export. Exit code: 0 all good, 1 a fault was found, 2 usage or unreadable file.

Format (NDJSON): HEADER; for each stream `{"stream":"audit-N"}`, its checkpoints, its records; last line the counts. A record
line is `{"hash":"<sha256 hex>","record":<text>}`; the hash is over the bytes of <text> exactly as they stand. In the text,
`stream`, `seq` (gapless from 0) and `prev_hash` (hash of the record before; 64 zeros first) make the chain. A checkpoint is
`{"checkpoint":<text>,"signature":"<ed25519 hex>"}`, signed over the bytes of <text>; a stream's checkpoints are a chain too.
"""
import argparse, hashlib, json, re, sys

GENESIS = "0" * 64
HEADER = b'{"format":"tocsin-audit-export","version":1}'
RECORD = re.compile(rb'\{"hash":"([0-9a-f]{64})","record":')
SECTION = re.compile(rb'\{"stream":"audit-(0|[1-9][0-9]{0,8})"\}')
CHECKPOINT = re.compile(rb'\{"checkpoint":(\{.*\}),"signature":"([0-9a-f]{128})"\}')
HASH = re.compile(r"[0-9a-f]{64}")
REMEMBERED, UNREAD = 1024, (None, None, None, -1, None)

def sha256(data):
    return hashlib.sha256(data).hexdigest()

def parsed(data):
    try:
        value = json.loads(data.decode("latin-1"))
        return value if isinstance(value, dict) else {}
    except (ValueError, RecursionError):
        return {}

class Chain:
    """One stream in constant memory. A link is (hash, stored hash, stream, seq, prev_hash); None cannot be read."""
    def __init__(self, stream, attestations):
        self.stream, self.known, self.recent = stream, {}, {-1: GENESIS}
        for size, last_hash in attestations:
            self.known.setdefault(size, []).append(last_hash)
        self.next, self.attested, self.pushed, self.doubt, self.fault = 0, 0, 0, None, None
    def blame(self, rules):
        """The first rule (condition, reason, seq, until) that holds is the fault."""
        fault = next((rule[1:] for rule in rules if rule[0]), None)
        self.fault = dict(zip(("reason", "seq", "until"), fault), stream=self.stream) if fault else None
        return fault
    def push(self, link):
        self.pushed += 1
        if self.fault: return
        n, head, (digest, stored, stream, seq, prev) = self.next, self.recent[self.next - 1], link or UNREAD
        if self.doubt:
            (kind, doubted), last = self.doubt, n - 1
            self.blame((
                (kind == "link" and seq == n + 1 and prev == doubted, "edited", last, last),
                (kind == "link", "broken_link", n, n),
                (digest == doubted, "inserted", last, last),
                (seq == n and prev == doubted, "edited", last, last),
                (True, "rewritten", self.attested, last),
            ))
        elif not self.blame((
            (link is None, "unreadable", n, n),
            (stored != digest, "edited", n, n),
            (stream != self.stream, "foreign", n, n),
            (seq != n and prev == head, "edited", n, n),
            (seq > n, "missing", n, seq - 1),
            (0 <= seq < n and self.recent.get(seq) == digest, "repeated", n, n),
            (seq < n and prev == (self.recent.get(seq - 1) if seq else GENESIS) and prev, "inserted", seq, seq),
            (seq < n, "out_of_place", n, n),
            (prev != head and self.attested == n, "broken_link", n, n),
        )):
            self.accept(digest) if prev == head else setattr(self, "doubt", ("link", digest))
    def accept(self, digest):
        self.recent[self.next] = digest
        self.recent.pop(self.next - REMEMBERED, None)
        self.next += 1
        known = self.known.get(self.next, [])
        others = [last for last in known if last != digest]
        self.doubt = ("checkpoint", others[0]) if others else None
        self.attested = self.next if known and not others else self.attested
    def finish(self):
        kind, doubted = self.doubt or (None, None)
        n, last, known, furthest = self.next, self.next - 1, self.known.get(self.next + 1), max(self.known, default=0)
        if not self.fault:
            self.blame((
                (kind == "checkpoint", "rewritten", self.attested, last),
                (kind == "link" and known is None, "edited", last, n),
                (kind == "link" and doubted in (known or []), "edited", last, last),
                (kind == "link", "broken_link", n, n),
                (furthest > n, "truncated", n, furthest - 1),
            ))
        return self

def read_checkpoints(lines, verify, whole, faults):
    """Stream -> [(size, last_hash)]. Only what a known key has signed attests anything."""
    attested, last = {}, {}
    for at, line in enumerate(lines):
        frame = CHECKPOINT.fullmatch(line)
        body = parsed(frame[1]) if frame else {}
        texts = [body.get(name) for name in ("stream", "time", "key_id", "last_hash", "previous_checkpoint_hash")]
        stream, size = texts[0], body.get("size")
        good = body.get("type") == "audit-checkpoint" and all(isinstance(text, str) for text in texts)
        if not (good and all(map(HASH.fullmatch, texts[3:])) and isinstance(size, int) and size > 0):
            faults.append({"stream": "audit-checkpoints", "seq": at, "reason": "checkpoint_unreadable"})
            continue
        before, hash_before, size_before = last.get(stream, (None, GENESIS, 0))
        if before == line:
            continue
        signed = not verify or verify(texts[2], frame[1], bytes.fromhex(frame[2].decode()))
        if not signed or whole and (texts[4] != hash_before or size <= size_before):
            reason = "checkpoint_chain" if signed else "checkpoint_signature"
            faults.append({"stream": stream, "seq": size - 1, "reason": reason})
        if signed:
            last[stream] = (line, sha256(frame[1]), size)
            attested.setdefault(stream, []).append((size, texts[3]))
    return attested

class Export:
    def __init__(self, verify, outside):
        self.verify, self.faults, self.chains, self.records = verify, [], [], 0
        self.outside = read_checkpoints(outside, verify, False, self.faults)
        self.stream, self.chain, self.inside, self.ended = None, None, [], False
    def damaged(self):
        self.faults.append({"stream": "export", "seq": self.records, "reason": "export_damaged"})
    def opened(self):
        if not self.chain:
            inside = read_checkpoints(self.inside, self.verify, True, self.faults)
            for other in inside.keys() - {self.stream}:
                self.faults.append({"stream": other, "seq": inside[other][0][0] - 1, "reason": "checkpoint_chain"})
            self.chain = Chain(self.stream, inside.get(self.stream, []) + self.outside.get(self.stream, []))
        return self.chain
    def close(self):
        if self.stream is not None:
            self.chains.append(self.opened().finish())
        self.stream, self.chain, self.inside = None, None, []
    def push(self, line, first):
        record, section, end = RECORD.match(line), SECTION.fullmatch(line), line.startswith(b'{"end":')
        if self.ended or first:
            good = first and line == HEADER
        elif section or end:
            self.close()
            self.ended, self.stream = end, None if end else "audit-" + section[1].decode()
            counts = '{"end":{"records":%d,"streams":%d}}' % (self.records, len(self.chains))
            good = line.decode("latin-1") == counts if end else self.stream == f"audit-{len(self.chains)}"
        else:
            good, self.records = self.stream is not None, self.records + (1 if record else 0)
            if good and line.startswith(b'{"checkpoint":') and not self.chain:
                self.inside.append(line)
            elif good:
                self.opened().push(self.link(line, record[1].decode()) if record else None)
        if not good:
            self.damaged()
    def link(self, line, stored):
        text, digest = parsed(line[84:-1]) if line.endswith(b"}}") else {}, sha256(line[84:-1])
        if isinstance(text.get("seq"), (int, float)):
            return digest, stored, text.get("stream"), text["seq"], text.get("prev_hash")
        return None if digest == stored else (digest, stored, "", -1, "")
    def result(self):
        self.close()
        if not self.ended:
            self.damaged()
        absent = sorted(self.outside.keys() - {chain.stream for chain in self.chains})
        chains = self.chains + [Chain(stream, self.outside[stream]).finish() for stream in absent]
        faults = [chain.fault for chain in chains if chain.fault] + self.faults
        faults = [{k: v for k, v in fault.items() if k != "until" or v != fault["seq"]} for fault in faults]
        return {"ok": not faults, "records": sum(chain.pushed for chain in chains), "faults": faults}

def signatures(pem):
    """A function (key id, text, signature) -> bool, or None where `cryptography` is not installed."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
    except ImportError:
        return print("tocsin_verify: signatures skipped: package `cryptography` is not installed", file=sys.stderr)
    blocks = re.findall(rb"-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----", pem)
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keys = {sha256(key.public_bytes(*form))[:16]: key for key in map(load_pem_public_key, blocks)}
    def verify(key_id, text, signature):
        try:
            return keys[key_id].verify(signature, text) is None
        except (KeyError, InvalidSignature):
            return False
    return verify

def verify_file(path, verify, outside):
    export = Export(verify, outside)
    for number, line in enumerate(open(path, "rb")):
        export.push(line[:-1] if line.endswith(b"\n") else line, number == 0)
    return {"export": path, **export.result(), "signatures": "verified" if verify else "unverified"}

def main():
    parser = argparse.ArgumentParser(description="Verifies exports of Tocsin's audit log.")
    parser.add_argument("exports", nargs="+", metavar="EXPORT")
    parser.add_argument("--public-key", type=argparse.FileType("rb"), help="audit.pub: one or several PEM blocks")
    parser.add_argument("--checkpoints", type=argparse.FileType("rb"), help="checkpoints.ndjson, kept outside the log")
    options = parser.parse_args()
    verify = signatures(options.public_key.read()) if options.public_key else None
    outside = options.checkpoints.read().splitlines() if options.checkpoints else []
    try:
        results = [verify_file(path, verify, outside) for path in options.exports]
    except OSError as error:
        parser.error(str(error))
    print("\n".join(map(json.dumps, results)))
    sys.exit(0 if all(result["ok"] for result in results) else 1)

main()
