// Mixed text for the tokeniser's parity test: seeded, so that every run sees the same bytes. Text files of the repository
// stand at its head (argv[3..]); the rest is made of many scripts, code, emoji, marks, line ends, digits and damaged UTF-8.
// usage: node make_text.mjs OUT BYTES FILE...
import { readFileSync, writeFileSync } from "node:fs";

let state = 0x9e3779b97f4a7c15n;
const next = () => { // splitmix64
  state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
  let z = state;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
};
const below = (n) => Math.floor(next() * n);
const pick = (a) => a[below(a.length)];
const many = (lo, hi, f) => Array.from({ length: lo + below(hi - lo + 1) }, f).join("");
const span = (lo, hi) => () => String.fromCodePoint(lo + below(hi - lo + 1));

// letters by script; ranges hold unassigned points too, which a tokeniser must also agree on
const scripts = [[0x61, 0x7a], [0x41, 0x5a], [0xc0, 0x24f], [0x370, 0x3ff], [0x400, 0x52f], [0x531, 0x587], [0x5d0, 0x5ea],
  [0x620, 0x64a], [0x900, 0x97f], [0x980, 0x9ff], [0xb80, 0xbff], [0xe01, 0xe4e], [0x1000, 0x109f], [0x10a0, 0x10ff],
  [0x1200, 0x137f], [0x13a0, 0x13ff], [0x1780, 0x17ff], [0x1c80, 0x1cbf], [0x1d00, 0x1dbf], [0x1e00, 0x1fff], [0x2c00, 0x2dff],
  [0x3041, 0x30ff], [0x3105, 0x312f], [0x4e00, 0x9fff], [0xa4d0, 0xa4ff], [0xa640, 0xa7ff], [0xac00, 0xd7a3], [0xff01, 0xffdc],
  [0x10400, 0x1044f], [0x1d400, 0x1d7ff], [0x1e900, 0x1e95f], [0x20000, 0x20fff]].map(([a, b]) => span(a, b));
const marks = [span(0x300, 0x36f), span(0x483, 0x489), span(0x591, 0x5bd), span(0x64b, 0x65f), span(0x93a, 0x94d), span(0x20d0, 0x20f0),
  span(0x3099, 0x309a), span(0xfe00, 0xfe0f)];
const digits = [span(0x30, 0x39), span(0x30, 0x39), span(0x660, 0x669), span(0x966, 0x96f), span(0x2070, 0x2089), span(0x2150, 0x2189),
  span(0x2460, 0x24ff), span(0x3021, 0x3029), span(0x1d7ce, 0x1d7ff)];
const blanks = [" ", " ", "  ", "    ", "\t", "\n", "\n\n", "\r\n", "\r", " \n", "\n ", "\u00a0", "\u0085", "\u2003", "\u3000", "\u200b", "\ufeff",
  "\u2028", "\v\f", "                "];
const emoji = ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "❤️", "1️⃣", "🫠", "☃", "✈️"];
const signs = [..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~§¶±×÷€£¥°†‡…“”‘’—–‹›«»¿¡∑∫√∞≠≤→⇒■●★"];
const words = ("the of and to in is that it for was with as his on be at by i this had not are but from or have an they which one you were all her she "
  + "there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these "
  + "two may first then do any like my now over such our man me even most made after also did many off before must well back through years much where "
  + "your way down should because long each just state people those too mr how little good world make very year still see own work men day get here "
  + "tokenization internationalisation HTTPServer camelCaseName snake_case_name XMLHttpRequest Straße naïve façade coöperate").split(" ");
const endings = ["'s", "'S", "'ll", "'LL", "'re", "'t", "'d", "'m", "'ve", "'ſ", "’s", "'x", "'"];
const specials = ["<|start|>", "<|end|>", "<|message|>", "<|channel|>analysis", "<|endoftext|>", "<|im_start|>"];
const code = ["for (int i = 0; i < n; i++) {\n\tx[i] += y[i] * 0x1F;\n}\n", "def f(x):\n    return {k: v for k, v in x.items()}\n",
  "<div class=\"a-b\">&nbsp;</div>\r\n", "SELECT * FROM t WHERE a >= 3.14e-10;\n", "https://example.org/a/b?c=d&e=%20#f ", "{\"k\": [1, 2.5, null, \"\\u00e9\"]}",
  "    if (!ok) return -1; // why\n", "#define X(a, b) ((a) << (b))\n\n\n", "//////// ======== -------- ________\n"];
const kinds = [
  () => many(3, 30, () => pick(words) + (below(8) ? "" : pick(endings)) + (below(12) ? " " : pick([", ", ". ", "; ", "! "]))),
  () => { const s = pick(scripts); return many(1, 12, () => s()) + pick(blanks); },
  () => { const s = pick(scripts), m = pick(marks); return many(1, 8, () => s() + many(0, 2, m)); },
  () => many(1, 12, () => pick(digits)()) + pick(["", ",", ".", " ", "-"]),
  () => many(1, 4, () => pick(blanks)), () => many(1, 5, () => pick(signs)), () => pick(emoji) + pick(["", " ", "\n"]),
  () => pick(code), () => pick(specials), () => many(1, 20, () => pick(scripts)()), () => pick(["=", " ", "-", "a", "A", "\n"]).repeat(1 + below(200)),
  () => many(1, 6, span(0xa0, 0x2ffff)), () => many(1, 6, span(0x1, 0x7f))];

const out = process.argv[2], want = Number(process.argv[3]);
const parts = process.argv.slice(4).map((f) => readFileSync(f).toString("utf8"));
let bytes = parts.reduce((n, p) => n + Buffer.byteLength(p), 0);
while (bytes < want) {
  let p = pick(kinds)();
  if (!below(50)) { // damage a byte, then repair the text as every reader of UTF-8 must
    const b = Buffer.from(p);
    if (b.length) b[below(b.length)] = 0x80 + below(0x80);
    p = b.toString("utf8");
  }
  p = p.toWellFormed();
  parts.push(p);
  bytes += Buffer.byteLength(p);
}
writeFileSync(out, parts.join(""));
