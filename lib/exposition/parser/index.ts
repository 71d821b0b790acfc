/** The parsers of one process, and the user names that they share with everything else that keeps rows. */
import { ParserWorkspace } from './workspace.js';
import { Scanner, type ScrapeParser } from './scanner.js';
import type { UserNames } from './user-names.js';

export type { ScrapeParser } from './scanner.js';

/** From this many user ids on, unused ones are removed. */
const MANY_USERS = 2 ** 17;

/** Rows that contain user ids: they report which ids are in use, and are renumbered. */
export interface UserIdHolder {
  markUsers(live: Uint8Array): void;
  renumberUsers(fresh: Int32Array): void;
}

export class Parsers {
  readonly #workspace = new ParserWorkspace();
  readonly #holders: WeakRef<UserIdHolder>[] = [];
  #checkAt: number;
  readonly #manyUsers: number;
  #renumbered: () => void = () => undefined;

  /** `manyUsers`: smaller in tests. */
  constructor(manyUsers = MANY_USERS) {
    this.#manyUsers = this.#checkAt = manyUsers;
  }

  /** The parser of one endpoint. */
  newParser(): ScrapeParser {
    return this.holding(() => new Scanner(this.#workspace));
  }

  /** Adds another keeper of rows with user ids: they refer to the same users as those of the parsers. */
  holding<Holder extends UserIdHolder>(make: (users: UserNames) => Holder): Holder {
    const holder = make(this.#workspace.users);
    this.#holders.push(new WeakRef(holder));
    return holder;
  }

  /** User ids that are or were in use. */
  get users(): number {
    return this.#workspace.users.count;
  }

  /** Called when user ids are renumbered: everything derived from ids is then invalid. */
  onRenumbered(listen: () => void): void {
    this.#renumbered = listen;
  }

  /**
   * Renumbers the users when there are many ids and half of them are unused. To be called between frames. True: it did, so everything
   * derived from ids is invalid.
   */
  tidy(): boolean {
    const { users } = this.#workspace;
    if (users.count < this.#checkAt) return false;
    const holders = this.#holders.flatMap((reference) => reference.deref() ?? []);
    const live = new Uint8Array(users.count);
    for (const holder of holders) holder.markUsers(live);
    const alive = live.reduce((sum, one) => sum + one, 0);
    this.#checkAt = Math.max(this.#manyUsers, alive * 2);
    if (alive * 2 > users.count) return false;
    const fresh = users.renumber(live);
    for (const holder of holders) holder.renumberUsers(fresh);
    this.#renumbered();
    return true;
  }
}
