import { tryLaw } from './support/law.js';
import { batchLaw } from './support/laws.js';

tryLaw(batchLaw);
