/**
 * The cost of a node's exporter: npm run bench -- node. Eight GPUs with 200 processes. The time of nvidia-smi itself is not included. Two
 * rows: a collection and its exposition, gzipped, with warm code (30 ms would be 1% of a core every three seconds); and the program from
 * its start, for the first cycles with one scrape each, with its memory at that time.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { StandInMachine } from '../__tests__/helpers/captures.js';
import { Machine } from '../lib/sources/local/machine.js';
import { nodeText } from '../lib/exposition/write/node-text.js';
import type { BenchRow } from './table.js';
import { systemClock } from '../lib/run/system-clock.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = join(ROOT, 'dist/bin/all-smi-view.js');
const GPUS = 8;
const PROCESSES = 200;
const INTERVAL_MS = 3000;
const START_CYCLES = 3;
const CYCLES = 8;
const WARM_ROUNDS = 100;
/** As in the exporter. */
const GZIP_LEVEL = 3;
/** Clock ticks of the kernel for CPU time. */
const TICK_MS = 10;

/** A machine whose values change in every cycle. */
class BusyMachine extends StandInMachine {
  constructor() {
    super();
    this.write('proc/sys/kernel/hostname', 'bench\n');
    this.write('proc/cpuinfo', '');
    this.write('passwd', Array.from({ length: 50 }, (_, nth) => `user${nth}:x:${1000 + nth}:1::/:\n`).join(''));
    this.write('now/q.xml', `<nvidia_smi_log><attached_gpus>${GPUS}</attached_gpus></nvidia_smi_log>`);
    for (let nth = 0; nth < PROCESSES; nth++) this.#process(nth, 0);
    this.cycle(0);
  }

  cycle(at: number): void {
    const gpus = Array.from(
      { length: GPUS },
      (_, gpu) => `${gpu}, GPU-${gpu}, NVIDIA H100 80GB HBM3, 580.1, ${at % 100}, ${at}, 81559, 60, 650.${at}`,
    );
    this.write('now/gpu.csv', ['index, uuid, name, driver_version, utilization.gpu, memory.used, memory.total, temperature.gpu, power.draw', ...gpus, ''].join('\n')); // prettier-ignore
    const rows = Array.from({ length: PROCESSES }, (_, nth) => ({ pid: 10_000 + nth, gpu: nth % GPUS, mib: 1000 + nth }));
    this.write('now/apps.csv', rows.map(({ pid, gpu, mib }) => `GPU-${gpu}, ${pid}, /usr/bin/python3, ${mib}\n`).join(''));
    const lines = [...rows].sort((a, b) => a.gpu - b.gpu).map(({ pid, gpu, mib }) => `  ${gpu} ${pid} C ${at % 100} 1 - - ${mib} python3`);
    this.write('now/pmon.txt', ['# gpu pid type sm mem enc dec fb command', ...lines, ''].join('\n'));
    this.write('proc/uptime', `${1000 + 3 * at}.00 0\n`);
    this.write('proc/stat', `cpu  ${1000 + at * 70} 0 0 ${1000 + at * 30} 0 0 0 0 0 0\n`);
    this.write('proc/meminfo', `MemTotal: 1000000 kB\nMemAvailable: ${900_000 - at} kB\n`);
    for (let nth = 0; nth < PROCESSES; nth++) this.#process(nth, at);
  }

  #process(nth: number, at: number): void {
    const directory = `proc/${10_000 + nth}`;
    mkdirSync(join(this.directory, directory), { recursive: true });
    const rest = Array.from({ length: 30 }, () => '0').join(' ');
    this.write(`${directory}/stat`, `${10_000 + nth} (python3) R 1 1 1 0 0 0 0 0 0 0 ${at * 100} 0 0 0 20 0 1 0 5000 ${rest}\n`);
    this.write(`${directory}/status`, `Name:\tpython3\nUid:\t${1000 + (nth % 50)}\t${1000 + (nth % 50)}\nVmRSS:\t${100_000 + at} kB\n`);
    const argv = ['python3', 'train.py', `--run=${nth}`, '--model=llama-70b', '--data=/scratch/datasets/c4/en/shards', '--lr=3e-4'];
    if (at === 0) this.write(`${directory}/cmdline`, `${argv.join('\0')}\0`);
  }
}

/** CPU time so far, and memory, of a process. */
function cost(pid: number): { readonly cpuMs: number; readonly mib: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, mib: kib / 1024 };
}

export async function bench(): Promise<BenchRow[]> {
  return [await warm(), await started()];
}

const WHAT = `${GPUS} GPUs, ${PROCESSES} processes`;

async function warm(): Promise<BenchRow> {
  const here = new BusyMachine();
  const { nvidiaSmi, procDir, passwdFile } = here;
  const machine = new Machine({ nvidiaSmi, procDir, passwdFile, clock: systemClock, intervalMs: 1000, scope: 'gpu', redact: true });
  let [before, rows] = [process.cpuUsage(), 0];
  for (let at = 0; at < 2 * WARM_ROUNDS; at++) {
    if (at === WARM_ROUNDS) before = process.cpuUsage();
    here.speak();
    const sample = await machine.read();
    gzipSync(nodeText(sample, 'bench'), { level: GZIP_LEVEL });
    rows = sample.processes?.length ?? 0;
  }
  const { user, system } = process.cpuUsage(before);
  await machine.stop();
  here.dispose();
  checkRows(rows);
  return { name: `node collection, ${WHAT}`, oursMs: (user + system) / 1000 / WARM_ROUNDS };
}

async function started(): Promise<BenchRow> {
  const built = spawnSync(process.execPath, ['esbuild.config.js', '--if-stale'], { cwd: ROOT, stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the build failed');
  const here = new BusyMachine();
  const flags = ['--port', '0', '--processes', '--nvidia-smi', here.nvidiaSmi, '--proc', here.procDir, '--passwd', here.passwdFile];
  const child = spawn(process.execPath, [PROGRAM, 'api', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await child.stdout.setEncoding('utf8').take(1).toArray()) as string[];
    const url = /https?:\/\/\S+\/metrics/.exec(line!)![0];
    let [before, rows] = [cost(child.pid!), 0];
    for (let at = 1; at <= START_CYCLES + CYCLES; at++) {
      here.cycle(at);
      here.speak();
      await pause(INTERVAL_MS);
      const text = await (await fetch(url)).text();
      rows = text.split('\n').filter((one) => one.startsWith('all_smi_process_memory_used_bytes')).length;
      if (at === START_CYCLES) before = cost(child.pid!);
    }
    checkRows(rows);
    const after = cost(child.pid!);
    return { name: `node as started, ${WHAT}, ${after.mib.toFixed(0)} MiB`, oursMs: (after.cpuMs - before.cpuMs) / CYCLES };
  } finally {
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    here.dispose();
  }
}

function checkRows(rows: number): void {
  if (rows !== PROCESSES) throw new Error(`${rows} processes were exported, not ${PROCESSES}`);
}
