/**
 * The text a node answers with: one collection as families, named and labelled as all-smi's exporter does it, so that its viewer reads
 * them too. What the collection does not know leaves no line.
 */
import type { NodeProcess, NodeSample } from '../../model/sample.js';
import { fact, families, gauge, type Column } from './gauges.js';
import { labelBlock, writeFamilies, type Family, type LabelBlock } from './families-text.js';
import {
  GPU_COLUMNS,
  PROCESS_COLUMNS,
  MIG_COLUMNS,
  CPU_COLUMNS,
  MEMORY_COLUMNS,
  DISK_COLUMNS,
  MAX_COMMAND,
  MAX_NAME,
  capped,
  gpuInfoLabels,
  gpuLabels,
  migLabels,
  migModeLabels,
  readingOf,
  CORE_COLUMN,
  sourceLabels,
} from './sample-families.js';

/** A family for each column, of what can be a reading of it: fillers of drivers get no line. */
const readings = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], labels: readonly LabelBlock[]): Family[] =>
  families(
    columns.map((column): Column<Row> => ({ ...column, of: (row) => readingOf(column, row) })),
    rows,
    labels,
    undefined,
  );

/** A process on no GPU is exported like one on GPU 0 with an empty uuid, as all-smi does it. */
function processBlock({ gpus }: NodeSample, { pid, name, user, gpu, command, commandRestBytes }: NodeProcess): LabelBlock {
  const device = gpu === undefined ? undefined : gpus[gpu];
  const index = device?.index ?? 0;
  return labelBlock({
    pid,
    name: capped(name, MAX_NAME),
    user: capped(user, MAX_NAME),
    device_id: index,
    gpu_index: index,
    device_uuid: device?.uuid ?? '',
    command: capped(command, MAX_COMMAND, commandRestBytes),
  });
}

function gpuFamilies(sample: NodeSample): Family[] {
  const { gpus } = sample;
  const blocks = gpus.map((gpu) => labelBlock(gpuLabels(sample, gpu)));
  const infos = gpus.map((gpu) => ({ labels: labelBlock(gpuInfoLabels(sample, gpu)), value: 1 }));
  const firmware = gpus.flatMap((gpu) =>
    gpu.gspFirmwareVersion === undefined
      ? []
      : [{ labels: labelBlock({ ...gpuLabels(sample, gpu), version: gpu.gspFirmwareVersion }), value: 1 }],
  );
  return [
    ...readings(GPU_COLUMNS, gpus, blocks),
    gauge('gpu_info', 'What the GPU is', infos),
    gauge('gpu_gsp_firmware_version_info', 'Firmware of the GPU system processor', firmware),
  ];
}

function migFamilies(sample: NodeSample): Family[] {
  const { gpus } = sample;
  const modes = gpus.flatMap((gpu) =>
    gpu.migEnabled === undefined ? [] : [{ labels: labelBlock(migModeLabels(sample, gpu)), value: gpu.migEnabled ? 1 : 0 }],
  );
  const devices = gpus.flatMap((gpu) => (gpu.migDevices ?? []).map((device) => ({ gpu, device })));
  return [
    gauge('gpu_mig_mode', 'Whether the GPU is divided into MIG devices', modes),
    ...readings(
      MIG_COLUMNS,
      devices.map(({ device }) => device),
      devices.map(({ gpu, device }) => labelBlock(migLabels(sample, gpu, device))),
    ),
  ];
}

function processFamilies(sample: NodeSample): Family[] {
  const { processes, scope, instance } = sample;
  if (processes === undefined) return [];
  const blocks = processes.map((row) => processBlock(sample, row));
  return [
    fact('process_export_info', 'Which processes are exported', { instance, scope }),
    ...readings(PROCESS_COLUMNS, processes, blocks),
  ];
}

function cpuFamilies({ cpu, instance, arch }: NodeSample): Family[] {
  if (cpu === undefined) return [];
  const base = { cpu_model: cpu.model, instance, hostname: instance };
  const platform = cpu.vendor === '' ? {} : { platform_type: cpu.vendor };
  const cores = cpu.coreUtilPercent.map((percent, core) => ({
    labels: labelBlock({ ...base, core_id: core, core_type: 'C' }),
    value: readingOf(CORE_COLUMN, percent),
  }));
  return [
    fact('cpu_info', 'What the CPU is', { ...base, index: 0, architecture: arch, ...platform }),
    ...readings(CPU_COLUMNS, [cpu], [labelBlock({ ...base, index: 0 })]),
    { ...gauge(CORE_COLUMN.name, CORE_COLUMN.help, cores), decimals: 2 },
  ];
}

function diskFamilies({ disks, instance }: NodeSample): Family[] {
  const blocks = disks.map(({ mountPoint }, index) => labelBlock({ instance, mount_point: mountPoint, index }));
  return readings(DISK_COLUMNS, disks, blocks);
}

/** What is said whether or not anything has been collected. */
function statusFamilies({ instance, os, arch }: Pick<NodeSample, 'instance' | 'os' | 'arch'>, version: string, up: 0 | 1): Family[] {
  const labels = { instance, hostname: instance };
  return [
    gauge('up', 'Whether the exporter has collected', [{ labels: labelBlock(labels), value: up }]),
    fact('build_info', 'What the exporter is', { ...labels, version, os, arch }),
  ];
}

/** The exposition before the first collection. */
export const waitingText = (node: Pick<NodeSample, 'instance' | 'os' | 'arch'>, version: string): string =>
  writeFamilies(statusFamilies(node, version, 0));

/** The exposition of a collection. `version`: of the exporter. */
export function nodeText(sample: NodeSample, version: string): string {
  const { instance, sources, memory } = sample;
  const states = sources.map((source) => ({ labels: labelBlock(sourceLabels(sample, source)), value: 1 }));
  return writeFamilies([
    ...statusFamilies(sample, version, 1),
    gauge('node_source_info', 'How each source of the collection is', states),
    ...gpuFamilies(sample),
    ...processFamilies(sample),
    ...cpuFamilies(sample),
    ...readings(MEMORY_COLUMNS, memory ? [memory] : [], [labelBlock({ instance, hostname: instance, index: 0 })]),
    ...diskFamilies(sample),
    ...migFamilies(sample),
  ]);
}
