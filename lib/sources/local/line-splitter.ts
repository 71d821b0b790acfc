/** No program we run prints a longer line. */
const MAX_LINE = 64 * 1024;

/** Splits text that arrives in chunks into lines. A line longer than 64 KiB is cut, and its rest is dropped. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  #open = '';
  #dropping = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      this.#add(line);
      if (!this.#dropping) this.#onLine(this.#open);
      this.#dropping = false;
      this.#open = '';
    }
    this.#add(last);
  }

  #add(text: string): void {
    if (this.#dropping) return;
    this.#open += text;
    if (this.#open.length <= MAX_LINE) return;
    this.#onLine(this.#open.slice(0, MAX_LINE));
    this.#open = '';
    this.#dropping = true;
  }
}
