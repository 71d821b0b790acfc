/** Settings of the viewer's screen, from the options: its look, what it shows, and the alerts. */
import { NO_PRICES, type Prices } from '../lib/aggregate/prices.js';
import { ALERT_DEFAULTS, type AlertSettings } from '../lib/alerts/rules.js';
import { AppError } from '../lib/errors.js';
import { compile } from '../lib/filter/evaluate.js';
import { parse } from '../lib/filter/parser.js';
import { loadRegexEngine } from '../lib/filter/regex.js';
import { LIMITS } from '../lib/model/limits.js';
import type { ViewOptions } from '../lib/options/options.js';
import type { Values } from '../lib/options/option-types.js';
import type { ENERGY_OPTIONS } from '../lib/options/energy-options.js';
import type { ALERT_RULES } from '../lib/options/screen-options.js';
import type { ViewSettings } from '../lib/run/settings.js';

type Shown = Pick<ViewSettings, 'look' | 'filter' | 'user' | 'alerts' | 'bell' | 'webhook' | 'prices'>;

/** Throws `E_OPTION_BAD`. */
export async function screenOf(options: ViewOptions): Promise<Shown> {
  const { theme, ascii, mouse = true, noMouse = false, filter, user, webhook } = options;
  if (filter !== undefined) await checkFilter(filter);
  return {
    look: { theme, mouse: mouse && !noMouse, ...(ascii === undefined ? {} : { ascii }) },
    alerts: alertsOf(options),
    bell: options.alertBell ?? false,
    prices: pricesOf(options),
    ...(filter === undefined ? {} : { filter }),
    ...(user === undefined ? {} : { user }),
    ...(webhook === undefined ? {} : { webhook }),
  };
}

/** Without a price, no cost is shown. */
export const pricesOf = ({ priceKwh = NaN, priceGpuHour = [], currency, showCost }: Values<typeof ENERGY_OPTIONS>): Prices =>
  showCost === false ? NO_PRICES : { perKwh: priceKwh, perGpuHour: priceGpuHour, currency };

/** The filter has been parsed already; compiling it finds errors in its regular expressions. */
export async function checkFilter(filter: string): Promise<void> {
  const query = parse(filter);
  if (!query) return;
  await loadRegexEngine();
  try {
    compile(query, filter);
  } catch (error) {
    throw new AppError(
      'E_OPTION_BAD',
      { option: '--filter', reason: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  }
}

/** The critical temperature is at least this much above the warning. */
const LEAST_STEP_C = 5;
const STEP_C = 10;

export function alertsOf(options: Values<typeof ALERT_RULES>): AlertSettings {
  const { alertTemp: tempWarnC, alertTempCrit } = options;
  const crit = alertTempCrit ?? LIMITS.criticalCelsius;
  return {
    enabled: options.alerts ?? ALERT_DEFAULTS.enabled,
    tempWarnC,
    tempCritC: tempWarnC === undefined ? alertTempCrit : crit < tempWarnC + LEAST_STEP_C ? tempWarnC + STEP_C : crit,
    hysteresisC: options.alertHysteresis,
    idlePercent: options.alertIdlePercent,
    idleMs: options.alertIdle ?? ALERT_DEFAULTS.idleMs,
    heldMs: options.alertHeld ?? ALERT_DEFAULTS.heldMs,
    powerCritW: options.alertPower,
    hostDown: options.alertHostDown ?? ALERT_DEFAULTS.hostDown,
  };
}
