/**
 * Which GPU of a node is meant. A GPU is known by its uuid and its index: in virtual machines several may report one uuid, zeros for instance.
 */
import type { ExtraTable } from './columns.js';
import type { NodeView } from './node-view.js';

/** Of the GPUs that have a uuid, `called`: the only one, whatever its index; else the one with `index`, -1 for none. `indexOf`: by GPU. */
export function gpuCalled(called: readonly number[], index: number, indexOf: (gpu: number) => number): number {
  if (called.length === 1) return called[0]!;
  return called.find((gpu) => indexOf(gpu) === index) ?? -1;
}

/**
 * Rows of a table that name their GPU in the labels `gpu_uuid` and `gpu_index` (MIG instances, NVLinks, energy), by slot of `node.gpus`. A row
 * without an index, of a uuid that several GPUs have, belongs to none of them. What a filter leaves out still counts as a GPU of its uuid.
 */
export function rowsByGpu(node: Pick<NodeView, 'gpus' | 'extras' | 'text'>, table: ExtraTable): readonly (readonly number[])[] {
  const { gpus } = node;
  const found = Array.from({ length: gpus.count }, (): number[] => []);
  const rows = node.extras.rows(table);
  if (rows.count === 0) return found;
  const all = gpus.whole ?? gpus;
  const called = new Map<string, number[]>();
  for (let gpu = 0; gpu < all.count; gpu++) {
    const uuid = node.text(all.uuid[gpu]!);
    const twins = called.get(uuid);
    if (twins) twins.push(gpu);
    else called.set(uuid, [gpu]);
  }
  const own = new Map(found.map((list, slot) => [gpus.origin?.[slot] ?? slot, list]));
  for (let row = 0; row < rows.count; row++) {
    const twins = called.get(rows.label(row, 'gpu_uuid'));
    if (twins)
      own.get(gpuCalled(twins, twins.length > 1 ? indexOf(rows.label(row, 'gpu_index')) : -1, (gpu) => all.index[gpu]!))?.push(row);
  }
  return found;
}

const indexOf = (label: string): number => (/^\d+$/.test(label) ? Number(label) : NaN);
