// The order of all checks: the image first, then one installation through its life.
import type { Check } from './check.ts';
import { firstRun, laterRuns } from './checks.ts';
import { grafanaChecks } from './checks-grafana.ts';
import { imageChecks } from './checks-image.ts';
import { trafficChecks } from './checks-traffic.ts';
import type { Stack } from './stack.ts';

/** Every check on `stack`, which has not been started. */
export function checksOf(stack: Stack): Check[] {
  return [
    ...imageChecks(),
    ...firstRun(stack),
    ...trafficChecks(stack),
    ...grafanaChecks(stack),
    ...laterRuns(stack),
  ];
}
