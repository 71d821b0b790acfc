/** `all-smi-view mock`: a made-up cluster on real ports, until a signal stops it. */
import { AppError } from '../lib/errors.js';
import { MOCK_OPTIONS, resolveOptions, type Environment, type Flags, type MockOptions } from '../lib/options/options.js';
import { startMock } from '../lib/mock/mock.js';
import { nodeAddresses, parsePortRange, portsFrom, writeHosts } from '../lib/mock/mock-ports.js';
import { surviveLostOutput } from './lost-output.js';
import { signalled } from './signals.js';
import { systemClock } from '../lib/run/system-clock.js';

const FIRST_PORT = 10_001;
const NODES = 10;
const DIALECTS: readonly string[] = ['all-smi'];
/** The same cluster at every start. */
const SEED = 1;

export async function mock(flags: Flags, env: Environment): Promise<number> {
  const options = resolveOptions(MOCK_OPTIONS, flags, env);
  surviveLostOutput();
  const ended = signalled();
  const dialects = options.dialects ?? DIALECTS;
  const cluster = await startMock({
    ...options,
    dialects,
    ports: portsOf(options, dialects.length),
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
    const addresses = nodeAddresses(cluster.addresses, dialects.length);
    if (options.output !== undefined) await writeHosts(options.output, addresses);
    const [first = '', last = first] = [addresses[0], addresses.at(-1)];
    const nodes = addresses.length === 1 ? `1 node on ${first}` : `${addresses.length} nodes on ${first} to ${last}`;
    process.stdout.write(`all-smi-view mock: ${nodes}; press Ctrl-C to stop\n`);
    return await ended;
  } finally {
    await cluster.stop();
  }
}

function portsOf({ portRange, nodes, port }: MockOptions, each: number): readonly number[] {
  if (portRange === undefined) return portsFrom(port ?? FIRST_PORT, nodes ?? NODES, each);
  if ((nodes ?? port) !== undefined) {
    throw new AppError('E_OPTION_BAD', { option: '--port-range', reason: 'cannot be combined with --nodes or --port' });
  }
  return parsePortRange(portRange);
}
