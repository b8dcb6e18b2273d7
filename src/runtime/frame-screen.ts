/** A terminal's other screen, drawn frame by frame, and given back. */
import type { Terminal } from './progress-line.js';

export interface Screen extends Terminal {
  readonly rows?: number;
}

/** Other screen, no cursor; and back. A line is not to wrap while a frame is written. */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';

export class FrameScreen {
  #size = '';
  #isOpen = false;

  constructor(private readonly screen: Screen) {}

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Takes the screen; whatever ends the process gives it back. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    process.on('exit', this.close);
    this.screen.write(enter);
  }

  /** The lines of a frame, for a width and a height. */
  draw(frame: (width: number, height: number) => readonly string[]): void {
    const [width, height] = [this.screen.columns || 80, this.screen.rows || 24];
    // The last column stays free: where the cursor stands in it, erasing the rest of the line would erase it.
    const lines = frame(width - 1, height);
    // Of another size nothing stays where it was.
    const clear = this.#size === `${width} ${height}` ? '' : '\u001b[2J';
    this.#size = `${width} ${height}`;
    const rows = Array.from({ length: height }, (_, row) => `\u001b[${row + 1};1H${lines[row] ?? ''}\u001b[K`);
    // Terminals that know it show a frame only once it is whole.
    this.screen.write(`\u001b[?2026h${clear}${rows.join('')}\u001b[?2026l`);
  }

  /** Gives the screen back as it was. Bound; once is enough, twice does no harm. */
  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.close);
    this.screen.write(leave);
  };
}
