/** The same machine, read from itself and over SSH: the captured one behind a real sshd. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeSample } from '../../../lib/model/sample.js';
import { AppError } from '../../../lib/errors.js';
import { systemClock } from '../../../lib/run/system-clock.js';
import { expandHosts } from '../../../lib/sources/hostlists/targets.js';
import { Machine } from '../../../lib/sources/local/machine.js';
import { remoteAccess } from '../../../lib/sources/ssh/remote-access.js';
import { Session } from '../../../lib/sources/ssh/session.js';
import { sshArguments } from '../../../lib/sources/ssh/ssh-command.js';
import { staticMachine, TimelineMachine, type StandInMachine } from '../../helpers/captures.js';
import { Lab } from '../../helpers/sshd.js';

let lab: Lab;
beforeAll(async () => {
  lab = new Lab();
  await lab.node('gpu01');
});
afterAll(() => lab.dispose());

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

const OPTIONS = { clock: systemClock, intervalMs: 3000, scope: 'gpu', redact: true } as const;
const [target] = expandHosts(['gpu01']);

function here(machine: StandInMachine): Machine {
  const { nvidiaSmi, procDir, passwdFile } = machine;
  const local = new Machine({ ...OPTIONS, nvidiaSmi, procDir, passwdFile });
  running.push({ stop: () => machine.dispose() }, local);
  return local;
}

async function there(machine: StandInMachine): Promise<Machine> {
  const { nvidiaSmi, procDir, passwdFile } = machine;
  const session = new Session({
    clock: systemClock,
    ssh: 'ssh',
    args: sshArguments(target!.endpoints[0]!, { config: lab.config, options: [] }, 5000),
    script: { nvidiaSmi, procDir, passwdFile },
    silenceMs: 5000,
  });
  running.push({ stop: () => machine.dispose() }, { stop: () => session.end() });
  const greeting = await Promise.race([session.ready, session.closed]);
  if (greeting instanceof AppError) throw greeting;
  const access = remoteAccess({ clock: systemClock, session, greeting, nvidiaSmi, procDir });
  return new Machine({ ...OPTIONS, nvidiaSmi, procDir, passwdFile, access });
}

/** What does not depend on when it was read. */
const timeless = ({ at: _at, ...sample }: NodeSample): unknown => sample;

test('the captured H100: users, bytes, SM shares, ages, CPU, memory and disks', async () => {
  const [local, remote] = [here(staticMachine()), await there(staticMachine())];
  const [expected, found] = [await local.read(), await remote.read()];
  expect(found.processes?.length).toBeGreaterThan(0);
  expect(timeless(found)).toEqual(timeless(expected));
});

test('the timeline, sample after sample: what is between two of them too', async () => {
  const [mine, its] = [new TimelineMachine(), new TimelineMachine()];
  const [local, remote] = [here(mine), await there(its)];
  const [expected, found]: [unknown[], unknown[]] = [[], []];
  for (const sample of mine.samples.slice(0, 6)) {
    for (const machine of [mine, its]) {
      const said = machine.outputs;
      machine.show(sample);
      if (sample !== mine.samples[0]) machine.speak();
      for (let left = 500; sample !== mine.samples[0] && machine.outputs < said + 2 && left > 0; left--) await pause(10);
    }
    await pause(100);
    expected.push(timeless(await local.read()));
    found.push(timeless(await remote.read()));
  }
  expect(found).toEqual(expected);
});

/** What a user can put into a name, a command line and a cgroup to look like something else. */
const FORGED = [
  '1.0',
  '\n2.0\n3>=454/status\n Uid: 0',
  '=454/status',
  ' =454/cmdline',
  '?nvidia-smi',
  '99@',
  '\u0001\r\n\u001b[2J',
  "'; touch /tmp/owned; '",
  '$(touch /tmp/owned) `touch /tmp/owned`',
  '日本語 🚀 e\u0301',
  '',
  '%s%n\\n\\0',
  '--hf-token hf_abcdefghijklmnopqrstuvwxyz0123456789',
  'x'.repeat(9000),
  'é'.repeat(5000),
];

test('names and command lines that look like answers of the script', async () => {
  const forge = (machine: StandInMachine): StandInMachine => {
    const apps = FORGED.map((argument, nth) => {
      const pid = 900 + nth;
      machine.process(pid, { uid: 1001, argv: ['python3', argument, 'last'], startTicks: 100 + nth });
      const [name] = ['x'.repeat(20), 'a) S 1 (b', 'new\nline', '日本'].slice(nth % 4);
      const fields = Array.from({ length: 50 }, () => '0')
        .with(19, '500')
        .slice(1)
        .join(' ');
      writeFileSync(join(machine.procDir, String(pid), 'stat'), `${pid} (${name}) S ${fields}\n`);
      writeFileSync(
        join(machine.procDir, String(pid), 'cgroup'),
        `0::/user.slice/${argument.replaceAll('\n', '\\012').slice(0, 200)}\n1:x:/\n`,
      );
      return `GPU-11111111-2222-3333-4444-555555555501, ${pid}, ${argument.slice(0, 300)}, ${100 + nth}\n`;
    });
    machine.write('now/apps.csv', apps.join(''));
    // Not UTF-8, no terminator, longer than what is read.
    mkdirSync(join(machine.procDir, '899'), { recursive: true });
    machine.process(899, { uid: 0, argv: ['x'], startTicks: 1 });
    writeFileSync(join(machine.procDir, '899', 'cmdline'), Buffer.from([0x61, 0xff, 0xfe, 0, 0xc3, 0x28, 0, 0, 0x62]));
    machine.process(898, { uid: 0, argv: ['x', 'y'.repeat(200_000), 'z'], startTicks: 1 });
    const gpu = 'GPU-11111111-2222-3333-4444-555555555501';
    machine.write('now/apps.csv', `${apps.join('')}${gpu}, 899, x, 1\n${gpu}, 898, x, 1\n`);
    return machine;
  };
  const [local, remote] = [here(forge(staticMachine())), await there(forge(staticMachine()))];
  const [expected, found] = [await local.read(), await remote.read()];
  expect(found.processes?.length).toBeGreaterThanOrEqual(FORGED.length + 2);
  expect(timeless(found)).toEqual(timeless(expected));
});
