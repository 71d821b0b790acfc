/** Where results are kept: those of the last run, and the baseline ratios. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Baseline, Figure } from './table.js';

const at = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));
const RESULTS = at('results.json');
const BASELINE = at('baseline.json');
const TOLERANCE = 0.4;

export interface Results {
  readonly at: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly figures: readonly Figure[];
}

export function readResults(): Results | undefined {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Results) : undefined;
}

/** Results of benches that did not run this time are kept. */
export function writeResults(figures: readonly Figure[]): void {
  const old = readResults()?.figures ?? [];
  const names = new Set(figures.map(({ name }) => name));
  const results: Results = {
    at: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version },
    figures: [...old.filter(({ name }) => !names.has(name)), ...figures],
  };
  write(RESULTS, results);
}

export function readBaseline(): Baseline {
  return existsSync(BASELINE) ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline) : { tolerance: TOLERANCE, ratios: {} };
}

export function writeBaseline(fresh: Baseline): void {
  const { tolerance, ratios } = readBaseline();
  write(BASELINE, { tolerance, ratios: { ...ratios, ...fresh.ratios } });
}

const write = (path: string, value: unknown): void => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
