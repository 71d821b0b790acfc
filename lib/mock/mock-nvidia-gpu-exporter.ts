/** What nvidia_gpu_exporter sends of a mock node: the fields of nvidia-smi, in base units. */
import { goNumber, labelBlock, writeFamilies, type Family, type LabelBlock } from '../exposition/write/families-text.js';
import { Accumulated } from './mock-counters.js';
import { CLOCK_EVENTS, MEMORY_MHZ, clockEvents, driverOf, joulesBefore, memoryCelsius, pciBusId, restOfMemory } from './mock-gpus.js';
import type { GpuReading, MockText, NodePlan, NodeReading } from './mock-types.js';

interface Row {
  readonly plan: NodePlan;
  readonly gpu: number;
  readonly reading: GpuReading;
  readonly joules: number;
}
type Value = readonly [name: string, help: string, of: (row: Row) => number];

const HERTZ = 1e6;
const throttled =
  (bit: number): Value[2] =>
  ({ plan, reading }) =>
    Number((clockEvents(plan, reading) & bit) !== 0);

const VALUES: readonly Value[] = [
  ['clocks_current_graphics_clock_hz', 'Graphics clock.', ({ reading }) => HERTZ * reading.frequencyMhz],
  ['clocks_current_memory_clock_hz', 'Memory clock.', () => HERTZ * MEMORY_MHZ],
  ['clocks_current_sm_clock_hz', 'Clock of the SMs.', ({ reading }) => HERTZ * reading.frequencyMhz],
  ['clocks_event_reasons_active', 'Bits of the clock event reasons.', ({ plan, reading }) => clockEvents(plan, reading)],
  ['clocks_event_reasons_gpu_idle', 'Nothing runs on the GPU.', throttled(CLOCK_EVENTS.gpu_idle)],
  ['clocks_event_reasons_hw_power_brake_slowdown', 'The power brake slows the clocks down.', () => 0],
  ['clocks_event_reasons_hw_slowdown', 'The hardware slows the clocks down.', () => 0],
  ['clocks_event_reasons_hw_thermal_slowdown', 'The temperature slows the clocks down.', () => 0],
  ['clocks_event_reasons_sw_power_cap', 'The power limit slows the clocks down.', throttled(CLOCK_EVENTS.sw_power_cap)],
  ['clocks_event_reasons_sw_thermal_slowdown', 'The driver slows the clocks down for the temperature.', () => 0],
  ['clocks_max_sm_clock_hz', 'Maximum clock of the SMs.', ({ plan }) => HERTZ * plan.model.boostMhz],
  ['ecc_errors_corrected_volatile_total', 'Corrected ECC errors since the driver was loaded.', () => 0],
  ['ecc_errors_uncorrected_volatile_total', 'Uncorrected ECC errors since the driver was loaded.', () => 0],
  ['energy_joules_total', 'Energy since the driver was loaded.', ({ joules }) => joules],
  ['enforced_power_limit_watts', 'Power limit in effect.', ({ plan }) => plan.model.powerLimitWatts],
  ['index', 'Index of the GPU.', ({ gpu }) => gpu],
  ['memory_free_bytes', 'Free memory.', ({ plan, reading }) => restOfMemory(plan, reading).free],
  ['memory_reserved_bytes', 'Memory that the driver keeps.', ({ plan, reading }) => restOfMemory(plan, reading).reserved],
  ['memory_total_bytes', 'Total memory.', ({ plan }) => plan.model.memoryBytes],
  ['memory_used_bytes', 'Memory in use.', ({ reading }) => reading.memoryUsedBytes],
  ['mig_mode_current', 'Whether MIG mode is on.', () => 0],
  ['power_draw_instant_watts', 'Power draw at this moment.', ({ reading }) => reading.powerWatts],
  ['power_draw_watts', 'Power draw.', ({ reading }) => reading.powerWatts],
  ['power_limit_watts', 'Power limit.', ({ plan }) => plan.model.powerLimitWatts],
  ['power_max_limit_watts', 'Maximum power limit.', ({ plan }) => plan.model.powerLimitWatts],
  ['pstate', 'Performance state.', ({ reading }) => reading.performanceState],
  ['remapped_rows_correctable', 'Rows remapped for correctable errors.', () => 0],
  ['remapped_rows_uncorrectable', 'Rows remapped for uncorrectable errors.', () => 0],
  ['temperature_gpu', 'Temperature of the GPU.', ({ reading }) => reading.temperatureCelsius],
  ['temperature_memory', 'Temperature of the memory.', ({ reading }) => memoryCelsius(reading)],
  ['utilization_gpu_ratio', 'GPU utilization.', ({ reading }) => reading.utilPercent / 100],
  ['utilization_memory_ratio', 'Memory utilization.', ({ reading }) => reading.memoryBandwidthFraction],
];

const family = (name: string, help: string, samples: Family['samples'], type: Family['type'] = 'gauge'): Family => ({
  name: `nvidia_smi_${name}`,
  help,
  type,
  number: goNumber,
  samples,
});

/** Its uuids have no `GPU-`. */
const uuidOf = ({ gpus }: NodePlan, gpu: number): string => gpus[gpu]!.uuid.replace(/^GPU-/, '');

function infoOf(plan: NodePlan, gpu: number): LabelBlock {
  const [driver_version, cuda_version] = [driverOf(plan, 'driver_version'), driverOf(plan, 'cuda_version')];
  const rest = { driver_version, index: gpu, name: plan.model.name, pci_bus_id: pciBusId(gpu), uuid: uuidOf(plan, gpu) };
  return labelBlock({ cuda_version, driver_model_current: '[N/A]', driver_model_pending: '[N/A]', ...rest }, ',');
}

/** With the option that exports compute processes. */
function appFamilies(plan: NodePlan, { procs }: NodeReading): readonly Family[] {
  if (plan.jobs === undefined) return [];
  const labels = procs.map(({ pid, job, gpu }) => labelBlock({ pid, process_name: job.name, uuid: uuidOf(plan, gpu) }, ','));
  const counts = plan.gpus.map((_, gpu) => ({
    labels: labelBlock({ uuid: uuidOf(plan, gpu) }),
    value: procs.filter((proc) => proc.gpu === gpu).length,
  }));
  return [
    family(
      'compute_app_info',
      'Compute processes.',
      labels.map((block) => ({ labels: block, value: 1 })),
    ),
    family(
      'compute_app_used_memory_bytes',
      'GPU memory of a compute process.',
      procs.map(({ bytes }, at) => ({ labels: labels[at]!, value: bytes })),
    ),
    family('compute_apps', 'Number of compute processes.', counts),
  ];
}

export const nvidiaGpuExporterText: MockText = (plan) => {
  const energy = new Accumulated(plan.gpus.map((_, gpu) => joulesBefore(plan, gpu)));
  const blocks = plan.gpus.map((_, gpu) => labelBlock({ uuid: uuidOf(plan, gpu) }));
  const infos = plan.gpus.map((_, gpu) => ({ labels: infoOf(plan, gpu), value: 1 }));
  return (reading, seconds) => {
    const joules = energy.at(
      seconds,
      reading.gpus.map(({ powerWatts }) => powerWatts),
    );
    const rows = reading.gpus.map((of, gpu): Row => ({ plan, gpu, reading: of, joules: joules[gpu]! }));
    return writeFamilies([
      family('command_exit_code', 'Exit code of the last nvidia-smi.', [{ labels: '', value: 0 }]),
      family('failed_scrapes_total', 'Failed scrapes.', [{ labels: '', value: 0 }], 'counter'),
      family('gpu_info', 'Description of the GPU.', infos),
      ...VALUES.map(([name, help, of]) =>
        family(
          name,
          help,
          rows.map((row) => ({ labels: blocks[row.gpu]!, value: of(row) })),
          name === 'energy_joules_total' ? 'counter' : 'gauge',
        ),
      ),
      ...appFamilies(plan, reading),
    ]);
  };
};
