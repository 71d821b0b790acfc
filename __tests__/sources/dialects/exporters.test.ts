/** What is shown of each exporter, through real HTTP. The scene is the same in most of the texts, so exporters must agree. */
import { Derivations } from '../../../lib/aggregate/derivations.js';
import { sourcesOf } from '../../../lib/model/node-sources.js';
import { troubles } from '../../../lib/model/sample.js';
import { scrapesDerivation } from '../../../plugins/diagnosis/scrapes.js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { SampleColumns } from '../../../lib/exposition/write/sample-columns.js';
import { gpusUnknown, whyNotReporting, type NodeView } from '../../../lib/model/node-view.js';
import { systemClock } from '../../../lib/run/system-clock.js';
import { expandHosts } from '../../../lib/sources/hostlists/targets.js';
import { createHttpCollector } from '../../../lib/sources/hosts/http-collector.js';
import { NodeParser } from '../../../lib/sources/hosts/node-parser.js';
import { expectGolden } from '../../helpers/golden.js';
import { startServer } from '../../helpers/server.js';

const FIXTURES = new URL('../../fixtures/exporters/', import.meta.url);
const textOf = (name: string): string => readFileSync(new URL(`${name}.prom`, FIXTURES), 'utf8');
const NAMES = readdirSync(FIXTURES)
  .map((file) => file.replace(/\.prom$/, ''))
  .sort();

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** The node that answers with the text, after its first scrape. */
async function scraped(text: string): Promise<NodeView> {
  const server = await startServer((_, response) => void response.end(text));
  const parsers = new Parsers();
  const collector = createHttpCollector({
    targets: expandHosts([server.nodeId]),
    clock: systemClock,
    rounds: 'one',
    newReader: (endpoints) =>
      new NodeParser(
        endpoints,
        () => parsers.newParser(),
        () => parsers.holding((users) => new SampleColumns(users, '')),
      ),
  });
  open.push(
    () => collector.stop(),
    () => server.kill(),
  );
  await new Promise((resolve) => {
    collector.start(resolve);
  });
  return collector.nodes[0]!;
}

const MIB = 2 ** 20;
const number = (value: number, digits = 1): string => (Number.isNaN(value) ? '–' : String(Number(value.toFixed(digits))));
const mib = (value: number): string => number(value / MIB, 0);

/** Everything that is known of the node, in lines. */
function shown(node: NodeView): string {
  const { gpus, procs, cpus, memory, disks, allocations, facts, extras, status } = node;
  if (status.error) return `error: ${status.error.text}`;
  const rows = (count: number, of: (row: number) => string): string[] => Array.from({ length: count }, (_, row) => of(row));
  const name = (ids: Int32Array, row: number): string => node.userName(ids[row]!) || '-';
  const migs = extras.rows('mig');
  return [
    `node ${facts.instance || '-'}, ${facts.exporterVersion}, bad lines ${facts.badLines}; processes: ${whyNotReporting(node) ?? 'reported'}${gpusUnknown(node) ? '; GPUs unknown' : ''}`,
    ...rows(gpus.count, (slot) => {
      const read = (field: keyof typeof gpus.field): number => gpus.field[field][slot]!;
      return [
        `gpu ${gpus.index[slot]} ${node.text(gpus.uuid[slot]!) || '-'} ${node.text(gpus.name[slot]!)}:`,
        `util ${number(read('utilPercent'))}, used ${mib(read('memoryUsedBytes'))} of ${mib(read('memoryTotalBytes'))},`,
        `${number(read('temperatureCelsius'))}°, ${number(read('powerWatts'))} of ${number(read('powerLimitWatts'))} W,`,
        `${number(read('frequencyMhz'))} MHz, P${number(read('performanceState'))}`,
      ].join(' ');
    }),
    ...rows(migs.count, (row) => {
      const value = (family: string): string => mib(migs.value(row, family));
      return `mig ${migs.label(row, 'gpu_index')}/${migs.label(row, 'gpu_instance_id')} ${migs.label(row, 'mig_profile')}: ${value('mig_instance_memory_used_bytes')} of ${value('mig_instance_memory_total_bytes')}`;
    }),
    ...rows(procs.count, (row) =>
      [
        `process ${procs.pid[row]} on ${procs.gpu[row]}, ${name(procs.user, row)}, ${node.text(procs.name[row]!) || '-'}: ${mib(procs.vramBytes[row]!)},`,
        `sm ${number(procs.smPercent[row]!)}, cpu ${number(procs.cpuPercent[row]!)}, age ${number(procs.ageSeconds[row]!)}, rss ${mib(procs.residentBytes[row]!)},`,
        node.text(procs.command[row]!) || '-',
      ].join(' '),
    ),
    ...rows(allocations.count, (row) => {
      const owner = (['user', 'account', 'job', 'namespace', 'pod'] as const).map((one) => name(allocations.owner[one], row)).join(' ');
      return `allocation on ${allocations.gpu[row]}, ${number(allocations.gpuCount[row]!)} GPUs: ${owner}`;
    }),
    ...rows(cpus.count, (row) => `cpu ${number(cpus.value(row, 'utilPercent'))} %, ${number(cpus.value(row, 'threads'))} threads`),
    ...(Number.isNaN(facts.uptimeSeconds) ? [] : [`uptime ${number(facts.uptimeSeconds)} s`]),
    ...rows(memory.count, (row) => `memory ${mib(memory.value(row, 'usedBytes'))} of ${mib(memory.value(row, 'totalBytes'))}`),
    ...rows(
      disks.count,
      (row) => `disk ${disks.title(row)}: ${mib(disks.value(row, 'availableBytes'))} of ${mib(disks.value(row, 'totalBytes'))} free`,
    ),
  ].join('\n');
}

test('what is read of each exporter', async () => {
  const all: string[] = [];
  for (const name of NAMES) {
    const node = await scraped(textOf(name));
    all.push(`== ${name}\n${shown(node)}`);
  }
  expectGolden('data/exporters', 120, 0, all.join('\n\n'));
});

/** Two H100 of one node at one moment. */
const SCENE = {
  uuid: ['3f6b2c1e-7a54-4d0b-9c1f-5e2a8d7b4410', 'b27d90aa-1c3e-4f88-8a6d-0c94f1e65a02'],
  utilPercent: [97, 0],
  memoryUsedBytes: [70_412 * MIB, 30_208 * MIB],
  memoryTotalBytes: [81_559 * MIB, 81_559 * MIB],
  temperatureCelsius: [66, 38],
  powerWatts: [611.3, 119.7],
  powerLimitWatts: [700, 700],
  frequencyMhz: [1830, 345],
} as const;
type SceneField = Exclude<keyof typeof SCENE, 'uuid'>;
const FIELDS = Object.keys(SCENE).filter((key) => key !== 'uuid') as readonly SceneField[];

/** What the driver keeps for itself: some count it as used. */
const RESERVED = 479 * MIB;

/** Which fields each exporter must report of them. */
const REPORTS: Readonly<Record<string, readonly SceneField[]>> = {
  'dcgm-k8s': FIELDS.filter((field) => field !== 'powerLimitWatts'),
  'dcgm-blanks': FIELDS.filter((field) => field !== 'powerLimitWatts'),
  'dcgm-slurm-hpcjob-custom': FIELDS,
  'dcgm-timesliced-594': FIELDS.filter((field) => field !== 'powerLimitWatts'),
  nvidia_gpu_exporter: FIELDS,
  'nvitop-exporter': FIELDS,
  'jobstats-nvidia_gpu': FIELDS.filter((field) => field !== 'powerLimitWatts'),
  'gke-nvidia-device-plugin': ['utilPercent', 'memoryUsedBytes', 'memoryTotalBytes'],
  kepler: ['powerWatts'],
};

/** What else is true of them, by field: an exporter reports it, and then so, or it does not. */
const ALSO = {
  lastXid: [0, 31],
  eccCorrected: [0, 0],
  eccUncorrected: [0, 0],
  rowsRemapped: [0, 1],
  rowsRemappedUncorrectable: [0, 0],
  rowRemapFailed: [0, 0],
  performanceState: [0, 0],
} as const;
/** Power limit, nothing to do. */
const CLOCK_EVENTS = [4, 1] as const;
/** Families that are kept as sent. */
const ALSO_SENT = {
  gpu_memory_temperature_celsius: [74, 44],
  gpu_clock_memory_current_mhz: [2619, 2619],
} as const;

describe('exporters of the same two GPUs', () => {
  test('agree on each field that more than one of them reports', async () => {
    const told = new Map<string, string[]>();
    for (const name of Object.keys(REPORTS)) {
      const { gpus, extras } = await scraped(textOf(name));
      const table = extras.rows('gpu');
      const readings = [
        ...Object.entries(ALSO).map(
          ([field, values]) => [field, values, (slot: number) => gpus.field[field as keyof typeof ALSO][slot]!] as const,
        ),
        ...Object.entries(ALSO_SENT).map(([family, values]) => [family, values, (slot: number) => table.value(slot, family)] as const),
      ];
      for (const [field, values, read] of readings) {
        const [first, second] = [read(0), read(1)];
        if (Number.isNaN(first) && Number.isNaN(second)) continue;
        expect([name, field, first, second]).toEqual([name, field, ...values]);
        told.set(field, [...(told.get(field) ?? []), name]);
      }
      const events = [gpus.field.clockEvents[0]!, gpus.field.clockEvents[1]!];
      if (!events.some(Number.isNaN)) expect([name, ...events]).toEqual([name, ...CLOCK_EVENTS]);
    }
    const defaults = ['dcgm-k8s', 'dcgm-blanks', 'dcgm-slurm-hpcjob-custom', 'dcgm-timesliced-594'];
    const counters = ['dcgm-slurm-hpcjob-custom', 'nvidia_gpu_exporter', 'jobstats-nvidia_gpu'];
    expect(Object.fromEntries(told)).toEqual({
      lastXid: defaults,
      eccCorrected: counters,
      eccUncorrected: counters,
      rowsRemapped: [...defaults, 'nvidia_gpu_exporter'],
      rowsRemappedUncorrectable: [...defaults, 'nvidia_gpu_exporter'],
      rowRemapFailed: defaults,
      performanceState: ['dcgm-slurm-hpcjob-custom', 'nvidia_gpu_exporter'],
      gpu_memory_temperature_celsius: ['dcgm-k8s', 'dcgm-slurm-hpcjob-custom', 'dcgm-timesliced-594', 'nvidia_gpu_exporter'],
      gpu_clock_memory_current_mhz: [...defaults, 'nvidia_gpu_exporter', 'nvitop-exporter', 'jobstats-nvidia_gpu'],
    });
  });

  test.each(Object.entries(REPORTS))('%s agrees with the scene', async (name, fields) => {
    const node = await scraped(textOf(name));
    const { gpus } = node;
    expect(gpus.count).toBe(2);
    for (const slot of [0, 1]) {
      expect(gpus.index[slot]).toBe(slot);
      const uuid = node.text(gpus.uuid[slot]!);
      expect(uuid.toLowerCase().replace(/^gpu-/, '')).toBe(SCENE.uuid[slot]);
      for (const field of FIELDS) {
        const value = gpus.field[field][slot]!;
        if (!fields.includes(field)) expect([field, value]).toEqual([field, NaN]);
        else if (field === 'memoryUsedBytes') expect([0, RESERVED]).toContain(Math.round(value - SCENE[field][slot]!));
        else expect(value).toBeCloseTo(SCENE[field][slot]!, 6);
      }
    }
  });

  test('a GPU that is shared counts once, however many pods are on it', async () => {
    const { gpus } = await scraped(textOf('dcgm-timesliced-594'));
    const watts = Array.from(gpus.field.powerWatts).reduce((sum, value) => sum + value);
    expect(watts).toBeCloseTo(731, 6);
  });

  test('processes have their users, or are not reported: never nobody', async () => {
    for (const name of Object.keys(REPORTS)) {
      const node = await scraped(textOf(name));
      const isReported = ['nvitop-exporter', 'nvidia_gpu_exporter'].includes(name);
      expect([name, whyNotReporting(node)]).toEqual([name, isReported ? undefined : 'cannot list processes']);
      if (!isReported) continue;
      expect(Array.from(node.procs.pid)).toEqual([41_822, 51_310, 52_001]);
      expect(Array.from(node.procs.gpu)).toEqual([0, 1, 1]);
      expect(Array.from(node.procs.vramBytes)).toEqual([70_100 * MIB, 18_432 * MIB, 11_264 * MIB]);
      const users = Array.from(node.procs.user, (user) => node.userName(user));
      expect(users).toEqual(name === 'nvitop-exporter' ? ['alice', 'bob', 'carol'] : ['', '', '']);
    }
  });

  test('the uptime of a node is by its own clock, or not reported', async () => {
    const uptime = async (lines: string): Promise<number> =>
      (await scraped(`node_memory_MemTotal_bytes 1e9\nnode_uname_info{nodename="n"} 1\n${lines}`)).facts.uptimeSeconds;
    // Both years behind ours.
    expect(await uptime('node_boot_time_seconds 1e9\nnode_time_seconds 1000086460\n')).toBe(86_460);
    expect(await uptime('node_boot_time_seconds 1e9\n')).toBeNaN();
    expect(await uptime('node_time_seconds 1e9\n')).toBeNaN();
    // The clock was set back after the boot.
    expect(await uptime('node_boot_time_seconds 1e9\nnode_time_seconds 999999999\n')).toBeNaN();
  });

  test('nothing is said to be free or unused because it is not reported', async () => {
    const quiet = await scraped('nvidia_smi_gpu_info{uuid="u",index="0",name="H100"} 1\nnvidia_smi_utilization_gpu_ratio{uuid="u"} 0\n');
    expect(whyNotReporting(quiet)).toBe('cannot list processes');
    const machine = await scraped(textOf('node_exporter'));
    expect([machine.gpus.count, gpusUnknown(machine)]).toEqual([0, true]);
    // Nothing has failed: this exporter never reports GPUs.
    expect(new Derivations().derive(scrapesDerivation, [machine], 1).collectionFails).toBe(0);
    expect(troubles(sourcesOf(machine))).toEqual(['GPUs: node_exporter does not report GPUs']);
  });
});

describe('names of other versions', () => {
  const labels = 'gpu="3",UUID="GPU-1",modelName="H100"';

  test('DCGM 4.6', async () => {
    const { gpus } = await scraped(
      `DCGM_FI_DEV_GPU_TEMP_CELSIUS{${labels}} 50\nDCGM_FI_DEV_BOARD_POWER_WATTS{${labels}} 300\nDCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS{${labels}} 600\n`,
    );
    const { temperatureCelsius, powerWatts, powerLimitWatts } = gpus.field;
    expect([gpus.index[0], temperatureCelsius[0], powerWatts[0], powerLimitWatts[0]]).toEqual([3, 50, 300, 600]);
  });

  test.each([
    ['may be a fraction', [0.97, 0.4], [NaN, NaN]],
    ['is a percentage, as another GPU shows', [97, 1], [97, 1]],
    ['is 0 in any unit', [0, 0.4], [0, NaN]],
  ])('a utilization whose unit is not known %s', async (_, sent, shownValues) => {
    const text = sent.map((value, gpu) => `DCGM_FI_DEV_GPU_UTIL_RATIO{gpu="${gpu}",UUID="GPU-${gpu}"} ${value}\n`).join('');
    const { gpus } = await scraped(text);
    expect(Array.from(gpus.field.utilPercent)).toEqual(shownValues);
  });

  test('DCGM 1, and the label names of 2', async () => {
    const one = await scraped(
      'dcgm_gpu_temp{gpu="0",uuid="GPU-1"} 50\ndcgm_fb_used{gpu="0",uuid="GPU-1"} 10\ndcgm_fb_free{gpu="0",uuid="GPU-1"} 30\n',
    );
    expect([one.gpus.field.temperatureCelsius[0], one.gpus.field.memoryTotalBytes[0]]).toEqual([50, 40 * MIB]);
    const two = await scraped('DCGM_FI_DEV_GPU_TEMP{gpu="0",uuid="GPU-1",pod_name="p",pod_namespace="n"} 51\n');
    expect([two.gpus.field.temperatureCelsius[0], two.userName(two.allocations.owner.pod[0]!)]).toEqual([51, 'p']);
  });

  test('a prefix of the site in front of the names of AMD', async () => {
    const plain = await scraped(textOf('amd-device-metrics-exporter-slurm'));
    const prefixed = await scraped(textOf('amd-device-metrics-exporter-slurm').replace(/^gpu_/gm, 'amd_gpu_'));
    expect(shown(prefixed)).toBe(shown(plain));
  });

  test('Telegraf and nvidia_gpu_exporter use the same prefix with other units', async () => {
    const { gpus, facts } = await scraped(
      'nvidia_smi_memory_used{index="1",name="A100",uuid="GPU-7",host="n1"} 100\nnvidia_smi_temperature_gpu{index="1",name="A100",uuid="GPU-7",host="n1"} 40\n',
    );
    expect([facts.exporterVersion, facts.instance, gpus.field.memoryUsedBytes[0]]).toEqual(['Telegraf (nvidia_smi)', 'n1', 100 * MIB]);
  });
});

describe('GPUs with the same uuid', () => {
  const ZEROS = '00000000-0000-0000-0000-000000000000';
  const anonymous = (text: string): string => text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, ZEROS);

  test('are not one GPU: where all else is named by the uuid it is left out, and that is said', async () => {
    const text = anonymous(textOf('nvidia_gpu_exporter'));
    // With the index as a label, and as a value alone, as older ones have it.
    for (const sent of [text, text.replaceAll(/,index="\d"/g, '')]) {
      const node = await scraped(sent);
      expect([...node.gpus.field.memoryUsedBytes].every(Number.isNaN)).toBe(true);
      expect(node.gpus.count).toBe(sent === text ? 2 : 0);
      expect(troubles(sourcesOf(node))).toEqual(['GPUs: 2 GPUs have the same uuid: what is named by it is left out']);
    }
  });

  test('are told apart by their indexes where each row has one', async () => {
    const { gpus } = await scraped(anonymous(textOf('dcgm-k8s')));
    expect([...gpus.index.subarray(0, gpus.count)]).toEqual([0, 1]);
    expect([...gpus.field.powerWatts]).toEqual([611.3, 119.7]);
  });
});

describe('hostile answers', () => {
  const GPU = 'gpu="0",UUID="GPU-1"';

  test('values that no GPU has are not readings, and the rest counts', async () => {
    const { gpus, facts } = await scraped(
      [
        `DCGM_FI_DEV_GPU_TEMP{${GPU}} 2147483634`,
        `DCGM_FI_DEV_POWER_USAGE{${GPU}} 140737488355328.0`,
        `DCGM_FI_DEV_FB_USED{${GPU}} 9223372036854775794`,
        `DCGM_FI_DEV_GPU_UTIL{${GPU}} -5`,
        `DCGM_FI_DEV_SM_CLOCK{${GPU}} ERROR - FAILED TO CONVERT TO STRING`,
        `DCGM_FI_DEV_XID_ERRORS{${GPU},err_msg="a "quoted" word"} 1`,
        `DCGM_FI_DEV_PSTATE{${GPU}} 8`,
      ].join('\n'),
    );
    for (const field of ['temperatureCelsius', 'powerWatts', 'memoryUsedBytes', 'utilPercent', 'frequencyMhz'] as const)
      expect([field, gpus.field[field][0]]).toEqual([field, NaN]);
    expect([gpus.field.performanceState[0], facts.badLines]).toEqual([8, 2]);
  });

  test('more GPUs and processes than a node can have are cut off', async () => {
    const text = Array.from({ length: 2000 }, (_, at) => `DCGM_FI_DEV_GPU_TEMP{gpu="${at}",UUID="GPU-${at}"} 40\n`).join('');
    expect((await scraped(text)).gpus.count).toBe(256);
  });

  test('names are cleaned', async () => {
    const node = await scraped(
      'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-1\u001b[31m",modelName="H\u001b]0;x\u0007100",pod="p\u202eq",namespace="n"} 40\n',
    );
    const texts = [node.text(node.gpus.uuid[0]!), node.text(node.gpus.name[0]!), node.userName(node.allocations.owner.pod[0]!)];
    for (const text of texts) expect(text).not.toMatch(/[\x00-\x1f\u202e]/);
  });

  test('labels that are named like members of objects are only labels', async () => {
    const node = await scraped('DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="__proto__",constructor="x",__proto__="y"} 40\n');
    expect([node.gpus.count, node.text(node.gpus.uuid[0]!)]).toEqual([1, '__proto__']);
  });

  test('no GPU without a name of any kind', async () => {
    const node = await scraped('DCGM_FI_DEV_GPU_TEMP{UUID="GPU-1"} 40\nDCGM_FI_DEV_GPU_TEMP{Hostname="x"} 41\nDCGM_FI_DEV_GPU_TEMP 42\n');
    expect(Array.from(node.gpus.field.temperatureCelsius)).toEqual([40]);
  });
});
