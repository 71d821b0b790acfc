/** Which accelerators all-smi can list the processes of (`api --processes`), by their maker. */
export interface ProcessSupport {
  readonly maker: string;
  /** `all`: every process of the node. `devices`: those on its devices. `none`: never any, with or without the option. */
  readonly processes: 'all' | 'devices' | 'none';
  /** What the name of the device looks like. */
  readonly name: RegExp;
  /** `lib_name` and `type` of its info family, in lower case, where these are its alone. */
  readonly library?: string;
  readonly type?: string;
  /** It cannot tell how much memory a process holds, and sends 0 for each. */
  readonly withoutMemory?: true;
  /** Besides `--processes` its exporter needs this, whose absence does not show in the exposition. */
  readonly needs?: string;
}

/** As of all-smi 0.28. The first that matches decides. */
export const PROCESS_SUPPORT: readonly ProcessSupport[] = [
  { maker: 'Gaudi', processes: 'none', name: /\bgaudi|\bHL-?\d/i, library: 'habana' },
  { maker: 'TPU', processes: 'none', name: /\bTPU\b/i, library: 'libtpu', type: 'tpu' },
  { maker: 'Apple', processes: 'none', name: /^Apple\b/i, library: 'metal' },
  { maker: 'Tenstorrent', processes: 'all', name: /tenstorrent|grayskull|wormhole|blackhole/i, library: 'luwen' },
  { maker: 'AMD', processes: 'devices', name: /\bAMD\b|radeon|instinct/i, library: 'rocm', needs: 'its AMD library' },
  { maker: 'Intel', processes: 'devices', name: /\bIntel\b/i },
  { maker: 'Furiosa', processes: 'devices', name: /furiosa|\bRNGD\b|warboy/i, library: 'furiosa-smi' },
  { maker: 'Rebellions', processes: 'devices', name: /rebellions|\bRBLN|\bATOM\b|\bREBEL/i, library: 'rbln' },
  { maker: 'Neuron', processes: 'devices', name: /^AWS\b|neuron|trainium|inferentia/i, withoutMemory: true },
  { maker: 'NVIDIA', processes: 'all', name: /nvidia|jetson|tegra/i, library: 'cuda' },
];

/** Whether processes on the device can be listed at all. True for an unknown device. */
export const canListProcesses = (device: Device): boolean => supportOf(device)?.processes !== 'none';

/** What the exporter needs besides `--processes` to list processes on the device. */
export const processesNeed = (device: Device): string | undefined => supportOf(device)?.needs;

/** Whose device it is, by its name. */
export const makerOf = (name: string): string | undefined => supportOf({ name, library: '', type: '' })?.maker;

export interface Device {
  readonly name: string;
  readonly library: string;
  readonly type: string;
}

function supportOf(device: Device): ProcessSupport | undefined {
  const [library, type] = [device.library.toLowerCase(), device.type.toLowerCase()];
  return (
    PROCESS_SUPPORT.find(({ name }) => name.test(device.name)) ??
    PROCESS_SUPPORT.find((one) => (library !== '' && one.library === library) || (type !== '' && one.type === type))
  );
}

/** Whether 0 bytes of a process on the device, given by its name, are not a reading. */
export const isProcessMemoryUnknown = (device: string): boolean =>
  PROCESS_SUPPORT.find(({ name }) => name.test(device))?.withoutMemory === true;
