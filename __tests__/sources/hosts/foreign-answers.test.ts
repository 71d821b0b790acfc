import { afterEach, describe, expect, test } from '@jest/globals';
import diagnosis from '../../../plugins/diagnosis/index.js';
import { Parsers } from '../../../lib/exposition/parser/index.js';
import { createHttpCollector } from '../../../lib/sources/hosts/http-collector.js';
import { TargetList } from '../../../lib/sources/hostlists/targets.js';
import { Driver } from '../../helpers/driver.js';
import { expectGolden } from '../../helpers/golden.js';
import { answers, redirects, routes, startServer, type Behaviour, type TestServer } from '../../helpers/server.js';

const INTERVAL_MS = 3000;
const GOOD = `all_smi_up{instance="n1"} 1
all_smi_gpu_utilization{gpu="H100", instance="n1", gpu_uuid="G", gpu_index="0"} 97
all_smi_gpu_memory_used_bytes{gpu="H100", instance="n1", gpu_uuid="G", gpu_index="0"} 68719476736
all_smi_gpu_memory_total_bytes{gpu="H100", instance="n1", gpu_uuid="G", gpu_index="0"} 85899345920
all_smi_process_memory_used_bytes{pid="7", name="python", user="alice", gpu_index="0", device_uuid="G", command="train"} 68719476736
`;
const NO_GPU = 'all_smi_up{instance="n2"} 1\nall_smi_memory_used_bytes{instance="n2"} 5\nall_smi_memory_total_bytes{instance="n2"} 9\n';
const HTML = answers('<html><head><title>Sign in</title></head></html>', { 'content-type': 'text/html' });

const FOREIGN: Readonly<Record<string, Behaviour>> = {
  login: HTML,
  moved: routes({ '/login': HTML }, redirects('/login')),
  empty: answers(''),
  nothing: (_, response) => void response.writeHead(204).end(),
  json: answers('{"error":"unauthorized"}\n', { 'content-type': 'application/json' }),
  dcgm: answers('# HELP DCGM_FI_DEV_GPU_TEMP x\nDCGM_FI_DEV_GPU_TEMP{gpu="0"} 42\n'),
  up0: answers('all_smi_up{instance="n", hostname="n"} 0\n'),
  coded: answers(GOOD, { 'content-encoding': 'compress' }),
};

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Watched {
  readonly driver: Driver;
  readonly servers: Readonly<Record<string, TestServer>>;
  /** Lets an interval pass, and waits until each node has been delivered once more. */
  round(): Promise<void>;
}

/** A viewer of real servers, by a clock that stands. */
async function watch(behaviours: Readonly<Record<string, Behaviour>>, size: { cols: number; rows: number }): Promise<Watched> {
  const servers: Record<string, TestServer> = {};
  const targets = new TargetList();
  for (const [name, behaviour] of Object.entries(behaviours)) {
    // The clock stands: the servers' own is not to be compared with it.
    servers[name] = await startServer((request, response) => {
      response.sendDate = false;
      behaviour(request, response);
    });
    open.push(() => servers[name]!.kill());
    targets.add(servers[name].nodeId, { name });
  }
  const parsers = new Parsers();
  let delivered = new Set<string>();
  let check = (): void => undefined;
  const driver = new Driver({
    ...size,
    plugins: [diagnosis],
    source(clock) {
      const collector = createHttpCollector({
        targets: targets.targets,
        clock,
        intervalMs: INTERVAL_MS,
        random: () => 0,
        newParser: () => parsers.newParser(),
        source: 'hosts.csv',
      });
      open.unshift(() => collector.stop());
      return {
        source: collector.source,
        nodes: collector.nodes,
        intervalMs: INTERVAL_MS,
        stop: () => collector.stop(),
        start(deliver) {
          collector.start((delivery) => {
            deliver(delivery);
            if (delivery.kind !== 'overdue') delivered.add(delivery.node.nodeId);
            check();
          });
        },
      };
    },
  });
  const round = async (): Promise<void> => {
    delivered = new Set();
    const all = new Promise<void>((resolve) => {
      check = () => {
        if (delivered.size === targets.targets.length) resolve();
      };
    });
    const untilDue = [...driver.app.state.allNodes].map(({ status }) => (status.nextTryAt ?? 0) - driver.clock.now());
    driver.step(Math.max(INTERVAL_MS, ...untilDue));
    await all;
    driver.step(250);
  };
  return { driver, servers, round };
}

describe('whatever a server answers with status 200, only metrics of all-smi are data', () => {
  test('from the start: nothing is said of users, the reason is on every tab', async () => {
    const { driver, round } = await watch({ ...FOREIGN, good: answers(GOOD), plain: answers(NO_GPU) }, { cols: 120, rows: 24 });
    await round();
    expectGolden('foreign-all', 120, 24, driver.frame());
    expectGolden('foreign-users', 120, 24, driver.press('V').frame());
    expectGolden('foreign-not-reporting', 120, 24, driver.press('i').frame());
    expectGolden('foreign-diagnosis', 120, 24, driver.press('D').frame());
  });

  test('one alone: its page says what came', async () => {
    const { driver, round } = await watch({ login: FOREIGN.login! }, { cols: 100, rows: 12 });
    await round();
    expectGolden('foreign-one-users', 100, 12, driver.press('V').frame());
    driver.press('D', 'Enter');
    expect(driver.tab).toBe('login');
    expectGolden('foreign-one-node', 100, 12, driver.frame().replace(/127\.0\.0\.1:\d+/, '127.0.0.1:PORT'));
  });

  test.each(Object.keys(FOREIGN))('after good data (%s): it stays, is marked, then leaves the totals, and comes back', async (kind) => {
    const { driver, servers, round } = await watch({ [kind]: answers(GOOD) }, { cols: 120, rows: 20 });
    await round();
    expect(driver.press('V').frame()).toMatch(/1 user .*1 of 1 nodes? reporting/);
    servers[kind]!.behave(FOREIGN[kind]!);
    await round();
    expect(driver.frame()).toMatch(/alice/);
    for (let i = 0; i < 4; i++) await round();
    expect(driver.frame()).not.toMatch(/Nobody uses a GPU/);
    expect(driver.frame()).toMatch(/0 of 1 nodes? reporting/);
    servers[kind]!.behave(answers(GOOD));
    await round();
    expect(driver.frame()).toMatch(/1 user .*1 of 1 nodes? reporting/);
  });
});
