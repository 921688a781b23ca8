"""Opens a sealed run with nothing but Python: an implementation of its own of what reports/seal/seal.h describes, from the
documents that define the parts (RFC 7748, RFC 8439, draft-irtf-cfrg-xchacha, "Extending the Salsa20 nonce"), slow and
plain. Checks itself against their vectors first.

  unseal_reference.py DIR KEYFILE SAMPLE     prints one JSON object for each sealed text of it
"""
import base64, hashlib, json, sqlite3, struct, sys

P = 2**255 - 19
M = 0xFFFFFFFF


def x25519(k, u):
    k = int.from_bytes(k, "little") & ~7 & (1 << 255) - 1 | 1 << 254
    x1, x2, z2, x3, z3, swap = int.from_bytes(u, "little") & (1 << 255) - 1, 1, 0, 0, 1, 0
    x3 = x1
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def rotl(v, n):
    return v << n & M | v >> 32 - n


def chacha_rounds(s):
    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = s[x] + s[y] & M
            s[z] = rotl(s[z] ^ s[x], n)
    for _ in range(10):
        for q in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                  (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(*q)
    return s


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def chacha_block(key, counter, nonce):
    start = [*CONSTANTS, *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    return struct.pack("<16I", *(a + b & M for a, b in zip(chacha_rounds(start[:]), start)))


def hchacha(key, nonce):
    s = chacha_rounds([*CONSTANTS, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce)])
    return struct.pack("<8I", *s[:4], *s[12:])


def salsa_rounds(s):
    for _ in range(10):
        for q in ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
                  (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)):
            a, b, c, d = q
            s[b] ^= rotl(s[a] + s[d] & M, 7)
            s[c] ^= rotl(s[b] + s[a] & M, 9)
            s[d] ^= rotl(s[c] + s[b] & M, 13)
            s[a] ^= rotl(s[d] + s[c] & M, 18)
    return s


def salsa_state(key, tail):
    k, n, c = struct.unpack("<8I", key), struct.unpack("<4I", tail), CONSTANTS
    return [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]


def hsalsa(key, nonce):
    s = salsa_rounds(salsa_state(key, nonce))
    return struct.pack("<8I", s[0], s[5], s[10], s[15], s[6], s[7], s[8], s[9])


def salsa_stream(key, nonce, n):
    out = b""
    for i in range(n // 64 + 1):
        start = salsa_state(key, nonce + struct.pack("<Q", i))
        out += struct.pack("<16I", *(a + b & M for a, b in zip(salsa_rounds(start[:]), start)))
    return out


def poly1305(key, msg):
    r, s, h = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, int.from_bytes(key[16:], "little"), 0
    for i in range(0, len(msg), 16):
        h = (h + int.from_bytes(msg[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return (h + s & (1 << 128) - 1).to_bytes(16, "little")


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def aead_open(key, nonce, sealed, aad):
    sub, n12 = hchacha(key, nonce[:16]), bytes(4) + nonce[16:]
    c, tag = sealed[:-16], sealed[-16:]
    pad = lambda b: b + bytes(-len(b) % 16)
    mac = poly1305(chacha_block(sub, 0, n12)[:32], pad(aad) + pad(c) + struct.pack("<QQ", len(aad), len(c)))
    assert mac == tag, "the tag does not fit"
    return b"".join(xor(c[i:i + 64], chacha_block(sub, 1 + i // 64, n12)) for i in range(0, len(c), 64))


def box_seal_open(secret, box):
    public, theirs = x25519(secret, (9).to_bytes(32, "little")), box[:32]
    nonce = hashlib.blake2b(theirs + public, digest_size=24).digest()
    key = hsalsa(hsalsa(x25519(secret, theirs), bytes(16)), nonce[:16])
    stream = salsa_stream(key, nonce[16:], 32 + len(box) - 48)
    assert poly1305(stream[:32], box[48:]) == box[32:48], "the box does not open"
    return xor(box[48:], stream[32:])


def check_vectors():
    h = bytes.fromhex
    assert x25519(h("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                  h("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")).hex() == \
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"  # RFC 7748, 5.2
    assert hchacha(bytes(range(32)), h("000000090000004a0000000031415927")).hex() == \
        "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"  # draft, 2.2.1
    assert poly1305(h("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b"),
                    b"Cryptographic Forum Research Group").hex() == "a8061dc1305136c6c22b8baf0c0127a9"  # RFC 8439, 2.5.2
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen "
            b"would be it.")
    sealed = h("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c"
               "54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da97688"
               "12f615c68b13b52ec0875924c1c7987947deafd8780acf49")
    assert aead_open(bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)), sealed,
                     h("50515253c0c1c2c3c4c5c6c7")) == text  # draft, A.3.1
    assert hsalsa(h("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"), bytes(16)).hex() == \
        "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"  # NaCl, section 8


def read_secret(path):
    lines = open(path).read().split("\n")
    return base64.b64decode(lines[2].removeprefix("key "))


def main(folder, keyfile, wanted):
    check_vectors()
    db = sqlite3.connect(f"file:{folder}/run.db?mode=ro", uri=True)
    entry = json.loads(db.execute("select json from manifest where key = 'seal_keys'").fetchone()[0])
    secret = read_secret(keyfile)
    mine = [base64.b64decode(t["key"]) for t in entry["to"]].index(x25519(secret, (9).to_bytes(32, "little")))
    keys = [box_seal_open(secret, base64.b64decode(boxes[mine])) for boxes in entry["keys"]]
    rows = db.execute("select model, suite, sample, effort, epoch, transform, scorer, kind, bytes, run_key, commitment from "
                      "texts join records on record = records.id where commitment is not null and sample = ? order by 1, 2, 3, 4, 5, 6, 7, 8", (wanted,))
    for model, suite, sample, effort, epoch, transform, scorer, kind, data, run_key, commitment in rows:
        channel, _, turn = kind.partition("@")
        header = json.dumps({"channel": channel, "effort": effort, "epoch": epoch, "model": model, "plan": entry["plan"],
                             "run": entry["run"], "sample": sample, "scheme": "assay-seal-1", "scorer": scorer,
                             "sequence": int(turn or 0), "suite": suite, "transform": transform},
                            separators=(",", ":"), ensure_ascii=False)
        body = aead_open(keys[run_key - 1], data[:24], data[24:], header.encode())
        n, = struct.unpack("<Q", body[32:40])
        text = body[40:40 + n]
        assert not any(body[40 + n:]), "the padding is not zeros"
        assert hashlib.sha256(body[:32] + text).digest() == commitment, "the commitment does not fit"
        print(json.dumps({"sample": sample, "scorer": scorer, "kind": kind, "text": text.decode("utf-8", "replace")}))


if __name__ == "__main__":
    check_vectors() if len(sys.argv) == 1 else main(*sys.argv[1:])
