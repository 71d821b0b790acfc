/** `nvidia-smi --query-compute-apps=... --format=csv,noheader,nounits`: who computes on which GPU and holds how much of it. */
import { clean } from '../../text/sanitize.js';
import { isProse, isWarning, linesOf, mebibytes, reading, word } from './smi-values.js';

export const APPS_QUERY = 'gpu_uuid,pid,process_name,used_gpu_memory';

export interface SmiApp {
  /** Of the GPU, or of a part of it; '' when nvidia-smi can't tell. */
  readonly gpuUuid: string;
  readonly pid: number;
  /** What it was started as; '' when nvidia-smi can't find it. */
  readonly name: string;
  readonly bytes: number | undefined;
}

export interface SmiApps {
  readonly rows: readonly SmiApp[];
  /** Lines that are no process: an error in words, a row without a pid, the beginning of a row that was cut. */
  readonly odd: readonly string[];
  /** Lines that stand beside the rows and take nothing from them. */
  readonly warnings: readonly string[];
}

/** A row: uuid and pid are plain, the memory comes last; what is between is the name, commas, line ends and all. */
const ROW = /^\s*((?:GPU|MIG)-[^,\s]+|\[[^\],]*\]|N\/A),\s*(\d+),\s([^]*)$/i;
const ENDED = /^([^]*),\s*([^,]+)$/;

interface Open {
  readonly gpuUuid: string;
  readonly pid: number;
  rest: string;
}

/** An answer, line by line: one that is no row costs no other. An empty answer is "nobody". */
export function parseApps(output: string): SmiApps {
  const rows: SmiApp[] = [];
  const odd: string[] = [];
  const warnings: string[] = [];
  let open: Open | undefined;
  const take = (name: string, memory: string | undefined): void => {
    const { gpuUuid, pid } = open!;
    rows.push({ gpuUuid: clean(gpuUuid, 128), pid, name: clean(word(name) ?? '', 4096), bytes: mebibytes(memory) });
    open = undefined;
  };
  /** Takes the open row if it has an end; whether it had. */
  const ended = (): boolean => {
    const [, name = '', memory] = ENDED.exec(open!.rest) ?? [];
    if (memory === undefined || (reading(memory) === undefined && word(memory) !== undefined)) return false;
    take(name, memory);
    return true;
  };
  /** Who it is on which GPU is known of a row that was cut, its memory isn't. */
  const cut = (): void => {
    if (open === undefined) return;
    odd.push(`${open.gpuUuid}, ${open.pid}, ${open.rest}`);
    take(open.rest, undefined);
  };
  for (const line of linesOf(output)) {
    if (/^\s*no running \S* ?processes found\s*$/i.test(line)) continue;
    const [, uuid = '', pid, rest = ''] = ROW.exec(line) ?? [];
    if (pid !== undefined && Number.isSafeInteger(Number(pid))) {
      cut();
      open = { gpuUuid: word(uuid) ?? '', pid: Number(pid), rest };
      ended();
    } else if (isWarning(line)) warnings.push(line.trim());
    else if (open === undefined || isProse(line)) odd.push(line.trim());
    else {
      open.rest += ` ${line}`;
      ended();
    }
  }
  cut();
  return { rows, odd, warnings };
}
