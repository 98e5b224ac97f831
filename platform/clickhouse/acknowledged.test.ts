// Which acknowledgements of an insert are believed.
import { expect, it } from 'vitest';
import { UnclearOutcomeError } from '../errors.ts';
import { assertAcknowledged } from './acknowledged.ts';

it.each([[10], [11], [0], [undefined]])('believes %s of 10 rows', (written) => {
  expect(() => assertAcknowledged(10, written)).not.toThrow();
});

it.each([[1], [9]])('does not believe %s of 10 rows', (written) => {
  expect(() => assertAcknowledged(10, written)).toThrow(UnclearOutcomeError);
});
