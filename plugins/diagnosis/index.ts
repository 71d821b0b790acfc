/** The Diagnosis tab: the state of all scrapes, and of the viewer itself. */
import { definePlugin, openTabLayer, sortableColumns, sortBinding, tableBindings, tableState, type TableAccess } from '../../lib/index.js';
import { orderOf, SCRAPE_COLUMNS, scrapeRows, SCRAPES_TABLE, type DiagnosisUi } from './scrape-table.js';
import { diagnosisView } from './view.js';

const access: TableAccess<DiagnosisUi> = {
  id: 'diagnosis',
  columns: sortableColumns(SCRAPE_COLUMNS),
  state: (ui) => ui.table,
  put: (_ui, table) => ({ table }),
  order: ({ table }, app) => orderOf(scrapeRows(app), table.sort),
  open: {
    label: 'open the node’s tab',
    short: 'node tab',
    run: (ui, app, id) => {
      const order = orderOf(scrapeRows(app), ui.table.sort);
      const at = order.find(id);
      return at < 0 ? [ui] : [ui, { type: 'open', plugin: 'host', key: order.scrape(at).node.nodeId }];
    },
  },
};

export default definePlugin<DiagnosisUi>({
  apiVersion: 1,
  id: 'diagnosis',
  // After the nodes: it is for troubleshooting.
  tabs: () => [{ plugin: 'diagnosis', key: '', title: 'Diagnosis', order: 1000 }],
  init: () => ({ table: tableState('fails', true) }),
  layers: [
    openTabLayer('diagnosis', 'D', 'open the Diagnosis tab: scrapes, latency, failures'),
    {
      scope: 'tab',
      title: 'Diagnosis',
      bindings: [
        sortBinding(access, 'f', 'fails', 'fails', 2),
        sortBinding(access, 't', 'age', 'age', 3),
        sortBinding(access, 'l', 'latency', 'latency', 4),
        sortBinding(access, 'm', 'bytes', 'size', 5),
        sortBinding(access, 'c', 'skew', 'clock', 6),
        sortBinding(access, 'd', 'host', 'node', 7),
        ...tableBindings(access),
      ],
    },
  ],
  tables: [SCRAPES_TABLE],
  notes: [
    'AGE: since the last good scrape. LATENCY: from the request to the last byte. CLOCK: how far the node’s clock is ahead of this one.',
    'BAD: lines of the last scrape that could not be parsed. FAILS: failed scrapes in a row. NEXT: time to the next scrape.',
  ],
  view: diagnosisView,
});
