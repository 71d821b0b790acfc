/** Nodes over SSH as the program watches them: a collector, and what it delivers. */
import { setTimeout as pause } from 'node:timers/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { Parsers } from '../../lib/exposition/parser/index.js';
import { SampleColumns } from '../../lib/exposition/write/sample-columns.js';
import type { NodeView } from '../../lib/model/node-view.js';
import { systemClock } from '../../lib/run/system-clock.js';
import { TargetList } from '../../lib/sources/hostlists/targets.js';
import { createSshCollector, type SshCollectorOptions } from '../../lib/sources/ssh/ssh-collector.js';
import { VERSION } from '../../lib/version.js';
import type { StandInMachine } from './captures.js';
import type { Lab } from './sshd.js';

export interface Watched {
  readonly nodes: readonly NodeView[];
  /** Deliveries of data of a node so far. */
  readonly answers: (name: string) => number;
  /** What it says of a node: 'live', or the code of its error and its text. */
  readonly says: (name: string) => string;
  /** Waits for it; whatever else it says until then. */
  readonly until: (name: string, said: RegExp) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export function watchOverSsh(
  lab: Lab,
  names: readonly string[],
  { machine, ...options }: Partial<SshCollectorOptions> & { readonly machine?: StandInMachine } = {},
): Watched {
  const list = new TargetList('--ssh', 'ssh');
  for (const name of names) list.add(name);
  const parsers = new Parsers();
  const { nvidiaSmi = '/nowhere/nvidia-smi', procDir = '/proc', passwdFile } = machine ?? {};
  const collector = createSshCollector({
    targets: list.targets,
    ssh: { config: lab.config, options: [] },
    newColumns: () => parsers.holding((users) => new SampleColumns(users, VERSION)),
    clock: systemClock,
    source: 'test',
    intervalMs: 300,
    timeoutMs: 2000,
    nvidiaSmi,
    procDir,
    passwdFile,
    redact: true,
    ...options,
  });
  const answers = new Map<string, number>();
  collector.start(({ node: { nodeId }, kind }) => {
    if (kind === 'data') answers.set(nodeId, (answers.get(nodeId) ?? 0) + 1);
  });
  const says = (name: string): string => {
    const { phase, error } = collector.nodes.find(({ nodeId }) => nodeId === name)!.endpoints[0]!.status;
    return error === undefined ? phase : `${error.code} ${error.text}`;
  };
  return {
    nodes: collector.nodes,
    answers: (name) => answers.get(name) ?? 0,
    says,
    async until(name, said) {
      for (let left = 3000; !said.test(says(name)); left--) {
        if (left === 0) throw new Error(`${name} says ${says(name)}`);
        await pause(10);
      }
      return says(name);
    },
    stop: () => collector.stop(),
  };
}

/** Processes that have this variable in their environment, and their command lines. Those that have ended are not there. */
export function processesWith(variable: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isOne = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(variable);
        return isOne ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 80)}`] : [];
      } catch {
        return [];
      }
    });
}
