/** How a GPU is divided: MIG instances, virtual GPUs; and its links. */
import { bar, bytes, count, line, NONE, percent, rowsByGpu, span, type NodeView, type Line, type Span } from '../../lib/index.js';
import { fact, inlineLines, type Part } from './inline-list.js';

const BAR_COLS = 10;
const PROFILE_COLS = 14;
const INDENT = '     ';

function memoryText(used: number, total: number): string {
  if (Number.isNaN(total)) return bytes(used);
  return `${bytes(used)} of ${bytes(total)}`;
}

/** One line per instance: its profile, utilisation and memory. */
function instanceLine(name: string, util: number, used: number, total: number, rest: readonly Span[]): Line {
  return line(
    span(`${INDENT}${name.padEnd(PROFILE_COLS)} `),
    span(Number.isNaN(util) ? ' '.repeat(BAR_COLS) : bar(util / 100, BAR_COLS), 'accent'),
    span(`${percent(util).padStart(5)}  `),
    span(memoryText(used, total).padEnd(22)),
    ...rest,
  );
}

export function migLines(node: NodeView, slot: number, mode: number): readonly Line[] {
  const rows = node.extras.rows('mig');
  const own = rowsByGpu(node, 'mig')[slot]!;
  if (Number.isNaN(mode) && own.length === 0) return [];
  if (own.length === 0) return mode > 0 ? [line(span('   MIG   ', 'dim'), span('enabled, no instance'))] : [];
  const head = line(span('   MIG   ', 'dim'), span(`${count(own.length)} ${own.length === 1 ? 'instance' : 'instances'}`));
  return [
    head,
    ...own.map((row) => {
      const label = (name: string): string => rows.label(row, name) || NONE;
      return instanceLine(
        `${rows.label(row, 'mig_instance')} ${label('mig_profile')}`,
        rows.value(row, 'mig_instance_utilization_gpu'),
        rows.value(row, 'mig_instance_memory_used_bytes'),
        rows.value(row, 'mig_instance_memory_total_bytes'),
        [span(`GI ${label('gpu_instance_id')} CI ${label('compute_instance_id')}  ${label('mig_uuid')}`, 'dim')],
      );
    }),
  ];
}

const SCHEDULER = ['unsupported', 'off', 'on'];

/** `row`: the GPU's own row in the extras. */
export function vgpuLines(node: NodeView, slot: number, row: number): readonly Line[] {
  const [gpu, rows] = [node.extras.rows('gpu'), node.extras.rows('vgpu')];
  const own = rowsByGpu(node, 'vgpu')[slot]!;
  const mode = gpu.label(row, 'host_mode');
  if (mode === '' && own.length === 0) return [];
  const [scheduler, policy] = [gpu.value(row, 'vgpu_scheduler_state'), gpu.value(row, 'vgpu_scheduler_policy')];
  const parts: Part[] = [[span(`${count(own.length)} ${own.length === 1 ? 'instance' : 'instances'}`)]];
  if (mode !== '') parts.push(fact('mode', mode));
  if (!Number.isNaN(scheduler)) parts.push(fact('scheduler', SCHEDULER[scheduler] ?? NONE));
  if (!Number.isNaN(policy)) parts.push(fact('policy', String(policy)));
  if (gpu.label(row, 'arr_supported') !== '')
    parts.push(fact('adaptive round robin', gpu.label(row, 'arr_supported') === 'true' ? 'yes' : 'no'));
  return [
    ...inlineLines(span('   vGPU  ', 'dim'), parts, Infinity),
    ...own.map((instance) => {
      const active = rows.value(instance, 'vgpu_active');
      return instanceLine(
        `${rows.label(instance, 'vgpu_id')} ${rows.label(instance, 'vgpu_type') || NONE}`,
        rows.value(instance, 'vgpu_utilization'),
        rows.value(instance, 'vgpu_memory_used_bytes'),
        rows.value(instance, 'vgpu_memory_total_bytes'),
        [
          span(Number.isNaN(active) ? '' : active > 0 ? 'in use  ' : 'unused  ', active > 0 ? undefined : 'dim'),
          span(rows.label(instance, 'vgpu_vm_id') || NONE, 'dim'),
        ],
      );
    }),
  ];
}

/** 'NVLink 7 to GPUs, 1 to switches, 50.0 GB/s each'. No exporter reports which GPU is at the other end. */
export function linkParts(node: NodeView, slot: number): readonly Part[] {
  const rows = node.extras.rows('link');
  const own = rowsByGpu(node, 'link')[slot]!;
  if (own.length === 0) return [];
  const byType = new Map<string, number>();
  for (const row of own) {
    const type = rows.label(row, 'remote_type') || 'unknown';
    byType.set(type, (byType.get(type) ?? 0) + 1);
  }
  const ends = [...byType].map(([type, links]) => `${links} to ${ENDS[type] ?? type}`).join(', ');
  const speeds = new Set(own.map((row) => rows.label(row, 'bandwidth_mb_s')).filter((speed) => /^\d+$/.test(speed) && Number(speed) > 0));
  const [speed] = speeds;
  return [fact('NVLink', speeds.size === 1 ? `${ends}, ${(Number(speed) / 1000).toFixed(1)} GB/s each` : ends)];
}

/** 'render 12%', 'media clock 900 MHz': engines and clock domains. */
export function partParts(node: NodeView, slot: number): readonly Part[] {
  const [engines, clocks] = [node.extras.rows('engine'), node.extras.rows('clock')];
  return [
    ...rowsByGpu(node, 'engine')[slot]!.map((row) =>
      fact(engines.label(row, 'engine'), percent(engines.value(row, 'gpu_engine_utilization'))),
    ),
    ...rowsByGpu(node, 'clock')[slot]!.map((row) =>
      fact(`${clocks.label(row, 'domain')} clock`, `${count(clocks.value(row, 'gpu_clock_domain_current_mhz'))} MHz`),
    ),
  ];
}

const ENDS: Readonly<Record<string, string>> = {
  gpu: 'GPUs',
  switch: 'switches',
  ibmnpu: 'a POWER processor',
  unknown: 'an unknown device',
};
