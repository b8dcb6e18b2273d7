/** Hooks of Node's loader, in a thread of its own: the package's name stands for this package where it is not installed. */
interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

let own: { readonly name: string; readonly address: string } | null = null;

export function initialize(data: { readonly name: string; readonly address: string }): void {
  own = data;
}

export async function resolve(specifier: string, context: unknown, next: (specifier: string, context: unknown) => Promise<Resolved>): Promise<Resolved> {
  if (own === null || specifier !== own.name) return next(specifier, context);
  return next(specifier, context).catch(() => ({ url: own!.address, shortCircuit: true }));
}
