/** `all-smi-view mock`: a made-up cluster on real ports, until a signal stops it. */
import { AppError } from '../lib/errors.js';
import { MOCK_OPTIONS, resolveOptions, type Environment, type Flags, type MockOptions } from '../lib/options/options.js';
import { startMock } from '../lib/mock/mock.js';
import { parsePortRange, portsFrom, writeHosts } from '../lib/mock/mock-ports.js';
import { surviveLostOutput } from './lost-output.js';
import { signalled } from './signals.js';
import { systemClock } from '../lib/run/system-clock.js';

const FIRST_PORT = 10_001;
const NODES = 10;
/** The same cluster at every start. */
const SEED = 1;

export async function mock(flags: Flags, env: Environment): Promise<number> {
  const options = resolveOptions(MOCK_OPTIONS, flags, env);
  surviveLostOutput();
  const ended = signalled();
  const cluster = await startMock({
    ...options,
    ports: portsOf(options),
    processes: options.processes === true,
    switches: {
      vgpu: options.vgpu === true,
      mig: options.mig === true,
      hardware: options.hardware === true,
      topology: options.topology === true,
    },
    seed: SEED,
    clock: systemClock,
  });
  try {
    if (options.output !== undefined) await writeHosts(options.output, cluster.addresses);
    const [first = '', last = first] = [cluster.addresses[0], cluster.addresses.at(-1)];
    const nodes = cluster.addresses.length === 1 ? `1 node on ${first}` : `${cluster.addresses.length} nodes on ${first} to ${last}`;
    process.stdout.write(`all-smi-view mock: ${nodes}; press Ctrl-C to stop\n`);
    return await ended;
  } finally {
    await cluster.stop();
  }
}

function portsOf({ portRange, nodes, port }: MockOptions): readonly number[] {
  if (portRange === undefined) return portsFrom(port ?? FIRST_PORT, nodes ?? NODES);
  if ((nodes ?? port) !== undefined) {
    throw new AppError('E_OPTION_BAD', { option: '--port-range', reason: 'cannot be combined with --nodes or --port' });
  }
  return parsePortRange(portRange);
}
