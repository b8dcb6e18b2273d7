import { tryLaw } from './support/law.js';
import { replayLaw } from './support/laws.js';

tryLaw(replayLaw);
