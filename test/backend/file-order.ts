// The order in which the pool takes test files: whole programs and the simulator one after the other, tests that
// mostly wait beside them, and the short ones at the end, where they fill what the long ones leave.
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

const PLACES: Readonly<Record<string, 'long' | 'waiting'>> = {
  e2e: 'long',
  simulation: 'long',
  integration: 'waiting',
};

export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const kinds = Map.groupBy(sorted, ({ project }) => PLACES[project.name] ?? 'last');
    const [long = [], waiting = [], last = []] = [kinds.get('long'), kinds.get('waiting'), kinds.get('last')]; // prettier-ignore
    return [...spread(long, waiting), ...last];
  }
}

/** `few` at even distances among `many`, the first of them first. */
export function spread<T>(few: readonly T[], many: readonly T[]): T[] {
  const share = Math.ceil(many.length / Math.max(1, few.length));
  const mixed = few.flatMap((each, at) => [each, ...many.slice(at * share, (at + 1) * share)]);
  return [...mixed, ...many.slice(few.length * share)];
}
