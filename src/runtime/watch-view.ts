/** The terminal while a run is watched: its other screen, redrawn ten times a second at the most, and given back. */
import type { Progress } from './options.js';
import type { Terminal } from './progress-line.js';
import { watchFrame } from './watch-frame.js';
import type { Watch } from './watch-state.js';

export interface Screen extends Terminal {
  readonly rows?: number;
}

const redrawMillis = 100;
const rateMillis = 1_000;
/** Other screen, no cursor; and back. A line is not to wrap while a frame is written. */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';

export class WatchView {
  #drawnAt = -Infinity;
  #rate = { at: -Infinity, rows: 0, perSecond: 0 };
  #size = '';
  #isOpen = false;
  #last: Progress | null = null;

  constructor(
    private readonly screen: Screen, private readonly watch: Watch, private readonly colours: boolean,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes the screen; whatever ends the process gives it back. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    process.on('exit', this.close);
    this.screen.write(enter);
  }

  /** Draws when the last drawing is old enough. Bound, so that it can be handed on. */
  readonly show = (progress: Progress): void => {
    const now = this.now();
    if (!this.#isOpen || now - this.#drawnAt < redrawMillis) return;
    this.#drawnAt = now;
    this.#last = progress;
    if (now - this.#rate.at >= rateMillis) {
      const perSecond = this.#rate.at === -Infinity ? 0 : ((progress.rows - this.#rate.rows) * 1_000) / (now - this.#rate.at);
      this.#rate = { at: now, rows: progress.rows, perSecond };
    }
    this.#draw(progress);
  };

  /** Something to read at once, at the foot. */
  say(message: string): void {
    this.watch.say(message);
    if (this.#isOpen && this.#last !== null) this.#draw(this.#last);
  }

  /** Gives the screen back as it was. Bound; once is enough, twice does no harm. */
  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.close);
    this.screen.write(leave);
  };

  #draw(progress: Progress): void {
    const [width, height] = [this.screen.columns || 80, this.screen.rows || 24];
    // The last column stays free: where the cursor stands in it, erasing the rest of the line would erase it.
    const lines = watchFrame(this.watch.state(progress, this.#rate.perSecond), width - 1, height, this.colours);
    // Of another size nothing stays where it was.
    const clear = this.#size === `${width} ${height}` ? '' : '\u001b[2J';
    this.#size = `${width} ${height}`;
    const rows = Array.from({ length: height }, (_, row) => `\u001b[${row + 1};1H${lines[row] ?? ''}\u001b[K`);
    // Terminals that know it show a frame only once it is whole.
    this.screen.write(`\u001b[?2026h${clear}${rows.join('')}\u001b[?2026l`);
  }
}
