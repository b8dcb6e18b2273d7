/** The kinds of statement that are drawn: one file each. */
import type fc from 'fast-check';
import { pipelines } from './kinds/pipelines.js';
import type { Drawn } from './statement.js';
import type { World } from './world.js';

export const kinds: Readonly<Record<string, (world: World) => fc.Arbitrary<Drawn>>> = { pipelines };
