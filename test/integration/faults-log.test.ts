// Exactly once when the topic itself changes, and when its messages are bad.
import { holeFaults } from '../chaos/faults/holes.ts';
import { logFaults } from '../chaos/faults/log.ts';
import { poisonFaults } from '../chaos/faults/poison.ts';
import { retentionFaults } from '../chaos/faults/retention.ts';
import { testFaults } from './faults.ts';

testFaults('a log that changes', [
  ...logFaults,
  ...retentionFaults,
  ...holeFaults,
  ...poisonFaults,
]);
