/** Units, counts and durations are written in one way on all golden screens. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const FOLDER = '__tests__/golden';
const SCREENS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => [name, readFileSync(`${FOLDER}/${name}`, 'utf8')] as const);

const NOUNS = [
  'GPUs?|nodes?|users?|processes|process|pids|samples|frames?|cores|threads|lines?|rows|alerts?|tabs|NVLinks?|parts|merges|scrapes?',
  'reporting|computing|held|free|busy|unknown|down|waiting|failing|hidden|bookmarks?|MIG|vGPUs?|fans?|clocks?|MHz',
].join('|');

/** Texts to look for, and the form they must have. */
const GRAMMAR: readonly (readonly [what: string, found: RegExp, written: RegExp])[] = [
  [
    'a count before its noun has a separator at each thousand',
    new RegExp(`(?<![\\w.,:/-])[\\d,]+(?= (?:${NOUNS})\\b)`, 'g'),
    /^\d{1,3}(,\d{3})*$/,
  ],
  [
    'so has the first number of "1-20 of 1,340"',
    /(?<![\w.,:/-])[\d,]+-[\d,]+ of [\d,]+/g,
    /^\d{1,3}(,\d{3})*-\d{1,3}(,\d{3})* of \d{1,3}(,\d{3})*$/,
  ],
  [
    'bytes with a space have a binary unit and three digits',
    /(?<![\w.])[\d.,]+ [KMGTPE]i?B\b(?!\/s)/g,
    /^(\d\.\d\d|\d\d\.\d|\d{3}|10[012]\d) [KMGTPE]iB$/,
  ],
  ['bytes of a binary unit without a space appear only in minimums', /(?<!≥)(?<![\w.])[\d.]+[KMGTPE]iB\b/g, /^\d+GiB$/],
  [
    'used and total in a cell share a unit of one letter',
    /(?<![\w.])[\d.]+\/[\d.]+[A-Z](?![\w.])/g,
    /^(\d{1,4}|\d?\d\.\d{1,2})\/(\d{1,4}|\d?\d\.\d{1,2})[A-Z]$/,
  ],
  ['watts with a space have three digits', /(?<![\w.])[\d.,]+ [kM]?W\b/g, /^((\d{1,2}\.\d|\d{3}) W|(\d\.\d\d|\d\d\.\d|\d{3}) [kM]W)$/],
  ['a clock in text has a space and separators', /(?<![\w.])[\d.,]+ [MG]Hz\b/g, /^(\d{1,3}(,\d{3})* MHz|\d+\.\d\d GHz)$/],
  ['a percentage has no space', /(?<![\w.])[\d.,]+ %/g, /^$/],
  ['a duration has no words', /(?<![\w.-])\d+ ?(?:secs?|seconds?|mins?|minutes?|hours?|hrs?|days?)\b/g, /^$/],
  ['a time has two digits in each part', /(?<![\w:.-])\d+:\d+(?::\d+)+(?![\w:.])/g, /^\d{2,}(:\d\d){2,3}$/],
  [
    'a time span is a number with s, m, h or d',
    /(?<![\w.-])(?:last seen|every|last|next scrape in) \d[\w.]*(?: s\b)?/g,
    / \d+(\.\d+)?(s|m|h|d)$/,
  ],
];

test.each(GRAMMAR)('%s', (_what, found, written) => {
  const all = SCREENS.flatMap(([name, text]) => [...text.matchAll(found)].map(([match]) => ({ name, match })));
  expect(all.filter(({ match }) => !written.test(match))).toEqual([]);
});

test('each rule matches something on the screens, or forbids something absent', () => {
  for (const [what, found, written] of GRAMMAR) {
    if (written.source === '^$') continue;
    expect([what, SCREENS.some(([, text]) => text.search(new RegExp(found.source)) >= 0)]).toEqual([what, true]);
  }
});
