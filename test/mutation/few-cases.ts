// Stands in for fast-check while `npm run mutate` runs: a property is held against at most CASES_MAX cases for each
// fault. Some properties of the suite look at 50,000, which takes a second for every one of thousands of faults.
import real from '../../node_modules/fast-check/lib/fast-check.js';

const CASES_MAX = 200;

const assert: typeof real.assert = ((property: never, parameters: { numRuns?: number } = {}) => {
  const numRuns = Math.min(parameters.numRuns ?? CASES_MAX, CASES_MAX);
  return real.assert(property, { ...parameters, numRuns });
}) as typeof real.assert;

export default { ...real, assert };
