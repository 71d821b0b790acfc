/**
 * Decodes terminal bytes into input events. A state machine that works byte by byte, so it does not matter where a read ends. Replies of the
 * terminal (device attributes, positions, colours, clipboard) are swallowed: a reply must never look like a key.
 */
import type { InputEvent, Key } from '../keys/key-names.js';
import { clean } from '../text/sanitize.js';
import { csiEvent, keyOf, ss3Event, type Modifiers } from './keycodes.js';
import { mouseOf, x10Mouse, type MouseReport } from './mouse.js';
import { PasteReader } from './paste.js';
import type { Ms } from '../model/clock.js';

/** A lone ESC is the Esc key if nothing follows within this time. */
const ESC_MS = 30;
/** An incomplete sequence is given up after this time; slow links split sequences. */
const SEQUENCE_MS = 500;
/** Ends a paste or a control string whose terminator never comes; without this the keyboard would be dead. */
const STRING_MS = 2000;
export const DOUBLE_CLICK_MS = 400;
/** A sequence with longer parameters is dropped. */
const MAX_SEQUENCE = 256;

const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;

type State = 'ground' | 'escape' | 'csi' | 'ss3' | 'string' | 'string-escape' | 'utf8' | 'x10' | 'paste';

const PLAIN: Modifiers = { ctrl: false, alt: false, shift: false };
const ALT: Modifiers = { ctrl: false, alt: true, shift: false };

/** What follows ESC to open a control string (DCS, SOS, OSC, PM, APC): `P X ] ^ _`. */
const STRING_OPENERS = new Set([...Buffer.from('PX]^_')]);

const CONTROL_NAMES: Readonly<Record<number, string>> = {
  0x08: 'Backspace',
  0x09: 'Tab',
  0x0a: 'Enter',
  0x0d: 'Enter',
  0x1b: 'Esc',
  0x7f: 'Backspace',
};

/** Keys below 0x20, and DEL: a name of their own, or C- and the character 64 above. */
function controlKey(byte: number, modifiers: Modifiers): Key {
  const name = CONTROL_NAMES[byte];
  if (name !== undefined) return keyOf(name, '', modifiers);
  const base = byte === 0 ? 'Space' : String.fromCharCode(byte + 64).toLowerCase();
  return keyOf(base, '', { ...modifiers, ctrl: true });
}

export class InputParser {
  #state: State = 'ground';
  #alt = false;
  #sequence = '';
  #utf8: number[] = [];
  #utf8Length = 0;
  #paste = new PasteReader();
  #afterReturn = false;
  #lastPress: { readonly x: number; readonly y: number; readonly button: string; readonly at: Ms; readonly clicks: number } | undefined;
  #out: InputEvent[] = [];

  /** The events completed by `bytes`, read at `now`. */
  push(bytes: Uint8Array, now: Ms): InputEvent[] {
    for (const byte of bytes) this.#step(byte, now);
    return this.#take();
  }

  /** How long to wait for more before calling `timeout`; undefined if no sequence is open. */
  get patience(): Ms | undefined {
    switch (this.#state) {
      case 'ground':
        return undefined;
      case 'escape':
        return ESC_MS;
      case 'string':
        // The opener alone is a key pressed with Alt; replies arrive in one piece.
        return this.#sequence.length === 1 ? ESC_MS : STRING_MS;
      case 'string-escape':
      case 'paste':
        return STRING_MS;
      default:
        return SEQUENCE_MS;
    }
  }

  /** Nothing more came within `patience`: an open sequence was a key, or is given up. */
  timeout(): InputEvent[] {
    const [state, sequence] = [this.#state, this.#sequence];
    if (state === 'paste') this.#endPaste();
    else if (state === 'escape') {
      if (this.#alt) this.#emit(controlKey(ESC, PLAIN));
      this.#emit(controlKey(ESC, PLAIN));
    } else if (sequence.length === 1 && (state === 'csi' || state === 'ss3' || state === 'string'))
      this.#emit(keyOf(sequence, sequence, ALT));
    this.reset();
    return this.#take();
  }

  /** Drops an incomplete sequence. */
  reset(): void {
    this.#state = 'ground';
    this.#alt = false;
    this.#sequence = '';
    this.#utf8 = [];
    this.#paste = new PasteReader();
  }

  #take(): InputEvent[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #emit(event: InputEvent | undefined): void {
    if (event) this.#out.push(event);
  }

  #done(event?: InputEvent): void {
    this.#state = 'ground';
    this.#alt = false;
    this.#sequence = '';
    this.#emit(event);
  }

  #step(byte: number, now: Ms): void {
    switch (this.#state) {
      case 'ground':
        this.#ground(byte);
        break;
      case 'escape':
        this.#escape(byte);
        break;
      case 'csi':
        this.#csi(byte, now);
        break;
      case 'ss3':
        this.#ss3(byte);
        break;
      case 'string':
      case 'string-escape':
        this.#string(byte);
        break;
      case 'utf8':
        this.#continuation(byte);
        break;
      case 'x10':
        this.#x10(byte, now);
        break;
      case 'paste':
        if (this.#paste.ended(byte)) {
          this.#endPaste();
          this.reset();
        }
        break;
    }
  }

  #ground(byte: number): void {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = byte === 0x0d;
    if (byte === ESC) this.#state = 'escape';
    else if (byte < 0x20 || byte === 0x7f) {
      // CR LF is one Enter.
      if (!(byte === 0x0a && afterReturn)) this.#emit(controlKey(byte, this.#alt ? ALT : PLAIN));
      this.#alt = false;
    } else if (byte < 0x80) this.#printable(String.fromCharCode(byte));
    else this.#lead(byte);
  }

  #printable(ch: string): void {
    this.#done(keyOf(ch === ' ' ? 'Space' : ch, ch, this.#alt ? ALT : PLAIN));
  }

  /** The first byte of a non-ASCII character; anything that cannot be one (8-bit C1 controls included) is dropped. */
  #lead(byte: number): void {
    this.#utf8Length = byte >= 0xc2 && byte <= 0xdf ? 2 : byte >= 0xe0 && byte <= 0xef ? 3 : byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
    if (this.#utf8Length === 0) {
      this.#done();
      return;
    }
    this.#utf8 = [byte];
    this.#state = 'utf8';
  }

  #continuation(byte: number): void {
    if (byte < 0x80 || byte > 0xbf) {
      this.#done();
      this.#ground(byte);
      return;
    }
    this.#utf8.push(byte);
    if (this.#utf8.length < this.#utf8Length) return;
    const ch = Buffer.from(this.#utf8).toString('utf8');
    if (Array.from(ch).length === 1 && ch !== '\ufffd' && clean(ch) !== '') this.#printable(ch);
    else this.#done();
  }

  #escape(byte: number): void {
    if (byte === ESC) {
      // Some terminals put another ESC before a sequence for Alt. A third one: the first was a key.
      if (this.#alt) this.#emit(controlKey(ESC, PLAIN));
      this.#alt = true;
      return;
    }
    const opener = byte === 0x5b ? 'csi' : byte === 0x4f ? 'ss3' : STRING_OPENERS.has(byte) ? 'string' : undefined;
    if (opener !== undefined) {
      this.#state = opener;
      this.#sequence = String.fromCharCode(byte);
      return;
    }
    if (this.#alt) this.#emit(controlKey(ESC, PLAIN));
    this.#state = 'ground';
    this.#alt = true;
    this.#afterReturn = false;
    this.#ground(byte);
  }

  /** Restarts at a byte that cannot be inside a sequence; returns true if it did. */
  #aborted(byte: number): boolean {
    if (byte >= 0x20 && byte < 0x7f) return false;
    this.#done();
    if (byte !== CAN && byte !== SUB) this.#ground(byte);
    return true;
  }

  #csi(byte: number, now: Ms): void {
    if (this.#aborted(byte)) return;
    if (this.#sequence.length <= MAX_SEQUENCE) this.#sequence += String.fromCharCode(byte);
    // The Linux console sends F1 to F5 as CSI [ A to CSI [ E.
    if (byte < 0x40 || (byte === 0x5b && this.#sequence === '[[')) return;
    const body = this.#sequence.slice(1);
    if (body === 'M') {
      this.#state = 'x10';
      this.#sequence = '';
      return;
    }
    const alt = this.#alt;
    this.#done();
    if (body.length >= MAX_SEQUENCE) return;
    if (body === '200~') this.#state = 'paste';
    else if (body.startsWith('<')) this.#mouse(mouseOf(body), now);
    else this.#emit(csiEvent(body, alt));
  }

  #ss3(byte: number): void {
    if (this.#aborted(byte)) return;
    if (byte >= 0x30 && byte <= 0x39 && this.#sequence.length < 4) {
      this.#sequence += String.fromCharCode(byte);
      return;
    }
    this.#done(ss3Event(this.#sequence.slice(1) + String.fromCharCode(byte), this.#alt));
  }

  /** Control strings end with BEL or ESC \; CAN and SUB abort them. Their content is ignored. */
  #string(byte: number): void {
    if (byte === BEL || byte === CAN || byte === SUB) this.#done();
    else if (byte === ESC) this.#state = 'string-escape';
    else if (this.#state === 'string-escape') {
      this.#done();
      if (byte === 0x5c) return;
      this.#state = 'escape';
      this.#escape(byte);
    } else if (this.#sequence.length < 2) this.#sequence += 's';
  }

  #x10(byte: number, now: Ms): void {
    this.#sequence += String.fromCharCode(byte);
    if (this.#sequence.length < 3) return;
    const report = x10Mouse(this.#sequence);
    this.#done();
    this.#mouse(report, now);
  }

  #mouse(report: MouseReport | undefined, now: Ms): void {
    if (!report) return;
    let clicks = 1;
    if (report.action === 'press') {
      const last = this.#lastPress;
      const again = last?.x === report.x && last.y === report.y && last.button === report.button && now - last.at <= DOUBLE_CLICK_MS;
      // The third press starts a new count.
      clicks = again && last.clicks === 1 ? 2 : 1;
      this.#lastPress = { x: report.x, y: report.y, button: report.button, at: now, clicks };
    }
    this.#emit({ type: 'mouse', ...report, clicks });
  }

  #endPaste(): void {
    this.#emit({ type: 'paste', text: this.#paste.text() });
  }
}
