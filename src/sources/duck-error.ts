/** DuckDB's message without its picture of the statement. */
export function shortened(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const line = text.split(/\n\n?LINE \d+:|\n/)[0]!;
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
