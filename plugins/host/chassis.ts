/** The machine around the GPUs: what it is, its power, where the exporter runs, the state of the exporter's sources. */
import {
  clock,
  JOULES_PER_KWH,
  money,
  observedSeconds,
  percent,
  span,
  windowSeconds,
  type AppView,
  type ExtraRows,
  type NodeView,
  type Line,
} from '../../lib/index.js';
import { fact, words, inlineLines, type Part } from './inline-list.js';
import { joules, readingPart, restParts, withUnit } from './extra-readings.js';

const lead = (label: string): ReturnType<typeof span> => span(` ${label.padEnd(9)}`, 'dim');

export function chassisLines(node: NodeView, app: AppView, cols: number): readonly Line[] {
  const { extras } = node;
  return [
    ...inlineLines(lead('machine'), [...machineParts(extras.rows('chassis')), ...fanParts(extras.rows('fan'))], cols),
    ...inlineLines(lead('energy'), energyParts(extras.rows('energy')), cols),
    ...inlineLines(lead('session'), sessionParts(node, app), cols),
    ...inlineLines(lead('sockets'), socketParts(extras.rows('socket')), cols),
    ...inlineLines(lead('chip'), extras.rows('cpu').count > 0 ? restParts(extras.rows('cpu').families(0), NOTHING) : [], cols),
    ...inlineLines(lead('runs in'), runtimeParts(extras.rows('runtime')), cols),
    ...inlineLines(lead('sources'), sourceParts(extras.rows('source')), cols),
  ];
}

const NOTHING: ReadonlySet<string> = new Set();
const INFO: ReadonlySet<string> = new Set(['chassis_info']);
const FACTS: readonly (readonly [label: string, word: string])[] = [
  ['product_name', ''],
  ['vendor', ''],
  ['board', 'board '],
  ['version', 'version '],
  ['bios_version', 'BIOS '],
  ['platform', ''],
];

function machineParts(chassis: ExtraRows): readonly Part[] {
  if (chassis.count === 0) return [];
  const told = FACTS.flatMap(([label, word]) => {
    const text = chassis.label(0, label);
    return text === '' ? [] : [`${word}${text}`];
  });
  return [...(told.length > 0 ? [words(told.join(', '))] : []), ...restParts(chassis.families(0), INFO)];
}

function fanParts(fans: ExtraRows): readonly Part[] {
  return Array.from({ length: fans.count }, (_, row) => row).flatMap((row) => {
    const rpm = fans.value(row, 'chassis_fan_speed_rpm');
    return Number.isNaN(rpm) ? [] : [fact(`fan ${fans.label(row, 'fan_name') || fans.label(row, 'fan_id')}`, withUnit(rpm, 'rpm'))];
  });
}

/** Energy other than that of GPUs, which is shown with the GPU. */
function energyParts(energy: ExtraRows): readonly Part[] {
  return Array.from({ length: energy.count }, (_, row) => row).flatMap((row) => {
    const value = energy.value(row, 'energy_consumed_joules_total');
    const scope = energy.label(row, 'scope');
    return scope === 'gpu' || Number.isNaN(value) ? [] : [fact(scope || 'all', joules(value))];
  });
}

/** Energy of the GPUs since the start of the viewer, and what it costs. */
function sessionParts(node: NodeView, { usage, prices, now }: AppView): readonly Part[] {
  const totals = usage.nodeTotals(node.nodeId, now);
  if (!totals || !(totals.poweredSeconds > 0)) return [];
  const kwh = totals.joules / JOULES_PER_KWH;
  const energy = kwh < 0.001 ? joules(totals.joules) : `${kwh.toFixed(3)} kWh`;
  const observed = percent((observedSeconds(totals) / windowSeconds(totals)) * 100);
  const cost = Number.isNaN(prices.perKwh) ? [] : [words(`${money(kwh * prices.perKwh, prices)} at ${prices.perKwh} a kWh`)];
  return [fact('GPUs', energy), ...cost, words(`since ${clock(totals.from)}`), words(`${observed} observed`)];
}

function socketParts(sockets: ExtraRows): readonly Part[] {
  return Array.from({ length: sockets.count }, (_, row) => {
    const read = sockets
      .families(row)
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ value, unit }) => withUnit(value, unit));
    return fact(`${sockets.label(row, 'socket_id') || row}`, read.join(' '));
  });
}

const runtimeParts = (runtime: ExtraRows): readonly Part[] =>
  runtime.count === 0
    ? []
    : runtime
        .families(0)
        .map(readingPart)
        .filter((part) => part !== undefined);

function sourceParts(sources: ExtraRows): readonly Part[] {
  return Array.from({ length: sources.count }, (_, row) => {
    const [name, state, reason] = [sources.label(row, 'source'), sources.label(row, 'state'), sources.label(row, 'reason')];
    const bad = state !== 'ok' && state !== 'starting';
    return [span(`${name} `, 'dim'), span(reason === '' ? state : `${state}: ${reason}`, bad ? 'warn' : undefined)];
  });
}
