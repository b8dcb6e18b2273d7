/** What is shown of a run while it goes on: the view, one line that is rewritten, or now and then a line in a log. */
import { ProgressLine, progressText } from './progress-line.js';
import type { ObservedRun, Progress, RunObserver } from './options.js';
import { Watch, watchedRun } from './watch-state.js';
import type { Screen } from './frame-screen.js';
import { WatchView } from './watch-view.js';

export interface ShowOptions {
  readonly screen: Screen;
  /** Whether the screen obeys escapes at all, and those for colours. */
  readonly isTerminal: boolean;
  readonly colours: boolean;
  readonly quiet: boolean;
  /** Whether the view is wanted; undefined: for runs that keep a pace. */
  readonly watch: boolean | undefined;
  /** For lines that stay. */
  say(text: string): void;
}

const logMillis = 10_000;
/** Less of a screen shows nothing. */
const columnsMin = 40;
const rowsMin = 10;

export class ShownRun {
  readonly #options: ShowOptions;
  readonly #line: ProgressLine | null;
  #view: WatchView | null = null;
  #isPaced = false;
  #logged: { at: number; rows: number };

  constructor(options: ShowOptions, private readonly now: () => number = () => performance.now()) {
    this.#options = options;
    this.#line = options.isTerminal && !options.quiet ? new ProgressLine(options.screen) : null;
    this.#logged = { at: now(), rows: 0 };
  }

  readonly observe = (run: ObservedRun): RunObserver | null => {
    const { quiet, isTerminal, screen, colours } = this.#options;
    this.#isPaced = run.parameters.speed !== null;
    const isWanted = this.#options.watch ?? this.#isPaced;
    if (quiet || !isTerminal || !isWanted || (screen.columns || 80) < columnsMin || (screen.rows || 24) < rowsMin) return null;
    const watch = new Watch(watchedRun(run));
    this.#line?.clear();
    this.#view = new WatchView(screen, watch, colours);
    this.#view.open();
    return { onRows: (lane, rows) => watch.takeRows(lane, rows), onStep: (_, result) => watch.takeStep(result) };
  };

  readonly onProgress = (progress: Progress): void => {
    if (this.#options.quiet) return;
    if (this.#view !== null) this.#view.show(progress);
    else if (this.#line !== null) this.#line.show(progress);
    else this.#log(progress);
  };

  /** Something that the run has to say. */
  readonly remark = (text: string): void => {
    if (this.#options.quiet) return;
    if (this.#view !== null) return this.#view.say(text);
    this.#line?.clear();
    this.#options.say(text);
  };

  close(): void {
    this.#view?.close();
    this.#line?.clear();
  }

  /** A run that keeps a pace goes on for hours, and says from time to time how far it is; another one is soon over. */
  #log(progress: Progress): void {
    const passed = this.now() - this.#logged.at;
    if (!this.#isPaced || passed < logMillis) return;
    this.#options.say(progressText(progress, ((progress.rows - this.#logged.rows) * 1_000) / passed));
    this.#logged = { at: this.now(), rows: progress.rows };
  }
}
