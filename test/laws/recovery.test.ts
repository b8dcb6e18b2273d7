import { tryLaw } from './support/law.js';
import { recoveryLaw } from './support/laws.js';

tryLaw(recoveryLaw);
