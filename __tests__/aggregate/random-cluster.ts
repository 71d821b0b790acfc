/** Random clusters small enough that pids, GPUs, names and states often coincide. */
import fc from 'fast-check';
import type { OracleHost } from './users-oracle.js';

const GIB = 2 ** 30;

export const NAMES = ['alice', 'bob', '', 'root', '7', '1000', '\uFFFD', '😀', 'zoe'];
const proc = (slots: number): fc.Arbitrary<OracleHost['procs'][number]> =>
  fc
    .record({
      pid: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1)),
      gpu: slots === 0 ? fc.constant(-1) : fc.integer({ min: -1, max: slots - 1 }),
      user: fc.constantFrom(...NAMES),
      vram: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 5, 5 * GIB) }, { weight: 4, arbitrary: fc.nat(1e9) }, fc.constant(NaN)),
      age: fc.oneof(fc.constant(NaN), fc.nat(5)),
      sm: fc.oneof(fc.constant(NaN), fc.integer({ min: 0, max: 100 })),
      command: fc.constantFrom('', 'train', 'infer', 'eval --x'),
      name: fc.constantFrom('', 'python', 'node'),
    })
    .map((row) => (row.gpu < 0 ? { ...row, vram: 0 } : row));
const gpu = fc.record(
  {
    powerWatts: fc.oneof(
      fc.constantFrom(-40, 0),
      fc.nat(700_000).map((milliwatts) => milliwatts / 1000),
    ),
    memoryUsedBytes: fc.oneof(fc.constant(GIB), fc.nat(2 ** 31 - 1)),
  },
  { requiredKeys: [] },
);
export const host: fc.Arbitrary<OracleHost> = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.constantFrom(32, 33, 70) }), fc.nat(2))
  .chain(([count, ghosts]) =>
    fc.record({
      state: fc.constantFrom('live', 'live', 'live', 'failing', 'overdue', 'waiting'),
      gpus: fc
        .tuple(
          fc.array(gpu, { minLength: count, maxLength: count }),
          fc.array(fc.constant({ ghost: true }), { minLength: ghosts, maxLength: ghosts }),
        )
        .map(([real, ghost]) => [...real, ...ghost]),
      procs: fc.uniqueArray(proc(count + ghosts), { maxLength: 40, selector: ({ pid, gpu: slot }) => `${pid} ${slot}` }),
      facts: fc.record({
        hasProcessFamily: fc.boolean(),
        processScope: fc.constantFrom(undefined, undefined, 'gpu' as const, 'all' as const, 'off' as const),
      }),
    }),
  )
  .map((spec) => (spec.state === 'waiting' ? { ...spec, gpus: [], procs: [] } : spec));
export const cluster = fc.array(host, { maxLength: 5 });
