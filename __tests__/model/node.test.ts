import { freezeNode } from '../helpers/snapshot.js';
import { describe, expect, test } from '@jest/globals';
import type { NodeData } from '../../lib/model/columns.js';
import { Node } from '../../lib/model/node.js';
import { emptyHostData } from '../helpers/recording-parser.js';

const LOST = { code: 'S_REFUSED', text: 'connection refused' };

describe('status', () => {
  test('a good scrape clears the failures; failures add up and keep the last data', () => {
    const record = new Node({ nodeId: 'a:1' }, emptyHostData());
    expect(record.status.phase).toBe('waiting');
    record.fail({ at: 10, error: LOST });
    expect(record.status).toMatchObject({ phase: 'failing', failures: 1, failingSince: 10, okAt: undefined, error: LOST });
    record.commit({ at: 20, latencyMs: 3, skewMs: -7 });
    record.setStatus({ nextTryAt: 30 });
    expect(record.status).toEqual({
      phase: 'live',
      overdue: false,
      okAt: 20,
      failingSince: undefined,
      failures: 0,
      error: undefined,
      nextTryAt: 30,
      latencyMs: 3,
      skewMs: -7,
    });
    record.fail({ at: 30, error: LOST });
    record.setStatus({ overdue: true });
    record.fail({ at: 40, error: LOST });
    expect(record.status).toEqual({
      phase: 'failing',
      overdue: true,
      okAt: 20,
      failingSince: 30,
      failures: 2,
      error: LOST,
      nextTryAt: 30,
      latencyMs: 3,
      skewMs: -7,
    });
    expect([record.version, record.at]).toEqual([1, 20]);
    record.commit({ at: 70 });
    expect(record.status).toMatchObject({ phase: 'live', overdue: false, failures: 0, okAt: 70, latencyMs: undefined });
    expect(record.version).toBe(2);
  });
});

describe('name', () => {
  test('comes from the host file, else from the node once it reports one, else is the address', () => {
    let data = emptyHostData();
    const behind = new Proxy({} as NodeData, { get: (_, name: keyof NodeData) => data[name] });
    const record = new Node({ nodeId: 'a:1', name: 'from file', groups: new Map([['rack', '7']]) }, behind);
    expect([new Node({ nodeId: 'a:1' }, data).name, record.name, record.groups.get('rack')]).toEqual(['a:1', 'from file', '7']);
    data = emptyHostData('node-1');
    const own = new Node({ nodeId: 'a:1' }, behind);
    record.commit({ at: 1 });
    own.commit({ at: 1 });
    expect([record.name, own.name]).toEqual(['from file', 'node-1']);
    data = emptyHostData('');
    own.commit({ at: 2 });
    expect(own.name).toBe('node-1');
  });
});

describe('freeze', () => {
  const texts = ['', 'GPU-1', 'H100', 'python train.py', 'python'];
  function data(): NodeData {
    const empty = emptyHostData('node-1');
    const field = { ...empty.gpus.field };
    for (const id of Object.keys(field) as (keyof typeof field)[]) field[id] = new Float64Array([NaN, 99]);
    field.utilPercent = new Float64Array([0, 99]);
    field.powerWatts = new Float64Array([250.5, 99]);
    return {
      ...empty,
      text: (ref) => texts[ref]!,
      userName: (id) => ['', 'alice'][id]!,
      gpus: {
        ...empty.gpus,
        count: 1,
        slots: 2,
        index: new Int32Array([0, 1]),
        uuid: new Uint32Array([1, 0]),
        name: new Uint32Array([2, 0]),
        field,
      },
      procs: {
        count: 1,
        pid: new Uint32Array([42, 7]),
        gpu: new Int32Array([1, 0]),
        user: new Int32Array([1, 1]),
        vramBytes: new Float64Array([1024, 0]),
        ageSeconds: new Float64Array([NaN, 1]),
        cpuPercent: new Float64Array([0, 1]),
        smPercent: new Float64Array([NaN, 1]),
        residentBytes: new Float64Array([NaN, 1]),
        command: new Uint32Array([3, 0]),
        name: new Uint32Array([4, 0]),
      },
      disks: { count: 1, title: () => '/', value: (_, name) => (name === 'totalBytes' ? 100 : NaN) },
      memory: { count: 1, title: () => '', value: (_, name) => (name === 'usedBytes' ? 5 : NaN) },
    };
  }

  test('copies reported rows, and nothing beyond them', () => {
    const record = new Node({ nodeId: 'a:1' }, data());
    record.commit({ at: 5 });
    expect(freezeNode(record)).toEqual({
      nodeId: 'a:1',
      name: 'node-1',
      at: 5,
      status: record.status,
      gpus: [
        { index: 0, uuid: 'GPU-1', name: 'H100', fields: { utilPercent: 0, powerWatts: 250.5 } },
        { index: 1, uuid: '', name: '', fields: {} },
      ],
      procs: [
        {
          pid: 42,
          gpu: 1,
          user: 'alice',
          vramBytes: 1024,
          ageSeconds: undefined,
          cpuPercent: 0,
          smPercent: undefined,
          command: 'python train.py',
          name: 'python',
        },
      ],
      cpus: [],
      memory: [{ usedBytes: 5 }],
      disks: [{ title: '/', totalBytes: 100 }],
    });
  });

  test('later commits do not affect the copy', () => {
    const source = data();
    const record = new Node({ nodeId: 'a:1' }, source);
    record.commit({ at: 5 });
    const copy = freezeNode(record);
    source.procs.vramBytes[0] = 7;
    source.gpus.field.utilPercent[0] = 7;
    record.fail({ at: 6, error: LOST });
    expect([copy.procs[0]!.vramBytes, copy.gpus[0]!.fields.utilPercent, copy.status.phase]).toEqual([1024, 0, 'live']);
  });
});
