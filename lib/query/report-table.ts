/** The table of a report: usage of a window by whose it was, and what it costs. */
import { costOf, hasPrices, JOULES_PER_KWH, SECONDS_PER_HOUR, totalCost, type Prices } from '../aggregate/prices.js';
import { observedSeconds, windowSeconds, type UsageBy, type UsageRow, type UsageTotals } from '../aggregate/usage.js';
import type { Table } from '../plugin/types.js';
import type { TableColumn, TableColumns } from '../view/table-columns.js';

export interface ReportData {
  readonly totals: UsageTotals;
  readonly prices: Prices;
}

/** Rows of owners share the window of all GPUs; nodes, models and groups have that of their own GPUs. */
const ownOr = (row: UsageRow, own: number, all: number): number => (row.windowSeconds > 0 ? own : all);

function columnsOf(by: UsageBy, prices: Prices): TableColumns<ReportData, UsageRow> {
  const name = by.startsWith('group.') ? 'group' : by;
  const cost = (id: string, title: string, of: (row: UsageRow) => number): TableColumn<ReportData, UsageRow> => ({
    id,
    unit: 'amount',
    value: of,
    export: { name: id, title, decimals: 2 },
  });
  const { perKwh, perGpuHour, currency } = prices;
  return [
    { id: name, value: (row) => row.name, export: { name, title: by.replace('group.', '').toUpperCase() } },
    hours('gpu_hours', 'GPU·h', (row) => row.usedSeconds),
    hours('idle_gpu_hours', 'IDLE·h', (row) => row.idleSeconds),
    {
      id: 'energy_kwh',
      unit: 'amount',
      value: ({ joules }) => joules / JOULES_PER_KWH,
      export: { name: 'energy_kwh', title: 'kWh', decimals: 3 },
    },
    ...(Number.isNaN(perKwh) ? [] : [cost('energy_cost', `ENERGY ${currency}`, (row) => costOf(row, prices).energy)]),
    ...(perGpuHour.length === 0 ? [] : [cost('gpu_hours_cost', `GPU·h ${currency}`, (row) => costOf(row, prices).gpuHours)]),
    ...(hasPrices(prices) ? [cost('cost', `COST ${currency}`, (row) => totalCost(costOf(row, prices)))] : []),
    {
      id: 'observed',
      unit: 'percent',
      value: (row, { totals }) =>
        (ownOr(row, row.observedSeconds, observedSeconds(totals)) / ownOr(row, row.windowSeconds, windowSeconds(totals))) * 100,
      export: { name: 'observed_percent', title: 'OBSERVED', decimals: 1 },
    },
    {
      id: 'observed_seconds',
      unit: 'seconds',
      value: (row, { totals }) => ownOr(row, row.observedSeconds, observedSeconds(totals)),
      export: { name: 'observed_seconds', decimals: 3 },
    },
    {
      id: 'window_seconds',
      unit: 'seconds',
      value: (row, { totals }) => ownOr(row, row.windowSeconds, windowSeconds(totals)),
      export: { name: 'window_seconds', decimals: 3 },
    },
  ];
}

const hours = (name: string, title: string, of: (row: UsageRow) => number): TableColumn<ReportData, UsageRow> => ({
  id: name,
  unit: 'amount',
  value: (row) => of(row) / SECONDS_PER_HOUR,
  export: { name, title, decimals: 3 },
});

/** Most GPU-hours first. What belongs to nobody who is known is one row. */
export function reportTable(by: UsageBy, rows: readonly UsageRow[], data: ReportData): Table<ReportData, UsageRow> {
  const sorted = [...rows].sort(
    (a, b) => b.usedSeconds + b.idleSeconds - (a.usedSeconds + a.idleSeconds) || (a.name < b.name ? -1 : Number(a.name !== b.name)),
  );
  return {
    id: 'report',
    columns: columnsOf(by, data.prices),
    rows: () => ({ data, rows: sorted }),
    nameOf: ({ name }) => name || '(unattributed)',
  };
}
