/** The viewer put together: collector, terminal and app, from the settings to the exit status. */
import { homedir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { alertJson } from '../alerts/alert-text.js';
import { App } from '../app/app.js';
import { collectorOf } from './collectors.js';
import type { NodeView } from '../model/node-view.js';
import type { RecordingSwitch } from '../model/replay.js';
import type { Webhook, WebhookStatus } from '../notify/webhook.js';
import { themeFor } from '../paint/capabilities.js';
import { createBlessedPainter } from '../paint/blessed-painter.js';
import { createCharts } from '../paint/charts.js';
import type { Cluster } from '../mock/mock-server.js';
import type { LookSettings, ViewSettings } from './settings.js';
import type { AppState } from '../app/state.js';
import { line, span, type Line } from '../view/frame.js';
import { Parsers } from '../exposition/parser/index.js';
import { systemClock } from './system-clock.js';
import type { Save } from '../model/sheet.js';
import type { Painter } from '../view/painter.js';
import type { Ms } from '../model/clock.js';

const DEMO_CHIP: Line = line(span(' demo: a made-up cluster ', 'chip'));

/**
 * Lets the part of the heap where new objects are made grow to its 16 MiB in one step. Each answer of a node leaves hundreds of objects of the
 * HTTP client behind, so the small one that the engine begins with is collected all the time. The engine reads the flag whenever that part
 * grows, so it may be set late.
 */
const YOUNG_HEAP = '--semi-space-growth-factor=16';

/**
 * Runs until the user quits (0), a signal ends it (128 and its number) or a fault of the program does (70); resolves with that exit
 * status, the terminal given back. Rejects with an AppError when it cannot begin.
 */
export async function runView(settings: ViewSettings): Promise<number> {
  const demo = settings.demo ? await (await import('../mock/demo.js')).startDemo(systemClock) : undefined;
  try {
    return await runViewer(settings, demo);
  } finally {
    await demo?.stop();
  }
}

async function runViewer(settings: ViewSettings, demo: Cluster | undefined): Promise<number> {
  const wire = new Parsers();
  let forget = (): void => undefined;
  const tidy = (): void => {
    if (wire.tidy()) forget();
  };
  const chips: Line[] = demo ? [DEMO_CHIP] : [];
  const replay = settings.replay && (await (await import('./open-replay.js')).openReplay(settings.replay));
  const collector = replay ?? (await collectorOf(settings, demo, wire, chips, tidy));
  let exit: (status: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    exit = resolve;
  });
  const painter = painterOf(settings.look, exit);
  let told = (): void => undefined;
  const webhook = replay ? undefined : await webhookOf(settings, () => told());
  try {
    const recording = recordingOf(settings, collector.intervalMs, () => app.state.allNodes);
    const app = new App({
      plugins: settings.plugins,
      collector,
      painter,
      clock: systemClock,
      save,
      charts: createCharts(),
      chips,
      alerts: settings.alerts,
      ...(webhook ? { onAlerts: (changes) => changes.forEach((change) => webhook.send(alertJson(change))) } : {}),
      ...(replay ? { replay } : { recording, bell: settings.bell }),
    });
    told = () => {
      app.state.alerting.note = webhookText(webhook?.status);
    };
    narrow(app.state, settings);
    forget = () => {
      app.state.forget();
    };
    app.start();
    setFlagsFromString(YOUNG_HEAP);
    const status = await Promise.race([exited, app.quit.then(() => 0)]);
    await app.stop();
    return status;
  } finally {
    webhook?.close();
    await painter.close();
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

/** What is shown from the start. */
function narrow({ filtering }: AppState, { filter, user }: ViewSettings): void {
  if (filter !== undefined) filtering.set(filter);
  if (user !== undefined) filtering.pin(user);
}

/** Alerts of a recording are old ones: nobody is told. */
async function webhookOf({ webhook }: ViewSettings, told: () => void): Promise<Webhook | undefined> {
  return webhook && new (await import('../notify/webhook.js')).Webhook(webhook, systemClock, told);
}

/** '3 sent · 1 failed: HTTP 500'. */
function webhookText(status: WebhookStatus | undefined): string {
  if (!status) return '';
  const { sent, failed, dropped, problem } = status;
  const parts = [`${sent} sent`];
  if (failed > 0) parts.push(`${failed} failed${problem === '' ? '' : `: ${problem}`}`);
  if (dropped > 0) parts.push(`${dropped} dropped`);
  return parts.join(' · ');
}

function recordingOf({ local }: ViewSettings, intervalMs: Ms, nodes: () => Iterable<NodeView>): RecordingSwitch {
  return laterRecording(async () => {
    const [{ recordingSwitch }, { compressorInThread }] = await Promise.all([
      import('../recording/write/recording-switch.js'),
      import('../recording/thread/worker-client.js'),
    ]);
    return recordingSwitch({ nodes, intervalMs, clock: systemClock, local: local !== undefined, newCompressor: compressorInThread });
  });
}

/** Recording, loaded when it is first asked for: few runs are recorded. */
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
  const { saveSheet } = await import('../export/save.js');
  return saveSheet(request, systemClock.now(), { platform: process.platform, env: process.env, home: homedir() });
};
