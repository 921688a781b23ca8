// Encodes a text with npm's tiktoken (OpenAI's Rust code as WebAssembly); prints the same object as tokenizer_time.
// usage: node npm_encode.mjs TEXT IDS [SECONDS]   (in a folder whose node_modules has tiktoken)
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
const { get_encoding } = createRequire(process.cwd() + "/")("tiktoken");

const took = () => ({ wall: performance.now() / 1000, cpu: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 });
const since = (b) => { const t = took(); return { wall: t.wall - b.wall, cpu: t.cpu - b.cpu }; };

let begin = took();
const encoding = get_encoding("o200k_base"), load = since(begin);
const text = readFileSync(process.argv[2]).toString("utf8"), budget = Number(process.argv[4] ?? 3);
let wall = Infinity, cpu = Infinity, ids;
begin = took();
do {
  const b = took();
  ids = encoding.encode_ordinary(text);
  const t = since(b);
  wall = Math.min(wall, t.wall), cpu = Math.min(cpu, t.cpu);
} while (since(begin).wall < budget);
writeFileSync(process.argv[3], Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength));
console.log(JSON.stringify({ bytes: Buffer.byteLength(text), ids: ids.length, load_wall: load.wall, load_cpu: load.cpu, wall, cpu }));
