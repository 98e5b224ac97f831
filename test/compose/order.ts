// The order of all checks: the image's build first, then one installation through its life. Producers that find
// no Kafka wait before they give up; that is checked while the installation starts.
import type { Check } from './check.ts';
import { firstRun, laterRuns } from './checks.ts';
import { grafanaChecks } from './checks-grafana.ts';
import { imageChecks } from './checks-image.ts';
import { trafficChecks } from './checks-traffic.ts';
import type { Stack } from './stack.ts';

/** Every check on `stack`, which has not been started. */
export function checksOf(stack: Stack): (Check | readonly Check[])[] {
  const [build, ...image] = imageChecks();
  const [up, ...running] = firstRun(stack);
  return [
    build!,
    [...image, up!],
    ...running,
    ...trafficChecks(stack),
    ...grafanaChecks(stack),
    ...laterRuns(stack),
  ];
}
