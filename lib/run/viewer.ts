/** Assembles the viewer: collector, terminal and app, from the settings to the exit status. */
import { loadRegexEngine } from '../filter/regex.js';
import { alertJson } from '../alerts/alert-text.js';
import { App } from '../app/app.js';
import { startJobs } from './job-sources.js';
import { openSources, teams } from './sources.js';
import type { NodeView } from '../model/node-view.js';
import type { RecordingSwitch } from '../model/replay.js';
import type { Webhook, WebhookStatus } from '../notify/webhook.js';
import { themeFor } from '../paint/capabilities.js';
import { createBlessedPainter } from '../paint/blessed-painter.js';
import { createCharts } from '../paint/charts.js';
import { startNotes, type LookSettings, type ViewSettings } from './settings.js';
import type { AppState } from '../app/state.js';
import { Parsers } from '../exposition/parser/index.js';
import { pathContext } from '../paths.js';
import { systemClock } from './system-clock.js';
import type { Save } from '../model/sheet.js';
import { jobNotices } from '../view/job-notices.js';
import type { Painter } from '../view/painter.js';
import type { Ms } from '../model/clock.js';
import { keepYoungGenerationSmall } from './young-generation.js';

const loadSave = () => import('../export/save.js');
const loadRecording = () => Promise.all([import('../recording/write/recording-switch.js'), import('../recording/thread/worker-client.js')]);

/**
 * Loads what only some keys need: not before the first frame, and not when the key is pressed, because no file may be left to open then, and
 * Node.js never tries again to read a module that it could not open. A failure is reported by the key.
 */
function loadTheRest(): void {
  for (const load of [loadSave, loadRecording, loadRegexEngine, () => import('../paint/line-chart.js')]) load().catch(() => undefined);
}

/**
 * Runs until the user quits (0), a signal ends it (128 plus its number) or a bug in the program does (70); resolves with that exit status,
 * after the terminal is restored. Rejects with an AppError when it cannot start.
 */
export async function runView(settings: ViewSettings): Promise<number> {
  keepYoungGenerationSmall();
  const parsers = new Parsers();
  const opened = await openSources(settings.sources, {
    parsers,
    clock: systemClock,
    afterCommit: () => void parsers.tidy(),
    ...teams(settings),
  });
  const { collector, replay } = opened;
  let exit: (status: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    exit = resolve;
  });
  const painter = painterOf(settings.look, exit);
  let webhook: Webhook | undefined;
  try {
    // The alerts of a recording are in the past: no notifications.
    const isRecorded = settings.sources.some(({ kind }) => kind === 'replay');
    if (!isRecorded) webhook = await webhookOf(settings, (status) => (app.state.alerting.note = webhookText(status)));
    const app: App = new App({
      plugins: settings.plugins,
      collector,
      painter,
      clock: systemClock,
      save,
      charts: createCharts(),
      chips: () => [...opened.notices(), ...jobNotices(app.state.jobSources, systemClock.now())],
      startNotes: startNotes(settings.sources),
      alerts: settings.alerts,
      onRenumbered: (listen) => parsers.onRenumbered(listen),
      onAlerts: (changes) => {
        if (!replay?.status) changes.forEach((change) => webhook?.send(alertJson(change)));
      },
      ...(replay ? { replay } : {}),
      ...(isRecorded ? {} : { recording: recordingOf(settings, collector.intervalMs, () => app.state.allNodes), bell: settings.bell }),
    });
    if (settings.prices) app.state.prices = settings.prices;
    app.state.aboutSource = () => opened.facts?.() ?? [];
    app.state.knownJobs = settings.jobs.length > 0 ? opened.jobs : undefined;
    opened.jobs?.onChanged(() => app.state.ownersChanged());
    narrow(app.state, settings);
    app.start();
    systemClock.after(0, loadTheRest);
    const jobs = await startJobs(settings.jobs, opened.jobs, (states) => {
      app.state.jobSources = states;
      app.state.touch();
    });
    const status = await Promise.race([exited, app.quit.then(() => 0)]);
    await Promise.all([app.stop(), jobs?.stop()]);
    return status;
  } finally {
    webhook?.close();
    await painter.close();
    await opened.close();
  }
}

function painterOf({ theme, ascii, mouse }: LookSettings, exit: (status: number) => void): Painter {
  const { stdin, stdout, stderr, env } = process;
  return createBlessedPainter({
    stdin,
    stdout,
    env,
    clock: systemClock,
    theme: themeFor(theme, env),
    mouse,
    ...(ascii === undefined ? {} : { ascii }),
    lifetime: { exit, stderr },
  });
}

/** The initial view. */
function narrow({ filtering }: AppState, { filter, user }: ViewSettings): void {
  if (filter !== undefined) filtering.set(filter);
  if (user !== undefined) filtering.pin(user);
}

async function webhookOf({ webhook }: ViewSettings, onStatus: (status: WebhookStatus) => void): Promise<Webhook | undefined> {
  if (!webhook) return undefined;
  const { Webhook } = await import('../notify/webhook.js');
  const made: Webhook = new Webhook(webhook, systemClock, () => onStatus(made.status));
  return made;
}

/** '3 sent · 1 failed: HTTP 500'. */
function webhookText({ sent, failed, dropped, problem }: WebhookStatus): string {
  const parts = [`${sent} sent`];
  if (failed > 0) parts.push(`${failed} failed${problem === '' ? '' : `: ${problem}`}`);
  if (dropped > 0) parts.push(`${dropped} dropped`);
  return parts.join(' · ');
}

function recordingOf({ sources }: ViewSettings, intervalMs: Ms, nodes: () => Iterable<NodeView>): RecordingSwitch {
  return laterRecording(async () => {
    const [{ recordingSwitch }, { compressorInThread }] = await loadRecording();
    return recordingSwitch({
      nodes,
      intervalMs,
      clock: systemClock,
      local: sources.every(({ kind }) => kind === 'local'),
      newCompressor: compressorInThread,
    });
  });
}

/** Recording, from its first use on: few runs are recorded. */
function laterRecording(load: () => Promise<RecordingSwitch>): RecordingSwitch {
  let loaded: RecordingSwitch | undefined;
  let listen: (problem?: string) => void = () => undefined;
  return {
    get status() {
      return loaded?.status;
    },
    async start() {
      loaded ??= await load();
      loaded.onChange(listen);
      await loaded.start();
    },
    stop: async () => loaded?.stop(),
    onChange: (next) => (listen = next),
  };
}

const save: Save = async (request) => {
  const { saveSheet } = await loadSave();
  return saveSheet(request, systemClock.now(), pathContext(process.env));
};
