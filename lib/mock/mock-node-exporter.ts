/** What node_exporter sends of a mock node: mostly what nobody here reads. */
import { goNumber, labelBlock, writeFamilies, type Family, type LabelBlock, type Sample } from '../exposition/write/families-text.js';
import { Accumulated } from './mock-counters.js';
import { machineOf } from './mock-plan.js';
import { draw, mix } from './random-walk.js';
import type { HostReading, Machine, MockText, NodePlan } from './mock-types.js';

type Labels = Readonly<Record<string, string | number>>;

const block = (labels: Labels): LabelBlock => labelBlock(labels, ',');
const family = (name: string, type: Family['type'], help: string, samples: readonly Sample[]): Family => ({
  name: `node_${name}`,
  help,
  type,
  number: goNumber,
  samples,
});
const one = (name: string, type: Family['type'], help: string, value: number, labels: Labels = {}): Family =>
  family(name, type, help, [{ labels: block(labels), value }]);

const KEYS = { uptime: 70, share: 71, counter: 72 } as const;
const DAY = 86_400;
/** When the clock of the mock nodes begins. */
const EPOCH = 1_790_000_000;

/** What part of the time that a CPU is busy or idle is spent in a mode. */
const BUSY = { user: 0.86, system: 0.1, softirq: 0.03, nice: 0.01, irq: 0, steal: 0 } as const;
const IDLE = { idle: 0.996, iowait: 0.004 } as const;
const MODES = Object.entries({ ...BUSY, ...IDLE }).sort(([a], [b]) => (a < b ? -1 : 1));

/** How far a CPU is from the mean, -1 to 1. Neighbours cancel each other out, so that the mean is the node's. */
function leaning({ key }: NodePlan, threads: number): readonly number[] {
  return Array.from({ length: threads }, (_, cpu) => {
    const isAlone = cpu % 2 === 0 && cpu + 1 === threads;
    return isAlone ? 0 : (cpu % 2 === 0 ? 1 : -1) * draw(key, KEYS.share, cpu >> 1);
  });
}

/** Seconds of all CPUs, by mode. */
class CpuSeconds {
  readonly #leaning: readonly number[];
  readonly #counted: Accumulated;
  readonly #blocks: readonly (readonly LabelBlock[])[];

  constructor(plan: NodePlan, { threads }: Machine, uptime: number) {
    this.#leaning = leaning(plan, threads);
    // All of the time, the busy part of it, and how far the CPUs are apart.
    this.#counted = new Accumulated([uptime, 0.2 * uptime, 0.05 * uptime]);
    this.#blocks = this.#leaning.map((_, cpu) => MODES.map(([mode]) => block({ cpu, mode })));
  }

  samples(seconds: number, busyPercent: number): readonly Sample[] {
    const share = busyPercent / 100;
    const [all = 0, busy = 0, apart = 0] = this.#counted.at(seconds, [1, share, 0.5 * Math.min(share, 1 - share)]);
    return this.#leaning.flatMap((leaning, cpu) =>
      MODES.map(([mode, part], at): Sample => {
        const own = busy + leaning * apart;
        return { labels: this.#blocks[cpu]![at]!, value: hundredths((mode in BUSY ? own : all - own) * part) };
      }),
    );
  }
}
const hundredths = (seconds: number): number => Math.round(100 * seconds) / 100;

/** Lines of /proc/meminfo; those that are not known are a part of the memory. */
function memoryFamilies(machine: Machine, host: HostReading): readonly Family[] {
  const { memoryBytes: total, buffersBytes: buffers, swapBytes: swap } = machine;
  const { memoryUsedBytes: used, memoryCachedBytes: cached, swapUsedBytes } = host;
  const page = (bytes: number): number => Math.floor(bytes / 4096) * 4096;
  const known: Readonly<Record<string, number>> = {
    MemTotal: total,
    MemAvailable: total - used,
    MemFree: total - used - cached - buffers,
    Buffers: buffers,
    Cached: cached,
    SwapTotal: swap,
    SwapFree: swap - swapUsedBytes,
    SwapCached: 0,
    Active: page(used * 0.7),
    Active_anon: page(used * 0.5),
    Active_file: page(used * 0.2),
    AnonHugePages: page(used * 0.3),
    AnonPages: page(used * 0.6),
    Bounce: 0,
    CommitLimit: page(total / 2 + swap),
    Committed_AS: page(used * 1.4),
    DirectMap1G: page(total * 0.9),
    DirectMap2M: page(total * 0.09),
    DirectMap4k: page(total * 0.01),
    Dirty: 1_417_216,
    HardwareCorrupted: 0,
    HugePages_Free: 0,
    HugePages_Rsvd: 0,
    HugePages_Surp: 0,
    HugePages_Total: 0,
    Hugepagesize: 2_097_152,
    Hugetlb: 0,
    Inactive: page(cached * 0.8),
    Inactive_anon: page(used * 0.1),
    Inactive_file: page(cached * 0.7),
    KReclaimable: page(cached * 0.05),
    KernelStack: 91_602_944,
    Mapped: page(used * 0.05),
    Mlocked: 27_455_488,
    NFS_Unstable: 0,
    PageTables: page(used * 0.002),
    Percpu: 571_473_920,
    SReclaimable: page(cached * 0.05),
    SUnreclaim: page(total * 0.004),
    Shmem: page(used * 0.08),
    ShmemHugePages: 0,
    ShmemPmdMapped: 0,
    Slab: page(cached * 0.05 + total * 0.004),
    Unevictable: 27_455_488,
    VmallocChunk: 0,
    VmallocTotal: 35_184_372_087_808,
    VmallocUsed: 1_012_723_712,
    Writeback: 0,
    WritebackTmp: 0,
  };
  return Object.entries(known).map(([name, value]) => {
    const isCount = name.startsWith('HugePages_');
    return one(`memory_${name}${isCount ? '' : '_bytes'}`, 'gauge', `Memory information field ${name}.`, value);
  });
}

interface FileSystem {
  readonly labels: LabelBlock;
  readonly size: number;
  readonly free: number;
}

function fileSystems(machine: Machine, host: HostReading): readonly FileSystem[] {
  const at = (mountpoint: string, device: string, fstype: string, size: number, free: number): FileSystem => ({
    labels: block({ device, device_error: '', fstype, mountpoint }),
    size,
    free,
  });
  return [
    at('/', '/dev/nvme0n1p2', 'ext4', machine.rootBytes, host.rootFreeBytes),
    at('/scratch', '/dev/nvme1n1p1', 'xfs', machine.scratchBytes, host.scratchFreeBytes),
    at('/run', 'tmpfs', 'tmpfs', machine.memoryBytes / 10, machine.memoryBytes / 10 - 5_242_880),
    at('/dev/shm', 'tmpfs', 'tmpfs', machine.memoryBytes / 2, machine.memoryBytes / 2),
  ];
}

function diskFamilies(machine: Machine, host: HostReading): readonly Family[] {
  const all = fileSystems(machine, host);
  const each = (name: string, help: string, of: (one: FileSystem) => number): Family =>
    family(
      `filesystem_${name}`,
      'gauge',
      help,
      all.map((disk) => ({ labels: disk.labels, value: of(disk) })),
    );
  return [
    each('avail_bytes', 'Space that users may use.', ({ free }) => free),
    each('device_error', 'Whether reading its statistics failed.', () => 0),
    each('files', 'Inodes.', ({ size }) => Math.floor(size / 16_384)),
    each('files_free', 'Free inodes.', ({ free }) => Math.floor(free / 16_384)),
    each('free_bytes', 'Free space.', ({ free }) => free),
    each('readonly', 'Whether it is read-only.', () => 0),
    each('size_bytes', 'Size.', ({ size }) => size),
  ];
}

/** Counters of devices, by the name of the label. Nothing here reads them; they make up the text. */
const DEVICES: readonly (readonly [prefix: string, label: string, names: readonly string[], counters: readonly string[]])[] = [
  [
    'disk',
    'device',
    ['nvme0n1', 'nvme1n1', 'nvme2n1', 'nvme3n1'],
    ['read_bytes', 'reads_completed', 'reads_merged', 'writes_completed', 'writes_merged', 'written_bytes', 'io_time_seconds'],
  ],
  [
    'network',
    'device',
    ['lo', 'eno1', 'eno2', 'ib0', 'ib1', 'ib2', 'ib3', 'docker0'],
    [
      'receive_bytes',
      'receive_compressed',
      'receive_drop',
      'receive_errs',
      'receive_fifo',
      'receive_frame',
      'receive_multicast',
      'receive_packets',
      'transmit_bytes',
      'transmit_carrier',
      'transmit_colls',
      'transmit_drop',
      'transmit_errs',
      'transmit_fifo',
      'transmit_packets',
    ],
  ],
  [
    'infiniband',
    'device',
    ['mlx5_0', 'mlx5_1', 'mlx5_2', 'mlx5_3'],
    ['link_downed', 'link_error_recovery', 'port_data_received_bytes', 'port_data_transmitted_bytes', 'port_packets_received'],
  ],
  ['softnet', 'cpu', ['0', '1', '2', '3'], ['processed', 'dropped', 'times_squeezed']],
];

function deviceFamilies({ key }: NodePlan, seconds: number): readonly Family[] {
  return DEVICES.flatMap(([prefix, label, names, counters]) =>
    counters.map((name) => {
      const samples = names.map((device, at) => {
        const perSecond = mix(key, KEYS.counter, at, name.length) % 5_000;
        return { labels: block({ [label]: device }), value: Math.floor(perSecond * (DAY + seconds)) };
      });
      return family(`${prefix}_${name}_total`, 'counter', `Counter ${name} of ${prefix} devices.`, samples);
    }),
  );
}

const COLLECTORS =
  'arp bcache bonding btrfs conntrack cpu cpufreq diskstats dmi edac entropy fibrechannel filefd filesystem hwmon infiniband ipvs loadavg mdadm meminfo netclass netdev netstat nfs nfsd nvme os powersupplyclass pressure rapl schedstat selinux sockstat softnet stat tapestats textfile thermal_zone time timex udp_queues uname vmstat xfs zfs'.split(
    ' ',
  );

const scrapeFamilies = (): readonly Family[] =>
  (['duration_seconds', 'success'] as const).map((what) =>
    family(
      `scrape_collector_${what}`,
      'gauge',
      `The ${what.replace('_', ' ')} of a collector.`,
      COLLECTORS.map((collector) => ({ labels: block({ collector }), value: what === 'success' ? 1 : 0.000_2 })),
    ),
  );

export const nodeExporterText: MockText = (plan) => {
  const machine = machineOf(plan);
  const uptime = Math.round(DAY * (3 + 60 * draw(plan.key, KEYS.uptime)));
  const cpu = new CpuSeconds(plan, machine, uptime);
  const [joules, perSecond] = [new Accumulated([200_000, 180_000]), machine.sockets];
  return ({ host }, seconds) => {
    const load = (machine.threads * host.cpuPercent) / 100;
    const packages = joules.at(seconds, [host.cpuWatts / perSecond, host.cpuWatts / perSecond]).slice(0, machine.sockets);
    return writeFamilies([
      one('boot_time_seconds', 'gauge', 'When the node was booted.', EPOCH - uptime),
      one('context_switches_total', 'counter', 'Context switches.', Math.floor(90_000 * (uptime + seconds))),
      family('cpu_seconds_total', 'counter', 'Seconds that the CPUs spent in each mode.', cpu.samples(seconds, host.cpuPercent)),
      ...deviceFamilies(plan, seconds),
      one('dmi_info', 'gauge', 'Description of the machine.', 1, { product_name: 'GPU server', system_vendor: 'Example' }),
      one('filefd_allocated', 'gauge', 'Open files.', 9_312),
      ...diskFamilies(machine, host),
      family('hwmon_temp_celsius', 'gauge', 'Temperature of a sensor.', [
        { labels: block({ chip: 'platform_coretemp_0', sensor: 'temp1' }), value: host.cpuCelsius },
      ]),
      family('hwmon_sensor_label', 'gauge', 'Name of a sensor.', [
        { labels: block({ chip: 'platform_coretemp_0', label: 'Package id 0', sensor: 'temp1' }), value: 1 },
      ]),
      one('load1', 'gauge', 'Load of the last minute.', hundredths(load)),
      one('load15', 'gauge', 'Load of the last 15 minutes.', hundredths(0.9 * load)),
      one('load5', 'gauge', 'Load of the last 5 minutes.', hundredths(0.95 * load)),
      ...memoryFamilies(machine, host),
      one('procs_running', 'gauge', 'Running processes.', Math.ceil(load)),
      family(
        'rapl_package_joules_total',
        'counter',
        'Energy of a CPU package.',
        packages.map((value, index) => ({ labels: block({ index, path: `/sys/class/powercap/intel-rapl:${index}` }), value })),
      ),
      ...scrapeFamilies(),
      one('time_seconds', 'gauge', 'The clock of the node.', EPOCH + seconds),
      one('uname_info', 'gauge', 'The kernel of the node.', 1, {
        domainname: '(none)',
        machine: 'x86_64',
        nodename: plan.instance,
        release: '6.8.0-60-generic',
        sysname: 'Linux',
        version: '#63-Ubuntu SMP',
      }),
    ]);
  };
};
