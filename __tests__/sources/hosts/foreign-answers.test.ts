import { afterEach, describe, expect, test } from '@jest/globals';
import { expectGolden } from '../../helpers/golden.js';
import { answers, redirects, routes, type Behaviour } from '../../helpers/server.js';
import { closeWatched, watch } from '../../helpers/watch-servers.js';

afterEach(closeWatched);

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

describe('a response with status 200 is used only if it has all-smi metrics', () => {
  test('from the first scrape on, no user is shown as absent, and the reason is on every tab', async () => {
    const { driver, round } = await watch({ ...FOREIGN, good: answers(GOOD), plain: answers(NO_GPU) }, { cols: 120, rows: 24 });
    await round();
    expectGolden('foreign-all', 120, 24, driver.frame());
    expectGolden('foreign-users', 120, 24, driver.press('V').frame());
    expectGolden('foreign-not-reporting', 120, 24, driver.press('i').frame());
    expectGolden('foreign-diagnosis', 120, 24, driver.press('D').frame());
  });

  test('the tab of a single node shows what the server sent', async () => {
    const { driver, round } = await watch({ login: FOREIGN.login! }, { cols: 100, rows: 12 });
    await round();
    expectGolden('foreign-one-users', 100, 12, driver.press('V').frame());
    driver.press('D', 'Enter');
    expect(driver.tab).toBe('login');
    expectGolden('foreign-one-node', 100, 12, driver.frame().replace(/127\.0\.0\.1:\d+/, '127.0.0.1:PORT'));
  });

  test.each(Object.keys(FOREIGN))(
    'after good data (%s), the last data are kept and marked, later excluded from totals, and the node recovers',
    async (kind) => {
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
    },
  );
});
