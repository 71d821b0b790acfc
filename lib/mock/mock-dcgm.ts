/** What dcgm-exporter sends of a mock node: its default families, and those that a site adds for limits, ECC and clock events. */
import { labelBlock, writeFamilies, type Family } from '../exposition/write/families-text.js';
import { Accumulated } from './mock-counters.js';
import { MEMORY_MHZ, XID_TEXTS, clockEvents, driverOf, joulesBefore, lastXid, memoryCelsius, pciBusId, restOfMemory } from './mock-gpus.js';
import { MIB } from './mock-plan.js';
import type { GpuReading, MockText, NodePlan } from './mock-types.js';

interface Row {
  readonly plan: NodePlan;
  readonly gpu: number;
  readonly reading: GpuReading;
  readonly joules: number;
}

type DcgmFamily = Pick<Family, 'help' | 'type' | 'decimals'> & {
  readonly name: string;
  readonly of: (row: Row) => number;
  readonly labels?: (row: Row) => Readonly<Record<string, string | number>>;
};

const gauge = (name: string, help: string, of: DcgmFamily['of'], more: Partial<DcgmFamily> = {}): DcgmFamily => ({
  name: `DCGM_FI_${name}`,
  help,
  type: 'gauge',
  of,
  ...more,
});
const counter = (name: string, help: string, of: DcgmFamily['of']): DcgmFamily => gauge(name, help, of, { type: 'counter' });
/** As DCGM writes a number that need not be whole. */
const REAL = { decimals: 6 } as const;
const linkBytes = ({ reading }: Row): number => reading.utilPercent * 12_000_000;

const FAMILIES: readonly DcgmFamily[] = [
  gauge('DEV_SM_CLOCK', 'Clock of the SMs, MHz.', ({ reading }) => reading.frequencyMhz),
  gauge('DEV_MEM_CLOCK', 'Clock of the memory, MHz.', () => MEMORY_MHZ),
  gauge('DEV_MEMORY_TEMP', 'Temperature of the memory, C.', ({ reading }) => memoryCelsius(reading)),
  gauge('DEV_GPU_TEMP', 'Temperature of the GPU, C.', ({ reading }) => reading.temperatureCelsius),
  gauge('DEV_POWER_USAGE', 'Power draw, W.', ({ reading }) => reading.powerWatts, REAL),
  counter('DEV_TOTAL_ENERGY_CONSUMPTION', 'Energy since the driver was loaded, mJ.', ({ joules }) => Math.round(1000 * joules)),
  counter('DEV_PCIE_REPLAY_COUNTER', 'PCIe retries.', () => 0),
  gauge('DEV_GPU_UTIL', 'GPU utilization, percent.', ({ reading }) => reading.utilPercent),
  gauge('DEV_MEM_COPY_UTIL', 'Memory utilization, percent.', ({ reading }) => Math.round(100 * reading.memoryBandwidthFraction)),
  gauge('DEV_ENC_UTIL', 'Encoder utilization, percent.', () => 0),
  gauge('DEV_DEC_UTIL', 'Decoder utilization, percent.', () => 0),
  gauge('DEV_XID_ERRORS', 'The last Xid.', ({ plan, gpu }) => lastXid(plan, gpu), {
    labels: ({ plan, gpu }) => ({ err_code: lastXid(plan, gpu), err_msg: XID_TEXTS[lastXid(plan, gpu)]! }),
  }),
  gauge('DEV_FB_FREE', 'Free framebuffer memory, MiB.', ({ plan, reading }) => restOfMemory(plan, reading).free / MIB),
  gauge('DEV_FB_USED', 'Framebuffer memory in use, MiB.', ({ reading }) => reading.memoryUsedBytes / MIB),
  gauge('DEV_FB_RESERVED', 'Reserved framebuffer memory, MiB.', ({ plan, reading }) => restOfMemory(plan, reading).reserved / MIB),
  counter('DEV_NVLINK_BANDWIDTH_TOTAL', 'NVLink traffic.', ({ joules }) => Math.round(joules / 5)),
  gauge('DEV_VGPU_LICENSE_STATUS', 'Status of the vGPU licence.', () => 0),
  counter('DEV_UNCORRECTABLE_REMAPPED_ROWS', 'Rows remapped for uncorrectable errors.', () => 0),
  counter('DEV_CORRECTABLE_REMAPPED_ROWS', 'Rows remapped for correctable errors.', () => 0),
  gauge('DEV_ROW_REMAP_FAILURE', 'Whether remapping rows has failed.', () => 0),
  gauge('PROF_GR_ENGINE_ACTIVE', 'Share of time that the graphics engine is active.', ({ reading }) => reading.utilPercent / 100, REAL),
  gauge('PROF_PIPE_TENSOR_ACTIVE', 'Share of cycles that the tensor pipe is active.', ({ reading }) => 0.6 * reading.smOccupancy, REAL),
  gauge('PROF_DRAM_ACTIVE', 'Share of cycles that the memory is active.', ({ reading }) => reading.memoryBandwidthFraction, REAL),
  gauge('PROF_PCIE_TX_BYTES', 'Bytes sent over PCIe per second.', (row) => linkBytes(row)),
  gauge('PROF_PCIE_RX_BYTES', 'Bytes received over PCIe per second.', (row) => 2 * linkBytes(row)),
  gauge('DEV_ENFORCED_POWER_LIMIT', 'Power limit in effect, W.', ({ plan }) => plan.model.powerLimitWatts, REAL),
  gauge('DEV_CLOCK_THROTTLE_REASONS', 'Bits of the clock event reasons.', ({ plan, reading }) => clockEvents(plan, reading)),
  counter('DEV_ECC_SBE_VOL_TOTAL', 'Single-bit ECC errors since the driver was loaded.', () => 0),
  counter('DEV_ECC_DBE_VOL_TOTAL', 'Double-bit ECC errors since the driver was loaded.', () => 0),
];

const labelsOf = (plan: NodePlan, gpu: number): Readonly<Record<string, string | number>> => ({
  gpu,
  UUID: plan.gpus[gpu]!.uuid,
  pci_bus_id: pciBusId(gpu),
  device: `nvidia${gpu}`,
  modelName: plan.model.name,
  Hostname: plan.instance,
  DCGM_FI_DRIVER_VERSION: driverOf(plan, 'driver_version'),
});

function ownerLabels({ gpus }: NodePlan, gpu: number): Readonly<Record<string, string>> {
  const { owner } = gpus[gpu]!;
  if (owner === undefined) return {};
  return 'job' in owner ? { hpc_job: owner.job } : { container: owner.container, namespace: owner.namespace, pod: owner.pod };
}

export const dcgmText: MockText = (plan) => {
  const energy = new Accumulated(plan.gpus.map((_, gpu) => joulesBefore(plan, gpu)));
  const blocks = plan.gpus.map((_, gpu) => labelBlock({ ...labelsOf(plan, gpu), ...ownerLabels(plan, gpu) }, ','));
  return ({ gpus }, seconds) => {
    const joules = energy.at(
      seconds,
      gpus.map(({ powerWatts }) => powerWatts),
    );
    const rows = gpus.map((reading, gpu): Row => ({ plan, gpu, reading, joules: joules[gpu]! }));
    const block = (row: Row, labels: DcgmFamily['labels']) =>
      labels ? labelBlock({ ...labelsOf(plan, row.gpu), ...labels(row), ...ownerLabels(plan, row.gpu) }, ',') : blocks[row.gpu]!;
    return writeFamilies(
      FAMILIES.map(({ of, labels, ...family }) => ({
        ...family,
        samples: rows.map((row) => ({ labels: block(row, labels), value: of(row) })),
      })),
    );
  };
};
