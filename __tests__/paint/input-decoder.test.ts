import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { InputEvent } from '../../lib/keys/key-names.js';
import { DOUBLE_CLICK_MS, InputParser } from '../../lib/paint/input-decoder.js';
import { MAX_PASTE_BYTES } from '../../lib/paint/paste.js';

/** One read after the other; an incomplete sequence at the end times out. */
function parse(...reads: readonly (string | Uint8Array)[]): InputEvent[] {
  const parser = new InputParser();
  const events = reads.flatMap((read) => parser.push(typeof read === 'string' ? Buffer.from(read) : read, 0));
  return [...events, ...parser.timeout()];
}
const show = (event: InputEvent): string => {
  if (event.type === 'key') return event.name;
  if (event.type === 'paste') return `paste(${event.text})`;
  return `${event.action} ${event.button} ${event.x},${event.y} x${event.clicks}`;
};
const names = (...reads: readonly (string | Uint8Array)[]): string[] => parse(...reads).map(show);
const CSI = '\x1b[';

describe('keys', () => {
  test.each([
    ['q', 'q'],
    ['Q', 'Q'],
    ['?', '?'],
    [' ', 'Space'],
    ['é', 'é'],
    ['深', '深'],
    ['🚀', '🚀'],
    ['\r', 'Enter'],
    ['\n', 'Enter'],
    ['\t', 'Tab'],
    ['\x7f', 'Backspace'],
    ['\b', 'Backspace'],
    ['\x1b', 'Esc'],
    ['\x00', 'C-Space'],
    ['\x03', 'C-c'],
    ['\x1a', 'C-z'],
    ['\x1c', 'C-\\'],
    ['\x1f', 'C-_'],
    ['\x1bx', 'A-x'],
    ['\x1bX', 'A-X'],
    ['\x1bé', 'A-é'],
    ['\x1b ', 'A-Space'],
    ['\x1b\r', 'A-Enter'],
    ['\x1b\x7f', 'A-Backspace'],
    ['\x1b\x03', 'C-A-c'],
    ['\x1b[', 'A-['],
    ['\x1bO', 'A-O'],
    ['\x1b]', 'A-]'],
    ['\x1bP', 'A-P'],
    ['\x1b[A', 'Up'],
    ['\x1bOA', 'Up'],
    ['\x1b\x1b[A', 'A-Up'],
    ['\x1b[1;2A', 'S-Up'],
    ['\x1b[1;3B', 'A-Down'],
    ['\x1b[1;5C', 'C-Right'],
    ['\x1b[1;8D', 'C-A-S-Left'],
    ['\x1b[H', 'Home'],
    ['\x1b[1~', 'Home'],
    ['\x1b[7~', 'Home'],
    ['\x1bOF', 'End'],
    ['\x1b[5~', 'PageUp'],
    ['\x1b[6;5~', 'C-PageDown'],
    ['\x1b[2~', 'Insert'],
    ['\x1b[3;2~', 'S-Delete'],
    ['\x1b[3^', 'C-Delete'],
    ['\x1b[a', 'S-Up'],
    ['\x1b[Z', 'S-Tab'],
    ['\x1bOP', 'F1'],
    ['\x1b[[A', 'F1'],
    ['\x1b[11~', 'F1'],
    ['\x1b[1;2P', 'S-F1'],
    ['\x1bO2P', 'S-F1'],
    ['\x1b[1;5R', 'C-F3'],
    ['\x1b[24~', 'F12'],
    ['\x1b[24;2~', 'S-F12'],
    ['\x1bOM', 'Enter'],
    ['\x1bOj', '*'],
    ['\x1bOy', '9'],
  ])('%j is %s', (bytes, name) => {
    expect(names(bytes)).toEqual([name]);
  });

  test.each([
    ['kitty: Esc', '27u', 'Esc'],
    ['kitty: Enter with shift', '13;2u', 'S-Enter'],
    ['kitty: Tab with shift', '9;2u', 'S-Tab'],
    ['kitty: plain', '97u', 'a'],
    ['kitty: shifted', '97;2u', 'A'],
    ['kitty: shifted, by layout', '49:33;2u', '!'],
    ['kitty: shifted, as typed', '49;2;33u', '!'],
    ['kitty: control', '99;5u', 'C-c'],
    ['kitty: control and shift', '99;6u', 'C-S-c'],
    ['kitty: C-i is not Tab', '105;5u', 'C-i'],
    ['kitty: alt', '97;3u', 'A-a'],
    ['kitty: caps and num lock do not matter', '97;193u', 'a'],
    ['kitty: press event', '97;1:1u', 'a'],
    ['kitty: keypad', '57400u', '1'],
    ['kitty: keypad arrow', '57419;5u', 'C-Up'],
    ['kitty: repeat of an arrow', '1;1:2A', 'Up'],
    ['modifyOtherKeys: control', '27;5;99~', 'C-c'],
    ['modifyOtherKeys: control Enter', '27;5;13~', 'C-Enter'],
    ['modifyOtherKeys: shift', '27;2;65~', 'A'],
  ])('%s', (_what, body, name) => {
    expect(names(CSI + body)).toEqual([name]);
  });

  test.each([
    ['kitty: release', `${CSI}97;1:3u`],
    ['kitty: release of an arrow', `${CSI}1;1:3A`],
    ['kitty: super', `${CSI}113;9u`],
    ['kitty: a modifier alone', `${CSI}57441u`],
    ['an unknown function', `${CSI}99~`],
    ['half an emoji', '\xf0\x9f'],
  ])('%s is not a key', (_what, bytes) => {
    expect(names(Buffer.from(bytes, 'latin1'))).toEqual([]);
  });

  test('Enter is reported once, also as CR LF', () => {
    expect(names('\r\n')).toEqual(['Enter']);
    expect(names('\r', '\n', '\n')).toEqual(['Enter', 'Enter']);
  });

  test('text contains the typed characters', () => {
    expect(parse('a \x1bb\x03\r').map((event) => (event.type === 'key' ? event.text : undefined))).toEqual(['a', ' ', '', '', '']);
    expect(parse('🚀')).toEqual([{ type: 'key', name: '🚀', text: '🚀' }]);
    expect(parse(`${CSI}97;2u`)).toEqual([{ type: 'key', name: 'A', text: 'A' }]);
  });

  test('one read may contain several keys', () => {
    expect(names('jj\x1b[B\x1b[Bq')).toEqual(['j', 'j', 'Down', 'Down', 'q']);
    expect(names('\x1b\x1b')).toEqual(['Esc', 'Esc']);
    expect(names('\x1b\x1bq')).toEqual(['Esc', 'A-q']);
  });

  test('Esc waits, and then is a key', () => {
    const parser = new InputParser();
    expect(parser.push(Buffer.from('\x1b'), 0)).toEqual([]);
    expect(parser.patience).toBe(30);
    expect(parser.timeout().map(show)).toEqual(['Esc']);
    expect(parser.patience).toBeUndefined();
  });

  test('8-bit controls and invalid UTF-8 are not keys, and do not affect what follows', () => {
    expect(names(Buffer.from([0x9b, 0x41]))).toEqual(['A']);
    expect(names(Buffer.from([0xc2, 0x9b, 0x71]))).toEqual(['q']);
    expect(names(Buffer.from([0xe6, 0x71]))).toEqual(['q']);
    expect(names(Buffer.from([0xed, 0xa0, 0x80, 0x71]))).toEqual(['q']);
  });
});

describe('mouse', () => {
  test.each([
    ['0;1;1M', 'press left 0,0 x1'],
    ['0;12;3m', 'release left 11,2 x1'],
    ['1;5;6M', 'press middle 4,5 x1'],
    ['2;300;200M', 'press right 299,199 x1'],
    ['16;5;6M', 'press left 4,5 x1'],
    ['32;5;6M', 'drag left 4,5 x1'],
    ['64;5;6M', 'wheel-up none 4,5 x1'],
    ['65;5;6M', 'wheel-down none 4,5 x1'],
  ])('%s', (report, wanted) => {
    expect(names(`${CSI}<${report}`)).toEqual([wanted]);
  });

  test('reads the old format', () => {
    expect(names(Buffer.from([0x1b, 0x5b, 0x4d, 32, 33, 34]))).toEqual(['press left 0,1 x1']);
    expect(names(Buffer.from([0x1b, 0x5b, 0x4d, 35, 33 + 200, 34]))).toEqual(['release none 200,1 x1']);
    expect(names(Buffer.from([0x1b, 0x5b, 0x4d, 97, 33, 33]))).toEqual(['wheel-down none 0,0 x1']);
  });

  test.each(['35;5;6M', '66;5;6M', '128;5;6M', '0;0;6M', '0;5M', 'M', '0;99999;1M', '0;5;6;7M'])('%s is ignored', (report) => {
    expect(names(`${CSI}<${report}`)).toEqual([]);
  });

  test('several reports and keys in one read are all reported, in order', () => {
    expect(names(`q${CSI}<65;5;6M${CSI}<65;5;6M${CSI}<65;5;6M${CSI}<0;1;2M${CSI}<0;1;2mj`)).toEqual([
      'q',
      'wheel-down none 4,5 x1',
      'wheel-down none 4,5 x1',
      'wheel-down none 4,5 x1',
      'press left 0,1 x1',
      'release left 0,1 x1',
      'j',
    ]);
  });

  test('a second press in time in the same place is a double click, and a third starts again', () => {
    const clicks = (...presses: readonly (readonly [x: number, at: number])[]): number[] => {
      const parser = new InputParser();
      return presses
        .flatMap(([x, at]) => parser.push(Buffer.from(`${CSI}<0;${x};1M${CSI}<0;${x};1m`), at))
        .flatMap((event) => (event.type === 'mouse' && event.action === 'press' ? [event.clicks] : []));
    };
    expect(clicks([1, 0], [1, DOUBLE_CLICK_MS], [1, DOUBLE_CLICK_MS + 1])).toEqual([1, 2, 1]);
    expect(clicks([1, 0], [1, DOUBLE_CLICK_MS + 1])).toEqual([1, 1]);
    expect(clicks([1, 0], [2, 10])).toEqual([1, 1]);
  });
});

describe('paste', () => {
  const pasted = (text: string): string => `${CSI}200~${text}${CSI}201~`;

  test('is text, never keys', () => {
    expect(names(`a${pasted('quit\rq\r\nx\ty')}b`)).toEqual(['a', 'paste(quit\nq\nxy)', 'b']);
    expect(names(pasted(''))).toEqual(['paste()']);
  });

  test('contains no terminal controls', () => {
    expect(names(pasted(`a${CSI}31mb\x1b]0;t\x07c`))).toEqual(['paste(a[31mb]0;tc)']);
  });

  test('ends at its end mark, even if that is split, and similar text is kept', () => {
    expect(names(`${CSI}200~深${CSI}20`, '1', '~q')).toEqual(['paste(深)', 'q']);
    expect(names(pasted(`x${CSI}20y\x1b${CSI}202~z`))).toEqual(['paste(x[20y[202~z)']);
  });

  test('is limited, and an unterminated paste does not block the keyboard', () => {
    const [event] = parse(pasted('x'.repeat(MAX_PASTE_BYTES + 5000)));
    expect(event?.type === 'paste' && event.text.length).toBe(MAX_PASTE_BYTES);
    const parser = new InputParser();
    parser.push(Buffer.from(`${CSI}200~lost`), 0);
    expect(parser.timeout().map(show)).toEqual(['paste(lost)']);
    expect(parser.push(Buffer.from('q'), 0).map(show)).toEqual(['q']);
  });
});

/** Reports that terminals send; none of them is a key. */
const REPLIES = [
  ['device attributes', `${CSI}?62;1;2;4c`],
  ['secondary device attributes', `${CSI}>41;354;0c`],
  ['tertiary device attributes', '\x1bP!|00000000\x1b\\'],
  ['cursor position', `${CSI}24;80R`],
  ['extended cursor position', `${CSI}?24;80;1R`],
  ['status', `${CSI}0n`],
  ['mode report', `${CSI}?2026;1$y`],
  ['window size', `${CSI}8;60;220t`],
  ['kitty flags', `${CSI}?1u`],
  ['focus in', `${CSI}I`],
  ['focus out', `${CSI}O`],
  ['background colour', '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\'],
  ['palette colour, ended by BEL', '\x1b]4;1;rgb:cccc/0000/0000\x07'],
  ['clipboard', '\x1b]52;c;cXVpdA==\x07'],
  ['XTVERSION', '\x1bP>|xterm(390)\x1b\\'],
  ['XTGETTCAP', '\x1bP1+r524742=38\x1b\\'],
  ['DECRQSS', '\x1bP1$r0m\x1b\\'],
  ['kitty graphics', '\x1b_Gi=31;OK\x1b\\'],
  ['sixel geometry', `${CSI}?2;0;800;600S`],
] as const;

describe('replies', () => {
  test.each(REPLIES)('%s is discarded, and the next key is not', (_what, reply) => {
    expect(names(reply)).toEqual([]);
    expect(names(`${reply}q`)).toEqual(['q']);
  });

  test('are discarded wherever reads end', () => {
    for (const [, reply] of REPLIES) {
      for (let at = 1; at < reply.length; at++) expect(names(reply.slice(0, at), `${reply.slice(at)}q`)).toEqual(['q']);
    }
  });

  test('that are broken end at the next sequence', () => {
    expect(names(`${CSI}?62;${CSI}A`)).toEqual(['Up']);
    expect(names('\x1b]11;rgb:\x1b[B')).toEqual(['Down']);
    expect(names(`${CSI}?62\x18q`)).toEqual(['q']);
  });
});

describe('any bytes', () => {
  const known = fc.constantFrom(...REPLIES.map(([, reply]) => reply));
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc
      .string({
        unit: fc.constantFrom(
          '\x1b',
          '[',
          'O',
          ']',
          'P',
          '<',
          '?',
          ';',
          ':',
          '0',
          '1',
          '2',
          '9',
          '~',
          'u',
          'M',
          'm',
          'A',
          'R',
          '\\',
          'q',
          '\x07',
        ),
        maxLength: 20,
      })
      .map((text) => Buffer.from(text)),
    known.map((text) => Buffer.from(text)),
  );

  test('never throw, and produce only well-formed events', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), (reads) => {
        for (const event of parse(...reads)) {
          if (event.type === 'key') expect(event.name).not.toMatch(/[\p{Cc}\p{Cs}\ufffd]/u);
          if (event.type === 'mouse') expect(Math.min(event.x, event.y)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('mean the same wherever reads end', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 5 }), fc.nat({ max: 9 }), (reads, step) => {
        const whole = Buffer.concat(reads);
        const pieces = [];
        for (let at = 0; at < whole.length; at += step + 1) pieces.push(whole.subarray(at, at + step + 1));
        expect(parse(...pieces)).toEqual(parse(whole));
      }),
      { numRuns: 1000 },
    );
  });
});
