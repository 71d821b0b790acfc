/** The text of --help, made from the tables. */
import { COMMANDS, envOf, type Command } from '../lib/options/options.js';
import type { Option, OptionTable } from '../lib/options/option-types.js';

const PROGRAM = 'all-smi-view';
const USAGE: Readonly<Record<Command, string>> = {
  view: `${PROGRAM} [options]`,
  get: `${PROGRAM} get TABLE [options]`,
  check: `${PROGRAM} check [options]`,
  record: `${PROGRAM} record [options]`,
  report: `${PROGRAM} report [FILE..] [options]`,
  'replay-info': `${PROGRAM} replay-info FILE.. [--verify]`,
  api: `${PROGRAM} api [options]`,
  mock: `${PROGRAM} mock [options]`,
  config: `${PROGRAM} config path|print|validate|init`,
};
const EXAMPLES: Readonly<Record<Command, readonly (readonly [line: string, help: string])[]>> = {
  view: [
    [`${PROGRAM} --hosts 'node[01-16]:9090'`, 'sixteen nodes'],
    [`${PROGRAM} --hostfile hosts.csv -i 2`, 'the nodes in a file, every two seconds'],
    [PROGRAM, 'this machine'],
    [`${PROGRAM} --demo`, 'a made-up cluster, to try it out'],
    [`${PROGRAM} --replay all-smi-20260807-143203.ndjson.zst`, 'replay a recording'],
  ],
  get: [
    [`${PROGRAM} get users --hosts 'node[01-16]:9090'`, 'who uses the GPUs now'],
    [`${PROGRAM} get gpus --hostfile hosts.csv -o json`, 'every GPU, for a program'],
    [`${PROGRAM} get free --hostfile hosts.csv --gpus 4 --same-node --wait=2h`, 'wait for a node with four free GPUs'],
    [`${PROGRAM} get users --replay week.ndjson.zst --at '2026-08-07 14:32' -o csv`, 'who used them then'],
  ],
  check: [
    [`${PROGRAM} check --hostfile hosts.csv --min-free 8 --max-down 2`, 'OK, WARNING, CRITICAL or UNKNOWN: exit code 0 to 3'],
    [`${PROGRAM} check --hostfile hosts.csv --over 15m --alert-held 15m`, 'also GPUs that were held idle all the time'],
  ],
  record: [
    [`${PROGRAM} record --hostfile hosts.csv --duration 2h`, 'two hours of the nodes in a file'],
    [`${PROGRAM} record --hosts 'node[01-16]:9090' --max-size 500M --max-files 20`, 'until stopped; keeps the last 10 GB'],
  ],
  report: [
    [`${PROGRAM} report week/`, 'GPU-hours and energy of the users in the recordings of a directory'],
    [`${PROGRAM} report week/ --by account --price-gpu-hour H100=2.5,L4=0.4 -o csv`, 'what to charge each account'],
    [
      `${PROGRAM} report --prometheus http://prom:9090 --since '2026-08-01 00:00' --until '2026-08-08 00:00'`,
      'a week that a server has kept',
    ],
  ],
  'replay-info': [[`${PROGRAM} replay-info recordings/`, 'what the recordings in a directory contain']],
  config: [
    [`${PROGRAM} config init`, 'create a config file with every key'],
    [`${PROGRAM} config print`, 'values in effect, and where they come from'],
  ],
  api: [
    [`${PROGRAM} api --processes --bind 0.0.0.0`, 'for viewers on other machines, with the processes on the GPUs'],
    [`${PROGRAM} api --tls-cert node.pem --tls-key node.key --token-file token`, 'over https, for clients that have the token'],
  ],
  mock: [
    [`${PROGRAM} mock --nodes 3 --port 10001`, 'three nodes on ports 10001 to 10003'],
    [`${PROGRAM} mock --port-range 10001-10050 -o hosts.csv`, 'fifty nodes, with their addresses in a file'],
  ],
};
const EXITS =
  'Exit codes: 0 success, 1 failed, 2 wrong usage, 3 incomplete (--strict), 4 no room (get free), 70 internal error, 128+n signal n.';

/** `width`: columns of the terminal; lines wrap there where they can. */
export function helpText(command: Command, version: string, width: number): string {
  const others = (Object.keys(COMMANDS) as Command[]).filter((other) => other !== command);
  const usages = [command, ...others].map((one) => [USAGE[one], COMMANDS[one].help] as const);
  const { flags, variables } = optionLines(COMMANDS[command].options);
  return [
    `${PROGRAM} ${version}: who uses the GPU cluster, how much, where, and since when`,
    '',
    ...columns(usages, width),
    '',
    'Options:',
    ...columns(flags, width),
    ...(variables.length === 0 ? [] : ['', 'Environment:', ...columns(variables, width)]),
    '',
    'Examples:',
    ...columns(EXAMPLES[command], width),
    '',
    EXITS,
    '',
  ].join('\n');
}

type Rows = readonly (readonly [left: string, right: string])[];

function optionLines(table: OptionTable): { readonly flags: Rows; readonly variables: Rows } {
  const listed = Object.values<Option>(table);
  const flags = listed.filter(({ flag }) => flag !== undefined).map((option) => [signature(option), explained(option)] as const);
  const variables = listed.filter(({ flag }) => flag === undefined).map((option) => [String(envOf(option)), option.help] as const);
  return { flags: [...flags, ['-h, --help', 'show this help'], ['    --version', 'show the version']], variables };
}

/** '-i, --interval SECONDS'; '--processes[=gpu|all]'. */
export function signature({ flag, alias, value, bare }: Option): string {
  const behind = value === undefined ? '' : bare ? `[=${value}]` : ` ${value}`;
  return `${alias === undefined ? '   ' : `-${alias},`} --${String(flag)}${behind}`;
}

function explained(option: Option): string {
  const { help, many, default: standard, otherwise } = option;
  const env = envOf(option);
  const notes = [
    ...(many === 'repeat' ? ['repeatable'] : []),
    ...(standard === undefined && otherwise === undefined ? [] : [`default ${otherwise ?? String(standard)}`]),
    ...(env === undefined ? [] : [`env ${env}`]),
  ];
  return notes.length === 0 ? help : `${help} [${notes.join('; ')}]`;
}

/** Two columns; the right one wraps at words. */
function columns(rows: Rows, width: number): string[] {
  const left = Math.max(...rows.map(([text]) => text.length)) + 2;
  return rows.flatMap(([text, help]) =>
    wrapped(help, Math.max(24, width - left - 2)).map((part, at) => `  ${(at === 0 ? text : '').padEnd(left)}${part}`.trimEnd()),
  );
}

function wrapped(text: string, width: number): string[] {
  const parts: string[] = [];
  for (const word of text.split(' ')) {
    const end = parts.length - 1;
    if (end >= 0 && `${parts[end]!} ${word}`.length <= width) parts[end] = `${parts[end]!} ${word}`;
    else parts.push(word);
  }
  return parts;
}
