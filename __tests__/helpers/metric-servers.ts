/** Real servers with the HTTP API of Prometheus, on loopback: started by a test, with its scrapes or its history, and ended with it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Behaviour } from './server.js';

/** Where `.ci/run` unpacks the packages of Debian: not installed, so that no service is started. */
const UNPACKED = resolve('node_modules/.cache/deb/usr/bin');

function program(name: string): string | undefined {
  const found = [name, join(UNPACKED, name)].find((path) => spawnSync(path, ['--version']).error === undefined);
  return found !== undefined && (found === name || existsSync(found)) ? found : undefined;
}

export const PROMTOOL = program('promtool');
const BINARIES = { prometheus: PROMTOOL && program('prometheus'), victoria: program('victoria-metrics') } as const;
export type Engine = keyof typeof BINARIES;
export const ENGINES: readonly Engine[] = ['prometheus', 'victoria'];

/** The engines that can be had here. */
export const hasEngine = (engine: Engine): boolean => BINARIES[engine] !== undefined;

export interface ScrapeJob {
  readonly name: string;
  /** host:port, and labels that the target gets. */
  readonly targets: readonly { readonly address: string; readonly labels?: Readonly<Record<string, string>> }[];
  readonly honorLabels?: boolean;
}

export interface Serving {
  /** Scraped every second. */
  readonly jobs?: readonly ScrapeJob[];
  /** OpenMetrics with timestamps in seconds, without its last line. */
  readonly history?: string;
  /** More arguments. */
  readonly flags?: readonly string[];
}

export interface MetricServer {
  readonly url: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again, at the same address, with what it had. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const configOf = (jobs: readonly ScrapeJob[]): string =>
  JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: jobs.map(({ name, targets, honorLabels = false }) => ({
      job_name: name,
      honor_labels: honorLabels,
      static_configs: targets.map(({ address, labels = {} }) => ({ targets: [address], labels })),
    })),
  });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Resolves when it answers and, if it scrapes, has samples of each target. */
export async function startMetricServer(engine: Engine, { jobs = [], history, flags = [] }: Serving): Promise<MetricServer> {
  const directory = await mkdtemp(join(tmpdir(), `${engine}-`));
  const data = join(directory, 'data');
  const config = join(directory, 'scrape.yml');
  // JSON is YAML.
  await writeFile(config, configOf(jobs));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  if (history !== undefined && engine === 'prometheus') await createBlocks(directory, data, history);
  const binary = BINARIES[engine]!;
  const args =
    engine === 'prometheus'
      ? [
          `--config.file=${config}`,
          `--storage.tsdb.path=${data}`,
          '--storage.tsdb.retention.time=100y',
          `--web.listen-address=127.0.0.1:${port}`,
          '--log.level=error',
        ]
      : [
          `-promscrape.config=${config}`,
          `-storageDataPath=${data}`,
          `-httpListenAddr=127.0.0.1:${port}`,
          '-retentionPeriod=100y',
          '-loggerLevel=ERROR',
        ];
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = spawn(binary, [...args, ...flags], { stdio: 'ignore' });
    await answered(`${url}${engine === 'prometheus' ? '/-/ready' : '/health'}`);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await exited;
  };
  await start();
  if (history !== undefined && engine === 'victoria') await importText(url, history);
  const targets = jobs.flatMap((job) => job.targets).length;
  if (targets > 0) await scraped(url, targets);
  return {
    url,
    kill: () => end('SIGKILL'),
    restart: start,
    async stop() {
      await end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function createBlocks(directory: string, data: string, history: string): Promise<void> {
  const file = join(directory, 'history.om');
  await writeFile(file, `${history}# EOF\n`);
  const { status, stderr, stdout } = spawnSync(PROMTOOL!, ['tsdb', 'create-blocks-from', 'openmetrics', file, data], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`promtool: ${stdout}${stderr}`);
}

/** VictoriaMetrics takes milliseconds. */
async function importText(url: string, history: string): Promise<void> {
  const body = history.replace(/ (\d+)$/gm, ' $1000');
  const response = await fetch(`${url}/api/v1/import/prometheus`, { method: 'POST', body });
  if (!response.ok) throw new Error(`import: ${response.status} ${await response.text()}`);
  await fetch(`${url}/internal/force_flush`);
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function answered(url: string): Promise<void> {
  for (;;) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await pause(50);
  }
}

/** The number that a query without labels results in; 0 if it results in nothing. */
export async function numberOf(url: string, query: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/query?nocache=1&latency_offset=1ms&query=${encodeURIComponent(query)}`);
  const { data } = (await response.json()) as { data?: { result?: readonly { value: readonly [number, string] }[] } };
  return Number(data?.result?.[0]?.value[1] ?? 0);
}

/** Each target was scraped, or could not be; twice, so that the interval is known. */
async function scraped(url: string, targets: number): Promise<void> {
  while ((await numberOf(url, 'count(count_over_time(up[1m]) >= 3)')) < targets) await pause(200);
}

/** Passes everything on to a real server, except what `wrong` answers itself; `more` is added to each answer. */
export function before(real: MetricServer, wrong: (query: string) => object | undefined, more: object = {}): Behaviour {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = Buffer.concat(chunks).toString();
      const params = new URLSearchParams(form || request.url?.split('?')[1]);
      const error = wrong(params.get('query') ?? '');
      if (error) return void response.writeHead('status' in error && error.status === 'error' ? 422 : 200).end(JSON.stringify(error));
      void fetch(`${real.url}${request.url ?? ''}`, {
        ...(request.method === 'POST'
          ? { method: 'POST', body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
          : {}),
      }).then(async (answer) => response.writeHead(answer.status).end(JSON.stringify({ ...((await answer.json()) as object), ...more })));
    });
  };
}
