import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { MAX_HOSTFILE_BYTES, readHostfile } from '../../../lib/sources/hostlists/hostfile.js';
import { AppError } from '../../../lib/errors.js';

const directory = mkdtempSync(join(tmpdir(), 'hostfile-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

let files = 0;
function file(content: string | Uint8Array): string {
  const path = join(directory, `hosts${files++}`);
  writeFileSync(path, content);
  return path;
}

/** URL, name and groups of each target, as text. */
async function read(content: string | Uint8Array, path = file(content)): Promise<string[]> {
  const { targets } = await readHostfile(path);
  return targets.map(({ endpoints, name: label, groups }) =>
    [endpoints.map(({ url }) => url).join('+'), label ?? '-', ...[...groups].map(([name, value]) => `${name}=${value}`)].join(' '),
  );
}
/** The notes of the list about merged or omitted entries. */
async function notes(content: string): Promise<readonly string[]> {
  const { notes: all } = await readHostfile(file(content));
  return all.map((note) => note.replace(/^hosts\d+: /, ''));
}
async function fault(content: string | Uint8Array, path = file(content)): Promise<string> {
  try {
    await readHostfile(path);
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message.replace(path, 'FILE')}`;
    throw error;
  }
  return 'no fault';
}

describe('lines', () => {
  test('may have blanks, comments, ranges, schemes and any line ends; duplicates count once', async () => {
    const text =
      '\uFEFF# nodes\r\n\r\n  a:9090  # the first\rb[1-2]:9090\n\thttps://c \t#x\na:9090\n#d\nb2:9090\n[::1]:9090\nlocalhost:10001';
    expect(await read(text)).toEqual([
      'http://a:9090/metrics -',
      'http://b1:9090/metrics -',
      'http://b2:9090/metrics -',
      'https://c/metrics -',
      'http://[::1]:9090/metrics -',
      'http://localhost:10001/metrics -',
    ]);
  });

  test.each([
    ['as sinfo prints it', 'gpu[01-02,07],login1'],
    ['with a blank behind the comma', 'gpu01, gpu02, gpu07, login1'],
    ['with blanks', 'gpu01 gpu02\tgpu07  login1'],
    ['with semicolons', 'gpu[01-02];gpu07;login1;'],
    ['in quotes', '"gpu[01-02]","gpu07","login1"'],
    ['on several lines, with a comma at their ends', 'gpu[01-02],\ngpu07,\nlogin1\n'],
    ['one a line, as scontrol show hostnames prints it', 'gpu01\ngpu02\ngpu07\nlogin1\n'],
  ])('a Slurm node list %s is read completely', async (_, text) => {
    for (const end of ['', '\n', '\r\n'])
      expect(await read(text.replaceAll('\n', '\r\n') + end)).toEqual(
        ['gpu01', 'gpu02', 'gpu07', 'login1'].map((name) => `http://${name}/metrics -`),
      );
    expect(await notes(text)).toEqual([]);
  });

  test('one machine in several spellings is one node, with a note', async () => {
    const text = 'localhost:23072\nLOCALHOST:23072\nlocalhost.:23072\n[::1]\n[0:0::1]:80\nother\n';
    expect(await read(text)).toEqual(['http://localhost:23072/metrics -', 'http://[::1]/metrics -', 'http://other/metrics -']);
    expect(await notes(text)).toEqual(['3 duplicate addresses merged (first: LOCALHOST:23072 is localhost:23072)']);
  });

  test('a range with a comma is one address', async () => {
    expect(await read('n[1,3-4]:9090\n')).toEqual(['http://n1:9090/metrics -', 'http://n3:9090/metrics -', 'http://n4:9090/metrics -']);
  });

  test('invisible characters from copying are removed', async () => {
    expect(await read('no\u200bde1\u202e\n')).toEqual(['http://node1/metrics -']);
  });
});

describe('CSV', () => {
  test('with a header: other columns are groups, and one of them has names', async () => {
    const text = 'host,rack,name,"cost, centre",\nn[1,2]:9090,7,first,"Lab ""A"" # 1",x\nn3,,,\nn4\n';
    expect(await read(text)).toEqual([
      'http://n1:9090/metrics first rack=7 cost, centre=Lab "A" # 1',
      'http://n2:9090/metrics first rack=7 cost, centre=Lab "A" # 1',
      'http://n3/metrics -',
      'http://n4/metrics -',
    ]);
  });

  test('without a header only the first column counts if the others are not addresses, with a note', async () => {
    const text = 'n1:9090,7,x\nn2:9090,8,y\n';
    expect(await read(text)).toEqual(['http://n1:9090/metrics -', 'http://n2:9090/metrics -']);
    expect(await notes(text)).toEqual(['4 cells without a header left out (first: line 1, "7")']);
  });

  test.each([
    'host',
    'Hostname',
    'HOSTNAMES',
    'NODELIST',
    'node',
    'nodes',
    'NodeName',
    'host_name',
    'Node List',
    'address',
    'targets',
    'IP',
  ])('the column %s has the addresses in any position', async (head) => {
    expect(await read(`${head},rack\nn1:9090,r1\n`)).toEqual(['http://n1:9090/metrics - rack=r1']);
    expect(await read(`rack,${head},zone\r\nr1,n[1,2]:9090,z\r\n`)).toEqual([
      'http://n1:9090/metrics - rack=r1 zone=z',
      'http://n2:9090/metrics - rack=r1 zone=z',
    ]);
    expect(await read(`${head}\nn1\n`)).toEqual(['http://n1/metrics -']);
  });

  test('the table of sinfo -N', async () => {
    const text =
      'NODELIST   NODES PARTITION STATE \ngpu01          1      gpu*  idle \ngpu01          1      long  idle \ngpu02          1      gpu*   mix \n';
    expect(await read(text)).toEqual([
      'http://gpu01/metrics - NODES=1 PARTITION=gpu* STATE=idle',
      'http://gpu02/metrics - NODES=1 PARTITION=gpu* STATE=mix',
    ]);
    expect(await notes(text)).toEqual(['1 duplicate address merged, 1 of them with other labels (first: gpu01)']);
  });

  test('the table of squeue: pending jobs are on no node', async () => {
    const text = `             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)
               101       gpu    train    alice  R       1:00      2 gpu[01-02]
               102       gpu    train      bob PD       0:00      1 (Resources)
               103       gpu    train      bob PD       0:00      1 (ReqNodeNotAvail, UnavailableNodes:gpu09)
`;
    expect((await read(text)).map((one) => one.split(' ')[0])).toEqual(['http://gpu01/metrics', 'http://gpu02/metrics']);
    expect(await notes(text)).toEqual(['2 rows without a node left out (first: line 3, "(Resources)")']);
  });

  test('the job name of squeue is a label, not the name of the node', async () => {
    const text = `JOBID PARTITION NAME USER ST TIME NODES NODELIST(REASON)
101 gpu train alice R 1:00 2 gpu[01-02]
102 gpu eval bob PD 0:00 1 (Resources)
`;
    expect(await read(text)).toEqual(
      ['gpu01', 'gpu02'].map((node) => `http://${node}/metrics - JOBID=101 PARTITION=gpu NAME=train USER=alice ST=R TIME=1:00 NODES=2`),
    );
    expect(await notes(text)).toEqual(['1 row without a node left out (first: line 3, "(Resources)")']);
  });

  test('the date above the table of sinfo -l is no address', async () => {
    const text = 'Sat Nov 28 09:00:00 2026\nNODELIST NODES STATE\ngpu01 1 idle\n';
    expect(await read(text)).toEqual(['http://gpu01/metrics - NODES=1 STATE=idle']);
  });

  test('the table of kubectl get nodes: NAME is the address', async () => {
    const text = 'NAME     STATUS   ROLES    AGE   VERSION\ngpu01   Ready    <none>   1d    v1.29\ngpu02   NotReady <none> 1d v1.29\n';
    expect(await read(text)).toEqual([
      'http://gpu01/metrics - STATUS=Ready ROLES=<none> AGE=1d VERSION=v1.29',
      'http://gpu02/metrics - STATUS=NotReady ROLES=<none> AGE=1d VERSION=v1.29',
    ]);
  });

  test('rows with more cells than the header are noted', async () => {
    expect(await notes('host,rack\nn1,r1,x\nn2,r2,y\n')).toEqual(['2 rows with more cells than the header left out (first: line 2)']);
  });

  test('several ports in a row, and rows with the same cell in the column node, are endpoints of one node', async () => {
    expect(await read('host,ports,rack\ngpu01,9400+9100,r1\ngpu02,9400;9100,r2\ngpu03:1,2,r3\ngpu04,n/a,r4\n')).toEqual([
      'http://gpu01:9400/metrics+http://gpu01:9100/metrics - ports=9400+9100 rack=r1',
      'http://gpu02:9400/metrics+http://gpu02:9100/metrics - ports=9400;9100 rack=r2',
      'http://gpu03:1/metrics - ports=2 rack=r3',
      'http://gpu04/metrics - ports=n/a rack=r4',
    ]);
    expect(await read('address,node,rack\n10.0.0.1:9400,gpu01,r1\n10.0.0.2:9400,,r1\n10.1.0.1:9100,gpu01,\n10.0.0.3,gpu03,r2\n')).toEqual([
      'http://10.0.0.1:9400/metrics+http://10.1.0.1:9100/metrics gpu01 rack=r1',
      'http://10.0.0.2:9400/metrics - rack=r1',
      'http://10.0.0.3/metrics gpu03 rack=r2',
    ]);
    // A column of another kind, and a label of file_sd, join nothing.
    const text = JSON.stringify([{ targets: ['a:9400', 'a:9100'], labels: { node: 'a' } }]);
    expect(await read(text)).toEqual(['http://a:9400/metrics - node=a', 'http://a:9100/metrics - node=a']);
  });

  test.each([';', '\t'])('separated by %j', async (separator) => {
    expect(await read(`Address${separator}rack\nn1:9090${separator}7\n`)).toEqual(['http://n1:9090/metrics - rack=7']);
  });

  test('names of JavaScript object properties are plain names', async () => {
    expect(await read('host,__proto__,constructor,toString\nn1,a,b,c\n')).toEqual(['http://n1/metrics - constructor=b toString=c']);
  });

  test('texts are sanitized and truncated', async () => {
    const [one] = (await readHostfile(file(`host,rack\nn1,\x1b[31m${'ä'.repeat(100)}\n`))).targets;
    expect(one!.groups.get('rack')).toBe(`[31m${'ä'.repeat(62)}`);
  });
});

describe('file_sd', () => {
  test('keeps labels, uses __scheme__, ignores other __ labels', async () => {
    const text = JSON.stringify([
      { targets: ['n1:9090', 'n[2-3]:9090'], labels: { rack: '7', __scheme__: 'https', __meta_x: 'y', __metrics_path__: '/metrics' } },
      { targets: ['http://n4'], labels: { instance: 'four', __scheme__: 'https' } },
      { targets: [] },
    ]);
    expect(await read(`\n ${text}`)).toEqual([
      'https://n1:9090/metrics - rack=7',
      'https://n2:9090/metrics - rack=7',
      'https://n3:9090/metrics - rack=7',
      'http://n4/metrics four',
    ]);
  });

  test.each([
    ['[{"targets": ["n1"]},\n{"targets": "n2"}]', 'entry 2: "targets" is not a list of addresses'],
    ['[{}]', 'entry 1: "targets" is not a list of addresses'],
    ['[{"targets": [5]}]', 'entry 1: "targets" is not a list of addresses'],
    ['[{"targets": ["n1"], "labels": {"a": 5}}]', 'entry 1: "labels" is not an object of strings'],
    ['[{"targets": ["n1"], "labels": []}]', 'entry 1: "labels" is not an object of strings'],
    ['[{"targets": ["n1:x"]}]', 'entry 1: "n1:x": the port must be 1 to 65535'],
    ['[{"targets": ["n1"], "labels": {"__metrics_path__": "x"}}]', 'entry 1: __metrics_path__ x does not begin with /'],
    ['[{"targets": ["n1"], "labels": {"__metrics_path__": "/a b"}}]', 'entry 1: "n1": "/a b" is not a path'],
    ['- targets: [n1]\n- targets: n2', 'line 2: targets is not a list'],
    ['- labels: {a: b}', 'line 1: targets is missing'],
    ['- targets: [n1]\n  label: {a: b}', 'line 2: unknown key; an entry has targets, labels'],
    ['# ours\n---\n- targets:\n  - n1\n  - n2:x', 'line 3: "n2:x": the port must be 1 to 65535'],
    ['- targets: [n1', 'line 1: not valid YAML: wrong indentation, or a bracket is missing'],
    ['- targets: [n1]\n  labels: {a: {b: c}}', 'line 2: a label is not a text'],
    ['[{"targets": ["n1"], "labels": {"__scheme__": "ftp"}}]', 'entry 1: __scheme__ ftp is not supported'],
    ['{"targets": ["n1"]}', 'entry 1: not a list of {"targets": [...], "labels": {...}}'],
    ['[{"targets": ["n1"]},\n\n{"targets" ["n2"]}]', 'line 3: not valid JSON'],
    ['[{"targets": ["n1"]},\n', 'line 2: not valid JSON'],
  ])('%s', async (text, expected) => {
    expect(await fault(text)).toBe(`E_HOSTFILE_BAD: host file FILE, ${expected}`);
  });
});

describe('how a target is scraped', () => {
  const endpoints = async (text: string, byHost = false): Promise<string[]> => {
    const { targets } = await readHostfile(file(text), 'http', byHost);
    return targets.map((target) => `${target.nodeId} ${target.endpoints.map(({ url }) => url).join(' ')}`);
  };

  test('YAML is the same as JSON: labels, anchors, numbers as texts', async () => {
    const yaml = `# written by hand
- targets: ["n1:9400", "n[2-3]:9400"]
  labels: &rack
    rack: 7
    __scheme__: https
- targets:
    - n4:9400
  labels: *rack
`;
    expect(await read(yaml)).toEqual(['n1', 'n2', 'n3', 'n4'].map((name) => `https://${name}:9400/metrics - rack=7`));
  });

  test('path and parameters: what is not /metrics is part of the id, and secret parameters are not shown', async () => {
    const labels = { __metrics_path__: '/probe', __param_target: 'gpu 1', __param_api_key: 'hunter2' };
    expect(await endpoints(JSON.stringify([{ targets: ['n1:9116', 'n1:9116/own'], labels }]))).toEqual([
      'n1:9116/probe?target=gpu 1&api_key=... http://n1:9116/probe?target=gpu+1&api_key=hunter2',
      'n1:9116/own?target=gpu 1&api_key=... http://n1:9116/own?target=gpu+1&api_key=hunter2',
    ]);
    expect(await endpoints('host,rack\nhttps://n1:9400/custom,r1\nn1:9400,r1\nn2:6817/metrics/jobs,r2\n')).toEqual([
      'n1:9400/custom https://n1:9400/custom',
      'n1:9400 http://n1:9400/metrics',
      'n2:6817/metrics/jobs http://n2:6817/metrics/jobs',
    ]);
  });

  test('endpoints on the same host are one node, if asked for', async () => {
    const text = '- targets: [n1:9400, n2:9400]\n- targets: [n1:9100, "[::1]:1", "N2.:9100"]\n';
    expect(await endpoints(text)).toHaveLength(5);
    expect((await endpoints(text, true)).map((line) => line.split(' ')[0])).toEqual(['n1:9400+9100', 'n2:9400+N2.:9100', '[::1]:1']);
  });

  test('with an http config of its own: a file beside the list', async () => {
    const configs = async (text: string): Promise<(string | undefined)[]> =>
      (await readHostfile(file(text))).targets.map(({ endpoints: [one] }) => one!.httpConfig);
    expect(await configs('host,http_config,rack\nn1,a.yml,r1\nn2,,r1\nn3,/etc/b.yml,r2\n')).toEqual([
      join(directory, 'a.yml'),
      undefined,
      '/etc/b.yml',
    ]);
    const [one] = (await readHostfile(file('host,http_config,rack\nn1,a.yml,r1\n'))).targets;
    expect([...one!.groups]).toEqual([['rack', 'r1']]);
    expect(await configs('- targets: [n1]\n  labels: {__http_config__: ../c.yml}')).toEqual([join(directory, '../c.yml')]);
  });
});

describe('errors are reported with their position', () => {
  test.each([
    ['a\nb\nc:x\nd', 'E_HOSTFILE_BAD: host file FILE, line 3: "c:x": the port must be 1 to 65535'],
    ['# one\n\na[3-1]', 'E_HOSTFILE_BAD: host file FILE, line 3: "a[3-1]": [3-1] runs backwards'],
    ['host,rack\n,7', 'E_HOSTFILE_BAD: host file FILE, line 2: "": the address is empty'],
    ['n1,"7\n', 'E_HOSTFILE_BAD: host file FILE, line 1: quoted field unterminated'],
    ['', 'E_HOSTFILE_EMPTY: host file FILE lists no hosts'],
    ['# none\n\n', 'E_HOSTFILE_EMPTY: host file FILE lists no hosts'],
    ['[]', 'E_HOSTFILE_EMPTY: host file FILE lists no hosts'],
    ['a\0b', 'E_HOSTFILE_UNREADABLE: host file FILE: is not a text file'],
    ['n[1-9999]\nm[1-2]', 'E_HOSTS_TOO_MANY: more than 10000 hosts'],
  ])('%j', async (text, expected) => {
    expect(await fault(text)).toBe(expected);
  });

  test('a file that is missing, unreadable, not a regular file, or too large', async () => {
    expect(await fault('', join(directory, 'none'))).toMatch(/^E_HOSTFILE_UNREADABLE: .*: does not exist$/);
    mkdirSync(join(directory, 'sub'), { recursive: true });
    expect(await fault('', join(directory, 'sub'))).toMatch(/: is a directory$/);
    const large = file(Buffer.alloc(MAX_HOSTFILE_BYTES + 1, '#'));
    expect(await fault('', large)).toMatch(/: larger than 10 MiB$/);
    expect(await fault('', '/dev/zero')).toMatch(/: larger than 10 MiB$/);
    if (process.getuid?.() === 0) return; // root reads everything
    const locked = file('a');
    chmodSync(locked, 0);
    expect(await fault('', locked)).toMatch(/: may not be read$/);
  });

  test('the name in the message cannot control a terminal', async () => {
    expect(await fault('', '\x1b[2Jnone')).toBe('E_HOSTFILE_UNREADABLE: host file [2Jnone: does not exist');
  });
});

describe('links and pipes', () => {
  test('a link to a file, and a link to a link', async () => {
    const path = file('n1\n');
    symlinkSync(path, join(directory, 'link'));
    symlinkSync(join(directory, 'link'), join(directory, 'link2'));
    expect(await read('', join(directory, 'link2'))).toEqual(['http://n1/metrics -']);
  });

  test('a circular link', async () => {
    symlinkSync(join(directory, 'circle'), join(directory, 'circle'));
    expect(await fault('', join(directory, 'circle'))).toMatch(/: too many links$/);
  });

  test('a named pipe', async () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reading = read('', pipe);
    execFile('sh', ['-c', 'printf "n1\\nn2\\n" > "$0"', pipe]);
    expect(await reading).toEqual(['http://n1/metrics -', 'http://n2/metrics -']);
  });
});
