/** Faults that were made, or nearly made, in the past: `npm run mutations` plants them one at a time. */

export interface NamedFault {
  readonly file: string;
  /** Occurs in the file once. */
  readonly from: string;
  readonly to: string;
  /** The tests that should find it; absent: those of the parser and of the totals. */
  readonly tests?: readonly string[];
}

export const NAMED_FAULTS: Readonly<Record<string, NamedFault>> = {
  'impossible memory is kept': {
    file: 'lib/exposition/parser/committed/committed.ts',
    from: 'this.#processReading(VRAM, values[value + VRAM]!)',
    to: 'values[value + VRAM]!',
  },
  'negative watts are divided among users': {
    file: 'lib/aggregate/power-shares.ts',
    from: 'owned > 0 && power > 0 ? power / owned',
    to: 'owned > 0 && !Number.isNaN(power) ? power / owned',
  },
  'gpu_index and gpu_uuid of a GPU are swapped': {
    file: 'lib/exposition/parser/entities.ts',
    from: 'const GPU_KEY = [named(...ALIASES.gpuUuid), GPU_INDEX] as const;',
    to: 'const GPU_KEY = [GPU_INDEX, named(...ALIASES.gpuUuid)] as const;',
  },
  'GPUs with the same uuid are merged': {
    file: 'lib/exposition/parser/entities.ts',
    from: 'const GPU_KEY = [named(...ALIASES.gpuUuid), GPU_INDEX] as const;',
    to: 'const GPU_KEY = [named(...ALIASES.gpuUuid)] as const;',
  },
  'a process stays on the GPU that had its index in an earlier scrape': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: 'if (known.index === index && ',
    to: 'if (',
  },
  'a GPU without an index keeps its position from an earlier scrape': {
    file: 'lib/exposition/parser/committed/committed.ts',
    from: 'entities.changes !== this.#changes || byPosition',
    to: 'entities.changes !== this.#changes',
  },
  'a GPU keeps a name that its lines no longer contain': {
    file: 'lib/exposition/parser/scan-state.ts',
    from: 'samples.entities.relabel(this.#labelledLines);',
    to: '',
  },
  'a value may continue into a sample of another exporter': {
    file: 'lib/exposition/parser/unescaped.ts',
    from: 'if (line > 0 && isWhole(added)) continue;',
    to: '',
  },
  'an unescaped value may hide another label': {
    file: 'lib/exposition/parser/unescaped.ts',
    from: ' || AMBIGUOUS.test(value)',
    to: '',
  },
  'rows of earlier scrapes take up space': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: 'this.#seenRows = this.#seenDevices = 0;',
    to: '',
  },
  'gpu_index and device_uuid of a process are swapped': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: "const UUID_LABEL = labelNamed('device_uuid');",
    to: "const UUID_LABEL = labelNamed('gpu_index');",
  },
  'a family missing from a row keeps its value': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: 'values[kept * ROW_VALUES + value] = NaN;',
    to: 'values[kept * ROW_VALUES + value]! += 0;',
  },
  'a missing reading keeps its value': {
    file: 'lib/exposition/parser/sample-values.ts',
    from: 'if (gone === 0) return undefined;',
    to: 'if (gone >= 0) return undefined;',
  },
  'an ended process is kept': {
    file: 'lib/exposition/parser/process-rows.ts',
    from: 'if (seen >> SEEN_BITS !== scrape) {',
    to: 'if (seen >> SEEN_BITS > scrape) {',
  },
  'the last line of the previous scrape is kept': {
    file: 'lib/exposition/parser/scanner.ts',
    from: 'this.#tracking || this.#line >= this.#scan.template.count)',
    to: 'this.#tracking || this.#line + 1 >= this.#scan.template.count)',
  },
  'a line without an end is lost': {
    file: 'lib/exposition/parser/scanner.ts',
    from: 'if (this.#tailBytes > 0 || this.#skipping) this.#pushSlice(LINE_END);',
    to: 'if (this.#skipping) this.#pushSlice(LINE_END);',
  },
  'an aborted body is kept': {
    file: 'lib/exposition/parser/scanner.ts',
    from: 'if (this.#tracking) this.#forget();\n    this.#reset();',
    to: 'this.#reset();',
  },
  'a pid of two users is one process': {
    file: 'lib/aggregate/users-part.ts',
    from: 'pids.begin(pid, user, count);',
    to: 'pids.begin(pid, pid, count);',
  },
  'the last of several equal rows is the top command': {
    file: 'lib/aggregate/users-part.ts',
    from: 'return pid[row]! < pid[top]! ||',
    to: 'return pid[row]! > pid[top]! ||',
  },
  'rows on no GPU hold memory of the first GPU': {
    file: 'lib/exposition/parser/committed/committed.ts',
    from: '!moved && devices[',
    to: 'moved && devices[',
  },
  'users on screen are not renumbered': {
    file: 'lib/exposition/parser/scanner.ts',
    from: 'this.data.procs.renumberUsers(fresh);',
    to: '',
  },
  'results with old user ids are kept by derivations': {
    file: 'lib/app/state.ts',
    from: 'this.derivations.forget();',
    to: '',
    tests: ['__tests__/app'],
  },
  'results with old user ids are kept by the filter': {
    file: 'lib/app/state.ts',
    from: 'this.filtering.forget();',
    to: '',
    tests: ['__tests__/app'],
  },
  'the app is not notified of new user ids': {
    file: 'lib/app/app.ts',
    from: 'this.state.forget();',
    to: '',
    tests: ['__tests__/app'],
  },
  'the memory of a parser grows without limit': {
    file: 'lib/exposition/parser/scan-state.ts',
    from: 'return this.arena.length > this.#bytesAtFirst * 2 + SPARE_BYTES ||',
    to: 'return',
  },
  'one node may use up all series heads': {
    file: 'lib/exposition/parser/line-reader.ts',
    from: 'if (this.#headsLeft <= 0) return false;',
    to: '',
  },
  'NUL bytes are kept': {
    file: 'lib/exposition/parser/line-reader.ts',
    from: 'this.#dropNul(from, end);',
    to: '',
  },
  'a filter treats close values as equal': {
    file: 'lib/filter/evaluate.ts',
    from: 'TOLERANCE = 1e-9',
    to: 'TOLERANCE = 1e-2',
    tests: ['__tests__/filter'],
  },
  'half a sample is kept': {
    file: 'lib/exposition/write/sample-columns.ts',
    from: 'Object.assign(this, { procs, gpus, cpus, cores, memory, disks, facts, extras, allocations });',
    to: '',
  },
  'local mode does not report what changed': {
    file: 'lib/sources/local/local-collector.ts',
    from: 'skewMs: 0 }, change);',
    to: "skewMs: 0 }, 'values');",
    tests: ['__tests__/sources/local'],
  },
  'a terminal that stalled is not redrawn completely': {
    file: 'lib/paint/blessed-painter.ts',
    from: 'if (waitedMs >= STALL_MS) this.#whole = true;',
    to: '',
    tests: ['__tests__/paint'],
  },
  'a second SIGHUP cuts the shutdown short': {
    file: 'lib/paint/lifetime.ts',
    from: "this.#process.on('SIGHUP', () => undefined);",
    to: '',
    tests: ['__tests__/paint'],
  },
  'the webhook receives alerts of a recording': {
    file: 'lib/run/viewer.ts',
    from: 'if (!isRecorded) webhook =',
    to: 'webhook =',
    tests: ['__tests__/e2e/replay'],
  },
  'only the visible part of a row is copied': {
    file: 'lib/app/app.ts',
    from: 'copy ?? spans',
    to: 'spans',
    tests: ['__tests__/app'],
  },
  'the index of any scheduler is taken for a minor number': {
    file: 'lib/aggregate/job-join.ts',
    from: "(job.scheduler === 'slurm' ? name.number : undefined)",
    to: 'name.number',
    tests: ['__tests__/aggregate/job-join'],
  },
  'shards count as no GPUs': {
    file: 'lib/sources/jobs/slurm-gres.ts',
    from: 'if (SHARED.has(name)) gpuCount = NaN;',
    to: '',
    tests: ['__tests__/sources/jobs'],
  },
  'a file of jobs that changes while it is read is half the one and half the other': {
    file: 'lib/sources/jobs/job-file.ts',
    from: 'own.key === key && named.key === key ? reader.end() : undefined',
    to: 'reader.end()',
    tests: ['__tests__/sources/jobs'],
  },
  'a scheduler that hangs is not killed': {
    file: 'lib/sources/local/one-child.ts',
    from: "    child.kill();\n    return 'late';",
    to: "    return 'late';",
    tests: ['__tests__/sources/jobs'],
  },
};
