// Every fault there is, in the order of the report.
import { controlFaults } from './faults/control.ts';
import { crashFaults } from './faults/crash.ts';
import { engineFaults } from './faults/engine.ts';
import { holeFaults } from './faults/holes.ts';
import { insertFaults } from './faults/insert.ts';
import { logFaults } from './faults/log.ts';
import { ownershipFaults } from './faults/ownership.ts';
import { poisonFaults } from './faults/poison.ts';
import { produceFaults } from './faults/produce.ts';
import { retentionFaults } from './faults/retention.ts';
import { serverFaults } from './faults/servers.ts';
import type { Fault } from './fault.ts';

export const catalogue: readonly Fault[] = [
  ...controlFaults,
  ...insertFaults,
  ...crashFaults,
  ...serverFaults,
  ...engineFaults,
  ...ownershipFaults,
  ...logFaults,
  ...retentionFaults,
  ...holeFaults,
  ...poisonFaults,
  ...produceFaults,
];
