/** Random expositions of nodes that mean harm: control sequences, formulas and separators in every label, impossible numbers. */
import fc from 'fast-check';

const PARTS = ['\\n', '\\\\', '\u0007\u001b[31m', '\u001b]0;x\u0007', '\u009b2J', '\u202e', '\ufffd', '\u0000', '\r', '\t', '=1+1', ',', ';', '"', '{}', '😀', ' ', '\ud800', 'a', '-1', 'null', 'NaN']; // prettier-ignore
export const hostileText = fc
  .array(fc.constantFrom(...PARTS), { maxLength: 4 })
  .map((parts) => parts.map((part) => (part === '"' ? '\\"' : part)).join(''));
const value = fc.constantFrom('0', '-1', '1.5', '5e10', '1e308', '-1e308', 'NaN', '+Inf', '-Inf', '65535', '4294967296', '9007199254740993', '1e-320', 'x', ''); // prettier-ignore
const index = fc.constantFrom('0', '1', '-1', '1.5', '4294967296', 'x', '');
const GPU_FAMILIES = ['gpu_utilization', 'gpu_memory_used_bytes', 'gpu_memory_total_bytes', 'gpu_power_consumption_watts', 'gpu_temperature_celsius', 'gpu_frequency_mhz', 'gpu_power_limit_current_watts']; // prettier-ignore
const PROCESS_FAMILIES = ['process_memory_used_bytes', 'process_gpu_utilization', 'process_cpu_percent', 'process_cpu_time', 'process_age_seconds']; // prettier-ignore
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom(...GPU_FAMILIES), hostileText, hostileText, hostileText, index, value)
    .map(
      ([family, gpu, uuid, instance, at, figure]) =>
        `all_smi_${family}{gpu="${gpu}",uuid="${uuid}",instance="${instance}",index="${at}"} ${figure}\n`,
    ),
  fc
    .tuple(fc.constantFrom(...PROCESS_FAMILIES), index, hostileText, hostileText, hostileText, index, value)
    .map(
      ([family, pid, user, name, command, at, figure]) =>
        `all_smi_${family}{pid="${pid}",user="${user}",name="${name}",command="${command}",device_id="${at}",device_uuid=""} ${figure}\n`,
    ),
);

/** The bodies of one to three nodes. */
export const hostileNodes = fc.array(
  fc.array(line, { maxLength: 30 }).map((lines) => lines.join('')),
  { minLength: 1, maxLength: 3 },
);
