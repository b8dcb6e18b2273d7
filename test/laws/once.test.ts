import { tryLaw } from './support/law.js';
import { onceLaw } from './support/laws.js';

tryLaw(onceLaw);
