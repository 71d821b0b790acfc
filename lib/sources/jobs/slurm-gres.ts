/** The GPUs in Slurm's texts: gres, gres_detail, TRES. Pure. */
import type { GpuName } from '../../model/jobs.js';
import { splitList } from '../hostlists/host-ranges.js';
import { numbersOf } from './job-fields.js';

/** GPUs of a job on one node. */
export interface Gres {
  /** NaN: a share of GPUs. */
  readonly gpuCount: number;
  readonly gpus: readonly GpuName[];
}

export const NO_GRES: Gres = { gpuCount: 0, gpus: [] };

/** Generic resources that are parts of GPUs. How many make one GPU is not in the job. */
const SHARED = new Set(['shard', 'mps']);
/** A type that names a MIG instance: its index is not that of a GPU. */
const MIG_TYPE = /(?:^|[^a-z])\d+g\.\d+gb/i;
/** name, types, number, and what is in parentheses. */
const ITEM = /^([\w.-]+)((?::[^:()]+)*?)(?::(\d+))?(?:\((.*)\))?$/;

/** 'gpu:h100:2(IDX:0-1),gpu:a100:1(IDX:2)', 'gpu:2(CNT:2)', 'shard:4': one entry of gres_detail, or the value of GRES=. */
export function gresOf(text: string): Gres {
  let gpuCount = 0;
  const gpus: GpuName[] = [];
  for (const item of outsideParentheses(text)) {
    const [, name = '', types = '', number, inside = ''] = ITEM.exec(item) ?? [];
    if (SHARED.has(name)) gpuCount = NaN;
    if (name !== 'gpu') continue;
    const indexes = numbersOf(/\bIDX:([^)]*)/.exec(inside)?.[1] ?? '') ?? [];
    const held = number === undefined ? Math.max(1, indexes.length) : Number(number);
    if (MIG_TYPE.test(types)) {
      if (held > 0) gpuCount = NaN;
      continue;
    }
    gpuCount += held;
    if (indexes.length <= held) for (const index of indexes) gpus.push({ by: 'index', number: index });
  }
  return { gpuCount, gpus };
}

/** Commas within parentheses belong to lists of numbers. */
function outsideParentheses(text: string): readonly string[] {
  return splitList(text.replaceAll('(', '[').replaceAll(')', ']')).map((item) => item.trim().replaceAll('[', '(').replaceAll(']', ')'));
}

const GPU_TRES = /(?:^|,)gres[/:]gpu((?::[^:=,]+?)?)[:=](\d+)(?=,|$)/g;
const SHARED_TRES = /(?:^|,)gres[/:](?:shard|mps)\b/;

/** GPUs of 'cpu=24,gres/gpu=2,gres/gpu:h100=2' and of 'gres/gpu:1': the total, or else the sum of the types. NaN: shares. */
export function gpusInTres(text: string): number {
  let [total, typed, hasTotal] = [0, 0, false];
  for (const [, type = '', number = ''] of text.matchAll(GPU_TRES)) {
    if (MIG_TYPE.test(type)) return NaN;
    if (type === '') [total, hasTotal] = [Number(number), true];
    else typed += Number(number);
  }
  if (SHARED_TRES.test(text)) return NaN;
  return hasTotal ? total : typed;
}
