// Checks the acknowledgement of an insert: a server that stopped receiving early can still answer 200
// (ClickHouse issue 65117), so we compare the number of rows that it reports with the number we sent.
import { UnclearOutcomeError } from '../errors.ts';

/**
 * `written` is undefined, or 0, where the server does not say.
 * @throws {UnclearOutcomeError} when fewer rows were written than sent.
 */
export function assertAcknowledged(sent: number, written: number | undefined): void {
  if (written !== undefined && written > 0 && written < sent) {
    throw new UnclearOutcomeError(`ClickHouse insert: ${written} of ${sent} rows acknowledged`);
  }
}
