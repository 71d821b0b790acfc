/** Expositions of nodes over time as a history that Prometheus and VictoriaMetrics import: the labels of a scrape are added as they would. */

export interface Exposed {
  /** Unix time of the scrape. */
  readonly seconds: number;
  readonly instance: string;
  /** Empty: the target could not be scraped. */
  readonly text: string;
}

export function historyOf(scrapes: readonly Exposed[], job = 'gpus'): string {
  const lines: string[] = [];
  for (const { seconds, instance, text } of scrapes) {
    const target = `instance="${instance}",job="${job}"`;
    lines.push(`up{${target}} ${text === '' ? 0 : 1} ${seconds}`);
    for (const line of text.split('\n')) {
      const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (!sample) continue;
      const [, name, labels = '', value] = sample;
      const sent = labels.replaceAll('", ', '",').replaceAll(/(^|,)(instance|job)=/g, '$1exported_$2=');
      lines.push(`${name}{${[target, sent].filter((part) => part !== '').join(',')}} ${value} ${seconds}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
