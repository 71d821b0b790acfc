/** Assembles a node's exporter: it reads the machine every interval and serves the latest result. */
import { hostname } from 'node:os';
import { every } from '../sources/local/interval.js';
import { Machine, type MachineOptions } from '../sources/local/machine.js';
import { AppError } from '../errors.js';
import { troubles } from '../model/sample.js';
import { clean } from '../text/sanitize.js';
import { serveApi, type ApiOptions } from '../exporter/metrics-server.js';
import { VERSION } from '../version.js';
import { nodeText, waitingText } from '../exposition/write/node-text.js';
import { keepYoungGenerationSmall } from './young-generation.js';

export interface NodeApiSettings extends MachineOptions, Pick<ApiOptions, 'bind' | 'port' | 'tls' | 'token' | 'allowHosts'> {
  /** Called with the problems of the sources whenever they change; empty: none any more. */
  readonly onTroubles: (lines: readonly string[]) => void;
}

export interface NodeApi {
  /** 'http://127.0.0.1:9090'. */
  readonly url: string;
  /** How many connections may be open, where open files are limited. */
  readonly limitedTo: number | undefined;
  stop(): Promise<void>;
}

/** @throws AppError E_LOCAL_NONE, E_PORT_IN_USE, E_LISTEN, E_OPTION_BAD for an invalid certificate */
export async function startNodeApi(settings: NodeApiSettings): Promise<NodeApi> {
  keepYoungGenerationSmall();
  const machine = new Machine(settings);
  if (!machine.readable) throw new AppError('E_LOCAL_NONE', { dir: settings.procDir });
  const waiting = waitingText(machine.identity, VERSION);
  const hostNames = [hostname(), machine.identity.instance, settings.bind];
  const api = await serveApi({ ...settings, allowHosts: settings.allowHosts ?? [], hostNames, waiting });
  let reported = '';
  const report = (lines: readonly string[]): void => {
    if (lines.join('\n') === reported) return;
    reported = lines.join('\n');
    settings.onTroubles(lines);
  };
  const collect = async (): Promise<void> => {
    try {
      const sample = await machine.read();
      api.publish(nodeText(sample, VERSION));
      report(troubles(sample.sources));
    } catch (thrown) {
      // A bug of ours: the state of the machine is unknown now, and the next collection may succeed.
      api.publish(waiting);
      report([new AppError('E_INTERNAL', { reason: clean(String(thrown), 200) }).message]);
    }
  };
  const end = every(settings.clock, settings.intervalMs, collect);
  return {
    url: api.url,
    limitedTo: api.limitedTo,
    stop: async () => {
      end();
      await Promise.all([api.stop(), machine.stop()]);
    },
  };
}
