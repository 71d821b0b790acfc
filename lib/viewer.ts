/** The viewer put together: collector, terminal and app, from the settings to the exit status. */
import { homedir } from 'node:os';
import { App } from './app.js';
import { collectorOf } from './collectors.js';
import type { HostView } from './model/host.js';
import { systemClock, type Save } from './model/ports.js';
import type { RecordingSwitch } from './model/replay.js';
import { createBlessedPainter } from './paint/blessed.js';
import { createCharts } from './paint/charts.js';
import type { Cluster } from './serve/node-server.js';
import type { ViewSettings } from './settings.js';
import { line, span, type Line } from './view/frame.js';
import { Wire } from './wire/wire.js';

const DEMO_CHIP: Line = line(span(' demo: a made-up cluster ', 'chip'));

/**
 * Runs until the user quits (0), a signal ends it (128 and its number) or a fault of the program does (70); resolves with that exit
 * status, the terminal given back. Rejects with an AppError when it cannot begin.
 */
export async function runView(settings: ViewSettings): Promise<number> {
  const demo = settings.demo ? await (await import('./serve/demo.js')).startDemo(systemClock) : undefined;
  try {
    return await show(settings, demo);
  } finally {
    await demo?.stop();
  }
}

async function show(settings: ViewSettings, demo: Cluster | undefined): Promise<number> {
  const wire = new Wire();
  let forget = (): void => undefined;
  const tidy = (): void => {
    if (wire.tidy()) forget();
  };
  const chips: Line[] = demo ? [DEMO_CHIP] : [];
  const replay = settings.replay && (await (await import('./replaying.js')).openReplay(settings.replay));
  const collector = replay ?? (await collectorOf(settings, demo, wire, chips, tidy));
  let exit: (status: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    exit = resolve;
  });
  const { stdin, stdout, stderr, env } = process;
  const painter = createBlessedPainter({ stdin, stdout, env, clock: systemClock, lifetime: { exit, stderr } });
  try {
    const recording = laterRecording(async () => {
      const [{ recordingSwitch }, { compressorInThread }] = await Promise.all([import('./record/switch.js'), import('./record/thread.js')]);
      const hosts = (): Iterable<HostView> => app.state.allHosts;
      const local = settings.local !== undefined;
      return recordingSwitch({ hosts, intervalMs: collector.intervalMs, clock: systemClock, local, newCompressor: compressorInThread });
    });
    const app = new App({
      plugins: settings.plugins,
      collector,
      painter,
      clock: systemClock,
      save,
      charts: createCharts(),
      chips,
      ...(replay ? { replay } : { recording }),
    });
    forget = () => {
      app.state.forget();
    };
    app.start();
    const status = await Promise.race([exited, app.quit.then(() => 0)]);
    await app.stop();
    return status;
  } finally {
    await painter.close();
  }
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
  const { saveSheet } = await import('./export/save.js');
  return saveSheet(request, systemClock.now(), { platform: process.platform, env: process.env, home: homedir() });
};
