/** Step 0 of a lane that begins with history. */
import type { StepRecord } from '../core/step.js';
import type { Engine } from '../engine/engine.js';
import type { StartRecord } from './journal-topic.js';

export const hasToWarm = ({ warm }: StartRecord, engine: Engine): boolean => warm !== undefined && warm !== null && engine.seq === 0;

/** The interleaving follows from the history, and is too long for a message. */
export const asInTopic = (record: StepRecord): StepRecord => ({ ...record, order: [] });
