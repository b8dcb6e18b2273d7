import { tryLaw } from './support/law.js';
import { arrivalLaw } from './support/laws.js';

tryLaw(arrivalLaw);
