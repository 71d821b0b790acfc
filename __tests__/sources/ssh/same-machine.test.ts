/** The same machine, read from itself and over SSH: the captured one behind a real sshd. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
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
