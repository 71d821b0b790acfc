import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { PAGES } from '../docs/pages.js';

const page = (name: string): string => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');

describe('generated pages are current (npm run docs writes them)', () => {
  test.each(Object.keys(PAGES))('docs/%s', (name) => {
    expect(page(name)).toBe(PAGES[name]?.());
  });
});
