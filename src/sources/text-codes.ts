/** Codes for the distinct strings of a column. */
import { distinctMax } from './reader.js';

export interface AddedTexts {
  /** Strings that are new, by code. */
  readonly added: string[];
  /** Codes begin anew at 1 with them. */
  readonly restart: boolean;
}

/** Codes from 1 on, in order of first appearance. */
export class TextCodes {
  #size = 0;
  #added: string[] = [];
  #restart = true;
  #codes = new Map<string, number>();

  /** Whether codes have begun anew since the last call to `takeAdded` but one. */
  get restarts(): boolean {
    return this.#restart;
  }

  /** Strings that are new since the last call, and whether codes began anew before them. */
  takeAdded(): AddedTexts {
    const taken = { added: this.#added, restart: this.#restart };
    this.#added = [];
    this.#restart = this.#size > distinctMax;
    if (this.#restart) {
      this.#size = 0;
      this.#codes = new Map();
    }
    return taken;
  }

  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.#size += 1;
    this.#codes.set(text, this.#size);
    this.#added.push(text);
    return this.#size;
  }
}
