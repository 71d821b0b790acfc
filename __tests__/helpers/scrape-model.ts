/** The columns of a parser, in the form that the oracle uses. */
import { CORE_FIELDS, CPU_FIELDS, DISK_FIELDS, GPU_FIELDS, MEMORY_FIELDS, type NodeData, type Rows } from '../../lib/model/columns.js';
import { byPidAndGpu, type OracleScrape } from './scrape-oracle.js';

export function modelOf(data: NodeData): OracleScrape {
  const { procs, gpus, facts } = data;
  const gpuText = (slot: number): string => (slot < 0 ? '' : `${gpus.index[slot]} ${data.text(gpus.uuid[slot]!)}`);
  return {
    gpus: Array.from({ length: gpus.count }, (_, slot) => ({
      uuid: data.text(gpus.uuid[slot]!),
      index: gpus.index[slot]!,
      name: data.text(gpus.name[slot]!),
      fields: Object.fromEntries(GPU_FIELDS.map((field) => [field, gpus.field[field][slot]!]).filter(([, value]) => !Number.isNaN(value))),
    })),
    procs: Array.from({ length: procs.count }, (_, row) => ({
      pid: procs.pid[row]!,
      gpu: gpuText(procs.gpu[row]!),
      user: data.userName(procs.user[row]!),
      vramBytes: procs.vramBytes[row]!,
      ageSeconds: reading(procs.ageSeconds[row]!),
      cpuPercent: reading(procs.cpuPercent[row]!),
      smPercent: reading(procs.smPercent[row]!),
      residentBytes: reading(procs.residentBytes[row]!),
      command: data.text(procs.command[row]!),
      name: data.text(procs.name[row]!),
    })).sort(byPidAndGpu),
    tables: {
      cpus: rowTexts(data.cpus, CPU_FIELDS),
      cores: rowTexts(data.cores, CORE_FIELDS),
      memory: rowTexts(data.memory, MEMORY_FIELDS),
      disks: rowTexts(data.disks, DISK_FIELDS),
    },
    instance: facts.instance,
    version: facts.exporterVersion,
    up: facts.up,
    hasProcessFamily: facts.hasProcessFamily,
    scope: facts.processScope,
    badLines: facts.badLines,
  };
}

const reading = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

function rowTexts<Field extends string>(rows: Rows<Field>, fields: readonly Field[]): string[] {
  return Array.from({ length: rows.count }, (_, row) =>
    [...fields]
      .sort()
      .filter((field) => !Number.isNaN(rows.value(row, field)))
      .map((field) => `${field}=${rows.value(row, field)}`)
      .join(' '),
  );
}
