/** GPUs that all report one uuid, as in virtual machines: each has its own rows, live, with a filter, and in recordings. */
import { expect, test } from '@jest/globals';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { compile } from '../../lib/filter/evaluate.js';
import { FilteredNode } from '../../lib/filter/filtered-node.js';
import { parse } from '../../lib/filter/parser.js';
import { rowsByGpu } from '../../lib/model/gpu-identity.js';
import { Node } from '../../lib/model/node.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { readFrame, readLine, type DataLine } from '../../lib/recording/format/decode.js';
import { frameLines } from '../../lib/recording/format/encode.js';
import { FramePacker } from '../../lib/recording/format/packed-frame.js';
import { SECTIONS } from '../../lib/recording/format/schema.js';
import { NameTables, RecordedColumns } from '../../lib/recording/play/recorded-columns.js';
import { ANSWERED_AT } from '../helpers/hosts.js';

const ZEROS = '00000000-0000-0000-0000-000000000000';
const labels = (gpu: number, more = ''): string => `gpu="A", instance="n", gpu_uuid="${ZEROS}", gpu_index="${gpu}"${more}`;
const TEXT = [0, 1, 2]
  .flatMap((gpu) => [
    `all_smi_gpu_utilization{${labels(gpu)}} ${10 + gpu}`,
    ...Array.from(
      { length: gpu },
      (_, link) => `all_smi_nvlink_remote_device_type{${labels(gpu, `, link_index="${link}", remote_type="gpu"`)}} 0`,
    ),
    `all_smi_mig_instance_memory_used_bytes{${labels(gpu, ', mig_instance="1", mig_profile="1g.5gb"')}} ${100 + gpu}`,
    `all_smi_energy_consumed_joules_total{scope="gpu", gpu_uuid="${ZEROS}", gpu_index="${gpu}"} ${1000 + gpu}`,
    `all_smi_process_memory_used_bytes{pid="${500 + gpu}", user="u", gpu_index="${gpu}", device_uuid="${ZEROS}"} 4096`,
  ])
  .join('\n');

function live(text = TEXT): Node {
  const parser = new Parsers().newParser();
  const node = new Node({ nodeId: 'n:9090' }, parser.data);
  parser.push(Buffer.from(`${text}\n`));
  parser.commit(ANSWERED_AT, 0);
  node.commit({ at: ANSWERED_AT });
  return node;
}

function replayed(line: string): RecordedColumns {
  const frame = new FramePacker().pack(readFrame([readLine(line) as DataLine]));
  const tables = new NameTables();
  tables.add(frame);
  const columns = new RecordedColumns(tables);
  columns.load(frame, frame.nodes[0]!);
  return columns;
}
const recorded = (node: Node): string =>
  Buffer.concat(
    frameLines([node], { at: ANSWERED_AT, offsetMinutes: 0, hostname: 'remote', include: new Set(SECTIONS) })[0] as Uint8Array[],
  )
    .toString()
    .trimEnd();

type Whose = Pick<NodeView, 'gpus' | 'procs' | 'extras' | 'text'>;
/** For each GPU: index, utilisation, processes, links, bytes of its MIG instances, joules. */
function whose(node: Whose): unknown[] {
  const { gpus, procs, extras } = node;
  return Array.from({ length: gpus.count }, (_, slot) => [
    gpus.index[slot],
    gpus.field.utilPercent[slot],
    [...procs.pid].slice(0, procs.count).filter((_pid, row) => procs.gpu[row] === slot),
    rowsByGpu(node, 'link')[slot]!.length,
    rowsByGpu(node, 'mig')[slot]!.map((row) => extras.rows('mig').value(row, 'mig_instance_memory_used_bytes')),
    rowsByGpu(node, 'energy')[slot]!.map((row) => extras.rows('energy').value(row, 'energy_consumed_joules_total')),
  ]);
}
const EXPECTED = [0, 1, 2].map((gpu) => [gpu, 10 + gpu, [500 + gpu], gpu, [100 + gpu], [1000 + gpu]]);

test('GPUs with one uuid keep their rows live', () => {
  expect(whose(live())).toEqual(EXPECTED);
});

test('GPUs with one uuid keep their rows in a replay', () => {
  expect(whose(replayed(recorded(live())))).toEqual(EXPECTED);
});

test('GPUs with one uuid keep their rows in a recording of all-smi, which has links and processes among its own rows', () => {
  const { connections: _connections, extras: _extras, ...theirs } = JSON.parse(recorded(live())) as Record<string, unknown>;
  const columns = replayed(JSON.stringify(theirs));
  expect(whose(columns)).toEqual(EXPECTED.map(([index, util, pids, links]) => [index, util, pids, links, [], []]));
});

test('GPUs with one uuid keep their rows when only processes refer to them', () => {
  const { gpus: _gpus, ...rest } = JSON.parse(recorded(live())) as Record<string, unknown>;
  const { gpus, procs } = replayed(JSON.stringify(rest));
  expect([gpus.slots, [...gpus.index], [...procs.gpu]]).toEqual([3, [0, 1, 2], [0, 1, 2]]);
});

test('GPUs with one uuid keep their rows with a filter that matches one of them', () => {
  const filter = 'util == 11';
  expect(whose(new FilteredNode(live(), compile(parse(filter)!, filter)))).toEqual([EXPECTED[1]]);
});

test('a row without an index belongs to none of them, or to the only GPU of its uuid', () => {
  const link = `all_smi_nvlink_remote_device_type{gpu="A", instance="n", gpu_uuid="${ZEROS}", link_index="0", remote_type="gpu"} 0`;
  const gpu = (index: number): string => `all_smi_gpu_utilization{${labels(index)}} 1`;
  const linksOf = (...lines: string[]): number[] => rowsByGpu(live(lines.join('\n')), 'link').map((rows) => rows.length);
  expect(linksOf(gpu(0), gpu(1), link)).toEqual([0, 0]);
  expect(linksOf(gpu(4), link)).toEqual([1]);
});

test('in a merged recording that does not name the node of a process, a uuid that two nodes report identifies no GPU', () => {
  const gpu = (host: string): object => ({ host_id: host, hostname: host, uuid: ZEROS, detail: { index: '0' } });
  const line = JSON.stringify({
    schema: 1,
    hostname: 'remote',
    timestamp: '2026-08-07T00:30:00Z',
    gpus: [gpu('a'), gpu('b')],
    processes: [{ pid: 1, device_uuid: ZEROS, device_id: 0, used_memory: 5 }],
  });
  const frame = new FramePacker().pack(readFrame([readLine(line) as DataLine]));
  expect([frame.procs.rows, frame.badRows]).toEqual([0, 1]);
});
