/**
 * The exposition of a node: one collection as families, with the names and labels of all-smi's exporter, so that its viewer can read
 * them too. A value that is not known has no line.
 */
import { IDENTITY_FAMILY } from '../../model/identity.js';
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
  identitiesOf,
  IDENTITY_HELP,
  gpuInfoLabels,
  gpuLabels,
  migLabels,
  migModeLabels,
  readingOf,
  CORE_COLUMN,
  sourceLabels,
} from './sample-families.js';

/** A family for each column, with its valid values only: placeholders of drivers get no line. */
const readings = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], labels: readonly LabelBlock[]): Family[] =>
  families(
    columns.map((column): Column<Row> => ({ ...column, of: (row) => readingOf(column, row) })),
    rows,
    labels,
    undefined,
  );

/** A process on no GPU is exported as on GPU 0 with an empty uuid, as in all-smi. */
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
    gauge('gpu_info', 'Description of the GPU', infos),
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
    gauge('gpu_mig_mode', 'Whether MIG mode is on', modes),
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
    gauge(
      IDENTITY_FAMILY,
      IDENTITY_HELP,
      identitiesOf(sample).map((labels) => ({ labels: labelBlock(labels), value: 1 })),
    ),
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
    fact('cpu_info', 'Description of the CPU', { ...base, index: 0, architecture: arch, ...platform }),
    ...readings(CPU_COLUMNS, [cpu], [labelBlock({ ...base, index: 0 })]),
    { ...gauge(CORE_COLUMN.name, CORE_COLUMN.help, cores), decimals: 2 },
  ];
}

function diskFamilies({ disks, instance }: NodeSample): Family[] {
  const blocks = disks.map(({ mountPoint }, index) => labelBlock({ instance, mount_point: mountPoint, index }));
  return readings(DISK_COLUMNS, disks, blocks);
}

/** Exported whether or not anything has been collected. */
function statusFamilies({ instance, os, arch }: Pick<NodeSample, 'instance' | 'os' | 'arch'>, version: string, up: 0 | 1): Family[] {
  const labels = { instance, hostname: instance };
  return [
    gauge('up', 'Whether the exporter has collected data', [{ labels: labelBlock(labels), value: up }]),
    fact('build_info', 'Version of the exporter', { ...labels, version, os, arch }),
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
    gauge('node_source_info', 'State of each source of the exporter', states),
    ...gpuFamilies(sample),
    ...processFamilies(sample),
    ...cpuFamilies(sample),
    ...readings(MEMORY_COLUMNS, memory ? [memory] : [], [labelBlock({ instance, hostname: instance, index: 0 })]),
    ...diskFamilies(sample),
    ...migFamilies(sample),
  ]);
}
