/** `live --record`: what each lane takes in is kept while it runs, and becomes a bundle when the run ends or is stopped. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { readSchemas } from '../runtime/kept-input.js';
import { Bundle } from '../stores/bundle.js';
import { makeBundle } from './kept-bundle.js';
import { KeptLane } from './kept-lane.js';
import type { LaneEnd, LaneEvents } from './lane.js';
import type { LaneAttempt } from './lanes.js';
import type { LiveOptions, LivePlan } from './live.js';
import type { FoldedStep } from './rerun.js';

type Options = Pick<LiveOptions, 'texts' | 'group' | 'state' | 'strict' | 'onRemark'>;

export class LiveRecorder {
  readonly #open = new Map<number, KeptLane>();
  /** Lanes that began before they were recorded. */
  readonly #partial = new Set<number>();

  private constructor(private readonly plan: LivePlan, private readonly options: Options, private readonly out: string) {}

  /** `out`: new, empty, or the bundle of an earlier part of this run. Throws USAGE for another, before a row is read. */
  static async open(plan: LivePlan, options: Options, out: string): Promise<LiveRecorder> {
    const names = await readdir(out).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : [error.code ?? '']));
    if (names.length > 0 && !(await isOwn(out, options.group))) throw new TapewrightError('USAGE', `--record ${out}: the folder is in use; name a new one, or the bundle of group ${options.group}`, { out });
    return new LiveRecorder(plan, options, out);
  }

  /** The attempt with its lane's recording open while it runs, and durable when it has ended. */
  recorded(lane: number, attempt: LaneAttempt): LaneAttempt {
    return {
      get rows() { return attempt.rows; },
      run: async (signal): Promise<LaneEnd> => {
        const kept = await this.#keptLane(lane);
        this.#open.set(lane, kept);
        try {
          return await attempt.run(signal);
        } finally {
          this.#open.delete(lane);
          await kept.sync();
          await kept.close();
        }
      },
    };
  }

  watching(events: LaneEvents): LaneEvents {
    return {
      ...events,
      phase: (lane, phase, seq) => events.phase(lane, phase, seq),
      committed: (lane, result, rows) => events.committed(lane, result, rows),
      onStep: async (lane, step) => {
        await this.#keep(lane, step);
        await events.onStep?.(lane, step);
      },
      onAgain: async (lane, step) => {
        await this.#keep(lane, step);
        await events.onAgain?.(lane, step);
      },
      beforeCheckpoint: async (lane, seq) => {
        await this.#open.get(lane)?.sync();
        await events.beforeCheckpoint?.(lane, seq);
      },
    };
  }

  async #keep(lane: number, step: FoldedStep): Promise<void> {
    if (await this.#open.get(lane)!.keep(step) || this.#partial.has(lane)) return;
    this.#partial.add(lane);
    this.options.onRemark(`lane ${lane} began before it was recorded here: its steps before ${step.record.seq} are missing; replay --from-journal ${this.options.group} makes a whole bundle of the topics`);
  }

  /** Of all lanes, where this process has run and recorded all of them; else null, and it is said why. */
  async bundle(ends: readonly ({ readonly lane: number } & LaneEnd)[]): Promise<string | null> {
    const { plan, options: { texts, group, strict, onRemark }, out } = this;
    if (this.#partial.size > 0 || ends.length < plan.lanes) {
      onRemark(`no bundle is made of what this process recorded: ${this.#partial.size > 0 ? 'it is not whole' : 'other processes have run lanes'}; replay --from-journal ${group} makes it of the topics`);
      return null;
    }
    const lanes: { readonly kept: KeptLane; readonly inputs: ReturnType<LivePlan['inputs']> }[] = [];
    try {
      for (let lane = 0; lane < plan.lanes; lane += 1) lanes.push({ kept: await this.#keptLane(lane), inputs: plan.inputs(lane) });
      // An earlier part of the run is in the new one.
      if (await isOwn(out, group)) await rm(out, { recursive: true, force: true });
      await makeBundle({ texts, pipeline: plan.pipeline, group, strict, lanes, captures: plan.captures, changes: ends.flatMap(({ captures }) => captures), out, report: true });
    } finally {
      for (const { kept } of lanes) await kept.close();
    }
    if (ends.every(({ ended }) => ended)) await rm(this.#folder(), { recursive: true, force: true });
    return out;
  }

  #folder(): string {
    return join(this.options.state, 'recording');
  }

  #keptLane(lane: number): Promise<KeptLane> {
    return KeptLane.open(join(this.#folder(), `lane-${lane}`), this.plan.inputs(lane), readSchemas(this.plan.pipeline));
  }
}

async function isOwn(out: string, group: string): Promise<boolean> {
  if (!existsSync(join(out, 'manifest.json'))) return false;
  return (await Bundle.open(out)).manifest.live?.group === group;
}
