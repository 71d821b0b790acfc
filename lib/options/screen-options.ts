/** Options of the viewer's screen: content, appearance, and alerts. */
import { FilterError } from '../filter/lexer.js';
import { parse } from '../filter/parser.js';
import { choice, Invalid, last, number, onOff, time } from './values.js';
import type { OptionTable } from './option-types.js';

const DEGREES = number({ min: 1, max: 150 });
const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const LOOK_OPTIONS = {
  filter: { flag: 'filter', value: 'QUERY', config: 'view.filter', help: 'show only what matches (docs/FILTER.md)', parse: query },
  user: { flag: 'user', value: 'NAME', config: 'view.user', help: 'show only this user; U shows all users again', parse: last },
  theme: {
    flag: 'theme',
    value: 'NAME',
    config: 'general.theme',
    default: 'auto',
    help: 'auto, dark, light, high-contrast, colour-blind or mono',
    parse: choice({
      auto: 'auto',
      dark: 'dark',
      light: 'light',
      'high-contrast': 'high-contrast',
      'colour-blind': 'colour-blind',
      'color-blind': 'colour-blind',
      mono: 'mono',
    } as const),
  },
  ascii: {
    flag: 'ascii',
    config: 'display.ascii',
    otherwise: 'depends on the locale',
    help: 'use ASCII characters only',
    parse: onOff,
  },
  noMouse: { flag: 'no-mouse', help: 'leave the mouse to the terminal, to select text', parse: () => true },
  mouse: { config: 'display.mouse', value: 'on|off', otherwise: 'on', help: 'off: same as --no-mouse', parse: onOff },
} as const satisfies OptionTable;

/** When a reading is an alert. */
export const ALERT_RULES = {
  alerts: { config: 'alerts.enabled', value: 'on|off', otherwise: 'on', help: 'turn alerts on or off', parse: onOff },
  alertTemp: {
    flag: 'alert-temp',
    value: 'CELSIUS',
    config: 'alerts.temp_warn_c',
    legacyEnv: 'ALL_SMI_ALERT_TEMP',
    otherwise: '2 below the maximum operating or slowdown temperature of the GPU; 80 if it exports none',
    help: 'GPU temperature that raises a warning',
    parse: DEGREES,
  },
  alertTempCrit: {
    value: 'CELSIUS',
    config: 'alerts.temp_crit_c',
    otherwise:
      'the slowdown temperature of the GPU; 90 if it exports none; if a warning is set, 90, or 10 above it if 90 is less than 5 above',
    help: 'GPU temperature that raises a critical alert',
    parse: DEGREES,
  },
  alertHysteresis: {
    value: 'CELSIUS',
    config: 'alerts.hysteresis_c',
    default: 2,
    help: 'how far a GPU must cool down before the alert is resolved',
    parse: number({ min: 0, max: 50 }),
  },
  alertPower: {
    flag: 'alert-power',
    value: 'WATTS',
    config: 'alerts.power_crit_w',
    default: 0,
    help: 'GPU power that raises a critical alert; 0: never',
    parse: number({ min: 0, max: 100_000 }),
  },
  alertIdlePercent: {
    value: 'PERCENT',
    config: 'alerts.util_idle_pct',
    default: 5,
    help: 'utilisation up to which a GPU is idle',
    parse: number({ min: 0, max: 100 }),
  },
  alertIdle: {
    flag: 'alert-util-low-mins',
    value: 'MINUTES',
    config: 'alerts.util_idle_warn_mins',
    legacyEnv: 'ALL_SMI_ALERT_UTIL_LOW_MINS',
    otherwise: '15',
    help: 'how long a GPU may be idle before it raises a warning: minutes, or 20s, 15m, 2h; 0: no limit',
    parse: time(MINUTE),
  },
  alertHeld: {
    flag: 'alert-held',
    value: 'TIME',
    config: 'alerts.held_idle_warn',
    otherwise: '15m',
    help: 'how long a GPU may be held idle before it raises a warning: 20s, 15m, 2h; 0: no limit',
    parse: time(SECOND),
  },
  alertHostDown: {
    config: 'alerts.host_down',
    value: 'on|off',
    otherwise: 'on',
    help: 'alert when a node is down',
    parse: onOff,
  },
} as const satisfies OptionTable;

export const ALERT_OPTIONS = {
  ...ALERT_RULES,
  alertBell: {
    config: 'alerts.bell_on_critical',
    value: 'on|off',
    otherwise: 'off',
    help: 'ring the terminal bell when an alert becomes critical',
    parse: onOff,
  },
  webhook: {
    flag: 'alert-webhook',
    value: 'URL',
    config: 'alerts.webhook_url',
    help: 'send alerts to this URL as JSON (docs/CONFIG.md)',
    parse: address,
  },
} as const satisfies OptionTable;

function query(words: readonly string[]): string {
  try {
    parse(last(words));
  } catch (error) {
    throw error instanceof FilterError ? new Invalid(error.message) : error;
  }
  return last(words);
}

function address(words: readonly string[]): URL {
  const url = URL.canParse(last(words)) ? new URL(last(words)) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new Invalid('is not an http or https URL');
  return url;
}
