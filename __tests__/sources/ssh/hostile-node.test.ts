/** What a node, a process on it, or a program that answers in its place sends: it breaks nothing, and no text becomes another. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FrameReader, type Frame } from '../../../lib/sources/ssh/frames.js';
import { systemClock } from '../../../lib/run/system-clock.js';
import { Session } from '../../../lib/sources/ssh/session.js';
import { sshArguments } from '../../../lib/sources/ssh/ssh-command.js';
import { watchOverSsh, type Watched } from '../../helpers/ssh-nodes.js';
import { Lab } from '../../helpers/sshd.js';

let lab: Lab;
beforeAll(async () => {
  lab = new Lab();
  await lab.node('good');
});
afterAll(() => lab.dispose());

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** A node whose answer this program makes. It has the nonce: a hostile node runs the script, and anything else. */
async function hostile(name: string, program: string): Promise<void> {
  const script = join(lab.directory, `${name}.sh`);
  writeFileSync(script, `IFS= read -r line\nnonce=\${line#nonce=}\nhello="$nonce ready 1 Linux evil x86_64 has= lacks="\n${program}\n`);
  await lab.node(name, { config: [`ForceCommand exec sh ${script}`] });
}

async function answering(name: string, program: string): Promise<Watched> {
  await hostile(name, program);
  const watched = watchOverSsh(lab, ['good', name]);
  running.push(watched);
  return watched;
}

describe('an answer that is none', () => {
  test.each([
    ['endless-words', 'yes', 'more than 64 KiB before the script answered'],
    ['endless-line', "tr '\\000' x </dev/zero", 'a line of more than 8 KiB'],
    ['binary', 'cat /dev/urandom', /a line of more than 8 KiB|more than 64 KiB before/],
    ['binary-after-hello', 'echo "$hello"; cat /dev/urandom', /a line of more than 8 KiB|lines that are not from/],
    ['endless-after-hello', 'echo "$hello"; yes "1>x"', 'more than 100000 lines within 5 s'],
    ['endless-long-lines', `echo "$hello"; yes "1>${'x'.repeat(4000)}"`, 'more than 16 MiB within 5 s'],
    ['endless-errors', 'echo "$hello"; yes error >&2', 'more than 16 MiB within 5 s'],
    ['no-lines-of-the-script', 'echo "$hello"; yes nothing', 'lines that are not from the script'],
  ])('%s', async (name, program, reason) => {
    const watched = await answering(name, program);
    const said = await watched.until(name, /S_/);
    expect(said).toMatch(/^S_SSH_GARBLED SSH: the node sent /);
    expect(said.replace(/^.* sent /, '')).toMatch(reason);
    const before = watched.answers('good');
    for (let left = 1000; watched.answers('good') < before + 2 && left > 0; left--) await pause(10);
    expect(watched.says('good')).toBe('live');
  });

  test('parts of a line that never ends, and jobs that never do', async () => {
    // It acknowledges everything, and its first job goes on forever.
    const watched = await answering(
      'endless-frame',
      'echo "$hello"; while read -r n rest; do case $n in [0-9]*) echo "$n@"; echo "$n+part" ;; esac; done',
    );
    await watched.until('endless-frame', /^live$/);
    expect(watched.nodes.find(({ nodeId }) => nodeId === 'endless-frame')?.gpus.slots).toBe(0);
  });

  test('escapes in a reason never reach the screen', async () => {
    const watched = await answering('escapes', String.raw`printf '\033]0;owned\007\033[2J no entry\n' >&2; exit 3`);
    expect(await watched.until('escapes', /S_/)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(watched.says('escapes')).toBe('S_SSH_SHELL SSH: no shell: ]0;owned[2J no entry');
  });
});

describe('a node that does not do what it is told', () => {
  async function connected(name: string, program: string): Promise<Session> {
    await hostile(name, program);
    const session = new Session({
      clock: systemClock,
      ssh: 'ssh',
      args: sshArguments({ url: `ssh://${name}` }, { config: lab.config, options: [] }, 2000),
      script: { nvidiaSmi: 'nvidia-smi', procDir: '/proc' },
      silenceMs: 5000,
    });
    running.push({ stop: () => session.end() });
    await session.ready;
    return session;
  }

  test('a job that goes on after its end was requested: nothing of it is kept', async () => {
    // The first request is a beat, so the jobs are the second and the third.
    const session = await connected('endless-job', 'echo "$hello"; while sleep 0.01; do echo "2>x"; echo "3>y"; done');
    let [first, second] = [0, 0];
    const job = session.start('smi -L', () => first++);
    session.start('smi -L', () => second++);
    const until = async (lines: number): Promise<void> => {
      for (let left = 2000; second < lines && left > 0; left--) await pause(5);
      expect(second).toBeGreaterThanOrEqual(lines);
    };
    await until(5);
    expect(first).toBeGreaterThan(0);
    job.kill();
    const before = first;
    await until(second + 20);
    expect(first).toBe(before);
  });

  test('requests that it does not read are not kept', async () => {
    const session = await connected('deaf', 'echo "$hello"; while sleep 0.1; do echo "1@"; done');
    for (let left = 500; session.isOpen && left > 0; left--) {
      session.start(`names ${'1 '.repeat(50_000)}`, () => undefined);
      await pause(10);
    }
    expect(session.isOpen).toBe(false);
    expect((await session.closed).message).toBe('SSH: connection lost: the node does not read requests');
  });
});

describe('frames', () => {
  const read = (chunks: readonly Buffer[], nonce = 'n'): { readonly frames: Frame[]; readonly fault: string | undefined } => {
    const frames: Frame[] = [];
    const reader = new FrameReader({
      onPreface: (line) => line === nonce,
      onFrame: ({ job, mark, text }) => frames.push({ job, mark, text: Buffer.from(text) }),
    });
    let fault: string | undefined;
    for (const chunk of chunks) fault ??= reader.push(chunk, 0);
    return { frames, fault };
  };

  test('cut anywhere, they are the same', () => {
    const text = Buffer.from('motd\nn\n1@\n12>a 13>b\n1+half \n1>whole\n\n1.0\n999999999999>no\n2!déjà\n');
    const whole = read([text]);
    expect(whole.frames.map(({ job, mark, text: part }) => `${job}${mark}${part.toString()}`)).toEqual([
      '1@',
      '12>a 13>b',
      '1+half ',
      '1>whole',
      '1.0',
      '2!déjà',
    ]);
    for (let at = 1; at < text.length; at++) expect(read([text.subarray(0, at), text.subarray(at)])).toEqual(whole);
    expect(read([...text].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test('noise ends in a fault or in nothing', () => {
    for (let round = 0; round < 50; round++) {
      const { frames, fault } = read([Buffer.from('n\n'), randomBytes(20_000)]);
      expect(fault !== undefined || frames.length < 20_000).toBe(true);
    }
  });
});
