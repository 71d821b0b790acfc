/** Controls replay and recording: commands, the input line for a time, and their state on the screen. */
import { AppError } from '../errors.js';
import type { RecordingSwitch, Replay, Transport } from '../model/replay.js';
import type { Effect } from '../plugin/types.js';
import type { TimecodeOverlay } from './overlays.js';
import type { AppState } from './state.js';
import { bytes, count } from '../text/format.js';
import { looksLikeMoment, MAX_TIMECODE, parseMoment, parseTimecode } from '../text/timecode.js';
import type { Clock, Ms } from '../model/clock.js';

type Edit = Extract<Effect, { type: 'timecode' }>['edit'];
type Tone = 'accent' | 'warn' | 'bad';

export interface ReplayParts {
  readonly clock: Clock;
  readonly replay?: Replay;
  readonly recording?: RecordingSwitch;
}

export class ReplayController {
  readonly #parts: ReplayParts;
  readonly #state: AppState;
  /** The screen may have changed; a text is shown as a toast. */
  readonly #say: (text: string | undefined, tone: Tone) => void;
  #switching = false;

  constructor(parts: ReplayParts, state: AppState, say: (text: string | undefined, tone: Tone) => void) {
    this.#parts = parts;
    this.#state = state;
    this.#say = say;
    state.replay = parts.replay?.status;
    parts.replay?.onStatus((problem) => {
      this.#changed(problem);
    });
    parts.recording?.onChange((problem) => {
      this.#changed(problem);
    });
  }

  /** Time of the frame in a replay, otherwise wall time. */
  now(): Ms {
    return this.#parts.replay?.status?.at ?? this.#parts.clock.now();
  }

  command(command: Transport): void {
    const { replay, recording } = this.#parts;
    // The past would be recorded as if it were now.
    if (recording?.status && replay && !replay.status) return this.#say('a recording is in progress; w stops it', 'warn');
    this.#say(this.#parts.replay?.command(command), 'accent');
  }

  /** A time typed where a tab can be typed too: `@14:32`. False: it is none, or there is no past to go to. */
  goTo(text: string): boolean {
    const { replay, clock } = this.#parts;
    if (!replay || !looksLikeMoment(text)) return false;
    const now = clock.now();
    const at = parseMoment(text, now, -new Date(now).getTimezoneOffset());
    this.#state.overlay('close');
    if (typeof at === 'string') this.#say(at, 'warn');
    else this.command({ action: 'seek', at });
    return true;
  }

  edit(edit: Edit): void {
    const state = this.#state;
    const open = state.overlays.at(-1);
    if (edit === 'open') state.overlay({ open: { kind: 'timecode', text: '' } });
    else if (open?.kind !== 'timecode') return;
    else if (edit === 'apply') this.#go(open);
    else state.overlay({ change: { kind: 'timecode', text: edited(open.text, edit) } });
  }

  /** Starts or stops recording. Does nothing while a previous call is in progress. */
  record(): void {
    const { recording } = this.#parts;
    if (!recording) return this.#say('recording is not available here', 'warn');
    if (this.#switching) return;
    this.#switching = true;
    const done = recording.status ? this.#stopRecording(recording) : recording.start();
    void done
      .catch((error: unknown) => {
        this.#say(error instanceof AppError ? error.message : String(error), 'bad');
      })
      .finally(() => {
        this.#switching = false;
        this.#changed();
      });
  }

  /** Resolves when a recording in progress is complete. */
  async stop(): Promise<void> {
    await this.#parts.recording?.stop();
  }

  async #stopRecording(recording: RecordingSwitch): Promise<void> {
    const done = await recording.stop();
    if (done) this.#say(`${count(done.frames)} ${done.frames === 1 ? 'frame' : 'frames'}, ${bytes(done.bytes)}, in ${done.path}`, 'accent');
  }

  #go(open: TimecodeOverlay): void {
    const { replay } = this.#state;
    if (!replay) return;
    const at = replay.timeline ? parseMoment(open.text, this.#parts.clock.now(), replay.offsetMinutes) : parseTimecode(open.text, replay);
    if (typeof at === 'string') return this.#state.overlay({ change: { ...open, problem: at } });
    this.#state.overlay('close');
    this.command({ action: 'seek', at });
  }

  #changed(problem?: string): void {
    this.#state.replay = this.#parts.replay?.status;
    this.#state.recording = this.#parts.recording?.status;
    this.#say(problem, 'bad');
  }
}

function edited(text: string, edit: Exclude<Edit, 'open' | 'apply'>): string {
  if (edit === 'clear') return '';
  return edit === 'erase' ? text.slice(0, -1) : (text + edit.insert).slice(0, MAX_TIMECODE);
}
