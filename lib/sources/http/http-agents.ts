/** The kept connections of an HTTP client, by access: connections with old certificates are not used again. */
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { HttpAccess, RequestParts } from './http-access.js';

export interface AgentPair {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export class HttpAgents {
  readonly #keepAlive: boolean;
  readonly #byAccess = new Map<HttpAccess, { readonly pair: AgentPair; readonly tls: RequestParts['tls'] }>();

  /** `keepAlive`: whether connections stay open after their request. */
  constructor(keepAlive = true) {
    this.#keepAlive = keepAlive;
  }

  /** For a request with what `access` has given for it. Node's http is loaded by the first. */
  async of(access: HttpAccess, { tls }: RequestParts): Promise<AgentPair> {
    const current = this.#byAccess.get(access);
    if (current?.tls === tls) return current.pair;
    const [http, https] = await Promise.all([import('node:http'), import('node:https')]);
    // Another request may have been faster.
    const known = this.#byAccess.get(access);
    if (known?.tls === tls) return known.pair;
    if (known) retire(known.pair);
    // Two sockets per node: one in use, and another while a cancelled one is being closed.
    const keeping = { keepAlive: this.#keepAlive, maxSockets: 2 };
    const pair = { http: new http.Agent(keeping), https: new https.Agent({ ...keeping, ...tls }) };
    this.#byAccess.set(access, { pair, tls });
    return pair;
  }

  close(): void {
    for (const { pair } of this.#byAccess.values()) {
      pair.http.destroy();
      pair.https.destroy();
    }
  }
}

/** Its connections end with their requests: those in progress are not cut off. */
function retire({ http, https }: AgentPair): void {
  for (const agent of [http, https]) {
    agent.maxFreeSockets = 0;
    for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}
