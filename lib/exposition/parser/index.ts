/** The parsers of one process, and the user names they share. */
import { ParserWorkspace } from './workspace.js';
import { Scanner, type ScrapeParser } from './scanner.js';

export type { ScrapeParser } from './scanner.js';

/** From this many user ids on it is looked whether they are still in use. */
const MANY_USERS = 2 ** 17;

export class Parsers {
  readonly #workspace = new ParserWorkspace();
  readonly #scanners: WeakRef<Scanner>[] = [];
  #checkAt: number;
  readonly #manyUsers: number;

  /** `manyUsers`: smaller in tests. */
  constructor(manyUsers = MANY_USERS) {
    this.#manyUsers = this.#checkAt = manyUsers;
  }

  /** The parser of one host. */
  newParser(): ScrapeParser {
    const scanner = new Scanner(this.#workspace);
    this.#scanners.push(new WeakRef(scanner));
    return scanner;
  }

  /** User ids in use or once in use. */
  get users(): number {
    return this.#workspace.users.count;
  }

  /**
   * Numbers the users anew when there are many ids and half of them are nobody's any more. To be called between frames. True: it did, so
   * whatever was made with ids is void.
   */
  tidy(): boolean {
    const { users } = this.#workspace;
    if (users.count < this.#checkAt) return false;
    const scanners = this.#scanners.flatMap((reference) => reference.deref() ?? []);
    const live = new Uint8Array(users.count);
    for (const scanner of scanners) scanner.markUsers(live);
    const alive = live.reduce((sum, one) => sum + one, 0);
    this.#checkAt = Math.max(this.#manyUsers, alive * 2);
    if (alive * 2 > users.count) return false;
    const fresh = users.renumber(live);
    for (const scanner of scanners) scanner.renumberUsers(fresh);
    return true;
  }
}
