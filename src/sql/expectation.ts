/**
 * What could have stood where the parser stopped. Chevrotain tells only the one token that a rule insisted
 * on; the options tried and passed over at the same token ("',' or FROM or …") are noted here as they are
 * passed, and their first tokens worked out only when there is an error to tell.
 */
import {
  Alternation, LLkLookaheadStrategy, NonTerminal, Option, Repetition, type Rule, Terminal,
  type ILookaheadStrategy, type IProduction, type IToken, type OptionalProductionType, type TokenType,
} from 'chevrotain';

interface Passed {
  readonly rule: Rule;
  readonly type: OptionalProductionType;
  readonly occurrence: number;
}

export class Expectation {
  #at: IToken | undefined;
  #passed: Passed[] = [];

  clear(): void {
    this.#at = undefined;
    this.#passed = [];
  }

  note(at: IToken, passed: Passed): void {
    if (at !== this.#at) {
      this.#at = at;
      this.#passed.length = 0;
    }
    this.#passed.push(passed);
  }

  /** The tokens that options passed over at `token` begin with, in the order in which they were tried. */
  passedAt(token: IToken): TokenType[] {
    if (token !== this.#at) return [];
    return [...new Set(this.#passed.flatMap(({ rule, type, occurrence }) => {
      const production = findOptional(rule.definition, type, occurrence);
      return production === undefined ? [] : firstOf(production.definition);
    }))];
  }
}

interface LooksAhead {
  LA(howMuch: number): IToken;
}

type Choose = ReturnType<ILookaheadStrategy['buildLookaheadForAlternation']>;

/** Chevrotain's own lookahead, which also notes what it passed over. */
export class NotingLookahead extends LLkLookaheadStrategy {
  readonly #expectation: Expectation;

  constructor(expectation: Expectation, maxLookahead: number) {
    super({ maxLookahead });
    this.#expectation = expectation;
  }

  override buildLookaheadForOptional(options: Parameters<ILookaheadStrategy['buildLookaheadForOptional']>[0]): () => boolean {
    // Worked out at its first use: most productions are never met in one text, and start-up counts.
    let taken: ((this: LooksAhead) => boolean) | undefined;
    const build = () => super.buildLookaheadForOptional(options);
    const passed = { rule: options.rule, type: options.prodType, occurrence: options.prodOccurrence };
    const expectation = this.#expectation;
    return function (this: LooksAhead) {
      taken ??= build();
      if (taken.call(this)) return true;
      expectation.note(this.LA(1), passed);
      return false;
    } as () => boolean;
  }

  override buildLookaheadForAlternation(options: Parameters<ILookaheadStrategy['buildLookaheadForAlternation']>[0]): Choose {
    let choose: Choose | undefined;
    const build = () => super.buildLookaheadForAlternation(options);
    return function (this: LooksAhead, alternatives) {
      choose ??= build();
      return choose.call(this, alternatives);
    };
  }
}

/** The two kinds of option that the grammar uses. */
type Optional = Option | Repetition;
type Production = IProduction & { readonly definition?: readonly Production[] };

function findOptional(productions: readonly Production[], type: OptionalProductionType, occurrence: number): Optional | undefined {
  for (const production of productions) {
    if (isOptional(production) && (production instanceof Option) === (type === 'Option') && production.idx === occurrence) return production;
    const found = findOptional(childrenOf(production), type, occurrence);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isOptional = (production: Production): production is Optional =>
  production instanceof Option || production instanceof Repetition;

function childrenOf(production: Production): readonly Production[] {
  // A rule's name stands for the rule, whose options are found from there.
  return production instanceof NonTerminal ? [] : production.definition ?? [];
}

/** The tokens with which a sequence of productions can begin. */
function firstOf(productions: readonly Production[]): TokenType[] {
  const first: TokenType[] = [];
  for (const production of productions) {
    first.push(...firstOfOne(production));
    if (!isSkippable(production)) break;
  }
  return first;
}

function firstOfOne(production: Production): TokenType[] {
  if (production instanceof Terminal) return [production.terminalType];
  if (production instanceof NonTerminal) return firstOf(production.referencedRule.definition);
  if (production instanceof Alternation) return childrenOf(production).flatMap((alternative) => firstOf(childrenOf(alternative)));
  return firstOf(childrenOf(production));
}

/** True when the production may match nothing. */
function isSkippable(production: Production): boolean {
  if (production instanceof Option || production instanceof Repetition) return true;
  if (production instanceof NonTerminal) return production.referencedRule.definition.every(isSkippable);
  if (production instanceof Alternation) return childrenOf(production).some((alternative) => childrenOf(alternative).every(isSkippable));
  return false;
}
