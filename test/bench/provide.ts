/** The dataset's file: made if need be, kept in the cache folder. */
import { bindTables } from '../../src/scenario/bindings.js';

export async function provideDataset(dataset: string): Promise<string> {
  const bound = await bindTables({ market_data_raw: { given: dataset, base: process.cwd(), map: {} } }, (remark) => process.stderr.write(`${remark}\n`));
  return bound['market_data_raw']!.binding.path;
}
