import { tryLaw } from './support/law.js';
import { lanesLaw } from './support/laws.js';

tryLaw(lanesLaw);
