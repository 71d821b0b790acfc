/**
 * The door to a machine: the programs that run on it and the files that are read there. The readers do not know whether it is this machine or
 * one at the other end of a connection.
 */
import { hostname } from 'node:os';
import { OWN_PROGRAMS, type Programs } from './child.js';
import { OWN_FILES, type MachineFiles } from './files.js';

export interface Access {
  readonly programs: Programs;
  readonly files: MachineFiles;
  /** What the system says of itself. */
  readonly system: SystemNames;
}

export interface SystemNames {
  readonly hostname: string;
  /** As Node.js names it: 'linux'. */
  readonly os: string;
  /** As `uname -m` prints it: 'x86_64'. */
  readonly arch: string;
}

/** Names of processors as printed by `uname -m`. */
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

export const THIS_MACHINE: Access = {
  programs: OWN_PROGRAMS,
  files: OWN_FILES,
  get system() {
    return { hostname: hostname(), os: process.platform, arch: MACHINES[process.arch] ?? process.arch };
  },
};
