// The order of steps that claim partitions: read the epochs, write greater ones, end inserts that still run,
// and check that no other process claimed at the same time and won. Only what is read after that no longer
// changes. The sink provides the steps; the simulator runs this order, too.
import { FencedError, UnavailableError } from '../platform/errors.ts';
import type { Claim, Ownership } from './fence.ts';

/** Single requests to where claims are kept; others come between them. */
export interface ClaimSteps {
  /** The greatest epoch ever claimed, by partition; partitions that nobody claimed are absent. */
  epochs(source: string, partitions: readonly number[]): Promise<ReadonlyMap<number, number>>;
  writeClaims(ownership: Ownership): Promise<void>;
  /** Ends the inserts of anyone into these partitions. It may answer before the last one is gone. */
  endInserts(source: string, partitions: readonly number[]): Promise<void>;
  /** How many inserts into them are still under way. */
  runningInserts(source: string, partitions: readonly number[]): Promise<number>;
  /** The greatest (epoch, owner) of each partition. */
  owners(
    source: string,
    partitions: readonly number[],
  ): Promise<ReadonlyMap<number, { readonly epoch: number; readonly owner: string }>>;
}

/**
 * Claims `partitions` for the owner of `claimant`.
 * @throws {FencedError} when another process claimed at the same time and won; what the steps throw.
 * @throws {UnavailableError} when the claim was acknowledged and cannot be read.
 */
export async function claim(
  steps: ClaimSteps,
  claimant: Omit<Ownership, 'claims'>,
  partitions: readonly number[],
): Promise<Ownership> {
  const { owner, source } = claimant;
  const epochs = await steps.epochs(source, partitions);
  const claims = partitions.map((partition): Claim => {
    return { partition, epoch: (epochs.get(partition) ?? 0) + 1 };
  });
  const ownership = { ...claimant, claims };
  await steps.writeClaims(ownership);
  await ended(steps, source, partitions);
  const owners = await steps.owners(source, partitions);
  for (const { epoch, partition } of claims) {
    const latest = owners.get(partition);
    if (latest === undefined || latest.epoch < epoch) {
      const text = `the claim of partition ${partition} of ${source} was acknowledged, but ClickHouse does not show it`;
      throw new UnavailableError(`ClickHouse: ${text}`);
    }
    if (latest.epoch === epoch && latest.owner === owner) continue;
    throw new FencedError(`partition ${partition} of ${source} was claimed by another consumer`);
  }
  return ownership;
}

/** An insert that only now appears started after our claim was written, so its guard fails. */
async function ended(
  steps: ClaimSteps,
  source: string,
  partitions: readonly number[],
): Promise<void> {
  for (;;) {
    await steps.endInserts(source, partitions);
    if ((await steps.runningInserts(source, partitions)) === 0) return;
  }
}
