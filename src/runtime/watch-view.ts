/** The terminal while a run is watched: its other screen, redrawn ten times a second at the most, and given back. */
import type { Progress } from './options.js';
import { FrameScreen, type Screen } from './frame-screen.js';
import { watchFrame } from './watch-frame.js';
import type { Watch } from './watch-state.js';

const redrawMillis = 100;
const rateMillis = 1_000;
export class WatchView {
  #drawnAt = -Infinity;
  #rate = { at: -Infinity, rows: 0, perSecond: 0 };
  #last: Progress | null = null;
  readonly #screen: FrameScreen;

  constructor(screen: Screen, private readonly watch: Watch, private readonly colours: boolean, private readonly now: () => number = () => performance.now()) {
    this.#screen = new FrameScreen(screen);
  }

  /** Takes the screen; whatever ends the process gives it back. */
  open(): void {
    this.#screen.open();
  }

  /** Draws when the last drawing is old enough. Bound, so that it can be handed on. */
  readonly show = (progress: Progress): void => {
    const now = this.now();
    if (!this.#screen.isOpen || now - this.#drawnAt < redrawMillis) return;
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
    if (this.#screen.isOpen && this.#last !== null) this.#draw(this.#last);
  }

  /** Gives the screen back as it was. Bound; once is enough, twice does no harm. */
  readonly close = (): void => this.#screen.close();

  #draw(progress: Progress): void {
    this.#screen.draw((width, height) => watchFrame(this.watch.state(progress, this.#rate.perSecond), width, height, this.colours));
  }
}
