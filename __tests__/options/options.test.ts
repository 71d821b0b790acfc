import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseArgv, plainFlags } from '../../bin/argv.js';
import { helpText } from '../../bin/help-text.js';
import { parseWithYargs } from '../../bin/yargs.js';
import {
  API_OPTIONS,
  COMMANDS,
  resolveOptions,
  VIEW_OPTIONS,
  MOCK_OPTIONS,
  type Environment,
  type ViewOptions,
} from '../../lib/options/options.js';
import type { Option } from '../../lib/options/option-types.js';

/** From the command line to option values. */
async function view(argv: readonly string[], env: Environment = {}): Promise<ViewOptions> {
  const { flags } = await parseArgv(argv);
  return resolveOptions(VIEW_OPTIONS, flags, env);
}

/** The error of a command line that is refused. */
async function complaint(argv: readonly string[], env: Environment = {}): Promise<string> {
  const command = argv[0] === 'mock' || argv[0] === 'api' || argv[0] === 'record' ? argv[0] : 'view';
  try {
    const { flags } = await parseArgv(argv);
    resolveOptions(COMMANDS[command].options, flags, env);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no complaint';
}

describe('values', () => {
  test('have defaults without arguments', async () => {
    expect(await view([])).toEqual({
      hosts: undefined,
      hostfile: undefined,
      interval: undefined,
      timeout: 5,
      demo: undefined,
      plugin: undefined,
      token: undefined,
      local: undefined,
      replay: undefined,
      start: undefined,
      speed: 1,
      loop: undefined,
      check: undefined,
      nvidiaSmi: 'nvidia-smi',
      proc: '/proc',
      passwd: undefined,
      owner: 'person',
      redact: undefined,
      noRedact: undefined,
      config: undefined,
      filter: undefined,
      user: undefined,
      theme: 'auto',
      ascii: undefined,
      mouse: undefined,
      noMouse: undefined,
      alerts: undefined,
      alertTemp: undefined,
      alertTempCrit: undefined,
      alertHysteresis: 2,
      alertPower: 0,
      alertIdlePercent: 5,
      alertIdle: undefined,
      alertHeld: undefined,
      alertHostDown: undefined,
      alertBell: undefined,
      // Without a price, no cost is shown.
      priceKwh: undefined,
      priceGpuHour: undefined,
      currency: 'USD',
      showCost: undefined,
      webhook: undefined,
    });
  });

  test('a flag takes precedence over the environment, and the environment over the default', async () => {
    const env = { ALL_SMI_VIEW_INTERVAL_SECS: '7', ALL_SMI_VIEW_HOSTFILE: 'env.csv' };
    expect(await view(['-i', '2', '--timeout', '9'], env)).toMatchObject({ interval: 2, timeout: 9, hostfile: 'env.csv' });
    expect(await view([], env)).toMatchObject({ interval: 7 });
  });

  test('an empty variable counts as not set', async () => {
    expect(await view([], { ALL_SMI_VIEW_HOSTS: '', ALL_SMI_AUTH_TOKEN: '' })).toMatchObject({ hosts: undefined, token: undefined });
  });

  test('--hosts takes all words up to the next flag, and may be repeated', async () => {
    expect(await view(['--hosts', 'a', 'b:9', '-i', '1', '--hosts=c,d'])).toMatchObject({ hosts: ['a', 'b:9', 'c,d'], interval: 1 });
  });

  test('--plugin takes one word, and may be repeated', async () => {
    expect(await view(['--plugin', 'a.mjs', '--plugin', 'b.mjs', '--demo'])).toMatchObject({ plugin: ['a.mjs', 'b.mjs'], demo: true });
  });

  test('--jobs may be repeated, and is a list in the environment', async () => {
    expect((await view(['--jobs', 'slurm', '--jobs', '/var/lib/jobs.json', '--jobs', 'slurm'])).jobs).toEqual([
      'slurm',
      '/var/lib/jobs.json',
    ]);
    expect((await view([], { ALL_SMI_VIEW_JOBS: 'slurm, ./kube' })).jobs).toEqual(['slurm', './kube']);
    expect(await complaint(['--jobs', 'k8s'])).toBe('--jobs: "k8s" is not slurm, kube or a file; a file of this name is ./k8s');
    expect(await complaint([], { ALL_SMI_VIEW_JOBS: 'slurm,' })).toBe('ALL_SMI_VIEW_JOBS: "slurm," has an empty name');
  });

  test('the last of several values of a single-value option counts', async () => {
    expect(await view(['-i', '2', '--interval', '4'])).toMatchObject({ interval: 4 });
  });

  test('a host may have the name of a command', async () => {
    expect(await parseArgv(['--hosts', 'a', 'mock'])).toEqual({ command: 'view', flags: { hosts: ['a', 'mock'] } });
  });

  test('mock', async () => {
    const { command, flags } = await parseArgv(['mock', '--nodes', '3', '--port', '0', '-o', 'hosts.csv']);
    expect(command).toBe('mock');
    expect(resolveOptions(MOCK_OPTIONS, flags, { ALL_SMI_MOCK_PROCESSES: '1' })).toEqual({
      portRange: undefined,
      nodes: 3,
      port: 0,
      platform: 'nvidia',
      gpuName: 'NVIDIA B200 192GB HBM3',
      output: 'hosts.csv',
      failureNodes: 0,
      startIndex: 1,
      processes: true,
    });
  });
});

test.each([
  [[], undefined],
  [
    ['--include', 'gpu,cpu,memory,chassis,process'],
    ['gpu', 'cpu', 'memory', 'chassis', 'process'],
  ],
  [
    ['--include', 'gpus, cpus,processes'],
    ['gpu', 'cpu', 'process'],
  ],
])('record %j selects the sections', async (argv, include) => {
  const { flags } = await parseArgv(['record', ...argv]);
  expect(resolveOptions(COMMANDS.record.options, flags, {})).toMatchObject({ include });
});

describe('api', () => {
  const api = async (argv: readonly string[], env: Environment = {}): Promise<Record<string, unknown>> =>
    resolveOptions(API_OPTIONS, (await parseArgv(['api', ...argv])).flags, env);

  test('has defaults without arguments', async () => {
    expect(await api([])).toEqual({
      bind: '127.0.0.1',
      port: 9090,
      interval: 3,
      processes: undefined,
      tlsCert: undefined,
      tlsKey: undefined,
      tokenFile: undefined,
      nvidiaSmi: 'nvidia-smi',
      proc: '/proc',
      passwd: undefined,
      owner: 'person',
      redact: undefined,
      noRedact: undefined,
    });
  });

  test('--owner is read from the flag, the environment and the config file', async () => {
    expect(await api(['--owner', 'process'])).toMatchObject({ owner: 'process' });
    expect(await api([], { ALL_SMI_LOCAL_OWNER: 'process' })).toMatchObject({ owner: 'process' });
    expect(await api(['--owner=person'], { ALL_SMI_LOCAL_OWNER: 'process' })).toMatchObject({ owner: 'person' });
    await expect(api(['--owner', 'root'])).rejects.toThrow('--owner: "root" is not one of: person, process');
    for (const command of ['view', 'get', 'check', 'record', 'api'] as const)
      expect(resolveOptions(COMMANDS[command].options, { owner: ['process'] }, {})).toMatchObject({ owner: 'process' });
  });

  test.each<[argv: string[], scope: string]>([
    [['--processes'], 'gpu'],
    [['--processes', '--port', '0'], 'gpu'],
    [['--port', '0', '--processes'], 'gpu'],
    [['--processes=gpu'], 'gpu'],
    [['--processes=all'], 'all'],
    [['--processes', 'all'], 'all'],
    [['--processes=true'], 'gpu'],
    [['--processes=false'], 'off'],
    [['--processes=ALL'], 'all'],
    [['--processes=True'], 'gpu'],
    [['--processes=1'], 'gpu'],
    [['--processes=0'], 'off'],
    [['--processes', 'false', '-i', '5'], 'off'],
  ])('%j exports %s', async (argv, scope) => {
    expect(await api(argv)).toMatchObject({ processes: scope });
  });

  test('has variables of its own', async () => {
    expect(await api([], { ALL_SMI_API_PORT: '9', ALL_SMI_API_PROCESSES: 'true', ALL_SMI_API_INTERVAL_SECS: '7' })).toMatchObject({
      port: 9,
      processes: 'gpu',
      interval: 7,
    });
  });
});

describe('refused, with the message', () => {
  test.each<[argv: string[], says: string]>([
    [['-i', 'abc'], '--interval: "abc" is not a number'],
    [['record', '--max-files', '1.5'], '--max-files: "1.5" is not a whole number'],
    [['-i', 'NaN'], '--interval: "NaN" is not a number'],
    [['-i', '1e3'], '--interval: "1e3" is not a number'],
    [['-i', '0x10'], '--interval: "0x10" is not a number'],
    [['--interval', '0'], '--interval: "0" is not between 0.5 and 86400'],
    [['--interval', '0.49'], '--interval: "0.49" is not between 0.5 and 86400'],
    [['--interval=-3'], '--interval: "-3" is not between 0.5 and 86400'],
    [['--interval'], '--interval: needs a value (SECONDS)'],
    [['--interval='], '--interval: needs a value (SECONDS)'],
    [['--interval', '--demo'], '--interval: needs a value (SECONDS)'],
    [['--hosts'], '--hosts: needs a value (HOST..)'],
    [['--hosts', '--demo'], '--hosts: needs a value (HOST..)'],
    [['--hostfile', ''], '--hostfile: needs a value (FILE)'],
    [['--inteval', '1'], '--inteval: unknown option (did you mean --interval?)'],
    [['-z'], '-z: unknown option'],
    [['--no-demo'], '--no-demo: unknown option'],
    [['--nodes', '2'], '--nodes: unknown option'],
    [['moc'], '"moc": is not a command or the value of an option'],
    [['localhost:21000'], '"localhost:21000": is not a command or the value of an option (did you mean --hosts localhost:21000?)'],
    [['node[1-4]'], '"node[1-4]": is not a command or the value of an option (did you mean --hosts node[1-4]?)'],
    [['http://node1'], '"http://node1": is not a command or the value of an option (did you mean --hosts http://node1?)'],
    [['./hosts.csv'], '"./hosts.csv": is not a command or the value of an option (did you mean --hostfile ./hosts.csv?)'],
    [['day.ndjson.zst'], '"day.ndjson.zst": is not a command or the value of an option (did you mean --replay day.ndjson.zst?)'],
    [['--demo', '--', 'x'], '"x": is not a command or the value of an option'],
    [['--plugin', 'a.mjs', 'b.mjs'], '"b.mjs": is not a command or the value of an option'],
    [['mock', '--hosts', 'a'], '--hosts: unknown option'],
    [['record', '--include', 'gpu,tpu'], '--include: "tpu" is not one of: gpu, cpu, memory, chassis, process'],
    [['mock', '--nodes', '1.5'], '--nodes: "1.5" is not a whole number'],
    [['mock', '--port', '65536'], '--port: "65536" is not between 0 and 65535'],
    [['api', '--processes=some'], '--processes: "some" is not one of: 0, 1, gpu, all, true, false'],
    [['api', '--processes', 'some'], '--processes: "some" is not one of: 0, 1, gpu, all, true, false'],
    [['api', '--bind'], '--bind: needs a value (ADDRESS)'],
    [['--bind', 'x'], '--bind: unknown option'],
    [['--no-redac'], '--no-redac: unknown option (did you mean --no-redact?)'],
  ])('%j', async (argv, says) => {
    expect(await complaint(argv)).toBe(says);
  });

  test('the message names the variable if it is at fault', async () => {
    expect(await complaint([], { ALL_SMI_VIEW_INTERVAL_SECS: 'soon' })).toBe('ALL_SMI_VIEW_INTERVAL_SECS: "soon" is not a number');
  });

  test('a token that would break the header is refused without being shown', async () => {
    expect(await complaint([], { ALL_SMI_AUTH_TOKEN: 'secret\r\nX-Evil: 1' })).toBe(
      'ALL_SMI_AUTH_TOKEN: contains characters that are not allowed in a header',
    );
  });

  test('messages do not depend on the language of the environment', async () => {
    const before = process.env.LC_ALL;
    process.env.LC_ALL = 'de_DE.UTF-8';
    try {
      expect(await complaint(['--interval'])).toBe('--interval: needs a value (SECONDS)');
    } finally {
      if (before === undefined) delete process.env.LC_ALL;
      else process.env.LC_ALL = before;
    }
  });
});

/** Words from which command lines are generated, valid and invalid ones. */
const word = fc.constantFrom(
  '--hosts',
  '--hostfile',
  '-i',
  '--interval',
  '--timeout=3',
  '--demo',
  '--plugin',
  '--port',
  '-o',
  '--foo',
  '-x',
  '--',
  'a',
  'b:9',
  '-3',
  '2',
  '',
  'x=',
  '-i4',
);

test('the fast parser gives the same result as yargs wherever it gives one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), fc.constantFrom('view' as const, 'mock' as const), async (words, command) => {
      const plain = plainFlags(words, command);
      if (plain) expect({ command, flags: plain }).toEqual(await parseWithYargs(words, command));
    }),
    { numRuns: 1000 },
  );
});

test('everyday command lines use the fast parser', () => {
  for (const words of [['--hosts', 'node[01-16]:9090'], ['--hostfile', 'hosts.csv', '-i', '2'], ['--demo'], []]) {
    expect(plainFlags(words, 'view')).toBeDefined();
  }
});

describe('help', () => {
  test.each(['view', 'mock'] as const)('%s names every option and variable, within 80 columns', (command) => {
    const text = helpText(command, '1.2.3', 80);
    for (const { flag, env } of Object.values<Option>(COMMANDS[command].options)) {
      if (flag !== undefined) expect(text).toContain(` --${flag}`);
      if (env !== undefined) expect(text).toContain(env);
    }
    const [usage = ''] = text.split('\nExamples:');
    expect(Math.max(...usage.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test.each([['-h'], ['--help'], ['--hosts', 'a', '--help'], ['mock', '--help']])('%j', async (...argv) => {
    expect(await parseArgv(argv)).toMatchObject({ show: 'help' });
  });
});

test('no two options share a flag, a letter or a variable within a command', () => {
  for (const { options } of Object.values(COMMANDS)) {
    const names = Object.values<Option>(options).flatMap(({ flag, alias, env }) => [flag, alias, env].filter((name) => name !== undefined));
    expect(new Set(names).size).toBe(names.length);
  }
});

test.each<readonly [readonly string[], Readonly<Record<string, readonly string[]>>]>([
  [['replay-info', '--verify', 'a.ndjson', 'b.ndjson'], { verify: ['true'], file: ['a.ndjson', 'b.ndjson'] }],
  [['replay-info', 'a.ndjson', '--verify'], { verify: ['true'], file: ['a.ndjson'] }],
  [['get', '-o', 'json', 'users', '--demo'], { output: ['json'], table: ['users'], demo: ['true'] }],
  [['get', '--limit=3', 'users'], { limit: ['3'], table: ['users'] }],
])('%j: flags may come before the words of a command', async (argv, flags) => {
  expect((await parseArgv(argv)).flags).toEqual(flags);
});
