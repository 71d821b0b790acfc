/** The access of each node of a run: that of all nodes, or that of the http config which its host list names. Each file is read once. */
import { HttpAccess, type AccessOptions } from './http-access.js';

export class HttpAccesses {
  readonly #options: AccessOptions;
  readonly #file: string | undefined;
  readonly #byFile = new Map<string | undefined, Promise<HttpAccess>>();

  /** `file`: the http config of nodes that have none of their own. */
  constructor(options: AccessOptions, file?: string) {
    this.#options = options;
    this.#file = file;
  }

  /** `file`: the http config of the node. Throws `E_HTTP_CONFIG`; the file is then read again the next time. */
  of(file = this.#file): Promise<HttpAccess> {
    const known = this.#byFile.get(file);
    if (known) return known;
    const access = file === undefined ? Promise.resolve(new HttpAccess({}, this.#options)) : HttpAccess.read(file, this.#options);
    this.#byFile.set(file, access);
    access.catch(() => this.#byFile.delete(file));
    return access;
  }
}
