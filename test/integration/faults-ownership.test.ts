// Exactly once while processes die and more than one of them believes that a partition is its own.
import { inject } from 'vitest';
import { crashFaults } from '../chaos/faults/crash.ts';
import { ownershipFaults } from '../chaos/faults/ownership.ts';
import { serverFaults } from '../chaos/faults/servers.ts';
import { testFaults } from './faults.ts';

// Servers that are killed are the embedded ones, whatever the other tests run on.
const killed = inject('backend').kind === 'embedded' ? serverFaults : [];
testFaults('processes that die or wake', [...ownershipFaults, ...crashFaults, ...killed]);
