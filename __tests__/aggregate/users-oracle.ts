/** The users of a cluster computed with Maps and Sets in the most obvious way. A test oracle: it imports nothing from the program. */

export interface OracleHost {
  readonly state: 'live' | 'waiting' | 'failing' | 'overdue';
  readonly gpus: readonly { readonly powerWatts?: number; readonly memoryUsedBytes?: number; readonly ghost?: boolean }[];
  readonly procs: readonly {
    readonly pid: number;
    readonly gpu: number;
    readonly user: string;
    readonly vram: number;
    readonly age: number;
    readonly sm: number;
    readonly command: string;
    readonly name: string;
  }[];
  readonly facts: { readonly hasProcessFamily: boolean; readonly processScope: 'gpu' | 'all' | 'off' | undefined };
}

export interface OracleUser {
  nodes: number;
  gpus: number;
  procs: number;
  nodesAll: number;
  procsAll: number;
  vramBytes: number;
  powerWatts: number;
  powerPartial: number;
  sm: number;
  longestSeconds: number;
  /** Over all processes, on a GPU or not. */
  longestOfAll: number;
  system: boolean;
  command: string;
  /** For a user without a GPU: the command of the process that has run longest. */
  commandOfAll: string;
}

export function oracleUsers(hosts: readonly OracleHost[]): Map<string, OracleUser> {
  const counted = hosts.filter(({ state }) => state === 'live' || state === 'failing');
  const names = new Set(counted.flatMap(({ procs }) => procs.map(({ user }) => user)));
  return new Map([...names].map((name) => [name, oracleUser(counted, name)]));
}

function oracleUser(hosts: readonly OracleHost[], name: string): OracleUser {
  const all = hosts.flatMap((host, at) => host.procs.filter(({ user }) => user === name).map((row) => ({ ...row, host, at })));
  const onGpu = all.filter(({ gpu }) => gpu >= 0);
  const distinct = (rows: typeof all, key: (row: (typeof all)[number]) => string): number => new Set(rows.map(key)).size;
  const powers = onGpu.map(({ host, gpu, vram }) => {
    const all = sum(host.procs.filter((other) => other.gpu === gpu).map((other) => other.vram));
    return all > 0 ? (reading(host, gpu) * vram) / all : 0;
  });
  const oldest = (rows: typeof all): number => {
    const ages = rows.map(({ age }) => age).filter((age) => !Number.isNaN(age));
    return ages.length === 0 ? NaN : Math.max(...ages);
  };
  const seconds = (age: number): number => (Number.isNaN(age) ? -1 : age);
  const longestRunning = (rows: typeof all) =>
    [...rows].sort((a, b) => seconds(b.age) - seconds(a.age) || a.at - b.at || a.pid - b.pid || a.gpu - b.gpu)[0];
  const words = (row: (typeof all)[number] | undefined): string => (row === undefined ? '' : row.command || row.name);
  const sms = onGpu.map(({ sm }) => sm).filter((sm) => !Number.isNaN(sm));
  const vrams = onGpu.map(({ vram }) => vram);
  // Processes that do not report their memory sort after those that do.
  const weight = (vram: number): number => (Number.isNaN(vram) ? 0.5 : vram);
  const powerPartial = onGpu.some(({ host, gpu, vram }) => vram !== 0 && !isPriced(host, gpu));
  const [top] = onGpu
    .filter(({ vram }) => vram !== 0)
    .sort((a, b) => weight(b.vram) - weight(a.vram) || a.at - b.at || a.pid - b.pid || a.gpu - b.gpu);
  return {
    nodes: distinct(onGpu, ({ at }) => `${at}`),
    gpus: distinct(onGpu, ({ at, gpu }) => `${at} ${gpu}`),
    procs: distinct(onGpu, ({ at, pid }) => `${at} ${pid}`),
    nodesAll: distinct(all, ({ at }) => `${at}`),
    procsAll: distinct(all, ({ at, pid }) => `${at} ${pid}`),
    vramBytes: onGpu.length === 0 ? NaN : known(vrams) || (vrams.some(Number.isNaN) ? NaN : 0),
    powerWatts: onGpu.length === 0 ? NaN : sum(powers) || (powerPartial ? NaN : 0),
    powerPartial: Number(powerPartial),
    sm: sms.length === 0 ? NaN : sum(sms) / 100,
    longestSeconds: oldest(onGpu),
    longestOfAll: oldest(all),
    system: name === 'root' || (/^[0-9]+$/.test(name) && parseInt(name, 10) < 1000),
    command: words(top ?? longestRunning(onGpu)),
    commandOfAll: words(top ?? longestRunning(onGpu.length > 0 ? onGpu : all)),
  };
}

/** Whether the power per byte of the GPU is known. */
const isPriced = ({ gpus, procs }: OracleHost, gpu: number): boolean =>
  gpus[gpu]!.powerWatts !== undefined && !procs.some((row) => row.gpu === gpu && Number.isNaN(row.vram));

const known = (numbers: readonly number[]): number => sum(numbers.filter((number) => !Number.isNaN(number)));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const reading = (host: OracleHost, gpu: number): number => {
  const watts = host.gpus[gpu]!.powerWatts;
  return watts === undefined || watts < 0 ? 0 : watts;
};

export function oracleTotals(hosts: readonly OracleHost[]): Record<string, number> {
  const counted = hosts.filter(({ state }) => state === 'live' || state === 'failing');
  const gpus = counted.flatMap((host) =>
    host.gpus.map((gpu, slot) => {
      const rows = host.procs.filter((row) => row.gpu === slot);
      return {
        host,
        gpu,
        watts: reading(host, slot),
        rows,
        owned: sum(rows.map(({ vram }) => vram)),
        held: known(rows.map(({ vram }) => vram)),
      };
    }),
  );
  const systems = [...oracleUsers(hosts).values()].filter(({ system }) => system);
  return {
    nodes: hosts.length,
    reporting: counted.filter(reports).length,
    gpusInUse: gpus.filter(({ rows }) => rows.length > 0).length,
    ownedBytes: sum(gpus.map(({ held }) => held)),
    systemBytes: known(systems.map(({ vramBytes }) => vramBytes)),
    unownedBytes: sum(
      gpus.filter(({ host }) => reports(host)).map(({ gpu, owned }) => Math.max(0, (gpu.memoryUsedBytes ?? 0) - owned) || 0),
    ),
    attributedWatts: sum(gpus.filter(({ owned }) => owned > 0).map(({ watts }) => watts)),
    unattributedWatts: sum(gpus.filter(({ owned }) => !(owned > 0)).map(({ watts }) => watts)),
  };
}

function reports({ facts, gpus }: OracleHost): boolean {
  if (facts.processScope !== undefined) return facts.processScope !== 'off';
  return facts.hasProcessFamily || !gpus.some(({ memoryUsedBytes = 0 }) => memoryUsedBytes > 1_073_741_824);
}
