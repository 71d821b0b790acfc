/** Options of the viewer's screen: what is shown, how it looks, what is an alert. */
import { FilterError } from '../filter/lexer.js';
import { parse } from '../filter/parser.js';
import { choice, Invalid, last, number, onOff, time } from './values.js';
import type { OptionTable } from './option-types.js';

const DEGREES = number({ min: 1, max: 150 });
const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const LOOK_OPTIONS = {
  filter: { flag: 'filter', value: 'QUERY', config: 'view.filter', help: 'show only what the query keeps (docs/FILTER.md)', parse: query },
  user: { flag: 'user', value: 'NAME', config: 'view.user', help: 'show only what is of this user; U shows everybody again', parse: last },
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
    otherwise: 'as the locale says',
    help: 'use the characters of ASCII only',
    parse: onOff,
  },
  noMouse: { flag: 'no-mouse', help: 'leave the mouse to the terminal, for selecting text', parse: () => true },
  mouse: { config: 'display.mouse', value: 'on|off', otherwise: 'on', help: 'off: as --no-mouse', parse: onOff },
} as const satisfies OptionTable;

export const ALERT_OPTIONS = {
  alerts: { config: 'alerts.enabled', value: 'on|off', otherwise: 'on', help: 'whether there are alerts', parse: onOff },
  alertTemp: {
    flag: 'alert-temp',
    value: 'CELSIUS',
    config: 'alerts.temp_warn_c',
    legacyEnv: 'ALL_SMI_ALERT_TEMP',
    default: 80,
    help: 'warn of a GPU that is as hot as this',
    parse: DEGREES,
  },
  alertTempCrit: {
    value: 'CELSIUS',
    config: 'alerts.temp_crit_c',
    otherwise: '90; 10 above the warning where that is within 5 of it',
    help: 'a GPU as hot as this is critical',
    parse: DEGREES,
  },
  alertHysteresis: {
    value: 'CELSIUS',
    config: 'alerts.hysteresis_c',
    default: 2,
    help: 'how far it has to cool down to be well again',
    parse: number({ min: 0, max: 50 }),
  },
  alertPower: {
    flag: 'alert-power',
    value: 'WATTS',
    config: 'alerts.power_crit_w',
    default: 0,
    help: 'a GPU that draws as much is critical; 0: none is',
    parse: number({ min: 0, max: 100_000 }),
  },
  alertIdlePercent: {
    value: 'PERCENT',
    config: 'alerts.util_idle_pct',
    default: 5,
    help: 'a GPU that computes no more is idle',
    parse: number({ min: 0, max: 100 }),
  },
  alertIdle: {
    flag: 'alert-util-low-mins',
    value: 'MINUTES',
    config: 'alerts.util_idle_warn_mins',
    legacyEnv: 'ALL_SMI_ALERT_UTIL_LOW_MINS',
    otherwise: '15',
    help: 'warn of a GPU that is idle for so long: minutes, or 20s, 15m, 2h; 0: never',
    parse: time(MINUTE),
  },
  alertHeld: {
    flag: 'alert-held',
    value: 'TIME',
    config: 'alerts.held_idle_warn',
    otherwise: '15m',
    help: 'warn of memory that is held for so long on a GPU that computes nothing: 20s, 15m, 2h; 0: never',
    parse: time(SECOND),
  },
  alertHostDown: {
    config: 'alerts.host_down',
    value: 'on|off',
    otherwise: 'on',
    help: 'whether a node that is down is an alert',
    parse: onOff,
  },
  alertBell: {
    config: 'alerts.bell_on_critical',
    value: 'on|off',
    otherwise: 'off',
    help: 'ring when something becomes critical',
    parse: onOff,
  },
  webhook: {
    flag: 'alert-webhook',
    value: 'URL',
    config: 'alerts.webhook_url',
    help: 'send alerts there as JSON (docs/CONFIG.md)',
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
  if (!url || !/^https?:$/.test(url.protocol)) throw new Invalid('is no http or https address');
  return url;
}
