/**
 * Posts messages to a URL, one after another. A slow or broken receiver never holds up the viewer: two seconds per request, a bounded queue,
 * no redirects, no retries.
 */
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { clean } from '../text/sanitize.js';
import type { Clock, Ms } from '../model/clock.js';

const TIMEOUT_MS: Ms = 2000;
/** Length of the queue; when it is full, new messages are dropped. */
const MAX_WAITING = 64;

export interface WebhookStatus {
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  /** Why the last request failed; '' if it succeeded. */
  readonly problem: string;
}

export class Webhook {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #waiting: string[] = [];
  readonly #end = new AbortController();
  #status: WebhookStatus = { sent: 0, failed: 0, dropped: 0, problem: '' };
  #busy = false;

  /** `onChange` is called when the status has changed. */
  constructor(url: URL, clock: Clock, onChange: () => void = () => undefined) {
    this.#url = url;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get status(): WebhookStatus {
    return this.#status;
  }

  /** Returns at once. */
  send(json: string): void {
    if (this.#end.signal.aborted) return;
    if (this.#waiting.length >= MAX_WAITING) this.#note({ dropped: this.#status.dropped + 1 });
    else this.#waiting.push(json);
    void this.#work();
  }

  /** Clears the queue and aborts the current request. */
  close(): void {
    this.#waiting.length = 0;
    this.#end.abort();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let json = this.#waiting.shift(); json !== undefined; json = this.#waiting.shift()) {
      const problem = await post(this.#url, json, this.#end.signal, this.#clock);
      if (this.#end.signal.aborted) break;
      this.#note(problem === '' ? { sent: this.#status.sent + 1, problem } : { failed: this.#status.failed + 1, problem });
    }
    this.#busy = false;
  }

  #note(change: Partial<WebhookStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#onChange();
  }
}

/** Why the request failed; '' if it was accepted. The body of the response is not read. */
function post(url: URL, json: string, end: AbortSignal, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    const body = Buffer.from(json);
    const headers = { 'content-type': 'application/json', 'content-length': body.length, 'user-agent': 'all-smi-view' };
    const request = (url.protocol === 'https:' ? https : http)(url, { method: 'POST', headers, agent: false, signal: end });
    const settle = (problem: string): void => {
      cancel();
      request.destroy();
      resolve(problem);
    };
    const cancel = clock.after(TIMEOUT_MS, () => settle(`no response within ${TIMEOUT_MS / 1000} s`));
    request.on('response', ({ statusCode = 0 }) => settle(problemOf(statusCode)));
    request.on('error', ({ code, message }: NodeJS.ErrnoException) => settle(clean(code ?? message, 120)));
    request.end(body);
  });
}

function problemOf(status: number): string {
  if (status >= 200 && status < 300) return '';
  return status >= 300 && status < 400 ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`;
}
