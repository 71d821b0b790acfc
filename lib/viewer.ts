/** The viewer put together: collector, terminal and app, from the settings to the exit status. */
import { homedir } from 'node:os';
import { App } from './app.js';
import { createHttpCollector } from './collect/http.js';
import { expandHosts } from './collect/targets.js';
import { systemClock, type Collector, type Save } from './model/ports.js';
import { createBlessedPainter } from './paint/blessed.js';
import type { Cluster } from './serve/node-server.js';
import type { ViewSettings } from './settings.js';
import { line, span, type Line } from './view/frame.js';
import { localChips } from './view/local.js';
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
  const collector = settings.local ? await localCollector(settings, wire, chips, tidy) : httpCollector(settings, demo, wire, tidy);
  let exit: (status: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    exit = resolve;
  });
  const { stdin, stdout, stderr, env } = process;
  const painter = createBlessedPainter({ stdin, stdout, env, clock: systemClock, lifetime: { exit, stderr } });
  try {
    const app = new App({ plugins: settings.plugins, collector, painter, clock: systemClock, save, chips });
    forget = () => {
      app.state.derivations.forget();
    };
    app.start();
    const status = await Promise.race([exited, app.quit.then(() => 0)]);
    await app.stop();
    return status;
  } finally {
    await painter.close();
  }
}

const save: Save = async (request) => {
  const { saveSheet } = await import('./export/save.js');
  return saveSheet(request, systemClock.now(), { platform: process.platform, env: process.env, home: homedir() });
};

/** Keeps `chips` as the sources of this machine are. */
async function localCollector(settings: ViewSettings, wire: Wire, chips: Line[], tidy: () => void): Promise<Collector> {
  const { createLocalCollector } = await import('./collect/local/collector.js');
  const { local, intervalMs } = settings;
  const show = (): void => {
    chips.splice(0, chips.length, ...localChips(collector.sources));
  };
  const collector = createLocalCollector({
    ...local!,
    newParser: () => wire.newParser(),
    clock: systemClock,
    afterCommit: () => {
      tidy();
      show();
    },
    ...(intervalMs === undefined ? {} : { intervalMs }),
  });
  show();
  return collector;
}

function httpCollector(settings: ViewSettings, demo: Cluster | undefined, wire: Wire, afterCommit: () => void): Collector {
  const { source, timeoutMs, intervalMs, token } = settings;
  return createHttpCollector({
    targets: demo ? expandHosts(demo.addresses) : settings.targets,
    newParser: () => wire.newParser(),
    source,
    timeoutMs,
    clock: systemClock,
    afterCommit,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(token === undefined ? {} : { token }),
  });
}
