/** `nvidia-smi --query-compute-apps=... --format=csv,noheader,nounits`: the compute processes of each GPU and their memory. */
import { clean } from '../../text/sanitize.js';
import { isProse, isWarning, linesOf, mebibytes, reading, word } from './smi-values.js';

export const APPS_QUERY = 'gpu_uuid,pid,process_name,used_gpu_memory';

export interface SmiApp {
  /** The uuid of the GPU, or of a part of it; '' when nvidia-smi does not report it. */
  readonly gpuUuid: string;
  readonly pid: number;
  /** The program as it was started; '' when nvidia-smi does not find it. */
  readonly name: string;
  readonly bytes: number | undefined;
}

export interface SmiApps {
  readonly rows: readonly SmiApp[];
  /** Lines that are not a process: an error message, a row without a pid, the beginning of a cut row. */
  readonly odd: readonly string[];
  /** Warnings, which do not affect the rows. */
  readonly warnings: readonly string[];
}

/** A row: uuid and pid are plain, the memory is last; everything between is the name, including commas and newlines. */
const ROW = /^\s*((?:GPU|MIG)-[^,\s]+|\[[^\],]*\]|N\/A),\s*(\d+),\s([^]*)$/i;
const ENDED = /^([^]*),\s*([^,]+)$/;

interface Open {
  readonly gpuUuid: string;
  readonly pid: number;
  rest: string;
}

/** Parses an answer line by line: an invalid row does not affect others. An empty answer means "no processes". */
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
  /** Completes the open row if it has an end; whether it had. */
  const ended = (): boolean => {
    const [, name = '', memory] = ENDED.exec(open!.rest) ?? [];
    if (memory === undefined || (reading(memory) === undefined && word(memory) !== undefined)) return false;
    take(name, memory);
    return true;
  };
  /** For a cut row, the process and its GPU are known, but not its memory. */
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
