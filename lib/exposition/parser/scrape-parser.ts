import type { Change, HostData } from '../../model/columns.js';
import type { Ms } from '../../model/node-view.js';

/**
 * Reads the exposition of one host, scrape after scrape. Stateful: it keeps what the last scrape taught it. Bytes come in chunks of any
 * size; bad lines are counted, never fatal. Until `commit` the data of the last good scrape stays exactly as it was.
 */
export interface ScrapeParser {
  /** The last committed scrape; the same object for the parser's life, its columns are valid until the next commit. */
  readonly data: HostData;
  push(chunk: Uint8Array): void;
  /**
   * Ends the body (an unterminated last line counts) and shows it. `at`: when the body was complete, by our clock. `skewMs`: the host's
   * clock minus ours (its Date header), undefined when unknown; start times given as epoch are aged against at + skewMs.
   */
  commit(at: Ms, skewMs: Ms | undefined): Change;
  /** Forgets what was pushed since the last commit: the body was cut, refused, too large. */
  abort(): void;
}
