import { describe, expect, test } from '@jest/globals';
import { parseArgv } from '../../bin/argv.js';
import { CONFIG_KEYS, parseConfig } from '../../lib/options/config-file.js';
import {
  API_OPTIONS,
  envOf,
  RECORD_OPTIONS,
  resolveOptions,
  VIEW_OPTIONS,
  type Environment,
  type ViewOptions,
} from '../../lib/options/options.js';

const FILE = '/etc/all-smi/config.toml';

/** Every key of the all-smi config file, as all-smi writes it. */
const ALL_SMI = `schema_version = 1

[general]
default_mode = "view"
theme = "dark"
locale = "en"

[local]
interval_secs = 2

[view]
hosts = ["node-0001:9090", "http://node-0002:9090"]
hostfile = "hosts.csv"
interval_secs = 4
ssh = ["admin@node-0003"]
ssh_hostfile = "ssh.csv"
ssh_key = "~/.ssh/id_ed25519"
ssh_config = "~/.ssh/config"
ssh_strict_host_key = "yes"
ssh_timeout_secs = 10
ssh_fallback = true
ssh_known_hosts = "~/.ssh/known_hosts"
ssh_concurrency = 32

[api]
port = 9091
socket = "/run/all-smi.sock"
processes = true
interval_secs = 5

[alerts]
enabled = true
temp_warn_c = 75
temp_crit_c = 88
util_idle_pct = 3
util_idle_warn_mins = 20
power_crit_w = 650
hysteresis_c = 3
bell_on_critical = true
webhook_url = ""

[energy]
price_per_kwh = 0.30
currency = "EUR"
show_cost = true
wal_path = "/var/lib/all-smi"
gap_interpolate_seconds = 10
wal_enabled = false

[display]
color_scheme = "default"
gauge_style = "bar"
show_led_grid = true

[record]
output_dir = "/var/recordings"
compress = "gzip"

[snapshot]
default_format = "json"
default_pretty = true
`;

async function view(argv: readonly string[], env: Environment, text: string): Promise<ViewOptions> {
  return resolveOptions(VIEW_OPTIONS, (await parseArgv(argv)).flags, env, parseConfig(text, FILE));
}

const said = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
};

describe('a file with every key of all-smi', () => {
  const file = parseConfig(ALL_SMI, FILE);

  test('is accepted without warnings', () => {
    expect(file.warnings).toEqual([]);
  });

  test('sets the options', () => {
    expect(resolveOptions(VIEW_OPTIONS, {}, {}, file)).toMatchObject({
      hosts: ['node-0001:9090', 'http://node-0002:9090'],
      hostfile: 'hosts.csv',
      interval: 4,
      theme: 'dark',
      alerts: true,
      alertTemp: 75,
      alertTempCrit: 88,
      alertIdlePercent: 3,
      alertIdle: 20 * 60_000,
      alertPower: 650,
      alertHysteresis: 3,
      alertBell: true,
      webhook: undefined,
    });
    expect(resolveOptions(API_OPTIONS, {}, {}, file)).toMatchObject({ port: 9091, interval: 5, processes: 'gpu' });
    expect(resolveOptions(RECORD_OPTIONS, {}, {}, file)).toMatchObject({ outputDir: '/var/recordings', compress: 'gzip', interval: 4 });
  });
});

test('a file with every key of this program sets its options', () => {
  const file = parseConfig(
    `[general]\ntheme = "colour-blind"\n[view]\ntimeout_secs = 2.5\nfilter = "temp > 80"\nuser = "alice"\n[api]\nbind = "0.0.0.0"
[alerts]\nheld_idle_warn = "20s"\nhost_down = false\nwebhook_url = "https://example.org/hook"\n[display]\nascii = true\nmouse = false\n`,
    FILE,
  );
  expect(file.warnings).toEqual([]);
  expect(resolveOptions(VIEW_OPTIONS, {}, {}, file)).toMatchObject({
    theme: 'colour-blind',
    timeout: 2.5,
    filter: 'temp > 80',
    user: 'alice',
    alertHeld: 20_000,
    alertHostDown: false,
    webhook: new URL('https://example.org/hook'),
    ascii: true,
    mouse: false,
  });
  expect(resolveOptions(API_OPTIONS, {}, {}, file).bind).toBe('0.0.0.0');
});

describe('precedence', () => {
  const text = '[view]\ninterval_secs = 3\n[alerts]\ntemp_warn_c = 70\nutil_idle_warn_mins = 30\n';
  const env = { ALL_SMI_VIEW_INTERVAL_SECS: '2', ALL_SMI_ALERTS_TEMP_WARN_C: '71' };

  test.each([
    ['flag before environment', ['-i', '1'], env, text, 1],
    ['flag before file', ['-i', '1'], {}, text, 1],
    ['flag before default', ['-i', '1'], {}, '', 1],
    ['environment before file', [], env, text, 2],
    ['environment before default', [], env, '', 2],
    ['file before default', [], {}, text, 3],
    ['default', [], {}, '', undefined],
  ] as const)('%s', async (_what, argv, variables, file, interval) => {
    expect((await view(argv, variables, file)).interval).toBe(interval);
  });

  test('the current name of a variable takes precedence over its former name', async () => {
    const old = { ALL_SMI_ALERT_TEMP: '72', ALL_SMI_ALERT_UTIL_LOW_MINS: '1' };
    expect(await view([], old, text)).toMatchObject({ alertTemp: 72, alertIdle: 60_000 });
    expect(await view([], { ...old, ...env }, text)).toMatchObject({ alertTemp: 71 });
    expect(await view([], { ...old, ALL_SMI_ALERTS_TEMP_WARN_C: '' }, text)).toMatchObject({ alertTemp: 72 });
  });

  test('every option with a key has it in its section', () => {
    for (const { key, option } of CONFIG_KEYS) expect(envOf(option)).toBe(`ALL_SMI_${key.replace('.', '_').toUpperCase()}`);
    expect(new Set(CONFIG_KEYS.map(({ key }) => key)).size).toBe(CONFIG_KEYS.length);
  });
});

describe('values', () => {
  test.each([
    ['20s', 20_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['0', 0],
    ['2', 120_000],
    ['1.5', 90_000],
  ])('--alert-util-low-mins %s', async (word, ms) => {
    expect((await view(['--alert-util-low-mins', word], {}, '')).alertIdle).toBe(ms);
  });

  test.each([
    ['--alert-held 20', { alertHeld: 20_000 }],
    ['--theme color-blind', { theme: 'colour-blind' }],
    ['--ascii', { ascii: true }],
    ['--no-mouse', { noMouse: true }],
    ['--user alice', { user: 'alice' }],
  ])('%s', async (words, values) => {
    expect(await view(words.split(' '), {}, '')).toMatchObject(values);
  });

  test.each([
    [['--alert-held', 'soon'], '--alert-held: "soon" is not like 20s, 15m or 2h'],
    [['--theme', 'pink'], '--theme: "pink" is not one of: auto, dark, light, high-contrast, colour-blind, color-blind, mono'],
    [['--filter', 'temp >'], '--filter: parse error: expected a number of degrees at col 7'],
    [['--alert-webhook', 'ftp://a/b'], '--alert-webhook: is not an http or https URL'],
    [['--alert-webhook', 'hook'], '--alert-webhook: is not an http or https URL'],
    [['--alert-temp', '900'], '--alert-temp: "900" is not between 1 and 150'],
  ])('%j is refused', async (argv, message) => {
    await expect(view(argv, {}, '')).rejects.toThrow(message);
  });
});

describe('an error in a file is reported with line and column', () => {
  test.each([
    ['[view\nhosts = 1', `${FILE}, line 1, column 6: `],
    ['[view]\nhosts = [1,\n\n', `${FILE}, line 4, column 1: `],
    ['a = 1\na = 2\n', `${FILE}, line 2, column`],
    ['x = "\u0001"', `${FILE}, line 1, column 6: `],
    ['schema_version = 2', `${FILE}, line 1, column 18: schema_version is 2; this program reads 1`],
    ['[view]\n\nhosts = { a = 1 }', `${FILE}, line 3, column 9: view.hosts must be a string, a number, true or false, or a list of these`],
    ['[view]\nhosts = [["a"]]', `${FILE}, line 2, column 9: view.hosts must be a string, a number, true or false, or a list of these`],
    ['[view]\ninterval_secs = 2026-01-01', `${FILE}, line 2, column 17: view.interval_secs must be a string`],
  ])('%j', (text, message) => {
    expect(said(() => parseConfig(text, FILE))).toContain(`config file ${message}`);
  });

  test.each([
    ['[view]\ninterval_secs = "soon"', `view.interval_secs (${FILE}, line 2, column 17): "soon" is not a number`],
    ['[alerts]\n# hot\ntemp_warn_c=900', `alerts.temp_warn_c (${FILE}, line 3, column 13): "900" is not between 1 and 150`],
    ['alerts.temp_warn_c = 900', `alerts.temp_warn_c (${FILE}, line 1, column 22): "900" is not between 1 and 150`],
    ['[display]\nmouse = "perhaps"', `display.mouse (${FILE}, line 2, column 9): "perhaps" is not on or off`],
    ['[view]\nfilter = "temp >"', `view.filter (${FILE}, line 2, column 10): parse error: expected a number of degrees at col 7`],
    ['alerts = { temp_warn_c = 900 }', `alerts.temp_warn_c (${FILE}): "900" is not between 1 and 150`],
  ])('so is an invalid value: %j', (text, message) => {
    expect(said(() => resolveOptions(VIEW_OPTIONS, {}, {}, parseConfig(text, FILE)))).toContain(message);
  });

  test('unknown keys are warnings', () => {
    const text = '[view]\nhost = "a"\n[vieuw]\nhosts = 1\n[general]\ntheme = "dark"\nthème = 1\n';
    expect(parseConfig(text.replace('thème', '"th\\u00e8me"'), FILE).warnings).toEqual([
      'line 2, column 8: unknown key view.host',
      'line 3, column 1: unknown key vieuw',
      'unknown key general.thème',
    ]);
  });

  test('names of object properties are unknown keys, and do no harm', () => {
    const { values, warnings } = parseConfig('__proto__ = 1\nconstructor = 2\n[view]\n__proto__ = { hosts = "x" }\ntoString = 1\n', FILE);
    expect(values.size).toBe(0);
    expect(warnings).toHaveLength(4);
    expect(resolveOptions(VIEW_OPTIONS, {}, {}, parseConfig('[view.__proto__]\nhosts = "x"', FILE)).hosts).toBeUndefined();
  });

  test('texts are sanitized', () => {
    expect(resolveOptions(VIEW_OPTIONS, {}, {}, parseConfig('[view]\nuser = "al\\u001b]0;x\\u0007ice\\u202e"', FILE)).user).toBe(
      'al]0;xice',
    );
  });
});

test('a long value is kept in full, and a schema_version that is a table is refused', () => {
  const filter = `user == "${'a'.repeat(3000)}"`;
  expect(parseConfig(`[view]\nfilter = '${filter}'\n`, 'f').values.get('view.filter')?.words).toEqual([filter]);
  for (const text of ['[schema_version]\nx = 1\n', 'schema_version = [[1]]\n'])
    expect(() => parseConfig(text, 'f')).toThrow(/^config file f, line 1, column/);
});
