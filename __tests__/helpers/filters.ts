/** Filters and the nodes they are evaluated on; the expected matches are computed from the records, without code of the program. */
import fc from 'fast-check';
import type { GpuSpec, NodeSpec, ProcSpec } from './hosts.js';

/** A filter as text, and its result for a pair. */
export interface Claim {
  readonly text: string;
  holds(pair: { host: NodeSpec; gpu: GpuSpec | undefined; proc: ProcSpec | undefined }): boolean;
}
const FIGURES = ['0', '1', '2', '3'];
const number = (name: string, read: (gpu: GpuSpec | undefined, proc: ProcSpec | undefined) => number | undefined): fc.Arbitrary<Claim> =>
  fc.tuple(fc.constantFrom('==', '!=', '<', '>', '<=', '>='), fc.constantFrom(...FIGURES)).map(([operator, figure]) => ({
    text: `${name}${operator}${figure}`,
    holds: ({ gpu, proc }) => {
      const reading = read(gpu, proc);
      const value = Number(figure);
      if (reading === undefined) return false;
      switch (operator) {
        case '==':
          return reading === value;
        case '!=':
          return reading !== value;
        case '<':
          return reading < value;
        case '>':
          return reading > value;
        case '<=':
          return reading <= value;
        default:
          return reading >= value;
      }
    },
  }));
const text = (name: string, values: readonly string[], read: (host: NodeSpec, proc: ProcSpec | undefined) => string | undefined) =>
  fc.tuple(fc.constantFrom('==', '!=', '~='), fc.constantFrom(...values)).map(([operator, value]): Claim => ({
    text: `${name}${operator}${value}`,
    holds: ({ host, proc }) => {
      const given = read(host, proc) ?? '';
      if (given === '') return false;
      return operator === '~=' ? given.includes(value) : (given === value) === (operator === '==');
    },
  }));
export const claims = fc.letrec<{ claim: Claim }>((tie) => ({
  claim: fc.oneof(
    { depthSize: 'small' },
    number('temp', (gpu) => gpu?.temperatureCelsius),
    number('util', (gpu) => gpu?.utilPercent),
    number('pid', (_gpu, proc) => proc?.pid),
    text('user', ['ann', 'bob', 'b'], (_host, proc) => proc?.user),
    text('host', ['n1', 'n2', 'n'], (host) => host.name),
    fc
      .tuple(tie('claim'), tie('claim'))
      .map(([a, b]): Claim => ({ text: `(${a.text}&${b.text})`, holds: (on) => a.holds(on) && b.holds(on) })),
    fc
      .tuple(tie('claim'), tie('claim'))
      .map(([a, b]): Claim => ({ text: `(${a.text}|${b.text})`, holds: (on) => a.holds(on) || b.holds(on) })),
    tie('claim').map((a): Claim => ({ text: `not ${a.text}`, holds: (on) => !a.holds(on) })),
  ),
})).claim;
const figure = fc.option(fc.nat(3), { nil: undefined });
const gpus = fc.array(fc.record({ temperatureCelsius: figure, utilPercent: figure }), { maxLength: 4 });
const procs = fc.array(fc.record({ pid: fc.nat(3), gpu: fc.integer({ min: -1, max: 5 }), user: fc.constantFrom('', 'ann', 'bob') }), {
  maxLength: 6,
});
export type Spec = NodeSpec & { readonly name: string; readonly gpus: readonly GpuSpec[]; readonly procs: readonly ProcSpec[] };

/** `ghosts`: GPUs known only from processes. */
export const specs: fc.Arbitrary<Spec> = fc.tuple(fc.constantFrom('n1', 'n2'), gpus, procs, fc.nat(2)).map(([name, list, rows, ghosts]) => {
  const all: GpuSpec[] = [...list.map((gpu): GpuSpec => defined(gpu)), ...Array.from({ length: ghosts }, () => ({ ghost: true }))];
  return { nodeId: name, name, gpus: all, procs: rows.map((row) => ({ ...row, gpu: row.gpu < all.length ? row.gpu : -1 })) };
});
const defined = (record: Record<string, number | undefined>): GpuSpec =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

/** Whether each process row and each GPU matches. */
export function pairsOf(spec: Spec, { holds }: Claim): { readonly ofProc: readonly boolean[]; readonly ofGpu: readonly boolean[] } {
  const ofProc = spec.procs.map((proc) => holds({ host: spec, gpu: spec.gpus[proc.gpu!], proc }));
  const ofGpu = spec.gpus.map((gpu, slot) => {
    const rows = spec.procs.flatMap((proc, row) => (proc.gpu === slot ? [ofProc[row]!] : []));
    return rows.length > 0 ? rows.some(Boolean) : holds({ host: spec, gpu, proc: undefined });
  });
  return { ofProc, ofGpu };
}
