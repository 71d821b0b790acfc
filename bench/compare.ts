/**
 * npm run bench:compare: compares the ratios of the last `npm run bench` with bench/baseline.json. Exit status 1 if one is worse by more
 * than the tolerance, 2 if there is nothing to compare.
 */
import { readBaseline, readResults } from './files.js';
import { fallen, toTable } from './table.js';

const results = readResults();
const baseline = readBaseline();
if (!results) {
  console.error('There are no results yet: npm run bench');
  process.exitCode = 2;
} else {
  const compared = results.figures.filter(({ name, unit }) => unit === 'x' && name in baseline.ratios);
  console.log(toTable(compared, baseline));
  const worse = fallen(compared, baseline);
  console.log(`\n${compared.length} ratios, ${worse.length} worse than the baseline by more than ${baseline.tolerance * 100} %`);
  process.exitCode = worse.length > 0 ? 1 : 0;
}
