import { describe, expect, test } from '@jest/globals';
import { placeOf } from '../../../lib/exposition/parser/committed/text-ref.js';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { modelOf } from '../../helpers/scrape-model.js';
import { readScrape } from '../../helpers/scrape-oracle.js';
import { Scanner, type ScrapeParser } from '../../../lib/exposition/parser/scanner.js';
import { HEADS_PER_NODE } from '../../../lib/exposition/parser/series-heads.js';
import { ParserWorkspace } from '../../../lib/exposition/parser/workspace.js';

const AT = 1_786_000_500_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function scraped(text: string, parser = new Parsers().newParser()): ScrapeParser {
  parser.push(bytes(text));
  parser.commit(AT, 0);
  return parser;
}

const GPU = 'gpu="NVIDIA H100", instance="dgx-07", gpu_uuid="GPU-aa00", gpu_index="0"';
const proc = (pid: number | string, more = ''): string =>
  `pid="${pid}", name="python", user="alice", device_id="0", gpu_index="0", device_uuid="GPU-aa00", command="python train.py"${more}`;
const memory = (labels: string, value: number | string): string => `all_smi_process_memory_used_bytes{${labels}} ${value}\n`;

const SCRAPE = [
  `all_smi_up{instance="dgx-07", hostname="dgx-07"} 1`,
  `all_smi_gpu_utilization{${GPU}} 97`,
  `all_smi_gpu_info{${GPU}, type="GPU", driver_version="580.82.07", note="a \\"quoted\\" word"} 1`,
  memory(proc(41022), 51539607552).trimEnd(),
  `all_smi_process_start_time_seconds{${proc(41022)}} 1786000000`,
  `all_smi_process_cpu_percent{${proc(41022)}} 187.50`,
  `all_smi_process_resident_memory_bytes{${proc(41022)}} 8589934592`,
  `all_smi_disk_total_bytes{instance="dgx-07", mount_point="/", index="0"} 1919816826880`,
  '',
].join('\n');

describe('one scrape', () => {
  test('reads GPUs, processes and facts of a node', () => {
    const { data } = scraped(SCRAPE);
    expect([data.gpus.count, data.gpus.slots, data.text(data.gpus.name[0]!), data.gpus.field.utilPercent[0]]).toEqual([
      1,
      1,
      'NVIDIA H100',
      97,
    ]);
    expect([data.gpus.detail(0, 'driver_version'), data.gpus.detail(0, 'note'), data.gpus.detail(0, 'vbios')]).toEqual([
      '580.82.07',
      'a "quoted" word',
      '',
    ]);
    expect(data.gpus.field.powerWatts[0]).toBeNaN();
    const { procs } = data;
    // 1,786,000,500 - 1,786,000,000 seconds.
    expect([procs.count, procs.pid[0], procs.gpu[0], procs.vramBytes[0], procs.ageSeconds[0], procs.cpuPercent[0]]).toEqual([
      1, 41022, 0, 51539607552, 500, 187.5,
    ]);
    expect([procs.residentBytes[0], procs.smPercent[0]]).toEqual([8589934592, NaN]);
    expect([data.userName(procs.user[0]!), data.text(procs.command[0]!)]).toEqual(['alice', 'python train.py']);
    expect([data.disks.count, data.disks.title(0), data.disks.value(0, 'totalBytes')]).toEqual([1, '/', 1919816826880]);
    expect(data.facts).toMatchObject({
      instance: 'dgx-07',
      up: true,
      hasProcessFamily: true,
      samples: 8,
      badLines: 0,
      bytes: bytes(SCRAPE).length,
    });
  });

  test('shows the first bad line, sanitized and cut', () => {
    const { data } = scraped(`all_smi_x{a="\u001b[31m${'b'.repeat(100)}\nall_smi_y{a="b"} one\n${SCRAPE}`);
    expect([data.facts.badLines, data.facts.badSample]).toEqual([2, `all_smi_x{a="[31m${'b'.repeat(62)}`]);
    expect(data.gpus.count).toBe(1);
  });

  test('shows a bad line from its start, even if only its value has become bad', () => {
    const parser = new Parsers().newParser();
    for (const pieces of [[SCRAPE], [SCRAPE.slice(0, 150), SCRAPE.slice(150)]]) {
      scraped(SCRAPE, parser);
      for (const piece of pieces) parser.push(bytes(piece.replace('187.50', 'many')));
      parser.commit(AT, 0);
      expect([parser.data.facts.badLines, parser.data.facts.badSample]).toEqual([
        1,
        expect.stringMatching(/^all_smi_process_cpu_percent\{pid="41022"/),
      ]);
    }
  });

  test('reads the label names of exporters before 0.21', () => {
    const { data } = scraped('all_smi_gpu_utilization{gpu="A100", instance="n", uuid="GPU-1", index="3"} 5\n');
    expect([data.gpus.index[0], data.text(data.gpus.uuid[0]!)]).toEqual([3, 'GPU-1']);
  });

  test('adds a GPU without readings for a process that refers to an unknown GPU', () => {
    const { data } = scraped(memory('pid="1", device_uuid="GPU-zz", gpu_index="5"', 7));
    expect([data.gpus.count, data.gpus.slots, data.gpus.index[0], data.text(data.gpus.uuid[0]!), data.procs.gpu[0]]).toEqual([
      0,
      1,
      5,
      'GPU-zz',
      0,
    ]);
  });

  test('a process without a device and without bytes is on no GPU, and adds none', () => {
    const { data } = scraped(memory('pid="1", gpu_index="0", device_uuid=""', 0));
    expect([data.procs.gpu[0], data.gpus.slots]).toEqual([-1, 0]);
  });

  test('a process that starts to hold bytes moves to a GPU, which is a change of structure', () => {
    const parser = scraped(memory('pid="1", gpu_index="0", device_uuid=""', 0));
    parser.push(bytes(memory('pid="1", gpu_index="0", device_uuid=""', 9)));
    expect(parser.commit(AT, 0)).toBe('structure');
    expect([parser.data.procs.gpu[0], parser.data.gpus.slots]).toEqual([0, 1]);
  });

  test.each([
    ['a temperature or clock of 0 is unknown', 'gpu_temperature_celsius', '0'],
    ['a power of -1 is unknown', 'gpu_power_consumption_watts', '-1'],
    ['a fraction above 1 is not a reading', 'gpu_sm_occupancy', '1.5'],
    ['NaN is not a reading', 'gpu_utilization', 'NaN'],
    ['infinity is not a reading', 'gpu_utilization', '+Inf'],
  ])('%s', (_, family, value) => {
    const { data } = scraped(`all_smi_${family}{${GPU}} ${value}\n`);
    expect(Object.values(data.gpus.field).every((column) => Number.isNaN(column[0]))).toBe(true);
  });
});

describe('repeated scrapes', () => {
  test('report a change of values only when the lines are the same', () => {
    const parser = scraped(SCRAPE);
    parser.push(bytes(SCRAPE.replace(' 97\n', ' 12.5\n')));
    expect(parser.commit(AT, 0)).toBe('values');
    expect(parser.data.gpus.field.utilPercent[0]).toBe(12.5);
  });

  test('leave a missing family or GPU unreported', () => {
    const parser = scraped(SCRAPE);
    scraped(SCRAPE.replace(/all_smi_process_cpu.*\n/, ''), parser);
    expect(parser.data.procs.cpuPercent[0]).toBeNaN();
    scraped(SCRAPE.replace(/all_smi_gpu.*\n/g, ''), parser);
    expect([parser.data.gpus.count, parser.data.gpus.slots]).toEqual([0, 1]);
    scraped('', parser);
    expect([parser.data.procs.count, parser.data.facts.hasProcessFamily, parser.data.facts.instance]).toEqual([0, false, '']);
  });

  test('handle any missing line', () => {
    const lines = SCRAPE.split('\n');
    for (let line = 0; line < lines.length - 1; line++) {
      for (const kept of [lines.slice(0, line), lines.toSpliced(line, 1)]) {
        const text = kept.length === line ? `${kept.join('\n')}\n` : kept.join('\n');
        expect(modelOf(scraped(text, scraped(SCRAPE)).data)).toEqual(readScrape(text, AT / 1000));
      }
    }
  });

  test('read the model of a CPU from any of its lines', () => {
    const said = 'all_smi_cpu_info{cpu_model="EPYC 9654", index="0"} 1\n';
    const other = 'all_smi_cpu_utilization{index="0"} 12\n';
    for (const text of [said + other, other + said]) {
      const parser = scraped(text);
      expect(parser.data.cpus.title(0)).toBe('EPYC 9654');
      expect(scraped(text.replace('9654', '9754'), parser).data.cpus.title(0)).toBe('EPYC 9754');
    }
  });

  test('keep the last good data when the body is truncated at any byte, until the next complete one', () => {
    const other = SCRAPE.replaceAll('41022', '7').replaceAll('alice', 'bob').replace(' 97\n', ' 3\n');
    const parser = scraped(SCRAPE);
    const before = modelOf(parser.data);
    const body = bytes(other);
    for (let cut = 0; cut <= body.length; cut++) {
      parser.push(body.subarray(0, cut));
      expect(modelOf(parser.data)).toEqual(before);
      parser.abort();
      expect(modelOf(parser.data)).toEqual(before);
    }
    scraped(other, parser);
    expect(modelOf(parser.data)).toEqual(readScrape(other, AT / 1000));
  });

  test('do not mix interleaved bodies of two nodes', () => {
    const wire = new Parsers();
    const [one, other] = [wire.newParser(), wire.newParser()];
    const [first, second] = [bytes(SCRAPE), bytes(SCRAPE.replaceAll('alice', 'bob'))];
    for (let at = 0; at < first.length; at += 50) {
      one.push(first.subarray(at, at + 50));
      other.push(second.subarray(at, at + 50));
    }
    one.commit(AT, 0);
    other.commit(AT, 0);
    expect([one, other].map(({ data }) => data.userName(data.procs.user[0]!))).toEqual(['alice', 'bob']);
  });
});

describe('limits', () => {
  test('50,000 process rows; known ones are still updated, and an ended one makes room', () => {
    const rows = Array.from({ length: 50_002 }, (_, pid) => pid);
    const body = (value: number, pids: readonly number[] = rows): string =>
      pids.map((pid) => memory(`pid="${pid}", device_uuid="GPU-1"`, value)).join('');
    const parser = scraped(body(1));
    expect([parser.data.procs.count, parser.data.facts.capsHit]).toEqual([50_000, ['process rows']]);
    scraped(body(2), parser);
    expect([parser.data.procs.count, parser.data.procs.vramBytes[0], parser.data.procs.vramBytes[49_999]]).toEqual([50_000, 2, 2]);
    // The slot of the first one is free from the next scrape on.
    scraped(body(3, rows.slice(1)), parser);
    scraped(body(3, rows.slice(1)), parser);
    expect([...parser.data.procs.pid.subarray(49_999, 50_000)]).toEqual([50_000]);
  });

  test('256 GPUs; known ones are still updated', () => {
    const body = (value: number): string =>
      Array.from(
        { length: 300 },
        (_, gpu) => `all_smi_gpu_utilization{gpu="H", gpu_uuid="GPU-${gpu}", gpu_index="${gpu}"} ${value}\n`,
      ).join('');
    const parser = scraped(body(1));
    scraped(body(2), parser);
    expect([parser.data.gpus.count, parser.data.gpus.field.utilPercent[255], parser.data.facts.capsHit]).toEqual([256, 2, ['gpu rows']]);
  });

  test.each([
    ['a command of 256 bytes is kept', 'c'.repeat(256), 'c'.repeat(256)],
    ['a longer command is cut', 'c'.repeat(400), 'c'.repeat(256)],
    [
      'a command cut by its exporter is kept with its marker',
      `${'c'.repeat(256)}...(144 bytes truncated)`,
      `${'c'.repeat(256)}...(144 bytes truncated)`,
    ],
    ['a marker that is part of the command does not count', `${'c'.repeat(300)}...(1 bytes truncated)`, 'c'.repeat(256)],
    ['a command is cut between characters', 'é'.repeat(200), 'é'.repeat(128)],
  ])('%s', (_, command, shown) => {
    const { data } = scraped(memory(`pid="1", device_uuid="G", command="${command}"`, 1));
    expect(data.text(data.procs.command[0]!)).toBe(shown);
  });

  test('128 bytes for a user name', () => {
    const { data } = scraped(memory(`pid="1", device_uuid="G", user="${'u'.repeat(300)}"`, 1));
    expect(data.userName(data.procs.user[0]!)).toBe('u'.repeat(128));
  });

  test('32 KiB for a line, however it is split; the rest is read', () => {
    const long = memory(`pid="1", device_uuid="G", command="${'c'.repeat(200_000)}"`, 1);
    for (const chunk of [1000, 70_000, 1_000_000]) {
      const parser = new Parsers().newParser();
      const body = bytes(long + SCRAPE);
      for (let at = 0; at < body.length; at += chunk) parser.push(body.subarray(at, at + chunk));
      parser.commit(AT, 0);
      expect([parser.data.facts.badLines, parser.data.gpus.count, parser.data.procs.count]).toEqual([1, 1, 1]);
    }
  });

  test('a process without labels is a bad line', () => {
    const { data } = scraped(`all_smi_process_memory_used_bytes 5\n${SCRAPE}`);
    expect([data.facts.badLines, data.facts.badSample, data.procs.count]).toEqual([1, 'all_smi_process_memory_used_bytes 5', 1]);
  });

  test('any number of comments is skipped without cost', () => {
    const parser = new Parsers().newParser();
    const comments = bytes(`${'# '.padEnd(99, 'x')}\n`.repeat(5000));
    for (let at = 0; at < comments.length; at += 4000) parser.push(comments.subarray(at, at + 4000));
    scraped(SCRAPE, parser);
    expect([parser.data.facts.badLines, parser.data.gpus.count]).toEqual([0, 1]);
  });

  test('a node that keeps sending new labels does not use more and more memory', () => {
    const parser = new Parsers().newParser();
    for (let scrape = 0; scrape < 300; scrape++)
      scraped(`all_smi_gpu_info{${GPU}, note="${scrape}"} 1\nall_smi_x{y="${scrape}"} 1\n${SCRAPE}`, parser);
    expect([parser.data.gpus.count, parser.data.gpus.detail(0, 'note'), parser.data.facts.samples]).toEqual([1, 'a "quoted" word', 10]);
  });
});

describe('bytes that floats would confuse', () => {
  /** A line with the command `raw`, value 1. */
  const line = (raw: readonly number[]): Uint8Array =>
    Uint8Array.from([...bytes(`all_smi_process_memory_used_bytes{pid="1", device_uuid="G", command="`), ...raw, ...bytes('"} 1\n')]);
  const command = (parser: ScrapeParser, raw: readonly number[]): string => {
    parser.push(line(raw));
    parser.commit(AT, 0);
    return parser.data.text(parser.data.procs.command[0]!);
  };
  const times = (count: number, byte: number): number[] => Array.from({ length: count }, () => byte);

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('+0 and -0: NUL bytes, and 0x80 at position %i of each eight', (place) => {
    const parser = new Parsers().newParser();
    const negative = times(64, 0).map((_nul, at) => (at % 8 === place ? 0x80 : 0));
    expect(command(parser, times(64, 0))).toBe('');
    expect(command(parser, negative)).toBe('\ufffd'.repeat(8));
    expect(command(parser, times(64, 0))).toBe('');
  });

  test('NaN: bytes that are not UTF-8 and, as floats, equal nothing', () => {
    const parser = new Parsers().newParser();
    for (let scrape = 0; scrape < 3; scrape++) {
      expect(command(parser, times(64, 0xff))).toBe('\ufffd'.repeat(64));
      expect(parser.data.procs.count).toBe(1);
    }
  });
});

describe('labels named like object properties', () => {
  test.each(['__proto__', 'constructor', 'toString'])('%s is a plain label', (name) => {
    const { data } = scraped(`all_smi_gpu_info{${GPU}, ${name}="x"} 1\n${memory(proc(1, `, ${name}="y"`), 3)}`);
    expect([data.gpus.detail(0, name), data.procs.count]).toEqual(['x', 1]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('user ids', () => {
  test('are the same on all nodes, also for names that are equal after sanitizing', () => {
    const wire = new Parsers();
    const users = ['alice', 'alice', 'ali\u200bce', 'b\\\\c', 'b\\\\c'].map((user) => {
      const { data } = scraped(memory(`pid="1", device_uuid="G", user="${user}"`, 1), wire.newParser());
      return [data.procs.user[0], data.userName(data.procs.user[0]!)];
    });
    expect(users).toEqual([
      [1, 'alice'],
      [1, 'alice'],
      [1, 'alice'],
      [2, 'b\\c'],
      [2, 'b\\c'],
    ]);
  });

  test('are the same for names that differ in blanks at their ends; a blank name is no user', () => {
    const wire = new Parsers();
    const named = ['bob', 'bob ', ' bob', 'bob\u00a0\u2800\u3164', 'bob b', ' ', '\u3000\u115f'].map((user) => {
      const { data } = scraped(memory(`pid="1", device_uuid="G", user="${user}"`, 1), wire.newParser());
      return [data.procs.user[0], data.userName(data.procs.user[0]!)];
    });
    expect(named).toEqual([...Array<unknown>(4).fill([1, 'bob']), [2, 'bob b'], [0, ''], [0, '']]);
  });

  test('keep an unescaped backslash in the name, whatever letter follows', () => {
    const name = (user: string): string => {
      const { data } = scraped(memory(`pid="1", device_uuid="G", user="${user}"`, 1));
      return data.userName(data.procs.user[0]!);
    };
    expect(['CORP\\nick', 'CORP\\rob', 'CORP\\bob', 'CORP\\\\nick', '\\"q\\"'].map(name)).toEqual([
      'CORP\\nick',
      'CORP\\rob',
      'CORP\\bob',
      'CORP\\nick',
      '"q"',
    ]);
  });

  test('are renumbered when there are many and half are unused; rows on screen keep their users', () => {
    const parsers = new Parsers(100);
    let told = 0;
    parsers.onRenumbered(() => told++);
    const [busy, quiet] = [parsers.newParser(), parsers.newParser()];
    const crowd = (from: number, count: number): string =>
      Array.from({ length: count }, (_, at) => memory(`pid="${at + 1}", device_uuid="G", user="user-${from + at}"`, 1)).join('');
    scraped(crowd(0, 60), busy);
    scraped(memory('pid="1", device_uuid="G", user="keeper"', 1), quiet);
    expect(quiet.data.procs.user[0]).toBe(61);
    expect(parsers.tidy()).toBe(false);
    scraped(crowd(60, 40), busy);
    expect([parsers.tidy(), told]).toEqual([true, 1]);
    // 40 of the crowd, the keeper, and the unknown user. The quiet node has not been scraped again.
    expect(parsers.users).toBe(42);
    expect(quiet.data.procs.user[0]).not.toBe(61);
    const names = ({ data }: ScrapeParser): string[] =>
      Array.from(data.procs.user.subarray(0, data.procs.count), (user) => data.userName(user));
    expect(names(quiet)).toEqual(['keeper']);
    expect(names(busy).sort()).toEqual(Array.from({ length: 40 }, (_, at) => `user-${60 + at}`).sort());
    scraped(memory('pid="1", device_uuid="G", user="keeper"', 2), quiet);
    scraped(crowd(60, 40), busy);
    expect([names(quiet), names(busy).length, parsers.users]).toEqual([['keeper'], 40, 42]);
  });
});

describe('limits for hostile or long-lived nodes', () => {
  test('removes NUL bytes from text, and does not confuse a line with one of other bytes', () => {
    const parser = new Parsers().newParser();
    const nameOf = (bytes: Buffer): string => {
      const [before, after] = [`all_smi_gpu_utilization{gpu="H`, `100", gpu_uuid="GPU-aa00", gpu_index="0"} 5\n`];
      parser.push(Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]));
      parser.commit(AT, 0);
      return parser.data.text(parser.data.gpus.name[0]!);
    };
    // Known lines are compared as floats: eight zeros equal a negative zero, which is seven zeros and 0x80.
    const zeros = Buffer.alloc(40);
    for (let at = 8; at < 24; at++) {
      const signed = Buffer.from(zeros);
      signed[at] = 0x80;
      expect([nameOf(zeros), nameOf(signed)]).toEqual(['H100', 'H\ufffd100']);
    }
  });

  test('limits the new series names of one node to its own share', () => {
    const workspace = new ParserWorkspace();
    const flood = Array.from({ length: HEADS_PER_NODE * 2 }, (_, nth) => `other_metric_${nth}{a="b"} 1\n`).join('');
    scraped(flood, new Scanner(workspace));
    const known = (text: string): boolean => workspace.heads.find(bytes(text), 0, bytes(text).length) !== 0;
    // The head of a line starts with the line end before it; the first line of a body has none.
    const heads = Array.from({ length: HEADS_PER_NODE * 2 }, (_, nth) => `other_metric_${nth}{`).filter(
      (text) => known(text) || known(`\n${text}`),
    );
    expect(heads.length).toBe(HEADS_PER_NODE);
    scraped('late_metric{a="b"} 1\n', new Scanner(workspace));
    expect(known('late_metric{') || known('\nlate_metric{')).toBe(true);
  });

  test('bounds the memory per node when labels change with each scrape', () => {
    const parser = new Parsers().newParser();
    // 50 rows of about 300 bytes.
    const scrapeOf = (scrape: number): string =>
      Array.from({ length: 50 }, (_, nth) =>
        memory(`pid="${scrape * 50 + nth}", device_uuid="G", command="${'x'.repeat(200)} ${scrape}"`, 1),
      ).join('');
    let furthest = 0;
    for (let scrape = 0; scrape < 100; scrape++) {
      const { data } = scraped(scrapeOf(scrape), parser);
      expect([data.procs.count, data.text(data.procs.command[0]!)]).toEqual([50, `${'x'.repeat(200)} ${scrape}`]);
      furthest = Math.max(furthest, ...Array.from(data.procs.command, placeOf));
    }
    // Keeping all of it would take 1.5 MB; only a few scrapes of 15 KB are kept.
    expect(furthest).toBeLessThan(150_000);
  });
});
