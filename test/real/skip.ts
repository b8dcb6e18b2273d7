/** Tests that need servers: skipped by name and reason where these cannot be had; in CI nothing is skipped. */
export function skipped(missing: string | null): string | false {
  if (missing === null) return false;
  if (process.env['CI'] === 'true') throw new Error(`${missing}, and in CI nothing is skipped`);
  return missing;
}
