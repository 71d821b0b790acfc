/** Tables of sources as `get` prints them, for comparing sources with each other. */
import { recordsOf, type Json } from '../../lib/export/json.js';
import type { Source } from '../../lib/run/settings.js';
import { startQuery } from '../../lib/run/query-run.js';
import { queryTable } from '../../lib/query/table-query.js';
import { tableNamed, tablesOf } from '../../lib/query/tables.js';
import { coverageOf, type Coverage } from '../../lib/query/coverage.js';
import type { TabPlugin } from '../../lib/plugin/types.js';
import all from '../../plugins/all/index.js';
import users from '../../plugins/users/index.js';
import host from '../../plugins/host/index.js';

export type Records = readonly Readonly<Record<string, Json>>[];

export interface Asked {
  /** By the name of the table. */
  readonly tables: Readonly<Record<string, Records>>;
  readonly coverage: Coverage;
}

const PLUGINS: readonly TabPlugin[] = [all, users, host];

export async function asked(source: Source, names: readonly string[], filter?: string): Promise<Asked> {
  const run = await startQuery({ sources: [source], plugins: PLUGINS, once: true, rates: false, ...(filter ? { filter } : {}) });
  try {
    await run.complete;
    run.tick();
    const tables = tablesOf(PLUGINS);
    return {
      tables: Object.fromEntries(names.map((name) => [name, recordsOf(queryTable(tableNamed(name, tables), run.state, {}))])),
      coverage: coverageOf(run.state.allNodes),
    };
  } finally {
    await run.stop();
  }
}
