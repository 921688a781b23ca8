"""Usage: page_text.py FILE.html...   Prints pages with their packed texts unpacked in their places (reports/html/html_data.c).
As a module: page_text(bytes) -> bytes; samples(bytes) -> the samples with what the index says of them."""
import base64, json, re, sys, zlib

BLOCK = re.compile(rb'<script type="application/octet-stream"([^>]*)>([^<]*)</script>')


def unpack(block):
    return zlib.decompress(base64.b64decode(block), -15)


def page_text(page):
    return BLOCK.sub(lambda m: b"<script" + m[1] + b">" + unpack(m[2]) + b"</script>", page)


def samples(page):
    found = [(m[1], json.loads(unpack(m[2]))) for m in BLOCK.finditer(page)]
    index = next(data for kind, data in found if b'id="index"' in kind)
    rows = [s for kind, data in found if b'class="chunk"' in kind for s in data]
    names = json.loads(re.search(rb'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
    assert len(rows) == names["n"] == sum(names["chunks"]) and all(len(c) == len(rows) for c in index.values())
    return [{**s, "i": index["i"][n], "a": index["a"][n], "z1": index["z"][n]} for n, s in enumerate(rows)]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with open(name, "rb") as f:
            sys.stdout.buffer.write(page_text(f.read()))
