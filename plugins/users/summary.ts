/** The part above the tables: chips, and the totals in one or two lines. */
import {
  FROM_ROWS,
  bytes,
  count,
  line,
  span,
  watts,
  width,
  type Grouping,
  type Line,
  type Size,
  type UsersTable,
  type UserTotals,
} from '../../lib/index.js';
import type { Level, UsersUi } from './drilldown.js';
import { GROUP_NAMES, shownUser, type ByUse } from './table-page.js';

/** The line under the tab strip, if needed: missing nodes, frozen order. */
export function chipLines({ totals }: UsersTable, { frozen }: Level, cols: number): readonly Line[] {
  const chips = [
    ...(totals.reporting < totals.nodes ? [coverageChips(totals).map((text) => span(text, 'chip-warn'))] : []),
    ...(frozen ? [[span(' row order frozen · F unfreezes ', 'chip'), span(' row order frozen (F) ', 'chip')]] : []),
  ];
  if (chips.length === 0) return [];
  // The longest forms that fit on one line, else one line each.
  for (let form = 0; form < 4; form++) {
    const side = chips.map((forms) => forms[Math.min(form, forms.length - 1)]!);
    if (side.reduce((sum, { text }) => sum + width(text) + 1, -1) <= cols)
      return [line(...side.flatMap((chip, at) => (at === 0 ? [chip] : [' ', chip])))];
  }
  return chips.map((forms) => line(forms.find(({ text }) => width(text) <= cols) ?? forms.at(-1)!));
}

function coverageChips({ reporting, nodes }: UserTotals): readonly string[] {
  const of = `${count(reporting)} of ${count(nodes)}`;
  const whole = `partial coverage: ${of} ${nodes === 1 ? 'node' : 'nodes'} reporting processes`;
  return [` ⚠ ${whole} · i: details `, ` ⚠ ${whole} · i: details `, ` ⚠ ${whole} `, ` ⚠ partial coverage: ${of} · i: details `];
}

/** Users, coverage, memory owned and unattributed, power attributed and not: in words if they fit, else shorter; finally the end is dropped. */
export function summaryLines(
  users: UsersTable,
  shown: number,
  { showSystem, byUse }: UsersUi,
  by: Grouping,
  { cols, rows }: Size,
): readonly Line[] {
  const most = rows >= FROM_ROWS.summaries ? 2 : 1;
  const forms = WORDS.map((words) => flow(headParts(users, shown, { by, byUse }, systemPart(users, showSystem, words), words), cols));
  const fitting = forms.find((form) => form.length <= most) ?? forms.at(-1)!;
  return fitting.slice(0, most).map((text) => line(` ${text}`));
}

/** Parts on as many lines as needed. */
function flow(parts: readonly string[], cols: number): readonly string[] {
  const texts: string[] = [];
  for (const part of parts) {
    const longer = `${texts.at(-1) ?? ''} · ${part}`;
    if (texts.length > 0 && width(longer) < cols) texts[texts.length - 1] = longer;
    else texts.push(part);
  }
  return texts;
}

interface Words {
  readonly reporting: (reporting: number, hosts: number) => string;
  readonly hidden: string;
  readonly unowned: string;
  readonly power: (attributed: string, not: string) => string;
}
/** From the longest to the shortest. */
const WORDS: readonly Words[] = [
  {
    reporting: (reporting, hosts) => `${count(reporting)} of ${count(hosts)} ${hosts === 1 ? 'node' : 'nodes'} reporting`,
    hidden: ' hidden',
    unowned: 'unattributed',
    power: (attributed, not) => `${attributed} attributed, ${not} not`,
  },
  {
    reporting: (reporting, hosts) => `${count(reporting)}/${count(hosts)} nodes reporting`,
    hidden: ' hidden',
    unowned: 'unowned',
    power: (attributed, not) => `${attributed} attributed, ${not} not`,
  },
  {
    reporting: (reporting, hosts) => `${count(reporting)}/${count(hosts)} nodes`,
    hidden: '',
    unowned: 'unowned',
    power: (attributed, not) => `${attributed}, ${not} unattributed`,
  },
];

function headParts(
  { totals }: UsersTable,
  shown: number,
  { by, byUse }: ByUse & { readonly by: Grouping },
  system: string,
  words: Words,
): readonly string[] {
  const { reporting, nodes, ownedBytes, unownedBytes, gpusInUse } = totals;
  const attributedWatts = byUse ? totals.attributedByUseWatts : totals.attributedWatts;
  const unattributedWatts = byUse ? totals.unattributedByUseWatts : totals.unattributedWatts;
  const anyPower = attributedWatts + unattributedWatts > 0;
  return [
    `${count(shown)} ${shown === 1 ? GROUP_NAMES[by].one : GROUP_NAMES[by].many}`,
    words.reporting(reporting, nodes),
    `${bytes(ownedBytes)} owned${system}`,
    ...(unownedBytes > 0 ? [`${bytes(unownedBytes)} ${words.unowned}`] : []),
    ...(anyPower ? [words.power(`${watts(attributedWatts)}${byUse ? '' : '*'}`, watts(unattributedWatts))] : []),
    `${count(gpusInUse)} ${gpusInUse === 1 ? 'GPU' : 'GPUs'} in use`,
  ];
}

/** ' (root 18.0 GiB hidden)': the memory of system accounts is part of the owned memory. */
function systemPart(users: UsersTable, showSystem: boolean, { hidden }: Words): string {
  const names: string[] = [];
  for (let row = 0; row < users.count; row++) if (users.system(row) && users.vramBytes[row]! > 0) names.push(users.user(row));
  if (names.length === 0) return '';
  const who = names.length === 1 ? shownUser(names[0]!) : `${names.length} system accounts`;
  return ` (${who} ${bytes(users.totals.systemBytes)}${showSystem ? '' : hidden})`;
}
