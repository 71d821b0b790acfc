import { withoutBlankEnds } from '../../../lib/text/sanitize.js';
import { freezeNode } from '../../helpers/snapshot.js';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CPU_FIELDS, DISK_FIELDS, GPU_FIELDS, MEMORY_FIELDS } from '../../../lib/model/columns.js';
import type { NodeSnapshot } from '../../helpers/snapshot.js';
import { Node } from '../../../lib/model/node.js';
import { NameTables, RecordedColumns } from '../../../lib/recording/play/recorded-columns.js';
import { readFrame, readLine, type DataLine } from '../../../lib/recording/format/decode.js';
import { frameLines, frozenPieces, headerLine, indexLine, type FrameMeta, type LineBytes } from '../../../lib/recording/format/encode.js';
import { FramePacker, type PackedFrame } from '../../../lib/recording/format/packed-frame.js';
import { SECTIONS } from '../../../lib/recording/format/schema.js';
import { ANSWERED_AT, TestNode, UserIds, buildNodes, type GpuSpec, type NodeSpec, type ProcSpec } from '../../helpers/hosts.js';
import { complaintsAbout } from '../../helpers/recording-validator.js';

const META: FrameMeta = { at: ANSWERED_AT + 250, offsetMinutes: 120, hostname: 'remote', include: new Set(SECTIONS) };

const textOf = (line: LineBytes): string => Buffer.concat(line).toString();
const texts = (nodes: readonly Node[], meta = META): string[] => frameLines(nodes, meta).map(textOf);

function read(lines: readonly string[]): PackedFrame {
  const data = lines.map((line) => readLine(line.trimEnd()));
  expect(data.map(({ kind }) => kind)).toEqual(lines.map(() => 'data'));
  return structuredClone(new FramePacker().pack(readFrame(data as DataLine[])));
}

/** The nodes of a replayed frame, by id. */
function replayed(lines: readonly string[]): Map<string, NodeSnapshot> {
  const frame = read(lines);
  const tables = new NameTables();
  tables.add(frame);
  return new Map(
    frame.nodes.map((node) => {
      const columns = new RecordedColumns(tables);
      columns.load(frame, node);
      const record = new Node({ nodeId: node.nodeId, name: node.name, groups: node.groups }, columns);
      record.commit({ at: node.at });
      if (node.status) record.setStatus(node.status);
      return [node.nodeId, freezeNode(record)] as const;
    }),
  );
}

describe('literal lines', () => {
  test('a header, an index line and an empty frame, byte for byte', () => {
    const header = headerLine({
      hosts: ['10.0.0.7:9090', '10.0.0.8:9090'],
      intervalMs: 3000,
      zone: 'Europe/Berlin',
      offsetMinutes: 120,
      writer: 'all-smi-view 1.2.3',
      segment: 1,
      firstSeq: 0,
    });
    expect(textOf(header)).toBe(
      '{"all_smi_version":"0.25.0","first_seq":0,"header":true,"hosts":["10.0.0.7:9090","10.0.0.8:9090"],"interval_ms":3000,' +
        '"schema":1,"segment":1,"utc_offset_minutes":120,"writer":"all-smi-view 1.2.3","zone":"Europe/Berlin"}\n',
    );
    expect(textOf(indexLine(4183220, 1000))).toBe('{"byte_offset":4183220,"index":true,"schema":1,"seq":1000}\n');
    expect(texts([], { ...META, include: new Set(['gpu', 'process']) })).toEqual([
      '{"at_ms":1786113123250,"connections":[],"gpus":[],"hostname":"remote","processes":[],"schema":1,"timestamp":"2026-08-07T14:32:03Z"}\n',
    ]);
    for (const line of [textOf(header), textOf(indexLine(1, 1000))]) expect(complaintsAbout(line.trimEnd(), '')).toEqual([]);
  });

  test('one GPU and one process, field by field', () => {
    const host = new TestNode({
      nodeId: '10.0.0.7:9090',
      name: 'dgx-07',
      gpus: [
        {
          uuid: 'GPU-aa00',
          name: 'NVIDIA H100',
          utilPercent: 97,
          memoryUsedBytes: 68719476736,
          memoryTotalBytes: 85520809984,
          temperatureCelsius: 71,
          powerWatts: 611.4,
          powerLimitWatts: 700,
          frequencyMhz: 1980,
          performanceState: 0,
          smOccupancy: 0.67,
          numaNode: 0,
          slowdownCelsius: 90,
          details: { driver_version: '580.82.07', cuda_version: '13.0', type: 'GPU' },
        },
      ],
      procs: [
        { pid: 41022, gpu: 0, user: 'alice', vram: 34359738368, age: 60.5, cpu: 187.5, sm: 95, command: 'python train.py', name: 'python' },
      ],
    });
    const [line = ''] = texts([host]);
    const { gpus, processes, connections } = JSON.parse(line) as Record<string, unknown[]>;
    expect(JSON.stringify(gpus)).toBe(
      '[{"ane_utilization":-1,"detail":{"cuda_version":"13.0","driver_version":"580.82.07","index":"0","instance_name":"dgx-07","power_limit_max":"700"},' +
        '"device_type":"GPU","dla_utilization":null,"fan_speed_rpm":null,"frequency":1980,"gpm_metrics":{"memory_bandwidth_utilization":null,"sm_occupancy":0.67},' +
        '"gpu_core_count":null,"gsp_firmware_mode":null,"gsp_firmware_version":null,"host_id":"10.0.0.7:9090","hostname":"dgx-07","instance":"dgx-07",' +
        '"name":"NVIDIA H100","numa_node_id":0,"nvlink_remote_devices":[],"performance_state":0,"power_consumption":611.4,"temperature":71,' +
        '"temperature_threshold_acoustic":null,"temperature_threshold_max_operating":null,"temperature_threshold_shutdown":null,' +
        '"temperature_threshold_slowdown":90,"tensorcore_utilization":null,"time":"2026-08-07 16:32:03","total_memory":85520809984,' +
        '"used_memory":68719476736,"utilization":97,"uuid":"GPU-aa00"}]',
    );
    // 14:32:03 minus 60.5 s is 14:31:02.5, and halves round up.
    expect(JSON.stringify(processes)).toBe(
      '[{"command":"python train.py","cpu_percent":187.5,"cpu_time":0,"device_id":0,"device_uuid":"GPU-aa00","gpu_utilization":95,' +
        '"host_id":"10.0.0.7:9090","memory_percent":0,"memory_rss":0,"memory_vms":0,"nice_value":0,"pid":41022,"ppid":0,"priority":0,' +
        '"process_name":"python","start_epoch":1786113063,"start_time":"60.5","state":"","threads":0,"used_memory":34359738368,"user":"alice","uses_gpu":true}]',
    );
    expect(JSON.stringify(connections)).toBe(
      '[{"answered_at_ms":1786113123000,"host_id":"10.0.0.7:9090","label":"dgx-07","phase":"live","process_family":true}]',
    );
    expect(complaintsAbout(line.trimEnd(), '')).toEqual([]);
  });

  test('the validator accepts the examples of the format and rejects altered ones', () => {
    expect(complaintsAbout(REMOTE_FRAME, '')).toEqual([]);
    expect(complaintsAbout(REMOTE_FRAME.replace('"temperature":71,', '"temperature":71.0,'), '')).toEqual([
      '.gpus[0].temperature: no integer',
    ]);
    expect(complaintsAbout(REMOTE_FRAME.replace('"used_memory":68719476736,', ''), '')).toEqual(['.gpus[0].used_memory: missing']);
    expect(complaintsAbout('{"timestamp":"2026-08-07T00:30:00Z","schema":1,"hostname":"a"}', '')).toEqual([
      ': keys are not in order, or duplicated',
    ]);
  });
});

/** A remote frame of all-smi: the literal rows of its format. */
const REMOTE_GPU =
  '{"ane_utilization":0.0,"detail":{"cuda_version":"13.0","driver_version":"580.82.07","index":"0"},"device_type":"GPU","dla_utilization":null,' +
  '"fan_speed_rpm":null,"frequency":1980,"gpm_metrics":{"memory_bandwidth_utilization":0.42,"sm_occupancy":0.67},"gpu_core_count":null,' +
  '"gsp_firmware_mode":1,"gsp_firmware_version":"550.54.15","host_id":"10.0.0.7:9090","hostname":"dgx-07","instance":"dgx-07",' +
  '"name":"NVIDIA H100 80GB HBM3","numa_node_id":0,"nvlink_remote_devices":[{"bandwidth_mb_s":50000,"link_index":0,"remote_type":"switch"}],' +
  '"performance_state":0,"power_consumption":611.4,"temperature":71,"temperature_threshold_acoustic":null,"temperature_threshold_max_operating":87,' +
  '"temperature_threshold_shutdown":95,"temperature_threshold_slowdown":90,"tensorcore_utilization":null,"time":"2026-08-07 09:30:00",' +
  '"total_memory":85520809984,"used_memory":68719476736,"utilization":97.0,"uuid":"GPU-0a1b2c3d-0000-4000-8000-00000000aa00"}';
const CPU =
  '{"apple_silicon_info":null,"architecture":"x86_64","base_frequency_mhz":2000,"cache_size_mb":210,"cpu_model":"Intel(R) Xeon(R) Platinum 8480C",' +
  '"host_id":"10.0.0.7:9090","hostname":"dgx-07","index":0,"instance":"dgx-07","max_frequency_mhz":3800,' +
  '"per_core_utilization":[{"core_id":0,"core_type":"Standard","utilization":31.2}],"per_socket_info":[{"cores":56,"frequency_mhz":2900,' +
  '"socket_id":0,"temperature":54,"threads":112,"utilization":24.0}],"platform_type":"Intel","power_consumption":null,"socket_count":2,' +
  '"temperature":54,"time":"2026-08-07 09:30:00","total_cores":112,"total_threads":224,"utilization":23.5}';
const MEMORY =
  '{"available_bytes":1700807049216,"buffers_bytes":1073741824,"cached_bytes":64424509440,"free_bytes":1100000000000,"host_id":"10.0.0.7:9090",' +
  '"hostname":"dgx-07","index":0,"instance":"dgx-07","swap_free_bytes":8589934592,"swap_total_bytes":8589934592,"swap_used_bytes":0,' +
  '"time":"2026-08-07 09:30:00","total_bytes":2164663517184,"used_bytes":429496729600,"utilization":19.84}';
const PROCESS =
  '{"command":"python train.py --bs=128","cpu_percent":187.5,"cpu_time":86400,"device_id":0,"device_uuid":"GPU-0a1b2c3d-0000-4000-8000-00000000aa00",' +
  '"gpu_utilization":95.0,"memory_percent":1.2,"memory_rss":25769803776,"memory_vms":137438953472,"nice_value":0,"pid":41022,"ppid":40999,' +
  '"priority":20,"process_name":"python","start_time":"1786003211","state":"R","threads":96,"used_memory":34359738368,"user":"alice","uses_gpu":true}';
const frameOf = (hostname: string, gpus: string, processes: string): string =>
  `{"chassis":[],"cpus":[${CPU}],"gpus":[${gpus}],"hostname":"${hostname}","memory":[${MEMORY}],"processes":[${processes}],"schema":1,` +
  '"storage":[{"available_bytes":1200000000000,"host_id":"10.0.0.7:9090","hostname":"dgx-07","index":0,"mount_point":"/","total_bytes":1919816826880}],' +
  '"timestamp":"2026-08-07T00:30:00Z"}';
const REMOTE_FRAME = frameOf('remote', REMOTE_GPU, '');
/** As a node records itself: details in the words of its readers, no index. */
const LOCAL_GPU = REMOTE_GPU.replace(/"detail":\{[^}]*\}/, '"detail":{"CUDA Version":"13.0","Driver Version":"580.82.07"}');
const FRAME_AT = Date.UTC(2026, 7, 7, 0, 30, 0);

describe('recordings of all-smi', () => {
  test('a remote frame: every value of the rows', () => {
    const node = replayed([REMOTE_FRAME]).get('10.0.0.7:9090')!;
    expect(node).toMatchObject({ name: 'dgx-07', at: FRAME_AT });
    expect(node.gpus).toEqual([
      {
        index: 0,
        uuid: 'GPU-0a1b2c3d-0000-4000-8000-00000000aa00',
        name: 'NVIDIA H100 80GB HBM3',
        fields: {
          utilPercent: 97,
          memoryUsedBytes: 68719476736,
          memoryTotalBytes: 85520809984,
          temperatureCelsius: 71,
          powerWatts: 611.4,
          frequencyMhz: 1980,
          performanceState: 0,
          slowdownCelsius: 90,
          shutdownCelsius: 95,
          maxOperatingCelsius: 87,
          numaNode: 0,
          smOccupancy: 0.67,
          memoryBandwidthFraction: 0.42,
        },
      },
    ]);
    expect(node.cpus).toEqual([{ utilPercent: 23.5, sockets: 2, cores: 112, threads: 224, frequencyMhz: 2000, temperatureCelsius: 54 }]);
    expect(node.memory).toEqual([
      {
        totalBytes: 2164663517184,
        usedBytes: 429496729600,
        availableBytes: 1700807049216,
        buffersBytes: 1073741824,
        cachedBytes: 64424509440,
        utilPercent: 19.84,
        swapTotalBytes: 8589934592,
        swapUsedBytes: 0,
      },
    ]);
    expect(node.disks).toEqual([{ title: '/', totalBytes: 1919816826880, availableBytes: 1200000000000 }]);
  });

  test('a local frame: its processes, with ages relative to the time of the frame, on GPUs without an index', () => {
    const second = LOCAL_GPU.replace('aa00"', 'aa01"');
    const other = PROCESS.replace('aa00"', 'aa01"').replace('"device_id":0', '"device_id":1').replace('1786003211', '01:02:03.9');
    const shell = PROCESS.replace(/"device_uuid":"[^"]*"/, '"device_uuid":""')
      .replace('34359738368', '0')
      .replace('true}', 'false}');
    const node = replayed([frameOf('dgx-07', `${LOCAL_GPU},${second}`, [PROCESS, other, shell].join())]).get('10.0.0.7:9090')!;
    expect(node.gpus.map(({ index, uuid }) => [index, uuid.slice(-4)])).toEqual([[0, 'aa00'], [1, 'aa01']]); // prettier-ignore
    // 2026-08-07 00:30:00 UTC is 1786062600; the process started 59389 s before. The other one had run for 3723 s.
    expect(node.procs.map(({ gpu, ageSeconds, user, vramBytes }) => [gpu, ageSeconds, user, vramBytes])).toEqual([
      [0, 59389, 'alice', 34359738368],
      [1, 3723, 'alice', 34359738368],
      [-1, 59389, 'alice', 0],
    ]);
  });

  test('rows of one process on one GPU are one process, as in a scrape: the later ones correct the first, and are counted as bad', () => {
    const later = PROCESS.replace('34359738368', '4294967296').replace('"alice"', '""');
    const frame = frameOf('dgx-07', LOCAL_GPU, [PROCESS, PROCESS, PROCESS.replace('41022', '7'), later].join());
    const node = replayed([frame]).get('10.0.0.7:9090')!;
    expect(node.procs.map(({ pid, user, vramBytes }) => [pid, user, vramBytes])).toEqual([
      [41022, 'alice', 4294967296],
      [7, 'alice', 34359738368],
    ]);
    expect(read([frame]).badRows).toBe(2);
  });

  test('blanks at the ends of user names are left out', () => {
    const named = ['bob ', '\u00a0', ' bob'].map((user, nth) =>
      PROCESS.replace('"alice"', JSON.stringify(user)).replace('41022', `${nth}`),
    );
    const node = replayed([frameOf('dgx-07', LOCAL_GPU, named.join())]).get('10.0.0.7:9090')!;
    expect(node.procs.map(({ user }) => user)).toEqual(['bob', '', 'bob']);
  });

  test('the node of a process comes from its host field, or from its GPU; without either there is none', () => {
    const elsewhere = REMOTE_GPU.replaceAll('10.0.0.7', '10.0.0.8').replaceAll('dgx-07', 'dgx-08').replace('aa00"', 'aa99"');
    const there = PROCESS.replace('aa00"', 'aa99"').replace('41022', '7');
    const nowhere = PROCESS.replace('aa00"', 'ffff"').replace('41022', '8');
    const ours = PROCESS.replace('"memory_percent"', '"host_id":"10.0.0.8:9090","memory_percent"').replace('41022', '9');
    const frame = frameOf('remote', `${REMOTE_GPU},${elsewhere}`, [PROCESS, there, nowhere, ours].join());
    const nodes = replayed([frame]);
    expect([...nodes].map(([id, { procs }]) => [id, procs.map(({ pid }) => pid)])).toEqual([
      ['10.0.0.7:9090', [41022]],
      ['10.0.0.8:9090', [7, 9]],
    ]);
    expect(read([frame]).badRows).toBe(1);
  });

  test.each([
    ['without a section: the node exports none', frameOf('dgx-07', LOCAL_GPU, '').replace('"processes":[],', ''), 'off', false],
    ['with an empty section of a single node: it is idle', frameOf('dgx-07', LOCAL_GPU, ''), undefined, true],
    ['with an empty section of a merged frame: unknown', REMOTE_FRAME, 'unrecorded', false],
  ])('processes %s', (_, frame, scope, family) => {
    expect(read([frame]).nodes.map(({ facts }) => [facts.processScope, facts.hasProcessFamily])).toEqual([[scope, family]]);
  });

  test('details have the names of the exposition', () => {
    const frame = read([frameOf('dgx-07', LOCAL_GPU, '')]);
    const tables = new NameTables();
    tables.add(frame);
    const columns = new RecordedColumns(tables);
    columns.load(frame, frame.nodes[0]!);
    expect(['driver_version', 'cuda_version', 'type', 'index', 'none'].map((label) => columns.gpus.detail(0, label))).toEqual([
      '580.82.07',
      '13.0',
      'GPU',
      '',
      '', // prettier-ignore
    ]);
  });

  test('a node without a GPU, and a node without data', () => {
    expect([...replayed(['{"cpus":[],"hostname":"n1","schema":1,"timestamp":"2026-08-07T00:30:00Z"}'])]).toMatchObject([
      ['n1', { gpus: [] }],
    ]);
    expect([...replayed(['{"gpus":[],"hostname":"remote","schema":1,"timestamp":"2026-08-07T00:30:00Z"}'])]).toEqual([]);
  });

  test('the time zone of the recorder comes from its local times', () => {
    expect(readFrame([readLine(REMOTE_FRAME) as DataLine]).offsetMinutes).toBe(540);
  });
});

describe('lines that are not valid', () => {
  test.each([
    ['an empty line', '', undefined],
    ['text that is not JSON', '{"a":', undefined],
    ['JSON that is not an object', '[1]', undefined],
    ['no schema', '{"timestamp":"2026-08-07T00:30:00Z","hostname":"a"}', undefined],
    ['another schema', '{"schema":2,"timestamp":"2026-08-07T00:30:00Z","hostname":"a"}', '2'],
    ['a schema that is not a number', '{"schema":"\\u001b[31m1"}', '"\\u001b[31m1"'],
    ['no time', '{"schema":1,"hostname":"a"}', undefined],
    ['an invalid time', '{"schema":1,"hostname":"a","timestamp":"2026-13-45T00:00:00Z"}', undefined],
    ['no host', '{"schema":1,"timestamp":"2026-08-07T00:30:00Z"}', undefined],
    ['a part beyond the end', '{"schema":1,"timestamp":"2026-08-07T00:30:00Z","hostname":"a","part":[3,2]}', undefined],
    ['a fractional part number', '{"schema":1,"timestamp":"2026-08-07T00:30:00Z","hostname":"a","part":[1.5,2]}', undefined],
  ])('%s', (_, text, schema) => {
    expect(readLine(text)).toEqual({ kind: 'bad', ...(schema === undefined ? {} : { schema }) });
  });

  test('the kind of a line: header before index before data', () => {
    const kinds = ['"header":true,"index":true', '"index":true', '"header":false,"index":1'].map(
      (flags) => readLine(`{${flags},"schema":1,"hostname":"a","timestamp":"2026-08-07T00:30:00+02:00"}`).kind,
    );
    expect(kinds).toEqual(['header', 'index', 'data']);
  });

  test('a header is read as far as it is valid', () => {
    const hosts = Array.from({ length: 5000 }, (_host, at) => `n${at}`);
    const line = readLine(
      JSON.stringify({ schema: 1, header: true, hosts: [1, '\u001b]0;x\u0007evil', ...hosts], interval_ms: -4, zone: 7 }),
    );
    expect(line).toMatchObject({ kind: 'header', header: { intervalMs: undefined, zone: '', writer: '' } });
    const header = line.kind === 'header' ? line.header : undefined;
    expect([header?.hosts.length, header?.hosts[0], header?.hosts[1]]).toEqual([1024, ']0;xevil', 'n0']);
  });
});

const label = fc.stringMatching(/^[a-z]{1,6}$/);
const anyText = fc.oneof(label, fc.constantFrom('__proto__', 'constructor', '日本語', '"\\', 'a b'));
const whole = (max: number): fc.Arbitrary<number> => fc.oneof(fc.constantFrom(0, 1, max), fc.integer({ min: 0, max }));
const real = fc.oneof(fc.constantFrom(0, 0.1, 97), fc.double({ min: 0, max: 1e6, noNaN: true }));
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const defined = <T extends object>(record: T): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

/** The possible content of a node and a GPU. */
const BYTES = 2 ** 53 - 2;
const GPU_BYTES = 2 ** 50;
const percent = fc.double({ min: 0, max: 100, noNaN: true });
const above = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const anyGpu: fc.Arbitrary<GpuSpec> = fc
  .record({
    name: anyText,
    utilPercent: optional(percent),
    memoryUsedBytes: optional(whole(GPU_BYTES)),
    memoryTotalBytes: optional(above(GPU_BYTES)),
    temperatureCelsius: optional(fc.integer({ min: 1, max: 200 })),
    powerWatts: optional(fc.double({ min: 0, max: 30_000, noNaN: true })),
    powerLimitWatts: optional(above(1000)),
    frequencyMhz: optional(fc.integer({ min: 1, max: 9999 })),
    performanceState: optional(whole(15)),
    fanRpm: optional(whole(60_000)),
    slowdownCelsius: optional(above(200)),
    shutdownCelsius: optional(above(200)),
    maxOperatingCelsius: optional(above(200)),
    numaNode: optional(whole(4096)),
    smOccupancy: optional(fc.double({ min: 0, max: 1, noNaN: true })),
    memoryBandwidthFraction: optional(fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map(defined) as fc.Arbitrary<GpuSpec>;

const anyHost = fc.record({
  gpus: fc.array(anyGpu, { maxLength: 4 }),
  ghosts: fc.integer({ min: 0, max: 2 }),
  procs: fc.uniqueArray(
    fc
      .record({
        pid: whole(2 ** 32 - 1),
        gpu: fc.integer({ min: -1, max: 5 }),
        user: anyText.map(withoutBlankEnds),
        vram: optional(whole(GPU_BYTES)),
        age: optional(fc.oneof(fc.integer({ min: 0, max: 1e8 }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))),
        cpu: optional(real),
        sm: optional(percent),
        command: anyText,
        name: anyText,
      })
      .map(defined) as fc.Arbitrary<ProcSpec>,
    // A node has one row per process and GPU.
    { maxLength: 8, selector: ({ pid }) => pid },
  ),
  cpus: fc.array(fc.record({ title: anyText, utilPercent: optional(percent), cores: optional(whole(512)) }).map(defined), { maxLength: 2 }),
  memory: fc.array(fc.record({ totalBytes: optional(whole(BYTES)), usedBytes: optional(whole(BYTES)) }).map(defined), { maxLength: 2 }),
  disks: fc.array(fc.record({ title: anyText, totalBytes: optional(whole(BYTES)) }).map(defined), { maxLength: 2 }),
  state: fc.constantFrom('live' as const, 'failing' as const),
});

type AnyHost = typeof anyHost extends fc.Arbitrary<infer Value> ? Value : never;

/** Ghosts exist only with a process; a process on a missing GPU is on none. */
function specOf({ gpus, ghosts, procs, ...rest }: AnyHost, nth: number): NodeSpec {
  const wanted = new Set(procs.map(({ gpu = -1 }) => gpu).filter((gpu) => gpu >= gpus.length && gpu < gpus.length + ghosts));
  const slots = [...wanted].sort((a, b) => a - b);
  const all = [...gpus, ...slots.map((): GpuSpec => ({ ghost: true }))].map((gpu, slot) => ({
    ...gpu,
    index: slot,
    uuid: `GPU-${nth}-${slot}`,
  }));
  const place = (gpu = -1): number => (gpu < gpus.length ? gpu : slots.includes(gpu) ? gpus.length + slots.indexOf(gpu) : -1);
  return {
    ...rest,
    gpus: all,
    // A process that holds bytes is on a GPU: it cannot hold them anywhere else.
    procs: procs.map((proc) => ({ ...proc, gpu: place(proc.gpu), ...(place(proc.gpu) < 0 ? { vram: 0 } : {}) })),
  } as NodeSpec;
}

test('any nodes are read back unchanged, and all-smi can read every line', () => {
  fc.assert(
    fc.property(fc.array(anyHost, { minLength: 1, maxLength: 3 }), fc.integer({ min: 300, max: 20_000 }), (records, maxPartBytes) => {
      const hosts = buildNodes(records.map(specOf), new UserIds());
      const lines = texts(hosts, { ...META, maxPartBytes });
      for (const line of lines) expect(complaintsAbout(line.trimEnd(), '')).toEqual([]);
      const back = replayed(lines);
      for (const host of hosts) {
        const { status, ...said } = freezeNode(host);
        expect(back.get(host.nodeId)).toEqual({ ...said, status: { ...status } });
      }
    }),
    { numRuns: 150 },
  );
});

describe('a cycle too long for one line', () => {
  const hosts = buildNodes([{ procs: Array.from({ length: 400 }, (_, pid) => ({ pid, gpu: 0 })), gpus: 1 }, { gpus: 2 }]);

  test('becomes several numbered lines of the same time, and is read as one frame', () => {
    const lines = texts(hosts, { ...META, maxPartBytes: 60_000 });
    expect(lines.length).toBeGreaterThan(2);
    const parts = lines.map((line) => JSON.parse(line) as { part: number[]; timestamp: string });
    expect(parts.map(({ part }) => part)).toEqual(lines.map((_, at) => [at + 1, lines.length]));
    expect(new Set(parts.map(({ timestamp }) => timestamp)).size).toBe(1);
    for (const line of lines) expect(complaintsAbout(line.trimEnd(), '')).toEqual([]);
    expect([...replayed(lines).values()].map(({ procs, gpus }) => [procs.length, gpus.length])).toEqual([[400, 1], [0, 2]]); // prettier-ignore
  });

  test('has no such field if it fits', () => {
    expect(texts(hosts)).toHaveLength(1);
    expect(texts(hosts)[0]).not.toContain('"part"');
  });
});

describe('nodes that change while they are written', () => {
  const many = { gpus: 1, procs: Array.from({ length: 1000 }, (_, pid) => ({ pid, gpu: 0, vram: 1 })) };

  test('a frame never mixes two scrapes of a node', async () => {
    const host = new TestNode(many);
    let rests = 0;
    const pieces = await frozenPieces(host, META, () => {
      if (++rests === 5) host.scrape({ ...many, procs: many.procs.map((proc) => ({ ...proc, vram: 2 })) });
      return undefined;
    });
    const rows = pieces
      .filter(({ array }) => array === 'processes')
      .flatMap(({ bytes }) => JSON.parse(`[${Buffer.from(bytes).toString()}]`) as { used_memory: number }[]);
    expect([rows.length, new Set(rows.map((row) => row.used_memory))]).toEqual([1000, new Set([2])]);
  });

  test('a node that is scraped all the time is still written', async () => {
    const host = new TestNode(many);
    const pieces = await frozenPieces(host, META, () => void host.scrape(many));
    expect(pieces.filter(({ array }) => array === 'processes').map(({ bytes }) => bytes.length).length).toBe(8);
  });
});

describe('hostile rows', () => {
  test('have no effect but to be counted', () => {
    const gpus = [
      '7',
      'null',
      '[]',
      '{"host_id":"h","utilization":1e999,"temperature":-5,"used_memory":"1","detail":{"__proto__":"x","index":"99999999"},"name":5}',
    ].join();
    const frame = `{"gpus":[${gpus}],"hostname":"h","processes":[{"pid":-1},{"pid":4294967296},{"pid":1,"user":"\\u001b[31mroot\\u202e"}],"schema":1,"timestamp":"2026-08-07T00:30:00Z"}`;
    const node = replayed([frame]).get('h')!;
    expect(node.gpus).toEqual([{ index: 0, uuid: '', name: '', fields: {} }]);
    expect(node.procs.map(({ pid, user, gpu }) => [pid, user, gpu])).toEqual([[1, '[31mroot', -1]]);
    expect(read([frame]).badRows).toBe(5);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('too many rows of a node, and too many nodes, are dropped and counted', () => {
    const row = (nth: number): object => ({ host_id: 'h', uuid: `u${nth}` });
    const frame = JSON.stringify({
      schema: 1,
      hostname: 'h',
      timestamp: '2026-08-07T00:30:00Z',
      gpus: Array.from({ length: 300 }, (_, nth) => row(nth)),
    });
    const packed = read([frame]);
    expect([packed.gpus.rows, packed.badRows]).toEqual([256, 44]);
    const hosts = Array.from({ length: 10_050 }, (_, nth) => ({ host_id: `h${nth}` }));
    const wide = read([JSON.stringify({ schema: 1, hostname: 'remote', timestamp: '2026-08-07T00:30:00Z', memory: hosts })]);
    expect([wide.nodes.length, wide.badRows]).toEqual([10_000, 50]);
  });

  test('any JSON is read without an exception', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('gpus', 'cpus', 'memory', 'processes', 'connections', 'storage', 'part', 'chassis'),
          fc.json({ maxDepth: 4 }),
        ),
        (sections) => {
          const members = Object.entries(sections).map(([key, json]) => `,${JSON.stringify(key)}:${json}`);
          const line = readLine(`{"schema":1,"hostname":"h","timestamp":"2026-08-07T00:30:00Z"${members.join('')}}`);
          if (line.kind === 'data') new FramePacker().pack(readFrame([line]));
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('all fields of the tables are recorded', () => {
  /** Where a whole number is no reading. */
  const SPECIAL: Readonly<Record<string, number>> = {
    smOccupancy: 0.5,
    memoryBandwidthFraction: 0.5,
    rowRemapPending: 1,
    rowRemapFailed: 1,
  };
  const all = <Field extends string>(fields: readonly Field[]): Record<Field, number> =>
    Object.fromEntries(fields.map((field, at) => [field, SPECIAL[field] ?? at + 1])) as Record<Field, number>;
  const host = new TestNode({
    gpus: [{ ...all(GPU_FIELDS), uuid: 'u' }],
    cpus: [all(CPU_FIELDS)],
    memory: [all(MEMORY_FIELDS)],
    disks: [{ title: '/', ...all(DISK_FIELDS) }],
  });
  const { gpus, cpus, memory, disks } = freezeNode(host);
  expect(replayed(texts([host])).get(host.nodeId)).toMatchObject({ gpus, cpus, memory, disks });
});
