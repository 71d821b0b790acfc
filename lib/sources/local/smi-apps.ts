/** `nvidia-smi --query-compute-apps=... --format=csv,noheader,nounits`: who computes on which GPU and holds how much of it. */
import { clean } from '../../text/sanitize.js';
import { mebibytes, word } from './smi-values.js';

export const APPS_QUERY = 'gpu_uuid,pid,process_name,used_gpu_memory';

export interface SmiApp {
  readonly gpuUuid: string;
  readonly pid: number;
  /** What it was started as; '' when nvidia-smi can't find it. */
  readonly name: string;
  readonly bytes: number | undefined;
}

/** uuid and pid are plain, the memory comes last; what is between is the name, commas and all. */
const APP = /^\s*([^,\s]+), (\d+), (.*), ([^,]+)$/;

/** The rows of an answer; undefined: it is not one (an error in words). An empty answer is "nobody". */
export function parseApps(output: string): readonly SmiApp[] | undefined {
  const rows: SmiApp[] = [];
  for (const line of output.split('\n')) {
    if (line.trim() === '' || /^no running processes found$/i.test(line.trim())) continue;
    const [, gpuUuid, pid, name, memory] = APP.exec(line) ?? [];
    if (gpuUuid === undefined) return undefined;
    rows.push({ gpuUuid, pid: Number(pid), name: clean(word(name) ?? '', 4096), bytes: mebibytes(memory) });
  }
  return rows;
}
