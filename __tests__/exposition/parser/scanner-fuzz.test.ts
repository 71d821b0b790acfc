/** The parser against a reader that parses every scrape from scratch, over sequences of scrapes that change in every way. */
import { describe, expect, test } from '@jest/globals';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { FuzzedHost } from '../../helpers/scrape-fuzz.js';
import { modelOf } from '../../helpers/scrape-model.js';
import { readScrape } from '../../helpers/scrape-oracle.js';
import type { ScrapeParser } from '../../../lib/exposition/parser/scanner.js';

const AT = 1_786_000_500_000;

function push(parser: ScrapeParser, text: string, host: FuzzedHost): void {
  const bytes = new TextEncoder().encode(text);
  const most = host.below(3) === 0 ? 7 : 4000;
  for (let from = 0; from < bytes.length;) {
    const to = from + 1 + host.below(most);
    parser.push(bytes.subarray(from, to));
    from = to;
  }
}

/** The clock of the node is half a second ahead. */
const oracle = (text: string): unknown => readScrape(text, (AT + 500) / 1000);

describe.each(Array.from({ length: 10 }, (_, part) => part))('part %i', (part) => {
  test('every scrape in a sequence gives the same result as a fresh parse', () => {
    const wire = new Parsers();
    for (let seed = part * 100; seed < part * 100 + 100; seed++) {
      const host = new FuzzedHost(seed);
      const parser = wire.newParser();
      for (let scrape = 0; scrape < 6; scrape++) {
        const text = host.scrape();
        push(parser, text, host);
        parser.commit(AT, 500);
        expect({ seed, scrape, said: modelOf(parser.data) }).toEqual({ seed, scrape, said: oracle(text) });
        if (host.below(4) > 0) continue;
        const cut = host.scrape();
        push(parser, cut.slice(0, host.below(cut.length)), host);
        expect({ seed, scrape, cut: modelOf(parser.data) }).toEqual({ seed, scrape, cut: oracle(text) });
        parser.abort();
        expect({ seed, scrape, aborted: modelOf(parser.data) }).toEqual({ seed, scrape, aborted: oracle(text) });
      }
    }
  });
});
