/**
 * The public API: everything that tabs import, built-in ones included. A plugin outside the package gets values from the `api` passed to it
 * and imports only types from here, so that no second copy of the program is loaded.
 */
import type * as Door from './index.js';

/** What a plugin's default export is called with: every value below. */
export type PluginApi = typeof Door;

export { argsort } from './aggregate/argsort.js';
export { capacities } from './aggregate/capacity.js';
export { clusterDerivation } from './aggregate/cluster.js';
export { isHot, slotState } from './aggregate/gpu-state.js';
export { compareLabels, LabelOrder } from './aggregate/label-order.js';
export { NODE_STATES, nodeStatesDerivation } from './aggregate/node-states.js';
export { gpuRowsDerivation } from './aggregate/gpu-owners.js';
export { isIdleProcess } from './aggregate/idle-holders.js';
export { processFigures } from './aggregate/process-figures.js';
export { descending, held, plus, total } from './aggregate/unknown.js';
export { ranges } from './text/number-ranges.js';
export { isoTime } from './text/timecode.js';
export { userNodes } from './aggregate/user-nodes.js';
export { commandOf } from './aggregate/process-figures.js';
export { gpuShares, userProcesses } from './aggregate/user-processes.js';
export { allocatedUsers, isTrespassing } from './aggregate/owner-columns.js';
export type { Owner } from './model/owners.js';
export { allocationTexts, ownerFacts, type OwnerFact } from './view/job-text.js';
export { usageDerivations, usersDerivation } from './aggregate/users.js';
export { GROUPINGS, type Grouping } from './model/owners.js';
export { openTabLayer, sortBinding, tableBindings, whileRows } from './keys/table-keys.js';
export { GPU_FIELDS, gpuField } from './model/gpu-fields.js';
export { sourcesOfGpu } from './model/gpu-sources.js';
export { gpuHealth } from './model/gpu-health.js';
export { rowsByGpu } from './model/gpu-identity.js';
export { isSkewed, LIMITS } from './model/limits.js';
export { sourcesOf } from './model/node-sources.js';
export { conditionOf, gpusUnknown, included, mayLack, whyNotReporting } from './model/node-view.js';
export { troubles } from './model/sample.js';
export { definePlugin } from './plugin/types.js';
export { VERSION } from './version.js';
export { isFailing, jobSourceText, matchesText } from './view/job-notices.js';
export { shortName, withoutDomain } from './view/short-names.js';
export { copyText, screenColumns, sortableColumns, sortedPositions, tableCells, tableSheet } from './view/table-columns.js';
export { niceCeiling, peaks, samplesPerColumn } from './view/chart.js';
export { FROM_COLS, FROM_ROWS } from './view/breakpoints.js';
export { BLANK, line, lines, span } from './view/frame.js';
export { modelName, GPU_COLUMNS, GPU_NOTES, gpuSeen, IDLE_SIGN, gpuTableRows, memoryCell, utilCell } from './view/gpu-cells.js';
export { CAPACITY_COLUMNS } from './view/capacity-columns.js';
export { conditionSign, conditionSince, conditionSpan, lastSeen, nodeMark, unanswered } from './view/node-marks.js';
export {
  cellText,
  firstFitting,
  fitColumns,
  headerLine,
  layoutTable,
  listOrder,
  position,
  rowLine,
  selectedAt,
  tableState,
  widest,
} from './view/table.js';
export {
  ago,
  bar,
  bytes,
  vramText,
  count,
  cut,
  cutMiddle,
  cutName,
  cutStart,
  duration,
  joinFitting,
  NONE,
  pad,
  percent,
  spark,
  twoDigits,
  watts,
  width,
  wrap,
} from './text/format.js';
export { clock } from './view/title.js';

export { costOf, hasPrices, JOULES_PER_KWH, money, SECONDS_PER_HOUR, totalCost, type Prices } from './aggregate/prices.js';
export { observedSeconds, windowSeconds } from './aggregate/usage.js';
export type { UsageRow, UsageSums, UsageTotals, UsageView } from './aggregate/usage.js';
export type { Capacity } from './aggregate/capacity.js';
export type { CapacityRows } from './view/capacity-columns.js';
export type { ClusterTotals } from './aggregate/cluster.js';
export type { GpuState } from './aggregate/gpu-state.js';
export type { ClusterFigure, GpuFigure, HeldSince, HistoryView, NodeFigure } from './aggregate/history.js';
export type { NodeState, NodeStates } from './aggregate/node-states.js';
export type { GpuOwner, GpuRows } from './aggregate/gpu-owners.js';
export type { UserNode } from './aggregate/user-nodes.js';
export type { ProcessFigures } from './aggregate/process-figures.js';
export type { GpuShare, UserProcess } from './aggregate/user-processes.js';
export type { UsersTable, UserTotals } from './aggregate/users-table.js';
export type { Derivation, Scope } from './aggregate/derivations.js';
export type { InputEvent, Key, Mouse, Paste } from './keys/key-names.js';
export type { TableAccess } from './keys/table-keys.js';
export type {
  Change,
  CpuField,
  DiskField,
  ExtraReading,
  ExtraRows,
  ExtraTable,
  GpuColumns,
  GpuField,
  NodeExtras,
  NodeFacts,
  MemoryField,
  ProcColumns,
  Rows,
  TextRef,
  UserId,
} from './model/columns.js';
export type { GpuFieldDescriptor, GpuFieldsWith } from './model/gpu-fields.js';
export type { HealthState } from './model/gpu-health.js';
export type { Sheet, SheetCell, SheetColumn } from './model/sheet.js';
export type { ClusterJobs, Job, JobAllocation, JobSourceState, SchedulerNode } from './model/jobs.js';
export type { Health } from './model/health.js';
export type { Needs } from './model/collector.js';
export type { AllocationColumns } from './model/allocations.js';
export type { EndpointView } from './model/endpoint.js';
export type { NodeCondition, NodeView, NotReporting } from './model/node-view.js';
export type { EndpointPhase, EndpointStatus } from './model/endpoint.js';
export type { Ms } from './model/clock.js';
export type {
  AppView,
  Binding,
  Effect,
  NodeList,
  KeyContext,
  KeyLayer,
  Message,
  Shown,
  KeyScope,
  Step,
  Table,
  TableRows,
  TabPlugin,
  TabRef,
} from './plugin/types.js';
export type { Chart } from './view/frame.js';
export type { Series } from './model/series.js';
export type { GpuSeen, GpuTableRows } from './view/gpu-cells.js';
export type { Block, Line, Raster, RegionId, Size, Span, Tone, View } from './view/frame.js';
export type {
  Cell,
  Cells,
  CellText,
  Column,
  FittedColumn,
  FittingCell,
  Order,
  RowLook,
  Sort,
  TableInput,
  TableLayout,
  TableState,
} from './view/table.js';
export type { ExportColumn, ScreenColumn, TableColumn, TableColumns, Unit } from './view/table-columns.js';
export type { Reading } from './text/format.js';
