/** The kinds of statement that are drawn: one file each. */
import type fc from 'fast-check';
import { groups } from './kinds/groups.js';
import { joins } from './kinds/joins.js';
import { match } from './kinds/match.js';
import { pipelines } from './kinds/pipelines.js';
import { ranks } from './kinds/ranks.js';
import { scalars } from './kinds/scalars.js';
import type { Drawn } from './statement.js';
import type { World } from './world.js';

export const kinds: Readonly<Record<string, (world: World) => fc.Arbitrary<Drawn>>> = { pipelines, match, groups, ranks, joins, scalars };
