/** Host files: one address per line, CSV with the address first, or Prometheus' file_sd in JSON or YAML. */
import { dirname, resolve } from 'node:path';
import { AppError } from '../../errors.js';
import { clean } from '../../text/sanitize.js';
import { readTextFile, type Unreadable } from '../files/text-file.js';
import { splitList } from './host-ranges.js';
import { addDiscovered, isDiscovery, MAX_VALUE_BYTES, noteOf, type Add, type Faulty } from './service-discovery.js';
import { TargetList, type TargetNote, type Transport } from './targets.js';

/** Maximum size of a host file, in bytes. */
export const MAX_HOSTFILE_BYTES = 10 * 2 ** 20;

/**
 * Names of the address column, most likely first: names that people use, and the names above node lists in the output of Slurm's `sinfo`
 * and `squeue`. A Slurm table has several of them, and there NODES is a number.
 */
const ADDRESS_HEADS = [
  'nodelist',
  'hostnames',
  'hostname',
  'host',
  'hosts',
  'address',
  'addr',
  'target',
  'targets',
  'node',
  'nodes',
  'nodename',
  'ip',
];
/** The first line of `sinfo -l` and `squeue -l`: 'Sat Nov 28 09:00:00 2026'. */
const DATE_LINE = /^\w{3} \w{3} +\d{1,2} \d\d:\d\d:\d\d( \w+)? \d{4}$/;

/**
 * The targets of a host file, which may be a pipe or /dev/stdin. Throws AppError E_HOSTFILE_UNREADABLE, E_HOSTFILE_EMPTY, E_HOSTFILE_BAD
 * (naming line or entry) or E_HOSTS_TOO_MANY.
 */
export async function readHostfile(path: string, over: Transport = 'http', byHost = false): Promise<TargetList> {
  const file = clean(path, 200);
  const unreadable: Unreadable = (reason, cause) => new AppError('E_HOSTFILE_UNREADABLE', { file, reason }, { cause });
  const text = await readTextFile(path, MAX_HOSTFILE_BYTES, unreadable);
  const list = new TargetList(file.replace(/^.*[/\\]/, ''), over);
  const faulty: Faulty = (where, reason) => new AppError('E_HOSTFILE_BAD', { file, where, reason: clean(reason, 200) });
  const add = adding(list, faulty);
  // Names of files in a pipe are relative to the current directory.
  const httpConfigAt = (name: string): string => resolve(/^\/(dev|proc)\//.test(path) ? '' : dirname(path), name);
  if (isDiscovery(text)) await addDiscovered(text, { add, faulty, byHost, httpConfigAt });
  else await addLines(text, { list, add, faulty, httpConfigAt });
  if (list.targets.length === 0) throw new AppError('E_HOSTFILE_EMPTY', { file });
  return list;
}

/** Adds to the list; a wrong address is an error of its place. */
export const adding =
  (list: TargetList, faulty: Faulty): Add =>
  (where, address, note) => {
    try {
      list.add(address, note);
    } catch (error) {
      if (error instanceof AppError && error.code === 'E_HOST_BAD') throw faulty(where, `"${error.params.host}": ${error.params.reason}`);
      throw error;
    }
  };

interface Reading {
  readonly list: TargetList;
  readonly add: Add;
  readonly faulty: Faulty;
  readonly httpConfigAt: (name: string) => string;
}

interface Line {
  readonly where: string;
  readonly text: string;
}

/** Lists and tables. Parsed line by line, so that an error has its line number; a quoted cell therefore ends with its line. */
async function addLines(text: string, reading: Reading): Promise<void> {
  const { list, add, faulty } = reading;
  const lines: Line[] = [];
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = withoutComment(raw).trim();
    if (line !== '') lines.push({ where: `line ${index + 1}`, text: line });
  }
  if (lines.length > 1 && DATE_LINE.test(lines[0]!.text)) lines.shift();
  const [first] = lines;
  if (!first) return;
  const delimiter = [',', '\t', ';'].find((one) => splitList(first.text, one).length > 1) ?? /[ \t]+/;
  const cellsOf = await cellReader(delimiter, faulty);
  const head = cellsOf(first).map((cell) => cell.trim());
  const column = addressColumn(head);
  if (column === undefined) addUnheaded(lines, cellsOf, list, add);
  else addTable(lines.slice(1), head, column, { ...reading, cellsOf, delimiter });
}

type CellReader = (line: Line) => readonly string[];

async function cellReader(delimiter: string | RegExp, faulty: Faulty): Promise<CellReader> {
  if (typeof delimiter !== 'string') return ({ text }) => text.split(delimiter);
  const { default: papa } = await import('papaparse');
  return ({ text, where }) => {
    const { data, errors } = papa.parse<string[]>(text, { delimiter, header: false });
    if (errors[0]) throw faulty(where, errors[0].message.toLowerCase());
    return data[0] ?? [];
  };
}

/** The index of the address column in a header; undefined: the line is not a header. */
function addressColumn(head: readonly string[]): number | undefined {
  const names = head.map(plainHead);
  const known = ADDRESS_HEADS.map((name) => names.indexOf(name)).find((column) => column >= 0);
  // The table of `kubectl get nodes`.
  return known ?? (names[0] === 'name' && names.includes('status') ? 0 : undefined);
}

/** Slurm's squeue writes NODELIST(REASON). */
const plainHead = (cell: string): string =>
  cell
    .toLowerCase()
    .replace(/\(.*\)$/, '')
    .replace(/[ _-]/g, '');

interface TableParts extends Reading {
  readonly cellsOf: CellReader;
  readonly delimiter: string | RegExp;
}

/** What Slurm prints in place of an empty node list: a reason in brackets, or a word. */
const NO_NODE = /^(\(.*\)?|n\/a|none( assigned)?|null|-)$/i;

function addTable(lines: readonly Line[], head: readonly string[], column: number, parts: TableParts): void {
  const { cellsOf, delimiter, list, add, httpConfigAt } = parts;
  const isBlanks = typeof delimiter !== 'string';
  // In a table of jobs NAME is that of the job.
  const hasNames = !head.some((cell) => plainHead(cell) === 'jobid');
  const nodeAt = head.findIndex((cell, at) => hasNames && at !== column && plainHead(cell) === 'node');
  const configAt = head.findIndex((cell) => /^http[ _-]?config$/i.test(cell));
  const portsAt = head.findIndex((cell, at) => at !== column && /^ports?$/.test(plainHead(cell)));
  for (const line of lines) {
    const cells = cellsOf(line);
    const before = cells.slice(0, column);
    const [address = '', ...after] = joinBrackets(cells.slice(column), isBlanks ? ' ' : delimiter).map((cell) => cell.trim());
    // In a table separated by blanks an empty cell is missing, and so is the node of a pending job.
    if (NO_NODE.test(address) || (isBlanks && cells.length <= column)) {
      list.leaveOut('row', 'without a node', `${line.where}, "${clean(address, MAX_VALUE_BYTES)}"`);
      continue;
    }
    const values = [...before.map((cell) => cell.trim()), '', ...after];
    if (values.length > head.length && !isBlanks) list.leaveOut('row', 'with more cells than the header', line.where);
    const note = noteOf(
      head.map((name, at) => [at === column || at === nodeAt || at === configAt ? '' : name, values[at] ?? ''] as const),
      hasNames,
    );
    const config = values[configAt] ?? '';
    const httpConfig = config === '' ? {} : { httpConfig: httpConfigAt(config) };
    add(line.where, address, { ...note, ...portsOf(values[portsAt]), ...nodeOf(note, values[nodeAt]), ...httpConfig });
  }
}

/** Several ports in one cell are endpoints of one node. */
function portsOf(cell = ''): Pick<TargetNote, 'ports'> {
  const ports = cell.split(/[+,;\s]+/);
  return ports.every((port) => /^\d{1,5}$/.test(port)) ? { ports: ports.join('+') } : {};
}

/** Rows with the same cell are endpoints of one node, which is called that if it has no other name. */
function nodeOf({ name }: TargetNote, cell = ''): Pick<TargetNote, 'node' | 'name'> {
  const node = clean(cell, MAX_VALUE_BYTES).trim();
  return node === '' ? {} : { node, name: name ?? node };
}

/**
 * Without a header all cells are addresses: a node list as printed by Slurm, on one line or several. Only if all lines have the same number
 * of cells, and the cells after the first look like labels, those are left out.
 */
function addUnheaded(lines: readonly Line[], cellsOf: CellReader, list: TargetList, add: Add): void {
  const rows = lines.map((line) => {
    const cells = line.text.includes('"') ? cellsOf(line) : [line.text];
    return { ...line, cells: cells.flatMap((cell) => splitList(cell, /[\s,;]/)).filter((cell) => cell !== '') };
  });
  const [first] = rows;
  const isTable =
    rows.length > 1 &&
    rows.every(({ cells }) => cells.length === first!.cells.length && cells.slice(1).every((cell) => !isLike(cell, cells[0]!)));
  for (const { where, cells } of rows)
    for (const [at, cell] of cells.entries()) {
      if (at === 0 || !isTable) add(where, cell, {});
      else list.leaveOut('cell', 'without a header', `${where}, "${clean(cell, MAX_VALUE_BYTES)}"`);
    }
}

/** Whether a cell looks like an address of the same kind as another. */
function isLike(cell: string, address: string): boolean {
  if (/[[\]:]/.test(cell)) return true;
  const stem = (text: string): string => /^[^\d.[\]:]*/.exec(text)![0].toLowerCase();
  return !address.includes(':') && stem(address) !== '' && stem(cell) === stem(address);
}

/** A comment starts with # at the start of a line or after a blank, outside quotes. */
function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"') quoted = !quoted;
    if (line[at] === '#' && !quoted && (at === 0 || /\s/.test(line[at - 1]!))) return line.slice(0, at);
  }
  return line;
}

/** `node[1,3]:9090` is one cell although it contains a comma. */
function joinBrackets(cells: readonly string[], delimiter: string): string[] {
  let end = 0;
  for (let open = false; end < cells.length && (end === 0 || open); end++) {
    const cell = cells[end]!;
    const last = Math.max(cell.lastIndexOf('['), cell.lastIndexOf(']'));
    if (last >= 0) open = cell[last] === '[';
  }
  return [cells.slice(0, end).join(delimiter), ...cells.slice(end)];
}
