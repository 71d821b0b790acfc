/** What is said of a node that cannot be read over SSH, with real sshd processes as nodes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gpusUnknown } from '../../../lib/model/node-view.js';
import { sourcesOf } from '../../../lib/model/node-sources.js';
import { troubles } from '../../../lib/model/sample.js';
import { NODE_SCRIPT } from '../../../lib/sources/ssh/node-script.js';
import { staticMachine } from '../../helpers/captures.js';
import { watchOverSsh, type Watched } from '../../helpers/ssh-nodes.js';
import { freePort, Lab } from '../../helpers/sshd.js';

let lab: Lab;
beforeAll(() => {
  lab = new Lab();
});
afterAll(() => lab.dispose());

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

function watch(names: readonly string[], options: Parameters<typeof watchOverSsh>[2] = {}): Watched {
  const watched = watchOverSsh(lab, names, options);
  running.push(watched);
  return watched;
}

describe('one node that cannot be read does not delay another', () => {
  test('killed, stopped, refusing, another host key, an unknown one, no key of ours, not in the DNS: each says what it is', async () => {
    await lab.node('good');
    const [killed, stopped, changed] = [await lab.node('killed'), await lab.node('stopped'), await lab.node('changed')];
    await lab.node('stranger', { client: [`UserKnownHostsFile ${lab.directory}/nobody`] });
    await lab.node('locked', { isLocked: true });
    lab.alias('refusing', await freePort());
    await changed.stop();
    changed.changeHostKey();
    await changed.start();
    const names = ['good', 'killed', 'stopped', 'changed', 'stranger', 'locked', 'refusing', 'nowhere.invalid'];
    const watched = watch(names);
    for (const name of ['good', 'killed', 'stopped']) await watched.until(name, /^live$/);
    await killed.stop();
    stopped.signal('SIGSTOP');
    expect(await watched.until('killed', /REFUSED/)).toBe('S_SSH_REFUSED SSH: connection refused');
    expect(await watched.until('stopped', /LOST/)).toBe('S_SSH_LOST SSH: connection lost: no response within 2 s');
    expect(await watched.until('stopped', /UNREACHABLE/)).toMatch(/timed out/i);
    expect(await watched.until('changed', /S_SSH/)).toBe('S_SSH_HOST_CHANGED SSH: the host key has changed');
    expect(await watched.until('stranger', /S_SSH/)).toBe('S_SSH_HOST_UNKNOWN SSH: the host key is not known');
    expect(await watched.until('locked', /S_SSH/)).toMatch(/^S_SSH_AUTH SSH: authentication failed: .*Permission denied \(publickey\)/);
    expect(await watched.until('nowhere.invalid', /S_/)).toBe('S_DNS host name not found');
    // Another attempt is planned, and the other nodes go on meanwhile.
    expect(watched.nodes.find(({ nodeId }) => nodeId === 'killed')!.endpoints[0]!.status.nextTryAt).toBeGreaterThan(Date.now() - 1000);
    const before = watched.answers('good');
    for (let left = 1000; watched.answers('good') < before + 3 && left > 0; left--) await pause(10);
    expect(watched.answers('good')).toBeGreaterThanOrEqual(before + 3);
    expect(watched.says('good')).toBe('live');
    await killed.start();
    stopped.signal('SIGCONT');
    await watched.until('killed', /^live$/);
    await watched.until('stopped', /^live$/);
  });

  test('a connection that ends: lost, and made again', async () => {
    const node = await lab.node('lossy');
    const watched = watch(['lossy']);
    await watched.until('lossy', /^live$/);
    node.signal('SIGTERM');
    await node.stop();
    expect(await watched.until('lossy', /LOST|CLOSED/)).toMatch(/^S_SSH_LOST SSH: connection lost: /);
    await node.start();
    await watched.until('lossy', /^live$/);
  });

  test('a jump host whose key is not known: no window is opened to ask about it', async () => {
    await lab.node('bastion', { client: [`UserKnownHostsFile ${lab.directory}/nobody`, 'StrictHostKeyChecking ask'] });
    await lab.node('behind', { client: ['ProxyJump bastion'] });
    const [askpass, asked] = [join(lab.directory, 'askpass'), join(lab.directory, 'asked')];
    writeFileSync(askpass, `#!/bin/sh\necho "$1" >>${asked}\necho yes\n`, { mode: 0o755 });
    const before = process.env;
    process.env = { ...before, DISPLAY: ':0', SSH_ASKPASS: askpass };
    running.push({ stop: () => (process.env = before) });
    const watched = watch(['behind']);
    expect(await watched.until('behind', /S_|live/)).toBe('S_SSH_HOST_UNKNOWN SSH: the host key is not known');
    expect(existsSync(asked)).toBe(false);
  });

  test('no ssh on this machine', async () => {
    const watched = watch(['anything'], { program: '/nowhere/ssh' });
    expect(await watched.until('anything', /S_/)).toBe('S_SSH_MISSING ssh is not on the PATH');
  });

  test('an option that ssh does not know', async () => {
    const watched = watch(['anything'], { ssh: { config: lab.config, options: ['NoSuchOption=1'] } });
    expect(await watched.until('anything', /S_/)).toMatch(/^S_SSH_CONFIG ssh: .*bad configuration option/i);
  });
});

describe('login shells', () => {
  const shell = (command: string): { readonly config: readonly string[] } => ({ config: [`ForceCommand ${command}`] });

  test.each([
    ['tcsh', '/usr/bin/tcsh -c "$SSH_ORIGINAL_COMMAND"'],
    ['a talkative one', 'echo "Welcome to gpu01"; echo "1.0"; echo more >&2; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'],
    ['one that starts a program in the background', '(while sleep 0.1; do echo tick; done & exec /bin/sh -c "$SSH_ORIGINAL_COMMAND")'],
  ])('%s', async (name, command) => {
    const id = name.replaceAll(' ', '-');
    await lab.node(id, shell(command));
    const watched = watch([id]);
    await watched.until(id, /^live$/);
  });

  test('a banner and a message of the day', async () => {
    writeFileSync(join(lab.directory, 'words'), 'Authorized use only\nPermission denied (publickey).\n');
    await lab.node('banner', { config: [`Banner ${lab.directory}/words`, 'PrintMotd yes'] });
    const watched = watch(['banner']);
    await watched.until('banner', /^live$/);
  });

  test('none: what it says is the reason', async () => {
    await lab.node('nologin', shell('/usr/sbin/nologin'));
    const watched = watch(['nologin']);
    expect(await watched.until('nologin', /S_/)).toBe('S_SSH_SHELL SSH: no shell: This account is currently not available.');
  });

  test('no /proc, and no setsid', async () => {
    await lab.node('bare');
    const watched = watch(['bare'], { procDir: '/nowhere' });
    expect(await watched.until('bare', /S_/)).toBe('S_SSH_PROC SSH: /proc cannot be read on the node');
    await lab.node('poor', shell('sed "s/setsid/setsid-of-old/g; /^main | cat/q" | sh'));
    const other = watch(['poor']);
    expect(await other.until('poor', /S_/)).toBe('S_SSH_TOOLS SSH: the node has no setsid-of-old');
  });

  test('a key that may run nothing but the script', async () => {
    const script = join(lab.directory, 'node.sh');
    writeFileSync(script, NODE_SCRIPT);
    const machine = staticMachine();
    running.push({ stop: () => machine.dispose() });
    const own = `smi=${machine.nvidiaSmi} proc=${machine.procDir} passwd=${machine.passwdFile}`;
    await lab.node('restricted', { keyOptions: `restrict,command="${own} exec sh ${script}"` });
    const watched = watch(['restricted']);
    await watched.until('restricted', /^live$/);
    const [node] = watched.nodes;
    expect(node?.name).toBe('gpu-h100-01');
    expect(node?.gpus.slots).toBe(1);
  });
});

test('a node without nvidia-smi is up, and says so', async () => {
  await lab.node('plain');
  const watched = watch(['plain']);
  await watched.until('plain', /^live$/);
  const [node] = watched.nodes;
  expect(troubles(sourcesOf(node!))).toEqual(['GPUs: nvidia-smi was not found']);
  expect(gpusUnknown(node!)).toBe(false);
});
